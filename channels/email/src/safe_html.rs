//! A mail's HTML that is safe to look at: no script, no form, nothing that is fetched from elsewhere.
//!
//! A remote picture would tell its sender when and where the mail was read; so every one is taken out. Pictures that came
//! inside the mail are put into the page itself, within a bound.

use crate::text;
use ammonia::Builder;
use base64::Engine;
use std::collections::{HashMap, HashSet};

/// Pictures inside a mail by their Content-ID: media type and content.
pub type Pictures<'a> = HashMap<String, (&'a str, &'a [u8])>;

/// Bytes of pictures that are put into a page.
const MOST_PICTURES: usize = 1 << 20;

/// The page to look at.
pub fn page(html: &str, pictures: &Pictures<'_>) -> String {
    let html = text::bounded(html);
    let inlined = with_pictures(&html, pictures);
    let mut builder = Builder::default();
    builder
        .add_tags(["font", "center", "u", "s", "big"])
        .add_tag_attributes("font", ["color", "size", "face"])
        .add_tag_attributes("td", ["width", "bgcolor"])
        .add_tag_attributes("th", ["width", "bgcolor"])
        .add_tag_attributes("table", ["width", "border", "cellpadding", "cellspacing", "bgcolor"])
        .rm_generic_attributes(["style", "class", "id"])
        .clean_content_tags(HashSet::from(["script", "style", "title", "head", "object", "iframe", "noscript", "template"]))
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel", "data"]))
        .link_rel(Some("noopener noreferrer nofollow"))
        .attribute_filter(|element, attribute, value| match (element, attribute) {
            ("img", "src") => is_picture(value).then(|| value.into()),
            (_, "background" | "srcset" | "poster" | "cite" | "ping") => None,
            (_, "href") if value.trim_start().to_ascii_lowercase().starts_with("data:") => None,
            _ => Some(value.into()),
        });
    format!(
        "<!doctype html><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:\">\
         <meta name=\"referrer\" content=\"no-referrer\"><body>{}",
        builder.clean(&inlined)
    )
}

fn is_picture(value: &str) -> bool {
    ["data:image/png;base64,", "data:image/jpeg;base64,", "data:image/gif;base64,", "data:image/webp;base64,"]
        .iter()
        .any(|start| value.starts_with(start))
}

/// Replaces `cid:` addresses (RFC 2392) by the pictures themselves.
fn with_pictures(html: &str, pictures: &Pictures<'_>) -> String {
    let (mut out, mut rest, mut spent) = (String::with_capacity(html.len()), html, 0);
    while let Some(at) = rest.find("cid:") {
        let (before, after) = rest.split_at(at);
        let id = &after[4..];
        let end = id.find(['"', '\'', ' ', '>', ')']).unwrap_or(id.len());
        out.push_str(before);
        match pictures.get(&id[..end]) {
            Some((kind, content)) if spent + content.len() <= MOST_PICTURES => {
                spent += content.len();
                out.push_str("data:");
                out.push_str(kind);
                out.push_str(";base64,");
                base64::engine::general_purpose::STANDARD.encode_string(content, &mut out);
            }
            _ => out.push_str("cid:"),
        }
        rest = if pictures.contains_key(&id[..end]) { &id[end..] } else { id };
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn clean(html: &str) -> String {
        page(html, &Pictures::new()).split_once("<body>").expect("a page").1.to_owned()
    }

    #[test]
    fn nothing_runs_and_nothing_is_fetched() {
        for bad in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<a href='javascript:alert(1)'>x</a>",
            "<iframe src='http://x'></iframe>",
            "<img src='http://169.254.169.254/latest'>",
            "<link rel=stylesheet href='http://x/y.css'>",
            "<style>@import 'http://x'</style>",
            "<body background='http://x/y.png'>",
            "<table background='http://x/y.png'><td style='background:url(http://x)'>z</table>",
            "<svg><use href='http://x#y'/></svg>",
            "<video poster='http://x' src='http://y'></video>",
            "<form action='http://x'><input></form>",
            "<meta http-equiv=refresh content='0;url=http://x'>",
            "<img srcset='http://x 1x'>",
            "<base href='http://x/'>",
            "<img src='data:image/svg+xml;base64,PHN2Zz4='>",
            "<a href='data:text/html,<script>'>x</a>",
        ] {
            let cleaned = clean(bad);
            for sign in [
                "alert",
                "src=\"http",
                "url(",
                "@import",
                "<form",
                "<input",
                "<iframe",
                "<meta",
                "<base",
                "<link",
                "<svg",
                "background=",
                "svg+xml",
                "data:text",
                "poster",
                "srcset",
            ] {
                assert!(!cleaned.contains(sign), "{bad} became {cleaned}");
            }
        }
    }

    #[test]
    fn words_and_the_mail_s_own_pictures_stay() {
        let pictures = Pictures::from([("p1@x".to_owned(), ("image/png", &b"\x89PNG"[..]))]);
        let page =
            page("<p>জল <b>নেই</b> <a href='https://wb.example/x'>দেখুন</a> <img src=\"cid:p1@x\"> <img src='cid:none'></p>", &pictures);
        assert!(page.contains("<b>নেই</b>") && page.contains("data:image/png;base64,iVBORw=="), "{page}");
        assert!(page.contains("href=\"https://wb.example/x\"") && page.contains("noreferrer") && !page.contains("cid:"), "{page}");
    }

    proptest! {
        #[test]
        fn no_html_gets_a_fetch_or_a_script_through(html in "(<(img|a|b|p|svg|style|table|math|mtext)( (src|href|style|onload|background)=[\"']?(http://x/|javascript:a|cid:q|data:image/png;base64,A)[\"']?)*>|</[a-z]{1,4}>|<!--|-->|[a-z<>&\"']){0,40}") {
            let cleaned = clean(&html).to_lowercase();
            prop_assert!(!cleaned.contains("src=\"http") && !cleaned.contains("<script") && !cleaned.contains("href=\"javascript"), "{}", cleaned);
        }
    }
}
