/** The clock of the page: one timer for every relative time. */
const clock = $state({ now: Date.now() });
setInterval(() => (clock.now = Date.now()), 5_000);

export function now(): number {
  return clock.now;
}
