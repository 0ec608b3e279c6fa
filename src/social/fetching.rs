//! Files that citizens sent and payloads only refer to: fetched in the background, within their lifetime, and added to the ticket.

use crate::clock::Clock;
use crate::observe::event;
use crate::store::{Attempt, Awaited, Store, StoreError};
use daak_domain::contact::{Attachment, AttachmentRole, Sender};
use daak_domain::seam::{Amended, Amendment, Archive, Helpline, Label};
use daak_social::{Account, Fetched, File, Media};
use futures_util::{StreamExt, stream};
use jiff::SignedDuration;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Fetches what is awaited.
pub struct Fetcher {
    /// Where it is written down.
    pub store: Store,
    /// Who is told.
    pub helpline: Arc<dyn Helpline>,
    /// Where files are kept.
    pub archive: Arc<dyn Archive>,
    /// By which accounts.
    pub accounts: Vec<Arc<Account>>,
    /// Over which wires.
    pub media: Media,
    /// What a file is, by its content.
    pub sniff: fn(&[u8]) -> &'static str,
    /// Files at once.
    pub at_once: usize,
    /// Wakes it.
    pub files: Arc<Notify>,
    /// The time.
    pub clock: Clock,
}

/// How long a claim holds: longer than any one fetch.
const LEASE: SignedDuration = SignedDuration::from_mins(15);
/// How long it sleeps at most, in case it was not woken.
const NAP: Duration = Duration::from_secs(10);
/// Tries before a file is given up: with the waits between them, about two days.
const TRIES: u32 = 14;
/// The longest wait between two tries.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(6);

impl Fetcher {
    /// Fetches until `closing`. What is under way then is claimed again later.
    pub async fn run(self, closing: CancellationToken) -> &'static str {
        while !closing.is_cancelled() {
            let fetched = tokio::select! {
                round = self.round() => round,
                () = closing.cancelled() => break,
            };
            let found = fetched.unwrap_or_else(|why| {
                tracing::warn!(event = event::FILES_PAUSED, %why);
                0
            });
            if found == 0 {
                tokio::select! {
                    () = closing.cancelled() => {}
                    () = tokio::time::sleep(NAP) => {}
                    () = self.files.notified() => {}
                }
            }
        }
        "the fetching of files"
    }

    /// Fetches what is due; answers how many were tried.
    ///
    /// # Errors
    /// [`StoreError`] if nothing can be claimed.
    pub async fn round(&self) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let lease = now.checked_add(LEASE).unwrap_or(now);
        let at_once = self.at_once.max(1);
        let due = self.store.claim_files(now, lease, u32::try_from(at_once * 4).unwrap_or(16)).await?;
        let count = due.len();
        let all: Vec<_> = due.into_iter().map(|file| self.fetch(file)).collect();
        let mut under_way = stream::iter(all).buffer_unordered(at_once);
        while let Some(outcome) = under_way.next().await {
            outcome?;
        }
        Ok(count)
    }

    async fn fetch(&self, due: Awaited) -> Result<(), StoreError> {
        let outcome = self.attempt(&due).await;
        let now = self.clock.now();
        let what = match outcome {
            Ok(attachment) => Amendment::Fetched(vec![attachment]),
            Err(Failure { retry: true, .. }) if due.attempts + 1 < TRIES => {
                let wait = SignedDuration::from_secs(5 << (2 * due.attempts).min(12)).min(LONGEST_WAIT);
                return self.store.mark_file(due.id, Attempt::Again(now.checked_add(wait).unwrap_or(now))).await;
            }
            Err(Failure { why, .. }) => {
                tracing::warn!(event = event::FILE_LOST, %why);
                Amendment::Lost(why)
            }
        };
        let amended = Amended { channel: due.what.channel, message: due.what.contact.clone(), sender: Sender::default(), at: now, what };
        match self.helpline.amend(amended).await {
            // Where the contact is not known any more, nobody waits for its files.
            Ok(_) => self.store.mark_file(due.id, Attempt::Settled(now)).await,
            Err(why) => Err(StoreError::Unavailable(why.to_string())),
        }
    }

    async fn attempt(&self, due: &Awaited) -> Result<Attachment, Failure> {
        let never = |why: &str| Failure { retry: false, why: why.to_owned() };
        let file: File = serde_json::from_str(&due.what.file).map_err(|_| never("what was written down of the file cannot be read"))?;
        let account = self.accounts.iter().find(|a| a.name == due.what.account && a.provider.channel() == due.what.channel);
        let account = account.ok_or(Failure { retry: true, why: "its account is not configured any more".to_owned() })?;
        let fetched = self.media.fetch(account, &file).await.map_err(|e| Failure { retry: e.retry, why: e.detail })?;
        self.keep(due, file, fetched).await
    }

    async fn keep(&self, due: &Awaited, file: File, fetched: Fetched) -> Result<Attachment, Failure> {
        let media_type = (self.sniff)(&fetched.content);
        let label = Label {
            name: shown_name(&file, media_type),
            media_type: media_type.to_owned(),
            role: file.role,
            belongs_to: due.what.contact.clone(),
        };
        let archive = self.archive.clone();
        let kept = tokio::task::spawn_blocking(move || archive.put(label, &fetched.content)).await;
        let failed = |_| Failure { retry: true, why: "the file cannot be kept now".to_owned() };
        kept.map_err(std::io::Error::other).flatten().map_err(failed)
    }
}

struct Failure {
    retry: bool,
    why: String,
}

/// The last part of the name that was given, without what a path or a terminal would obey; else what it is.
fn shown_name(file: &File, media_type: &str) -> String {
    let given = file.name.as_deref().unwrap_or_default();
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().filter(|c| !c.is_control()).take(120).collect();
    if !name.trim_matches(['.', ' ']).is_empty() {
        return name;
    }
    let ending = media_type.split(';').next().unwrap_or_default().rsplit('/').next().unwrap_or("bin");
    let what = if file.role == AttachmentRole::Statement { "voice" } else { "file" };
    format!("{what}.{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use daak_social::Place;

    #[test]
    fn no_name_from_outside_is_a_path() {
        let named = |name: Option<&str>, media_type: &str| {
            let file = File { place: Place::Id("1".into()), name: name.map(str::to_owned), role: AttachmentRole::Document };
            shown_name(&file, media_type)
        };
        assert_eq!(named(Some("../../etc/passwd"), "text/plain"), "passwd");
        assert_eq!(named(Some("C:\\x\\আবেদন.pdf"), "application/pdf"), "আবেদন.pdf");
        assert_eq!(named(Some(".."), "image/jpeg"), "file.jpeg");
        assert_eq!(named(None, "text/plain; charset=utf-8"), "file.plain");
    }
}
