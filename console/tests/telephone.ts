/** A citizen's telephone of another make (baresip), driven over its control port; and an ear that tells tones apart. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';

const rate = 8000;

export class Telephone {
  #seen = '';
  private constructor(
    readonly home: string,
    readonly process: ChildProcess,
    readonly control: Socket,
  ) {
    control.on('data', (chunk) => (this.#seen += chunk.toString()));
    control.on('error', () => undefined);
  }

  /** A telephone whose owner speaks a tone of `hz`. */
  static async start(user: string, hz: number): Promise<Telephone> {
    const home = mkdtempSync(join(tmpdir(), 'daak-telephone-'));
    const port = await freePort();
    const rtp = 30_000 + Math.floor(Math.random() * 1_000) * 20;
    writeFileSync(join(home, 'speaks.wav'), wav(sine(hz, 240)));
    writeFileSync(
      join(home, 'accounts'),
      `<sip:${user}@127.0.0.1;transport=udp>;regint=0;audio_codecs=pcma,pcmu\n`,
    );
    writeFileSync(join(home, 'contacts'), '');
    writeFileSync(
      join(home, 'config'),
      [
        'poll_method epoll',
        'sip_listen 127.0.0.1:0',
        'audio_player aubridge,nil',
        `audio_source aufile,${home}/speaks.wav`,
        'audio_alert aubridge,nil',
        'audio_srate 8000-8000',
        'audio_channels 1',
        'ausrc_srate 8000',
        'auplay_srate 8000',
        'audio_buffer 20-160',
        `rtp_ports ${rtp}-${rtp + 18}`,
        'rtcp_mux no',
        'rtp_timeout 0',
        'module_path /usr/lib/baresip/modules',
        ...['g711', 'aufile', 'aubridge', 'sndfile'].map((name) => `module ${name}.so`),
        ...['account', 'menu', 'ctrl_tcp'].map((name) => `module_app ${name}.so`),
        `ctrl_tcp_listen 127.0.0.1:${port}`,
        `snd_path ${home}`,
        '',
      ].join('\n'),
    );
    const process = spawn('baresip', ['-4', '-f', home], { stdio: 'ignore' });
    const control = await vi.waitFor(() => dial(port), { timeout: 15_000, interval: 50 });
    return new Telephone(home, process, control);
  }

  call(address: string): void {
    this.#command('dial', address);
  }

  hangUp(): void {
    this.#command('hangup', '');
  }

  /** Waits until the telephone reported an event: `CALL_ESTABLISHED`, `CALL_CLOSED`, `CALL_DTMF_START`. */
  async sees(event: string): Promise<void> {
    await vi.waitFor(
      () => {
        if (!this.#seen.includes(`"type":"${event}"`))
          throw new Error(`no ${event}; it saw ${this.#seen.slice(-800)}`);
      },
      { timeout: 30_000, interval: 50 },
    );
  }

  get seen(): string {
    return this.#seen;
  }

  /** What was heard in all calls so far. */
  heard(): Int16Array {
    const files = readdirSync(this.home)
      .filter((name) => name.endsWith('-dec.wav'))
      .sort();
    const parts = files.map((name) => samples(readFileSync(join(this.home, name))));
    const all = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  /** Waits until, from now on, `ms` of what is heard is a tone of `hz`. */
  async hears(hz: number, ms = 500): Promise<void> {
    const from = this.heard().length;
    await vi.waitFor(
      () => {
        const heard = toneMs(this.heard().subarray(from), hz);
        if (heard < ms) throw new Error(`${heard} ms of ${hz} Hz`);
      },
      { timeout: 30_000, interval: 100 },
    );
  }

  /** Waits until a second of sound has come that has no tone of `hz` in it. */
  async hearsNo(hz: number): Promise<void> {
    await vi.waitFor(
      () => {
        const last = this.heard().subarray(-rate);
        if (last.length < rate || toneMs(last, hz) > 0)
          throw new Error(`still ${toneMs(last, hz)} ms of ${hz} Hz`);
      },
      { timeout: 30_000, interval: 100 },
    );
  }

  /** Hangs up politely, so that no call outlives its test, and ends. */
  async stop(): Promise<void> {
    const calls = (event: string) => this.#seen.split(`"type":"${event}"`).length - 1;
    if (calls('CALL_ESTABLISHED') > calls('CALL_CLOSED')) {
      this.hangUp();
      await vi
        .waitFor(() => expect(calls('CALL_CLOSED')).toBeGreaterThanOrEqual(calls('CALL_ESTABLISHED')), {
          timeout: 5_000,
          interval: 20,
        })
        .catch(() => undefined);
    }
    this.control.destroy();
    this.process.kill('SIGKILL');
    rmSync(this.home, { recursive: true, force: true });
  }

  #command(command: string, params: string): void {
    const json = JSON.stringify({ command, params, token: 't' });
    this.control.write(`${json.length}:${json},`);
  }
}

function dial(port: number): Promise<Socket> {
  return new Promise((done, failed) => {
    const socket = connect(port, '127.0.0.1', () => done(socket));
    socket.once('error', failed);
  });
}

export function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });
}

/** Milliseconds that consist mostly of `hz`, by Goertzel in blocks of 20 ms. */
export function toneMs(sound: Int16Array, hz: number): number {
  const block = rate / 50;
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / rate);
  let blocks = 0;
  for (let at = 0; at + block <= sound.length; at += block) {
    let [s1, s2, power] = [0, 0, 0];
    for (let n = at; n < at + block; n += 1) {
      const x = sound[n] ?? 0;
      [s1, s2] = [x + coefficient * s1 - s2, s1];
      power += x * x;
    }
    const share = (2 * (s1 * s1 + s2 * s2 - coefficient * s1 * s2)) / block / power;
    if (power / block > 100 && share > 0.5) blocks += 1;
  }
  return blocks * 20;
}

export function sine(hz: number, seconds: number, at = rate): Int16Array {
  return Int16Array.from({ length: seconds * at }, (_, n) => 12_000 * Math.sin((2 * Math.PI * hz * n) / at));
}

/** A WAV file, mono. */
export function wav(sound: Int16Array, at = rate): Buffer {
  const file = Buffer.alloc(44 + sound.length * 2);
  file.write('RIFF', 0);
  file.writeUInt32LE(36 + sound.length * 2, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(at, 24);
  file.writeUInt32LE(at * 2, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36);
  file.writeUInt32LE(sound.length * 2, 40);
  sound.forEach((sample, n) => file.writeInt16LE(sample, 44 + n * 2));
  return file;
}

/** The samples of a file that may still be written: its header then tells no length. */
function samples(file: Buffer): Int16Array {
  const begin = file.indexOf('data') + 8;
  const count = Math.max(0, Math.floor((file.length - begin) / 2));
  return Int16Array.from({ length: count }, (_, n) => file.readInt16LE(begin + n * 2));
}
