//! One worker's part of Whisper: its own state beside the shared weights.

use super::model::Model;
use super::settings::{self, AudioContext};
use crate::judge::{Draft, judge};
use crate::pcm::{sounding, to_f32};
use crate::pool::{Clip, Engine, Stop};
use crate::{Recognition, SpeechError, Word, resample};
use daak_domain::language::Language;
use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::Arc;
use std::time::{Duration, Instant};
use whisper_rs::{FullParams, SamplingStrategy, WhisperState};

/// Whisper's rate, in Hz.
const RATE: u32 = 16_000;
/// Samples of 1.1 s.
const SHORTEST: usize = 17_600;

pub(super) struct WhisperEngine {
    model: Arc<Model>,
    state: WhisperState,
    audio_context: AudioContext,
    /// Made once a language: whisper-rs leaks a few bytes each time a language is set.
    parameters: HashMap<Language, FullParams<'static, 'static>>,
}

impl WhisperEngine {
    pub(super) fn new(model: Arc<Model>, audio_context: AudioContext) -> Result<Self, SpeechError> {
        let state = model
            .context()
            .create_state()
            .map_err(|e| SpeechError::NoRecogniser(format!("a worker of the model could not be made ({e}): is there memory?")))?;
        Ok(Self { model, state, audio_context, parameters: HashMap::new() })
    }

    fn parameters(&mut self, language: Language) -> FullParams<'static, 'static> {
        self.parameters.entry(language).or_insert_with(|| parameters(language)).clone()
    }

    /// Text, words and mean probability of the last run.
    fn read(&self) -> (String, Vec<Word>, Option<f32>) {
        let (mut bytes, mut words, mut sum, mut count) = (Vec::new(), WordsMaker::default(), 0f64, 0u32);
        let end = self.model.context().token_eot();
        for segment in self.state.as_iter() {
            for token in (0..segment.n_tokens()).filter_map(|n| segment.get_token(n)) {
                let data = token.token_data();
                let Ok(letters) = token.to_bytes() else { continue };
                if data.id >= end {
                    continue;
                }
                sum += f64::from(data.p);
                count += 1;
                bytes.extend_from_slice(letters);
                words.token(letters, data.p, data.t0, data.t1);
            }
        }
        let confidence = (count > 0).then(|| (sum / f64::from(count)) as f32);
        (String::from_utf8_lossy(&bytes).into_owned(), words.finish(), confidence)
    }
}

impl Engine for WhisperEngine {
    fn transcribe(&mut self, clip: &Clip, stop: &Stop) -> Result<Recognition, SpeechError> {
        let (began, cpu_before) = (Instant::now(), cpu_time());
        let mut samples = resample::resample(&to_f32(&clip.pcm), clip.rate, RATE)?;
        let sounding = sounding(&samples, RATE);
        // whisper.cpp answers nothing at all to less than a second.
        samples.resize(samples.len().max(SHORTEST), 0.0);
        let model = self.model.clone();
        let prompt = model.prompt(clip.language);
        let mut parameters = self.parameters(clip.language);
        parameters.set_audio_ctx(self.audio_context.positions(clip.duration(), model.context().n_audio_ctx()));
        if let Some(tokens) = prompt {
            parameters.set_tokens(tokens);
        }
        // SAFETY: `stop` outlives the run below, the last that uses these parameters; the function
        // only reads it, and it may be read from any thread.
        unsafe {
            parameters.set_abort_callback(Some(stop_asked));
            parameters.set_abort_callback_user_data(std::ptr::from_ref(stop).cast_mut().cast::<c_void>());
        }
        let outcome = self.state.full(parameters, &samples);
        if stop.asked() {
            return Err(SpeechError::Failed("it was stopped".to_owned()));
        }
        outcome.map_err(|e| SpeechError::Failed(e.to_string()))?;
        let (text, words, confidence) = self.read();
        let prompt = prompt.map(|_| settings::BENGALI_IN_LATIN);
        let (language, trust, clip, took) = (clip.language, model.trust(clip.language), clip.duration(), began.elapsed());
        let cpu = cpu_time().saturating_sub(cpu_before);
        Ok(judge(Draft { text: &text, words, confidence, language, trust, clip, sounding, took, cpu, prompt }))
    }
}

/// whisper.cpp asks this before each pass of the decoder and after one of the encoder.
unsafe extern "C" fn stop_asked(stop: *mut c_void) -> bool {
    // SAFETY: given as user data in `transcribe`, where it outlives the run.
    unsafe { &*stop.cast::<Stop>() }.asked()
}

/// Processor time of this thread.
fn cpu_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes to the structure, which lives through it.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) } != 0;
    if failed { Duration::ZERO } else { Duration::new(time.tv_sec as u64, time.tv_nsec as u32) }
}

/// Greedy, without the fall-back of decoding again at higher temperatures: a clip on which that
/// would be tried is unreliable anyway, and it costs up to five times as much.
fn parameters(language: Language) -> FullParams<'static, 'static> {
    let mut parameters = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
    parameters.set_n_threads(1);
    parameters.set_language(Some(settings::name(language)));
    parameters.set_translate(false);
    parameters.set_no_context(true);
    parameters.set_temperature_inc(0.0);
    parameters.set_suppress_blank(true);
    parameters.set_suppress_nst(true);
    parameters.set_token_timestamps(true);
    parameters.set_print_special(false);
    parameters.set_print_progress(false);
    parameters.set_print_realtime(false);
    parameters.set_print_timestamps(false);
    parameters
}

/// Joins tokens to words: a token that begins with a space begins a word.
#[derive(Default)]
struct WordsMaker {
    done: Vec<Word>,
    open: Option<(Vec<u8>, f32, i64, i64)>,
}

impl WordsMaker {
    fn token(&mut self, letters: &[u8], probability: f32, from: i64, to: i64) {
        if letters.first() == Some(&b' ') || self.open.is_none() {
            self.close();
            self.open = Some((letters.to_vec(), probability, from, to));
        } else if let Some((word, lowest, _, end)) = &mut self.open {
            word.extend_from_slice(letters);
            *lowest = lowest.min(probability);
            *end = to;
        }
    }

    fn close(&mut self) {
        let Some((letters, confidence, from, to)) = self.open.take() else { return };
        let text = String::from_utf8_lossy(&letters).trim().to_owned();
        // Whisper counts in hundredths of a second.
        let milliseconds = |hundredths: i64| (hundredths.max(0) * 10).min(i64::from(u32::MAX)) as u32;
        if !text.is_empty() {
            self.done.push(Word { text, from_ms: milliseconds(from), to_ms: milliseconds(to), confidence });
        }
    }

    fn finish(mut self) -> Vec<Word> {
        self.close();
        self.done
    }
}
