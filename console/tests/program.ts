/** The program itself, started for a test as a user starts it, with the demonstration's people and tickets. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { vi } from 'vitest';

const binary = resolve(process.env.DAAK_BINARY ?? '../target/debug/daak');
/** The password of everybody in the demonstration. */
export const password = 'daak-demonstration';

export class Program {
  #child: ChildProcess;
  #printed = '';
  private constructor(
    readonly url: string,
    readonly home: string,
    environment: NodeJS.ProcessEnv,
    given: string[] = [],
    readonly sip = 0,
  ) {
    this.#child = spawn(binary, ['serve', '--demo', '--data', join(home, 'data'), ...given], {
      env: environment,
      cwd: resolve('..'),
    });
    const keep = (chunk: Buffer) => (this.#printed += chunk.toString());
    this.#child.on('error', (why) => (this.#printed += `${binary}: ${why.message}`));
    this.#child.stdout?.on('data', keep);
    this.#child.stderr?.on('data', keep);
  }

  /** Starts it on a port of its own and waits until it is ready. Without the telephone: the console is what is tested. */
  static async start(): Promise<Program> {
    const address = `127.0.0.1:${await freePort()}`;
    const environment = { ...process.env, DAAK__HTTP__LISTEN: address, DAAK__VOICE__ENABLED: 'false' };
    const program = new Program(
      `http://${address}`,
      mkdtempSync(join(tmpdir(), 'daak-console-')),
      environment,
    );
    await program.#ready();
    return program;
  }

  /** Starts it with its telephone: number 1000 leads straight to the agents rina and sumit. */
  static async startWithTelephone(): Promise<Program> {
    const [http, sip] = [await freePort(), await freePort()];
    const home = mkdtempSync(join(tmpdir(), 'daak-console-'));
    cpSync(resolve('../ivr-flows'), join(home, 'flows'), { recursive: true });
    writeFileSync(
      join(home, 'flows', 'straight.yaml'),
      'about: straight to a person\nstart: wait\nsteps:\n  wait: { verb: queue, queue: helpline, next: bye, sent_away: bye }\n  bye: { verb: hangup }\n',
    );
    const agents = ['rina', 'sumit'].map((name) => `[[agents]]\nname = "${name}"\nqueues = ["helpline"]\n`);
    const rtp = 20_000 + Math.floor(Math.random() * 40) * 200;
    writeFileSync(
      join(home, 'daak.toml'),
      `[http]\nlisten = "127.0.0.1:${http}"\n[sip]\nlisten = "127.0.0.1:${sip}"\n[rtp]\nports = "${rtp}-${rtp + 199}"\n[voice]\nflows = "${home}/flows"\n[voice.numbers]\n1000 = "straight"\nweb = "straight"\n[[queues]]\nname = "helpline"\nwrap_up_s = 60\n${agents.join('')}`,
    );
    const program = new Program(
      `http://127.0.0.1:${http}`,
      home,
      process.env,
      ['--config', join(home, 'daak.toml')],
      sip,
    );
    await program.#ready();
    return program;
  }

  get printed(): string {
    return this.#printed;
  }

  async #ready(): Promise<void> {
    const ready = async () => {
      const answer = await fetch(`${this.url}/readyz`).catch(() => undefined);
      if (!answer?.ok) throw new Error(`not ready; it printed:\n${this.#printed}`);
    };
    await vi.waitFor(ready, { timeout: 60_000, interval: 50 });
  }

  /** Takes in what a citizen said, two seconds of a tone, as a recording; answers the ticket's number. */
  takeInVoice(phone: string): string {
    const file = join(this.home, 'voice.wav');
    writeFileSync(file, tone(2));
    const given = [
      'import',
      'wav',
      file,
      '--language',
      'bn',
      '--phone',
      phone,
      '--data',
      join(this.home, 'data'),
    ];
    const printed = execFileSync(binary, given, { encoding: 'utf8', cwd: resolve('..') });
    const number = /\d{3} ?\d{3} ?\d{4}/.exec(printed.split('opened').at(-1) ?? '')?.[0].replaceAll(' ', '');
    if (!number) throw new Error(`no ticket in: ${printed}`);
    return number;
  }

  async stop(): Promise<void> {
    const ended = new Promise((done) => this.#child.once('exit', done));
    if (this.#child.exitCode === null && this.#child.kill('SIGKILL')) await ended;
    rmSync(this.home, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });
}

/** A WAV file, 8 kHz mono, with a tone of 440 Hz. */
function tone(seconds: number): Buffer {
  const samples = seconds * 8000;
  const file = Buffer.alloc(44 + samples * 2);
  file.write('RIFF', 0);
  file.writeUInt32LE(36 + samples * 2, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(8000, 24);
  file.writeUInt32LE(16000, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36);
  file.writeUInt32LE(samples * 2, 40);
  for (let n = 0; n < samples; n += 1)
    file.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * 440 * n) / 8000)), 44 + n * 2);
  return file;
}
