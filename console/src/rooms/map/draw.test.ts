import { describe, expect, it } from 'vitest';
import { breaks, classOf, framed, path, stretches } from './draw';

describe('the map', () => {
  it('keeps north above and east to the right, true to scale', () => {
    const frame = framed(
      [
        [87, 22],
        [89, 24],
      ],
      200,
    );
    expect(frame.at([87, 24])).toEqual([0, 0]);
    const [x, y] = frame.at([89, 22]);
    expect([Math.round(x), Math.round(y)]).toEqual([200, 217]);
    expect(
      path(
        [
          [
            [87, 24],
            [89, 24],
            [89, 22],
          ],
        ],
        frame,
        true,
      ),
    ).toBe('M0.0 0.0L200.0 0.0L200.0 217.3Z');
    expect(framed([], 200).at([87, 24])).toEqual([0, 0]);
  });

  it('never parts equal numbers into two shades', () => {
    expect(breaks([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])).toEqual([3, 5, 7, 9]);
    expect(breaks([0, 0, 0, 0, 0, 0, 7])).toEqual([]);
    expect(breaks([])).toEqual([]);
    expect([0, 3, 10].map((value) => classOf(value, [3, 5, 7, 9]))).toEqual([0, 1, 4]);
  });

  it('parts a period without a gap', () => {
    const month = stretches('2026-10-26', '2026-11-24');
    expect(month[0]).toEqual({ from: '2026-10-26', to: '2026-11-24' });
    expect(month.at(-1)).toEqual({ from: '2026-11-18', to: '2026-11-24' });
    expect(month[1]).toEqual({ from: '2026-10-26', to: '2026-10-27' });
    const year = stretches('2025-11-25', '2026-11-24');
    expect(year).toHaveLength(14);
    expect(year[1]).toEqual({ from: '2025-11-25', to: '2025-11-30' });
  });
});
