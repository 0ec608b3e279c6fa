//! Bengali and Hindi in Latin letters, as people type them: each sound in one of several ways, by chance.

use crate::chance::Chance;
use unicode_normalization::UnicodeNormalization;

/// `text` with its Bengali and Devanagari letters in Latin ones.
pub fn romanised(text: &str, chance: &mut Chance) -> String {
    let letters: Vec<char> = text.nfd().filter(|c| !matches!(c, '\u{200b}'..='\u{200d}')).collect();
    let inherent = *chance.one(&["o", "o", "a"]);
    let mut out = String::with_capacity(letters.len() * 2);
    for (at, c) in letters.iter().copied().enumerate() {
        let next = letters.get(at + 1).copied().unwrap_or(' ');
        let nukta = matches!(next, '\u{9bc}' | '\u{93c}');
        let joined = at > 0 && matches!(letters[at - 1], '\u{9cd}' | '\u{94d}');
        let Some(sound) = consonant(c, nukta, joined) else {
            out.push_str(&other(c, chance));
            continue;
        };
        let bengali = ('\u{980}'..'\u{a00}').contains(&c);
        let heard: &&str = chance.one(sound);
        out.push_str(heard);
        let after = letters.get(at + 1 + usize::from(nukta)).copied().unwrap_or(' ');
        let bare = !is_sign(after) && after.is_alphanumeric();
        if bare && follows(&letters, at + 1 + usize::from(nukta)) {
            out.push_str(if bengali { inherent } else { "a" });
        }
    }
    out
}

/// Whether the inherent vowel is heard before the letter at `at`: not where a word ends in that letter after a vowel.
fn follows(letters: &[char], at: usize) -> bool {
    let next = letters.get(at + 1).copied().unwrap_or(' ');
    !is_vowel_sign(next) || letters.get(at.wrapping_sub(2)).is_none_or(|before| !before.is_alphanumeric() && !is_sign(*before))
}

fn is_vowel_sign(c: char) -> bool {
    matches!(c, '\u{9be}'..='\u{9cc}' | '\u{93e}'..='\u{94c}')
}

fn is_sign(c: char) -> bool {
    is_vowel_sign(c) || matches!(c, '\u{9cd}' | '\u{94d}' | '\u{9bc}' | '\u{93c}')
}

fn consonant(c: char, nukta: bool, joined: bool) -> Option<&'static [&'static str]> {
    Some(match c {
        'ড' | 'ঢ' | 'ड' | 'ढ' if nukta => &["r", "r", "rh", "d"],
        'য' if nukta => &["y", "", "y", "e"],
        'য' if joined => &["y", "", "j"],
        'ব' if joined => &["w", "", "b"],
        'ক' | 'क' => &["k"],
        'খ' | 'ख' => &["kh", "kh", "k"],
        'গ' | 'ग' => &["g"],
        'ঘ' | 'घ' => &["gh", "gh", "g"],
        'ঙ' | 'ङ' => &["ng"],
        'চ' | 'च' => &["ch", "ch", "c"],
        'ছ' | 'छ' => &["ch", "chh", "6"],
        'জ' | 'ज' => &["j", "j", "z"],
        'ঝ' | 'झ' => &["jh", "j"],
        'ঞ' | 'ञ' => &["n"],
        'ট' | 'ट' | 'ত' | 'त' | 'ৎ' => &["t"],
        'ঠ' | 'ठ' | 'থ' | 'थ' => &["th", "th", "t"],
        'ড' | 'ड' | 'দ' | 'द' => &["d"],
        'ঢ' | 'ढ' | 'ধ' | 'ध' => &["dh", "dh", "d"],
        'ণ' | 'ন' | 'ण' | 'न' => &["n"],
        'প' | 'प' => &["p"],
        'ফ' | 'फ' => &["f", "ph"],
        'ব' | 'ब' => &["b"],
        'व' => &["v", "w"],
        'ভ' | 'भ' => &["bh", "v", "bh"],
        'ম' | 'म' => &["m"],
        'য' => &["j", "z", "j"],
        'य' => &["y"],
        'র' | 'र' => &["r"],
        'ল' | 'ल' => &["l"],
        'শ' | 'ষ' | 'श' | 'ष' => &["sh", "s"],
        'স' | 'स' => &["s", "s", "sh"],
        'হ' | 'ह' => &["h"],
        _ => return None,
    })
}

fn other(c: char, chance: &mut Chance) -> String {
    let ways: &[&str] = match c {
        'অ' => &["o", "a"],
        'আ' | 'आ' | '\u{9be}' | '\u{93e}' => &["a", "a", "a", "aa"],
        'अ' => &["a"],
        'ই' | '\u{9bf}' | 'इ' | '\u{93f}' => &["i"],
        'ঈ' | '\u{9c0}' | 'ई' | '\u{940}' => &["i", "i", "ee"],
        'উ' | '\u{9c1}' | 'उ' | '\u{941}' => &["u"],
        'ঊ' | '\u{9c2}' | 'ऊ' | '\u{942}' => &["u", "oo"],
        'এ' | '\u{9c7}' | 'ए' | '\u{947}' => &["e"],
        'ঐ' | '\u{9c8}' => &["oi", "ai"],
        'ऐ' | '\u{948}' => &["ai", "e"],
        'ও' | '\u{9cb}' | 'ओ' | '\u{94b}' | 'ऑ' | '\u{949}' => &["o"],
        'ঔ' | '\u{9cc}' => &["ou"],
        'औ' | '\u{94c}' => &["au", "o"],
        'ঋ' | '\u{9c3}' | 'ऋ' | '\u{943}' => &["ri"],
        'ং' => &["ng"],
        'ं' | 'ँ' => &["n", ""],
        'ঁ' => &["", "", "n"],
        '\u{9cd}' | '\u{94d}' | '\u{9bc}' | '\u{93c}' | '\u{983}' | '\u{903}' => &[""],
        '।' => &[".", " "],
        other => return daak_domain::phone::digit_value(other).unwrap_or(other).to_string(),
    };
    (*chance.one(ways)).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::skeleton::skeleton;

    #[test]
    fn what_is_romanised_keeps_its_skeleton() {
        let mut chance = Chance::new(1);
        for word in ["জল", "ভাতা", "রেশন", "বিধবা", "हमारे", "बिजली", "টাকা", "রাস্তা"]
        {
            for _ in 0..20 {
                let latin = romanised(word, &mut chance);
                assert!(latin.is_ascii(), "{latin}");
                assert_eq!(skeleton(&latin), skeleton(word), "{word} {latin}");
            }
        }
    }
}
