#![allow(clippy::unwrap_used)]
use super::*;
use std::os::unix::fs::PermissionsExt;

/// A program in place of the synthesiser.
fn program(dir: &std::path::Path, script: &str) -> PathBuf {
    let path = dir.join("espeak");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn loudness(sound: &Pcm) -> f32 {
    active_level(&to_f32(&sound.samples), sound.rate).unwrap()
}

#[tokio::test]
async fn each_language_is_spoken_equally_loud_and_its_energy_is_that_of_speech() {
    let speaker = Speaker::new(SpeakerConfig::default());
    for (language, text) in [
        (Language::Bn, "নমস্কার, আপনার অভিযোগ নেওয়া হয়েছে।"),
        (Language::Hi, "नमस्ते, आपकी शिकायत दर्ज हो गई है।"),
        (Language::En, "Welcome. Your grievance has been registered."),
    ] {
        let wide = speaker.speak(language, text).await.unwrap();
        assert_eq!(wide.rate, 16_000);
        assert!((1.0..8.0).contains(&wide.duration().as_secs_f32()), "{language}: {:?}", wide.duration());
        assert!((loudness(&wide) - LEVEL).abs() < 1.5, "{language}: {}", loudness(&wide));
        let narrow = wide.resampled(8_000).unwrap();
        assert!(wide.duration().abs_diff(narrow.duration()) < Duration::from_millis(1));
        // A voice has most of its energy between 150 and 3400 Hz, and pauses.
        let voiced: f64 = (3..68).map(|n| energy_at(&narrow, f64::from(n) * 50.0)).sum();
        let all: f64 = (0..80).map(|n| energy_at(&narrow, f64::from(n) * 50.0)).sum();
        assert!(voiced / all > 0.9, "{language}: {}", voiced / all);
    }
}

/// Energy near one frequency, over frames of 20 ms.
fn energy_at(sound: &Pcm, hz: f64) -> f64 {
    let angle = 2.0 * std::f64::consts::PI * hz / f64::from(sound.rate);
    let frames = sound.samples.chunks_exact(160);
    frames
        .map(|frame| {
            let (mut a, mut b) = (0.0, 0.0);
            for s in frame {
                (a, b) = (f64::from(*s) + 2.0 * angle.cos() * a - b, a);
            }
            a * a + b * b - 2.0 * angle.cos() * a * b
        })
        .sum()
}

#[tokio::test]
async fn a_text_is_spoken_once_and_then_remembered() {
    let speaker = Speaker::new(SpeakerConfig::default());
    let (first, second) = tokio::join!(speaker.speak(Language::Bn, "এক"), speaker.speak(Language::Bn, "এক"));
    let third = speaker.clone().speak(Language::Bn, "এক").await.unwrap();
    assert!(Arc::ptr_eq(&first.unwrap(), &third) || Arc::ptr_eq(&second.unwrap(), &third));
}

#[tokio::test]
async fn prompts_outlive_the_process_and_what_is_told_to_a_citizen_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let config = SpeakerConfig { disk: Some((dir.path().join("prompts"), 1 << 20)), ..SpeakerConfig::default() };
    let speaker = Speaker::new(config.clone());
    speaker.speak(Language::En, "Your number is one two three").await.unwrap();
    assert!(!dir.path().join("prompts").exists());
    let spoken = speaker.speak_prompt(Language::En, "Welcome").await.unwrap();
    assert_eq!(std::fs::read_dir(dir.path().join("prompts")).unwrap().count(), 1);
    let after = Speaker::new(SpeakerConfig { program: "/nonexistent".into(), ..config });
    assert_eq!(after.speak_prompt(Language::En, "Welcome").await.unwrap(), spoken);
}

#[tokio::test]
async fn a_missing_synthesiser_is_named_with_the_command_that_mends_it() {
    let speaker = Speaker::new(SpeakerConfig { program: "/nonexistent/espeak-ng".into(), ..SpeakerConfig::default() });
    let error = speaker.speak(Language::En, "hello").await.unwrap_err().to_string();
    assert!(error.contains("/nonexistent/espeak-ng") && error.contains("apt-get install espeak-ng"), "{error}");
    assert!(matches!(speaker.check().await, Err(SpeechError::NoSynthesiser(_))));
}

#[tokio::test]
async fn a_synthesiser_that_hangs_fails_or_babbles_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let with = |script: &str, limit| SpeakerConfig { program: program(dir.path(), script), limit, ..SpeakerConfig::default() };
    let hanging = Speaker::new(with("exec sleep 100", Duration::from_millis(300)));
    assert!(matches!(hanging.speak(Language::En, "hello").await, Err(SpeechError::TimedOut(_))));
    let long = Duration::from_secs(20);
    let failing = Speaker::new(with("echo no such voice >&2; exit 3", long));
    let error = failing.speak(Language::En, "hello").await.unwrap_err().to_string();
    assert!(error.contains("no such voice"), "{error}");
    let babbling = Speaker::new(with("cat; echo done", long));
    assert!(matches!(babbling.speak(Language::En, "hello").await, Err(SpeechError::Unspoken(_))));
}

#[tokio::test]
async fn text_can_be_neither_an_option_nor_phonemes_nor_without_end() {
    let speaker = Speaker::new(SpeakerConfig::default());
    let option = speaker.speak(Language::En, "--version").await.unwrap();
    assert!(option.duration() > Duration::from_millis(300));
    let phonemes = speaker.speak(Language::En, "[[h@l'oU]]\0\u{7}").await.unwrap();
    assert!(!phonemes.samples.is_empty());
    for text in ["", " \n\t", &"a".repeat(10_000)] {
        assert!(matches!(speaker.speak(Language::En, text).await, Err(SpeechError::Unspoken(_))));
    }
}
