//! Text as people write it, made comparable: one form of Unicode, one set of digits, one spelling of a sound.

use crate::phone::digit_value;
use unicode_normalization::UnicodeNormalization;

/// NFC, with Bengali and Devanagari digits as ASCII. Lengths may change; meaning does not.
pub fn normal(text: &str) -> String {
    text.nfc().map(|c| digit_value(c).unwrap_or(c)).collect()
}

/// A name without the differences that mean nothing: case, digits' script, marks of joining and nukta, punctuation, spaces.
/// Words are separated by one space.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfd() {
        if is_joiner(c) || is_nukta(c) || matches!(c, '\'' | '’') {
            continue;
        }
        if c.is_alphanumeric() || is_indic_sign(c) {
            out.extend(digit_value(c).unwrap_or(c).to_lowercase());
        } else if !out.ends_with(' ') && !out.is_empty() {
            out.push(' ');
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// How a name sounds, roughly, whatever script and spelling it is written in: its consonants, without breath, length and
/// doubling. সিঙ্গুর, Singur and Singoor are one; so are হাওড়া, Howrah and Haora. Very different names can fall together, so that
/// what is found by sound is a suggestion among the names of a list, never a proof.
pub fn sound(text: &str) -> String {
    let letters = if text.is_ascii() { text.to_ascii_lowercase() } else { latin(text) };
    fold(&letters)
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200d}' | '\u{feff}')
}

fn is_nukta(c: char) -> bool {
    matches!(c, '\u{9bc}' | '\u{93c}')
}

/// Vowel signs and marks of Bengali and Devanagari, which are no letters to Unicode.
fn is_indic_sign(c: char) -> bool {
    matches!(c, '\u{900}'..='\u{963}' | '\u{981}'..='\u{9e3}')
}

const VIRAMA: [char; 2] = ['\u{9cd}', '\u{94d}'];
/// Candrabindu and anusvara: a letter n that no vowel follows.
const NASALS: [char; 4] = ['\u{981}', '\u{982}', '\u{901}', '\u{902}'];

/// Bengali and Devanagari letters in Latin ones; others as they are, in lower case.
fn latin(text: &str) -> String {
    let letters: Vec<char> = text.nfd().filter(|c| !is_joiner(*c)).collect();
    let mut out = String::with_capacity(letters.len() * 2);
    for (at, c) in letters.iter().enumerate() {
        let (before, after) = (at.checked_sub(1).map(|i| letters[i]), letters.get(at + 1).copied());
        let joined = before.is_some_and(|b| VIRAMA.contains(&b));
        let has_nukta = after.is_some_and(is_nukta);
        let after_m = joined && at >= 2 && matches!(letters[at - 2], 'ম' | 'म');
        match letter(*c, has_nukta) {
            Some("s") if joined && at >= 2 && matches!(letters[at - 2], 'ক' | 'क') => {} // ক্ষ is one sound
            Some("j") if joined && matches!(c, 'য' | 'य') => {}
            Some("b") if joined && !after_m && matches!(c, 'ব') => {} // ব-ফলা is silent
            Some(latin) => {
                out.push_str(latin);
                if !after.is_some_and(|next| VIRAMA.contains(&next)) && !NASALS.contains(c) {
                    out.push('a'); // keeps letters apart that are no conjunct: ন-গ is not ঙ
                }
            }
            None if VIRAMA.contains(c) || is_nukta(*c) => {}
            None => out.extend(c.to_lowercase()),
        }
    }
    out
}

fn letter(c: char, has_nukta: bool) -> Option<&'static str> {
    Some(match c {
        'ড' | 'ঢ' | 'ड' | 'ढ' if has_nukta => "r",
        'য' if has_nukta => "y",
        'ক' | 'খ' | 'क' | 'ख' => "k",
        'গ' | 'ঘ' | 'ग' | 'घ' => "g",
        '\u{981}' | '\u{901}' | 'ঙ' | 'ঞ' | 'ণ' | 'ন' | 'ङ' | 'ञ' | 'ण' | 'न' | 'ং' | 'ं' => "n",
        'চ' | 'ছ' | 'च' | 'छ' => "c",
        'জ' | 'ঝ' | 'য' | 'ज' | 'झ' => "j",
        'य' => "y",
        'ট' | 'ঠ' | 'ত' | 'থ' | 'ৎ' | 'ट' | 'ठ' | 'त' | 'थ' => "t",
        'ড' | 'ঢ' | 'দ' | 'ধ' | 'ड' | 'ढ' | 'द' | 'ध' => "d",
        'প' | 'ফ' | 'प' | 'फ' => "p",
        'ব' | 'ভ' | 'ब' | 'भ' => "b",
        'व' => "w",
        'ম' | 'म' => "m",
        'র' | 'र' => "r",
        'ল' | 'ल' => "l",
        'শ' | 'ষ' | 'স' | 'श' | 'ष' | 'स' => "s",
        'হ' | 'ह' => "h",
        'অ'..='ঔ' | 'अ'..='औ' => "a",
        '\u{983}' | '\u{903}' => "",
        '\u{9be}'..='\u{9cc}' | '\u{9d7}' | '\u{93e}'..='\u{94c}' => "a",
        _ => return None,
    })
}

/// Consonants only, without breath and doubling; a vowel counts only where the name begins with one.
fn fold(latin: &str) -> String {
    let letters: Vec<char> = latin.chars().filter(|c| c.is_alphanumeric()).collect();
    let mut out = String::with_capacity(letters.len());
    let mut at = 0;
    while let Some(c) = letters.get(at).copied() {
        let (next, third) = (letters.get(at + 1).copied(), letters.get(at + 2).copied());
        let (folded, taken) = match (c, next, third) {
            ('k', Some('s'), Some('h')) | ('k', Some('k'), Some('h')) => ('k', 3),
            ('c', Some('h'), _) => ('c', 2),
            ('c', Some('k'), _) => ('k', 2),
            ('n', Some('g'), _) => ('n', 2),
            ('a' | 'e' | 'i' | 'o' | 'u', ..) => ('a', 1),
            ('v', ..) => ('b', 1),
            ('f', ..) => ('p', 1),
            ('q', ..) => ('k', 1),
            ('z', ..) => ('j', 1),
            (other, ..) => (digit_value(other).unwrap_or(other), 1),
        };
        at += taken;
        let silent = matches!(folded, 'a' | 'w' | 'y' | 'h') && !out.is_empty();
        if !silent && (folded.is_ascii_digit() || !out.ends_with(folded)) {
            out.push(folded);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sound_in_every_spelling_and_script() {
        for same in [
            &["সিঙ্গুর", "Singur", "Singoor", "सिंगुर"][..],
            &["হাওড়া", "Howrah", "Haora", "हावड़ा"],
            &["বাঁকুড়া", "Bankura", "Bankurah"],
            &["কাকদ্বীপ", "Kak Dwip", "Kakdwip", "KAKDWIP"],
            &["ক্যানিং", "Canning"],
            &["ঝাড়গ্রাম", "Jhargram", "Jhaargram"],
            &["বিষ্ণুপুর", "Bishnupur", "Vishnupur"],
            &["আমতা", "Amta", "Aamta"],
            &["জয়নগর", "Jaynagar", "Joynagar"],
            &["যাদবপুর", "Jadavpur"],
            &["ক্ষীরপাই", "Kshirpai", "Khirpai"],
            &["ডায়মন্ড হারবার", "Diamond Harbour"],
        ] {
            let sounds: Vec<String> = same.iter().map(|name| sound(name)).collect();
            assert!(sounds.windows(2).all(|two| two[0].replace('c', "k") == two[1].replace('c', "k")), "{same:?} sound as {sounds:?}");
        }
        assert_ne!(sound("Amta"), sound("Mata"));
        assert_ne!(sound("Bankura"), sound("Bongaon"));
    }

    #[test]
    fn a_name_is_plain_whatever_its_dress() {
        assert_eq!(plain("  উত্তর  ২৪-পরগনা "), "উত্তর 24 পরগনা");
        assert_eq!(plain("Cooper's  CAMP"), "coopers camp");
        assert_eq!(plain("হাওড়া"), plain("হাওড়া"), "composed and decomposed");
        assert_eq!(normal("৯৮৩০० क़"), normal("98300 क\u{93c}"));
        assert_eq!(plain("\u{200d}\u{feff}…"), "");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_taken(text in "\\PC{0,40}") {
            let once = plain(&text);
            proptest::prop_assert_eq!(plain(&once), once);
            proptest::prop_assert!(sound(&text).len() <= text.len() * 4 + 4);
            proptest::prop_assert_eq!(normal(&normal(&text)), normal(&text));
        }
    }
}
