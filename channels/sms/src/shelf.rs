//! Where parts lie until their message is whole: a file each, on the disk before the SMS centre is told that we have it.

use crate::join::{Joiner, Part, Whole};
use daak_domain::Timestamp;
use jiff::SignedDuration;
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The parts of messages that are not whole.
#[derive(Debug)]
pub struct Shelf {
    folder: PathBuf,
    joiner: Mutex<Joiner>,
    /// Whoever keeps a part holds it.
    keeping: Mutex<()>,
}

impl Shelf {
    /// Opens the shelf and finds again what lay there.
    ///
    /// # Errors
    /// The disk's own. A file that cannot be read any more is left where it is.
    pub fn open(folder: &Path, patience: SignedDuration) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let mut joiner = Joiner::new(patience);
        for entry in std::fs::read_dir(folder)?.flatten() {
            let part = std::fs::read(entry.path()).ok().and_then(|text| serde_json::from_slice::<Part>(&text).ok());
            match part {
                Some(part) => drop(joiner.add(part)),
                None => tracing::warn!(event = "sms.part_unreadable", "a part of a message cannot be read: it stays in the folder"),
            }
        }
        Ok(Self { folder: folder.to_owned(), joiner: Mutex::new(joiner), keeping: Mutex::new(()) })
    }

    /// Keeps a part. When this returns, it survives the death of the program. Blocks.
    ///
    /// # Errors
    /// The disk's own (full): the part is not kept, the SMS centre must offer it again.
    pub fn keep(&self, part: Part) -> std::io::Result<()> {
        let (file, content) = (self.file(&part), serde_json::to_vec(&part)?);
        // One at a time: the same part may come twice at once, and neither is answered before it is durable.
        let _turn = self.keeping.lock().unwrap_or_else(PoisonError::into_inner);
        if file.exists() {
            self.joiner().add(part);
            return Ok(());
        }
        let unfinished = file.with_extension("new");
        let mut writing = std::fs::File::create(&unfinished)?;
        writing.write_all(&content)?;
        writing.sync_all()?;
        std::fs::rename(&unfinished, &file)?;
        std::fs::File::open(&self.folder)?.sync_all()?;
        if !self.joiner().add(part) {
            // Its message was handed in before.
            std::fs::remove_file(&file)?;
        }
        Ok(())
    }

    /// Messages to hand in now.
    pub fn due(&self, now: Timestamp) -> Vec<Whole> {
        self.joiner().due(now)
    }

    /// A message was taken: its parts are thrown away.
    pub fn settled(&self, whole: &Whole) {
        self.joiner().settled(whole);
        for part in &whole.parts {
            let _ = std::fs::remove_file(self.file(part));
        }
    }

    /// When the next message is due for want of parts.
    pub fn next(&self) -> Option<Timestamp> {
        self.joiner().next()
    }

    fn joiner(&self) -> MutexGuard<'_, Joiner> {
        self.joiner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same part has the same file, whenever it comes.
    fn file(&self, part: &Part) -> PathBuf {
        let mut hasher = Sha256::new();
        for text in [&part.from, &part.to] {
            hasher.update(text.as_bytes());
            hasher.update([0]);
        }
        hasher.update(part.place.reference.to_be_bytes());
        hasher.update([part.place.total, part.place.part]);
        part.units.iter().for_each(|unit| hasher.update(unit.to_be_bytes()));
        self.folder.join(format!("{}.json", hex::encode(&hasher.finalize()[..16])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::concat::Concat;

    #[test]
    fn what_was_kept_is_found_again_and_what_was_taken_is_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let open = || Shelf::open(folder.path(), SignedDuration::from_mins(10)).expect("opens");
        let now = Timestamp::from_second(1_800_000_000).expect("a time");
        let part = |n: u8, text: &str| Part {
            from: "919830012345".into(),
            to: "1000".into(),
            place: Concat { reference: 9, total: 2, part: n },
            units: text.encode_utf16().collect(),
            received_at: now,
        };
        let shelf = open();
        shelf.keep(part(2, " world")).expect("kept");
        shelf.keep(part(2, " world")).expect("the same");
        drop(shelf); // killed
        std::fs::write(folder.path().join("torn.json"), b"{\"from\"").expect("written");
        let shelf = open();
        assert!(shelf.due(now).is_empty());
        shelf.keep(part(1, "hello")).expect("kept");
        let due = shelf.due(now);
        assert_eq!((due.len(), due[0].text.as_str()), (1, "hello world"));
        assert_eq!(shelf.due(now).len(), 1, "until it was taken");
        shelf.settled(&due[0]);
        assert!(shelf.due(now).is_empty());
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "only the torn one is left");
    }
}
