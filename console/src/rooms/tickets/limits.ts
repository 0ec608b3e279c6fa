/** Where limits stand on a line from the beginning of a ticket's time to its end. Pure. */
import type { Detail } from '../../model/tickets.svelte';

type Limits = NonNullable<Detail['limits']>;

export interface Drawn {
  /** Where now is, 0 to 1. */
  now: number;
  late: boolean;
  /** The rest that goes on, from and to. */
  rest?: [number, number];
  marks: { name: 'first_action' | 'interim' | 'resolution'; at: number; done: boolean }[];
}

export function drawn(limits: Limits, now: number): Drawn {
  const from = new Date(limits.started_at).getTime();
  const end = Math.max(new Date(limits.resolution_at).getTime(), from + 1);
  const place = (at: number) => Math.min(1, Math.max(0, (at - from) / (end - from)));
  const mark = (name: Drawn['marks'][number]['name'], at: string, done: boolean) => ({
    name,
    at: place(new Date(at).getTime()),
    done,
  });
  return {
    now: place(now),
    late: now > end && !limits.resting,
    ...(limits.resting_since
      ? { rest: [place(new Date(limits.resting_since).getTime()), place(now)] as [number, number] }
      : {}),
    marks: [
      mark('first_action', limits.first_action_at, Boolean(limits.first_action_done_at)),
      ...(limits.interim_at ? [mark('interim', limits.interim_at, false)] : []),
      mark('resolution', limits.resolution_at, false),
    ],
  };
}
