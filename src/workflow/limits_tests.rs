//! Roads through the life of a ticket, on a clock that is moved, as tables that an official can read: when, who, what, the state after
//! it, and what was sent for it.

use super::{Feedback, LimitKeeper, Reached};
use crate::intake::testing::{House, from};
use crate::store::UserRow;
use daak_domain::Timestamp;
use daak_domain::contact::{Channel, Contact};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::seam::{BoxFuture, Helpline, Refusal};
use daak_domain::ticket::{Actor, Closure, Event, EventBody, Number, State, Ticket};
use jiff::tz::TimeZone;
use std::sync::Arc;
use std::time::Duration;

const CITIZEN: &str = "9830012345";

/// A telephone that reaches nobody: citizens are asked in writing.
struct Deaf;

impl Reached for Deaf {
    fn can_call(&self) -> bool {
        false
    }

    fn call<'a>(&'a self, _: Number, _: &'a PhoneNumber, _: Language) -> BoxFuture<'a, Result<(), Refusal>> {
        Box::pin(async { Err(Refusal::Unavailable("no telephone".into())) })
    }

    fn by_person(&self, _: &PhoneNumber, _: Language) {}
}

/// A block office, the magistrate above it, and a citizen.
struct Town {
    house: House,
    number: Number,
}

impl Town {
    /// On a Wednesday at eleven a citizen asks for a pension; the block office gets it.
    async fn with_a_pension() -> Self {
        let house = House::open().await;
        for (name, office, phone) in [("bimal", "BDO-2723", "9830000001"), ("asha", "DM-303", "9830000002"), ("mitra", "CMO", "9830000003")]
        {
            let phone = Some(format!("+91{phone}"));
            let row = UserRow {
                name: name.into(),
                role: "officer".into(),
                department: None,
                office: Some(office.into()),
                district: None,
                phone,
                password: None,
                disabled: false,
                created_at: house.clock.now(),
            };
            house.store.put_user(row).await.expect("kept");
        }
        house.clock.advance(Duration::from_secs(23 * 3_600));
        let text = "আমার বার্ধক্য ভাতা তিন মাস ধরে আসছে না, ব্যাংকের বই জমা দিয়েছি";
        let receipt = house.take_in(Contact { received_at: house.clock.now(), ..from(CITIZEN, "pension", text) }).await.expect("taken");
        let town = Self { house, number: receipt.number };
        let office = Some("BDO-2723".to_owned());
        town.step("rina", EventBody::Assigned { department: "WCD".into(), officer: None, reason: None, office }).await;
        town
    }

    fn keeper(&self) -> LimitKeeper {
        let House { store, desk, masters, clock, .. } = &self.house;
        LimitKeeper::new(store.clone(), desk.clone(), masters.clone(), clock.clone())
    }

    async fn step(&self, name: &str, body: EventBody) {
        let event = Event { at: self.house.clock.now(), by: Actor::Person { name: name.into() }, body };
        self.house.desk.add(self.number, None, event).await.expect("a legal step");
    }

    async fn report(&self, name: &str) {
        let report = EventBody::AtrSubmitted { closure_reason: "resolved".into(), remarks: "Paid.".into(), attachments: Vec::new() };
        self.step(name, report).await;
        self.step("kabir", EventBody::VerificationBegun { how: "by hand".into() }).await;
    }

    /// The citizen writes an SMS.
    async fn sms(&self, text: &str) {
        let at = self.house.clock.now();
        let contact = Contact { channel: Channel::Sms, received_at: at, ..from(CITIZEN, &format!("sms-{at}"), text) };
        self.house.desk.short_message(contact).await.expect("taken");
    }

    /// So many hours pass; every hour the program starts anew, as after a kill.
    async fn hours(&self, hours: u32) {
        for _ in 0..hours {
            self.look().await;
            self.house.clock.advance(Duration::from_secs(3_600));
        }
        self.look().await;
    }

    async fn look(&self) {
        let House { store, desk, masters, clock, .. } = &self.house;
        let asking = || Feedback::new(store.clone(), desk.clone(), masters.feedback.clone(), Arc::new(Deaf), clock.clone());
        while asking().round().await.expect("it asks") + self.keeper().round().await.expect("it keeps") > 0 {}
    }

    async fn ticket(&self) -> Ticket {
        self.house.store.ticket(self.number).await.expect("read").expect("there")
    }

    /// The life so far from its `first` line on: when | who | what | state, office | messages.
    async fn life(&self, first: usize) -> Vec<String> {
        let zone = TimeZone::get("Asia/Kolkata").expect("a zone");
        let events = self.house.store.events(self.number).await.expect("read");
        let mut ticket = Ticket::open(self.number, &events[0].event).expect("a life");
        let mut lines: Vec<String> = Vec::new();
        for (place, sealed) in events.iter().enumerate() {
            let event = &sealed.event;
            if place > 0 {
                ticket.apply(event).expect("legal");
            }
            match &event.body {
                EventBody::Message { template, .. } => {
                    if let Some(line) = lines.last_mut() {
                        *line = format!("{line} {template}");
                    }
                }
                EventBody::Noted { .. } => {}
                body => {
                    let when = event.at.to_zoned_datetime(zone.clone()).strftime("%m-%d %H:%M");
                    let who = match &event.by {
                        Actor::Person { name } | Actor::Machine { name } => name,
                        Actor::Citizen => "citizen",
                        Actor::Helpline => "helpline",
                    };
                    lines.push(format!("{when} | {who} | {} | {} {} |", said(body, &zone), ticket.state, ticket.holder()));
                }
            }
        }
        lines.split_off(first)
    }
}

/// An event in a few words.
fn said(body: &EventBody, zone: &TimeZone) -> String {
    let day = |at: &Timestamp| at.to_zoned_datetime(zone.clone()).strftime("%m-%d %H:%M").to_string();
    match body {
        EventBody::Reminded { limit, nth, .. } => format!("reminds {} {nth}", limit.as_str()),
        EventBody::Escalated { limit, level, office, .. } => format!("escalates {} {level} to {office}", limit.as_str()),
        EventBody::LimitMoved { due_at, .. } => format!("due {}", day(due_at)),
        EventBody::Closed { closure, .. } => format!("closed {}", closure.as_str()),
        other => serde_json::to_value(other).ok().and_then(|v| v.get("type")?.as_str().map(str::to_owned)).unwrap_or_default(),
    }
}

#[tokio::test]
async fn nobody_does_anything_and_it_goes_up_to_the_top() {
    let town = Town::with_a_pension().await;
    town.hours(24 * 12).await;
    assert_eq!(
        town.life(2).await,
        [
            "11-26 15:00 | helpline | reminds first_action 1 | assigned BDO-2723 | officer_reminder",
            "11-27 11:00 | helpline | escalates first_action 1 to DM-303 | assigned BDO-2723 | officer_escalated",
            "11-30 11:00 | helpline | escalates first_action 2 to CMO | assigned BDO-2723 | officer_escalated",
            "12-01 11:00 | helpline | reminds resolution 1 | assigned BDO-2723 | officer_reminder",
            "12-02 15:00 | helpline | reminds resolution 2 | assigned BDO-2723 | officer_reminder",
            "12-03 11:00 | helpline | escalates resolution 1 to DM-303 | assigned BDO-2723 | officer_escalated",
            "12-05 11:00 | helpline | escalates resolution 2 to CMO | assigned BDO-2723 | officer_escalated",
        ]
    );
    assert_eq!(town.ticket().await.level, 2);
    let messages = town.house.store.messages(Some(town.number), None, 50).await.expect("read").items;
    let told =
        |template: &str| messages.iter().filter(|m| m.message.template == template).map(|m| m.message.to.as_str()).collect::<Vec<_>>();
    assert_eq!(told("officer_escalated"), ["+919830000003", "+919830000002", "+919830000003", "+919830000002"], "the newest first");
    assert_eq!(told("officer_reminder"), ["+919830000001"; 3]);
    assert_eq!(told("officer_assigned"), ["+919830000001"]);
}

#[tokio::test]
async fn asked_answered_reported_and_the_citizen_says_yes() {
    let town = Town::with_a_pension().await;
    town.hours(1).await;
    town.step("bimal", EventBody::Taken { officer: "bimal".into() }).await;
    town.step("bimal", EventBody::Asked { question: "কোন ব্যাংক?".into(), until: None }).await;
    town.hours(48).await;
    town.sms("স্টেট ব্যাংক আমডাঙা").await;
    town.hours(23).await;
    town.report("bimal").await;
    town.hours(24).await;
    town.sms("হ্যাঁ").await;
    town.hours(24 * 40).await;
    assert_eq!(
        town.life(2).await,
        [
            "11-25 12:00 | bimal | taken | in_progress BDO-2723 |",
            "11-25 12:00 | bimal | asked | needs_info BDO-2723 | needs_info",
            "11-27 12:00 | citizen | contact_joined | needs_info BDO-2723 |",
            "11-27 12:00 | citizen | answered | in_progress BDO-2723 | joined",
            "11-27 12:00 | helpline | due 12-05 11:00 | in_progress BDO-2723 |",
            "11-28 11:00 | bimal | atr_submitted | atr_submitted BDO-2723 | atr",
            "11-28 11:00 | kabir | verification_begun | verifying BDO-2723 |",
            "11-28 11:00 | helpline | questioned | verifying BDO-2723 | question",
            "11-29 11:00 | citizen | contact_joined | verifying BDO-2723 |",
            "11-29 11:00 | citizen | closed confirmed | closed BDO-2723 | confirmed",
        ]
    );
}

#[tokio::test]
async fn a_no_goes_one_level_up_silence_is_no_yes_and_a_later_no_goes_further_up() {
    let town = Town::with_a_pension().await;
    town.hours(24).await;
    town.report("bimal").await;
    town.hours(2).await;
    town.sms("NO টাকা আসেনি").await;
    town.look().await;
    town.report("asha").await;
    town.hours(24 * 16).await;
    assert_eq!(town.ticket().await.closure, Some(Closure::NoAnswer), "never as satisfaction");
    town.sms("NO এখনও আসেনি").await;
    town.look().await;
    assert_eq!(
        town.life(2).await,
        [
            "11-26 11:00 | bimal | atr_submitted | atr_submitted BDO-2723 | atr",
            "11-26 11:00 | kabir | verification_begun | verifying BDO-2723 |",
            "11-26 11:00 | helpline | questioned | verifying BDO-2723 | question",
            "11-26 13:00 | citizen | contact_joined | verifying BDO-2723 |",
            "11-26 13:00 | citizen | atr_returned | returned DM-303 | not_settled officer_returned",
            "11-26 13:00 | helpline | due 12-03 13:00 | returned DM-303 |",
            "11-26 13:00 | asha | atr_submitted | atr_submitted DM-303 | atr",
            "11-26 13:00 | kabir | verification_begun | verifying DM-303 |",
            "11-26 13:00 | helpline | questioned | verifying DM-303 | question",
            "12-01 13:00 | helpline | questioned | verifying DM-303 | question",
            "12-11 13:00 | helpline | closed no_answer | closed DM-303 | unanswered",
            "12-12 13:00 | citizen | contact_joined | closed DM-303 |",
            "12-12 13:00 | citizen | reopened | reopened CMO | reopened officer_returned",
            "12-12 13:00 | helpline | due 12-21 13:00 | reopened CMO |",
        ]
    );
}

#[tokio::test]
async fn what_is_closed_on_a_person_s_word_names_them_and_may_be_appealed_against() {
    let town = Town::with_a_pension().await;
    town.report("bimal").await;
    town.step("kabir", EventBody::Closed { closure: Closure::Override, remarks: "Paid, by the bank's list.".into() }).await;
    assert_eq!(town.house.store.overrides(10).await.expect("counted"), [("kabir".to_owned(), 1)]);
    town.hours(24 * 45).await;
    let office = Some("DM-303".to_owned());
    town.step("rina", EventBody::Reopened { reason: "Not a rupee came.".into(), office, appeal: true }).await;
    let ticket = town.ticket().await;
    assert_eq!((ticket.state, ticket.holder(), ticket.closure), (State::Reopened, "DM-303", None));
    assert_eq!(town.house.store.overrides(10).await.expect("counted"), [], "it stands no more");
    town.look().await;
    assert!(town.ticket().await.due_at > town.house.clock.now(), "with its whole time");
}

#[tokio::test]
async fn two_keepers_at_once_do_each_thing_once() {
    let town = Town::with_a_pension().await;
    town.house.clock.advance(Duration::from_secs(40 * 24 * 3_600));
    let (one, other) = (town.keeper(), town.keeper());
    for _ in 0..6 {
        let (a, b) = tokio::join!(one.round(), other.round());
        a.and(b).expect("both work");
        town.house.clock.advance(Duration::from_secs(3));
    }
    let life = town.life(2).await;
    let of = |what: &str| life.iter().filter(|line| line.contains(what)).count();
    assert_eq!((of("escalates first_action 1"), of("escalates resolution 1")), (1, 1), "{life:?}");
    assert_eq!(of("escalates first_action 2"), 0, "after a long stop the levels do not come all at once");
}

#[tokio::test]
async fn other_rules_make_every_open_ticket_due_once() {
    let town = Town::with_a_pension().await;
    let (store, now) = (&town.house.store, town.house.clock.now());
    town.keeper().begin().await.expect("noted");
    town.look().await;
    assert_eq!(town.keeper().round().await.expect("it keeps"), 0);
    town.keeper().begin().await.expect("the same rules");
    assert_eq!(town.keeper().round().await.expect("it keeps"), 0);
    assert!(store.rules_in_force("limits", "others", now).await.expect("noted"));
    assert_eq!(town.keeper().round().await.expect("it keeps"), 1);
}
