/** A call centre of real browsers, each with a voice of its own, around the real program. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, type Page } from 'playwright-core';
import { launch } from './browser';
import { password, Program } from './program';
import { sine, Telephone, wav } from './telephone';

/** The tone that a citizen's telephone says. */
export const CITIZEN = 560;

export class CallCentre {
  readonly phones: Telephone[] = [];
  private constructor(
    readonly program: Program,
    readonly home: string,
    readonly browsers: Map<string, Browser>,
  ) {}

  /** Opens it; each of these people has a browser whose microphone hears a tone. */
  static async open(voices: Record<string, number>): Promise<CallCentre> {
    const home = mkdtempSync(join(tmpdir(), 'daak-calls-'));
    const program = await Program.startWithTelephone();
    const browsers = new Map<string, Browser>();
    for (const [name, hz] of Object.entries(voices)) {
      const file = join(home, `${name}.wav`);
      writeFileSync(file, wav(sine(hz, 2, 48_000), 48_000));
      browsers.set(
        name,
        await launch(
          '--use-fake-device-for-media-stream',
          '--use-fake-ui-for-media-stream',
          `--use-file-for-fake-audio-capture=${file}`,
          '--autoplay-policy=no-user-gesture-required',
        ),
      );
    }
    return new CallCentre(program, home, browsers);
  }

  async close(): Promise<void> {
    for (const browser of this.browsers.values()) await browser.close();
    await this.program.stop();
    rmSync(this.home, { recursive: true, force: true });
  }

  /** Everybody hangs up and goes: the next test begins anew. */
  async everybodyGoes(): Promise<void> {
    for (const phone of this.phones.splice(0)) await phone.stop();
    for (const browser of this.browsers.values())
      for (const context of browser.contexts()) await context.close();
  }

  /** Somebody at a desk, signed in. */
  async person(name: string, context?: BrowserContext): Promise<Page> {
    const inside =
      context ?? (await this.browsers.get(name)!.newContext({ viewport: { width: 1366, height: 768 } }));
    await inside.addInitScript(() => {
      localStorage.setItem('daak.language', 'en');
      localStorage.setItem('daak.headset', 'yes'); // a tone is noise to the browser's own filters
    });
    const page = await inside.newPage();
    page.setDefaultTimeout(20_000);
    await page.goto(`${this.program.url}/console/`);
    if (!context) {
      await page.fill('input[autocomplete=username]', name);
      await page.fill('input[type=password]', password);
      await page.click('form button.primary');
    }
    return page;
  }

  /** An agent, ready for calls if wanted. */
  async agent(name: string, ready = true, context?: BrowserContext): Promise<Page> {
    const page = await this.person(name, context);
    await page.locator('.bar').waitFor();
    if (!context) await be(page, 'away', 'Signed out'); // whatever the test before left behind
    if (ready) await takesCalls(page);
    return page;
  }

  async citizen(user = '9830012345'): Promise<Telephone> {
    const phone = await Telephone.start(user, CITIZEN);
    this.phones.push(phone);
    return phone;
  }

  /** What leads straight to the agents. */
  get number(): string {
    return `sip:1000@127.0.0.1:${this.program.sip}`;
  }
}

/** Begins to take calls, by the key. */
export async function takesCalls(page: Page): Promise<void> {
  await page.locator('main').click({ position: { x: 4, y: 4 } });
  await page.keyboard.press('p');
  await state(page, 'Ready');
}

async function be(page: Page, presence: string, words: string): Promise<void> {
  await page.evaluate(async (presence) => {
    const name = ((await (await fetch('/api/v1/session')).json()) as { name: string }).name;
    await fetch(`/api/v1/agents/${name}/presence`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json', 'X-Requested-With': 'test' },
      body: JSON.stringify({ presence }),
    });
  }, presence);
  await state(page, words);
}

/** Waits until the bar says this. */
export async function state(page: Page, words: string): Promise<void> {
  await page.locator('.bar .state').getByText(words, { exact: false }).first().waitFor();
}

/** Waits until the agent's ear is full of a tone of `hz`, or, with `not`, free of it for a while. */
export async function hears(page: Page, hz: number, not = false, part = 'caller'): Promise<void> {
  await page.waitForFunction(
    async ([wanted, absent, part]) => {
      const ear = document.querySelector<HTMLAudioElement>(`audio[data-part=${part}]`);
      if (!(ear?.srcObject instanceof MediaStream)) return false;
      const context = new AudioContext();
      const analyser = context.createAnalyser();
      analyser.fftSize = 8192;
      analyser.smoothingTimeConstant = 0;
      context.createMediaStreamSource(ear.srcObject).connect(analyser);
      await new Promise((done) => setTimeout(done, 500));
      const bins = new Float32Array(analyser.frequencyBinCount);
      analyser.getFloatFrequencyData(bins);
      const width = context.sampleRate / analyser.fftSize;
      const loudest = bins.indexOf(Math.max(...bins));
      const found = bins[loudest]! > -50 && Math.abs(loudest * width - (wanted as number)) < 2 * width;
      await context.close();
      return absent ? !found : found;
    },
    [hz, not, part] as const,
    { timeout: 30_000, polling: 200 },
  );
}

/** Waits until the agent's ear hears all of these tones and none of those. */
export async function hearsAll(page: Page, tones: number[], none: number[] = []): Promise<void> {
  await page.waitForFunction(
    async ([tones, none]) => {
      const ear = document.querySelector<HTMLAudioElement>('audio[data-part=caller]');
      if (!(ear?.srcObject instanceof MediaStream)) return false;
      const context = new AudioContext();
      const analyser = context.createAnalyser();
      analyser.fftSize = 8192;
      analyser.smoothingTimeConstant = 0;
      context.createMediaStreamSource(ear.srcObject).connect(analyser);
      await new Promise((done) => setTimeout(done, 500));
      const bins = new Float32Array(analyser.frequencyBinCount);
      analyser.getFloatFrequencyData(bins);
      const at = (hz: number) => Math.round((hz * analyser.fftSize) / context.sampleRate);
      const level = (hz: number) => Math.max(...bins.slice(at(hz) - 2, at(hz) + 3));
      await context.close();
      return tones!.every((hz) => level(hz) > -50) && none!.every((hz) => level(hz) < -65);
    },
    [tones, none],
    { timeout: 30_000, polling: 200 },
  );
}
