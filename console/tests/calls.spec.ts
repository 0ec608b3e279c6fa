/** Calls in the agents' browsers: real browsers, a telephone of another make, the real program; who hears whom is proved by frequency. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hindersNobody } from './browser';
import { CallCentre, CITIZEN, hears, state, takesCalls } from './centre';

const RINA = 440;
const SUMIT = 680;
const VISITOR = 520;
/** The first note of the hold music. */
const MUSIC = 277.18;

let centre: CallCentre;

beforeAll(async () => {
  centre = await CallCentre.open({ rina: RINA, sumit: SUMIT, visitor: VISITOR });
});
afterAll(() => centre?.close());
afterEach(() => centre.everybodyGoes());

describe('a call in the browser', () => {
  it('is answered, held, muted, ended and wrapped up by keys alone; both hear each other', async () => {
    const page = await centre.agent('rina');
    const phone = await centre.citizen();
    phone.call(centre.number);
    await page.locator('.bar.ringing').waitFor();
    await page.locator('aside').getByText('+919830012345').first().waitFor();
    await hindersNobody(page, 'a ringing call');
    await page.keyboard.press('Space');
    await state(page, 'Talking');
    await phone.hears(RINA);
    await hears(page, CITIZEN);
    await hindersNobody(page, 'a talk');

    await page.keyboard.press('h');
    await state(page, 'On hold');
    await phone.hearsNo(RINA);
    await phone.hears(MUSIC, 60);
    await hears(page, CITIZEN, true);
    await page.keyboard.press('h');
    await phone.hears(RINA);
    await hears(page, CITIZEN);

    await page.keyboard.press('m');
    await state(page, 'Muted');
    await phone.hearsNo(RINA);
    await page.keyboard.press('m');
    await phone.hears(RINA);

    await page.keyboard.press('d');
    await page.locator('dialog[open]').waitFor();
    await hindersNobody(page, 'the keypad');
    await page.keyboard.press('5');
    await phone.sees('CALL_DTMF_START');
    await page.keyboard.press('Escape');

    await page.keyboard.press('x');
    await phone.sees('CALL_CLOSED');
    await state(page, 'Wrapping up');
    await hindersNobody(page, 'the wrap-up');
    await page.keyboard.press('w');
    await state(page, 'Ready');
  });

  it('is given to a colleague at once, to a colleague after asking, and back to the line', async () => {
    const [rina, sumit] = [await centre.agent('rina'), await centre.agent('sumit', false)];
    const phone = await centre.citizen();
    phone.call(centre.number);
    await rina.locator('.bar.ringing').waitFor();
    await rina.keyboard.press('Space');
    await phone.hears(RINA);

    // Asked first: the two talk while the caller hears music; then the caller is handed over.
    await takesCalls(sumit);
    await rina.keyboard.press('t');
    await rina.locator('dialog[open]').getByText('sumit').first().waitFor();
    await hindersNobody(rina, 'whom to give the caller to');
    await rina.locator('dialog[open]').getByRole('button', { name: 'Ask first sumit' }).click();
    await sumit.locator('.bar.ringing').waitFor();
    await sumit.locator('aside').getByText('rina').waitFor();
    await sumit.keyboard.press('Space');
    await hears(sumit, RINA);
    await hears(rina, SUMIT);
    await phone.hearsNo(RINA);
    await rina.getByRole('button', { name: 'Hand the caller over' }).click();
    await phone.hears(SUMIT);
    await hears(sumit, CITIZEN);
    await state(rina, 'Wrapping up');

    // At once.
    await rina.keyboard.press('w');
    await sumit.keyboard.press('t');
    await sumit.locator('dialog[open]').getByRole('button', { name: 'At once rina' }).click();
    await rina.locator('.bar.ringing').waitFor();
    await phone.hears(MUSIC, 60);
    await rina.keyboard.press('Space');
    await phone.hears(RINA);
    await hears(rina, CITIZEN);

    // Back to the line: whoever is free is rung.
    await sumit.keyboard.press('w');
    await state(sumit, 'Ready');
    await rina.keyboard.press('t');
    await rina.locator('dialog[open]').getByRole('button', { name: 'At once helpline' }).click();
    await sumit.locator('.bar.ringing').waitFor();
    await sumit.keyboard.press('Space');
    await phone.hears(SUMIT);
    phone.hangUp();
    await state(sumit, 'Wrapping up');
  });

  it('survives a reload: the caller hears a tone, then the agent again', async () => {
    const page = await centre.agent('rina');
    const phone = await centre.citizen();
    phone.call(centre.number);
    await page.locator('.bar.ringing').waitFor();
    await page.keyboard.press('Space');
    await phone.hears(RINA);
    await page.reload();
    await state(page, 'Talking');
    await phone.hears(RINA);
    await hears(page, CITIZEN);
    await page.locator('main').click({ position: { x: 4, y: 4 } });
    await page.keyboard.press('x');
    await phone.sees('CALL_CLOSED');
  });

  it('goes on with another agent when the browser dies in the talk', async () => {
    const [rina, sumit] = [await centre.agent('rina'), await centre.agent('sumit', false)];
    const phone = await centre.citizen();
    phone.call(centre.number);
    await rina.locator('.bar.ringing').waitFor();
    await rina.keyboard.press('Space');
    await phone.hears(RINA);
    await takesCalls(sumit);
    await rina.context().close();
    await phone.hears(425, 200);
    await sumit.locator('.bar.ringing').waitFor({ timeout: 30_000 });
    await sumit.keyboard.press('Space');
    await phone.hears(SUMIT);
  });

  it('stops ringing when the caller hangs up, and rings elsewhere when the tab is closed', async () => {
    const page = await centre.agent('rina');
    const phone = await centre.citizen();
    phone.call(centre.number);
    await page.locator('.bar.ringing').waitFor();
    phone.hangUp();
    await state(page, 'Ready');

    const sumit = await centre.agent('sumit');
    phone.call(centre.number);
    await page.locator('.bar.ringing').waitFor();
    await page.close();
    await sumit.locator('.bar.ringing').waitFor();
    await sumit.keyboard.press('Space');
    await phone.hears(SUMIT);
  });

  it('rings in one of two tabs, and nobody else’s words are believed', async () => {
    const first = await centre.agent('rina');
    const second = await centre.agent('rina', false, first.context());
    await second.getByText('The telephone is in another tab').waitFor();
    const phone = await centre.citizen();
    phone.call(centre.number);
    await first.locator('.bar.ringing').waitFor();
    expect(await second.locator('.bar.ringing').count()).toBe(0);
    await second.getByRole('button', { name: 'Take calls in this tab' }).click();
    await second.locator('.bar.ringing').waitFor();
    await first.getByText('The telephone is in another tab').waitFor();
    await second.locator('main').click({ position: { x: 4, y: 4 } });
    await second.keyboard.press('Space');
    await phone.hears(RINA);

    const sumit = await centre.agent('sumit', false);
    const call = await second.evaluate(async () => {
      const answer = await fetch('/api/v1/calls?live=true');
      return ((await answer.json()) as { items: { call: string }[] }).items[0]!.call;
    });
    const refusals = await sumit.evaluate(async (call) => {
      const socket = new WebSocket(`ws://${location.host}/api/v1/live`);
      const heard: string[] = [];
      socket.onmessage = ({ data }) => {
        const news = JSON.parse(String(data)) as { type: string; event?: string; why?: string };
        if (news.type === 'phone' && news.event === 'refused') heard.push(news.why ?? '');
      };
      await new Promise((done) => (socket.onopen = done));
      const ring = crypto.randomUUID();
      const said = [
        { type: 'desk', call, do: 'hold' },
        { type: 'phone', do: 'accept', ring },
        { type: 'phone', do: 'nonsense' },
        { type: 'phone', do: 'claim', tab: '../../etc' },
      ];
      for (const what of said) socket.send(JSON.stringify(what));
      while (heard.length < said.length) await new Promise((done) => setTimeout(done, 50));
      socket.close();
      return heard;
    }, call);
    expect(refusals).toHaveLength(4);
    expect(refusals[0]).toMatch(/do not speak in that call/);
    await phone.hears(RINA); // nothing came of it
    expect(centre.program.printed).toMatch(/phone\.refused/);
  });
});

describe('a call from the public page', () => {
  it('reaches an agent; both hear each other; either may end it', async () => {
    const rina = await centre.agent('rina');
    const context = await centre.browsers
      .get('visitor')!
      .newContext({ viewport: { width: 390, height: 844 } });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    // A tone is noise to the browser's own filters; a citizen's voice is not.
    await page.addInitScript(() => {
      const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = () =>
        ask({ audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
    });
    await page.goto(`${centre.program.url}/?lang=en`);
    await page.getByRole('button', { name: 'Call from this browser' }).click();
    await page.getByText('You are connected').waitFor();
    await hindersNobody(page, 'the public page in a call');
    await rina.locator('.bar.ringing').waitFor();
    await rina.locator('aside').getByText('Number withheld').first().waitFor();
    await rina.keyboard.press('Space');
    await hears(page, RINA, false, 'helpline');
    await hears(rina, VISITOR);
    await page.getByRole('button', { name: 'Hang up' }).click();
    await state(rina, 'Wrapping up');
    await rina.keyboard.press('4');
    await rina.keyboard.press('w');
    await state(rina, 'Ready');
    const calls = (await rina.evaluate(async () => (await fetch('/api/v1/calls')).json())) as {
      items: { called: string; disposition: string }[];
    };
    expect(calls.items[0]).toMatchObject({ called: 'web', disposition: 'advised' });

    await page.getByRole('button', { name: 'Call from this browser' }).click();
    await rina.locator('.bar.ringing').waitFor();
    await rina.keyboard.press('Space');
    await hears(page, RINA, false, 'helpline');
    await rina.keyboard.press('x');
    await page.getByText('The call is over').waitFor();
  });

  it('is not taken without the work', async () => {
    const context = await centre.browsers.get('visitor')!.newContext();
    const page = await context.newPage();
    await page.goto(`${centre.program.url}/?lang=en`);
    const refused = await page.evaluate(
      () =>
        new Promise<string>((done) => {
          const socket = new WebSocket(`ws://${location.host}/public/v1/call`);
          socket.onmessage = ({ data }) => {
            const news = JSON.parse(String(data)) as { event: string; why?: string };
            if (news.event === 'puzzle') socket.send(JSON.stringify({ do: 'call', sdp: 'v=0', nonce: 'no' }));
            else done(`${news.event}: ${news.why}`);
          };
        }),
    );
    expect(refused).toMatch(/refused: the puzzle is not solved/);
  });
});
