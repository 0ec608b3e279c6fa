/** The telephone in this tab: what rings in it, and the sound of the talk. Signalling goes over the live line (docs/live.md). */
import { live, type Change } from './live.svelte';
import { Sound } from './sound';

/** What is known of a caller at the first ring. */
export interface Story {
  call: string;
  caller: string | null;
  called: string;
  language: string;
  queue: string | null;
  emergency: boolean;
  waits_since: string | null;
  heard: string | null;
  heard_surely: boolean;
  tickets: string[];
  from: string | null;
  /** How the talk of `from` is attended, when that is why it rings. */
  attends: Attending | null;
}

/** How a supervisor attends a talk. */
export type Attending = 'listen' | 'whisper' | 'barge';

/** A call that rings here, or the talk that followed. */
export interface Talk {
  ring: string;
  story: Story;
  stage: 'ringing' | 'answering' | 'talking' | 'broken';
  /** When this stage began, on this page's clock. */
  since: number;
  muted: boolean;
  held: boolean;
  /** Somebody else is asked meanwhile. */
  asked: 'ringing' | 'answered' | 'together' | undefined;
  /** How a supervisor attends it: in our own talk, or in the one that we attend. */
  attended: Attending | undefined;
  /** The recording is paused. */
  unrecorded: boolean;
}

/** Whom a caller can be given to. */
export type Beyond =
  { kind: 'queue'; name: string } | { kind: 'agent'; agent: string } | { kind: 'number'; number: string };

type Place = 'nowhere' | 'here' | 'elsewhere' | 'desk';
type Trouble = 'microphone' | 'refused' | 'not_reached' | 'missed';

const seen = $state<{
  place: Place;
  talk: Talk | undefined;
  trouble: { what: Trouble; why: string } | undefined;
}>({ place: 'nowhere', talk: undefined, trouble: undefined });

/** A reload keeps the name, so that the telephone and the talk come back to the same tab. */
const tab = (sessionStorage.getItem('daak.tab') ?? crypto.randomUUID()).slice(0, 64);
sessionStorage.setItem('daak.tab', tab);

let sound: Sound | undefined;

export const softphone = {
  get place() {
    return seen.place;
  },
  get talk() {
    return seen.talk;
  },
  get trouble() {
    return seen.trouble;
  },
  forgetTrouble(): void {
    seen.trouble = undefined;
  },
  /** Listens to the live line until the answer is called. */
  connect(): () => void {
    const deaf = live.hear(hear);
    if (seen.place !== 'desk') claim(false);
    return () => {
      deaf();
      live.say({ type: 'phone', do: 'release' });
      end();
      seen.place = 'nowhere';
    };
  },
  /** Has the telephone in this tab, whoever had it. */
  take(): void {
    localStorage.removeItem('daak.phone');
    claim(true);
  },
  /** Leaves calls to the phone on the desk. */
  toDesk(): void {
    localStorage.setItem('daak.phone', 'desk');
    live.say({ type: 'phone', do: 'release' });
    seen.place = 'desk';
  },
  answer(): void {
    const { talk } = seen;
    if (talk?.stage !== 'ringing') return;
    talk.stage = 'answering';
    live.say({ type: 'phone', do: 'accept', ring: talk.ring });
  },
  decline(): void {
    if (seen.talk?.stage === 'ringing') live.say({ type: 'phone', do: 'decline', ring: seen.talk.ring });
  },
  hangUp(): void {
    if (seen.talk && seen.talk.stage !== 'ringing')
      live.say({ type: 'phone', do: 'hang_up', ring: seen.talk.ring });
  },
  mute(): void {
    if (!seen.talk || seen.talk.stage === 'ringing') return;
    seen.talk.muted = !seen.talk.muted;
    sound?.speak(!seen.talk.muted);
  },
  hold(): void {
    const { talk } = seen;
    if (talk?.stage !== 'talking' || talk.asked || talk.story.attends) return;
    desk({ do: talk.held ? 'resume' : 'hold' });
    talk.held = !talk.held;
  },
  press(key: string): void {
    if (seen.talk?.stage === 'talking') desk({ do: 'press', key });
  },
  /** Gives the caller on: at once, or after asking. */
  give(to: Beyond, ask: boolean): void {
    if (seen.talk?.stage === 'talking') desk({ do: ask ? 'consult' : 'transfer', to });
  },
  /** Brings the caller to whoever is asked. */
  meet(): void {
    if (seen.talk?.asked === 'answered') desk({ do: 'meet' });
  },
  /** Records silence while a number is said that must not be kept, or records again. */
  record(): void {
    const { talk } = seen;
    if (talk?.stage !== 'talking' || talk.story.attends) return;
    desk({ do: talk.unrecorded ? 'resume_recording' : 'pause_recording' });
  },
  complete(): void {
    if (seen.talk?.asked) desk({ do: 'complete' });
  },
  cancel(): void {
    if (seen.talk?.asked) desk({ do: 'cancel' });
  },
  /** How loud the microphone is, 0 to 1. */
  level(): number {
    return sound?.level() ?? 0;
  },
};

if (localStorage.getItem('daak.phone') === 'desk') seen.place = 'desk';

function claim(take: boolean): void {
  const has = seen.talk && sound?.flows ? seen.talk.ring : undefined;
  live.say({ type: 'phone', do: 'claim', tab, take, has });
}

function desk(act: object): void {
  if (seen.talk) live.say({ type: 'desk', call: seen.talk.story.call, ...act });
}

function hear(change: Change): void {
  if (change.type === 'hello') {
    if (seen.place !== 'desk') claim(false);
  } else if (change.type === 'phone') {
    news(change);
  } else if (change.type === 'call' && change.call === seen.talk?.story.call) {
    happened(change.event as CallHappening);
  }
}

interface CallHappening {
  type: string;
  agent?: string;
  on?: boolean;
  state?: string;
  how?: Attending | null;
}

/** Something happened in the call of our talk, or in the one that we attend. */
function happened(event: CallHappening): void {
  const { talk } = seen;
  if (!talk) return;
  switch (event.type) {
    case 'attended':
      talk.attended = event.how ?? undefined;
      return;
    case 'offer_accepted':
      // We took the call over: it is our own from now on.
      if (talk.story.attends && event.agent !== talk.story.from)
        talk.story = { ...talk.story, attends: null, from: null };
      return;
    case 'held':
      if (!talk.story.attends) talk.held = event.on === true;
      return;
    case 'recording_paused':
      talk.unrecorded = event.on === true;
      return;
    case 'consulted':
      if (talk.story.attends) return;
      if (event.state === 'not_reached') seen.trouble = { what: 'not_reached', why: '' };
      talk.asked =
        event.state === 'ringing' || event.state === 'answered' || event.state === 'together'
          ? event.state
          : undefined;
  }
}

function news(change: Change): void {
  const ring = change.ring as string | undefined;
  switch (change.event) {
    case 'yours':
      seen.place = 'here';
      return;
    case 'elsewhere':
      seen.place = 'elsewhere';
      end();
      return;
    case 'free':
      claim(false);
      return;
    case 'refused':
      seen.trouble = { what: 'refused', why: String(change.why) };
      return;
    case 'ring':
      void begin(String(ring), change.story as Story, change.accepted === true);
      return;
  }
  if (!seen.talk || ring !== seen.talk.ring) return;
  switch (change.event) {
    case 'answer':
      void sound?.answered(String(change.sdp));
      if (seen.talk.stage === 'talking') sound?.speak(!seen.talk.muted);
      return;
    case 'talking':
      if (seen.talk.stage !== 'talking') stage('talking');
      sound?.speak(!seen.talk.muted);
      return;
    case 'renew':
      stage('broken');
      void offer(seen.talk.ring);
      return;
    case 'over':
      if (change.why === 'not_answered') seen.trouble = { what: 'missed', why: '' };
      end();
  }
}

function stage(next: Talk['stage']): void {
  if (!seen.talk) return;
  seen.talk.stage = next;
  if (next === 'talking' || next === 'ringing') seen.talk.since = Date.now();
}

async function begin(ring: string, story: Story, accepted: boolean): Promise<void> {
  end();
  seen.trouble = undefined;
  seen.talk = {
    ring,
    story,
    stage: accepted ? 'broken' : 'ringing',
    since: Date.now(),
    muted: false,
    held: false,
    asked: undefined,
    attended: story.attends ?? undefined,
    unrecorded: false,
  };
  await offer(ring);
  // Whoever asked to attend a talk has answered already.
  if (story.attends) softphone.answer();
}

/** Gets microphone and connection ready, while it still rings. */
async function offer(ring: string): Promise<void> {
  sound?.close();
  const own: Sound = (sound = new Sound(() => {
    if (sound === own && seen.talk?.ring === ring) void offer(ring);
  }));
  try {
    const sdp = await own.offer();
    if (sound !== own || seen.talk?.ring !== ring) return own.close();
    live.say({ type: 'phone', do: 'offer', ring, sdp });
  } catch (why) {
    own.close();
    if (seen.talk?.ring !== ring) return;
    seen.trouble = { what: 'microphone', why: why instanceof Error ? why.message : '' };
    softphone.decline();
  }
}

function end(): void {
  sound?.close();
  sound = undefined;
  seen.talk = undefined;
}
