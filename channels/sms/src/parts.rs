//! How many parts a text takes on the air (3GPP TS 23.038 and TS 23.040 §9.2.3.24.1).

/// The alphabet in which a text is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// The GSM 7-bit default alphabet with its extension table: 160 septets, or 153 in each of several parts.
    Gsm7,
    /// UCS-2 (sent as UTF-16): 70 units, or 67 in each of several parts. Bengali and Hindi always need it.
    Ucs2,
}

impl Encoding {
    /// The alphabet that `text` needs.
    pub fn of(text: &str) -> Self {
        if text.chars().all(|c| septets(c).is_some()) { Encoding::Gsm7 } else { Encoding::Ucs2 }
    }

    /// Units that fit where there is one part only.
    pub const fn single(self) -> usize {
        match self {
            Encoding::Gsm7 => 160,
            Encoding::Ucs2 => 70,
        }
    }

    /// Units that fit in each of several parts, beside the header that joins them.
    pub const fn each(self) -> usize {
        match self {
            Encoding::Gsm7 => 153,
            Encoding::Ucs2 => 67,
        }
    }

    /// Units that one character takes.
    fn units(self, c: char) -> usize {
        match self {
            Encoding::Gsm7 => septets(c).unwrap_or(1),
            Encoding::Ucs2 => c.len_utf16(),
        }
    }
}

/// What a text amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// Its alphabet.
    pub encoding: Encoding,
    /// Septets or UTF-16 units in all.
    pub units: usize,
    /// Messages on the air; an empty text is one.
    pub parts: usize,
}

/// Counts the parts of `text` as a phone and a carrier count them: a pair of escape and character, or
/// of surrogates, is never split, so a part may end one unit early.
pub fn count(text: &str) -> Parts {
    let encoding = Encoding::of(text);
    let units = text.chars().map(|c| encoding.units(c)).sum();
    let parts = if units <= encoding.single() { 1 } else { pieces(text, encoding).count() };
    Parts { encoding, units, parts }
}

/// The text of each part, in order. Together they are `text`.
pub fn split(text: &str) -> Vec<&str> {
    let counted = count(text);
    if counted.parts == 1 { vec![text] } else { pieces(text, counted.encoding).collect() }
}

fn pieces(text: &str, encoding: Encoding) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut used = 0;
        let end = rest
            .char_indices()
            .find(|&(_, c)| {
                used += encoding.units(c);
                used > encoding.each()
            })
            .map_or(rest.len(), |(at, _)| at);
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}

/// Septets that a character takes in the default alphabet: 1, or 2 through the escape; `None` if it has no place there.
fn septets(c: char) -> Option<usize> {
    match c {
        '\n' | '\r' | ' '..='_' if !matches!(c, '[' | '\\' | ']' | '^') => Some(1),
        'a'..='z' => Some(1),
        '£' | '¥' | 'è' | 'é' | 'ù' | 'ì' | 'ò' | 'Ç' | 'Ø' | 'ø' | 'Å' | 'å' | 'Δ' | 'Φ' | 'Γ' | 'Λ' | 'Ω' | 'Π' | 'Ψ' | 'Σ' | 'Θ'
        | 'Ξ' | 'Æ' | 'æ' | 'ß' | 'É' | '¤' | '¡' | 'Ä' | 'Ö' | 'Ñ' | 'Ü' | '§' | '¿' | 'ä' | 'ö' | 'ñ' | 'ü' | 'à' => {
            Some(1)
        }
        '\u{c}' | '^' | '{' | '}' | '\\' | '[' | '~' | ']' | '|' | '€' => Some(2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(text: &str) -> (Encoding, usize) {
        let counted = count(text);
        (counted.encoding, counted.parts)
    }

    #[test]
    fn the_edges_of_the_standard() {
        assert_eq!(parts(""), (Encoding::Gsm7, 1));
        assert_eq!(parts(&"a".repeat(160)), (Encoding::Gsm7, 1));
        assert_eq!(parts(&"a".repeat(161)), (Encoding::Gsm7, 2));
        assert_eq!(parts(&"a".repeat(306)), (Encoding::Gsm7, 2));
        assert_eq!(parts(&"a".repeat(307)), (Encoding::Gsm7, 3));
        assert_eq!(parts(&"ক".repeat(70)), (Encoding::Ucs2, 1));
        assert_eq!(parts(&"ক".repeat(71)), (Encoding::Ucs2, 2));
        assert_eq!(parts(&"ক".repeat(134)), (Encoding::Ucs2, 2));
        assert_eq!(parts(&"ক".repeat(135)), (Encoding::Ucs2, 3));
    }

    #[test]
    fn the_extension_costs_two_and_is_not_split() {
        assert_eq!(count("€").units, 2);
        assert_eq!(parts(&"€".repeat(80)), (Encoding::Gsm7, 1));
        // 152 + a pair would make 154: the pair moves to the next part.
        let text = format!("{}{}", "a".repeat(152), "€".repeat(77));
        assert_eq!(count(&text).units, 306);
        assert_eq!(parts(&text), (Encoding::Gsm7, 3));
        assert_eq!(split(&text)[0].chars().count(), 152);
    }

    #[test]
    fn a_surrogate_pair_is_not_split() {
        let text = format!("{}😀{}", "ক".repeat(66), "খ".repeat(66));
        assert_eq!(count(&text).units, 134);
        assert_eq!(split(&text).len(), 3);
        assert!(split(&text)[1].starts_with('😀'));
    }

    #[test]
    fn the_backtick_and_the_cedilla_are_not_in_the_alphabet() {
        for c in ['`', 'ç', 'á', '’', '\t', 'ऀ', '₹'] {
            assert_eq!(Encoding::of(&c.to_string()), Encoding::Ucs2, "{c:?}");
        }
        let all = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
        assert_eq!(all.chars().count(), 127); // 128 codes, one of which is the escape
        assert_eq!(count(all), Parts { encoding: Encoding::Gsm7, units: 127, parts: 1 });
    }

    proptest! {
        #[test]
        fn parts_are_the_text_and_none_is_too_long(text in "[a-z€{}|ক-হ😀-😏 ]{0,500}") {
            let (pieces, counted) = (split(&text), count(&text));
            prop_assert_eq!(pieces.concat(), text.as_str());
            prop_assert_eq!(pieces.len(), counted.parts);
            let limit = if counted.parts == 1 { counted.encoding.single() } else { counted.encoding.each() };
            for piece in pieces {
                prop_assert!(piece.chars().map(|c| counted.encoding.units(c)).sum::<usize>() <= limit);
            }
        }
    }
}
