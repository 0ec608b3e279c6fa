/** What changes, as it changes: one WebSocket, many listeners. */
export interface Change {
  type: string;
  number?: string;
  [field: string]: unknown;
}

const line = $state({ down: false });
let current: WebSocket | undefined;
const listeners = new Set<(change: Change) => void>();

export const live = {
  /** The line has been down for longer than a blink. */
  get down() {
    return line.down;
  },
  /** Keeps the line up until the answer is called. */
  connect(): () => void {
    let socket: WebSocket | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;
    let ended = false;
    let pause = 500;
    const open = () => {
      socket = current = new WebSocket(
        `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/live`,
      );
      socket.onopen = () => {
        if (line.down) listeners.forEach((tell) => tell({ type: 'reconnected' }));
        line.down = false;
        pause = 500;
      };
      socket.onmessage = (message) => {
        const change = JSON.parse(String(message.data)) as Change;
        listeners.forEach((tell) => tell(change));
      };
      socket.onclose = () => {
        if (ended) return;
        if (pause > 1000) line.down = true;
        again = setTimeout(open, pause);
        pause = Math.min(pause * 2, 15_000);
      };
    };
    open();
    return () => {
      ended = true;
      clearTimeout(again);
      socket?.close();
    };
  },
  /** Says something to the server; whether the line is up. */
  say(what: object): boolean {
    if (current?.readyState !== WebSocket.OPEN) return false;
    current.send(JSON.stringify(what));
    return true;
  },
  /** Hears every change until the answer is called. */
  hear(tell: (change: Change) => void): () => void {
    listeners.add(tell);
    return () => listeners.delete(tell);
  },
};
