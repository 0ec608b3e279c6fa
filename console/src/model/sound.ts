/** The sound of one talk: a microphone, a loudspeaker, and a connection between them and the helpline. */
export class Sound {
  #peer = new RTCPeerConnection();
  #ear = document.createElement('audio');
  #microphone: MediaStream | undefined;
  #meter: { context: AudioContext; analyser: AnalyserNode; samples: Float32Array<ArrayBuffer> } | undefined;

  /** `broken` is told when the network changed under it: another sound must take its place. */
  constructor(broken: () => void) {
    this.#peer.onconnectionstatechange = () => {
      if (this.#peer.connectionState === 'failed') broken();
    };
    this.#ear.autoplay = true;
    this.#ear.dataset.part = 'caller';
    this.#ear.hidden = true;
    document.body.append(this.#ear);
    this.#peer.ontrack = ({ streams, track }) =>
      (this.#ear.srcObject = streams[0] ?? new MediaStream([track]));
    const speaker = localStorage.getItem('daak.speaker');
    if (speaker && 'setSinkId' in this.#ear) void this.#ear.setSinkId(speaker).catch(() => undefined);
  }

  /** Whether sound still flows. */
  get flows(): boolean {
    return this.#peer.connectionState === 'connected';
  }

  /** A description of what we can; the microphone stays silent until it is wanted. */
  async offer(): Promise<string> {
    this.#microphone = await navigator.mediaDevices.getUserMedia({ audio: wanted() });
    for (const track of this.#microphone.getAudioTracks()) {
      track.enabled = false;
      this.#peer.addTrack(track, this.#microphone);
    }
    await this.#peer.setLocalDescription(await this.#peer.createOffer());
    return this.#peer.localDescription?.sdp ?? '';
  }

  async answered(sdp: string): Promise<void> {
    if (this.#peer.signalingState === 'have-local-offer')
      await this.#peer.setRemoteDescription({ type: 'answer', sdp });
  }

  /** Opens the microphone, or mutes it. */
  speak(on: boolean): void {
    this.#microphone?.getAudioTracks().forEach((track) => (track.enabled = on));
  }

  /** How loud the microphone is, 0 to 1. */
  level(): number {
    if (!this.#microphone) return 0;
    if (!this.#meter) {
      const context = new AudioContext();
      const analyser = context.createAnalyser();
      analyser.fftSize = 512;
      context.createMediaStreamSource(this.#microphone).connect(analyser);
      this.#meter = { context, analyser, samples: new Float32Array(analyser.fftSize) };
    }
    this.#meter.analyser.getFloatTimeDomainData(this.#meter.samples);
    const power =
      this.#meter.samples.reduce((sum, sample) => sum + sample * sample, 0) / this.#meter.samples.length;
    // From -60 dB to 0.
    return Math.min(1, Math.max(0, 1 + Math.log10(power + 1e-9) / 6));
  }

  close(): void {
    this.#peer.close();
    this.#microphone?.getTracks().forEach((track) => track.stop());
    void this.#meter?.context.close();
    this.#ear.remove();
  }
}

/** What is asked of the microphone. A headset needs no help against echo and noise; loudspeakers do. */
function wanted(): MediaTrackConstraints {
  const device = localStorage.getItem('daak.microphone');
  const headset = localStorage.getItem('daak.headset') === 'yes';
  return {
    ...(device ? { deviceId: { ideal: device } } : {}),
    echoCancellation: !headset,
    noiseSuppression: !headset,
    autoGainControl: !headset,
  };
}
