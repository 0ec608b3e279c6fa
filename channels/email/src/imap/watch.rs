//! One mailbox, watched: what is new is fetched, handed to the helpline many at a time, and only then marked.

use super::connect::{self, ANSWER, Lost, Open, soon};
use super::uids::{Position, batches, set};
use super::{After, Cursors, Mailbox};
use crate::door::Door;
use daak_domain::Timestamp;
use daak_domain::seam::Refusal;
use futures_util::{StreamExt, TryStreamExt};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Watches a mailbox.
pub struct Watcher {
    mailbox: Mailbox,
    door: Door,
    cursors: Arc<dyn Cursors>,
    at_once: Arc<Semaphore>,
}

/// Bytes that are fetched at a time.
const BATCH_BYTES: u64 = 24 << 20;
/// The first wait after a failure; it doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// Mails on their way into the helpline, and the last of their numbers.
struct UnderWay {
    tasks: JoinSet<(u32, Result<(), Refusal>)>,
    last: u32,
}

impl Watcher {
    /// A watcher that writes down in `cursors` how far it has read.
    pub fn new(mailbox: Mailbox, door: Door, cursors: Arc<dyn Cursors>) -> Self {
        let at_once = Arc::new(Semaphore::new(mailbox.at_once.max(1)));
        Self { mailbox, door, cursors, at_once }
    }

    /// Watches until `closing`. Whatever goes wrong is tried again, less and less often.
    pub async fn run(self, closing: CancellationToken) {
        let mut wait = FIRST_WAIT;
        while !closing.is_cancelled() {
            let mut progress = false;
            let ended = tokio::select! {
                () = closing.cancelled() => return,
                ended = self.visit(&mut progress) => ended,
            };
            if progress {
                wait = FIRST_WAIT;
            }
            if let Err(why) = ended {
                tracing::warn!(event = "mail.mailbox_lost", mailbox = self.mailbox.name, %why, wait_s = wait.as_secs(), "a mailbox is not read right now");
            }
            tokio::select! {
                () = closing.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// One connection, from its beginning until it is lost.
    async fn visit(&self, progress: &mut bool) -> Result<(), Lost> {
        let mut session = connect::open(&self.mailbox).await?;
        let folder = soon(async { session.select(&self.mailbox.folder).await.map_err(|why| Lost::Folder(why.to_string())) }).await?;
        let validity = folder.uid_validity.ok_or_else(|| Lost::Folder("it does not number its mails (UIDVALIDITY)".into()))?;
        if let After::Move(to) = &self.mailbox.after {
            // It may be there already; if it can be had in no way, moving says so.
            let _ = soon(session.create(to)).await;
        }
        let abilities = soon(session.capabilities()).await?;
        let (idles, moves) = (abilities.has_str("IDLE"), abilities.has_str("MOVE"));
        let name = format!("imap:{}:{}", self.mailbox.name, self.mailbox.folder);
        let mut position = Position::resume(self.cursors.load(&name).await?.as_deref(), validity);
        tracing::info!(event = "mail.mailbox_open", mailbox = self.mailbox.name, idles, "a mailbox is watched");
        loop {
            while session.unsolicited_responses.try_recv().is_ok() {}
            let uids = self.new_mails(&mut session, position.last).await?;
            *progress = true;
            if !uids.is_empty() {
                self.read(&mut session, &uids, &mut position, &name, moves).await?;
                continue;
            }
            // What arrived while we looked was told in passing, and IDLE would not tell it again.
            let mut told = false;
            while session.unsolicited_responses.try_recv().is_ok() {
                told = true;
            }
            if !told {
                session = self.rest(session, idles).await?;
            }
        }
    }

    /// Waits until the server tells of something, or until it is time to look ourselves.
    async fn rest(&self, mut session: Open, idles: bool) -> Result<Open, Lost> {
        if !idles {
            tokio::time::sleep(self.mailbox.poll).await;
            soon(session.noop()).await?;
            return Ok(session);
        }
        let mut idle = session.idle();
        soon(idle.init()).await?;
        {
            let (news, _interrupt) = idle.wait_with_timeout(self.mailbox.poll);
            news.await?;
        }
        soon(idle.done()).await
    }

    async fn new_mails(&self, session: &mut Open, after: u32) -> Result<Vec<u32>, Lost> {
        let Some(first) = after.checked_add(1) else { return Ok(Vec::new()) };
        // `n:*` names the last mail even if its number is smaller (RFC 3501 §6.4.8).
        let mut uids: Vec<u32> = soon(session.uid_search(format!("UID {first}:*"))).await?.into_iter().filter(|uid| *uid > after).collect();
        uids.sort_unstable();
        Ok(uids)
    }

    /// Reads these mails. While one batch is on its way into the helpline, the next is fetched.
    async fn read(&self, session: &mut Open, uids: &[u32], position: &mut Position, name: &str, moves: bool) -> Result<(), Lost> {
        for window in uids.chunks(1_000) {
            let sized = sizes(session, window).await?;
            let mut before: Option<UnderWay> = None;
            for batch in batches(&sized, self.mailbox.batch.max(1), BATCH_BYTES) {
                let under_way = self.fetch(session, &batch).await?;
                if let Some(before) = before.replace(under_way) {
                    self.settle(session, before, position, name, moves).await?;
                }
            }
            if let Some(before) = before {
                self.settle(session, before, position, name, moves).await?;
            }
        }
        // Mails that were there a moment ago and are gone now need not be looked for again.
        if let Some(last) = uids.last().filter(|last| **last > position.last) {
            position.last = *last;
        }
        Ok(())
    }

    async fn fetch(&self, session: &mut Open, batch: &[(u32, u64)]) -> Result<UnderWay, Lost> {
        let largest = self.door.rules().bounds.size as u64;
        let (small, large): (Vec<_>, Vec<_>) = batch.iter().copied().partition(|(_, size)| *size <= largest);
        let mut tasks = JoinSet::new();
        for (uids, what) in [(small, "BODY.PEEK[]"), (large.clone(), "BODY.PEEK[HEADER]")] {
            if uids.is_empty() {
                continue;
            }
            let numbers: Vec<u32> = uids.iter().map(|(uid, _)| *uid).collect();
            let query = format!("(UID INTERNALDATE {what})");
            let mut mails = Box::pin(soon(session.uid_fetch(set(&numbers), query)).await?);
            while let Some(mail) = tokio::time::timeout(ANSWER, mails.try_next()).await.map_err(|_| Lost::Silence)?? {
                let (Some(uid), Some(content)) = (mail.uid, mail.body().or(mail.header())) else { continue };
                let received_at = mail.internal_date().and_then(|at| Timestamp::from_millisecond(at.timestamp_millis()).ok());
                let received_at = received_at.unwrap_or_else(Timestamp::now);
                let size = large.iter().find(|(large, _)| *large == uid).map(|(_, size)| *size);
                let (door, content) = (self.door.clone(), content.to_vec());
                let permit = self.at_once.clone().acquire_owned().await.map_err(|why| Lost::Connection(why.to_string()))?;
                tasks.spawn(async move {
                    let became = match size {
                        None => door.take(content, received_at).await,
                        Some(size) => door.too_large(&content, size, received_at).await,
                    };
                    drop(permit);
                    (uid, became.map(|_| ()))
                });
            }
        }
        Ok(UnderWay { tasks, last: batch.last().map_or(0, |(uid, _)| *uid) })
    }

    /// Waits for a batch, marks what is stored, and writes down how far everything is settled.
    async fn settle(
        &self,
        session: &mut Open,
        mut under_way: UnderWay,
        position: &mut Position,
        name: &str,
        moves: bool,
    ) -> Result<(), Lost> {
        let (mut settled, mut refused): (Vec<u32>, Option<(u32, Refusal)>) = (Vec::new(), None);
        while let Some(task) = under_way.tasks.join_next().await {
            match task {
                Ok((uid, Ok(()))) => settled.push(uid),
                Ok((uid, Err(why))) if refused.as_ref().is_none_or(|(first, _)| uid < *first) => refused = Some((uid, why)),
                Ok(_) => {}
                Err(why) => return Err(Lost::Helpline(Refusal::Unavailable(why.to_string()))),
            }
        }
        settled.sort_unstable();
        self.mark(session, &settled, moves).await?;
        // The position never passes a mail that is not stored.
        let reached = refused.as_ref().map_or(under_way.last, |(first, _)| first - 1);
        if reached > position.last {
            position.last = reached;
            self.cursors.save(name, &position.written()).await?;
        }
        match refused {
            Some((_, why)) => Err(why.into()),
            None => Ok(()),
        }
    }

    async fn mark(&self, session: &mut Open, uids: &[u32], moves: bool) -> Result<(), Lost> {
        if uids.is_empty() {
            return Ok(());
        }
        let set = set(uids);
        match &self.mailbox.after {
            After::Leave => {}
            After::Seen => store(session, &set, "+FLAGS.SILENT (\\Seen)").await?,
            After::Move(folder) if moves => soon(session.uid_mv(&set, folder)).await?,
            After::Move(folder) => {
                soon(session.uid_copy(&set, folder)).await?;
                store(session, &set, "+FLAGS.SILENT (\\Seen \\Deleted)").await?;
                let gone = soon(session.uid_expunge(&set)).await?;
                tokio::time::timeout(ANSWER, gone.for_each(|_| async {})).await.map_err(|_| Lost::Silence)?;
            }
        }
        Ok(())
    }
}

async fn store(session: &mut Open, set: &str, change: &str) -> Result<(), Lost> {
    let mut done = Box::pin(soon(session.uid_store(set, change)).await?);
    while tokio::time::timeout(ANSWER, done.try_next()).await.map_err(|_| Lost::Silence)??.is_some() {}
    Ok(())
}

/// UIDs with the sizes that the server claims, in rising order.
async fn sizes(session: &mut Open, uids: &[u32]) -> Result<Vec<(u32, u64)>, Lost> {
    let mut sized = Vec::with_capacity(uids.len());
    let mut answers = Box::pin(soon(session.uid_fetch(set(uids), "(UID RFC822.SIZE)")).await?);
    while let Some(answer) = tokio::time::timeout(ANSWER, answers.try_next()).await.map_err(|_| Lost::Silence)?? {
        if let Some(uid) = answer.uid {
            sized.push((uid, answer.size.map_or(0, u64::from)));
        }
    }
    sized.sort_unstable();
    sized.dedup_by_key(|(uid, _)| *uid);
    Ok(sized)
}
