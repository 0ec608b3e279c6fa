//! Placeholders `{name}` in the values of a provider's request.

use crate::gateway::Outgoing;
use crate::parts::{self, Encoding};

/// Variables that a provider's request may use.
pub(crate) const VARIABLES: [&str; 12] =
    ["to", "to_digits", "to_national", "text", "sender", "key", "coding", "encoding", "parts", "report_url", "template_id", "entity_id"];

/// A value with placeholders. `{{` and `}}` stand for the brackets themselves.
#[derive(Clone)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Clone)]
enum Piece {
    Literal(String),
    Variable(&'static str),
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// A sentence that names the unknown variable or the bracket that is left open.
    pub(crate) fn parse(source: &str) -> Result<Self, String> {
        let (mut pieces, mut literal, mut rest) = (Vec::new(), String::new(), source);
        while let Some(at) = rest.find(['{', '}']) {
            literal.push_str(&rest[..at]);
            let bracket = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(bracket) {
                literal.push_str(bracket);
                rest = after;
                continue;
            }
            if bracket == "}" {
                return Err("a } stands alone: write }} for the bracket itself".to_owned());
            }
            let end = rest.find('}').ok_or("a { is never closed: write {{ for the bracket itself")?;
            let name = &rest[..end];
            let known = VARIABLES.iter().find(|v| **v == name);
            let known = known.ok_or_else(|| format!("unknown variable {{{name}}}: use one of {}", VARIABLES.join(", ")))?;
            pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            pieces.push(Piece::Variable(known));
            rest = &rest[end + 1..];
        }
        literal.push_str(rest);
        pieces.push(Piece::Literal(literal));
        Ok(Self(pieces))
    }

    /// Fills it, each value going through `escape`.
    pub(crate) fn fill(&self, values: &Values<'_>, escape: fn(&str) -> String) -> String {
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Literal(text) => out.push_str(text),
                Piece::Variable(name) => out.push_str(&escape(&values.get(name))),
            }
        }
        out
    }
}

/// What the variables stand for in one sending.
pub(crate) struct Values<'a> {
    pub(crate) message: &'a Outgoing,
    pub(crate) report_url: &'a str,
}

impl Values<'_> {
    fn get(&self, name: &str) -> String {
        let m = self.message;
        let encoding = || Encoding::of(&m.text);
        match name {
            "to" => m.to.as_str().to_owned(),
            "to_digits" => m.to.as_str().trim_start_matches('+').to_owned(),
            "to_national" => m.to.as_str().trim_start_matches('+').trim_start_matches("91").to_owned(),
            "text" => m.text.clone(),
            "sender" => m.sender.clone(),
            "key" => m.key.clone(),
            "coding" => if encoding() == Encoding::Gsm7 { "0" } else { "2" }.to_owned(),
            "encoding" => if encoding() == Encoding::Gsm7 { "gsm7" } else { "ucs2" }.to_owned(),
            "parts" => parts::count(&m.text).parts.to_string(),
            "report_url" => self.report_url.to_owned(),
            "template_id" => m.template_id.clone().unwrap_or_default(),
            "entity_id" => m.entity_id.clone().unwrap_or_default(),
            _ => String::new(),
        }
    }
}

/// As it is.
pub(crate) fn plain(value: &str) -> String {
    value.to_owned()
}

/// As the inside of a JSON string.
pub(crate) fn json(value: &str) -> String {
    let quoted = serde_json::Value::from(value).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_told() {
        for (source, says) in [("{tex}", "unknown variable {tex}"), ("{to", "never closed"), ("a}", "stands alone")] {
            let error = Template::parse(source).err().expect("refused");
            assert!(error.contains(says), "{source}: {error}");
        }
        assert!(Template::parse("{{\"to\": \"{to}\"}}").is_ok());
    }
}
