/** Typing is never lost: a draft survives a closed tab, a dropped line, a restart. */
export function loadDraft(key: string): string {
  return localStorage.getItem(`daak.draft.${key}`) ?? '';
}

export function keepDraft(key: string, text: string): void {
  if (text) localStorage.setItem(`daak.draft.${key}`, text);
  else localStorage.removeItem(`daak.draft.${key}`);
}
