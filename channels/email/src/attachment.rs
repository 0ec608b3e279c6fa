//! Files in a mail: what they are by their content, and a name that touches no path.

/// Characters of a name that is kept.
const LONGEST: usize = 120;

/// A name to show: the last piece of whatever path was claimed, without control characters, signs that turn the direction
/// of writing, and what file systems read. Never empty.
pub fn name(claimed: Option<&str>, media_type: &str, at: usize) -> String {
    let last = claimed.unwrap_or_default().rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last
        .chars()
        .filter(|c| {
            !c.is_control() && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        })
        .map(|c| if matches!(c, ':' | '*' | '?' | '"' | '<' | '>' | '|') { '_' } else { c })
        .collect();
    let clean = clean.trim().trim_start_matches('.').trim();
    if clean.is_empty() {
        return format!("file-{at}.{}", ending(media_type));
    }
    match (clean.chars().count() > LONGEST, clean.rsplit_once('.')) {
        (false, _) => clean.to_owned(),
        (true, Some((stem, ending))) if ending.len() <= 8 => {
            format!("{}.{ending}", stem.chars().take(LONGEST - ending.len() - 1).collect::<String>())
        }
        (true, _) => clean.chars().take(LONGEST).collect(),
    }
}

fn ending(media_type: &str) -> &'static str {
    ENDINGS.iter().find(|(kind, _)| media_type.starts_with(kind)).map_or("bin", |(_, ending)| ending)
}

const ENDINGS: &[(&str, &str)] = &[
    ("image/png", "png"),
    ("image/jpeg", "jpg"),
    ("image/gif", "gif"),
    ("image/tiff", "tiff"),
    ("image/webp", "webp"),
    ("application/pdf", "pdf"),
    ("message/rfc822", "eml"),
    ("text/html", "html"),
    ("text/calendar", "ics"),
    ("text/", "txt"),
    ("application/zip", "zip"),
    ("audio/", "audio"),
    ("video/", "video"),
];

const SIGNATURES: &[(usize, &[u8], &str)] = &[
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (0, b"BM", "image/bmp"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypheix", "image/heic"),
    (4, b"ftypmif1", "image/heic"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"MZ", "application/vnd.microsoft.portable-executable"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"#!/", "application/x-sh"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"\x78\x9f\x3e\x22", "application/ms-tnef"),
    (8, b"WAVE", "audio/wav"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"fLaC", "audio/flac"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1a\x45\xdf\xa3", "video/webm"),
];

/// The media type: what the first bytes show; of families that share their first bytes, the one that is claimed; text only
/// if it is text. A claim alone is never believed.
pub fn media_type(content: &[u8], claimed: &str) -> String {
    let claimed = claimed.trim().to_ascii_lowercase();
    let shown = SIGNATURES.iter().find(|(at, start, _)| content.get(*at..).is_some_and(|rest| rest.starts_with(start)));
    match shown.map(|(_, _, kind)| *kind) {
        Some("application/zip") if office(&claimed) => claimed,
        Some("application/x-ole-storage")
            if matches!(&claimed[..], "application/msword" | "application/vnd.ms-excel" | "application/vnd.ms-powerpoint") =>
        {
            claimed
        }
        Some(kind) => kind.to_owned(),
        None if std::str::from_utf8(content).is_ok_and(|text| !text.chars().any(|c| c.is_control() && !c.is_whitespace())) => {
            match &claimed[..] {
                "text/csv" | "text/calendar" | "text/vcard" | "message/rfc822" | "text/html" => claimed,
                _ => "text/plain".to_owned(),
            }
        }
        None if claimed.starts_with("text/") => "text/plain".to_owned(),
        None => "application/octet-stream".to_owned(),
    }
}

fn office(claimed: &str) -> bool {
    claimed.starts_with("application/vnd.openxmlformats-officedocument.") || claimed.starts_with("application/vnd.oasis.opendocument.")
}

/// Whether a media type is among those that are kept: `image/*`, `application/pdf`.
pub fn allowed(media_type: &str, kinds: &[String]) -> bool {
    kinds.iter().any(|kind| match kind.strip_suffix("/*") {
        Some(family) => media_type.split('/').next() == Some(family),
        None => kind == "*" || kind == media_type,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_touch_no_path() {
        for (claimed, kept) in [
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\x\\চিঠি.pdf", "চিঠি.pdf"),
            ("a\u{202e}gpj.exe", "agpj.exe"),
            ("..", "file-3.pdf"),
            (".htaccess", "htaccess"),
            ("a\0b\n.txt", "ab.txt"),
            ("con:x|y?.pdf", "con_x_y_.pdf"),
            ("", "file-3.pdf"),
        ] {
            assert_eq!(name(Some(claimed), "application/pdf", 3), kept, "{claimed:?}");
        }
        assert_eq!(name(None, "image/jpeg", 1), "file-1.jpg");
        let long = name(Some(&format!("{}.jpeg", "ক".repeat(500))), "", 1);
        assert!(long.chars().count() <= LONGEST && long.ends_with(".jpeg"));
    }

    #[test]
    fn content_decides_what_a_file_is() {
        assert_eq!(media_type(b"MZ\x90", "image/jpeg"), "application/vnd.microsoft.portable-executable");
        assert_eq!(media_type(b"%PDF-1.7", "text/plain"), "application/pdf");
        assert_eq!(media_type(b"\0\x01\x02", "image/png"), "application/octet-stream");
        assert_eq!(media_type("চিঠি".as_bytes(), "application/pdf"), "text/plain");
        let docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
        assert_eq!(media_type(b"PK\x03\x04", docx), docx);
        assert_eq!(media_type(b"PK\x03\x04", "application/pdf"), "application/zip");
    }

    #[test]
    fn kinds_are_named_by_family_or_whole() {
        let kinds = ["image/*".to_owned(), "application/pdf".to_owned()];
        assert!(allowed("image/png", &kinds) && allowed("application/pdf", &kinds));
        assert!(!allowed("application/zip", &kinds) && !allowed("imagex/png", &kinds) && allowed("x/y", &["*".to_owned()]));
    }

    proptest! {
        #[test]
        fn any_claim_becomes_a_name(claimed in "[\\PC\\x00-\\x1f/\\\\.]{0,300}", kind in "\\PC{0,20}") {
            let name = name(Some(&claimed), &kind, 1);
            prop_assert!(!name.is_empty() && !name.contains(['/', '\\', '\0']) && !name.starts_with('.') && name.chars().count() <= LONGEST);
        }
    }
}
