/** Whether the person who is signed in takes calls, as the floor sees it. */
import { api, type Schema } from '../api/client';
import { live } from './live.svelte';
import { session } from './session.svelte';

type Own = Pick<Schema['AgentView'], 'state' | 'reason' | 'since' | 'until' | 'queues'>;
const seen = $state<{
  own: Own | undefined;
  all: Schema['AgentView'][];
  ended: string | undefined;
  disposition: string;
}>({
  own: undefined,
  all: [],
  ended: undefined,
  disposition: '',
});

export const presence = {
  /** The person as an agent; none if the person takes no calls. */
  get own() {
    return seen.own;
  },
  /** Everybody else who takes calls. */
  get others() {
    return seen.all.filter((agent) => agent.name !== session.person?.name);
  },
  /** What came of the last talk, as it will be kept. */
  get disposition() {
    return seen.disposition;
  },
  set disposition(code: string) {
    seen.disposition = code;
  },
  /** Follows it until the answer is called. */
  follow(): () => void {
    void load();
    return live.hear((change) => {
      if (change.type === 'call')
        talkEnded(String(change.call), change.event as { type: string; agent?: string });
      if (change.type === 'agent' || change.type === 'reconnected' || change.type === 'missed') void load();
    });
  },
  /** Takes calls, pauses for a reason, or goes; answers what went wrong, if anything. */
  async set(wanted: 'ready' | 'paused' | 'away', reason?: string): Promise<string | undefined> {
    const name = session.person?.name ?? '';
    const kept = await keepDisposition();
    if (kept !== undefined) return kept;
    const before = seen.own;
    if (seen.own)
      seen.own = {
        ...seen.own,
        state: wanted,
        reason: reason ?? null,
        since: new Date().toISOString(),
        until: null,
      };
    const { error } = await api
      .PUT('/api/v1/agents/{name}/presence', {
        params: { path: { name } },
        body: { presence: wanted, reason },
      })
      .catch(() => ({ error: { detail: '' } }));
    if (!error) return undefined;
    seen.own = before;
    return (error as { detail?: string }).detail ?? '';
  },
};

let asked = 0;

async function load(): Promise<void> {
  const turn = ++asked;
  const { data } = await api.GET('/api/v1/agents').catch(() => ({ data: undefined }));
  if (!data || turn !== asked) return;
  seen.all = data.items;
  const before = seen.own?.state;
  seen.own = data.items.find((agent) => agent.name === session.person?.name);
  // A wrap-up that ended by itself keeps what was chosen until then.
  if (before === 'wrap_up' && seen.own?.state !== 'wrap_up') void keepDisposition();
}

function talkEnded(call: string, event: { type: string; agent?: string }): void {
  if (event.type !== 'talk_ended' || event.agent !== session.person?.name) return;
  seen.ended = call;
  seen.disposition = '';
}

/** Writes down what came of the last talk, if the person said so; answers what went wrong. */
async function keepDisposition(): Promise<string | undefined> {
  const { ended: call, disposition: code } = seen;
  if (!call || !code) return undefined;
  const { error } = await api
    .PUT('/api/v1/calls/{call}/disposition', { params: { path: { call } }, body: { code } })
    .catch(() => ({ error: { detail: '' } }));
  if (error) return (error as { detail?: string }).detail ?? '';
  seen.ended = undefined;
  seen.disposition = '';
  return undefined;
}
