//! What the door goes by, as files of the masters' folder say it.

use super::{AbuseList, JoiningRule};
use daak_sms::Words;
use std::path::Path;

/// The rules of the door.
#[derive(Debug, Clone)]
pub struct DoorRules {
    /// When a contact joins a ticket, or opens one again: `joining.toml`.
    pub joining: JoiningRule,
    /// What short messages ask: `sms_words.toml`.
    pub words: Words,
    /// Words that insult: `abuse.toml`.
    pub abuse: AbuseList,
}

impl DoorRules {
    /// Reads the files of a folder.
    ///
    /// # Errors
    /// A sentence with file and line.
    pub fn load(folder: &Path) -> Result<Self, String> {
        Ok(Self {
            joining: JoiningRule::load(&folder.join("joining.toml"))?,
            words: Words::load(&folder.join("sms_words.toml"))?,
            abuse: AbuseList::load(&folder.join("abuse.toml"))?,
        })
    }
}
