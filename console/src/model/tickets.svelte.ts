import { api, failure, type Failure, type Schema } from '../api/client';
import { session } from './session.svelte';

export type Row = Schema['TicketRow'];
export type Detail = Schema['TicketView'];

/** A list of tickets that keeps its place when new ones come. */
export class TicketList {
  rows = $state.raw<Row[]>([]);
  next = $state<string | undefined>();
  loading = $state(true);
  failed = $state<Failure | undefined>();
  /** Arrived since the list was loaded; shown when asked for. */
  fresh = $state(0);
  #asked = 0;

  /** Loads the first page for these filters. An answer that was overtaken is dropped. */
  async load(filters: URLSearchParams, quietly = false): Promise<void> {
    const turn = (this.#asked += 1);
    if (!quietly) this.loading = true;
    const page = await fetchPage(filters);
    if (turn !== this.#asked) return;
    this.loading = false;
    this.fresh = 0;
    this.failed = 'why' in page ? page : undefined;
    if ('items' in page) [this.rows, this.next] = [page.items, page.next];
  }

  async more(filters: URLSearchParams): Promise<void> {
    const turn = this.#asked;
    const page = await fetchPage(filters, this.next);
    if (turn === this.#asked && 'items' in page)
      [this.rows, this.next] = [[...this.rows, ...page.items], page.next];
  }

  /** A ticket changed: its row is renewed in place; one that is not listed counts as new. */
  async changed(number: string): Promise<void> {
    if (!this.rows.some((row) => row.number === number)) {
      this.fresh += 1;
      return;
    }
    const { data } = await api.GET('/api/v1/tickets', { params: { query: { number } } });
    const renewed = data?.items[0];
    if (renewed) this.rows = this.rows.map((row) => (row.number === number ? renewed : row));
  }
}

async function fetchPage(
  filters: URLSearchParams,
  cursor?: string,
): Promise<{ items: Row[]; next?: string } | Failure> {
  const query = { ...Object.fromEntries(filters), limit: 50, ...(cursor ? { cursor } : {}) };
  try {
    const { data, error, response } = await api.GET('/api/v1/tickets', { params: { query } });
    if (response.status === 401) session.lost();
    return data ? { items: data.items, next: data.next ?? undefined } : failure(response.status, error);
  } catch {
    return { status: 0, why: '' };
  }
}

/** One ticket with its contacts and timeline. */
export async function fetchTicket(number: string): Promise<Detail | Failure> {
  try {
    const { data, error, response } = await api.GET('/api/v1/tickets/{number}', {
      params: { path: { number } },
    });
    if (response.status === 401) session.lost();
    // The generated type of one answer and of its schema differ in form only.
    return data ? (data as unknown as Detail) : failure(response.status, error);
  } catch {
    return { status: 0, why: '' };
  }
}

/** One step in a ticket's life. `seq` is what the person saw: if somebody was first, the server says so (409). Answers how many events there are now. */
export async function step(
  number: string,
  seq: number,
  body: Record<string, unknown>,
): Promise<{ seq: number } | Failure> {
  try {
    const { data, error, response } = await api.POST('/api/v1/tickets/{number}/events', {
      params: { path: { number } },
      body: { ...body, expected_seq: seq } as never,
    });
    return data ? { seq: data.seq } : failure(response.status, error);
  } catch {
    return { status: 0, why: '' };
  }
}

/** As `step`, but a message to the citizen that went out in between is not somebody who was first: then it is done all the same. */
export async function stepPastMessages(
  number: string,
  seq: number,
  body: Record<string, unknown>,
): Promise<{ seq: number } | Failure> {
  const answer = await step(number, seq, body);
  if (!('why' in answer) || answer.status !== 409) return answer;
  const now = await fetchTicket(number);
  if ('why' in now || now.seq === seq || !onlyMessages(now.timeline, seq)) return answer;
  return step(number, now.seq, body);
}

/** Whether everything after the first `seq` events is the fate of messages. */
export function onlyMessages(timeline: readonly { seq: number }[], seq: number): boolean {
  return timeline.every((event) => event.seq <= seq || ('type' in event && event.type === 'message'));
}
