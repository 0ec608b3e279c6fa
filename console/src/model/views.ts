/** Views of the list: those that everybody has, and those that a person keeps. A view is the filters in the address. */
import type { Key } from '../words/index.svelte';

/** What somebody still has to do something about. */
const open = 'open';

/** The views that everybody has. */
export function common(me: string, office?: string): { name: Key; filters: string }[] {
  const view = (name: Key, filters: Record<string, string>) => ({
    name,
    filters: new URLSearchParams(filters).toString(),
  });
  return [
    view('view.all', {}),
    view('view.mine', { officer: me, state: open }),
    ...(office
      ? [
          view('view.office', { office, state: open }),
          view('view.below', { office, below: 'true', state: open }),
        ]
      : []),
    view('view.late', { late: 'true', state: 'registered,assigned,in_progress,returned,reopened' }),
    view('view.returned', { state: 'returned,reopened' }),
    view('view.emergency', { emergency: 'true', state: open }),
    view('view.unread', { state: 'registered' }),
    view('view.asked', { state: 'needs_info' }),
    view('view.report', { state: 'atr_submitted,verifying' }),
  ];
}

export interface Kept {
  name: string;
  filters: string;
}
const place = 'daak.views';

/** The views that a person keeps in this browser. */
export function kept(): Kept[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(place) ?? '[]');
    const whole = (v: unknown): v is Kept =>
      typeof v === 'object' &&
      v !== null &&
      typeof (v as Kept).name === 'string' &&
      typeof (v as Kept).filters === 'string';
    return Array.isArray(found) ? found.filter(whole) : [];
  } catch {
    return [];
  }
}

/** Keeps a view; one of the same name is replaced. */
export function keep(name: string, filters: string): Kept[] {
  return write([...kept().filter((view) => view.name !== name), { name, filters }]);
}

export function forget(name: string): Kept[] {
  return write(kept().filter((view) => view.name !== name));
}

function write(views: Kept[]): Kept[] {
  localStorage.setItem(place, JSON.stringify(views));
  return views;
}
