import { expect, it } from 'vitest';
import type { Detail } from '../../model/tickets.svelte';
import { conversation } from './conversation';

it('puts what came in and what was written back in the order of time, with the fate of each message', () => {
  const contact = (id: number, at: string) => ({ id, received_at: at });
  const ticket = {
    contacts: [contact(1, '2026-11-24T10:00:00Z'), contact(2, '2026-11-24T17:00:00+05:30')],
    timeline: [
      {
        type: 'replied',
        at: '2026-11-24T11:00:00Z',
        message: 'k',
        channel: 'email',
        text: 'Soon.',
        by: { name: 'rina' },
      },
      { type: 'message', message: 'k', state: 'queued' },
      { type: 'message', message: 'k', state: 'delivered' },
    ],
  } as unknown as Detail;
  const turns = conversation(ticket);
  expect(turns.map((t) => t.kind)).toEqual(['in', 'out', 'in']);
  expect(turns[1]).toMatchObject({ text: 'Soon.', by: 'rina', state: 'delivered' });
});
