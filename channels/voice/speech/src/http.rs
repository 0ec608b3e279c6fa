//! Recognition by a server that speaks `POST /v1/audio/transcriptions`, as most speech servers do,
//! on a machine that has what a large model needs.

use crate::judge::{Draft, judge};
use crate::pcm::{Pcm, sounding, to_f32, to_i16};
use crate::pool::Clip;
use crate::whisper::{BENGALI_IN_LATIN, checked};
use crate::{Recogniser, Recognition, SpeechError, Trust, TrustTable, Word, resample};
use daak_domain::language::Language;
use daak_domain::seam::BoxFuture;
use reqwest::multipart::{Form, Part};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Whisper's rate; other models accept it too.
const RATE: u32 = 16_000;
/// Longest answer that is read, in bytes.
const MOST_ANSWER: usize = 1 << 20;

/// How to reach the server.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// Address without the path: `https://speech.example.org`.
    pub url: String,
    /// The model's name there. It is also its name in the table of trust.
    pub model: String,
    /// Sent as a bearer token.
    pub key: Option<SecretString>,
    /// Measured error rates; `None`: nothing is trusted.
    pub trust: Option<PathBuf>,
    /// Requests at one time.
    pub at_once: usize,
    /// Clips that may wait for their turn.
    pub queue: usize,
    /// Longest time for a request.
    pub limit: Duration,
    /// Longest clip.
    pub longest: Duration,
}

impl HttpConfig {
    /// The usual measures for a server and a model.
    pub fn new(url: impl Into<String>, model: impl Into<String>) -> Self {
        let limit = Duration::from_secs(60);
        Self {
            url: url.into(),
            model: model.into(),
            key: None,
            trust: None,
            at_once: 4,
            queue: 32,
            limit,
            longest: Duration::from_secs(300),
        }
    }
}

/// A recogniser elsewhere. Cheap to clone.
#[derive(Clone)]
pub struct HttpRecogniser {
    shared: Arc<Shared>,
}

struct Shared {
    config: HttpConfig,
    address: reqwest::Url,
    client: reqwest::Client,
    trust: TrustTable,
    turns: Semaphore,
    waiting: AtomicUsize,
}

impl HttpRecogniser {
    /// Prepares to ask; the server is first reached when something is recognised.
    ///
    /// # Errors
    /// [`SpeechError::NoRecogniser`] if the address or the table of trust is unusable.
    pub fn new(config: HttpConfig) -> Result<Self, SpeechError> {
        let refuse = |why: String| SpeechError::NoRecogniser(why);
        let address = format!("{}/v1/audio/transcriptions", config.url.trim_end_matches('/'));
        let address = reqwest::Url::parse(&address).map_err(|e| refuse(format!("[speech] url {:?} is no address: {e}", config.url)))?;
        // The first to install a provider wins; main has usually done so.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(config.limit)
            .redirect(reqwest::redirect::Policy::none())
            .build();
        let client = client.map_err(|e| refuse(format!("no HTTP client could be made: {e}")))?;
        let trust = config.trust.as_deref().map(TrustTable::load).transpose()?.unwrap_or_default();
        let turns = Semaphore::new(config.at_once.max(1));
        Ok(Self { shared: Arc::new(Shared { config, address, client, trust, turns, waiting: AtomicUsize::new(0) }) })
    }
}

impl Recogniser for HttpRecogniser {
    fn recognise(&self, pcm: Arc<[i16]>, rate: u32, language: Language) -> BoxFuture<'static, Result<Recognition, SpeechError>> {
        let (shared, trust) = (self.shared.clone(), self.trust(language));
        Box::pin(async move {
            let clip = Clip { pcm, rate, language };
            if trust == Trust::Nothing {
                return Err(SpeechError::Useless(language));
            }
            checked(&clip, shared.config.longest)?;
            let _turn = shared.turn().await?;
            shared.ask(clip, trust).await
        })
    }

    fn trust(&self, language: Language) -> Trust {
        self.shared.trust.trust(&self.shared.config.model, language)
    }
}

impl Shared {
    /// A turn at once, or a place among those who wait, or the word that there is none.
    async fn turn(&self) -> Result<tokio::sync::SemaphorePermit<'_>, SpeechError> {
        if let Ok(turn) = self.turns.try_acquire() {
            return Ok(turn);
        }
        let place = Place::take(&self.waiting, self.config.queue)?;
        let turn = self.turns.acquire().await.map_err(|_| SpeechError::Server("it is shutting down".to_owned()));
        drop(place);
        turn
    }

    async fn ask(&self, clip: Clip, trust: Trust) -> Result<Recognition, SpeechError> {
        let began = Instant::now();
        let (language, duration) = (clip.language, clip.duration());
        let (file, sounding) =
            tokio::task::spawn_blocking(move || prepared(&clip)).await.map_err(|e| SpeechError::Failed(e.to_string()))??;
        let prompt = (trust == Trust::Hint).then_some(BENGALI_IN_LATIN);
        let mut form = Form::new().text("model", self.config.model.clone()).text("language", language.code());
        form = form.text("response_format", "verbose_json").text("temperature", "0");
        if let Some(prompt) = prompt {
            form = form.text("prompt", prompt);
        }
        let part = Part::bytes(file).file_name("clip.wav").mime_str("audio/wav").map_err(|e| SpeechError::Failed(e.to_string()))?;
        let mut request = self.client.post(self.address.clone()).multipart(form.part("file", part));
        if let Some(key) = &self.config.key {
            request = request.bearer_auth(key.expose_secret());
        }
        let answer = request.send().await.map_err(|e| self.unreached(&e))?;
        let status = answer.status();
        let body = self.body(answer).await?;
        if !status.is_success() {
            return Err(SpeechError::Server(format!("it answered {status}: {}", excerpt(&body))));
        }
        let transcript: Transcript = serde_json::from_slice(&body)
            .map_err(|e| SpeechError::Server(format!("its answer is no transcript ({e}): {}", excerpt(&body))))?;
        let (words, confidence) = (transcript.words(), transcript.confidence());
        let (took, cpu) = (began.elapsed(), Duration::ZERO);
        Ok(judge(Draft { text: &transcript.text, words, confidence, language, trust, clip: duration, sounding, took, cpu, prompt }))
    }

    async fn body(&self, mut answer: reqwest::Response) -> Result<Vec<u8>, SpeechError> {
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(|e| self.unreached(&e))? {
            if body.len() + piece.len() > MOST_ANSWER {
                return Err(SpeechError::Server("its answer is longer than a megabyte".to_owned()));
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }

    fn unreached(&self, error: &reqwest::Error) -> SpeechError {
        if error.is_timeout() {
            return SpeechError::TimedOut(self.config.limit);
        }
        // The outermost cause repeats the address; the innermost says what happened.
        let mut cause: &dyn std::error::Error = error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        SpeechError::Server(format!("{}: {cause}", self.config.url))
    }
}

/// One of the places among those who wait; given back when dropped.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize, most: usize) -> Result<Self, SpeechError> {
        let taken = waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| (n < most).then_some(n + 1));
        taken.map(|_| Self(waiting)).map_err(|waiting| SpeechError::Busy { waiting })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The clip as a WAV file at the server's rate, and how long somebody seems to speak.
fn prepared(clip: &Clip) -> Result<(Vec<u8>, Duration), SpeechError> {
    let samples = resample::resample(&to_f32(&clip.pcm), clip.rate, RATE)?;
    Ok((Pcm { rate: RATE, samples: to_i16(&samples) }.to_wav(), sounding(&samples, RATE)))
}

/// The beginning of an answer, for the reader of an error.
fn excerpt(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().filter(|c| !c.is_control()).take(200).collect()
}

/// What servers answer. Only `text` is always there.
#[derive(Deserialize)]
struct Transcript {
    text: String,
    #[serde(default)]
    segments: Vec<Segment>,
    #[serde(default)]
    words: Vec<TimedWord>,
}

#[derive(Deserialize)]
struct Segment {
    #[serde(default)]
    avg_logprob: Option<f32>,
}

#[derive(Deserialize)]
struct TimedWord {
    word: String,
    #[serde(default)]
    start: f32,
    #[serde(default)]
    end: f32,
    #[serde(default)]
    probability: Option<f32>,
}

impl Transcript {
    fn words(&self) -> Vec<Word> {
        let milliseconds = |seconds: f32| (seconds.max(0.0) * 1000.0) as u32;
        let word = |w: &TimedWord| Word {
            text: w.word.trim().to_owned(),
            from_ms: milliseconds(w.start),
            to_ms: milliseconds(w.end),
            confidence: w.probability.unwrap_or(0.5),
        };
        self.words.iter().map(word).collect()
    }

    /// Servers tell the mean logarithm of the tokens' probabilities for each segment.
    fn confidence(&self) -> Option<f32> {
        let told: Vec<f32> = self.segments.iter().filter_map(|s| s.avg_logprob).map(f32::exp).collect();
        (!told.is_empty()).then(|| told.iter().sum::<f32>() / told.len() as f32)
    }
}

#[cfg(test)]
mod tests;
