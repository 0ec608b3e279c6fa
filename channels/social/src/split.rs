//! Cutting a text where a provider allows only so much at once.

/// The text in pieces of at most `most`, by `weight` of each sign; cut at the end of a paragraph, else of a sentence, else
/// of a word, and never between a letter and its signs.
pub(crate) fn split(text: &str, most: usize, weight: impl Fn(char) -> usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = fits(rest, most, &weight);
        let cut = if end == rest.len() { end } else { best_cut(rest, end) };
        let (piece, after) = rest.split_at(cut);
        let piece = piece.trim();
        if !piece.is_empty() {
            pieces.push(piece.to_owned());
        }
        rest = after.trim_start();
    }
    pieces
}

/// How many bytes fit; at least one sign, so that it comes to an end.
fn fits(text: &str, most: usize, weight: impl Fn(char) -> usize) -> usize {
    let mut sum = 0;
    for (at, sign) in text.char_indices() {
        sum += weight(sign);
        if sum > most {
            return at.max(text.chars().next().map_or(0, char::len_utf8));
        }
    }
    text.len()
}

fn best_cut(text: &str, end: usize) -> usize {
    let head = &text[..end];
    let after = |found: Option<(usize, char)>| found.map(|(at, sign)| at + sign.len_utf8()).filter(|cut| *cut > end / 3);
    let last = |wanted: fn(char) -> bool| after(head.char_indices().rfind(|(_, sign)| wanted(*sign)));
    last(|c| c == '\n')
        .or_else(|| last(|c| matches!(c, '।' | '.' | '?' | '!')))
        .or_else(|| last(char::is_whitespace))
        .unwrap_or_else(|| before_signs(text, end))
}

/// The nearest place before `end` that does not tear a letter from what belongs to it.
fn before_signs(text: &str, end: usize) -> usize {
    let mut cut = end;
    while cut > 0 && text[cut..].chars().next().is_some_and(belongs_before) || joins_after(&text[..cut]) {
        let Some(sign) = text[..cut].chars().next_back() else { break };
        cut -= sign.len_utf8();
    }
    if cut == 0 { end } else { cut }
}

/// Vowel signs, nuktas, viramas and other marks of Indian scripts, combining marks, joiners, variation selectors.
fn belongs_before(c: char) -> bool {
    let indian =
        matches!(c, '\u{0900}'..='\u{0DFF}') && matches!(u32::from(c) & 0x7F, 0x00..=0x03 | 0x3C | 0x3E..=0x4D | 0x51..=0x57 | 0x62 | 0x63);
    indian
        || matches!(c, '\u{0300}'..='\u{036F}' | '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}' | '\u{20D0}'..='\u{20FF}' | '\u{1F3FB}'..='\u{1F3FF}')
}

/// A virama or joiner at the end binds the next letter.
fn joins_after(text: &str) -> bool {
    text.chars().next_back().is_some_and(|c| c == '\u{200D}' || (matches!(c, '\u{0900}'..='\u{0DFF}') && u32::from(c) & 0x7F == 0x4D))
}

#[cfg(test)]
mod tests {
    use super::split;
    use proptest::prelude::*;

    #[test]
    fn a_text_is_cut_between_sentences_and_words() {
        assert_eq!(split("short", 10, |_| 1), ["short"]);
        assert_eq!(split("One two. Three four five", 16, |_| 1), ["One two.", "Three four five"]);
        assert_eq!(split("রাস্তা ভাঙা। জল নেই।", 14, |_| 1), ["রাস্তা ভাঙা।", "জল নেই।"]);
        assert_eq!(split("", 10, |_| 1), Vec::<String>::new());
    }

    #[test]
    fn a_letter_keeps_its_signs() {
        for most in 1..8 {
            for piece in split("স্ত্রীস্ত্রীস্ত্রী", most, |_| 1) {
                if most >= 6 {
                    assert!(piece.starts_with('স'), "{most}: {piece}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_too_long(text in "[a-zঅ-হ়া-্ \n।😀]{0,200}", most in 4usize..40) {
            let pieces = split(&text, most, char::len_utf16);
            for piece in &pieces {
                prop_assert!(piece.encode_utf16().count() <= most);
            }
            let joined: String = pieces.concat().chars().filter(|c| !c.is_whitespace()).collect();
            let whole: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            prop_assert_eq!(joined, whole);
        }
    }
}
