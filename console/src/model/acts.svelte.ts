import { untrack } from 'svelte';
import type { Key } from '../words/index.svelte';

/** Something a person can do here, by key and by name. */
export interface Act {
  /** `n`, `?`, `ctrl+k`; none if only by name. */
  key?: string;
  name: Key;
  do: () => void;
  /** Whether it can be done now. */
  can?: () => boolean;
}

let groups = $state.raw<Act[][]>([]);

export const acts = {
  get all(): Act[] {
    return groups.flat();
  },
  /** Offers acts while a page is open; the answer takes them away. */
  add(group: Act[]): () => void {
    // Whoever offers acts does so in an effect, which must not depend on what others offer.
    groups = [...untrack(() => groups), group];
    return () => (groups = untrack(() => groups).filter((g) => g !== group));
  },
};

/** Single letters act only while no field has the cursor. */
export function onKey(event: KeyboardEvent): void {
  const target = event.target;
  const typing =
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
  const control = event.ctrlKey || event.metaKey;
  if (event.altKey || (typing && !control) || document.querySelector('dialog[open]')) return;
  const key = (control ? 'ctrl+' : '') + event.key.toLowerCase();
  const act = [...acts.all].reverse().find((a) => a.key === key && (a.can?.() ?? true));
  if (act) {
    event.preventDefault();
    act.do();
  }
}
