/** What may be done with a ticket at the desk: a key, the fields that it asks for, and the steps that it becomes. Pure. */
import type { Detail } from '../../model/tickets.svelte';
import type { Uploaded } from '../../model/uploads';
import type { Key } from '../../words/index.svelte';

export type Step = Record<string, unknown>;
export type Field = 'channel' | 'office' | 'reason' | 'closure' | 'into' | 'files' | 'settled';
export type Name =
  | 'reply'
  | 'ask'
  | 'note'
  | 'forward'
  | 'report'
  | 'cosign'
  | 'evidence'
  | 'feedback'
  | 'return'
  | 'close'
  | 'reopen'
  | 'appeal'
  | 'merge';

/** What was filled in. */
export interface Filled {
  text: string;
  channel: string;
  office: string;
  reason: string;
  closure: string;
  into: string;
  /** Photographs and papers, in the archive already. */
  files: Uploaded[];
  settled: boolean;
  /** The call in which the citizen was spoken with. */
  call: string;
}

export interface Form {
  name: Name;
  /** The single letter that opens it. */
  key: string;
  fields: Field[];
  /** What the text is. */
  label: Key;
  /** The words on the button that sends it. */
  go: Key;
  /** Whether canned texts fit. */
  canned?: boolean;
  can: (ticket: Detail) => boolean;
  steps: (ticket: Detail, filled: Filled) => Step[];
}

const may =
  (...steps: string[]) =>
  (ticket: Detail): boolean =>
    steps.every((name) => ticket.possible.includes(name));

/** A report lies before whoever verifies it. */
const reported = (ticket: Detail): boolean =>
  ticket.state === 'atr_submitted' || ticket.state === 'verifying';

export const forms: Form[] = [
  {
    name: 'reply',
    key: 'r',
    fields: ['channel'],
    label: 'reply.label',
    go: 'act.send',
    canned: true,
    can: (ticket) => may('reply')(ticket) && ticket.channels.length > 0,
    steps: (_, { channel, text }) => [{ type: 'reply', channel, text }],
  },
  {
    name: 'ask',
    key: 'q',
    fields: [],
    label: 'ask.label',
    go: 'act.send',
    canned: true,
    can: may('ask'),
    steps: (_, { text }) => [{ type: 'ask', question: text }],
  },
  {
    name: 'note',
    key: 'n',
    fields: [],
    label: 'note.label',
    go: 'act.save',
    can: may('note'),
    steps: (_, { text }) => [{ type: 'note', text }],
  },
  {
    name: 'forward',
    key: 'f',
    fields: ['office'],
    label: 'forward.reason',
    go: 'act.forward',
    can: may('forward'),
    steps: (_, { office, text }) => [{ type: 'forward', office, reason: text }],
  },
  {
    name: 'report',
    key: 'd',
    fields: ['reason', 'files'],
    label: 'report.label',
    go: 'act.report',
    can: may('atr'),
    steps: (_, { reason, text, files }) => [
      { type: 'atr', closure_reason: reason, remarks: text, attachments: files },
    ],
  },
  {
    name: 'cosign',
    key: 's',
    fields: [],
    label: 'cosign.label',
    go: 'act.cosign',
    can: (ticket) => may('cosign')(ticket) && ticket.state === 'atr_submitted',
    steps: (_, { text }) => [{ type: 'cosign', remarks: text }],
  },
  {
    name: 'evidence',
    key: 'v',
    fields: ['settled', 'files'],
    label: 'evidence.label',
    go: 'act.evidence',
    can: (ticket) => may('evidence')(ticket) && reported(ticket),
    steps: (_, { settled, text, files }) => [
      { type: 'evidence', settled, remarks: text, attachments: files },
    ],
  },
  {
    name: 'feedback',
    key: 'y',
    fields: ['settled'],
    label: 'feedback.label',
    go: 'act.feedback',
    can: (ticket) => may('feedback')(ticket) && reported(ticket),
    steps: (_, { settled, text, call }) => [{ type: 'feedback', settled, words: text, call }],
  },
  {
    name: 'return',
    key: 'b',
    fields: [],
    label: 'return.label',
    go: 'act.return',
    can: may('return'),
    steps: (_, { text }) => [{ type: 'return', reason: text }],
  },
  {
    name: 'close',
    key: 'c',
    fields: ['reason', 'closure'],
    label: 'close.remarks',
    go: 'act.close',
    can: (ticket) => (reported(ticket) ? may('close')(ticket) : may('atr')(ticket) || fresh(ticket)),
    steps: closing,
  },
  {
    name: 'reopen',
    key: 'o',
    fields: [],
    label: 'reopen.label',
    go: 'act.reopen',
    can: may('reopen'),
    steps: (_, { text }) => [{ type: 'reopen', reason: text }],
  },
  {
    name: 'appeal',
    key: 'l',
    fields: [],
    label: 'appeal.label',
    go: 'act.appeal',
    can: may('appeal'),
    steps: (_, { text }) => [{ type: 'appeal', reason: text }],
  },
  {
    name: 'merge',
    key: 'g',
    fields: ['into'],
    label: 'merge.label',
    go: 'act.merge',
    can: may('merge', 'note'),
    steps: (_, { into, text }) => [
      { type: 'note', text },
      { type: 'merge', into: into.replace(/\D/g, '') },
    ],
  },
];

function fresh(ticket: Detail): boolean {
  return ticket.state === 'registered' && may('take')(ticket);
}

/** A report of what was done, unless one lies before the verifier already; then the closing. */
function closing(ticket: Detail, { reason, closure, text }: Filled): Step[] {
  const close = { type: 'close', closure, remarks: text };
  if (reported(ticket)) return [close];
  const taken = ticket.state === 'registered' ? [{ type: 'take' }] : [];
  return [...taken, { type: 'atr', closure_reason: reason, remarks: text }, close];
}

/** A canned text with what the ticket says in its places. */
export function filledIn(text: string, places: Record<string, string>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => places[name] ?? whole);
}
