/** More than two on the line, in real browsers: who hears whom is proved by frequency. */
import { mkdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, it } from 'vitest';
import { hindersNobody } from './browser';
import { CallCentre, CITIZEN, hears, hearsAll, state, takesCalls } from './centre';

const RINA = 440;
const SUMIT = 680;

let centre: CallCentre;

beforeAll(async () => {
  centre = await CallCentre.open({ rina: RINA, sumit: SUMIT });
});
afterAll(() => centre?.close());
afterEach(() => centre.everybodyGoes());

/** A picture for whoever wants to look: DAAK_PICTURES names a folder. */
async function picture(
  page: { screenshot(o: { path: string }): Promise<unknown> },
  name: string,
): Promise<void> {
  const folder = process.env.DAAK_PICTURES;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}.png` });
}

describe('a supervisor', () => {
  it('listens, whispers, speaks with both and takes the call over', async () => {
    const rina = await centre.agent('rina');
    const phone = await centre.citizen();
    phone.call(centre.number);
    await rina.locator('.bar.ringing').waitFor();
    await rina.keyboard.press('Space');
    await phone.hears(RINA);

    const sumit = await centre.agent('sumit', false);
    await sumit.goto(`${centre.program.url}/console/floor`);
    const acts = sumit.locator('.bar .acts');
    await sumit.getByRole('button', { name: 'Listen' }).click();
    await acts.getByText('Call of rina').waitFor();
    await hearsAll(sumit, [CITIZEN, RINA]);
    await hearsAll(rina, [CITIZEN], [SUMIT]);
    await phone.hearsNo(SUMIT);
    await state(rina, 'Supervisor listens');
    await picture(sumit, 'attending');
    await hindersNobody(sumit, 'the floor while listening');

    await acts.getByRole('button', { name: 'Whisper' }).click();
    await hearsAll(rina, [CITIZEN, SUMIT]);
    await phone.hearsNo(SUMIT);
    await phone.hears(RINA);
    await state(rina, 'Supervisor speaks to you alone');

    await acts.getByRole('button', { name: 'Speak with both' }).click();
    await phone.hears(SUMIT);
    await phone.hears(RINA);
    await hearsAll(sumit, [CITIZEN, RINA]);

    // On hold the supervisor and the agent hear each other, the caller neither.
    await rina.keyboard.press('h');
    await phone.hearsNo(SUMIT);
    await phone.hearsNo(RINA);
    await hearsAll(rina, [SUMIT], [CITIZEN]);
    await rina.keyboard.press('h');

    await acts.getByRole('button', { name: 'Take over' }).click();
    await state(rina, 'Wrapping up');
    await phone.hears(SUMIT);
    await phone.hearsNo(RINA);
    await hears(sumit, CITIZEN);
    await sumit.locator('.bar').getByRole('button', { name: 'Hang up' }).click();
    await phone.sees('CALL_CLOSED');
    await rina.keyboard.press('w');
    await state(rina, 'Ready');
  });
});

describe('three', () => {
  it('talk with each other, and two go on when one leaves; a pause keeps a number out of the recording', async () => {
    const [rina, sumit] = [await centre.agent('rina'), await centre.agent('sumit', false)];
    const phone = await centre.citizen();
    phone.call(centre.number);
    await rina.locator('.bar.ringing').waitFor();
    await rina.keyboard.press('Space');
    await phone.hears(RINA);
    await rina.keyboard.press('r');
    await state(rina, 'Recording paused');
    await rina.keyboard.press('r');
    await rina.getByText('Recording paused').waitFor({ state: 'detached' });

    await takesCalls(sumit);
    await rina.keyboard.press('t');
    await rina.locator('dialog[open]').getByRole('button', { name: 'Ask first sumit' }).click();
    await sumit.locator('.bar.ringing').waitFor();
    await sumit.keyboard.press('Space');
    await hears(sumit, RINA);
    await phone.hearsNo(RINA);
    await rina.getByRole('button', { name: 'Bring all together' }).click();
    await state(rina, 'Three talk');
    await picture(rina, 'three');
    await phone.hears(RINA);
    await phone.hears(SUMIT);
    await hearsAll(rina, [CITIZEN, SUMIT]);
    await hearsAll(sumit, [CITIZEN, RINA]);
    await rina.getByRole('button', { name: 'Hand the caller over' }).click();
    await state(rina, 'Wrapping up');
    await hearsAll(sumit, [CITIZEN], [RINA]);
    await phone.hearsNo(RINA);
    phone.hangUp();
    await state(sumit, 'Wrapping up');
  });
});
