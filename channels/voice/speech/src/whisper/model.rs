//! A loaded model, shared by all workers.

use super::file;
use crate::{SpeechError, Trust, TrustTable};
use daak_domain::language::Language;
use std::path::Path;
use whisper_rs::{WhisperContext, WhisperContextParameters, WhisperTokenId};

/// The weights, what they are called, and how far they are believed.
pub(super) struct Model {
    context: WhisperContext,
    id: String,
    trust: TrustTable,
    prompt: Vec<WhisperTokenId>,
}

impl Model {
    pub(super) fn load(path: &Path, trust: TrustTable) -> Result<Self, SpeechError> {
        let refuse = |why: String| SpeechError::NoRecogniser(format!("the model {}: {why}", path.display()));
        let id = file::identify(path).map_err(refuse)?;
        whisper_rs::install_logging_hooks();
        let mut parameters = WhisperContextParameters::default();
        parameters.use_gpu(false);
        let context = WhisperContext::new_with_params(path, parameters)
            .map_err(|_| refuse("whisper.cpp cannot load it: it is cut short, of another form, or memory does not suffice; fetch it again with `daak model fetch`".to_owned()))?;
        // Room for a token a byte: with less room than it needs, whisper-rs 0.16 gives a vector of
        // impossible length. whisper.cpp itself uses the last half of the text's context.
        let text = super::settings::BENGALI_IN_LATIN;
        let prompt = context.tokenize(text, text.len() + 1).unwrap_or_default();
        Ok(Self { context, id, trust, prompt })
    }

    pub(super) fn context(&self) -> &WhisperContext {
        &self.context
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// A model for English only is asked for nothing else.
    pub(super) fn trust(&self, language: Language) -> Trust {
        if language != Language::En && !self.context.is_multilingual() {
            return Trust::Nothing;
        }
        self.trust.trust(&self.id, language)
    }

    /// What is told beforehand where the text will be a hint only.
    pub(super) fn prompt(&self, language: Language) -> Option<&[WhisperTokenId]> {
        (language == Language::Bn && self.trust(language) == Trust::Hint && !self.prompt.is_empty()).then_some(&self.prompt)
    }
}
