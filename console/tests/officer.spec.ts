/** The officer's desk: whose tickets, why here, by when, to whom next, and the report. */
import { type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isSound, launch } from './browser';
import { password, Program } from './program';

let program: Program;
let browser: Browser;
const office = { width: 1366, height: 768 };
const telephone = { width: 360, height: 740 };

beforeAll(async () => {
  program = await Program.start();
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await program?.stop();
});

async function desk(
  language: string,
  viewport: { width: number; height: number },
  mistakes: string[],
): Promise<Page> {
  const context = await browser.newContext({ viewport });
  await context.addInitScript((language) => localStorage.setItem('daak.language', language), language);
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on('pageerror', (why) => mistakes.push(why.message));
  return page;
}

async function signIn(page: Page, name: string): Promise<void> {
  await page.goto(`${program.url}/console/`);
  await page.fill('input[autocomplete=username]', name);
  await page.fill('input[type=password]', password);
  await page.click('form button.primary');
  await page.waitForSelector('.views select');
}

async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.DAAK_PICTURES;
  if (folder) await page.screenshot({ path: `${folder}/${name}.png` });
}

/** What the helpline does by the API, as its administrator signed in to the page. */
async function post(page: Page, number: string, step: Record<string, unknown>): Promise<void> {
  const status = await page.evaluate(
    async ([number, step]) => {
      const answer = await fetch(`/api/v1/tickets/${number}/events`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Requested-With': 'test' },
        body: JSON.stringify(step),
      });
      return `${answer.status} ${answer.ok ? '' : await answer.text()}`;
    },
    [number, step] as const,
  );
  expect(status).toBe('201 ');
}

/** A ticket that the administrator gives to the magistrate's office. */
async function given(mistakes: string[]): Promise<string> {
  const page = await desk('en', office, mistakes);
  await signIn(page, 'admin');
  const number = await page.evaluate(async () => {
    const answer = await fetch('/api/v1/tickets?state=registered&limit=1');
    const page = (await answer.json()) as { items: { number: string }[] };
    return page.items[0]?.number ?? '';
  });
  await post(page, number, { type: 'assign', office: 'DM-304' });
  await page.context().close();
  return number;
}

describe('the officer’s desk', () => {
  it('sees the office’s tickets only, knows why one is here and by when, forwards it down, and reports', async () => {
    const mistakes: string[] = [];
    const number = await given(mistakes);
    const page = await desk('en', office, mistakes);
    await signIn(page, 'tapas');
    await page.waitForSelector('.list li a');
    await page.locator('.views select').selectOption({ label: 'My office’s' });
    await page.waitForSelector(`.list a[href$="${number}"]`);
    for (const view of ['Late', 'Sent back', 'My office’s and below', 'Mine', 'My office’s'])
      await page.locator('.views select').selectOption({ label: view });
    await page.locator(`.list a[href$="${number}"]`).click();
    await page.getByRole('region', { name: 'Limits' }).getByText('First action').waitFor();
    await page.getByText('Why here?').click();
    await page.locator('details ol li.taken').waitFor();
    await isSound(page, 'a ticket at the officer’s desk');
    await picture(page, 'officer-office');

    await page.keyboard.press('f');
    await page.getByLabel('Find an office by name or code').fill('block basanti');
    const choice = page.getByLabel('To which office');
    const option = choice.locator('option').first();
    expect(await option.innerText()).toContain('below');
    await choice.selectOption({ label: await option.innerText() });
    await page.getByText('Chief Minister', { exact: false }).last().waitFor();
    await page.locator('form textarea').fill('Please look at the place.');
    await isSound(page, 'forwarding');
    await picture(page, 'forward-office');
    await page.locator('form button.primary').click();
    await page.locator('aside').getByText('Basanti', { exact: false }).first().waitFor();

    await page.keyboard.press('a');
    await page.locator('article header').getByText('In progress').waitFor();
    await page.keyboard.press('d');
    await page.locator('form select').first().selectOption('not_eligible');
    await page.getByText('An officer above must co-sign it.').waitFor();
    await page.locator('input[type=file]').setInputFiles({
      name: 'place.png',
      mimeType: 'image/png',
      buffer: Buffer.from('89504e470d0a1a0a0000', 'hex'),
    });
    await page.getByText('place.png').waitFor();
    await page.locator('form textarea').fill('By rule 7 of the scheme the age is counted from the card.');
    await isSound(page, 'a report');
    await picture(page, 'report-office');
    await page.locator('form button.primary').click();
    await page.locator('article header').getByText('Report submitted').waitFor();
    await page.getByRole('region', { name: 'Limits' }).getByText('the report is being verified').waitFor();
    expect(mistakes).toEqual([]);
    await page.context().close();
  });

  it.each(['bn', 'hi'])('fits a telephone of 360 pixels: %s', async (language) => {
    const mistakes: string[] = [];
    const page = await desk(language, telephone, mistakes);
    await signIn(page, 'admin');
    await page.waitForSelector('.list li a');
    await page.locator('.views select').selectOption({ index: 2 });
    await isSound(page, 'the list on a telephone');
    await page.goto(`${program.url}/console/tickets?state=registered`);
    await page.waitForSelector('.list li a');
    await page.locator('.list li a').first().click();
    await page.waitForSelector('.statement');
    await isSound(page, 'a ticket on a telephone');
    await picture(page, `ticket-${language}-360`);
    await page.locator('.acts button').filter({ hasText: /F$/ }).click();
    await page.locator('.pick select option').first().waitFor({ state: 'attached' });
    await isSound(page, 'forwarding on a telephone');
    await picture(page, `forward-${language}-360`);
    expect(mistakes).toEqual([]);
    await page.context().close();
  });
});
