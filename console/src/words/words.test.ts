import { describe, expect, it } from 'vitest';
import { bn } from './bn';
import { en } from './en';
import { hi } from './hi';

const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map((m) => m[0]).sort();

describe('the catalogue of words', () => {
  it.each([
    ['bn', bn, /[\u0980-\u09ff]/],
    ['hi', hi, /[\u0900-\u097f]/],
  ])('%s says everything that English says, in its own script, with the same places', (_, words, script) => {
    expect(Object.keys(words).sort()).toEqual(Object.keys(en).sort());
    for (const [key, text] of Object.entries(words)) {
      expect(places(text), key).toEqual(places(en[key as keyof typeof en]));
      expect(text, `${key} is NFC`).toBe(text.normalize('NFC'));
      if (!key.startsWith('language.')) expect(text, key).toMatch(script);
    }
  });
});
