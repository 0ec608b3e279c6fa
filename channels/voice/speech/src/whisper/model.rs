//! A loaded model, shared by all workers.

use crate::{SpeechError, Trust, TrustTable};
use daak_domain::language::Language;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
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
        let id = identify(path).map_err(refuse)?;
        whisper_rs::install_logging_hooks();
        let mut parameters = WhisperContextParameters::default();
        parameters.use_gpu(false);
        let context = WhisperContext::new_with_params(path, parameters)
            .map_err(|_| refuse("whisper.cpp cannot load it: it is cut short, of another form, or memory does not suffice; fetch it again with `daak model fetch`".to_owned()))?;
        let prompt = context.tokenize(super::settings::BENGALI_IN_LATIN, 224).unwrap_or_default();
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

/// Reads the file once: its SHA-256, and a look at its header, because whisper.cpp believes that blindly.
fn identify(path: &Path) -> Result<String, String> {
    let mut file = File::open(path).map_err(|e| format!("it cannot be opened ({e}); fetch one with `daak model fetch`"))?;
    let (mut hash, mut buffer, mut first) = (Sha256::new(), vec![0u8; 1 << 20], true);
    loop {
        let read = file.read(&mut buffer).map_err(|e| format!("it cannot be read ({e})"))?;
        if first {
            plausible(buffer.get(..read.min(48)).unwrap_or_default())?;
            first = false;
        }
        if read == 0 {
            return Ok(hex::encode(hash.finalize()));
        }
        hash.update(&buffer[..read]);
    }
}

/// The magic number and the eleven sizes of a ggml Whisper file, each within what any published model has.
fn plausible(header: &[u8]) -> Result<(), String> {
    let numbers: Vec<i32> = header.chunks_exact(4).map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let &[
        magic,
        vocabulary,
        audio_context,
        audio_width,
        audio_heads,
        audio_layers,
        text_context,
        text_width,
        text_heads,
        text_layers,
        mels,
        kind,
    ] = numbers.as_slice()
    else {
        return Err("it is too short to be a model".to_owned());
    };
    if magic != 0x6767_6d6c {
        return Err("it is not a ggml Whisper model (convert it, or fetch one with `daak model fetch`)".to_owned());
    }
    let within = [
        (vocabulary, 1_000, 60_000),
        (audio_context, 1, 3_000),
        (audio_width, 8, 4_096),
        (audio_heads, 1, 64),
        (audio_layers, 1, 64),
        (text_context, 1, 2_048),
        (text_width, 8, 4_096),
        (text_heads, 1, 64),
        (text_layers, 1, 64),
        (mels, 1, 256),
        (kind, 0, 10_000),
    ];
    if within.iter().any(|(number, least, most)| number < least || number > most) {
        return Err("its header holds impossible sizes; fetch it again".to_owned());
    }
    Ok(())
}
