/** The analyst's rooms, in a real browser against the real program. */
import { type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isSound, launch } from './browser';
import { password, Program } from './program';

let program: Program;
let browser: Browser;

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

async function analyst(look: Look, mistakes: string[]): Promise<Page> {
  const context = await browser.newContext({ colorScheme: look.colorScheme, viewport: look.viewport });
  await context.addInitScript((language) => localStorage.setItem('daak.language', language), look.language);
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on('pageerror', (why) => mistakes.push(why.message));
  page.on('console', (said) => {
    if (said.type() === 'error' && !/status of 401/.test(said.text()))
      mistakes.push(`${said.text()} ${said.location().url}`);
  });
  await page.goto(`${program.url}/console/measures`);
  await page.fill('input[autocomplete=username]', 'mitali');
  await page.fill('input[type=password]', password);
  await page.click('form button.primary');
  await page.waitForSelector('.tiles li');
  return page;
}

describe('the measures', () => {
  it('open the list behind a number, which is as long as the number says', async () => {
    const mistakes: string[] = [];
    const page = await analyst(
      { language: 'en', colorScheme: 'light', viewport: { width: 1366, height: 768 } },
      mistakes,
    );
    const names = await page.locator('.tiles li > button').allInnerTexts();
    for (const name of ['Registered', 'Open now', 'Closed']) {
      const tile = page.locator('.tiles li').nth(names.indexOf(name));
      const number = Number((await tile.locator('a').innerText()).replaceAll(',', ''));
      expect(number, name).toBeGreaterThan(0);
      await tile.locator('a').click();
      await page.waitForFunction((n) => document.querySelectorAll('.list li a').length === n, number);
      await page.goBack();
      await page.waitForSelector('.tiles li');
    }
    expect(mistakes).toEqual([]);
    await page.context().close();
  });

  it('keep what is chosen in the address, and rank by another measure and another way', async () => {
    const mistakes: string[] = [];
    const page = await analyst(
      { language: 'en', colorScheme: 'light', viewport: { width: 1366, height: 768 } },
      mistakes,
    );
    await page.getByLabel('Told apart by').selectOption('category');
    await page.locator('.tiles').getByRole('button', { name: 'Registered' }).click();
    await page.getByLabel('Period').selectOption('7');
    await page.waitForSelector('.right th.name >> text=Matter');
    const address = new URL(page.url()).searchParams;
    expect([address.get('by'), address.get('measure'), address.get('period')]).toEqual([
      'category',
      'registered',
      '7',
    ]);
    await page.reload();
    await page.waitForSelector('.right th.name >> text=Matter');
    expect(await page.getByLabel('Period').inputValue()).toBe('7');
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'CSV' }).click();
    expect((await download).suggestedFilename()).toMatch(/^daak-.*\.csv$/);
    expect(mistakes).toEqual([]);
    await page.context().close();
  });

  it('are drawn on a map that keys move, with a table beside it', async () => {
    const mistakes: string[] = [];
    const page = await analyst(
      { language: 'en', colorScheme: 'light', viewport: { width: 1366, height: 768 } },
      mistakes,
    );
    await page.locator('nav a', { hasText: 'Map' }).click();
    await page.waitForSelector('svg[role=application] path.area');
    expect(await page.locator('svg[role=application] path.area').count()).toBe(23);
    expect(await page.locator('.right tbody tr').count()).toBeGreaterThanOrEqual(23);
    const map = page.locator('svg[role=application]');
    const before = await map.getAttribute('viewBox');
    await map.focus();
    await page.keyboard.press('+');
    await page.keyboard.press('ArrowRight');
    expect(await map.getAttribute('viewBox')).not.toBe(before);
    await page.keyboard.press('0');
    expect(await map.getAttribute('viewBox')).toBe(before);
    await page.locator('.right tbody button', { hasText: 'Bankura' }).click();
    expect(await page.locator('path.line.chosen').count()).toBe(1);
    await page.getByLabel('Drawn by').selectOption('block');
    await page.waitForFunction(
      () => document.querySelectorAll('svg[role=application] path.area').length > 300,
    );
    expect(mistakes).toEqual([]);
    await page.context().close();
  });

  it.each([
    ['bn', 'light', 1366, 768],
    ['hi', 'dark', 1920, 1080],
    ['en', 'light', 360, 740],
    ['bn', 'dark', 360, 740],
  ] as const)('hinder nobody: %s, %s, %d × %d', async (language, colorScheme, width, height) => {
    const mistakes: string[] = [];
    const page = await analyst({ language, colorScheme, viewport: { width, height } }, mistakes);
    await page.waitForSelector('.right table');
    await isSound(page, `measures in ${language}, ${colorScheme}, ${width}`);
    await page.goto(`${program.url}/console/map`);
    await page.waitForSelector('svg[role=application] path.area');
    await isSound(page, `map in ${language}, ${colorScheme}, ${width}`);
    expect(mistakes).toEqual([]);
    await page.context().close();
  });
});
