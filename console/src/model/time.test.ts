import { describe, expect, it } from 'vitest';
import { clock, exact, relative, span } from './time';

describe('times', () => {
  const now = Date.parse('2026-11-24T10:00:00+05:30');
  it('shows the day of Kolkata, not of the browser', () => {
    expect(exact('2026-11-23T19:00:00Z', 'en')).toContain('24 Nov 2026');
  });
  it('uses the largest unit that fits', () => {
    expect(relative('2026-11-24T07:00:00+05:30', now, 'en')).toMatch(/3 hr/);
    expect(span(-3 * 86_400_000, 'en')).toMatch(/^3 day/);
    expect(span(90_000, 'bn')).toMatch(/১/);
  });
  it('counts a sound in minutes', () => {
    expect(clock(125.9)).toBe('2:05');
    expect(clock(-1)).toBe('0:00');
  });
});
