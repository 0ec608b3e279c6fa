//! Recordings on their way to the disk: a few threads that may block, so that no call has to.
//!
//! What is appended reaches the kernel at once, so the death of the process loses nothing older than
//! the last append; every few seconds it is made to survive the death of the machine too.

use daak_domain::contact::Attachment;
use daak_domain::seam::{Archive, ArchiveWriter, Label};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Orders that may wait for one thread; about 20 s of 50 recordings.
const BACKLOG: usize = 1024;
/// How often a recording is made to survive the death of the machine.
const SYNC_EVERY: Duration = Duration::from_secs(4);

/// The threads that write recordings.
#[derive(Clone)]
pub(crate) struct Disk {
    lanes: Arc<[SyncSender<Order>]>,
    next: Arc<AtomicU64>,
}

/// One recording being written.
pub(crate) struct File {
    id: u64,
    lane: SyncSender<Order>,
    /// Why nothing more is written, once something could not be.
    lost: bool,
}

enum Order {
    Begin(u64, Label),
    Append(u64, Vec<u8>),
    Finish(u64, oneshot::Sender<Result<Attachment, String>>),
    Discard(u64),
}

impl Disk {
    /// Starts `threads` threads.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(crate) fn start(archive: &Arc<dyn Archive>, threads: usize) -> std::io::Result<Self> {
        let mut lanes = Vec::new();
        for n in 0..threads.max(1) {
            let (orders, inbox) = sync_channel(BACKLOG);
            let archive = archive.clone();
            std::thread::Builder::new().name(format!("recorder-{n}")).spawn(move || Lane::new(archive).run(&inbox))?;
            lanes.push(orders);
        }
        Ok(Self { lanes: lanes.into(), next: Arc::default() })
    }

    /// Begins a recording.
    pub(crate) fn begin(&self, label: Label) -> File {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let lane = self.lanes[(id % self.lanes.len() as u64) as usize].clone();
        let lost = lane.try_send(Order::Begin(id, label)).is_err();
        File { id, lane, lost }
    }
}

impl File {
    /// Adds bytes. If the disk is too slow to take them the recording ends here, whole up to this
    /// point, rather than delay anybody.
    pub(crate) fn append(&mut self, bytes: Vec<u8>) {
        if self.lost || bytes.is_empty() {
            return;
        }
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = self.lane.try_send(Order::Append(self.id, bytes)) {
            self.lost = true;
            tracing::warn!(event = "recording.disk_too_slow", "a recording was cut short: the disk does not keep up");
        }
    }

    /// Ends the recording and names it.
    ///
    /// # Errors
    /// A sentence, if it is not on the disk.
    pub(crate) async fn finish(self) -> Result<Attachment, String> {
        let (answer, named) = oneshot::channel();
        let (lane, id) = (self.lane.clone(), self.id);
        let sent = tokio::task::spawn_blocking(move || lane.send(Order::Finish(id, answer)).is_ok()).await;
        if !sent.unwrap_or(false) {
            return Err("the threads that write recordings are gone".into());
        }
        named.await.unwrap_or_else(|_| Err("the thread that writes recordings died".into()))
    }

    /// Ends the recording and forgets it.
    pub(crate) fn discard(self) {
        let _ = self.lane.try_send(Order::Discard(self.id));
    }
}

struct Lane {
    archive: Arc<dyn Archive>,
    open: HashMap<u64, Open>,
}

struct Open {
    writer: Result<Box<dyn ArchiveWriter>, String>,
    synced: Instant,
}

impl Lane {
    fn new(archive: Arc<dyn Archive>) -> Self {
        Self { archive, open: HashMap::new() }
    }

    fn run(mut self, inbox: &Receiver<Order>) {
        while let Ok(order) = inbox.recv() {
            match order {
                Order::Begin(id, label) => {
                    let writer = self.archive.create(label).map_err(|e| format!("a recording cannot be begun: {e}"));
                    self.open.insert(id, Open { writer, synced: Instant::now() });
                }
                Order::Append(id, bytes) => {
                    if let Some(open) = self.open.get_mut(&id) {
                        open.append(&bytes);
                    }
                }
                Order::Finish(id, answer) => {
                    let finished = self.open.remove(&id).map_or_else(|| Err("no such recording".into()), Open::finish);
                    let _ = answer.send(finished);
                }
                Order::Discard(id) => {
                    if let Some(Open { writer: Ok(writer), .. }) = self.open.remove(&id) {
                        writer.discard();
                    }
                }
            }
        }
    }
}

impl Open {
    fn append(&mut self, bytes: &[u8]) {
        let Ok(writer) = &mut self.writer else { return };
        let mut written = writer.append(bytes);
        if written.is_ok() && self.synced.elapsed() >= SYNC_EVERY {
            self.synced = Instant::now();
            written = writer.sync();
        }
        if let Err(error) = written {
            tracing::error!(event = "recording.disk_failed", %error, "a recording cannot be continued");
            self.writer = Err(format!("the recording could not be kept: {error}"));
        }
    }

    fn finish(self) -> Result<Attachment, String> {
        self.writer.and_then(|writer| writer.finish().map_err(|e| format!("the recording could not be finished: {e}")))
    }
}
