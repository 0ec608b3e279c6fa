//! Keeps the clocks of tickets, by the rule of `domain::escalation`: reminds before a limit, tells the offices above after it.
//!
//! The store's index says at which tickets to look; what was done stands in their events. Each act is written down together with
//! its message, so that a death in between does nothing twice; the claim of a dead process runs out.

use crate::clock::Clock;
use crate::intake::Steps;
use crate::masters::Masters;
use crate::observe::event;
use crate::store::{Change, Store, StoreError};
use daak_domain::Timestamp;
use daak_domain::escalation::{Act, Clock as TicketClock, Look};
use daak_domain::ticket::{Actor, Event, EventBody, Number, Ticket};
use jiff::SignedDuration;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

/// The keeping of the clocks.
pub struct LimitKeeper {
    store: Store,
    steps: Arc<dyn Steps>,
    masters: Arc<Masters>,
    clock: Clock,
}

/// How long a claim holds.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// Tickets claimed at a time.
const BATCH: u32 = 200;
/// How long the task sleeps at most.
const NAP: Duration = Duration::from_secs(60);
/// After news of a ticket it waits for others, so that many are looked at together.
const GATHER: Duration = Duration::from_millis(250);
/// A ticket that moved on while it was looked at is looked at again so much later.
const AGAIN: SignedDuration = SignedDuration::from_secs(2);

impl LimitKeeper {
    /// A task over these parts.
    pub fn new(store: Store, steps: Arc<dyn Steps>, masters: Arc<Masters>, clock: Clock) -> Self {
        Self { store, steps, masters, clock }
    }

    /// Keeps the clocks until `closing`.
    pub async fn run(self, closing: CancellationToken) {
        let mut changes = self.store.changes();
        let mut begun = false;
        while !closing.is_cancelled() {
            let done = async {
                if !begun {
                    self.begin().await?;
                    begun = true;
                }
                self.round().await
            };
            let rest = match done.await {
                Ok(0) => self.until_next().await,
                Ok(_) => Duration::ZERO,
                Err(why) => {
                    tracing::warn!(event = event::LIMITS_PAUSED, %why);
                    Duration::from_secs(5)
                }
            };
            tokio::select! {
                () = closing.cancelled() => {}
                () = tokio::time::sleep(rest) => {}
                () = news(&mut changes) => tokio::time::sleep(GATHER.min(rest)).await,
            }
        }
    }

    /// If the rules of time are others than when the program last ran, the limits of all open tickets are counted anew.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if nothing can be written now.
    pub async fn begin(&self) -> Result<(), StoreError> {
        if self.store.rules_in_force("limits", &self.masters.rules_of_time, self.clock.now()).await? {
            tracing::info!(event = event::LIMITS_COUNTED_ANEW, "the rules of time changed: tickets whose limit moves are named one by one");
        }
        Ok(())
    }

    /// Looks at every ticket that is due for it. Answers how many there were.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if nothing can be read now.
    pub async fn round(&self) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let due = self.store.limits_claim(now, now.checked_add(LEASE).unwrap_or(now), BATCH).await?;
        for number in &due {
            match self.look_at(*number).await {
                Ok(()) => {}
                Err(StoreError::Conflict { now: seq, .. }) => self.store.limit_next(*number, seq, now.checked_add(AGAIN).ok()).await?,
                // Its clock says what its state does not allow: nothing can be done before something happens to it.
                Err(StoreError::Illegal(why)) => tracing::warn!(event = event::LIMITS_PAUSED, ticket = %number, %why),
                Err(why) => return Err(why),
            }
        }
        Ok(due.len())
    }

    /// Does what is due for a ticket, and notes when to look again.
    async fn look_at(&self, number: Number) -> Result<(), StoreError> {
        let masters = &self.masters;
        loop {
            let Some(ticket) = self.store.ticket(number).await? else { return Ok(()) };
            let events = self.store.events(number).await?;
            let seen = u32::try_from(events.len()).unwrap_or(u32::MAX);
            let Some(clock) = TicketClock::of(events.iter().map(|sealed| &sealed.event)) else { return Ok(()) };
            let now = self.clock.now();
            let above = masters.offices.line(ticket.holder(), masters.day(now)).len().saturating_sub(1);
            let levels = u32::try_from(above).unwrap_or(u32::MAX);
            let next = match masters.escalation.look(&clock, &masters.limits, levels, now) {
                Look::Do(act) => {
                    self.write(&ticket, seen, act, now).await?;
                    continue;
                }
                Look::Wait(until) => Some(until),
                Look::Rest => None,
            };
            return self.store.limit_next(number, seen, next).await;
        }
    }

    async fn write(&self, ticket: &Ticket, seen: u32, act: Act, now: Timestamp) -> Result<(), StoreError> {
        let body = match act {
            Act::Remind { limit, nth, due_at } => EventBody::Reminded { limit, nth, due_at },
            Act::Escalate { limit, level, due_at } => {
                let line = self.masters.offices.line(ticket.holder(), self.masters.day(now));
                let place = usize::try_from(level).unwrap_or(usize::MAX).min(line.len().saturating_sub(1));
                let office = line.get(place).map_or(ticket.holder(), |office| &office.code).to_owned();
                EventBody::Escalated { limit, level, office, due_at }
            }
            Act::Move { due_at, rested } => {
                tracing::info!(event = event::LIMIT_MOVED, ticket = %ticket.number, from = %ticket.due_at, to = %due_at, rested);
                let why = if rested { "The clock had rested." } else { "The limits, or the holidays, are others now." };
                EventBody::LimitMoved { due_at, why: why.to_owned() }
            }
        };
        self.steps.append(ticket.number, Some(seen), Event { at: now, by: Actor::Helpline, body }).await.map(drop)
    }

    async fn until_next(&self) -> Duration {
        let next = self.store.limits_next().await.ok().flatten();
        let wait = next.and_then(|at| Duration::try_from(at.duration_since(self.clock.now())).ok());
        wait.unwrap_or(NAP).clamp(Duration::from_millis(50), NAP)
    }
}

/// Waits until something happens to a ticket.
async fn news(changes: &mut Receiver<Change>) {
    loop {
        match changes.recv().await {
            Ok(Change::Ticket { .. }) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
