/** Numbers as people read them, and what they mean. */
import type { Schema } from '../../api/client';
import type { Language } from '../../words/index.svelte';

export type Measure = Schema['MeasureView'];
export type Numbers = Schema['NumberView'];
export type Line = Schema['LineView'];

const locales: Record<Language, string> = { bn: 'bn-IN', hi: 'hi-IN', en: 'en-IN' };

/** A number in its unit; a dash where there is none. */
export function shown(value: number | null | undefined, unit: string, language: Language): string {
  if (value === null || value === undefined) return '–';
  const digits = unit === 'tickets' ? 0 : 1;
  const text = new Intl.NumberFormat(locales[language], { maximumFractionDigits: digits }).format(value);
  return unit === 'percent' ? `${text}%` : text;
}

/** A day without its year: "24 Nov". */
export function dayShown(day: string, language: Language, withYear = false): string {
  return new Intl.DateTimeFormat(locales[language], {
    day: 'numeric',
    month: 'short',
    ...(withYear ? { year: 'numeric' } : {}),
    timeZone: 'UTC',
  }).format(new Date(`${day}T00:00:00Z`));
}

export interface Change {
  /** Up, down or the same. */
  way: 'up' | 'down' | 'same';
  /** By so much: percent of the number before for counts and days, points for shares. */
  by: number;
  /** Whether that is good, bad, or neither. */
  sign: 'good' | 'bad' | 'neither';
}

/** How a number differs from the one before; nothing where there is nothing to compare. */
export function change(number: Numbers, measure: Measure): Change | undefined {
  const { value, before } = number;
  if (value === null || value === undefined || before === null || before === undefined) return undefined;
  if (measure.unit !== 'percent' && before === 0) return undefined;
  const by = measure.unit === 'percent' ? value - before : (100 * (value - before)) / before;
  const way = Math.abs(by) < 0.05 ? 'same' : by > 0 ? 'up' : 'down';
  const good = (measure.better === 'more') === (way === 'up');
  const sign = way === 'same' || measure.better === 'neither' ? 'neither' : good ? 'good' : 'bad';
  return { way, by: Math.abs(by), sign };
}

/** Whether a target is reached, surely missed (the whole interval lies beyond it), or cannot be told from so few. */
export function judged(number: Numbers, measure: Measure): 'reached' | 'missed' | 'open' | undefined {
  const { target } = measure;
  if (target === null || target === undefined || measure.better === 'neither') return undefined;
  if (number.value === null || number.value === undefined) return undefined;
  const more = measure.better === 'more';
  if (more ? number.value >= target : number.value <= target) return 'reached';
  const farEnd = more ? (number.high ?? number.value) : (number.low ?? number.value);
  return (more ? farEnd < target : farEnd > target) ? 'missed' : 'open';
}

/**
 * Lines in their rank, the best first. Shares are ranked by the end of their Wilson interval that is worse for them, so that few tickets
 * do not make a champion; counts by themselves, the most first.
 */
export function ranked(lines: Line[], measure: Measure): Line[] {
  const worth = (line: Line): number => {
    const number = line.numbers[measure.code];
    if (!number || number.value === null || number.value === undefined) return Number.NEGATIVE_INFINITY;
    if (measure.unit === 'tickets') return number.count;
    if (measure.unit === 'days') return -number.value;
    return measure.better === 'less' ? -(number.high ?? 100) : (number.low ?? 0);
  };
  return [...lines].sort((a, b) => worth(b) - worth(a));
}

/** Round numbers from 0 to at least `most`, for an axis: 0, 20, 40. */
export function ticks(most: number, wanted = 4): number[] {
  if (!(most > 0)) return [0, 1];
  const rough = most / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= rough) ?? power * 10;
  const whole = most > 4 ? Math.max(1, Math.ceil(step)) : step;
  return Array.from({ length: Math.ceil(most / whole) + 1 }, (_, n) => n * whole);
}

/** A line through points, with a gap where there is no number. */
export function line(
  values: (number | null | undefined)[],
  x: (n: number) => number,
  y: (v: number) => number,
): string {
  let path = '';
  let pen = false;
  values.forEach((value, n) => {
    if (value === null || value === undefined) {
      pen = false;
      return;
    }
    path += `${pen ? 'L' : 'M'}${x(n).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = true;
  });
  return path;
}
