//! In which language a text is written: by script, then by small words, also where Bengali or Hindi is typed in Latin letters.

use daak_domain::language::Language;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};

/// What language a text is in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tongue {
    /// The language.
    pub language: Language,
    /// Bengali or Hindi in Latin letters.
    pub romanised: bool,
    /// 0 to 1.
    pub confidence: f32,
}

/// Small words by language and script, as data: `[language] bn_latin = […]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmallWords {
    bn_latin: Vec<String>,
    hi_latin: Vec<String>,
    en: Vec<String>,
    hi_devanagari: Vec<String>,
    ne_devanagari: Vec<String>,
}

/// Tells languages apart.
#[derive(Debug, Clone)]
pub struct Languages {
    latin: HashMap<String, Language>,
    devanagari: HashMap<String, Language>,
}

impl Languages {
    /// From the small words.
    ///
    /// # Errors
    /// A sentence if a word is claimed by two languages of one script: it would tell nothing.
    pub fn new(words: SmallWords) -> Result<Self, String> {
        let latin = [(words.bn_latin, Language::Bn), (words.hi_latin, Language::Hi), (words.en, Language::En)];
        let devanagari = [(words.hi_devanagari, Language::Hi), (words.ne_devanagari, Language::Ne)];
        Ok(Self { latin: by_word(latin)?, devanagari: by_word(devanagari)? })
    }

    /// The language of `text`; the default with no confidence where there are no letters.
    pub fn detect(&self, text: &str) -> Tongue {
        let [mut bengali, mut devanagari, mut arabic, mut latin] = [0usize; 4];
        for c in text.chars().take(super::fold::LOOKED_AT) {
            match c {
                '\u{0980}'..='\u{09FF}' => bengali += 1,
                '\u{0900}'..='\u{0963}' | '\u{0970}'..='\u{097F}' => devanagari += 1,
                '\u{0600}'..='\u{06FF}' | '\u{0750}'..='\u{077F}' => arabic += 1,
                'a'..='z' | 'A'..='Z' => latin += 1,
                _ => {}
            }
        }
        let all = bengali + devanagari + arabic + latin;
        if all == 0 {
            return Tongue { language: Language::default(), romanised: false, confidence: 0.0 };
        }
        let share = |n: usize| n as f32 / all as f32;
        // Latin names and scheme words stand inside Indic text more often than the other way round.
        if latin as f32 <= 0.7 * all as f32 {
            let (language, count) = [(Language::Bn, bengali), (Language::Hi, devanagari), (Language::Ur, arabic)]
                .into_iter()
                .max_by_key(|(_, n)| *n)
                .unwrap_or_default();
            if language == Language::Hi {
                let (language, sure) = vote(&self.devanagari, text, Language::Hi);
                return Tongue { language, romanised: false, confidence: sure.max(0.6) * share(count).max(0.5) };
            }
            return Tongue { language, romanised: false, confidence: share(count).max(0.5) };
        }
        let (language, confidence) = vote(&self.latin, text, Language::En);
        Tongue { language, romanised: language != Language::En, confidence }
    }
}

/// The language with the most small words in the text, and how clear that is.
fn vote(words: &HashMap<String, Language>, text: &str, fallback: Language) -> (Language, f32) {
    let mut votes: BTreeMap<&str, (Language, usize)> = BTreeMap::new();
    let lower = text.chars().take(super::fold::LOOKED_AT).collect::<String>().to_lowercase();
    for word in lower.split(|c: char| c.is_whitespace() || c.is_ascii_punctuation() || matches!(c, '।' | '’')) {
        if let Some(language) = words.get(word) {
            votes.entry(language.code()).or_insert((*language, 0)).1 += 1;
        }
    }
    let total: usize = votes.values().map(|(_, n)| n).sum();
    let best = votes.into_values().max_by_key(|(language, n)| (*n, *language == fallback));
    match best {
        Some((language, n)) => (language, (n as f32 / total as f32) * (n as f32 / (n as f32 + 0.5))),
        None => (fallback, 0.3),
    }
}

fn by_word<const N: usize>(lists: [(Vec<String>, Language); N]) -> Result<HashMap<String, Language>, String> {
    let mut map = HashMap::new();
    for (words, language) in lists {
        for word in words {
            if let Some(other) = map.insert(word.to_lowercase(), language)
                && other != language
            {
                return Err(format!("the small word {word:?} stands for {other} and for {language}: leave it out of both"));
            }
        }
    }
    Ok(map)
}
