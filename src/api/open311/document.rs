//! One document in both of its forms.

use serde_json::Value;
use std::fmt::Write;

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `text/xml`.
    Xml,
    /// `application/json`.
    Json,
}

impl Format {
    /// The name before the last dot, and the form that the end asks for.
    pub fn of(address: &str) -> (&str, Option<Self>) {
        match address.rsplit_once('.') {
            Some((name, "xml")) => (name, Some(Self::Xml)),
            Some((name, "json")) => (name, Some(Self::Json)),
            _ => (address, None),
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Xml => "text/xml; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    /// Writes a document; in XML its outermost element is `root`, and each item of a list has the list's name in the singular.
    pub fn write(self, root: &str, value: &Value) -> String {
        match self {
            Self::Json => value.to_string(),
            Self::Xml => {
                let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
                element(&mut out, root, value);
                out.push('\n');
                out
            }
        }
    }
}

/// What an item of a list is called.
fn item_of(list: &str) -> &str {
    match list {
        "service_requests" => "request",
        "service_request_updates" => "request_update",
        other => other.strip_suffix('s').unwrap_or(other),
    }
}

fn element(out: &mut String, name: &str, value: &Value) {
    let _ = write!(out, "<{name}>");
    match value {
        Value::Null => {}
        Value::Array(items) => items.iter().for_each(|item| element(out, item_of(name), item)),
        Value::Object(members) => members.iter().for_each(|(name, value)| element(out, name, value)),
        Value::String(text) => escape(out, text),
        other => escape(out, &other.to_string()),
    }
    let _ = write!(out, "</{name}>");
}

/// Text in XML 1.0: its five signs as entities, and without characters that it does not allow (section 2.2).
fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' => out.push(c),
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_document_is_the_same_in_both_forms() {
        let value = json!([{ "service_request_id": "1", "status_notes": null, "lat": 22.9, "service_name": "<a & \"b\">\u{1}" }]);
        let xml = Format::Xml.write("service_requests", &value);
        assert_eq!(
            xml,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<service_requests><request><lat>22.9</lat><service_name>&lt;a &amp; \
             &quot;b&quot;&gt;</service_name><service_request_id>1</service_request_id><status_notes></status_notes></request></service_requests>\n"
        );
        assert_eq!(Format::of("wcd.old-age-pension.json"), ("wcd.old-age-pension", Some(Format::Json)));
        assert_eq!(Format::of("services"), ("services", None));
    }
}
