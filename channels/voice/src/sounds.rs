//! What is played: recorded prompts where there are any, the synthesised voice where not, ready in every codec.

use crate::music;
use daak_domain::language::Language;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use voice_ivr::{Piece, PlayId, Prompts};
use voice_media::{PlayItem, Playlist, Sound, Tone};
use voice_speech::{Pcm, Speaker, recorded};

/// What callers are told of themselves (numbers, words read back) and that is kept ready, in sounds; older ones make room.
const REMEMBERED: usize = 512;

/// A language and the name of a prompt, or words spoken in it.
type Key = (Language, String);

/// The sounds of the house.
pub struct Sounds {
    recordings: PathBuf,
    speaker: Speaker,
    music: Arc<Sound>,
    beep: Arc<Sound>,
    prompts: Mutex<HashMap<Key, Arc<Sound>>>,
    changing: Mutex<Vec<(Key, Arc<Sound>)>>,
    /// By frequency and length, as the flows have them.
    tones: Mutex<HashMap<(u32, u32), Arc<Sound>>>,
}

impl Sounds {
    /// Sounds that are recorded in `recordings` (`LANGUAGE/NAME.wav`; `music.wav` is the hold music), or spoken.
    pub fn new(recordings: PathBuf, speaker: Speaker) -> Self {
        let music = std::fs::read(recordings.join("music.wav")).ok().and_then(|file| Sound::from_wav(&file).ok()).unwrap_or_else(|| {
            let (rate, tune) = music::tune();
            Sound::from_pcm(rate, &tune)
        });
        Self {
            recordings,
            speaker,
            music: Arc::new(music),
            beep: Arc::new(Tone::BEEP.to_sound()),
            prompts: Mutex::default(),
            changing: Mutex::default(),
            tones: Mutex::default(),
        }
    }

    /// Makes every prompt that never changes ready, so that no caller waits for it. Answers how many could not be made.
    pub async fn prepare(&self, prompts: &Prompts) -> usize {
        let mut missing = 0;
        for (name, language, text) in prompts.fixed() {
            missing += usize::from(self.prompt(name, text, language).await.is_none());
        }
        missing
    }

    /// The playlist, if everything in it is ready.
    pub(crate) fn ready(&self, pieces: &[Piece], language: Language, id: PlayId) -> Option<Playlist> {
        let items: Option<Vec<_>> = pieces.iter().map(|piece| self.item_ready(piece, language)).collect();
        Some(playlist(items?, pieces, id))
    }

    /// The playlist, made where it is not ready. What cannot be spoken is left out: the call goes on.
    pub(crate) async fn make(&self, pieces: &[Piece], language: Language, id: PlayId) -> Playlist {
        let mut items = Vec::with_capacity(pieces.len());
        for piece in pieces {
            let made = match (self.item_ready(piece, language), piece) {
                (Some(item), _) => Some(item),
                (None, Piece::Prompt { name, text }) => self.prompt(name, text, language).await.map(PlayItem::Sound),
                (None, Piece::Say(text)) => self.said(text, language).await.map(PlayItem::Sound),
                (None, _) => None,
            };
            items.extend(made);
        }
        playlist(items, pieces, id)
    }

    /// The tone after which the caller speaks.
    pub(crate) fn beep(&self) -> Arc<Sound> {
        self.beep.clone()
    }

    fn item_ready(&self, piece: &Piece, language: Language) -> Option<PlayItem> {
        Some(match piece {
            Piece::Prompt { name, .. } => PlayItem::Sound(lock(&self.prompts).get(&(language, name.clone()))?.clone()),
            Piece::Say(text) => {
                PlayItem::Sound(lock(&self.changing).iter().find(|(key, _)| key.0 == language && key.1 == *text)?.1.clone())
            }
            Piece::Silence(ms) => PlayItem::Silence(*ms),
            Piece::Music => PlayItem::Sound(self.music.clone()),
            Piece::Tone { hz, ms } => PlayItem::Sound(self.tone(*hz, *ms)),
        })
    }

    /// A tone, worked out and encoded at its first use: flows have few, calls are many.
    fn tone(&self, hz: u32, ms: u32) -> Arc<Sound> {
        let tone = Tone { hz: hz as f32, second_hz: None, level_db: -20.0, ms };
        lock(&self.tones).entry((hz, ms)).or_insert_with(|| Arc::new(tone.to_sound())).clone()
    }

    async fn prompt(&self, name: &str, text: &str, language: Language) -> Option<Arc<Sound>> {
        let (dir, wanted) = (self.recordings.clone(), name.to_owned());
        let found = tokio::task::spawn_blocking(move || recorded(&dir, language, &wanted)).await.ok()?;
        let sound = match found {
            Ok(Some(pcm)) => Sound::from_pcm(pcm.rate, &pcm.samples),
            Ok(None) => self.spoken(text, language, true).await?,
            Err(error) => {
                tracing::warn!(event = "prompt.unusable", %error, "a recorded prompt is spoken instead");
                self.spoken(text, language, true).await?
            }
        };
        let sound = Arc::new(sound);
        lock(&self.prompts).insert((language, name.to_owned()), sound.clone());
        Some(sound)
    }

    async fn said(&self, text: &str, language: Language) -> Option<Arc<Sound>> {
        let sound = Arc::new(self.spoken(text, language, false).await?);
        let mut kept = lock(&self.changing);
        if kept.len() >= REMEMBERED {
            kept.remove(0);
        }
        kept.push(((language, text.to_owned()), sound.clone()));
        Some(sound)
    }

    /// Speaks a text, each stretch of one script by the voice of its language.
    async fn spoken(&self, text: &str, language: Language, prompt: bool) -> Option<Sound> {
        let mut whole: Option<Pcm> = None;
        for (language, stretch) in stretches(text, language) {
            let spoken =
                if prompt { self.speaker.speak_prompt(language, stretch).await } else { self.speaker.speak(language, stretch).await };
            match spoken {
                Ok(pcm) => match &mut whole {
                    Some(whole) => whole.samples.extend_from_slice(&pcm.samples),
                    None => whole = Some(Pcm::clone(&pcm)),
                },
                Err(error) => {
                    tracing::warn!(event = "prompt.unspoken", %error, "something could not be spoken to a caller");
                    return None;
                }
            }
        }
        whole.map(|pcm| Sound::from_pcm(pcm.rate, &pcm.samples))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn playlist(items: Vec<PlayItem>, pieces: &[Piece], id: PlayId) -> Playlist {
    Playlist { items, repeat: pieces.contains(&Piece::Music), id: id.0 }
}

/// Sentences of a text with the language of their script; Latin letters within a Bengali or Hindi sentence stay in it.
fn stretches(text: &str, language: Language) -> Vec<(Language, &str)> {
    let mut out: Vec<(Language, &str)> = Vec::new();
    for sentence in text.split_inclusive(['।', '.', '?', '!']) {
        let script = script(sentence).unwrap_or(language);
        match out.last_mut() {
            Some((last, stretch)) if *last == script => {
                let start = stretch.as_ptr() as usize - text.as_ptr() as usize;
                let end = sentence.as_ptr() as usize - text.as_ptr() as usize + sentence.len();
                *stretch = &text[start..end];
            }
            _ => out.push((script, sentence)),
        }
    }
    out.retain(|(_, stretch)| stretch.chars().any(char::is_alphanumeric));
    out
}

fn script(sentence: &str) -> Option<Language> {
    let count = |range: std::ops::RangeInclusive<char>| sentence.chars().filter(|c| range.contains(c)).count();
    let (bengali, devanagari) = (count('\u{980}'..='\u{9ff}'), count('\u{900}'..='\u{963}'));
    match (bengali, devanagari) {
        (0, 0) => sentence.chars().any(|c| c.is_ascii_alphabetic()).then_some(Language::En),
        (b, d) if b >= d => Some(Language::Bn),
        _ => Some(Language::Hi),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sentence_is_spoken_by_the_voice_of_its_script() {
        let text = "বাংলার জন্য এক টিপুন। हिन्दी के लिए दो दबाएँ। For English press three. Or wait.";
        let found: Vec<_> = stretches(text, Language::Bn).into_iter().map(|(l, s)| (l, s.trim().chars().count() > 5)).collect();
        assert_eq!(found, [(Language::Bn, true), (Language::Hi, true), (Language::En, true)]);
        assert_eq!(stretches("SMS যাচ্ছে।", Language::Bn).len(), 1);
        assert!(stretches("… ", Language::Bn).is_empty());
    }
}
