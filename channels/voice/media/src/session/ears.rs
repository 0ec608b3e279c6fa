//! Who listens to the decoded sound of a stream: detectors, a tap, others who hear several, a recording. Nothing is decoded while nobody does.

use super::Session;
use super::receive::Taken;
use crate::codec::{Codec, FRAME};
use crate::event::{DigitSource, MediaEvent};
use crate::inband::InBand;
use crate::jitter::{Heard, JitterBuffer};
use crate::mix::Sink;
use crate::quality::StreamStats;
use crate::recording::{Record, RecordedAudio, Recorder};
use crate::voice::{Voice, VoiceDetector};
use tokio::sync::mpsc;

/// A late thread lets listeners catch up by at most a second.
const CATCH_UP: u64 = 50;

/// The listeners, and the sound that is put in order for them.
#[derive(Debug, Default)]
pub(crate) struct Ears {
    received: Option<Box<JitterBuffer>>,
    /// What is sent, while both sides are recorded.
    heard: Option<Box<JitterBuffer>>,
    detectors: Option<Box<(VoiceDetector, InBand)>>,
    tap: Option<mpsc::Sender<Vec<i16>>>,
    /// Others who hear this far end among several.
    feeds: Vec<Sink>,
    recorder: Option<Box<Recorder>>,
    /// Of buffers and recorders that are gone.
    late: u64,
    concealed: u64,
    dropped: u64,
}

impl Ears {
    /// Whether anybody listens.
    pub(super) fn open(&self) -> bool {
        self.received.is_some()
    }

    /// Listens to what arrives.
    pub(super) fn hear(&mut self, codec: Codec, taken: &Taken<'_>) {
        if let Some(buffer) = &mut self.received {
            buffer.put(codec, taken.packet.header.timestamp, taken.packet.payload, taken.fresh);
        }
    }

    /// Listens to what is sent.
    pub(super) fn overhear(&mut self, codec: Codec, timestamp: u32, payload: &[u8]) {
        if let Some(buffer) = &mut self.heard {
            buffer.put(codec, timestamp, payload, false);
        }
    }

    pub(super) fn detect(&mut self, on: bool) {
        self.detectors = on.then(Box::default);
        self.settle();
    }

    pub(super) fn tap(&mut self, sink: mpsc::Sender<Vec<i16>>) {
        self.tap = Some(sink);
        self.settle();
    }

    pub(super) fn feed(&mut self, sink: Sink) {
        self.feeds.push(sink);
        self.settle();
    }

    pub(super) fn record(&mut self, sink: mpsc::Sender<RecordedAudio>, what: Record) {
        self.stop_recording();
        self.recorder = Some(Box::new(Recorder::new(sink, what)));
        self.settle();
    }

    pub(super) fn pause_recording(&mut self, pause: bool) {
        if let Some(recorder) = &mut self.recorder {
            recorder.pause(pause);
        }
    }

    pub(super) fn stop_recording(&mut self) {
        if let Some(mut recorder) = self.recorder.take() {
            recorder.hand_over();
            self.dropped += recorder.dropped();
        }
        self.settle();
    }

    pub(super) fn tell(&self, stats: &mut StreamStats) {
        stats.late = self.late + self.received.as_ref().map_or(0, |b| b.late());
        stats.concealed = self.concealed + self.received.as_ref().map_or(0, |b| b.concealed());
        stats.recording_dropped = self.dropped + self.recorder.as_ref().map_or(0, |r| r.dropped());
    }

    /// Opens and closes buffers as there are listeners.
    fn settle(&mut self) {
        let wanted = self.detectors.is_some() || self.tap.is_some() || !self.feeds.is_empty() || self.recorder.is_some();
        if !wanted {
            if let Some(buffer) = self.received.take() {
                self.late += buffer.late();
                self.concealed += buffer.concealed();
            }
        } else if self.received.is_none() {
            self.received = Some(Box::new(JitterBuffer::new(Codec::Pcma)));
        }
        let both = self.recorder.as_ref().is_some_and(|r| r.wants_both());
        if !both {
            self.heard = None;
        } else if self.heard.is_none() {
            self.heard = Some(Box::new(JitterBuffer::without_concealment(Codec::Pcma)));
        }
    }
}

impl Session {
    /// Gives the listeners what belongs to this round and to those that were missed.
    pub(super) fn listen_round(&mut self, missed: u64) {
        if !self.ears.open() {
            return;
        }
        let (mut received, mut heard) = ([0; FRAME], [0; FRAME]);
        for _ in 0..=missed.min(CATCH_UP) {
            let Some(buffer) = &mut self.ears.received else { return };
            let kind = buffer.take(&mut received);
            if let Some(sent) = &mut self.ears.heard {
                // Both sides keep the same distance from the present.
                if sent.delay() != buffer.delay() {
                    sent.set_delay(buffer.delay());
                }
                sent.take(&mut heard);
            }
            if let Some(recorder) = &mut self.ears.recorder {
                recorder.add(&received, &heard);
            }
            if let Some(tap) = self.ears.tap.as_ref().filter(|_| kind != Heard::Nothing) {
                // A full tap loses the frame; a closed one is taken off below.
                let _ = tap.try_send(received.to_vec());
            }
            for sink in self.ears.feeds.iter().filter(|_| kind != Heard::Nothing) {
                let _ = sink.try_send(received);
            }
            self.detect_round(&received);
        }
        let listeners = self.ears.feeds.len();
        self.ears.feeds.retain(|sink| !sink.is_closed());
        let tap_gone = self.ears.tap.as_ref().is_some_and(mpsc::Sender::is_closed);
        if tap_gone {
            self.ears.tap = None;
        }
        if self.ears.recorder.as_ref().is_some_and(|r| r.is_abandoned()) {
            self.ears.stop_recording();
        } else if tap_gone || self.ears.feeds.len() < listeners {
            self.ears.settle();
        }
    }

    fn detect_round(&mut self, frame: &[i16; FRAME]) {
        let tag = self.tag;
        let events_agreed = self.params.as_ref().is_some_and(|p| p.dtmf_pt.is_some());
        let Some(detectors) = &mut self.ears.detectors else { return };
        let (voice, inband) = detectors.as_mut();
        match voice.take(frame) {
            Some(Voice::Began) => self.outbox.say(MediaEvent::SpeechBegan { tag }),
            Some(Voice::Ended { spoke_ms }) => self.outbox.say(MediaEvent::SpeechEnded { tag, spoke_ms }),
            None => {}
        }
        // Where events are agreed, tones in the sound are an echo of them, or no keys at all.
        if !events_agreed && let Some(digit) = inband.take(frame) {
            self.outbox.say(MediaEvent::Digit { tag, digit, source: DigitSource::InBand });
        }
    }
}
