//! Measures how well speech is understood, on recordings of people whose words are known. From
//! this comes [`Trust`]; nothing else raises it.

mod material;
mod wer;

pub use material::{Material, Sample};
pub use wer::{Errors, word_errors};

use crate::pool::Clip;
use crate::{Measured, Recogniser, Recognition, SpeechError, Trust, TrustTable, WhisperConfig, WhisperPool};
use daak_domain::language::Language;
use std::fmt;
use std::path::Path;
use std::time::Duration;

/// What was measured for one language.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The language.
    pub language: Language,
    /// The word error rate, and on what.
    pub measured: Measured,
    /// What follows.
    pub trust: Trust,
    /// Processor time a clip.
    pub cpu: Duration,
    /// Length of a clip.
    pub clip: Duration,
    /// Clips whose text a guard marked unreliable.
    pub unreliable: u32,
    /// Word errors among the others.
    pub errors_when_reliable: Errors,
    /// Clips that gave no text at all, and the last reason.
    pub failed: (u32, Option<SpeechError>),
}

/// One line for a terminal.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.trust {
            Trust::Record => "text may stand as the text of record",
            Trust::Draft => "text is a draft for people and decides nothing",
            Trust::Hint => "text is a phonetic hint beside the recording",
            Trust::Nothing => "text is useless; only the recording is kept",
        };
        let m = &self.measured;
        write!(f, "{}: {:.1} % of words wrong in {} clips ({}), ", self.language, m.wer * 100.0, m.clips, m.material)?;
        write!(f, "{:.2} CPU-s for a clip of {:.1} s; {verdict}", self.cpu.as_secs_f32(), self.clip.as_secs_f32())?;
        if self.unreliable > 0 {
            write!(f, "; {} marked unreliable, {:.1} % wrong in the others", self.unreliable, self.errors_when_reliable.rate() * 100.0)?;
        }
        match &self.failed {
            (0, _) | (_, None) => Ok(()),
            (count, Some(why)) => write!(f, "; {count} gave no text, the last because {why}"),
        }
    }
}

/// `daak doctor --speech`: measures a model on the recordings of people that are to be had and
/// writes what was found beside the model. `own` is a directory with recordings of the helpline's
/// callers, `bn/`, `hi/`, `en/`, each with `NAME.wav` and what is said in `NAME.txt`; English is
/// otherwise measured on Debian's prompts, about `clips` of them.
///
/// # Errors
/// If the model cannot be loaded, a recording not be read, or the table not be written.
pub async fn speech(
    config: WhisperConfig,
    own: Option<&Path>,
    clips: usize,
    mut say: impl FnMut(&str),
) -> Result<Vec<Finding>, SpeechError> {
    let table = config.trust.clone().unwrap_or_else(|| TrustTable::beside(&config.model));
    // One clip after the other: more workers would only wait.
    let config = WhisperConfig { workers: Some(1), niceness: 0, ..config };
    let pool = tokio::task::spawn_blocking(move || WhisperPool::start(config)).await.map_err(|e| SpeechError::Failed(e.to_string()))??;
    let mut findings = Vec::new();
    for language in [Language::En, Language::Hi, Language::Bn, Language::Ne, Language::Ur] {
        let Some(material) = recordings(own, language)? else {
            if Language::SERVED.contains(&language) {
                say(&without(language, pool.trust(language)));
            }
            continue;
        };
        let material = material.thinned(clips);
        say(&format!("{language}: listening to {} clips…", material.samples.len()));
        let finding = measure(&pool, &material, |_, _, _| {}).await;
        say(&finding.to_string());
        findings.push(finding);
    }
    note(&table, pool.model_id(), &findings)?;
    Ok(findings)
}

fn recordings(own: Option<&Path>, language: Language) -> Result<Option<Material>, SpeechError> {
    let dir = own.map(|own| own.join(language.code())).filter(|dir| dir.is_dir());
    let material = match dir {
        Some(dir) => Some(Material::from_directory(&dir, language)?),
        None if language == Language::En => Material::debian_english(4),
        None => None,
    };
    Ok(material.filter(|m| !m.samples.is_empty()))
}

fn without(language: Language, trust: Trust) -> String {
    let stands = match trust {
        Trust::Record => "trusted as measured before",
        Trust::Draft => "never measured, so its text is a draft for people",
        Trust::Hint => "its text is a phonetic hint beside the recording",
        Trust::Nothing => "measured useless before; only the recording is kept",
    };
    let mend = match language {
        Language::En => "`apt-get install asterisk-core-sounds-en-wav asterisk-core-sounds-en`, or --recordings DIR",
        _ => "--recordings DIR",
    };
    format!("{language}: no recordings to measure it on ({mend}); {stands}")
}

/// Recognises every clip of the material, one after the other, and counts the words that are wrong.
/// `each` hears about every clip. A clip without an answer counts as all its words wrong.
pub async fn measure(
    pool: &WhisperPool,
    material: &Material,
    mut each: impl FnMut(&Sample, &Result<Recognition, SpeechError>, Errors),
) -> Finding {
    let (mut all, mut reliable) = (Errors::default(), Errors::default());
    let (mut cpu, mut length, mut unreliable, mut failed) = (Duration::ZERO, Duration::ZERO, 0, (0, None));
    for sample in &material.samples {
        let clip = Clip { pcm: sample.sound.samples.as_slice().into(), rate: sample.sound.rate, language: material.language };
        length += clip.duration();
        let heard = pool.recognise_anyway(clip).await;
        let text = heard.as_ref().map_or("", |r| r.text.as_str());
        let errors = word_errors(&sample.text, text);
        all += errors;
        match &heard {
            Ok(recognition) => {
                cpu += recognition.cpu;
                if recognition.reliable { reliable += errors } else { unreliable += 1 }
            }
            Err(why) => failed = (failed.0 + 1, Some(why.clone())),
        }
        each(sample, &heard, errors);
    }
    let clips = material.samples.len() as u32;
    let measured = Measured { wer: (all.rate() * 10_000.0).round() / 10_000.0, clips, material: material.name.clone() };
    let mut table = TrustTable::default();
    table.note("", material.language, measured.clone());
    let trust = table.trust("", material.language);
    let per = clips.max(1);
    Finding {
        language: material.language,
        measured,
        trust,
        cpu: cpu / per,
        clip: length / per,
        unreliable,
        errors_when_reliable: reliable,
        failed,
    }
}

/// Writes what was found for a model into its table, beside what stands there.
///
/// # Errors
/// A sentence if the table is there and broken, or cannot be written.
pub fn note(table: &Path, model: &str, findings: &[Finding]) -> Result<(), SpeechError> {
    let mut known = TrustTable::load(table)?;
    for finding in findings {
        known.note(model, finding.language, finding.measured.clone());
    }
    known.save(table).map_err(|e| SpeechError::NoRecogniser(format!("{} cannot be written: {e}", table.display())))
}
