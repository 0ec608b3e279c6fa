import { describe, expect, it } from 'vitest';
import type { Detail } from '../../model/tickets.svelte';
import { filledIn, forms, type Filled } from './forms';

const ticket = (state: string, ...possible: string[]) =>
  ({ state, possible, channels: ['email', 'sms'] }) as unknown as Detail;
const form = (name: string) => forms.find((f) => f.name === name)!;
const filled: Filled = {
  text: 'Mended.',
  channel: 'email',
  office: 'DM-303',
  reason: 'resolved',
  closure: 'override',
  into: '471 830 9263',
  files: [{ blob: 'b', name: 'road.jpg' }],
  settled: true,
  call: 'c',
};

describe('what may be done', () => {
  it('follows what the server allows, and has a key of its own each', () => {
    expect(new Set(forms.map((f) => f.key)).size).toBe(forms.length);
    expect(form('reply').can(ticket('registered', 'reply'))).toBe(true);
    expect(form('reply').can({ ...ticket('registered', 'reply'), channels: [] } as Detail)).toBe(false);
    expect(form('close').can(ticket('atr_submitted', 'note'))).toBe(false);
  });

  it('closes a fresh ticket by taking, reporting and closing; a reported one by closing', () => {
    const steps = (state: string) =>
      form('close')
        .steps(ticket(state), filled)
        .map((s) => s.type);
    expect(steps('registered')).toEqual(['take', 'atr', 'close']);
    expect(steps('in_progress')).toEqual(['atr', 'close']);
    expect(steps('verifying')).toEqual(['close']);
    expect(form('merge').steps(ticket('registered'), filled)[1]).toEqual({
      type: 'merge',
      into: '4718309263',
    });
  });

  it('sends evidence with a report, and a ticket to an office', () => {
    expect(form('report').steps(ticket('in_progress'), filled)).toEqual([
      { type: 'atr', closure_reason: 'resolved', remarks: 'Mended.', attachments: filled.files },
    ]);
    expect(form('forward').steps(ticket('assigned'), filled)[0]).toMatchObject({ office: 'DM-303' });
    expect(form('feedback').steps(ticket('verifying'), { ...filled, settled: false })).toEqual([
      { type: 'feedback', settled: false, words: 'Mended.', call: 'c' },
    ]);
    expect(form('cosign').can(ticket('verifying', 'cosign'))).toBe(false);
    expect(form('cosign').can(ticket('atr_submitted', 'cosign'))).toBe(true);
  });

  it('fills canned texts in, and leaves what it does not know', () => {
    expect(filledIn('No. {number}: {what}', { number: '471 830 9263' })).toBe('No. 471 830 9263: {what}');
  });
});
