//! The pool with whisper.cpp itself and a model of random weights: what it writes is noise, that
//! it writes is the point.
#![allow(clippy::unwrap_used)]

use daak_domain::language::Language;
use daak_testkit::tiny_whisper::tiny_whisper;
use std::sync::Arc;
use std::time::{Duration, Instant};
use voice_speech::{Measured, Recogniser, Speaker, SpeakerConfig, SpeechError, Trust, TrustTable, WhisperConfig, WhisperPool};

struct Bench {
    pool: WhisperPool,
    _dir: tempfile::TempDir,
}

fn bench(change: impl FnOnce(&mut WhisperConfig)) -> Bench {
    let dir = tempfile::tempdir().unwrap();
    let mut config = WhisperConfig { workers: Some(1), ..WhisperConfig::new(tiny_whisper(dir.path()).unwrap()) };
    change(&mut config);
    Bench { pool: WhisperPool::start(config).unwrap(), _dir: dir }
}

fn tone(seconds: usize) -> Arc<[i16]> {
    (0..8000 * seconds).map(|n| ((n as f64 * 0.3).sin() * 8000.0) as i16).collect()
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("an answer in every case")
}

#[tokio::test]
async fn speech_goes_in_and_text_comes_out_in_every_language() {
    let bench = bench(|_| {});
    let speaker = Speaker::new(SpeakerConfig::default());
    for (language, text) in [(Language::Bn, "রাস্তা ভেঙে গেছে"), (Language::Hi, "सड़क टूट गई है"), (Language::En, "The road is broken")]
    {
        let spoken = speaker.speak(language, text).await.unwrap();
        let heard = soon(bench.pool.recognise(spoken.samples.as_slice().into(), spoken.rate, language)).await.unwrap();
        assert_eq!((heard.language, heard.hint), (language, language == Language::Bn));
        assert!(!heard.trusted, "nothing was measured for this model");
        assert!(!heard.text.is_empty() && !heard.words.is_empty());
        assert!((0.0..=1.0).contains(&heard.confidence));
        assert_eq!(heard.clip.as_millis(), spoken.duration().as_millis());
        assert!(heard.cpu > Duration::ZERO && heard.took >= heard.cpu / 2);
        assert!(!heard.reliable, "random weights write noise, and a guard sees it: {}", heard.text.chars().take(80).collect::<String>());
    }
}

#[tokio::test]
async fn short_and_long_clips_are_answered_and_impossible_ones_refused() {
    let bench = bench(|config| config.longest = Duration::from_secs(40));
    for samples in [800, 4000, 8000] {
        assert!(soon(bench.pool.recognise(tone(1)[..samples].into(), 8000, Language::En)).await.is_ok(), "{samples} samples");
    }
    assert!(soon(bench.pool.recognise(tone(35), 8000, Language::En)).await.is_ok());
    assert!(soon(bench.pool.recognise(vec![0; 48_000].into(), 48_000, Language::En)).await.is_ok(), "silence");
    assert!(soon(bench.pool.recognise(vec![i16::MIN; 16_000].into(), 16_000, Language::En)).await.is_ok(), "full scale");
    let refused = |samples: Arc<[i16]>, rate| soon(bench.pool.recognise(samples, rate, Language::En));
    assert_eq!(refused(tone(1)[..400].into(), 8000).await.unwrap_err(), SpeechError::TooShort(50));
    assert_eq!(refused(tone(41), 8000).await.unwrap_err(), SpeechError::TooLong { seconds: 41, limit: 40 });
    assert_eq!(refused(tone(1), 7999).await.unwrap_err(), SpeechError::BadRate(7999));
    assert_eq!(refused([].into(), 8000).await.unwrap_err(), SpeechError::TooShort(0));
}

#[tokio::test]
async fn a_full_queue_is_told_at_once_and_everybody_in_it_is_answered() {
    let bench = bench(|config| config.queue = 2);
    let asked: Vec<_> = (0..12).map(|_| bench.pool.recognise(tone(2), 8000, Language::En)).collect();
    let (mut answered, mut refused) = (0, 0);
    for one in asked {
        match soon(one).await {
            Ok(_) => answered += 1,
            Err(SpeechError::Busy { waiting: 2 }) => refused += 1,
            Err(other) => assert_eq!(other.to_string(), "", "an unexpected answer"),
        }
    }
    assert!(answered >= 2 && refused >= 8 && answered + refused == 12, "{answered} answered, {refused} refused");
}

#[tokio::test]
async fn whisper_itself_heeds_the_stop_sign() {
    let bench = bench(|config| config.limit = Duration::from_millis(1));
    let late = soon(bench.pool.recognise(tone(20), 8000, Language::En)).await.unwrap_err();
    assert!(matches!(late, SpeechError::TimedOut(_)), "{late}");
    let end = Instant::now() + Duration::from_secs(60);
    while bench.pool.load().busy > 0 {
        assert!(Instant::now() < end, "the worker never stopped");
        tokio::task::yield_now().await;
    }
    assert_eq!((bench.pool.load().replaced, bench.pool.load().abandoned), (0, 0), "the worker lived on");
}

#[tokio::test]
async fn a_caller_who_leaves_frees_the_worker() {
    let bench = bench(|_| {});
    for _ in 0..3 {
        let leaving = bench.pool.recognise(tone(25), 8000, Language::En);
        let limit = tokio::time::timeout(Duration::from_millis(20), leaving).await;
        assert!(limit.is_err() || limit.is_ok(), "either way the next one is served");
    }
    assert!(soon(bench.pool.recognise(tone(1), 8000, Language::En)).await.is_ok());
}

#[tokio::test]
async fn trust_comes_from_the_table_beside_the_model() {
    let dir = tempfile::tempdir().unwrap();
    let model = tiny_whisper(dir.path()).unwrap();
    let start = || WhisperPool::start(WhisperConfig { workers: Some(1), ..WhisperConfig::new(&model) });
    let pool = start().unwrap();
    assert_eq!([Language::En, Language::Hi, Language::Bn].map(|l| pool.trust(l)), [Trust::Draft, Trust::Draft, Trust::Hint]);
    let mut table = TrustTable::default();
    let measured = |wer, clips| Measured { wer, clips, material: "made up".to_owned() };
    table.note(pool.model_id(), Language::En, measured(0.05, 100));
    table.note(pool.model_id(), Language::Hi, measured(1.3, 100));
    table.save(&TrustTable::beside(&model)).unwrap();
    let pool = start().unwrap();
    assert_eq!([Language::En, Language::Hi, Language::Bn].map(|l| pool.trust(l)), [Trust::Record, Trust::Nothing, Trust::Hint]);
    let useless = soon(pool.recognise(tone(2), 8000, Language::Hi)).await.unwrap_err();
    assert_eq!(useless, SpeechError::Useless(Language::Hi));
    let noise = soon(pool.recognise(tone(2), 8000, Language::En)).await.unwrap();
    assert!(!noise.trusted, "a trusted language does not make noise a statement");
    std::fs::write(TrustTable::beside(&model), "[model]\nx = 3").unwrap();
    assert!(matches!(start().err(), Some(SpeechError::NoRecogniser(why)) if why.contains("trust.toml")));
}

#[test]
fn a_broken_model_is_refused_and_never_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let whole = std::fs::read(tiny_whisper(dir.path()).unwrap()).unwrap();
    let path = dir.path().join("broken.bin");
    let refused = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let outcome = WhisperPool::start(WhisperConfig { workers: Some(1), ..WhisperConfig::new(&path) });
        assert!(matches!(outcome.err(), Some(SpeechError::NoRecogniser(why)) if why.contains("broken.bin")), "{} bytes", bytes.len());
    };
    for length in [0, 3, 47, 48, 5_000, 700_000, whole.len() / 2, whole.len() - 1] {
        refused(&whole[..length]);
    }
    for (place, value) in [(0, 0), (7, 0x7f), (11, 0x7f), (15, 0xff), (43, 0x7f)] {
        let mut bytes = whole.clone();
        bytes[place] = value;
        refused(&bytes);
    }
    let missing = WhisperPool::start(WhisperConfig::new(dir.path().join("missing.bin"))).err().unwrap();
    assert!(missing.to_string().contains("daak model fetch"), "{missing}");
}
