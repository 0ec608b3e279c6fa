import { expect, it } from 'vitest';
import { peaks } from './peaks';

it('finds the loudest sample of each part', () => {
  const sound = new Float32Array(1000);
  sound[10] = -0.5;
  sound[999] = 1;
  expect(peaks(sound, 4)).toEqual([0.5, 0, 0, 1]);
  expect(peaks(new Float32Array(0), 3)).toEqual([0, 0, 0]);
});
