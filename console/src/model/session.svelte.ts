import { api, type Schema } from '../api/client';

/** Who is signed in, and whether that is known yet. */
const seen = $state<{ person: Schema['SessionView'] | undefined; known: boolean }>({
  person: undefined,
  known: false,
});

export const session = {
  get person() {
    return seen.person;
  },
  get known() {
    return seen.known;
  },
  /** Asks the server whether the cookie still holds. */
  async resume(): Promise<void> {
    const { data } = await api.GET('/api/v1/session').catch(() => ({ data: undefined }));
    seen.person = data;
    seen.known = true;
  },
  /** Signs in; answers whether name and password are right. */
  async signIn(name: string, password: string): Promise<boolean> {
    const { data } = await api.POST('/api/v1/session', { body: { name, password } });
    seen.person = data;
    return data !== undefined;
  },
  async signOut(): Promise<void> {
    await api.DELETE('/api/v1/session');
    seen.person = undefined;
  },
  /** The server no longer knows the session. */
  lost(): void {
    seen.person = undefined;
  },
};
