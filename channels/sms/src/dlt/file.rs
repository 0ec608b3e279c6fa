//! The registry's file.

use super::{Kind, LONGEST, Registered, Registry, Slot};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::PathBuf;
use toml::Spanned;

type Mistakes = Vec<(usize, String)>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    entity: String,
    headers: Vec<String>,
    #[serde(default)]
    links: Vec<String>,
    #[serde(default)]
    text: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    template: String,
    language: String,
    id: String,
    text: String,
    #[serde(default)]
    header: Option<String>,
    /// Characters of each variable.
    #[serde(default)]
    lengths: Vec<usize>,
}

/// TOML: `entity`, `headers`, `links`, and a `[[text]]` for each template and language.
pub(super) fn read_toml(source: &str) -> Result<Registry, Mistakes> {
    let line = |at: usize| source.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
    let file: File = toml::from_str(source).map_err(|why| vec![(line(why.span().map_or(0, |s| s.start)), why.message().to_owned())])?;
    let entries = file.text.into_iter().map(|entry| (line(entry.span().start), entry.into_inner()));
    put_together(BTreeSet::from([file.entity]), file.headers.into_iter().collect(), file.links.into_iter().collect(), entries)
}

#[derive(Deserialize)]
struct Record {
    header: String,
    entity: String,
    id: String,
    template: String,
    language: String,
    text: String,
    #[serde(default)]
    lengths: String,
    #[serde(default)]
    links: String,
}

/// CSV with the columns `header, entity, id, template, language, text`, and perhaps `lengths` and `links` (each a list with blanks).
pub(super) fn read_csv(source: &str) -> Result<Registry, Mistakes> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(source.trim_start_matches('\u{feff}').as_bytes());
    let (mut entities, mut headers, mut links) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let (mut entries, mut mistakes) = (Vec::new(), Vec::new());
    for record in reader.deserialize::<Record>() {
        match record {
            Err(why) => mistakes.push((why.position().map_or(1, |p| usize::try_from(p.line()).unwrap_or(1)), why.to_string())),
            Ok(record) => {
                let lengths: Result<Vec<usize>, _> = record.lengths.split_whitespace().map(str::parse).collect();
                let at = entries.len() + 2;
                let Ok(lengths) = lengths else {
                    mistakes.push((at, "lengths: expected numbers with blanks between them".to_owned()));
                    continue;
                };
                entities.insert(record.entity);
                headers.insert(record.header.clone());
                links.extend(record.links.split_whitespace().map(str::to_owned));
                let (template, language, id, text) = (record.template, record.language, record.id, record.text);
                entries.push((at, Entry { template, language, id, text, header: Some(record.header), lengths }));
            }
        }
    }
    if mistakes.is_empty() { put_together(entities, headers, links, entries.into_iter()) } else { Err(mistakes) }
}

fn put_together(
    entities: BTreeSet<String>,
    headers: BTreeSet<String>,
    links: BTreeSet<String>,
    entries: impl Iterator<Item = (usize, Entry)>,
) -> Result<Registry, Mistakes> {
    let (mut texts, mut mistakes) = (Vec::<Registered>::new(), Vec::new());
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if let Some(entity) = entities.iter().find(|e| !digits(e)) {
        mistakes.push((1, format!("entity: {entity:?} is no number of the registry")));
    }
    for (line, entry) in entries {
        let (template, language) = (entry.template, entry.language);
        if !digits(&entry.id) {
            mistakes.push((line, format!("id: {:?} is no number of the registry", entry.id)));
        }
        if let Some(known) = texts.iter().find(|t| t.template == template && t.language == language) {
            mistakes.push((line, format!("{template} in {language} stands on line {} already", known.line)));
        }
        match slots(&entry.text, &entry.lengths) {
            Ok(pieces) => texts.push(Registered { line, template, language, id: entry.id, header: entry.header, pieces }),
            Err(what) => mistakes.push((line, what)),
        }
    }
    if mistakes.is_empty() { Ok(Registry { file: PathBuf::new(), entities, headers, links, texts }) } else { Err(mistakes) }
}

/// Cuts a registered text at its variables: `{#var#}` and the typed ones.
fn slots(text: &str, lengths: &[usize]) -> Result<Vec<Slot>, String> {
    let (mut all, mut rest, mut count) = (Vec::new(), text, 0);
    while let Some((fixed, after)) = rest.split_once("{#") {
        let (name, after) = after.split_once("#}").ok_or("a variable is not closed: it is written {#var#}")?;
        let kind = match name.trim().to_ascii_lowercase().as_str() {
            "var" => Kind::Anything,
            "numeric" | "cbn" => Kind::Digits,
            "alphabetic" => Kind::Letters,
            "alphanumeric" => Kind::LettersAndDigits,
            "url" | "urlott" => Kind::Link,
            "email" => Kind::Mail,
            other => {
                return Err(format!(
                    "{{#{other}#}} is no kind of variable: use var, numeric, alphabetic, alphanumeric, url, urlott, cbn, email"
                ));
            }
        };
        all.push(Slot::Fixed(fixed.to_owned()));
        all.push(Slot::Variable { kind, longest: lengths.get(count).copied().unwrap_or(LONGEST) });
        count += 1;
        rest = after;
    }
    if lengths.len() > count {
        return Err(format!("lengths has {} numbers, the text has {count} variables", lengths.len()));
    }
    all.push(Slot::Fixed(rest.to_owned()));
    Ok(all)
}
