import { describe, expect, it } from 'vitest';
import { directionOf, findIn, lineOf, type Office } from './tree';

const office = (code: string, parent: string | null, name: string) =>
  ({ code, parent, name_en: name, name_bn: name, name_hi: name }) as unknown as Office;
const all = new Map(
  [
    office('CMO', null, 'The top'),
    office('PWD', 'CMO', 'Public Works'),
    office('DM-303', 'CMO', 'District Magistrate, North'),
    office('BDO-1', 'DM-303', 'Block Officer, Amdanga'),
    office('BDO-2', 'DM-303', 'Block Officer, Barasat'),
  ].map((each) => [each.code, each]),
);

describe('the tree of offices', () => {
  it('knows the way up and how one office lies to another', () => {
    expect(lineOf(all, 'BDO-1').map((each) => each.code)).toEqual(['BDO-1', 'DM-303', 'CMO']);
    expect(directionOf(all, 'BDO-1', 'CMO')).toBe('up');
    expect(directionOf(all, 'DM-303', 'BDO-2')).toBe('down');
    expect(directionOf(all, 'PWD', 'BDO-2')).toBe('aside');
  });

  it('finds by words, the near ones first, and never the office itself', () => {
    const codes = (words: string, from: string) => findIn(all, words, from, 3).map((each) => each.code);
    expect(codes('', 'BDO-1')).toEqual(['CMO', 'DM-303', 'PWD']);
    expect(codes('block', 'BDO-1')).toEqual(['BDO-2']);
    expect(codes('officer amd', 'PWD')).toEqual(['BDO-1']);
  });
});
