import { api, failure, type Failure, type Schema } from '../api/client';
import { session } from './session.svelte';

export type Filters = Record<string, string>;

/** What is measured; fetched once. */
let known: Promise<Schema['MeasuresView'] | Failure> | undefined;

export function measures(): Promise<Schema['MeasuresView'] | Failure> {
  known ??= asked(() => api.GET('/api/v1/insight/measures')).then((answer) => {
    if ('why' in answer) known = undefined;
    return answer;
  });
  return known;
}

export function table(
  filters: Filters,
  by?: string,
  codes?: string[],
): Promise<Schema['TableView'] | Failure> {
  const query = { ...filters, ...(by ? { by } : {}), ...(codes ? { measures: codes.join(',') } : {}) };
  return asked(() => api.GET('/api/v1/insight/table', { params: { query } }));
}

export function series(
  filters: Filters,
  measure: string,
  step: string,
): Promise<Schema['SeriesView'] | Failure> {
  return asked(() => api.GET('/api/v1/insight/series', { params: { query: { ...filters, measure, step } } }));
}

export function ages(filters: Filters, by: string): Promise<Schema['AgesView'] | Failure> {
  return asked(() => api.GET('/api/v1/insight/ages', { params: { query: { ...filters, by } } }));
}

export function hotspots(filters: Filters): Promise<Schema['HotSpotView'][] | Failure> {
  return asked(() => api.GET('/api/v1/insight/hotspots', { params: { query: filters } }));
}

export function geography(): Promise<Schema['MapView'] | Failure> {
  return asked(() => api.GET('/api/v1/insight/map'));
}

async function asked<T>(
  ask: () => Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T | Failure> {
  try {
    const { data, error, response } = await ask();
    if (response.status === 401) session.lost();
    return data ?? failure(response.status, error);
  } catch {
    return { status: 0, why: '' };
  }
}

/** Filters of the address that the measures know. */
const names = ['department', 'category', 'class', 'district', 'block', 'channel', 'office', 'officer'];

/** Periods that are chosen by a word. */
export const periods = ['7', '30', '90', 'month', 'last_month', 'year', 'own'] as const;

/** What the address asks for: the days of its period, and which tickets. `today` is the server's day. */
export function filtersOf(query: URLSearchParams, today: string): Filters {
  const filters: Filters = {};
  for (const name of names) {
    const value = query.get(name);
    if (value) filters[name] = value;
  }
  return { ...filters, ...spanOf(query, today) };
}

/** First and last day of the period that the address names; thirty days where it names none. */
export function spanOf(query: URLSearchParams, today: string): { from: string; to: string } {
  const period = query.get('period') ?? '30';
  const [year = 1970, month = 1] = today.split('-').map(Number);
  const iso = (date: Date) => date.toISOString().slice(0, 10);
  if (period === 'month') return { from: `${today.slice(0, 7)}-01`, to: today };
  if (period === 'last_month')
    return {
      from: iso(new Date(Date.UTC(year, month - 2, 1))),
      to: iso(new Date(Date.UTC(year, month - 1, 0))),
    };
  if (period === 'year') return { from: plus(today, -364), to: today };
  const [from, to] = [query.get('from'), query.get('to')];
  if (period === 'own' && from && to) return { from, to };
  const days = Number(period);
  return { from: plus(today, 1 - (days > 0 && days <= 3660 ? days : 30)), to: today };
}

/** So many days after a day. */
export function plus(day: string, days: number): string {
  const at = new Date(`${day}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}

/** How many days from one to another, both among them. */
export function daysOf(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000) + 1;
}
