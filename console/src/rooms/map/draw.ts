/** From degrees to the paper, and from numbers to shades. */
export type Spot = [number, number];

export interface Frame {
  width: number;
  height: number;
  /** A place on the paper. */
  at: (spot: readonly number[]) => Spot;
}

/** A plain map (equirectangular, true to scale in the middle) of these places, so wide. */
export function framed(spots: readonly (readonly number[])[], width: number): Frame {
  let [west, east, south, north] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const [lon = 0, lat = 0] of spots) {
    west = Math.min(west, lon);
    east = Math.max(east, lon);
    south = Math.min(south, lat);
    north = Math.max(north, lat);
  }
  if (!(east > west) || !(north > south)) return { width, height: width, at: () => [0, 0] };
  const narrow = Math.cos(((south + north) / 2) * (Math.PI / 180));
  const scale = width / ((east - west) * narrow);
  return {
    width,
    height: Math.ceil((north - south) * scale),
    at: ([lon = 0, lat = 0]) => [(lon - west) * narrow * scale, (north - lat) * scale],
  };
}

/** Lines as the path of an SVG; areas are closed. */
export function path(
  lines: readonly (readonly (readonly number[])[])[],
  frame: Frame,
  closed: boolean,
): string {
  const one = (line: readonly (readonly number[])[]) =>
    line
      .map((spot, n) => {
        const [x, y] = frame.at(spot);
        return `${n ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
      })
      .join('') + (closed ? 'Z' : '');
  return lines.map(one).join('');
}

/**
 * Where classes begin: at most `wanted` of about the same number of places each (quantiles). Equal numbers are never parted, so there may
 * be fewer.
 */
export function breaks(values: readonly number[], wanted = 5): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  const found = new Set<number>();
  for (let n = 1; n < wanted; n += 1) {
    const value = sorted[Math.floor((n * sorted.length) / wanted)];
    if (value !== undefined && value > (sorted[0] ?? 0)) found.add(value);
  }
  return [...found].sort((a, b) => a - b);
}

/** The class of a number: 0 is below the first break. */
export function classOf(value: number, begins: readonly number[]): number {
  return begins.filter((begin) => value >= begin).length;
}

/** A stretch of time that the slider stands on. */
export interface Stretch {
  from: string;
  to: string;
}

/** The whole period, then its parts: days up to two weeks, weeks up to half a year, else months. The last part comes last. */
export function stretches(from: string, to: string): Stretch[] {
  const day = 86_400_000;
  const [start, end] = [Date.parse(from), Date.parse(to)];
  const days = Math.round((end - start) / day) + 1;
  const iso = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const parts: Stretch[] = [];
  if (days <= 190) {
    const long = days <= 14 ? 1 : 7;
    for (let at = end; at >= start; at -= long * day)
      parts.unshift({ from: iso(Math.max(start, at - (long - 1) * day)), to: iso(at) });
  } else {
    for (let at = start; at <= end;) {
      const date = new Date(at);
      const last = Math.min(end, Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0));
      parts.push({ from: iso(at), to: iso(last) });
      at = last + day;
    }
  }
  return [{ from, to }, ...parts];
}
