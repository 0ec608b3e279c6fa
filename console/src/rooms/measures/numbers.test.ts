import { describe, expect, it } from 'vitest';
import { change, judged, line, ranked, shown, ticks, type Line, type Measure, type Numbers } from './numbers';

const words = { bn: 'ক', hi: 'क', en: 'a' };
const measure = (more: Partial<Measure> = {}): Measure => ({
  code: 'm',
  name: words,
  formula: words,
  unit: 'percent',
  better: 'more',
  target: 90,
  now: false,
  ...more,
});
const numbers = (more: Partial<Numbers>): Numbers => ({ value: null, count: 0, list: '', ...more });

describe('numbers', () => {
  it('are written in the digits and groups of the language', () => {
    expect(shown(1234567, 'tickets', 'en')).toBe('12,34,567');
    expect(shown(1234567, 'tickets', 'bn')).toBe('১২,৩৪,৫৬৭');
    expect(shown(92.345, 'percent', 'bn')).toBe('৯২.৩%');
    expect(shown(null, 'percent', 'en')).toBe('–');
  });

  it('tell which way they went and whether that is good', () => {
    expect(
      change(numbers({ value: 110, before: 100 }), measure({ unit: 'tickets', better: 'less' })),
    ).toEqual({
      way: 'up',
      by: 10,
      sign: 'bad',
    });
    expect(change(numbers({ value: 80, before: 75 }), measure())).toEqual({ way: 'up', by: 5, sign: 'good' });
    expect(change(numbers({ value: 3, before: 0 }), measure({ unit: 'tickets' }))).toBeUndefined();
  });

  it('miss a target only where chance cannot be the reason', () => {
    expect(judged(numbers({ value: 92, low: 90, high: 94 }), measure())).toBe('reached');
    expect(judged(numbers({ value: 80, low: 78, high: 82 }), measure())).toBe('missed');
    expect(judged(numbers({ value: 50, low: 10, high: 90 }), measure())).toBe('open');
    expect(judged(numbers({ value: 9, low: 7, high: 11 }), measure({ better: 'less', target: 5 }))).toBe(
      'missed',
    );
  });

  it('rank one good closing below ninety of a hundred', () => {
    const lines: Line[] = [
      {
        key: 'one',
        name: words,
        numbers: { m: numbers({ value: 100, count: 1, of: 1, low: 20.7, high: 100 }) },
      },
      {
        key: 'ninety',
        name: words,
        numbers: { m: numbers({ value: 90, count: 90, of: 100, low: 82.6, high: 94.5 }) },
      },
      { key: 'none', name: words, numbers: { m: numbers({ value: null, count: 0, of: 0 }) } },
    ];
    expect(ranked(lines, measure()).map((l) => l.key)).toEqual(['ninety', 'one', 'none']);
  });

  it('have round axes', () => {
    expect(ticks(97)).toEqual([0, 25, 50, 75, 100]);
    expect(ticks(3)).toEqual([0, 1, 2, 3]);
    expect(ticks(0)).toEqual([0, 1]);
  });

  it('leave a gap where there is nothing to divide by', () => {
    expect(
      line(
        [1, 2, null, 4],
        (n) => n,
        (v) => v,
      ),
    ).toBe('M0.0 1.0L1.0 2.0M3.0 4.0');
  });
});
