//! Speech to text, as the configuration wants it.

use crate::config::Config;
use crate::observe::event;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use voice_speech::{HttpConfig, HttpRecogniser, NoRecogniser, Recogniser, SpeechError, WhisperConfig, WhisperPool};

/// The speech model to load: the one that is named, or the one that `daak model fetch` laid down for this user.
pub fn model_file(config: &Config) -> Option<PathBuf> {
    let fetched = || voice_speech::fetch::default_directory().map(|folder| folder.join(voice_speech::fetch::MODEL_FILE));
    config.speech.model.clone().or_else(|| fetched().filter(|file| file.is_file()))
}

/// The recogniser. Without one the helpline works on: callers' voices are kept, and people write them down.
pub async fn recogniser(config: &Config) -> Arc<dyn Recogniser> {
    match start(config).await {
        Ok(recogniser) => recogniser,
        Err(why) => {
            tracing::warn!(event = event::PART_MISSING, part = "speech", %why);
            Arc::new(NoRecogniser::new(why.to_string()))
        }
    }
}

async fn start(config: &Config) -> Result<Arc<dyn Recogniser>, SpeechError> {
    let speech = &config.speech;
    let limit = Duration::from_secs(speech.limit_s.into());
    if let Some(url) = &speech.url {
        let settings = HttpConfig {
            key: speech.key.as_ref().map(|key| key.expose().to_owned().into()),
            trust: speech.trust.clone(),
            queue: speech.queue,
            limit,
            ..HttpConfig::new(url.clone(), speech.url_model.clone())
        };
        return Ok(Arc::new(HttpRecogniser::new(settings)?));
    }
    let model =
        model_file(config).ok_or_else(|| SpeechError::NoRecogniser("there is no model: fetch one with `daak model fetch`".into()))?;
    let settings = WhisperConfig {
        trust: speech.trust.clone(),
        workers: Some(speech.workers),
        queue: speech.queue,
        limit,
        ..WhisperConfig::new(model)
    };
    let started = tokio::task::spawn_blocking(move || WhisperPool::start(settings)).await;
    Ok(Arc::new(started.map_err(|why| SpeechError::NoRecogniser(why.to_string()))??))
}
