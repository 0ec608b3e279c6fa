import createClient from 'openapi-fetch';
import type { components, paths } from './schema';

/** The API as its own document describes it; the session is a cookie. */
export const api = createClient<paths>({
  baseUrl: location.origin,
  credentials: 'same-origin',
  headers: { 'X-Requested-With': 'daak-console' },
});

export type Schema = components['schemas'];

/** What went wrong, for a person. */
export interface Failure {
  status: number;
  why: string;
}

/** Reads a refusal: problem details (RFC 9457), or no answer at all (status 0). */
export function failure(status: number, body: unknown): Failure {
  const problem = body as { detail?: string; title?: string } | undefined;
  return { status, why: problem?.detail ?? problem?.title ?? '' };
}
