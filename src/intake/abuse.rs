//! Words that insult: what holds one is shown behind a fold, and is otherwise a contact like every other.

use crate::intelligence::fold;
use crate::intelligence::keywords::line_of;
use serde::Deserialize;
use std::collections::HashSet;
use std::path::Path;

/// The words of `config/abuse.toml`, folded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AbuseList(HashSet<String>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    bn: Vec<String>,
    hi: Vec<String>,
    en: Vec<String>,
    latin: Vec<String>,
}

impl AbuseList {
    /// Reads the file.
    ///
    /// # Errors
    /// A sentence with file and line.
    pub fn load(file: &Path) -> Result<Self, String> {
        let shown = file.display();
        let text = std::fs::read_to_string(file)
            .map_err(|e| format!("{shown} cannot be read ({e}): set data.folder to the folder with the project's masters"))?;
        let lists: File =
            toml::from_str(&text).map_err(|e| format!("{shown}:{}: {}", line_of(&text, e.span().map_or(0, |s| s.start)), e.message()))?;
        let words = [lists.bn, lists.hi, lists.en, lists.latin].into_iter().flatten();
        words.map(|word| one(&word).ok_or_else(|| format!("{shown}: {word:?} is not one word"))).collect::<Result<_, _>>().map(Self)
    }

    /// Whether a text holds one of the words.
    pub fn is_in(&self, text: &str) -> bool {
        !self.0.is_empty() && fold::words(text).iter().any(|word| self.0.contains(&word.folded))
    }
}

fn one(word: &str) -> Option<String> {
    let mut folded = fold::words(word);
    if folded.len() == 1 { folded.pop().map(|word| word.folded) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_in_four_forms() {
        let list = AbuseList::load(Path::new("config/abuse.toml")).expect("shipped");
        for insult in ["তোরা সব হারামজাদা!", "साले चोर", "You BASTARDS, where is my ration", "sob harami"]
        {
            assert!(list.is_in(insult), "{insult}");
        }
        for plain in ["পাঠশালা খোলা নেই", "कुत्ते ने काटा", "the class is closed", "amader haram hoyeche", ""]
        {
            assert!(!list.is_in(plain), "{plain}");
        }
    }
}
