//! Whisper in this process, through whisper.cpp.

mod engine;
mod file;
mod model;
mod settings;

pub use settings::AudioContext;
pub(crate) use settings::BENGALI_IN_LATIN;

use crate::pool::{Clip, Measures, Pool, PoolLoad};
use crate::{Recogniser, Recognition, SpeechError, Trust, TrustTable, resample};
use daak_domain::language::Language;
use daak_domain::seam::BoxFuture;
use model::Model;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How to recognise in this process.
#[derive(Debug, Clone)]
pub struct WhisperConfig {
    /// A model in whisper.cpp's ggml form.
    pub model: PathBuf,
    /// Measured error rates; `None` is `trust.toml` beside the model.
    pub trust: Option<PathBuf>,
    /// Workers, one thread each. `None` is half the cores.
    pub workers: Option<usize>,
    /// Clips that may wait for a worker.
    pub queue: usize,
    /// Longest time of work for each begun 30 s of a clip.
    pub limit: Duration,
    /// Longest clip.
    pub longest: Duration,
    /// How much of Whisper's 30 s window a short clip is given.
    pub audio_context: AudioContext,
    /// How far workers step back behind the threads of calls: 0 (not at all) to 19.
    pub niceness: i32,
}

impl WhisperConfig {
    /// The usual measures for a model.
    pub fn new(model: impl Into<PathBuf>) -> Self {
        Self {
            model: model.into(),
            trust: None,
            workers: None,
            queue: 32,
            limit: Duration::from_secs(60),
            longest: Duration::from_secs(300),
            audio_context: AudioContext::default(),
            niceness: 10,
        }
    }
}

/// A pool of workers, each with the model ready. Cheap to clone.
#[derive(Clone)]
pub struct WhisperPool {
    pool: Arc<Pool>,
    model: Arc<Model>,
    longest: Duration,
}

impl WhisperPool {
    /// Loads the model and makes the workers. Blocks for as long as that takes (a second for a
    /// small model): call it from a thread that may.
    ///
    /// # Errors
    /// [`SpeechError::NoRecogniser`] if the model is missing, broken, or memory does not suffice.
    pub fn start(config: WhisperConfig) -> Result<Self, SpeechError> {
        let table = config.trust.clone().unwrap_or_else(|| TrustTable::beside(&config.model));
        let model = Arc::new(Model::load(&config.model, TrustTable::load(&table)?)?);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let measures = Measures {
            workers: config.workers.unwrap_or(cores / 2).clamp(1, 64),
            queue: config.queue.max(1),
            limit: config.limit,
            grace: Duration::from_secs(30).max(config.limit),
            abandoned: 2,
            niceness: config.niceness,
        };
        let (there, audio_context) = (model.clone(), config.audio_context);
        let make = Box::new(move || engine::WhisperEngine::new(there.clone(), audio_context).map(|e| Box::new(e) as Box<_>));
        Ok(Self { pool: Arc::new(Pool::start(measures, make)?), model, longest: config.longest })
    }

    /// What the workers are doing.
    pub fn load(&self) -> PoolLoad {
        self.pool.load()
    }

    /// The model's name in a [`TrustTable`]: the SHA-256 of its file.
    pub fn model_id(&self) -> &str {
        self.model.id()
    }

    /// Recognises even where the model was measured useless, for measuring it again.
    pub(crate) fn recognise_anyway(&self, clip: Clip) -> BoxFuture<'static, Result<Recognition, SpeechError>> {
        let outcome = checked(&clip, self.longest).and_then(|()| self.pool.submit(clip));
        Box::pin(async move { outcome?.await })
    }
}

impl Recogniser for WhisperPool {
    fn recognise(&self, pcm: Arc<[i16]>, rate: u32, language: Language) -> BoxFuture<'static, Result<Recognition, SpeechError>> {
        if self.trust(language) == Trust::Nothing {
            return Box::pin(std::future::ready(Err(SpeechError::Useless(language))));
        }
        self.recognise_anyway(Clip { pcm, rate, language })
    }

    fn trust(&self, language: Language) -> Trust {
        self.model.trust(language)
    }
}

/// Whether a clip can be recognised at all.
pub(crate) fn checked(clip: &Clip, longest: Duration) -> Result<(), SpeechError> {
    if !resample::RATES.contains(&clip.rate) {
        return Err(SpeechError::BadRate(clip.rate));
    }
    let lasts = clip.duration();
    if lasts > longest {
        return Err(SpeechError::TooLong { seconds: lasts.as_secs(), limit: longest.as_secs() });
    }
    if lasts < Duration::from_millis(100) {
        return Err(SpeechError::TooShort(lasts.as_millis() as u64));
    }
    Ok(())
}
