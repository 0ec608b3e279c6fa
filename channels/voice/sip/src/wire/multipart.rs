//! Bodies of several parts (RFC 2046 §5.1), as some trunks wrap a session description in one.

use super::header::parameter;

/// Most parts that are looked at.
const MOST_PARTS: usize = 16;

/// The first part of a kind, `application/sdp`.
pub(crate) fn part<'a>(content_type: &str, body: &'a [u8], kind: &str) -> Option<&'a [u8]> {
    if !content_type.trim_start().get(..10)?.eq_ignore_ascii_case("multipart/") {
        return None;
    }
    let boundary = format!("--{}", parameter(content_type, "boundary").filter(|b| !b.is_empty() && b.len() <= 70)?);
    let marks: Vec<usize> =
        body.windows(boundary.len()).enumerate().filter(|(_, w)| *w == boundary.as_bytes()).map(|(at, _)| at).take(MOST_PARTS).collect();
    marks.windows(2).find_map(|pair| {
        let inside = body.get(pair[0] + boundary.len()..pair[1])?;
        let (head, content) = super::parse::head_end(inside)?;
        let head = String::from_utf8_lossy(&inside[..head]);
        let is_kind = head.lines().any(|l| {
            let (name, value) = l.split_once(':').unwrap_or((l, ""));
            let value = value.split(';').next().unwrap_or_default().trim();
            (name.trim().eq_ignore_ascii_case("content-type") || name.trim().eq_ignore_ascii_case("c")) && value.eq_ignore_ascii_case(kind)
        });
        let content = &inside[content..];
        is_kind.then(|| content.strip_suffix(b"\r\n").unwrap_or(content))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KIND: &str = "multipart/mixed; boundary=\"x1\"";

    #[test]
    fn the_part_of_a_kind_is_found() {
        let body = b"preamble\r\n--x1\r\nContent-Type: application/isup\r\n\r\n\x01\x00\r\n--x1\r\nContent-Type: application/sdp; x=y\r\nContent-Disposition: session\r\n\r\nv=0\r\n\r\n--x1--\r\n";
        assert_eq!(part(KIND, body, "application/sdp"), Some(&b"v=0\r\n"[..]));
        assert_eq!(part(KIND, body, "text/plain"), None);
        assert_eq!(part("application/sdp", body, "application/sdp"), None);
        assert_eq!(part("multipart/mixed", body, "application/sdp"), None);
    }

    proptest! {
        #[test]
        fn nothing_from_outside_makes_it_panic(text in "\\PC{0,40}", body in "[\\-x1\r\na:]{0,200}") {
            let _ = part(&text, body.as_bytes(), "application/sdp");
            let _ = part(KIND, body.as_bytes(), "application/sdp");
        }
    }
}
