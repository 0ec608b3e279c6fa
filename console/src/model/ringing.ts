/** One ring, and one for an emergency, made of tones; nothing is fetched. */
let context: AudioContext | undefined;
let again: ReturnType<typeof setInterval> | undefined;

/** Rings until it is stopped. The ordinary ring can be switched off, that of an emergency cannot. */
export function ring(emergency: boolean): () => void {
  stop();
  if (!emergency && localStorage.getItem('daak.ring') === 'off') return stop;
  const once = () => {
    try {
      context ??= new AudioContext();
      const tones = emergency ? [880, 660, 880, 660] : [523, 659];
      tones.forEach((hz, at) => tone(context!, hz, context!.currentTime + at * 0.18));
    } catch {
      // A browser without sound, or one that has not been touched yet: the bar shows the call all the same.
    }
  };
  once();
  again = setInterval(once, emergency ? 1200 : 2500);
  return stop;
}

function stop(): void {
  clearInterval(again);
  again = undefined;
}

function tone(on: AudioContext, hz: number, at: number): void {
  const [oscillator, gain] = [on.createOscillator(), on.createGain()];
  oscillator.frequency.value = hz;
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(0.12, at + 0.02);
  gain.gain.linearRampToValueAtTime(0, at + 0.16);
  oscillator.connect(gain).connect(on.destination);
  oscillator.start(at);
  oscillator.stop(at + 0.18);
}
