/** The loudest sample of each of `count` equal parts of a sound, 0 to 1: its waveform. */
export function peaks(samples: Float32Array, count: number): number[] {
  const size = samples.length / count;
  return Array.from({ length: count }, (_, n) => {
    let loudest = 0;
    for (let i = Math.floor(n * size); i < Math.floor((n + 1) * size); i += 1) {
      loudest = Math.max(loudest, Math.abs(samples[i] ?? 0));
    }
    return Math.min(1, loudest);
  });
}
