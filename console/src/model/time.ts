import type { Language } from '../words/index.svelte';

const zone = 'Asia/Kolkata';
const locales: Record<Language, string> = { bn: 'bn-IN', hi: 'hi-IN', en: 'en-IN' };

/** A moment as it is shown when one looks closer. */
export function exact(at: string, language: Language): string {
  return new Intl.DateTimeFormat(locales[language], {
    dateStyle: 'medium',
    timeStyle: 'short',
    timeZone: zone,
  }).format(new Date(at));
}

/** A day, as a citizen is told it. */
export function day(at: string, language: Language): string {
  return new Intl.DateTimeFormat(locales[language], { dateStyle: 'long', timeZone: zone }).format(
    new Date(at),
  );
}

/** How far a moment lies from now, in the largest unit that fits: "3 hours ago". */
export function relative(at: string, now: number, language: Language): string {
  const seconds = (new Date(at).getTime() - now) / 1000;
  const [value, unit] = largest(seconds);
  return new Intl.RelativeTimeFormat(locales[language], { numeric: 'auto', style: 'short' }).format(
    value,
    unit,
  );
}

/** A span in its largest unit: "3 hr". */
export function span(ms: number, language: Language): string {
  const [value, unit] = largest(Math.abs(ms) / 1000);
  return new Intl.NumberFormat(locales[language], { style: 'unit', unit, unitDisplay: 'short' }).format(
    value,
  );
}

/** Minutes and seconds of a sound. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

function largest(seconds: number): [number, 'second' | 'minute' | 'hour' | 'day'] {
  const size = Math.abs(seconds);
  if (size < 60) return [Math.trunc(seconds), 'second'];
  if (size < 3600) return [Math.trunc(seconds / 60), 'minute'];
  if (size < 2 * 86400) return [Math.trunc(seconds / 3600), 'hour'];
  return [Math.trunc(seconds / 86400), 'day'];
}
