/** Where the person is. The address says it, so that a page can be sent to a colleague. */
export type Route =
  { room: 'tickets'; number?: string } | { room: 'floor' } | { room: 'measures' } | { room: 'map' } | { room: 'messages' } | { room: 'held' };

const base = '/console/';
const here = $state({ route: parse(location.pathname), query: new URLSearchParams(location.search) });

addEventListener('popstate', () => {
  here.route = parse(location.pathname);
  here.query = new URLSearchParams(location.search);
});

export function route(): Route {
  return here.route;
}

/** The filters in the address. */
export function query(): URLSearchParams {
  return here.query;
}

/** Goes somewhere; the filters stay unless new ones are given. */
export function go(next: Route, filters: URLSearchParams = here.query): void {
  const text = filters.toString();
  history.pushState(null, '', path(next) + (text ? `?${text}` : ''));
  here.route = next;
  here.query = new URLSearchParams(filters);
}

/** Changes the filters in place, without a step back for each letter typed. */
export function refine(filters: URLSearchParams): void {
  const text = filters.toString();
  history.replaceState(null, '', path(here.route) + (text ? `?${text}` : ''));
  here.query = new URLSearchParams(filters);
}

export function path(to: Route): string {
  return base + to.room + (to.room === 'tickets' && to.number ? `/${to.number}` : '');
}

export function parse(pathname: string): Route {
  const [room, number] = pathname.slice(base.length).split('/');
  if (room === 'measures' || room === 'map') return { room };
  if (room === 'floor' || room === 'messages' || room === 'held') return { room };
  return number && /^\d{10}$/.test(number) ? { room: 'tickets', number } : { room: 'tickets' };
}
