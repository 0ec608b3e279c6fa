//! Asks citizens whether their matter is settled, by the rule of `domain::feedback`.
//!
//! The store's index says which tickets are due; what was asked stands in their events. An attempt is written down before it
//! is made, together with its message, so that a death in between never asks twice; the claim of a dead process runs out.

use crate::clock::Clock;
use crate::intake::Steps;
use crate::notify::Reach;
use crate::observe::event;
use crate::store::{Change, Store, StoreError};
use daak_domain::Timestamp;
use daak_domain::feedback::{Asked, FeedbackRule, Means, Next};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::seam::{BoxFuture, Refusal};
use daak_domain::ticket::{Actor, Closure, Event, EventBody, Number, State, Ticket};
use daak_domain::visit::Visit;
use jiff::SignedDuration;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

/// The ways to a citizen's ear.
pub trait Reached: Send + Sync + 'static {
    /// Whether calls can be made at all.
    fn can_call(&self) -> bool;

    /// Calls, and asks by the flow for that.
    fn call<'a>(&'a self, ticket: Number, number: &'a PhoneNumber, language: Language) -> BoxFuture<'a, Result<(), Refusal>>;

    /// Puts a call by a person into the line.
    fn by_person(&self, number: &PhoneNumber, language: Language);
}

/// The asking.
pub struct Feedback {
    store: Store,
    steps: Arc<dyn Steps>,
    rule: FeedbackRule,
    reached: Arc<dyn Reached>,
    clock: Clock,
}

/// How long a claim holds.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// Tickets claimed at a time.
const BATCH: u32 = 100;
/// How long the task sleeps at most: as often it looks for tickets of which it was not told.
const NAP: Duration = Duration::from_secs(60);
/// A ticket that waits for a visit is looked at again so much later.
const VISIT_PATIENCE: SignedDuration = SignedDuration::from_hours(6);
/// A ticket that moved on while it was looked at is looked at again so much later.
const AGAIN: SignedDuration = SignedDuration::from_secs(2);

impl Feedback {
    /// A task over these parts.
    pub fn new(store: Store, steps: Arc<dyn Steps>, rule: FeedbackRule, reached: Arc<dyn Reached>, clock: Clock) -> Self {
        Self { store, steps, rule, reached, clock }
    }

    /// Asks until `closing`.
    pub async fn run(self, closing: CancellationToken) {
        let mut changes = self.store.changes();
        while !closing.is_cancelled() {
            let rest = match self.round().await {
                Ok(0) => self.until_next().await,
                Ok(_) => Duration::ZERO,
                Err(why) => {
                    tracing::warn!(event = event::FEEDBACK_PAUSED, %why);
                    Duration::from_secs(5)
                }
            };
            tokio::select! {
                () = closing.cancelled() => {}
                () = tokio::time::sleep(rest) => {}
                ticket = verified(&mut changes) => {
                    let noted = match ticket {
                        Some(ticket) => self.store.question_due(ticket, Some(self.clock.now())).await,
                        None => self.store.questions_find(self.clock.now()).await,
                    };
                    if let Err(why) = noted {
                        tracing::warn!(event = event::FEEDBACK_PAUSED, %why);
                    }
                }
            }
        }
    }

    /// Looks at every ticket that is due. Answers how many there were.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if nothing can be read now.
    pub async fn round(&self) -> Result<usize, StoreError> {
        let now = self.clock.now();
        self.store.questions_find(now).await?;
        let lease = now.checked_add(LEASE).unwrap_or(now);
        let due = self.store.questions_claim(now, lease, BATCH).await?;
        for number in &due {
            match self.look_at(*number).await {
                Ok(next) => self.store.question_due(*number, next).await?,
                Err(StoreError::Conflict { .. } | StoreError::Illegal(_)) => {
                    self.store.question_due(*number, now.checked_add(AGAIN).ok()).await?;
                }
                Err(why) => return Err(why),
            }
        }
        Ok(due.len())
    }

    /// Does what is to be done for a ticket now; answers when to look again.
    async fn look_at(&self, number: Number) -> Result<Option<Timestamp>, StoreError> {
        let Some(mut ticket) = self.store.ticket(number).await? else { return Ok(None) };
        let reach = Reach::of(&self.store, ticket.person).await?;
        let phone = reach.phone().cloned();
        let can = self.means(&ticket, phone.as_ref()).await?;
        loop {
            let events = self.store.events(number).await?;
            let asked = Asked::of(events.iter().map(|sealed| &sealed.event)).filter(|_| ticket.state == State::Verifying);
            let Some(asked) = asked else { return Ok(None) };
            let seen = u32::try_from(events.len()).unwrap_or(u32::MAX);
            match self.rule.next(&asked, &can, self.clock.now()) {
                Next::Wait(until) => return Ok(Some(until)),
                // Silence does not close what somebody is still to look at.
                Next::Close if ticket.visits.iter().any(Visit::is_awaited) => return Ok(self.clock.now().checked_add(VISIT_PATIENCE).ok()),
                Next::Close => {
                    let times = asked.last.map_or(0, |(step, _)| step + 1);
                    let remarks = format!("Asked {times} times in the time of the rule, no answer.");
                    self.write(number, seen, EventBody::Closed { closure: Closure::NoAnswer, remarks }).await?;
                    return Ok(None);
                }
                Next::Ask { step, by } => {
                    ticket = self.write(number, seen, EventBody::Questioned { step, means: by }).await?;
                    if let Some(phone) = &phone {
                        self.speak(&ticket, by, phone).await;
                    }
                }
            }
        }
    }

    async fn means(&self, ticket: &Ticket, phone: Option<&PhoneNumber>) -> Result<Vec<Means>, StoreError> {
        let written = !self.steps.channels(ticket).await?.is_empty();
        let spoken = phone.is_some() && self.reached.can_call();
        let all = [(Means::Sms, written), (Means::Call, spoken), (Means::Person, spoken)];
        Ok(all.into_iter().filter_map(|(means, possible)| possible.then_some(means)).collect())
    }

    async fn write(&self, number: Number, seen: u32, body: EventBody) -> Result<Ticket, StoreError> {
        let event = Event { at: self.clock.now(), by: Actor::Helpline, body };
        self.steps.append(number, Some(seen), event).await
    }

    /// The message of a written question goes out with its event.
    async fn speak(&self, ticket: &Ticket, by: Means, phone: &PhoneNumber) {
        match by {
            Means::Sms => {}
            Means::Person => self.reached.by_person(phone, ticket.language.answered_in()),
            Means::Call => {
                if let Err(why) = self.reached.call(ticket.number, phone, ticket.language.answered_in()).await {
                    // The next attempt of the rule goes on.
                    tracing::warn!(event = event::FEEDBACK_CALL_FAILED, ticket = %ticket.number, %why);
                }
            }
        }
    }

    async fn until_next(&self) -> Duration {
        let next = self.store.questions_next().await.ok().flatten();
        let wait = next.and_then(|at| Duration::try_from(at.duration_since(self.clock.now())).ok());
        wait.unwrap_or(NAP).clamp(Duration::from_millis(50), NAP)
    }
}

/// Waits until a report comes to verification; `None` if news was missed.
async fn verified(changes: &mut tokio::sync::broadcast::Receiver<Change>) -> Option<Number> {
    loop {
        match changes.recv().await {
            Ok(Change::Ticket { number, state: State::Verifying, .. }) => return Some(number),
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => return None,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
