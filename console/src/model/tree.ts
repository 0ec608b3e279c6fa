/** The tree of offices: ways up, and finding by words. Pure. */
import type { Schema } from '../api/client';

export type Office = Schema['OfficeView'];
/** How an office lies to another: above it, below it, or aside. */
export type Direction = 'up' | 'down' | 'aside';

export function lineOf(all: ReadonlyMap<string, Office>, code: string): Office[] {
  const line: Office[] = [];
  for (let at = all.get(code); at && !line.includes(at); at = at.parent ? all.get(at.parent) : undefined)
    line.push(at);
  return line;
}

export function directionOf(all: ReadonlyMap<string, Office>, from: string, to: string): Direction {
  if (lineOf(all, from).some((office) => office.code === to)) return 'up';
  return lineOf(all, to).some((office) => office.code === from) ? 'down' : 'aside';
}

export function findIn(
  all: ReadonlyMap<string, Office>,
  words: string,
  from: string,
  most: number,
): Office[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (office: Office) => {
    const text = `${office.code} ${office.name_en} ${office.name_bn} ${office.name_hi}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  };
  const nearness = { up: 0, down: 1, aside: 2 };
  const found = [...all.values()].filter((office) => office.code !== from && fits(office));
  const near = (office: Office) => nearness[directionOf(all, from, office.code)];
  return found.sort((a, b) => near(a) - near(b) || depth(all, a) - depth(all, b)).slice(0, most);
}

function depth(all: ReadonlyMap<string, Office>, office: Office): number {
  return lineOf(all, office.code).length;
}
