//! Signalling as one machine without sockets: messages, orders and the time go in, messages and events come out.
//!
//! Everything has one owner, this machine, and is handled in the order in which it arrives: a BYE cannot overtake
//! its ACK. The caller says what time it is, so that tests move the clock.

mod client;
mod dialog;
mod door;
mod flow;
mod incoming;
mod offers;
mod outgoing;
mod provisional;
mod register;
mod requests;
mod server;
mod session;
#[cfg(test)]
mod tests;
mod timers;
mod trunks;

pub(crate) use flow::{Flow, Output};
pub(crate) use outgoing::{Place, Route, way};
pub(crate) use trunks::TrunkState;

use crate::config::{SipConfig, Transport};
use crate::guard::Guard;
use crate::leg::{Inbox, IncomingCall, LegId};
use crate::registrar::Registrar;
use bytes::Bytes;
use client::ClientTx;
use dialog::LegState;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use server::ServerTx;
use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use timers::{Alarm, Timers};
use tokio::sync::mpsc;

/// Round-trip estimate (RFC 3261 §17.1.1.1).
pub(crate) const T1: Duration = Duration::from_millis(500);
/// Longest pause between repetitions.
pub(crate) const T2: Duration = Duration::from_secs(4);
/// How long a message may live in the network.
pub(crate) const T4: Duration = Duration::from_secs(5);
/// How long a transaction tries: 64 × T1.
pub(crate) const LIMIT: Duration = Duration::from_secs(32);

/// Names a transaction.
pub(crate) type TxId = u64;

/// The machine.
pub(crate) struct Core {
    now: Instant,
    /// Seconds since 1970, for the age of challenges.
    now_s: u64,
    config: SipConfig,
    /// Where we listen; a datagram flow names its socket by its place among the UDP ones.
    listeners: Vec<(Transport, SocketAddr)>,
    /// The address of this machine where a listener is bound to all.
    own_ip: IpAddr,
    secret: [u8; 32],
    chance: StdRng,
    next_id: u64,
    out: Vec<Output>,
    timers: Timers,
    servers: HashMap<TxId, ServerTx>,
    server_keys: HashMap<String, TxId>,
    /// INVITEs under way by what a fork of them would repeat (RFC 3261 §8.2.2.2).
    merges: HashMap<String, TxId>,
    clients: HashMap<TxId, ClientTx>,
    client_keys: HashMap<String, TxId>,
    legs: HashMap<LegId, Box<LegState>>,
    /// Legs by our own tag.
    tags: HashMap<String, LegId>,
    /// Legs whose owner has not been told of their end.
    alive: usize,
    /// Open streams.
    streams: HashSet<u64>,
    /// The stream to an address that we opened or that was opened to us.
    routes: HashMap<(SocketAddr, bool), u64>,
    calls: mpsc::Sender<IncomingCall>,
    inbox: Arc<Inbox>,
    pub(crate) guard: Guard,
    pub(crate) registrar: Registrar,
    pub(crate) trunks: Vec<TrunkState>,
}

/// What a [`Core`] is made from.
pub(crate) struct Beginning {
    pub(crate) config: SipConfig,
    pub(crate) listeners: Vec<(Transport, SocketAddr)>,
    pub(crate) own_ip: IpAddr,
    pub(crate) trunks: Vec<TrunkState>,
    pub(crate) calls: mpsc::Sender<IncomingCall>,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) seed: [u8; 32],
    pub(crate) now: Instant,
    pub(crate) now_s: u64,
}

impl Core {
    pub(crate) fn new(begin: Beginning) -> Self {
        let mut chance = StdRng::from_seed(begin.seed);
        let secret = chance.random();
        let mut core = Self {
            now: begin.now,
            now_s: begin.now_s,
            guard: Guard::new(begin.config.limits.clone(), begin.now),
            config: begin.config,
            listeners: begin.listeners,
            own_ip: begin.own_ip,
            secret,
            chance,
            next_id: 1,
            out: Vec::new(),
            timers: Timers::default(),
            servers: HashMap::new(),
            server_keys: HashMap::new(),
            merges: HashMap::new(),
            clients: HashMap::new(),
            client_keys: HashMap::new(),
            legs: HashMap::new(),
            tags: HashMap::new(),
            alive: 0,
            streams: HashSet::new(),
            routes: HashMap::new(),
            calls: begin.calls,
            inbox: begin.inbox,
            registrar: Registrar::default(),
            trunks: begin.trunks,
        };
        for trunk in 0..core.trunks.len() {
            core.alarm(core.now, Alarm::Trunk(trunk));
        }
        core
    }

    /// Says what time it is; everything that follows happens then.
    pub(crate) fn clock(&mut self, now: Instant, now_s: u64) {
        self.now = now.max(self.now);
        self.now_s = now_s;
    }

    /// What is to be sent, in order.
    pub(crate) fn take_output(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.out)
    }

    /// When [`Core::wake`] is due.
    pub(crate) fn next_wake(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Does what is due by now.
    pub(crate) fn wake(&mut self) {
        while let Some((at, alarm)) = self.timers.pop(self.now) {
            match alarm {
                Alarm::Server(id) => self.server_alarm(id, at),
                Alarm::Client(id) => self.client_alarm(id, at),
                Alarm::Leg(id, what) => self.leg_alarm(id, what, at),
                Alarm::Trunk(trunk) => self.watch_trunk(trunk),
            }
        }
        if self.timers.is_full() {
            self.timers.tidy(|alarm| match alarm {
                Alarm::Server(id) => self.servers.contains_key(&id),
                Alarm::Client(id) => self.clients.contains_key(&id),
                Alarm::Leg(id, _) => self.legs.contains_key(&id),
                Alarm::Trunk(_) => true,
            });
        }
    }

    /// Carries out the orders that wait.
    pub(crate) fn orders(&mut self) {
        for (leg, order) in self.inbox.take() {
            self.order(leg, order);
        }
    }

    /// Legs that are not over.
    pub(crate) fn legs_alive(&self) -> usize {
        self.alive
    }

    /// Whether anything of a leg is left, a BYE without its answer included.
    pub(crate) fn has_legs(&self) -> bool {
        !self.legs.is_empty()
    }

    /// Alarms that wait, for a test that they do not heap up.
    #[cfg(test)]
    pub(crate) fn alarms(&self) -> usize {
        self.timers.len()
    }

    /// All that is kept for dialogs and transactions, for a test that nothing is left.
    #[cfg(test)]
    pub(crate) fn kept(&self) -> usize {
        self.legs.len()
            + self.tags.len()
            + self.servers.len()
            + self.server_keys.len()
            + self.merges.len()
            + self.clients.len()
            + self.client_keys.len()
    }

    /// Hangs up every leg.
    pub(crate) fn hang_up_all(&mut self) {
        let legs: Vec<LegId> = self.legs.keys().copied().collect();
        for leg in legs {
            self.order(leg, crate::leg::Order::HangUp);
        }
    }

    fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// A tag, or another word that nobody can guess.
    fn word(&mut self) -> String {
        hex::encode(self.chance.random::<[u8; 8]>())
    }

    fn alarm(&mut self, at: Instant, alarm: Alarm) {
        self.timers.push(at, alarm);
    }

    fn send(&mut self, flow: Flow, bytes: Bytes) {
        self.out.push(Output::Send { flow, bytes });
    }

    fn with_leg<T>(&mut self, id: LegId, what: impl FnOnce(&mut Self, &mut LegState) -> T) -> Option<T> {
        let mut leg = self.legs.remove(&id)?;
        let result = what(self, &mut leg);
        if leg.is_gone() {
            self.tags.remove(&leg.local_tag);
        } else {
            self.legs.insert(id, leg);
        }
        Some(result)
    }
}
