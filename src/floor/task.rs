//! The task that runs the distributor.

use super::board::Board;
use super::handle::AgentWish;
use crate::bus::{Bus, Happening};
use crate::observe::event;
use daak_domain::Timestamp;
use daak_domain::call::{AgentDevice, AgentId, CallCommand, CallEvent, CallId, CallRecord, LeftQueue};
use daak_domain::queue::{Arrival, Order};
use daak_domain::seam::{Recall, Switchboard};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// What the floor is told.
pub(super) enum News {
    /// Something happened in a call.
    Call(CallId, Box<CallEvent>),
    /// An agent wishes something.
    Presence(AgentId, AgentWish),
    /// A callback was dialled, as this new call; or could not be.
    Dialled(CallId, Option<CallId>),
}

/// The task.
pub(super) struct Task {
    pub(super) clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    pub(super) board: Arc<Mutex<Board>>,
    pub(super) bus: Bus,
    pub(super) records: mpsc::Sender<CallRecord>,
    pub(super) switchboard: Arc<OnceLock<Arc<dyn Switchboard>>>,
    pub(super) lost_touch: Arc<AtomicBool>,
    /// For what was begun here to report back; weak, so that the floor ends when nobody holds a handle.
    pub(super) news: mpsc::WeakSender<News>,
}

impl Task {
    /// Runs until `closing`; what had been told before is still taken in.
    pub(super) async fn run(self, mut inbox: mpsc::Receiver<News>, closing: CancellationToken) {
        loop {
            let news = tokio::select! {
                biased;
                news = inbox.recv() => match news {
                    Some(news) => Some(news),
                    None => return,
                },
                () = closing.cancelled() => return,
                () = tokio::time::sleep(self.until_wakeup()) => None,
            };
            let now = (self.clock)();
            let mut orders = news.map(|news| self.take(news, now)).unwrap_or_default();
            orders.extend(self.tick(now));
            if inbox.is_empty() && self.lost_touch.swap(false, Ordering::Relaxed) {
                orders.extend(self.find_again(now));
            }
            for order in orders {
                self.carry_out(order);
            }
        }
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn device(&self, agent: &AgentId) -> Option<AgentDevice> {
        self.board().device(agent)
    }

    fn until_wakeup(&self) -> Duration {
        let next = self.board().distributor.next_wakeup().map(|at| at.duration_since((self.clock)()));
        next.map_or(Duration::from_secs(3_600), |wait| Duration::try_from(wait).unwrap_or_default())
    }

    fn tick(&self, now: Timestamp) -> Vec<Order> {
        let mut board = self.board();
        let due = board.distributor.next_wakeup().is_some_and(|at| at <= now);
        if due { board.distributor.tick(now) } else { Vec::new() }
    }

    fn take(&self, news: News, now: Timestamp) -> Vec<Order> {
        match news {
            News::Call(call, event) => {
                let orders = self.call(call, &event, now);
                if let CallEvent::Ended { record } = &*event
                    && self.records.try_send((**record).clone()).is_err()
                {
                    tracing::error!(event = event::CALL_UNKEPT, %call, "too many records wait for the database");
                }
                self.bus.tell(Happening::Call { call, event: *event });
                orders
            }
            News::Presence(agent, wish) => {
                let distributor = &mut self.board().distributor;
                let orders = match wish {
                    AgentWish::Ready => distributor.agent_ready(&agent, now),
                    AgentWish::Paused(reason) => distributor.agent_paused(&agent, &reason, now),
                    AgentWish::Away => distributor.agent_away(&agent, now),
                };
                orders.unwrap_or_default()
            }
            News::Dialled(asked_in, made) => {
                let mut board = self.board();
                match made.filter(|call| !board.has_ended(*call)) {
                    Some(call) => {
                        board.recalls.insert(call, asked_in);
                        Vec::new()
                    }
                    None => board.distributor.callback_failed(asked_in, now),
                }
            }
        }
    }

    fn call(&self, call: CallId, event: &CallEvent, now: Timestamp) -> Vec<Order> {
        let mut board = self.board();
        let number = board.number(call);
        board.note(call, event);
        match event {
            CallEvent::Arrived { .. }
            | CallEvent::LanguageChosen { .. }
            | CallEvent::OfferRinging { .. }
            | CallEvent::Held { .. }
            | CallEvent::Consulted { .. }
            | CallEvent::Attended { .. }
            | CallEvent::RecordingPaused { .. } => Vec::new(),
            CallEvent::Waiting { queue, language, emergency, since } => {
                let arrival = Arrival { call, queue: queue.clone(), language: *language, emergency: *emergency, since: *since };
                match board.recalls.remove(&call) {
                    Some(asked_in) => board.distributor.callback_arrived(asked_in, arrival, now),
                    None => board.distributor.caller_waits(arrival, now),
                }
            }
            CallEvent::CallbackAsked { number, queue, language, at } => {
                let arrival = Arrival { call, queue: queue.clone(), language: *language, emergency: false, since: *at };
                board.distributor.promise_callback(arrival, number.clone(), now)
            }
            CallEvent::LeftQueue { why, .. } => {
                let callback = number.filter(|_| *why == LeftQueue::Callback);
                board.distributor.caller_left(call, *why, callback, now)
            }
            CallEvent::OfferAccepted { agent, .. } => {
                let mut orders = board.distributor.offer_accepted(call, agent, now);
                if let Some(number) = number {
                    orders.extend(board.distributor.callback_settled(&number, now));
                }
                orders
            }
            CallEvent::OfferFailed { agent, why, .. } => board.distributor.offer_failed(call, agent, *why, now),
            CallEvent::TalkEnded { agent, .. } => board.distributor.talk_ended(call, agent, now),
            CallEvent::Ended { .. } => call_ended(&mut board, call, now),
        }
    }

    /// News was lost: calls that are no more have ended, whatever else they would have said.
    fn find_again(&self, now: Timestamp) -> Vec<Order> {
        let Some(switchboard) = self.switchboard.get() else { return Vec::new() };
        let live: HashSet<CallId> = switchboard.live().into_iter().collect();
        let mut board = self.board();
        let gone: Vec<CallId> = board.calls.keys().filter(|call| !live.contains(call)).copied().collect();
        let mut orders = Vec::new();
        for call in gone {
            board.forget(call);
            orders.extend(call_ended(&mut board, call, now));
        }
        orders
    }

    fn carry_out(&self, order: Order) {
        if let Order::AgentChanged(agent) = order {
            let presence = self.board().distributor.state(&agent).map_or("away", |state| state.name()).to_owned();
            return self.bus.tell(Happening::Agent { agent, presence });
        }
        let Some(switchboard) = self.switchboard.get() else { return };
        match order {
            Order::Offer { call, agent, ring_for } => match self.device(&agent) {
                Some(at) => switchboard.command(call, CallCommand::Offer { agent, at, ring_for }),
                None => tracing::error!(event = event::PART_MISSING, %agent, "an agent has no telephone"),
            },
            Order::Withdraw { call, agent } => switchboard.command(call, CallCommand::WithdrawOffer { agent }),
            Order::Position { call, place, wait } => switchboard.command(call, CallCommand::Position { place, wait }),
            Order::SendAway { call, branch } => switchboard.command(call, CallCommand::ReturnToFlow { branch: branch.to_owned() }),
            Order::CallBack { call: asked_in, number, since, language, .. } => {
                self.call_back(switchboard.clone(), Recall { asked_in, number, language, since });
            }
            Order::CallbackGivenUp { call: asked_in, number, language, since } => {
                let (switchboard, recall) = (switchboard.clone(), Recall { asked_in, number, language, since });
                tokio::spawn(async move {
                    if let Err(why) = switchboard.callback_missed(recall).await {
                        tracing::warn!(event = event::CALLBACK_UNTOLD, call = %asked_in, %why);
                    }
                });
            }
            Order::AgentChanged(_) => {}
        }
    }

    /// Dials, and tells the floor which call it became. There are no more of these than agents kept free for them.
    fn call_back(&self, switchboard: Arc<dyn Switchboard>, recall: Recall) {
        let (news, asked_in) = (self.news.clone(), recall.asked_in);
        tokio::spawn(async move {
            let made = switchboard.call_back(recall).await;
            if let Err(why) = &made {
                tracing::warn!(event = event::CALLBACK_FAILED, call = %asked_in, %why);
            }
            if let Some(news) = news.upgrade() {
                let _ = news.send(News::Dialled(asked_in, made.ok())).await;
            }
        });
    }
}

fn call_ended(board: &mut Board, call: CallId, now: Timestamp) -> Vec<Order> {
    let mut orders = board.distributor.call_ended(call, now);
    if let Some(asked_in) = board.recalls.remove(&call) {
        orders.extend(board.distributor.callback_failed(asked_in, now));
    }
    orders
}
