//! The helpline as its channels see it.

use super::{Intake, refused};
use crate::notify::{Courier, Notices};
use crate::store::{Store, StoreError};
use daak_domain::Timestamp;
use daak_domain::call::{AfterHours, CallEvent, CallId};
use daak_domain::carrier::Delivery;
use daak_domain::contact::{Contact, Receipt};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::seam::{Amended, Amendment, BoxFuture, Held, Helpline, Refusal, Standing};
use daak_domain::ticket::{Number, Ticket};
use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

/// Joins the door, the store, the calendars and the messages; what happens in calls is passed on to the floor.
pub struct Desk {
    pub(super) intake: Intake,
    calls: Box<dyn Fn(CallId, CallEvent) + Send + Sync>,
}

/// How long a channel waits for an answer at most.
const PATIENCE: Duration = Duration::from_secs(5);

impl Desk {
    /// A desk at this door; `calls` is told what happens in calls and never waits.
    pub fn new(intake: Intake, calls: impl Fn(CallId, CallEvent) + Send + Sync + 'static) -> Self {
        Self { intake, calls: Box::new(calls) }
    }

    pub(super) fn store(&self) -> &Store {
        &self.intake.store
    }

    /// What makes messages to citizens.
    pub fn notices(&self) -> &Notices {
        &self.intake.notices
    }

    async fn enqueue(
        &self,
        key: &str,
        to: &PhoneNumber,
        language: Language,
        template: &str,
        mut values: BTreeMap<String, String>,
    ) -> Result<(), Refusal> {
        let now = self.intake.clock.now();
        let about = self.spoken_of(&values).await.map_err(refused)?;
        if let Some(ticket) = &about {
            // What stands in the ticket is said as it stands there, in names instead of codes.
            values.extend(self.notices().values_of(ticket, language));
        }
        let made = self.notices().asked_for(key, to, language, template, &values, now).map_err(|why| Refusal::Invalid(why.to_string()))?;
        self.store().enqueue(about.map(|t| t.number), made, now).await.map_err(refused)
    }

    /// The ticket that a message speaks of, by its value `number`.
    async fn spoken_of(&self, values: &BTreeMap<String, String>) -> Result<Option<Ticket>, StoreError> {
        match values.get("number").and_then(|text| Number::parse(text).ok()) {
            Some(number) => self.store().ticket(number).await,
            None => Ok(None),
        }
    }
}

impl Helpline for Desk {
    fn take_in(&self, contact: Contact) -> BoxFuture<'_, Result<Receipt, Refusal>> {
        Box::pin(self.intake.take_in(contact))
    }

    fn short_message(&self, contact: Contact) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(self.hear(contact))
    }

    fn hold(&self, held: Held) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(patiently(async move { self.store().hold(held).await.map_err(refused) }))
    }

    fn delivery(&self, news: Delivery) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(patiently(async move {
            match Courier::heard(self.store(), news, &self.intake.clock).await {
                Ok(()) | Err(StoreError::NotFound(_)) => Ok(()),
                Err(why) => Err(refused(why)),
            }
        }))
    }

    fn amend(&self, mut amended: Amended) -> BoxFuture<'_, Result<bool, Refusal>> {
        if let Amendment::Edited(text) | Amendment::Lost(text) | Amendment::Reacted(Some(text)) = &mut amended.what {
            *text = super::check::shortened(text);
        }
        Box::pin(patiently(async move { self.store().amend(amended).await.map_err(refused) }))
    }

    fn look_up(&self, number: Number) -> BoxFuture<'_, Result<Option<Standing>, Refusal>> {
        Box::pin(patiently(async move {
            let found = self.store().ticket(number).await.map_err(refused)?;
            Ok(found.map(|t| Standing {
                number: t.number,
                state: t.state,
                department: t.department,
                registered_at: t.registered_at,
                due_at: t.due_at,
                closed_at: t.closed_at,
            }))
        }))
    }

    fn send_sms<'a>(
        &'a self,
        key: &'a str,
        to: &'a PhoneNumber,
        language: Language,
        template: &'a str,
        values: BTreeMap<String, String>,
    ) -> BoxFuture<'a, Result<(), Refusal>> {
        Box::pin(patiently(self.enqueue(key, to, language, template, values)))
    }

    fn hours(&self, calendar: &str, now: Timestamp) -> AfterHours {
        match self.intake.masters.calendars.get(calendar) {
            Some(calendar) => calendar.hours(now),
            // A flow that names no calendar of ours must not shut anybody out.
            None => AfterHours::Open,
        }
    }

    fn call_event(&self, call: CallId, event: CallEvent) {
        (self.calls)(call, event);
    }

    fn remembered_language<'a>(&'a self, caller: &'a PhoneNumber) -> BoxFuture<'a, Option<Language>> {
        Box::pin(async move {
            let remembered = tokio::time::timeout(PATIENCE, self.store().remembered_language(caller)).await;
            remembered.ok()?.ok()?
        })
    }
}

async fn patiently<T>(answer: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
    let late = || Refusal::Unavailable("the database does not answer in time; try again".to_owned());
    tokio::time::timeout(PATIENCE, answer).await.unwrap_or_else(|_| Err(late()))
}
