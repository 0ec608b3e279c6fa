//! What a file is, by its first bytes.

use super::ScanError;

/// Kinds that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Portable Document Format.
    Pdf,
    /// Tagged Image File Format, of one or more pages.
    Tiff,
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
}

impl Kind {
    /// The kind of a file that begins so.
    ///
    /// # Errors
    /// [`ScanError::Kind`] says what it is instead.
    pub fn of(head: &[u8]) -> Result<Self, ScanError> {
        let begins = |magic: &[u8]| head.starts_with(magic);
        let brand = || head.get(4..12);
        // A PDF's mark may stand anywhere in the first kilobyte (ISO 32000-1, annex H, note 13).
        if head.windows(5).take(1024).any(|five| five == b"%PDF-") {
            return Ok(Self::Pdf);
        }
        Err(ScanError::Kind(if begins(b"II*\0") || begins(b"MM\0*") {
            return Ok(Self::Tiff);
        } else if begins(&[0xff, 0xd8, 0xff]) {
            return Ok(Self::Jpeg);
        } else if begins(b"\x89PNG\r\n\x1a\n") {
            return Ok(Self::Png);
        } else if head.is_empty() {
            "an empty file"
        } else if brand().is_some_and(|b| [b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc"].iter().any(|heic| *heic == b)) {
            "a HEIC photograph (set the telephone to \"most compatible\")"
        } else if begins(b"PK\x03\x04") {
            "a ZIP archive or an office document"
        } else if begins(b"\xd0\xcf\x11\xe0") {
            "an old office document"
        } else if begins(b"GIF8") || begins(b"BM") || begins(b"RIFF") {
            "a picture of another kind"
        } else if begins(b"MZ") || begins(b"\x7fELF") || begins(b"#!") {
            "a program"
        } else if head.iter().all(|b| *b >= 0x20 || b.is_ascii_whitespace()) {
            "a text"
        } else {
            "a file of an unknown kind"
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn content_tells_the_kind() {
        assert_eq!(Kind::of(b"\x00\x00junk%PDF-1.7").expect("a PDF"), Kind::Pdf);
        assert_eq!(Kind::of(b"MM\0*\0\0").expect("a TIFF"), Kind::Tiff);
        for (head, said) in
            [(&b""[..], "an empty file"), (b"MZ\x90\0", "a program"), (b"\0\0\0\x18ftypheic\0", "HEIC"), (b"hello", "a text")]
        {
            assert!(Kind::of(head).expect_err("not a scan").to_string().contains(said), "{said}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_kind_or_a_reason(head in proptest::collection::vec(any::<u8>(), 0..2048)) {
            let _ = Kind::of(&head);
        }
    }
}
