import { bn } from './bn';
import { en, type Key, type Words } from './en';
import { hi } from './hi';

export type Language = 'bn' | 'hi' | 'en';
export const languages: Record<Language, Words> = { bn, hi, en };

const stored = localStorage.getItem('daak.language');
const chosen = $state({ language: (stored === 'hi' || stored === 'en' ? stored : 'bn') as Language });
document.documentElement.lang = chosen.language;

/** The language in which the console speaks now. */
export function language(): Language {
  return chosen.language;
}

/** Switches the language without losing place; it is remembered. */
export function speak(next: Language): void {
  chosen.language = next;
  localStorage.setItem('daak.language', next);
  document.documentElement.lang = next;
}

/** A text in the chosen language, with `{name}` replaced. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return fill(languages[chosen.language][key], values);
}

/** A text whose key is made of data, such as a state; the data itself if there is no such text. */
export function tOf(group: string, value: string): string {
  const words: Partial<Record<string, string>> = languages[chosen.language];
  return words[`${group}.${value}`] ?? value;
}

/** Replaces `{name}` in a text. */
export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

export type { Key, Words };
