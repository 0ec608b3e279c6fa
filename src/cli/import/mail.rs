//! Mails from files: through the same door as those of a mailbox.

use super::say;
use anyhow::Context;
use daak_domain::Timestamp;
use daak_email::mbox::Mails;
use daak_email::{Became, Door};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// Takes in one mail of a file.
///
/// # Errors
/// A file that cannot be read; a door that is shut.
pub async fn eml(door: &Door, file: &Path) -> anyhow::Result<bool> {
    let most = door.rules().bounds.size as u64 + 1;
    let mut raw = Vec::new();
    File::open(file).and_then(|f| f.take(most).read_to_end(&mut raw)).with_context(|| format!("{} cannot be read", file.display()))?;
    take(door, raw, &file.display().to_string()).await
}

/// Takes in each mail of a file of many; answers how many became neither a contact nor news of a message.
///
/// # Errors
/// As [`eml`].
pub async fn mbox(door: &Door, file: &Path) -> anyhow::Result<usize> {
    let opened = File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let (mut held, mut count) = (0, 0);
    for mail in Mails::new(BufReader::new(opened), door.rules().bounds.size) {
        count += 1;
        let shown = format!("{}: mail {count}", file.display());
        let mail = mail.with_context(|| format!("{shown} cannot be read"))?;
        held += usize::from(!take(door, mail, &shown).await?);
    }
    if count == 0 {
        anyhow::bail!("{}: expected mails that begin with a line \"From …\", there is none", file.display());
    }
    Ok(held)
}

async fn take(door: &Door, raw: Vec<u8>, shown: &str) -> anyhow::Result<bool> {
    match door.take(raw, Timestamp::now()).await.with_context(|| shown.to_owned())? {
        Became::Contact(receipt) => {
            super::taken(&receipt, shown);
            Ok(true)
        }
        Became::Held(why) => {
            say(&format!("{shown}: held for a person to look at: {why}"));
            Ok(false)
        }
        Became::News => {
            say(&format!("{shown}: tells what became of a message of ours"));
            Ok(true)
        }
        Became::Nothing(why) => {
            say(&format!("{shown}: passed over: {why}"));
            Ok(true)
        }
    }
}
