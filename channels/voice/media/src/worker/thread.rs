//! One thread: its clock, its sockets, its streams.

use super::mailbox::{Command, Home, Mailbox, Order};
use crate::engine::ThreadLoad;
use crate::os::{Batch, Poll, Ready, Timer, prefer_this_thread, thread_cpu};
use crate::session::{Outbox, Session};
use crate::transport::Transport;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// The wheel turns once in 20 ms, in four steps.
const STEPS: usize = 4;
const STEP: Duration = Duration::from_millis(5);
const KEY_TIMER: u64 = u64::MAX;
const KEY_MAILBOX: u64 = u64::MAX - 1;
/// A joined stream that brings more than this in one round is read by the clock until the round is over.
const FLOOD: u32 = 40;

/// What can be seen of a thread from outside.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    pub(crate) streams: AtomicU32,
    cpu_us: AtomicU64,
    missed_rounds: AtomicU64,
    lost_events: AtomicU64,
}

impl Pulse {
    pub(crate) fn read(&self) -> ThreadLoad {
        ThreadLoad {
            streams: self.streams.load(Relaxed),
            cpu: Duration::from_micros(self.cpu_us.load(Relaxed)),
            missed_rounds: self.missed_rounds.load(Relaxed),
            lost_events: self.lost_events.load(Relaxed),
        }
    }
}

/// The moment of a round, read once for all its streams.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    pub(crate) at: Instant,
    /// Rounds of 20 ms since the thread began.
    pub(crate) round: u64,
}

/// Starts the thread of that number.
pub(crate) fn start(index: usize, mailboxes: Arc<[Mailbox]>, pulse: Arc<Pulse>) -> io::Result<()> {
    let poll = Poll::new()?;
    let timer = Timer::every(STEP)?;
    poll.add(&timer, KEY_TIMER)?;
    poll.add(mailboxes[index].wake(), KEY_MAILBOX)?;
    let worker = Worker {
        index,
        mailboxes,
        pulse,
        poll,
        timer,
        places: Vec::new(),
        free: Vec::new(),
        by_id: HashMap::new(),
        wheel: Default::default(),
        tick: 0,
        batch: Batch::new(),
        inbox: VecDeque::new(),
        leaving: Vec::new(),
    };
    std::thread::Builder::new().name(format!("media-{index}")).spawn(move || watch_over(worker))?;
    Ok(())
}

/// Keeps the thread alive: a fault in one stream ends that stream, not the calls of the others.
fn watch_over(mut worker: Worker) {
    prefer_this_thread();
    while std::panic::catch_unwind(AssertUnwindSafe(|| worker.run())).is_err() {
        let lost = worker.bury();
        tracing::error!(
            event = "media_thread_failed",
            thread = worker.index,
            lost,
            "a fault in the media engine ended a stream: report it"
        );
    }
}

struct Worker {
    index: usize,
    mailboxes: Arc<[Mailbox]>,
    pulse: Arc<Pulse>,
    poll: Poll,
    timer: Timer,
    /// Each stream has a place; the place's number is its key in `poll`.
    places: Vec<Option<Box<Session>>>,
    free: Vec<usize>,
    by_id: HashMap<u64, usize>,
    /// Places by the step in which they are served.
    wheel: [Vec<usize>; STEPS],
    tick: u64,
    batch: Batch,
    inbox: VecDeque<Order>,
    /// Closed streams whose last events were not taken yet, and until when we try.
    leaving: Vec<(Outbox, Instant)>,
}

impl Worker {
    fn run(&mut self) {
        let mut ready = Ready::with_room(256);
        loop {
            self.poll.wait(&mut ready, Duration::from_secs(1));
            let (mut ticked, mut mail) = (false, false);
            for i in 0..ready.len() {
                match ready.key(i) {
                    KEY_TIMER => ticked = true,
                    KEY_MAILBOX => mail = true,
                    key => self.readable((key >> 1) as usize, key & 1 == 1),
                }
            }
            if ticked {
                self.turn();
            }
            // Last, so that no key of this batch can belong to another stream by now.
            if mail {
                self.open_mail();
            }
            if self.by_id.is_empty() && self.leaving.is_empty() && self.mailboxes[self.index].has_ended() {
                self.open_mail();
                if self.by_id.is_empty() && self.leaving.is_empty() {
                    return;
                }
            }
        }
    }

    /// Serves the steps that are due. If more than a whole turn was missed, only the last turn is served: each stream sends once.
    fn turn(&mut self) {
        let fired = self.timer.fired();
        let first = self.tick + 1 + fired.saturating_sub(STEPS as u64);
        self.tick += fired;
        for tick in first..=self.tick {
            let now = Now { at: Instant::now(), round: tick / STEPS as u64 };
            let step = (tick % STEPS as u64) as usize;
            for i in 0..self.wheel[step].len() {
                let place = self.wheel[step][i];
                self.serve(place, now);
            }
        }
        if self.tick % 64 < fired {
            self.pulse.cpu_us.store(u64::try_from(thread_cpu().as_micros()).unwrap_or(u64::MAX), Relaxed);
            self.say_goodbye();
        }
    }

    fn serve(&mut self, place: usize, now: Now) {
        let Some(mut session) = self.places.get_mut(place).and_then(Option::take) else { return };
        let flooded = session.take_flooded();
        // What cannot wait for the clock is read when it arrives.
        if flooded && session.is_urgent() {
            watch(&self.poll, &mut session, place);
        }
        if !session.is_watched() {
            self.drain(&mut session, now);
        }
        let missed = session.round(now);
        if missed > 0 {
            self.pulse.missed_rounds.fetch_add(missed, Relaxed);
        }
        self.places[place] = Some(session);
    }

    /// Something arrived for a joined stream, or a report for any.
    fn readable(&mut self, place: usize, rtcp: bool) {
        let now = Now { at: Instant::now(), round: self.tick / STEPS as u64 };
        let Some(mut session) = self.places.get_mut(place).and_then(Option::take) else { return };
        if rtcp {
            session.receive_reports(&mut self.batch, now);
        } else {
            let count = self.drain(&mut session, now);
            if session.add_to_round(count) > FLOOD {
                unwatch(&self.poll, &mut session);
                session.set_flooded();
            }
        }
        self.places[place] = Some(session);
    }

    /// Takes in what is there, and hands a partner what belongs to it. A call brings one batch; a backlog is left to the next time.
    fn drain(&mut self, session: &mut Session, now: Now) -> u32 {
        let mut total = 0;
        for _ in 0..2 {
            let count = self.batch.receive(session.rtp_socket());
            total += count as u32;
            for i in 0..count {
                let (data, from, arrived) = self.batch.datagram(i);
                let partner = session.partner();
                if session.is_carried() {
                    let partner = partner.and_then(|place| self.places.get_mut(place)).and_then(Option::as_mut);
                    session.take_carried(data, from, arrived, now, partner);
                    continue;
                }
                let codec = session.codec();
                let Some(taken) = session.take_in(data, from, arrived, now) else { continue };
                let partner = partner.and_then(|place| self.places.get_mut(place)).and_then(Option::as_mut);
                if let (Some(partner), Some(codec)) = (partner, codec) {
                    partner.relay(&taken, codec, now);
                }
            }
            if count < Batch::ROOM {
                break;
            }
        }
        total
    }

    fn open_mail(&mut self) {
        let mut inbox = std::mem::take(&mut self.inbox);
        self.mailboxes[self.index].take(&mut inbox);
        self.inbox = inbox;
        while let Some(order) = self.inbox.pop_front() {
            self.obey(order);
        }
    }

    fn obey(&mut self, Order { stream, command }: Order) {
        if let Command::Adopt(session) = command {
            return self.adopt(stream, session);
        }
        let Some(place) = self.by_id.get(&stream).copied() else { return };
        match command {
            Command::Carry(transport) => self.carry(place, transport),
            Command::Close => self.close(place),
            Command::Join(other) => self.join(place, &other),
            Command::MoveTo(target, other) => self.move_away(place, target, other),
            Command::Part => self.part(place),
            #[cfg(test)]
            Command::Fail => {
                let _session = self.places[place].take();
                panic!("on purpose");
            }
            other => {
                let now = Now { at: Instant::now(), round: self.tick / STEPS as u64 };
                if let Some(session) = self.places[place].as_mut() {
                    session.obey(other, now);
                }
            }
        }
    }

    fn adopt(&mut self, id: u64, mut session: Box<Session>) {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(None);
            self.places.len() - 1
        });
        let step = (0..STEPS).min_by_key(|s| self.wheel[*s].len()).unwrap_or(0);
        session.settle(step, self.tick / STEPS as u64);
        if session.is_urgent() {
            watch(&self.poll, &mut session, place);
        }
        if self.poll.add(session.rtcp_socket(), ((place as u64) << 1) | 1).is_err() {
            tracing::error!(event = "media_poll_failed", "no reports will be read on a stream");
        }
        self.wheel[step].push(place);
        self.by_id.insert(id, place);
        self.places[place] = Some(session);
        self.count();
    }

    /// Takes a stream off the wheel and out of its place.
    fn release(&mut self, place: usize) -> Option<Box<Session>> {
        self.part(place);
        let mut session = self.places.get_mut(place).and_then(Option::take)?;
        unwatch(&self.poll, &mut session);
        self.poll.remove(session.rtcp_socket());
        let step = &mut self.wheel[session.step()];
        if let Some(at) = step.iter().position(|p| *p == place) {
            step.swap_remove(at);
        }
        self.by_id.remove(&session.id());
        self.free.push(place);
        Some(session)
    }

    fn close(&mut self, place: usize) {
        if let Some(session) = self.release(place) {
            let mut outbox = session.close();
            if !outbox.flush() {
                self.leaving.push((outbox, Instant::now() + Duration::from_secs(5)));
            }
        }
        self.count();
    }

    /// Takes out what is left of streams that were being served when the thread failed. Their owners were told when they were dropped.
    fn bury(&mut self) -> usize {
        let dead: Vec<(u64, usize)> = self.by_id.iter().filter(|(_, p)| self.places[**p].is_none()).map(|(id, p)| (*id, *p)).collect();
        for (id, place) in &dead {
            self.by_id.remove(id);
            self.wheel.iter_mut().for_each(|step| step.retain(|p| p != place));
            for at in 0..self.places.len() {
                if let Some(session) = self.places[at].as_mut().filter(|s| s.partner() == Some(*place)) {
                    session.set_partner(None);
                    rewatch(&self.poll, session, at);
                }
            }
            self.free.push(*place);
        }
        self.count();
        dead.len()
    }

    fn join(&mut self, place: usize, other: &Arc<Home>) {
        let Some(session) = self.places[place].as_ref() else { return };
        if session.id() == other.id() {
            return;
        }
        let Some(partner) = self.by_id.get(&other.id()).copied() else {
            // Both of two joins that cross choose the same thread: that of the older stream.
            let home = Arc::clone(session.home());
            let there = other.worker();
            if there == self.index {
                return self.join_after_arrival(session.id(), Arc::clone(other));
            }
            if session.id() < other.id() {
                other.send(Order { stream: other.id(), command: Command::MoveTo(self.index, home) });
            } else {
                self.move_away(place, there, Arc::clone(other));
            }
            return;
        };
        self.part(place);
        self.part(partner);
        for (here, there) in [(place, partner), (partner, place)] {
            if let Some(session) = self.places[here].as_mut() {
                session.stop_playing(false);
                session.set_partner(Some(there));
                rewatch(&self.poll, session, here);
            }
        }
    }

    /// The other stream is on its way to this thread, or closed.
    fn join_after_arrival(&mut self, stream: u64, other: Arc<Home>) {
        let mut inbox = std::mem::take(&mut self.inbox);
        self.mailboxes[self.index].take(&mut inbox);
        if inbox.iter().any(|o| o.stream == other.id() && matches!(o.command, Command::Adopt(_))) {
            inbox.push_back(Order { stream, command: Command::Join(other) });
        }
        self.inbox = inbox;
    }

    fn part(&mut self, place: usize) {
        let Some(partner) = self.places.get(place).and_then(Option::as_ref).and_then(|s| s.partner()) else { return };
        for here in [place, partner] {
            if let Some(session) = self.places.get_mut(here).and_then(Option::as_mut) {
                session.set_partner(None);
                rewatch(&self.poll, session, here);
            }
        }
    }

    fn carry(&mut self, place: usize, transport: Box<dyn Transport>) {
        let now = Now { at: Instant::now(), round: self.tick / STEPS as u64 };
        if let Some(session) = self.places[place].as_mut() {
            session.carry(transport, now);
            rewatch(&self.poll, session, place);
        }
    }

    /// Sends a stream to another thread; there it is joined with `other`.
    fn move_away(&mut self, place: usize, target: usize, other: Arc<Home>) {
        if target != self.index && target < self.mailboxes.len() {
            let Some(session) = self.release(place) else { return };
            let home = Arc::clone(session.home());
            home.move_to(target, session, &mut self.inbox);
            self.count();
            home.send(Order { stream: home.id(), command: Command::Join(other) });
        } else {
            self.join(place, &other);
        }
    }

    fn say_goodbye(&mut self) {
        let now = Instant::now();
        self.leaving.retain_mut(|(outbox, until)| {
            if outbox.flush() {
                return false;
            }
            if now >= *until {
                self.pulse.lost_events.fetch_add(outbox.waiting() as u64, Relaxed);
                return false;
            }
            true
        });
    }

    fn count(&self) {
        self.pulse.streams.store(self.by_id.len() as u32, Relaxed);
    }
}

/// Has the thread told when something arrives for a stream.
fn watch(poll: &Poll, session: &mut Session, place: usize) {
    if session.is_watched() {
        return;
    }
    match poll.add(session.rtp_socket(), (place as u64) << 1) {
        Ok(()) => session.set_watched(true),
        Err(_) => tracing::error!(event = "media_poll_failed", "a stream that is in a hurry is read by the clock"),
    }
}

fn unwatch(poll: &Poll, session: &mut Session) {
    if session.is_watched() {
        poll.remove(session.rtp_socket());
        session.set_watched(false);
    }
}

/// After a stream was joined, parted or given a transport.
fn rewatch(poll: &Poll, session: &mut Session, place: usize) {
    if session.is_urgent() { watch(poll, session, place) } else { unwatch(poll, session) }
}
