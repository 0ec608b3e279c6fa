/** The tree of offices, fetched once: names in the language of the person, ways up, and finding by words. */
import { api } from '../api/client';
import { language } from '../words/index.svelte';
import { directionOf, findIn, lineOf, type Direction, type Office } from './tree';

export type { Office };

const tree = $state<{ byCode: Map<string, Office>; asked: boolean }>({ byCode: new Map(), asked: false });

async function fetchTree(): Promise<void> {
  if (tree.asked) return;
  tree.asked = true;
  const { data } = await api.GET('/api/v1/offices').catch(() => ({ data: undefined }));
  if (data) tree.byCode = new Map(data.items.map((office) => [office.code, office]));
  else tree.asked = false;
}

function nameOf(office: Office): string {
  return language() === 'bn' ? office.name_bn : language() === 'hi' ? office.name_hi : office.name_en;
}

export const offices = {
  name(code: string | null | undefined): string {
    if (!tree.asked) queueMicrotask(fetchTree);
    const office = code ? tree.byCode.get(code) : undefined;
    return office ? nameOf(office) : (code ?? '');
  },
  get(code: string): Office | undefined {
    if (!tree.asked) queueMicrotask(fetchTree);
    return tree.byCode.get(code);
  },
  /** The office and all above it, the nearest first. */
  line(code: string): Office[] {
    return lineOf(tree.byCode, code);
  },
  direction: (from: string, to: string): Direction => directionOf(tree.byCode, from, to),
  /** Offices whose names have all these words, in any of the languages; those near `from` first. */
  find(words: string, from: string, most: number): Office[] {
    if (!tree.asked) queueMicrotask(fetchTree);
    return findIn(tree.byCode, words, from, most);
  },
};
