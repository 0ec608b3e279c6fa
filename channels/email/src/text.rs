//! The words of a part: out of its bytes whatever its charset claims, out of its HTML without the markup.

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Encoding, Message, MessagePart, MimeHeaders, PartType};
use std::borrow::Cow;

/// Bytes of HTML that are read. What is longer stays readable in the mail itself.
pub const LONGEST_HTML: usize = 256 * 1024;
/// Tags that may stand inside one another. Deeper ones say nothing, and cost the square of their number.
const DEEPEST: usize = 400;

/// The text of a text part, in its true charset.
pub fn of_part<'x>(part: &'x MessagePart<'x>, within: &Message<'_>) -> Cow<'x, str> {
    let (PartType::Text(read) | PartType::Html(read)) = &part.body else { return Cow::Borrowed("") };
    let claimed = part.content_type().and_then(|ct| ct.attribute("charset")).unwrap_or_default();
    if read.is_ascii() || is_stateful(claimed) {
        return flowed(Cow::Borrowed(read), part);
    }
    let raw = within.raw_message().get(part.offset_body as usize..part.offset_end as usize).unwrap_or_default();
    let bytes = match part.encoding {
        Encoding::None => Some(raw.to_vec()),
        Encoding::QuotedPrintable => quoted_printable_decode(raw),
        Encoding::Base64 => base64_decode(raw),
    };
    match bytes {
        Some(bytes) if !bytes.is_empty() => flowed(Cow::Owned(decoded(bytes, claimed)), part),
        _ => flowed(Cow::Borrowed(read), part),
    }
}

/// Bytes as text. Whatever is good UTF-8 beyond ASCII is UTF-8, whatever it claims: no other text looks like it by chance.
/// What claims UTF-8, or nothing, and is not, is of the time before it: Windows-1252.
pub fn decoded(bytes: Vec<u8>, claimed: &str) -> String {
    let other = match String::from_utf8(bytes) {
        Ok(text) => return text,
        Err(why) => why.into_bytes(),
    };
    let utf8 = claimed.is_empty() || claimed.eq_ignore_ascii_case("utf-8") || claimed.eq_ignore_ascii_case("utf8");
    // A text that is UTF-8 but for a byte or two was damaged on the way, or cut.
    let lossy = String::from_utf8_lossy(&other);
    let damaged = lossy.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER).count();
    let foreign = lossy.chars().filter(|c| !c.is_ascii() && *c != char::REPLACEMENT_CHARACTER).count();
    if damaged * 20 < foreign && !is_stateful(claimed) {
        return lossy.into_owned();
    }
    let decoder = charset_decoder(claimed.as_bytes()).filter(|_| !utf8).or_else(|| charset_decoder(b"windows-1252"));
    decoder.map_or_else(|| lossy.into_owned(), |decode| decode(&other))
}

/// Charsets in which the same bytes mean different letters, or in which ASCII stands for others.
fn is_stateful(charset: &str) -> bool {
    let charset = charset.to_ascii_lowercase();
    ["iso-2022", "utf-7", "utf-16", "utf-32", "hz-gb"].iter().any(|kind| charset.starts_with(kind))
}

/// Lines that a program broke are joined again (RFC 3676).
fn flowed<'x>(text: Cow<'x, str>, part: &MessagePart<'_>) -> Cow<'x, str> {
    let Some(kind) = part.content_type() else { return text };
    if !kind.attribute("format").is_some_and(|format| format.eq_ignore_ascii_case("flowed")) {
        return text;
    }
    let delete_space = kind.attribute("delsp").is_some_and(|delsp| delsp.eq_ignore_ascii_case("yes"));
    let mut joined = String::with_capacity(text.len());
    for line in text.lines() {
        let stuffed = line.strip_prefix(' ').unwrap_or(line);
        let flows = stuffed.ends_with(' ') && stuffed != "-- " && !stuffed.starts_with('>');
        joined.push_str(if flows && delete_space { stuffed.trim_end_matches(' ') } else { stuffed });
        if !flows {
            joined.push('\n');
        }
    }
    Cow::Owned(joined)
}

/// The words of HTML: paragraphs and lists as they stand, links by their words, quoted blocks with `> `.
pub fn of_html(html: &str) -> String {
    let html = bounded(html);
    let rendered = html2text::config::plain_no_decorate()
        .no_table_borders()
        .allow_width_overflow()
        .raw_mode(true)
        .empty_img_mode(html2text::config::ImageRenderMode::IgnoreEmpty)
        .string_from_read(html.as_bytes(), 2_000);
    let text = rendered.unwrap_or_else(|_| mail_parser::decoders::html::html_to_text(&html));
    squeezed(&text)
}

/// HTML that may be given to a parser: not too long, not too deep.
pub fn bounded(html: &str) -> Cow<'_, str> {
    let mut end = html.len().min(LONGEST_HTML);
    while !html.is_char_boundary(end) {
        end -= 1;
    }
    let (mut depth, mut from) = (0_usize, 0);
    while let Some(at) = html.get(from..end).and_then(|rest| rest.find('<')) {
        from += at + 1;
        let rest = &html.as_bytes()[from..end];
        match rest.first() {
            Some(b'/') if !is_void(&rest[1..]) => depth = depth.saturating_sub(1),
            Some(first) if first.is_ascii_alphabetic() && !is_void(rest) => depth += 1,
            _ => {}
        }
        if depth > DEEPEST {
            end = from - 1;
        }
    }
    Cow::Borrowed(&html[..end])
}

/// Elements that never hold others, and those whose end is commonly left out.
fn is_void(tag: &[u8]) -> bool {
    let name: Vec<u8> = tag.iter().take_while(|b| b.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect();
    matches!(
        &name[..],
        b"br" | b"hr" | b"img" | b"meta" | b"link" | b"input" | b"col" | b"p" | b"li" | b"td" | b"tr" | b"th" | b"wbr" | b"base"
    )
}

/// No spaces at the ends of lines, never more than one empty line.
fn squeezed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines() {
        let line = line.trim_end_matches(|c: char| c.is_whitespace() || c == '\u{200b}');
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty <= 1 {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_charset_that_lies_is_found_out() {
        let bengali = "রাস্তা ভাঙা";
        assert_eq!(decoded(bengali.into(), "iso-8859-1"), bengali);
        assert_eq!(decoded(bengali.into(), ""), bengali);
        assert_eq!(decoded(b"caf\xe9 \x93x\x94".to_vec(), "utf-8"), "café “x”");
        assert_eq!(decoded(b"caf\xe9".to_vec(), "no-such-charset"), "café");
        assert_eq!(decoded(b"\xcf\xf0\xe8".to_vec(), "windows-1251"), "При");
        let mut cut = bengali.repeat(20).into_bytes();
        cut.pop();
        assert!(decoded(cut, "utf-8").starts_with(bengali), "a cut text stays what it is");
    }

    #[test]
    fn html_becomes_words() {
        let html = "<html><head><style>p{color:red}</style><script>alert(1)</script></head><body><p>জল <b>নেই</b></p>\
                    <ul><li>এক</li><li>দুই</li></ul><a href='https://x.example/?id=1'>here</a><img src='http://t.example/p.gif'>\
                    <blockquote>old words</blockquote></body></html>";
        let text = of_html(html);
        assert!(text.starts_with("জল নেই"), "{text}");
        assert!(text.contains("* এক\n* দুই") && text.contains("here") && text.contains("> old words"), "{text}");
        assert!(!text.contains("alert") && !text.contains("color") && !text.contains("t.example"), "{text}");
    }

    #[test]
    fn html_without_end_is_bounded() {
        for tag in ["<div>", "<b>", "<table><tr><td>", "<blockquote>", "<font><i>"] {
            let text = of_html(&format!("first{}", tag.repeat(100_000)));
            assert!(text.starts_with("first"), "{tag}");
        }
    }

    proptest! {
        #[test]
        fn any_html_can_be_read(html in "(<[a-z]{1,4}( [a-z]+=[\"']?[^>]{0,5})?>|</[a-z]{1,4}>|&[a-z]{2,4};?|\\PC){0,60}") {
            let _ = of_html(&html);
        }

        #[test]
        fn any_bytes_can_be_decoded(bytes in proptest::collection::vec(any::<u8>(), 0..200), charset in "(utf-8|iso-8859-[0-9]|windows-125[0-9]|gb18030|iso-2022-jp|utf-7|utf-16|[a-z0-9-]{0,12})") {
            let _ = decoded(bytes, &charset);
        }
    }
}
