/** A day at the desk, in a real browser against the real program. */
import { type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isSound, launch } from './browser';
import { password, Program } from './program';

let program: Program;
let browser: Browser;
const office = { width: 1366, height: 768 };
const telephone = { width: 390, height: 844 };

beforeAll(async () => {
  program = await Program.start();
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await program?.stop();
});

interface Look {
  language: 'bn' | 'hi' | 'en';
  colorScheme: 'light' | 'dark';
  viewport: { width: number; height: number };
}

/** A page of the console whose mistakes fail the test. */
async function desk(look: Look, mistakes: string[]): Promise<Page> {
  const context = await browser.newContext({ colorScheme: look.colorScheme, viewport: look.viewport });
  await context.addInitScript((language) => localStorage.setItem('daak.language', language), look.language);
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on('pageerror', (why) => mistakes.push(why.message));
  page.on('console', (said) => {
    // Asking who is signed in, before anybody is, is answered with 401; an act that crosses with news of an SMS is
    // answered with 409 and done again. The browser reports both; what the person sees is asserted in the tests.
    if (said.type() === 'error' && !/status of (401|409)/.test(said.text()))
      mistakes.push(`${said.text()} ${said.location().url}`);
  });
  return page;
}

async function signIn(page: Page, name: string): Promise<void> {
  await page.goto(`${program.url}/console/`);
  await page.fill('input[autocomplete=username]', name);
  await page.fill('input[type=password]', password);
  await page.click('form button.primary');
  await page.waitForSelector('.list li a');
}

describe('the desk', () => {
  it('finds a ticket by Bengali words, takes it, notes, closes it; the citizen is told', async () => {
    const mistakes: string[] = [];
    const page = await desk({ language: 'en', colorScheme: 'light', viewport: office }, mistakes);
    await signIn(page, 'rina');
    await page.fill('#search', 'নদীর বাঁধ');
    await page.waitForFunction(() => document.querySelectorAll('.list li a').length === 1);
    await page.click('.list li a');
    await page.getByText('বাচ্চারা ছাদে আটকে আছে').waitFor();

    await page.getByRole('button', { name: /^Take/ }).click();
    await page.locator('article header').getByText('In progress').waitFor();
    await page.keyboard.press('n');
    await page.locator('form textarea').fill('Boats were sent from Gosaba');
    await page.reload(); // a closed tab loses no typing
    await page.getByRole('button', { name: /^Note/ }).click();
    expect(await page.locator('form textarea').inputValue()).toBe('Boats were sent from Gosaba');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('ol .note').getByText('Boats were sent from Gosaba').waitFor();

    await page.keyboard.press('c');
    await page.locator('form select').first().selectOption({ index: 0 });
    await page.locator('form textarea').fill('Everybody was brought to safety');
    const told = await page
      .locator('ol li')
      .filter({ hasText: /^Message/ })
      .count();
    await page.locator('form').getByRole('button', { name: 'Close' }).click();
    await page.locator('article header').getByText('● Closed', { exact: true }).waitFor();
    await page.waitForFunction(
      (before) =>
        [...document.querySelectorAll('ol li')].filter((e) => e.textContent?.startsWith('Message')).length >
        before,
      told,
    );
    expect(mistakes).toEqual([]);
    await page.context().close();
  });

  it('writes back by the channel of choice from a ready text, and acts on many at once', async () => {
    const mistakes: string[] = [];
    const page = await desk({ language: 'en', colorScheme: 'light', viewport: office }, mistakes);
    await signIn(page, 'kabir');
    await page.locator('.list li a').filter({ hasText: 'Lakshmir Bhandar' }).first().click();
    await page.waitForSelector('.statement');
    await page.keyboard.press('r');
    await page.getByLabel('Ready text').selectOption('received');
    const written = await page.locator('form textarea').inputValue();
    const number = await page.locator('article h1').innerText();
    expect(written, 'the places are filled in').toContain(number);
    expect(written).not.toContain('{');
    await page.keyboard.press('Control+Enter');
    const reply = page.getByRole('region', { name: 'Written to the citizen' });
    await reply.getByText(number).waitFor();
    await reply.getByText('sent', { exact: false }).first().waitFor();
    await isSound(page, 'a conversation');

    for (const at of [0, 1]) await page.locator('.list li input').nth(at).check();
    const bulk = page.getByRole('region', { name: '2 chosen' });
    await bulk.getByRole('button', { name: 'Note' }).click();
    await bulk.getByRole('textbox').fill('Both were spoken to.');
    await isSound(page, 'many at once');
    await bulk.getByRole('button', { name: 'Save' }).click();
    await bulk.waitFor({ state: 'detached' });
    await page.locator('.list li a').first().click();
    await page.locator('ol .note').getByText('Both were spoken to.').waitFor();
    expect(mistakes).toEqual([]);
    await page.context().close();
  });

  it('plays what a citizen said, and seeks in it', async () => {
    const number = program.takeInVoice('+919830054321');
    const mistakes: string[] = [];
    const page = await desk({ language: 'bn', colorScheme: 'light', viewport: office }, mistakes);
    await signIn(page, 'kabir');
    await page.goto(`${program.url}/console/tickets/${number}`);
    const slider = page.getByRole('slider');
    await page.waitForFunction(
      () => document.querySelector('[role=slider]')?.getAttribute('aria-valuemax') === '2',
    );
    const loudest = await page
      .locator('.wave rect')
      .evaluateAll((bars) => Math.max(...bars.map((bar) => Number(bar.getAttribute('height')))));
    expect(loudest, 'the waveform is drawn from the sound').toBeGreaterThan(1);
    await slider.focus();
    await page.keyboard.press('End');
    expect(await slider.getAttribute('aria-valuenow')).toBe('2');
    await page.keyboard.press('Home');
    await page.locator('figure button').first().click();
    await page.waitForFunction(() => (document.querySelector('audio')?.currentTime ?? 0) > 0);
    await isSound(page, 'a ticket with sound');
    expect(mistakes).toEqual([]);
    await page.context().close();
  });

  const looks: Look[] = [
    { language: 'bn', colorScheme: 'light', viewport: office },
    { language: 'en', colorScheme: 'dark', viewport: office },
    { language: 'hi', colorScheme: 'dark', viewport: telephone },
    { language: 'bn', colorScheme: 'light', viewport: telephone },
  ];
  it.each(looks)('is usable by everybody: $language, $colorScheme, $viewport.width wide', async (look) => {
    const mistakes: string[] = [];
    const page = await desk(look, mistakes);
    await page.goto(`${program.url}/console/`);
    await page.waitForSelector('form');
    await isSound(page, 'sign in');
    await signIn(page, 'admin');
    await isSound(page, 'the list');
    await page.locator('.list li a').first().click();
    await page.waitForSelector('.statement');
    await page.keyboard.press('n');
    await page.waitForSelector('form textarea');
    await isSound(page, 'a ticket');
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.waitForSelector('dialog[open]');
    await isSound(page, 'the keys');
    await page.goto(`${program.url}/console/held`);
    await page.getByText(/Nothing is held|কিছু আটকে নেই|कुछ रोका हुआ नहीं/).waitFor();
    await isSound(page, 'held');
    for (const room of ['floor', 'messages']) {
      await page.goto(`${program.url}/console/${room}`);
      await page.waitForSelector('main table');
      await isSound(page, room);
    }
    expect(mistakes).toEqual([]);
    await page.context().close();
  });
});
