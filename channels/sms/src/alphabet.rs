//! The alphabets of short messages: the GSM 7-bit default alphabet with its extension table (3GPP TS 23.038 §6.2.1), UCS-2, Latin-1.
//!
//! Over SMPP a septet travels in an octet of its own. Text that comes in is kept as UTF-16 units until all parts of a message are
//! there, for some telephones split a message in the middle of a surrogate pair.

use crate::parts::Encoding;

/// The default alphabet by code; 0x1B is the escape to the extension table.
const DEFAULT: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å', 'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ',
    'Ξ', '\u{1b}', 'Æ', 'æ', 'ß', 'É', ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/', '0', '1', '2', '3',
    '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?', '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N',
    'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§', '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i',
    'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

/// The extension table.
const EXTENSION: [(u8, char); 10] =
    [(0x0a, '\u{c}'), (0x14, '^'), (0x28, '{'), (0x29, '}'), (0x2f, '\\'), (0x3c, '['), (0x3d, '~'), (0x3e, ']'), (0x40, '|'), (0x65, '€')];

const ESCAPE: u8 = 0x1b;

/// What `data_coding` 0 means to an SMS centre: the standard leaves it to the carrier (SMPP 3.4 §5.2.19).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DefaultAlphabet {
    /// The GSM alphabet, a septet an octet.
    #[default]
    Gsm7,
    /// Latin-1.
    Latin1,
    /// UTF-8.
    Utf8,
}

/// The octets of `text` in an encoding, a septet an octet. What the GSM alphabet has not got becomes `?`: [`Encoding::of`] never
/// chooses it for such a text.
pub fn encode(text: &str, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Ucs2 => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        Encoding::Gsm7 => {
            let mut out = Vec::with_capacity(text.len());
            for c in text.chars() {
                match code(c) {
                    Some((escaped, code)) => {
                        out.extend(escaped.then_some(ESCAPE));
                        out.push(code);
                    }
                    None => out.push(b'?'),
                }
            }
            out
        }
    }
}

fn code(c: char) -> Option<(bool, u8)> {
    if let Some(at) = DEFAULT.iter().position(|known| *known == c && c != '\u{1b}') {
        return u8::try_from(at).ok().map(|at| (false, at));
    }
    EXTENSION.iter().find(|(_, known)| *known == c).map(|(code, _)| (true, *code))
}

/// The UTF-16 units that octets of this `data_coding` stand for; `None` if they are no text (binary, or a coding that nobody uses).
pub fn decode(octets: &[u8], data_coding: u8, default: DefaultAlphabet) -> Option<Vec<u16>> {
    match data_coding {
        0x00 => Some(match default {
            DefaultAlphabet::Gsm7 => gsm7(octets),
            DefaultAlphabet::Latin1 => latin1(octets),
            DefaultAlphabet::Utf8 => String::from_utf8_lossy(octets).encode_utf16().collect(),
        }),
        0x01 | 0x03 => Some(latin1(octets)),
        // An odd last octet is half a unit: it is dropped.
        0x08 | 0x18..=0x1b => Some(octets.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()),
        0x10..=0x13 | 0xf0..=0xf3 => Some(gsm7(octets)),
        _ => None,
    }
}

fn gsm7(octets: &[u8]) -> Vec<u16> {
    let (mut out, mut escaped) = (String::with_capacity(octets.len()), false);
    for octet in octets {
        let septet = octet & 0x7f;
        if std::mem::take(&mut escaped) {
            // A code that the table has not got is shown as in the default alphabet (TS 23.038 §6.2.1.1).
            let extended = EXTENSION.iter().find(|(code, _)| *code == septet).map(|(_, c)| *c);
            out.push(extended.unwrap_or_else(|| plain(septet)));
        } else if septet == ESCAPE {
            escaped = true;
        } else {
            out.push(plain(septet));
        }
    }
    out.encode_utf16().collect()
}

fn plain(septet: u8) -> char {
    match DEFAULT.get(usize::from(septet)) {
        Some('\u{1b}') | None => ' ',
        Some(c) => *c,
    }
}

fn latin1(octets: &[u8]) -> Vec<u16> {
    octets.iter().map(|octet| u16::from(*octet)).collect()
}

/// The text of UTF-16 units. Half a surrogate pair becomes U+FFFD; what stands beside it is kept. NUL and other controls
/// than line breaks are dropped.
pub fn text_of(units: &[u16]) -> String {
    let lossy = char::decode_utf16(units.iter().copied()).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
    lossy.filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn back(octets: &[u8], data_coding: u8) -> String {
        text_of(&decode(octets, data_coding, DefaultAlphabet::Gsm7).expect("a text"))
    }

    #[test]
    fn every_code_goes_there_and_back() {
        for c in DEFAULT.iter().chain(EXTENSION.iter().map(|(_, c)| c)).filter(|c| **c != '\u{1b}' && **c != '\u{c}') {
            let text = c.to_string();
            assert_eq!(Encoding::of(&text), Encoding::Gsm7, "{c:?}");
            assert_eq!(back(&encode(&text, Encoding::Gsm7), 0), text);
        }
        assert_eq!(encode("€5@", Encoding::Gsm7), [0x1b, 0x65, 0x35, 0x00]);
    }

    #[test]
    fn half_a_pair_is_marked_and_its_neighbours_survive() {
        assert_eq!(text_of(&[0x0995, 0xd83d, 0x0996]), "ক\u{fffd}খ");
        assert_eq!(text_of(&[0xd83d, 0xde00]), "😀");
        assert_eq!(back(&[0x09, 0x95, 0x09], 8), "ক", "half a unit at the end");
        assert_eq!(decode(&[1, 2, 3], 4, DefaultAlphabet::Gsm7), None, "binary is no text");
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in "[a-zA-Z0-9 €{}@ক-হ😀-😏]{0,200}") {
            let encoding = Encoding::of(&text);
            let coding = if encoding == Encoding::Gsm7 { 0 } else { 8 };
            let octets = encode(&text, encoding);
            prop_assert_eq!(back(&octets, coding), text.as_str());
            let units = if encoding == Encoding::Gsm7 { octets.len() } else { octets.len() / 2 };
            prop_assert_eq!(units, crate::parts::count(&text).units);
        }

        #[test]
        fn any_octets_are_read(octets in proptest::collection::vec(any::<u8>(), 0..300), coding in any::<u8>()) {
            for default in [DefaultAlphabet::Gsm7, DefaultAlphabet::Latin1, DefaultAlphabet::Utf8] {
                drop(decode(&octets, coding, default).map(|units| text_of(&units)));
            }
        }
    }
}
