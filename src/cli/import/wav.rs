//! Recordings of what citizens said.

use super::{fingerprint, name_of};
use anyhow::Context;
use daak_domain::Timestamp;
use daak_domain::contact::{AttachmentRole, Channel, Contact, Sender, Statement};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::seam::{Archive, Label};
use std::path::Path;
use voice_speech::{Pcm, Recogniser};

/// The contact that a recording is. Its text counts only as far as the recogniser is trusted for the language.
///
/// # Errors
/// A file that is no recording; an archive that cannot keep it.
pub async fn read(
    file: &Path,
    language: Language,
    phone: Option<PhoneNumber>,
    recogniser: &dyn Recogniser,
    archive: &dyn Archive,
) -> anyhow::Result<Contact> {
    let pcm = Pcm::read_wav(file)?;
    let content = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let external_id = format!("wav:{}", fingerprint(&content));
    let label =
        Label { name: name_of(file), media_type: "audio/wav".into(), role: AttachmentRole::Statement, belongs_to: external_id.clone() };
    let attachment = archive.put(label, &content).context("the recording cannot be kept")?;
    Ok(Contact {
        language: Some(language),
        attachments: vec![attachment],
        ..Contact::new(
            Channel::Phone,
            external_id,
            Timestamp::now(),
            Sender { phone, ..Sender::default() },
            statement(pcm, language, recogniser).await,
        )
    })
}

async fn statement(pcm: Pcm, language: Language, recogniser: &dyn Recogniser) -> Statement {
    let rate = pcm.rate;
    match recogniser.recognise(pcm.samples.into(), rate, language).await {
        Ok(heard) if heard.trusted && !heard.text.is_empty() => Statement::Transcribed { text: heard.text, confidence: heard.confidence },
        Ok(heard) => Statement::VoiceOnly { hint: (heard.reliable && !heard.text.is_empty()).then_some(heard.text) },
        Err(why) => {
            super::say(&format!("{}: {why}: the voice itself is the statement", language.code()));
            Statement::VoiceOnly { hint: None }
        }
    }
}
