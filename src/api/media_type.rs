//! What a file is, by its content: a claimed type is never believed where it would be run.

/// The media type that the first bytes show, or, where they show none, one that no browser runs.
pub fn sniff(content: &[u8]) -> &'static str {
    const SIGNATURES: &[(&[u8], &str)] = &[
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"II*\0", "image/tiff"),
        (b"MM\0*", "image/tiff"),
        (b"%PDF-", "application/pdf"),
        (b"fLaC", "audio/flac"),
        (b"OggS", "audio/ogg"),
        (b"ID3", "audio/mpeg"),
        (b"\xff\xfb", "audio/mpeg"),
        (b"#!AMR", "audio/amr"),
        (b"\x1a\x45\xdf\xa3", "video/webm"),
    ];
    if let Some((_, found)) = SIGNATURES.iter().find(|(start, _)| content.starts_with(start)) {
        return found;
    }
    match (content.get(..4), content.get(8..12), content.get(4..8)) {
        (Some(b"RIFF"), Some(b"WAVE"), _) => "audio/wav",
        (Some(b"RIFF"), Some(b"WEBP"), _) => "image/webp",
        (_, Some(brand), Some(b"ftyp")) if brand.starts_with(b"M4A") => "audio/mp4",
        (_, _, Some(b"ftyp")) => "video/mp4",
        _ if is_text(content) => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn is_text(content: &[u8]) -> bool {
    !content.is_empty()
        && std::str::from_utf8(content).is_ok_and(|text| !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')))
}

/// Whether a browser may show it in its place; anything else is only saved.
pub fn may_be_shown(media_type: &str) -> bool {
    let kind = media_type.split(';').next().unwrap_or_default().trim();
    matches!(kind, "image/png" | "image/jpeg" | "image/gif" | "image/webp" | "application/pdf" | "text/plain")
        || kind.starts_with("audio/")
        || kind.starts_with("video/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides() {
        assert_eq!(sniff(b"RIFF\x24\0\0\0WAVEfmt "), "audio/wav");
        assert_eq!(sniff(b"\0\0\0\x20ftypM4A "), "audio/mp4");
        assert_eq!(sniff("রাস্তা\n".as_bytes()), "text/plain; charset=utf-8");
        assert_eq!(sniff(b"<script>alert(1)</script>"), "text/plain; charset=utf-8", "text is shown as text, never run");
        assert_eq!(sniff(b"\0\x01"), "application/octet-stream");
        assert_eq!(sniff(b""), "application/octet-stream");
        assert!(may_be_shown("audio/flac") && !may_be_shown("text/html") && !may_be_shown("image/svg+xml"));
    }
}
