//! Letters, as the configuration wants them.

use super::AppError;
use crate::config::Config;
use crate::observe::event;
use daak_domain::seam::{Archive, Helpline};
use daak_letter::{Bounds, Inbox, InboxEvent, PostRoom, Reader, ReaderSettings, Taken, Tesseract};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The engine that reads letters.
pub fn engine(config: &Config) -> Tesseract {
    Tesseract { limit: Duration::from_secs(config.letters.limit_s), ..Tesseract::default() }
}

/// What takes scans in: from the inbox, and for `daak import pdf`.
///
/// # Errors
/// [`AppError::Letters`] if the system has no threads for it.
pub fn post_room(config: &Config, helpline: Arc<dyn Helpline>, archive: Arc<dyn Archive>) -> Result<PostRoom, AppError> {
    let letters = &config.letters;
    let half = || std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2));
    let workers = if letters.workers == 0 { half() } else { letters.workers };
    let reader = Reader::start(ReaderSettings { workers, engine: engine(config) }, archive.clone())
        .map_err(|why| AppError::Letters(format!("letters cannot be read: no thread starts ({why})")))?;
    let bounds = Bounds { bytes: letters.size_mib << 20, pages: letters.pages, ..Bounds::default() };
    Ok(PostRoom::new(reader, helpline, archive, bounds, letters.trust.into()))
}

/// The watch over the inbox, where one is configured; it ends with `closing`.
///
/// # Errors
/// [`AppError::Letters`] if the folder cannot be used.
pub fn inbox(
    config: &Config,
    helpline: Arc<dyn Helpline>,
    archive: Arc<dyn Archive>,
    closing: CancellationToken,
) -> Result<Option<impl Future<Output = &'static str> + use<>>, AppError> {
    let Some(folder) = &config.letters.inbox else { return Ok(None) };
    let inbox = Inbox::open(folder, Duration::from_secs(config.letters.rests_s)).map_err(|why| AppError::Letters(why.to_string()))?;
    let room = Arc::new(post_room(config, helpline, archive)?);
    Ok(Some(async move {
        inbox.run(room, closing, tell).await;
        "the letters' inbox"
    }))
}

fn tell(happened: InboxEvent) {
    match happened {
        InboxEvent::Taken(Taken::Letters(receipts)) => tracing::info!(event = event::LETTERS_TAKEN, letters = receipts.len()),
        // The reason stands with what is held; a decoder's words may name a file, and files are named after people.
        InboxEvent::Taken(Taken::Held(_)) => tracing::warn!(event = event::LETTERS_HELD),
        InboxEvent::Waits(why) => tracing::warn!(event = event::LETTERS_WAIT, %why),
        InboxEvent::Unreadable(why) => tracing::error!(event = event::LETTERS_UNREADABLE, %why),
    }
}
