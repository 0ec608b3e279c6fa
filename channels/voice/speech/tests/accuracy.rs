//! How well the real model hears real people, where both are installed: the model by
//! `daak model fetch` (or at `DAAK_SPEECH_MODEL`), the people by asterisk-core-sounds-en-wav.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use daak_domain::language::Language;
use std::path::PathBuf;
use voice_speech::doctor::{Material, measure};
use voice_speech::fetch::{MODEL_FILE, default_directory};
use voice_speech::{Pcm, Recogniser, Speaker, SpeakerConfig, Trust, TrustTable, WhisperConfig, WhisperPool};

fn model() -> Option<PathBuf> {
    let model = std::env::var_os("DAAK_SPEECH_MODEL").map(PathBuf::from).or_else(|| default_directory().map(|d| d.join(MODEL_FILE)));
    let there = model.filter(|path| path.is_file());
    if there.is_none() {
        eprintln!("SKIPPED, for lack of a model: `daak model fetch` fetches one, or name one in DAAK_SPEECH_MODEL");
    }
    there
}

#[tokio::test]
async fn people_are_understood_in_english_over_the_telephone() {
    let Some(model) = model() else { return };
    let Some(material) = Material::debian_english(6) else {
        eprintln!("SKIPPED, for lack of recordings: apt-get install asterisk-core-sounds-en-wav asterisk-core-sounds-en");
        return;
    };
    let pool = WhisperPool::start(WhisperConfig { workers: Some(1), niceness: 0, ..WhisperConfig::new(model) }).unwrap();
    let mut lines = Vec::new();
    let finding = measure(&pool, &material.thinned(8), |sample, heard, errors| {
        lines.push(format!("{} of {} wrong: {:?} heard as {:?}", errors.wrong, errors.said, sample.text, heard.as_ref().map(|h| &h.text)));
    })
    .await;
    eprintln!("{finding}");
    assert!(finding.measured.wer <= 0.15, "{finding}\n{}", lines.join("\n"));
    assert_eq!((finding.failed.0, finding.unreliable), (0, 0), "{finding}\n{}", lines.join("\n"));
}

#[tokio::test]
async fn what_is_no_speech_is_never_trusted_and_bengali_is_a_hint_in_latin_letters() {
    let Some(model) = model() else { return };
    let pool = WhisperPool::start(WhisperConfig { workers: Some(1), niceness: 0, ..WhisperConfig::new(&model) }).unwrap();
    let silence = Pcm { rate: 8000, samples: vec![0; 8000 * 4] };
    let hum = Pcm { rate: 8000, samples: (0..8000 * 4).map(|n| ((f64::from(n) * 0.33).sin() * 6000.0) as i16).collect() };
    for sound in [silence, hum] {
        let heard = pool.recognise(sound.samples.into(), 8000, Language::En).await.unwrap();
        assert!(!heard.reliable && !heard.trusted, "{heard:?}");
    }
    let spoken = Speaker::new(SpeakerConfig::default()).speak(Language::Bn, "আমাদের গ্রামের রাস্তা ভেঙে গেছে").await.unwrap();
    let heard = pool.recognise(spoken.samples.as_slice().into(), spoken.rate, Language::Bn).await.unwrap();
    let table = TrustTable::load(&TrustTable::beside(&model)).unwrap();
    if table.trust(pool.model_id(), Language::Bn) == Trust::Hint {
        assert!(heard.hint && !heard.trusted, "{heard:?}");
        assert!(!heard.text.chars().any(|c| ('\u{980}'..='\u{9ff}').contains(&c)) || !heard.reliable, "{heard:?}");
        eprintln!("a synthesised voice was heard as {:?} ({:?})", heard.text, heard.why_unreliable);
    }
}
