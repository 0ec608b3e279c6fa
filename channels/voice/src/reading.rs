//! From a clip to what the call may believe of it.

use daak_domain::contact::Statement;
use daak_domain::language::Language;
use std::sync::Arc;
use std::time::Duration;
use voice_call::Reading;
use voice_speech::{Recogniser, Recognition};

/// Has the clip recognised, waiting at most `limit`. The text of a language that is not trusted
/// becomes no text of record: the voice itself is the statement, with the text as a hint at most.
pub(crate) async fn read(recogniser: &dyn Recogniser, clip: Arc<[i16]>, language: Language, limit: Duration) -> Reading {
    match tokio::time::timeout(limit, recogniser.recognise(clip, 8_000, language)).await {
        Ok(Ok(recognition)) => Reading::Made(statement(recognition)),
        Ok(Err(error)) => {
            tracing::info!(event = "speech.unavailable", %error, "a statement was not recognised");
            Reading::Unavailable
        }
        Err(_) => Reading::TimedOut,
    }
}

fn statement(recognition: Recognition) -> Statement {
    let Recognition { text, confidence, trusted, reliable, .. } = recognition;
    if trusted && reliable && !text.is_empty() {
        Statement::Transcribed { text, confidence }
    } else {
        Statement::VoiceOnly { hint: (reliable && !text.is_empty()).then_some(text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str, trusted: bool, reliable: bool) -> Recognition {
        Recognition {
            text: text.into(),
            language: Language::En,
            confidence: 0.8,
            trusted,
            hint: !trusted,
            reliable,
            why_unreliable: None,
            words: Vec::new(),
            clip: Duration::ZERO,
            took: Duration::ZERO,
            cpu: Duration::ZERO,
        }
    }

    #[test]
    fn only_trusted_and_reliable_text_is_a_text_of_record() {
        assert_eq!(statement(heard("no water", true, true)).text(), Some("no water"));
        assert_eq!(statement(heard("jol nei", false, true)), Statement::VoiceOnly { hint: Some("jol nei".into()) });
        assert_eq!(statement(heard("1.1.1.1", true, false)), Statement::VoiceOnly { hint: None });
        assert_eq!(statement(heard("", true, true)), Statement::VoiceOnly { hint: None });
    }
}
