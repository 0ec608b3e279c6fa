//! Text to speech for what changes: numbers, names, dates. A recorded human prompt is always
//! preferred where there is one.

mod cache;
mod espeak;
mod recorded;

pub use recorded::recorded;

use crate::pcm::{active_level, to_f32, to_i16};
use crate::{Pcm, SpeechError};
use cache::{Disk, Key, Memory};
use daak_domain::language::Language;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Level at which everything is spoken, in dB below full scale, pauses left out.
const LEVEL: f32 = -22.0;
/// No peak comes nearer to full scale than this.
const PEAK: f32 = 0.89;

/// How to speak.
#[derive(Debug, Clone)]
pub struct SpeakerConfig {
    /// The synthesiser.
    pub program: PathBuf,
    /// Its voice for each language; one that is missing is spoken by [`Language::answered_in`].
    pub voices: BTreeMap<Language, String>,
    /// Words a minute.
    pub pace: u16,
    /// Rate of what is given, in Hz: 16,000 serves G.722 and, by [`Pcm::resampled`], G.711.
    pub rate: u32,
    /// Longest time for one text, and longest wait for a turn.
    pub limit: Duration,
    /// Synthesisers at work at one time.
    pub at_once: usize,
    /// Sound kept in memory, in bytes.
    pub memory: usize,
    /// Where prompts are kept across restarts, and how many bytes of them. Only texts given to
    /// [`Speaker::speak_prompt`] are written there: what a citizen said or is told never is.
    pub disk: Option<(PathBuf, u64)>,
}

impl Default for SpeakerConfig {
    fn default() -> Self {
        let voices = [(Language::Bn, "bn"), (Language::Hi, "hi"), (Language::En, "en-gb"), (Language::Ne, "ne"), (Language::Ur, "ur")];
        Self {
            program: "espeak-ng".into(),
            voices: voices.map(|(language, voice)| (language, voice.to_owned())).into(),
            pace: 140,
            rate: 16_000,
            limit: Duration::from_secs(10),
            at_once: 2,
            memory: 32 << 20,
            disk: None,
        }
    }
}

/// Speaks text. Cheap to clone; all clones share one cache.
#[derive(Clone)]
pub struct Speaker {
    shared: Arc<Shared>,
}

struct Shared {
    config: SpeakerConfig,
    memory: Mutex<Memory>,
    disk: Option<Disk>,
    turns: Semaphore,
}

impl Speaker {
    /// Prepares to speak. The synthesiser is first needed when something is spoken.
    pub fn new(config: SpeakerConfig) -> Self {
        let memory = Mutex::new(Memory::new(config.memory));
        let disk = config.disk.clone().map(|(dir, bytes)| Disk::new(dir, bytes));
        let turns = Semaphore::new(config.at_once.max(1));
        Self { shared: Arc::new(Shared { config, memory, disk, turns }) }
    }

    /// Whether the synthesiser is there: its version, or what is wrong.
    ///
    /// # Errors
    /// [`SpeechError::NoSynthesiser`] with the command that mends it.
    pub async fn check(&self) -> Result<String, SpeechError> {
        espeak::version(&self.shared.config.program).await
    }

    /// Speaks a text, or finds it spoken. Kept in memory only.
    ///
    /// # Errors
    /// [`SpeechError::NoSynthesiser`] if it is not installed; [`SpeechError::TimedOut`] or
    /// [`SpeechError::Unspoken`] if it does not do its work.
    pub async fn speak(&self, language: Language, text: &str) -> Result<Arc<Pcm>, SpeechError> {
        self.spoken(language, text, None).await
    }

    /// Speaks a text of the house (a line of a flow, never a citizen's matter) and keeps it on
    /// disk as well, if a directory is configured.
    ///
    /// # Errors
    /// As [`Speaker::speak`].
    pub async fn speak_prompt(&self, language: Language, text: &str) -> Result<Arc<Pcm>, SpeechError> {
        self.spoken(language, text, self.shared.disk.as_ref()).await
    }

    async fn spoken(&self, language: Language, text: &str, disk: Option<&Disk>) -> Result<Arc<Pcm>, SpeechError> {
        let config = &self.shared.config;
        let voice = self.voice(language)?;
        let key = Key::new(voice, config, text);
        if let Some(sound) = self.remembered(&key) {
            return Ok(sound);
        }
        let turn =
            tokio::time::timeout(config.limit, self.shared.turns.acquire()).await.map_err(|_| SpeechError::TimedOut(config.limit))?;
        let _turn = turn.map_err(|_| SpeechError::NoSynthesiser("it is shutting down".to_owned()))?;
        // Whoever waited for the same text finds it now.
        if let Some(sound) = self.remembered(&key) {
            return Ok(sound);
        }
        let kept = match disk {
            Some(disk) => disk.read(&key).await,
            None => None,
        };
        let sound = match kept {
            Some(sound) => Arc::new(sound),
            None => {
                let raw = espeak::synthesise(config, voice, text).await?;
                let rate = config.rate;
                let sound =
                    tokio::task::spawn_blocking(move || levelled(&raw, rate)).await.map_err(|e| SpeechError::Unspoken(e.to_string()))??;
                if let Some(disk) = disk {
                    disk.write(&key, &sound).await;
                }
                Arc::new(sound)
            }
        };
        self.shared.memory.lock().unwrap_or_else(PoisonError::into_inner).put(key, sound.clone());
        Ok(sound)
    }

    fn remembered(&self, key: &Key) -> Option<Arc<Pcm>> {
        self.shared.memory.lock().unwrap_or_else(PoisonError::into_inner).get(key)
    }

    fn voice(&self, language: Language) -> Result<&str, SpeechError> {
        let voices = &self.shared.config.voices;
        let voice = voices.get(&language).or_else(|| voices.get(&language.answered_in()));
        voice
            .map(String::as_str)
            .ok_or_else(|| SpeechError::Unspoken(format!("no voice is configured for {language}: add it to [speech] voices")))
    }
}

/// At the rate and the loudness of the house.
fn levelled(raw: &Pcm, rate: u32) -> Result<Pcm, SpeechError> {
    let mut samples = crate::resample::resample(&to_f32(&raw.samples), raw.rate, rate)?;
    let level = active_level(&samples, rate)
        .ok_or_else(|| SpeechError::Unspoken("it is silent: is the text empty, or in letters of another language?".to_owned()))?;
    let peak = samples.iter().fold(0f32, |a, s| a.max(s.abs()));
    let gain = 10f32.powf((LEVEL - level) / 20.0).min(PEAK / peak);
    samples.iter_mut().for_each(|s| *s *= gain);
    Ok(Pcm { rate, samples: to_i16(&samples) })
}

#[cfg(test)]
mod tests;
