//! What speaks against a machine's text. Whisper never falls silent: on noise, music or a
//! language it does not know it invents, repeats itself, or writes in another script. Such text
//! is marked, with the reason, and decides nothing.

use crate::{Recognition, Trust, Word};
use daak_domain::language::Language;
use std::time::Duration;
use unicode_normalization::UnicodeNormalization;

/// What an engine gave, before it is judged.
pub(crate) struct Draft<'a> {
    pub text: &'a str,
    pub words: Vec<Word>,
    /// Mean probability of the tokens, or `None` where the engine tells none.
    pub confidence: Option<f32>,
    pub language: Language,
    pub trust: Trust,
    pub clip: Duration,
    /// How long somebody seems to speak in the clip.
    pub sounding: Duration,
    pub took: Duration,
    pub cpu: Duration,
    /// What the engine was told beforehand, if anything.
    pub prompt: Option<&'a str>,
}

/// Fastest speech that is believed: letters a second. Quick English has 20.
const FASTEST: f32 = 32.0;
/// Mean probability below which the engine itself is guessing.
const UNSURE: f32 = 0.35;
/// Share of letters that must be of the language's script.
const OWN_SCRIPT: f32 = 0.8;

/// Judges a draft.
pub(crate) fn judge(draft: Draft<'_>) -> Recognition {
    let text: String = draft.text.nfc().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
    let hint = draft.trust == Trust::Hint;
    let why = fault(&text, &draft, hint);
    Recognition {
        trusted: why.is_none() && draft.trust == Trust::Record,
        hint,
        reliable: why.is_none(),
        why_unreliable: why,
        language: draft.language,
        confidence: draft.confidence.unwrap_or(0.5).clamp(0.0, 1.0),
        words: draft.words,
        clip: draft.clip,
        took: draft.took,
        cpu: draft.cpu,
        text,
    }
}

fn fault(text: &str, draft: &Draft<'_>, hint: bool) -> Option<&'static str> {
    let letters = text.chars().filter(|c| c.is_alphanumeric()).count() as f32;
    let sounding = draft.sounding.as_secs_f32();
    if letters == 0.0 {
        Some("nothing was understood")
    } else if sounding < 0.2 {
        Some("there is text although hardly anything sounds")
    } else if repeats(text) {
        Some("the text repeats itself")
    } else if letters > FASTEST * draft.clip.as_secs_f32().max(1.0) {
        Some("more text than anybody can say in that time")
    } else if sounding > 8.0 && letters < sounding {
        Some("hardly any text for so long a speech")
    } else if share_of_script(text, draft.language, hint) < OWN_SCRIPT {
        Some("the text is in letters of another language")
    } else if draft.prompt.is_some_and(|prompt| echoes(text, prompt)) {
        Some("the text is an echo of the prompt")
    } else if draft.confidence.is_some_and(|c| c < UNSURE) {
        Some("the recogniser itself is unsure")
    } else {
        None
    }
}

/// The same run of letters over and over, at least four times and for at least 16 letters; or a
/// long text made of few words.
fn repeats(text: &str) -> bool {
    let letters: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    let looped = (1..=60).any(|period| {
        let mut same = 0;
        letters.iter().zip(letters.iter().skip(period)).any(|(a, b)| {
            same = if a == b { same + 1 } else { 0 };
            // The first round is not counted by the comparison.
            same >= 3 * period && same + period >= 16
        })
    });
    let words: Vec<String> = text.split(' ').map(str::to_lowercase).collect();
    let distinct = words.iter().collect::<std::collections::HashSet<_>>().len();
    looped || (words.len() >= 30 && distinct * 5 < words.len())
}

fn share_of_script(text: &str, language: Language, hint: bool) -> f32 {
    let own = |c: char| match language {
        _ if hint => c.is_ascii_alphabetic() || ('\u{c0}'..='\u{24f}').contains(&c),
        Language::En => c.is_ascii_alphabetic() || ('\u{c0}'..='\u{24f}').contains(&c),
        Language::Bn => ('\u{980}'..='\u{9ff}').contains(&c),
        Language::Hi | Language::Ne => ('\u{900}'..='\u{97f}').contains(&c),
        Language::Ur => ('\u{600}'..='\u{6ff}').contains(&c) || ('\u{750}'..='\u{77f}').contains(&c),
    };
    let letters: Vec<char> = text.chars().filter(|c| c.is_alphabetic()).collect();
    if letters.is_empty() { 1.0 } else { letters.iter().filter(|c| own(**c)).count() as f32 / letters.len() as f32 }
}

/// Five words running that the prompt has too, or the whole of a shorter text of at least three.
fn echoes(text: &str, prompt: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let plain = text.split_whitespace().map(|w| w.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect());
        plain.filter(|w: &String| !w.is_empty()).collect()
    };
    let (said, told) = (words(text), words(prompt));
    let run = said.len().min(5);
    run >= 3 && said.windows(run).any(|few| told.windows(run).any(|window| window == few))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(text: &str, language: Language, seconds: f32) -> Draft<'_> {
        let clip = Duration::from_secs_f32(seconds);
        let trust = Trust::Record;
        Draft {
            text,
            words: Vec::new(),
            confidence: Some(0.8),
            language,
            trust,
            clip,
            sounding: clip,
            took: Duration::ZERO,
            cpu: Duration::ZERO,
            prompt: None,
        }
    }

    #[test]
    fn sound_text_is_trusted_where_the_language_is() {
        let good = "  The road  from the school to the market has been broken since June. ";
        let judged = judge(draft(good, Language::En, 5.0));
        assert!(judged.reliable && judged.trusted, "{:?}", judged.why_unreliable);
        assert_eq!(judged.text, "The road from the school to the market has been broken since June.");
        let untrusted = judge(Draft { trust: Trust::Draft, ..draft(good, Language::En, 5.0) });
        assert!(untrusted.reliable && !untrusted.trusted);
        let counted = judge(draft("one two two one nine eight three three zero five", Language::En, 6.0));
        assert!(counted.reliable, "digits may repeat: {:?}", counted.why_unreliable);
        assert!(judge(draft("रास्ता टूटा हुआ है", Language::Hi, 3.0)).reliable);
        assert!(judge(draft("রাস্তা ভেঙে গেছে", Language::Bn, 3.0)).reliable);
    }

    #[test]
    fn each_fault_is_named() {
        let again = "thank you very much ".repeat(8);
        let long = "words ".repeat(3) + &"abcdefghij klmnop qrstuv ".repeat(2);
        let cases = [
            ("", Language::En, 5.0, "nothing"),
            (" … ", Language::En, 5.0, "nothing"),
            ("1.1.1.1.1.1.1.1.1.1.1.1", Language::En, 20.0, "repeats"),
            (again.as_str(), Language::En, 20.0, "repeats"),
            ("আআআআআআআআআআআআআআআআআআআআ", Language::Bn, 20.0, "repeats"),
            (long.as_str(), Language::En, 1.0, "more text"),
            ("yes", Language::En, 25.0, "hardly any text"),
            ("mera ration card nahin bana", Language::Hi, 4.0, "another language"),
            ("میرا راشن کارڈ نہیں بنا", Language::Hi, 4.0, "another language"),
            ("amar rashon card hoyni", Language::Bn, 4.0, "another language"),
        ];
        for (text, language, seconds, expected) in cases {
            let why = judge(draft(text, language, seconds)).why_unreliable.unwrap_or("no fault");
            assert!(why.contains(expected), "{text:?}: {why}, expected {expected}");
        }
        let silent = Draft { sounding: Duration::ZERO, ..draft("Thank you.", Language::En, 5.0) };
        assert_eq!(judge(silent).why_unreliable, Some("there is text although hardly anything sounds"));
        let unsure = judge(Draft { confidence: Some(0.2), ..draft("perhaps a road", Language::En, 2.0) });
        assert!(!unsure.reliable && !unsure.trusted);
    }

    #[test]
    fn a_hint_is_in_latin_letters_and_never_trusted() {
        let hint = |text| {
            judge(Draft { trust: Trust::Hint, prompt: Some("Amar rashon card hoyni. Rasta kharap."), ..draft(text, Language::Bn, 4.0) })
        };
        let good = hint("hamader gramer rasta bhenge geche");
        assert!(good.hint && good.reliable && !good.trusted);
        assert!(!hint("আমার রেশন কার্ড").reliable);
        assert_eq!(hint("Amar rashon card hoyni").why_unreliable, Some("the text is an echo of the prompt"));
        assert_eq!(hint("rasta kharap").why_unreliable, None, "two words may well be what was said");
    }

    #[test]
    fn nothing_that_an_engine_may_write_breaks_the_judge() {
        let odd = ["\u{0}", "\u{202e}abc", "🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂", "\u{9cd}\u{9cd}", "a"];
        for text in odd.into_iter().map(str::to_owned).chain([("x".repeat(100_000)), "ab ".repeat(50_000)]) {
            for language in [Language::Bn, Language::Hi, Language::En, Language::Ne, Language::Ur] {
                for seconds in [0.0, 0.1, 600.0] {
                    judge(draft(&text, language, seconds));
                }
            }
        }
    }
}
