//! `daak import`: takes in contacts from files, through the same door as live ones.

mod csv;
mod mail;
mod pdf;
mod wav;

use super::{Place, say};
use crate::app::{self, Ground};
use clap::{Args, Subcommand};
use daak_domain::contact::{Contact, Outcome, Receipt};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::seam::Helpline;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `daak import`.
#[derive(Debug, Args)]
pub struct Import {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Debug, Subcommand)]
enum Kind {
    /// Tables with the columns body, and if you have them channel, phone, email, name, language, subject, district, block, external_id
    Csv {
        /// Files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Mails, one a file
    Eml {
        /// Files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Files of many mails (mbox)
    Mbox {
        /// Files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Scans of letters: PDF, TIFF, JPEG or PNG, of one or more letters parted by separator sheets
    Pdf {
        /// Files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Recordings of what a citizen said, one contact a file
    Wav {
        /// Files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Language spoken: bn, hi, en, ne, ur
        #[arg(long, default_value = "bn")]
        language: Language,
        /// The caller's number, E.164
        #[arg(long, value_name = "E164")]
        phone: Option<PhoneNumber>,
    },
}

impl Import {
    /// Takes in each file. A second import of the same file changes nothing.
    ///
    /// # Errors
    /// A file that cannot be read, with its line; a door that is shut.
    pub async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let config = place.config()?;
        let ground = Ground::lay(&config, &place.data).await?;
        let helpline = app::helpline(&config, &ground)?;
        let mut refused = 0;
        match self.kind {
            Kind::Csv { files } => {
                for file in &files {
                    for (line, contact) in csv::read(file)? {
                        refused += usize::from(!take_in(&*helpline, contact, &format!("{}:{line}", file.display())).await?);
                    }
                }
            }
            Kind::Eml { files } => {
                let door = app::mail_door(&config, &ground, helpline);
                for file in &files {
                    refused += usize::from(!mail::eml(&door, file).await?);
                }
            }
            Kind::Mbox { files } => {
                let door = app::mail_door(&config, &ground, helpline);
                for file in &files {
                    refused += mail::mbox(&door, file).await?;
                }
            }
            Kind::Pdf { files } => {
                let room = app::post_room(&config, helpline, ground.archive.clone())?;
                for file in &files {
                    refused += usize::from(!pdf::take_in(&room, file).await?);
                }
            }
            Kind::Wav { files, language, phone } => {
                let recogniser = app::recogniser(&config).await;
                for file in &files {
                    let contact = wav::read(file, language, phone.clone(), &*recogniser, &*ground.archive).await?;
                    refused += usize::from(!take_in(&*helpline, contact, &file.display().to_string()).await?);
                }
            }
        }
        Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Takes in one contact and says what became of it. `false` if it can never be taken in as it stands.
async fn take_in(helpline: &dyn Helpline, contact: Contact, shown: &str) -> anyhow::Result<bool> {
    use daak_domain::seam::Refusal;
    match helpline.take_in(contact).await {
        Ok(receipt) => {
            taken(&receipt, shown);
            Ok(true)
        }
        Err(Refusal::Invalid(why)) => {
            say(&format!("{shown}: not taken in: {why}"));
            Ok(false)
        }
        Err(why @ Refusal::Unavailable(_)) => anyhow::bail!("{shown}: {why}"),
    }
}

/// Says what became of a contact.
fn taken(receipt: &Receipt, shown: &str) {
    let outcome = match receipt.outcome {
        Outcome::Opened => "opened",
        Outcome::Joined => "joined",
        Outcome::Repeated => "was taken in before, as",
    };
    let emergency = if receipt.emergency { "  EMERGENCY" } else { "" };
    say(&format!("{shown}: {outcome} {}  {}  {}{emergency}", receipt.number.grouped(), receipt.category, receipt.department));
}

/// SHA-256 of a file's content, by which a second import knows it.
fn fingerprint(content: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    hex::encode(Sha256::digest(content))
}

/// The file's name without its path.
fn name_of(file: &Path) -> String {
    file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
