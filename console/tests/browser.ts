/** A real browser, and what every page must be for whoever uses it. */
import AxeBuilder from '@axe-core/playwright';
import { chromium, type Browser, type Page } from 'playwright-core';
import { expect } from 'vitest';

/** Starts Chromium, with these switches too. */
export function launch(...switches: string[]): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', ...switches],
  });
}

/** Nothing that hinders a person with a screen reader or weak eyes. */
export async function hindersNobody(page: Page, what: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
    .analyze();
  expect(violations.map(({ id, nodes }) => `${what}: ${id}: ${nodes[0]?.html}`)).toEqual([]);
}

/** As `hindersNobody`, and nothing sticks out at the side. */
export async function isSound(page: Page, what: string): Promise<void> {
  await hindersNobody(page, what);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(wide, `${what} is wider than the screen`).toBeLessThanOrEqual(0);
}
