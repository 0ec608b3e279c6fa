//! Header fields as they stand: unfolded, nothing decoded. For the fields whose exact words count.

use crate::bounds::header_end;

/// The fields of one header, the first first.
#[derive(Debug, Clone, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads the header at the beginning of `raw` (RFC 5322 §2.2).
    pub fn of(raw: &[u8]) -> Self {
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in raw[..header_end(raw)].split(|b| *b == b'\n') {
            let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line));
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = fields.last_mut() {
                    value.push(' ');
                    value.push_str(line.trim());
                }
            } else if let Some((name, value)) = line.split_once(':') {
                fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
            }
        }
        Self(fields)
    }

    /// The value of the first field of this name, given in lower case.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The values of all fields of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Whether there is such a field.
    pub fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }

    /// The value of the first field of this name, in lower case and without what stands behind a semicolon or in brackets.
    pub fn word(&self, name: &str) -> Option<String> {
        self.first(name).map(|value| value.split([';', '(', ',']).next().unwrap_or_default().trim().to_ascii_lowercase())
    }
}

/// What stands in angle brackets, each; or, where nothing does, the words.
pub fn ids(value: &str) -> Vec<String> {
    let bracketed: Vec<String> = value
        .split('<')
        .skip(1)
        .filter_map(|rest| rest.split_once('>'))
        .map(|(id, _)| id.trim().to_owned())
        .filter(|id| !id.is_empty())
        .collect();
    if bracketed.is_empty() { value.split_whitespace().filter(|word| word.contains('@')).map(str::to_owned).collect() } else { bracketed }
}
