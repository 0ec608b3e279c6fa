//! The registry of texts (TRAI's DLT): carriers silently drop what does not fit a registered template, so every text of ours is
//! held against the registry before the program starts.
//!
//! The registry's file is TOML, or CSV as the carriers' portals give it. A text fits if its fixed words are the registered ones,
//! letter by letter, and each of its values fits the variables that stand in its place.

mod file;
mod fit;

pub use fit::{Form, Piece, Text};

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    file: PathBuf,
    entities: BTreeSet<String>,
    headers: BTreeSet<String>,
    links: BTreeSet<String>,
    texts: Vec<Registered>,
}

/// One registered template.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Registered {
    line: usize,
    template: String,
    language: String,
    id: String,
    header: Option<String>,
    pieces: Vec<Slot>,
}

/// A piece of a registered text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Slot {
    Fixed(String),
    Variable { kind: Kind, longest: usize },
}

/// What a variable may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Anything,
    Digits,
    Letters,
    LettersAndDigits,
    Link,
    Mail,
}

/// Characters that a variable may hold where the registry says nothing.
const LONGEST: usize = 30;

/// A text that a carrier would drop, or a registry that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}: {what}", file.display())]
pub struct RegistryError {
    /// The file at fault: the template's, or the registry's.
    pub file: PathBuf,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub what: String,
}

/// A row of the table that `daak sms check` prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Our template.
    pub template: String,
    /// Language.
    pub language: String,
    /// The registry's id.
    pub id: Option<String>,
    /// Why it would be dropped; `None` if it fits.
    pub trouble: Option<RegistryError>,
}

impl Registry {
    /// Reads the file: CSV by its name's end, TOML otherwise.
    ///
    /// # Errors
    /// Every mistake, with its line.
    pub fn load(path: &Path) -> Result<Self, Vec<RegistryError>> {
        let wrong = |line, what| vec![RegistryError { file: path.to_owned(), line, what }];
        let text =
            std::fs::read_to_string(path).map_err(|why| wrong(1, format!("cannot be read ({why}): set sms.dlt to the registry's file")))?;
        let csv = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("csv"));
        let read = if csv { file::read_csv(&text) } else { file::read_toml(&text) };
        let mut registry = read.map_err(|mistakes| mistakes.into_iter().flat_map(|(line, what)| wrong(line, what)).collect::<Vec<_>>())?;
        path.clone_into(&mut registry.file);
        Ok(registry)
    }

    /// Holds every text against the registry.
    pub fn check<'a>(&self, texts: impl IntoIterator<Item = &'a Text>) -> Vec<Row> {
        let row = |text: &Text| {
            let found = self.find(&text.template, &text.language);
            let what = match found {
                None => Err(format!(
                    "{} in {} is not registered: carriers would drop it silently; register it, and add its id to {}",
                    text.template,
                    text.language,
                    self.file.display()
                )),
                Some(registered) => self.fits(registered, text),
            };
            let trouble = what.err().map(|what| RegistryError { file: text.file.clone(), line: text.line, what });
            Row { template: text.template.clone(), language: text.language.clone(), id: found.map(|r| r.id.clone()), trouble }
        };
        texts.into_iter().map(row).collect()
    }

    /// Whether we send as whom the registry knows.
    ///
    /// # Errors
    /// A sentence that names the key to mend.
    pub fn knows(&self, header: &str, entity: Option<&str>) -> Result<(), String> {
        let listed = |all: &BTreeSet<String>| all.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        if !self.headers.contains(header) {
            return Err(format!("sms.sender {header:?} is no registered header: {} has {}", self.file.display(), listed(&self.headers)));
        }
        match entity {
            Some(entity) if !self.entities.contains(entity) => {
                Err(format!("sms.entity_id {entity:?} is not in the registry: {} has {}", self.file.display(), listed(&self.entities)))
            }
            _ => Ok(()),
        }
    }

    /// The one principal entity, where there is only one.
    pub fn entity(&self) -> Option<&str> {
        self.entities.first().filter(|_| self.entities.len() == 1).map(String::as_str)
    }

    /// The id of a template in a language.
    pub fn id(&self, template: &str, language: &str) -> Option<&str> {
        self.find(template, language).map(|registered| registered.id.as_str())
    }

    /// A finished message, just before it goes.
    ///
    /// # Errors
    /// Why the carriers would drop it.
    pub fn lets_pass(&self, template: &str, language: &str, text: &str) -> Result<(), String> {
        if self.id(template, language).is_none() {
            return Err(format!("the text {template} in {language} is not in the registry (DLT): the carriers would drop it silently"));
        }
        match fit::links(text).find(|link| !self.is_whitelisted(link)) {
            Some(link) => Err(format!("the link {link:?} is not whitelisted in the registry (DLT): the carriers would drop the message")),
            None => Ok(()),
        }
    }

    fn find(&self, template: &str, language: &str) -> Option<&Registered> {
        self.texts.iter().find(|r| r.template == template && r.language == language)
    }

    fn fits(&self, registered: &Registered, text: &Text) -> Result<(), String> {
        if let Some(header) = registered.header.as_ref().filter(|h| !self.headers.contains(*h)) {
            return Err(format!("it is registered for the header {header:?}, which is none of ours"));
        }
        let fixed = text.pieces.iter().filter_map(|piece| if let Piece::Fixed(words) = piece { Some(words.as_str()) } else { None });
        if let Some(link) = fixed.flat_map(fit::links).find(|link| !self.is_whitelisted(link)) {
            return Err(format!("the link {link:?} is not whitelisted: add it to links in {}", self.file.display()));
        }
        fit::fit(&registered.pieces, &text.pieces)
            .map_err(|why| format!("{why} (registered as {} in {}:{})", registered.id, self.file.display(), registered.line))
    }

    fn is_whitelisted(&self, link: &str) -> bool {
        let bare = |text: &str| {
            let text = text.trim_start_matches("https://").trim_start_matches("http://").trim_start_matches("www.");
            text.trim_end_matches('/').to_ascii_lowercase()
        };
        let link = bare(link);
        self.links.iter().map(|known| bare(known)).any(|known| link == known || link.starts_with(&format!("{known}/")))
    }
}

#[cfg(test)]
#[path = "dlt/tests.rs"]
mod tests;
