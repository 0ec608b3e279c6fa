//! How orders reach the thread that owns a stream, also while the stream moves to another thread.

use crate::mix::{Feed, Sink};
use crate::os::Wake;
use crate::play::Playlist;
use crate::recording::{Record, RecordedAudio};
use crate::session::Session;
use crate::stream::StreamParams;
use crate::transport::Transport;
use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;

/// An order for one stream.
pub(crate) struct Order {
    pub(crate) stream: u64,
    pub(crate) command: Command,
}

/// What a stream can be told.
pub(crate) enum Command {
    /// Take this stream over: a new one, or one that moves here.
    Adopt(Box<Session>),
    Connect(StreamParams),
    Carry(Box<dyn Transport>),
    Play(Playlist),
    StopPlaying,
    Record(mpsc::Sender<RecordedAudio>, Record),
    PauseRecording(bool),
    StopRecording,
    Listen(bool),
    Tap(mpsc::Sender<Vec<i16>>),
    /// Give a copy of what the far end says to somebody who hears several.
    Feed(Sink),
    /// Send the sum of these instead of the partner's sound; of none, the partner's again.
    Hear(Vec<Feed>),
    SendDigit(char, u32),
    Join(Arc<Home>),
    /// Move to the thread of that number, to be joined there with the other stream.
    MoveTo(usize, Arc<Home>),
    Part,
    Close,
    /// Fail while the stream is served.
    #[cfg(test)]
    Fail,
}

impl Command {
    /// These are as few as there are streams, and losing one would leak a stream: they are taken even when the box is full.
    fn must_arrive(&self) -> bool {
        matches!(self, Command::Adopt(_) | Command::Close | Command::Part | Command::MoveTo(..))
    }
}

/// More orders than this waiting for one thread means that it is stuck.
const ROOM: usize = 16_384;

/// Orders that wait for one thread.
#[derive(Debug)]
pub(crate) struct Mailbox {
    orders: Mutex<VecDeque<Order>>,
    wake: Wake,
    ended: AtomicBool,
}

impl Mailbox {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { orders: Mutex::default(), wake: Wake::new()?, ended: AtomicBool::new(false) })
    }

    /// Moves what is there to the end of `into`.
    pub(crate) fn take(&self, into: &mut VecDeque<Order>) {
        self.wake.clear();
        into.append(&mut lock(&self.orders));
    }

    /// No handle of the engine is left: the thread ends with its last stream.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.wake.wake();
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    pub(crate) fn wake(&self) -> &Wake {
        &self.wake
    }

    fn put(&self, order: Order) {
        let mut orders = lock(&self.orders);
        if orders.len() >= ROOM && !order.command.must_arrive() {
            tracing::error!(event = "media_order_lost", stream = order.stream, waiting = orders.len(), "a media thread is stuck");
            return;
        }
        let first = orders.is_empty();
        orders.push_back(order);
        drop(orders);
        if first {
            self.wake.wake();
        }
    }

    /// Takes out the orders of one stream, in their order.
    fn extract(&self, stream: u64, into: &mut VecDeque<Order>) {
        split(&mut lock(&self.orders), stream, into);
    }
}

/// Which thread a stream lives on.
#[derive(Debug)]
pub(crate) struct Home {
    id: u64,
    /// Held while an order is put into the box, so that no order goes to a thread that the stream has just left.
    at: Mutex<usize>,
    mailboxes: Arc<[Mailbox]>,
}

impl Home {
    pub(crate) fn new(id: u64, at: usize, mailboxes: Arc<[Mailbox]>) -> Self {
        Self { id, at: Mutex::new(at), mailboxes }
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn worker(&self) -> usize {
        *lock(&self.at)
    }

    /// Puts an order into the box of the thread where the stream lives.
    pub(crate) fn send(&self, order: Order) {
        let at = lock(&self.at);
        self.mailboxes[*at].put(order);
    }

    /// Sends the stream to another thread, and all its orders after it: those that the leaving thread holds in `inbox`, then those still in its box.
    pub(crate) fn move_to(&self, target: usize, session: Box<Session>, inbox: &mut VecDeque<Order>) {
        let mut at = lock(&self.at);
        let mut following = VecDeque::new();
        split(inbox, self.id, &mut following);
        self.mailboxes[*at].extract(self.id, &mut following);
        self.mailboxes[target].put(Order { stream: self.id, command: Command::Adopt(session) });
        for order in following {
            self.mailboxes[target].put(order);
        }
        *at = target;
    }
}

fn split(orders: &mut VecDeque<Order>, stream: u64, into: &mut VecDeque<Order>) {
    for _ in 0..orders.len() {
        if let Some(order) = orders.pop_front() {
            if order.stream == stream { into.push_back(order) } else { orders.push_back(order) }
        }
    }
}

/// A poisoned lock guards plain data that is whole between any two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Order for stream {}", self.stream)
    }
}
