//! One form for Bengali, Hindi and Latin letters: what remains of a word when spelling and script are taken away.
//!
//! Consonants without breath, length and doubling; of the vowels only i, u and e, because a, o and the inherent vowel are
//! romanised at will. রেশন, राशन and "rashon" come near each other; জল and "jol" meet.

use daak_domain::phone::digit_value;
use unicode_normalization::UnicodeNormalization;

/// The skeleton of a folded or written word.
pub fn skeleton(word: &str) -> String {
    let letters: Vec<char> =
        word.nfd().flat_map(char::to_lowercase).filter(|c| !matches!(c, '\u{200b}'..='\u{200d}' | '\'' | '’')).collect();
    let mut out = Skeleton::default();
    if letters.iter().any(char::is_ascii_alphabetic) {
        latin(&letters, &mut out)
    } else {
        indic(&letters, &mut out)
    }
    out.0
}

/// The consonants of a skeleton, and its first letter.
pub fn consonants(skeleton: &str) -> String {
    let mut out = Skeleton::default();
    for (at, c) in skeleton.chars().enumerate() {
        if at == 0 || !matches!(c, 'i' | 'u' | 'e') {
            out.put(c);
        }
    }
    out.0
}

#[derive(Default)]
struct Skeleton(String);

impl Skeleton {
    fn put(&mut self, c: char) {
        if c.is_ascii_digit() || !self.0.ends_with(c) {
            self.0.push(c);
        }
    }

    /// A vowel that is only kept where a word begins with it.
    fn weak(&mut self) {
        if self.0.is_empty() {
            self.0.push('a');
        }
    }
}

fn latin(letters: &[char], out: &mut Skeleton) {
    let at = |i: usize| letters.get(i).copied().unwrap_or(' ');
    let mut i = 0;
    while i < letters.len() {
        let (c, next, third) = (at(i), at(i + 1), at(i + 2));
        let before = i.checked_sub(1).map_or(' ', at);
        let (put, taken) = match (c, next, third) {
            ('k', 's', 'h') | ('k', 'k', 'h') | ('k', 'h', 'y') => ('k', 3),
            ('c', 'h', 'h') | ('t', 'c', 'h') => ('c', 3),
            ('c', 'h', _) => ('c', 2),
            ('s', 'h', _) => ('s', 2),
            ('p', 'h', _) => ('p', 2),
            ('c', 'k', _) | ('k', 's', _) => ('k', 2),
            ('n', 'g', _) => ('n', 2),
            ('e', 'e', _) | ('a' | 'o', 'i', _) => ('i', 2),
            ('o', 'o' | 'u', _) | ('a', 'u', _) => ('u', 2),
            ('c' | 'q' | 'x', ..) => ('k', 1),
            ('w', ..) if matches!(before, 's' | 'd' | 't') => (' ', 1),
            ('v' | 'w', ..) => ('b', 1),
            ('f', ..) => ('p', 1),
            ('z', ..) => ('j', 1),
            ('y', ..) => (if i == 0 { 'j' } else { ' ' }, 1),
            ('h', ..) if i > 0 && !matches!(before, 'a' | 'e' | 'i' | 'o' | 'u') => (' ', 1),
            ('a' | 'o', ..) => ('a', 1),
            (other, ..) if digit_value(other).is_some() => (digit_value(other).unwrap_or(other), 1),
            (other, ..) if other.is_alphanumeric() => (other, 1),
            _ => (' ', 1),
        };
        match put {
            ' ' => {}
            'a' => out.weak(),
            put => out.put(put),
        }
        i += taken;
    }
}

fn indic(letters: &[char], out: &mut Skeleton) {
    for (at, c) in letters.iter().copied().enumerate() {
        let joined = at > 0 && is_virama(letters[at - 1]);
        let nukta = letters.get(at + 1).is_some_and(|n| matches!(n, '\u{9bc}' | '\u{93c}'));
        let put = match c {
            'ড' | 'ঢ' | 'ड' | 'ढ' if nukta => 'r',
            'য' if nukta => ' ',
            'য' | 'य' if joined || (c == 'य' && !out.0.is_empty()) => ' ',
            'ব' | 'व' if joined && at >= 2 && matches!(letters[at - 2], 'স' | 'শ' | 'দ' | 'ত' | 'स' | 'द' | 'त') => ' ',
            'ষ' | 'ष' if joined && at >= 2 && matches!(letters[at - 2], 'ক' | 'क') => ' ',
            'ক' | 'খ' | 'क' | 'ख' => 'k',
            'গ' | 'ঘ' | 'ग' | 'घ' => 'g',
            'ঙ' | 'ঞ' | 'ণ' | 'ন' | 'ं' | 'ং' | 'ङ' | 'ञ' | 'ण' | 'न' => 'n',
            'চ' | 'ছ' | 'च' | 'छ' => 'c',
            'জ' | 'ঝ' | 'য' | 'ज' | 'झ' | 'य' => 'j',
            'ট' | 'ঠ' | 'ত' | 'থ' | 'ৎ' | 'ट' | 'ठ' | 'त' | 'थ' => 't',
            'ড' | 'ঢ' | 'দ' | 'ধ' | 'ड' | 'ढ' | 'द' | 'ध' => 'd',
            'প' | 'ফ' | 'प' | 'फ' => 'p',
            'ব' | 'ভ' | 'ब' | 'भ' | 'व' => 'b',
            'ম' | 'म' => 'm',
            'র' | 'र' => 'r',
            'ল' | 'ल' => 'l',
            'শ' | 'ষ' | 'স' | 'श' | 'ष' | 'स' => 's',
            'হ' | 'ह' => 'h',
            'ই' | 'ঈ' | 'ঐ' | 'ি' | 'ী' | 'ৈ' | 'इ' | 'ई' | 'ि' | 'ी' => 'i',
            'উ' | 'ঊ' | 'ঔ' | 'ু' | 'ূ' | 'ৌ' | 'उ' | 'ऊ' | 'औ' | 'ु' | 'ू' | 'ौ' => 'u',
            'এ' | 'ে' | 'ए' | 'ऐ' | 'े' | 'ै' => 'e',
            'অ' | 'আ' | 'ও' | 'अ' | 'आ' | 'ओ' | 'ऑ' => {
                out.weak();
                ' '
            }
            'ৃ' | 'ृ' => {
                out.put('r');
                'i'
            }
            other => digit_value(other).unwrap_or(' '),
        };
        if put != ' ' {
            out.put(put);
        }
    }
}

fn is_virama(c: char) -> bool {
    matches!(c, '\u{9cd}' | '\u{94d}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_meet() {
        for (a, b) in [
            ("জল", "jol"),
            ("ভাতা", "vata"),
            ("বিধবা", "bidhoba"),
            ("विधवा", "vidhwa"),
            ("স্বাস্থ্য", "swasthya"),
            ("হাসপাতাল", "haspatal"),
            ("লক্ষ্মীর", "laxmir"),
            ("बिजली", "bijli"),
            ("বিদ্যুৎ", "bidyut"),
            ("পরিযায়ী", "porijayi"),
        ] {
            assert_eq!(skeleton(a), skeleton(b), "{a} {b}");
        }
        assert_eq!(consonants(&skeleton("রেশন")), consonants(&skeleton("ration").replace('t', "s")));
    }

    proptest::proptest! {
        #[test]
        fn any_word_is_taken(word in "\\PC{0,30}") {
            let once = skeleton(&word);
            proptest::prop_assert!(once.is_ascii() || once.chars().all(char::is_alphanumeric));
            consonants(&once);
        }
    }
}
