import { describe, expect, it } from 'vitest';
import { drawn } from './limits';

const limits = {
  started_at: '2026-11-25T00:00:00Z',
  first_action_at: '2026-11-26T00:00:00Z',
  first_action_done_at: null,
  interim_at: null,
  resolution_at: '2026-11-29T00:00:00Z',
  resting: null,
  resting_since: null,
  resting_until: null,
};
const at = (text: string) => new Date(text).getTime();

describe('limits on a line', () => {
  it('puts now and each limit in its place, and knows what is late', () => {
    const line = drawn(limits, at('2026-11-27T00:00:00Z'));
    expect([line.now, line.late]).toEqual([0.5, false]);
    expect(line.marks).toEqual([
      { name: 'first_action', at: 0.25, done: false },
      { name: 'resolution', at: 1, done: false },
    ]);
    expect(drawn(limits, at('2026-12-01T00:00:00Z'))).toMatchObject({ now: 1, late: true });
  });

  it('draws a rest, in which nothing is late', () => {
    const resting = { ...limits, resting: 'asked', resting_since: '2026-11-28T00:00:00Z' };
    expect(drawn(resting, at('2026-12-01T00:00:00Z'))).toMatchObject({ rest: [0.75, 1], late: false });
  });
});
