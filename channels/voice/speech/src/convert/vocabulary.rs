//! Whisper's tokens. The list writes each byte of a token as a printable letter (the byte alphabet
//! of GPT-2); ggml wants the bytes.

use super::ConvertError;
use std::collections::HashMap;

/// The tokens of text, in order; the markers that follow them are made by whisper.cpp itself.
pub(super) fn tokens(list: &str) -> Result<Vec<Vec<u8>>, ConvertError> {
    let alphabet: HashMap<char, u8> = (0..=255).map(|byte| (letter(byte), byte)).collect();
    let text = list.lines().take_while(|line| *line != "<|endoftext|>");
    let tokens: Option<Vec<Vec<u8>>> = text.map(|line| line.chars().map(|c| alphabet.get(&c).copied()).collect()).collect();
    match tokens {
        Some(tokens) if tokens.len() == 50_257 => Ok(tokens),
        Some(tokens) => Err(ConvertError::input(format!("the vocabulary has {} tokens, a multilingual Whisper has 50257", tokens.len()))),
        None => Err(ConvertError::input("a token holds a letter that is not of the byte alphabet")),
    }
}

/// Printable bytes of Latin-1 stand for themselves; the others are numbered from U+0100 on.
fn letter(byte: u8) -> char {
    let printable = |b: &u8| matches!(b, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    if printable(&byte) {
        return char::from(byte);
    }
    let number = (0..byte).filter(|b| !printable(b)).count() as u32;
    char::from_u32(0x100 + number).unwrap_or('\u{fffd}')
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_has_its_own_letter() {
        let letters: std::collections::HashSet<char> = (0..=255).map(letter).collect();
        assert_eq!(letters.len(), 256);
        assert_eq!([letter(b' '), letter(b'\n'), letter(b'a'), letter(0xe0), letter(0xad)], ['Ġ', 'Ċ', 'a', 'à', 'Ń']);
    }

    #[test]
    fn tokens_are_read_as_bytes_and_their_number_is_checked() {
        let mut list = "Ġroad\nà¦¬\n".to_owned();
        list.push_str(&"x\n".repeat(50_255));
        list.push_str("<|endoftext|>\n<|en|>\n");
        let read = tokens(&list).unwrap();
        assert_eq!(read[0], b" road");
        assert_eq!(read[1], "ব".as_bytes());
        assert!(tokens("a\nb\n<|endoftext|>").is_err());
        assert!(tokens("অ\n<|endoftext|>").is_err());
    }
}
