/** The conversation with a citizen over all channels: what came in and what was written back, in the order of time. Pure. */
import type { Detail } from '../../model/tickets.svelte';

type Contact = Detail['contacts'][number];
export type Turn =
  | { kind: 'in'; at: string; contact: Contact }
  | {
      kind: 'out';
      at: string;
      key: string;
      channel: string;
      text: string;
      by: string;
      state: string;
      detail: string;
    };

type Fields = Record<string, unknown>;
const text = (value: unknown) => (typeof value === 'string' ? value : '');

export function conversation(ticket: Pick<Detail, 'contacts' | 'timeline'>): Turn[] {
  const events = ticket.timeline as unknown as Fields[];
  const fate = new Map<string, { state: string; detail: string }>();
  for (const event of events)
    if (event.type === 'message')
      fate.set(text(event.message), { state: text(event.state), detail: text(event.detail) });
  const turns: Turn[] = ticket.contacts.map((contact) => ({ kind: 'in', at: contact.received_at, contact }));
  for (const event of events)
    if (event.type === 'replied') {
      const key = text(event.message);
      const by = text((event.by as Fields | undefined)?.name);
      const told = fate.get(key) ?? { state: 'queued', detail: '' };
      turns.push({
        kind: 'out',
        at: text(event.at),
        key,
        channel: text(event.channel),
        text: text(event.text),
        by,
        ...told,
      });
    }
  return turns.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}
