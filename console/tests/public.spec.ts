/** A citizen at the public pages: with and without scripts, in three languages, on a telephone and in an office. */
import { mkdirSync } from 'node:fs';
import { type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isSound, launch } from './browser';
import { password, Program } from './program';

let program: Program;
let browser: Browser;
const small = { width: 360, height: 740 };
const office = { width: 1366, height: 768 };
const languages = ['bn', 'hi', 'en'] as const;
const pictures = process.env.DAAK_PICTURES;

beforeAll(async () => {
  program = await Program.start();
  browser = await launch();
  if (pictures) mkdirSync(pictures, { recursive: true });
});
afterAll(async () => {
  await browser?.close();
  await program?.stop();
});

/** The page is sound; with a picture of it for whoever wants to look. */
async function isSoundAndShown(page: Page, what: string): Promise<void> {
  await isSound(page, what);
  if (pictures)
    await page.screenshot({ path: `${pictures}/${what.replaceAll(' ', '-')}.png`, fullPage: true });
}

async function open(context: BrowserContext, path: string): Promise<Page> {
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  await page.goto(`${program.url}${path}`);
  return page;
}

/** The code that was sent last to this telephone; the demonstration tells it on the terminal. */
async function code(phone: string, before = 0): Promise<string> {
  const told = () => program.printed.split('\n').filter((line) => line.includes(`to ${phone}: `));
  await vi.waitFor(() => expect(told().length).toBeGreaterThan(before), { timeout: 20_000, interval: 50 });
  return /\d{6}/.exec(told().at(-1)!.split(': ')[1]!)![0];
}

/** Steps of a ticket's life, by somebody who signs in. */
async function step(number: string, events: Record<string, unknown>[]): Promise<void> {
  const signed = await fetch(`${program.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name: 'admin', password }),
  });
  const cookie = signed.headers.get('set-cookie')!.split(';')[0]!;
  for (const event of events) {
    const done = await fetch(`${program.url}/api/v1/tickets/${number}/events`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Requested-With': 'test', Cookie: cookie },
      body: JSON.stringify(event),
    });
    expect(done.status, await done.clone().text()).toBe(201);
  }
}

const photograph = {
  name: 'road.jpg',
  mimeType: 'image/jpeg',
  buffer: Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]),
};
const evil = '"><script>window.stolen = 1</script><img src=x onerror="window.stolen = 1">';

describe('the public pages', () => {
  it.each(languages.flatMap((language) => [small, office].map((viewport) => ({ language, viewport }))))(
    'are sound: $language at $viewport.width',
    async ({ language, viewport }) => {
      const context = await browser.newContext({
        viewport,
        colorScheme: viewport === small ? 'light' : 'dark',
      });
      const mistakes: string[] = [];
      for (const [name, path] of [
        ['home', '/'],
        ['where', '/file'],
        ['form', '/file?district=312'],
        ['track', '/track'],
        ['abroad', '/abroad?country=US'],
        ['figures', '/figures'],
      ] as const) {
        const page = await context.newPage();
        page.on('console', (said) => said.type() === 'error' && mistakes.push(said.text()));
        await page.goto(`${program.url}${path}${path.includes('?') ? '&' : '?'}lang=${language}`);
        expect(await page.locator('html').getAttribute('lang')).toBe(language);
        await isSoundAndShown(page, `${name} ${language} ${viewport.width}`);
        if (name === 'home') {
          await page.locator('header nav a').last().click(); // larger text
          await isSoundAndShown(page, `${name} large ${language} ${viewport.width}`);
          await page.locator('header nav a').last().click();
        }
        await page.close();
      }
      expect(mistakes).toEqual([]);
      await context.close();
    },
  );

  it('send less than 50 kB for the first page, all in', async () => {
    const context = await browser.newContext({ viewport: small });
    const page = await context.newPage();
    const bodies: Promise<Buffer>[] = [];
    page.on('response', (answer) => bodies.push(answer.body()));
    await page.goto(`${program.url}/`, { waitUntil: 'networkidle' });
    const bytes = (await Promise.all(bodies)).reduce((sum, body) => sum + body.length, 0);
    expect(bytes).toBeGreaterThan(3_000);
    expect(bytes).toBeLessThan(50_000);
    await context.close();
  });

  it.each(languages)(
    'a grievance is filed, followed, answered and settled without scripts: %s',
    async (language) => {
      const phone = `98300${{ bn: 31111, hi: 32222, en: 33333 }[language]}`;
      const context = await browser.newContext({ javaScriptEnabled: false, viewport: small });
      const page = await open(context, `/?lang=${language}`);
      await page.locator('main a.button').click();
      await page.selectOption('#district', '312');
      await page.locator('main form button').click();
      await page.fill('#text', `রাস্তা ভেঙে গেছে, বাস চলে না ${evil}`);
      await page.selectOption('#category', { index: 3 });
      await page.setInputFiles('#photos', photograph);
      await page.fill('#phone', '12');
      await page.locator('main form button').last().click();
      await page.locator('#wrong a').click();
      expect(await page.inputValue('#text'), 'nothing that was written is lost').toContain('রাস্তা ভেঙে গেছে');
      await isSoundWithout(page, `mistake ${language}`);
      await page.fill('#phone', phone);
      await page.setInputFiles('#photos', photograph);
      await page.locator('main form button').last().click();
      const number = (await page.locator('.number').innerText()).replaceAll(' ', '');
      await isSoundWithout(page, `filed ${language}`);

      await page.locator('main a.button').click();
      expect(await page.inputValue('#known')).toBe(number);
      await page.locator('main form button').click();
      await page.fill('#code', '000');
      await page.locator('form[action="/track/open"] button').click();
      await page.getByRole('alert').waitFor();
      await page.fill('#code', await code(`+91${phone}`));
      await page.locator('form[action="/track/open"] button').click();
      await page.locator('.steps li').first().waitFor();
      await isSoundWithout(page, `own ticket ${language}`);

      await step(number, [{ type: 'take' }, { type: 'ask', question: `Which road? ${evil}` }]);
      await page.reload();
      await page.fill('#text', `The road to the school ${evil}`);
      await page.setInputFiles('#photos', photograph);
      await page.locator('form[action$="/say"] button').click();
      await page.locator('.done').waitFor();
      await step(number, [
        { type: 'atr', closure_reason: 'resolved', remarks: 'secret: the road was mended' },
        { type: 'verify', how: 'by call' },
      ]);
      await page.goto(`${program.url}/track/${number}`);
      expect(await page.content()).not.toContain('secret');
      await isSoundWithout(page, `settled ${language}`);
      await page.locator('button[value=yes]').click();
      await page.locator('#stars4').check();
      await page.locator('form[action$="/rate"] button').click();
      await page.locator('.steps blockquote').first().waitFor();
      expect(await page.locator('#stars4').isChecked()).toBe(true);
      await isSoundWithout(page, `closed ${language}`);
      await page.locator('form[action="/track/leave"] button').click();
      await page.goto(`${program.url}/track/${number}`);
      await page.locator('#known').waitFor();
      await context.close();
    },
  );

  it('a script that a citizen stored stays inert where scripts run, also for who works here', async () => {
    const phone = '9830034444';
    const context = await browser.newContext({ viewport: small });
    const page = await open(context, '/file?district=312&lang=en');
    await page.fill('#text', `Road broken since March ${evil}`);
    await page.fill('#who', evil.slice(0, 190));
    await page.fill('#phone', phone);
    await page.setInputFiles('#photos', { ...photograph, name: `${evil}.jpg` });
    await page.getByRole('button', { name: 'Send' }).click();
    const number = (await page.locator('.number').innerText()).replaceAll(' ', '');
    await page.goto(`${program.url}/track?known=${encodeURIComponent(evil)}`);
    await page.fill('#known', number);
    await page.getByRole('button', { name: 'Send me a code' }).click();
    await page.fill('#code', await code(`+91${phone}`));
    await page.getByRole('button', { name: 'Show it' }).click();
    await page.fill('#text', evil);
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await page.locator('.done').waitFor();
    await page.locator('blockquote').getByText('onerror').first().waitFor();
    expect(await page.evaluate('window.stolen')).toBeUndefined();
    const desk = await (await browser.newContext({ viewport: office })).newPage();
    await desk.goto(`${program.url}/console/`);
    await desk.fill('input[autocomplete=username]', 'rina');
    await desk.fill('input[type=password]', password);
    await desk.click('form button.primary');
    await desk.waitForSelector('.list li a');
    await desk.goto(`${program.url}/console/tickets/${number}`);
    await desk.getByText('Road broken since March').first().waitFor();
    expect(await desk.evaluate('window.stolen')).toBeUndefined();
    await desk.context().close();
    await context.close();
  });

  it('what is being written survives a closed page and a lost line', async () => {
    const context = await browser.newContext({ viewport: small });
    const page = await open(context, '/file?district=312&lang=en');
    await page.fill('#text', 'The lamp before the school is dark');
    await page.fill('#phone', '9830035555');
    await page.getByText('kept on this device').waitFor();
    const key = await page.inputValue('input[name=key]');
    await context.setOffline(true);
    await page.getByRole('button', { name: 'Send' }).click({ noWaitAfter: true });
    await page.close();
    await context.setOffline(false);
    const again = await open(context, '/file?district=312&lang=en');
    expect(await again.inputValue('#text')).toBe('The lamp before the school is dark');
    expect(await again.inputValue('input[name=key]'), 'sent again, it is the same grievance').toBe(key);
    await again.getByRole('button', { name: 'Send' }).click();
    await again.locator('.number').waitFor();
    const fresh = await open(context, '/file?district=312&lang=en');
    expect(await fresh.inputValue('#text'), 'after it was filed, the next one begins anew').toBe('');
    await context.close();
  });
});

/** As {@link isSound}, for a page without scripts: looked at in a browser that has them. */
async function isSoundWithout(page: Page, what: string): Promise<void> {
  const seen = await browser.newContext({ viewport: small });
  const same = await seen.newPage();
  const html = (await page.content()).replace(/<script[^>]*><\/script>/g, '');
  await same.route('**/*', (route) =>
    route.request().resourceType() === 'document'
      ? route.fulfill({ body: html, contentType: 'text/html' })
      : route.continue(),
  );
  await same.goto(page.url());
  await isSoundAndShown(same, what);
  await seen.close();
}
