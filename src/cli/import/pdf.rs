//! Scans of letters.

use super::{name_of, say, taken};
use anyhow::Context;
use daak_domain::Timestamp;
use daak_letter::{PostRoom, Taken};
use std::path::Path;

/// Takes in the letters of a scan and says what became of each. `false` if the scan is held.
///
/// # Errors
/// A file that is not there; a door that is shut.
pub async fn take_in(room: &PostRoom, file: &Path) -> anyhow::Result<bool> {
    let shown = file.display();
    let path = file.canonicalize().with_context(|| format!("{shown} cannot be read"))?;
    match room.take_in(&path, &name_of(file), Timestamp::now()).await.with_context(|| shown.to_string())? {
        Taken::Letters(receipts) => {
            receipts.iter().for_each(|receipt| taken(receipt, &shown.to_string()));
            Ok(true)
        }
        Taken::Held(reason) => {
            say(&format!("{shown}: held in quarantine: {reason}"));
            Ok(false)
        }
    }
}
