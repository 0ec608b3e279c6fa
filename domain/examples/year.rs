//! A year of tickets in the pure core: routes, clocks, reminders, escalations, answers of citizens; how long it takes.
//!
//! `cargo run --release -p daak-domain --example year -- [TICKETS] [THREADS]`. Officers and citizens are made up by a seed that is
//! the ticket's number, so that the same year comes out each time.

#![allow(clippy::print_stdout, clippy::disallowed_methods, clippy::disallowed_types)]

use daak_domain::Timestamp;
use daak_domain::calendar::Calendars;
use daak_domain::contact::Channel;
use daak_domain::escalation::{Act, Clock, EscalationRule, Look};
use daak_domain::language::Language;
use daak_domain::office::Offices;
use daak_domain::place::Places;
use daak_domain::routing::{Matter, Routes};
use daak_domain::sla::{Claim, Limits};
use daak_domain::taxonomy::{Category, Taxonomy};
use daak_domain::ticket::{Actor, Closure, Event, EventBody, Number, SlaClass, State, Ticket};
use jiff::SignedDuration;
use std::time::Instant;

struct Rules {
    taxonomy: Taxonomy,
    places: Places,
    offices: Offices,
    routes: Routes,
    limits: Limits,
    escalation: EscalationRule,
    categories: Vec<Category>,
    locals: Vec<String>,
    day: jiff::civil::Date,
}

#[derive(Default, Clone, Copy)]
struct Figures {
    looks: u64,
    events: u64,
    reminders: u64,
    escalations: u64,
    moved: u64,
    confirmed: u64,
    no_answer: u64,
    returned: u64,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let tickets: u64 = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let threads: u64 = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(1);
    let rules = rules();
    let began = Instant::now();
    let parts: Vec<Figures> = std::thread::scope(|scope| {
        let part = |part: u64| {
            let rules = &rules;
            scope.spawn(move || {
                let mut figures = Figures::default();
                for serial in (part..tickets).step_by(usize::try_from(threads).unwrap_or(1)) {
                    live(rules, serial, &mut figures);
                }
                figures
            })
        };
        let hands: Vec<_> = (0..threads).map(part).collect();
        hands.into_iter().filter_map(|hand| hand.join().ok()).collect()
    });
    let took = began.elapsed().as_secs_f64();
    let sum = |of: fn(&Figures) -> u64| parts.iter().map(of).sum::<u64>();
    println!(
        "{{\"tickets\":{tickets},\"threads\":{threads},\"seconds\":{took:.2},\"tickets_per_second\":{:.0},\"looks\":{},\"events\":{},\"reminders\":{},\"escalations\":{},\"limits_moved\":{},\"confirmed\":{},\"no_answer\":{},\"returned\":{}}}",
        tickets as f64 / took,
        sum(|f| f.looks),
        sum(|f| f.events),
        sum(|f| f.reminders),
        sum(|f| f.escalations),
        sum(|f| f.moved),
        sum(|f| f.confirmed),
        sum(|f| f.no_answer),
        sum(|f| f.returned),
    );
}

fn rules() -> Rules {
    let taxonomy =
        Taxonomy::read(include_str!("../../config/taxonomy.csv"), include_str!("../../config/departments.csv")).expect("shipped");
    let places = Places::read(
        include_str!("../../config/districts.csv"),
        include_str!("../../config/blocks.csv"),
        include_str!("../../config/municipalities.csv"),
    );
    let places = places.expect("shipped");
    let offices = Offices::read(include_str!("../../config/offices.csv"), &taxonomy, &places).expect("shipped");
    let day = "2026-06-01".parse().expect("a day");
    let routes = Routes::read(include_str!("../../config/routes.toml"), &offices, &taxonomy, &places, day).expect("shipped");
    let calendars = Calendars::read(include_str!("../../config/calendar.toml")).expect("shipped");
    let limits = Limits::read(include_str!("../../config/sla.toml"), &calendars).expect("shipped");
    let escalation = EscalationRule::read(include_str!("../../config/escalation.toml")).expect("shipped");
    let (categories, locals) = (taxonomy.categories.values().cloned().collect(), places.locals.keys().cloned().collect());
    Rules { taxonomy, places, offices, routes, limits, escalation, categories, locals, day }
}

/// Chance, from a ticket's number (SplitMix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n.max(1) as u64).unwrap_or(0)
    }

    /// Hours, most of them few, some of them many.
    fn hours(&mut self, mean: f64) -> SignedDuration {
        let uniform = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        SignedDuration::from_secs((-(1.0 - uniform).ln() * mean * 3_600.0) as i64 + 1)
    }
}

/// One ticket from its registration to its end, or to the end of patience.
fn live(rules: &Rules, serial: u64, figures: &mut Figures) {
    let mut chance = Chance(serial);
    let category = &rules.categories[chance.below(rules.categories.len())];
    let local = &rules.locals[chance.below(rules.locals.len())];
    let district = rules.places.locals[local].district.clone();
    let class = category.sla_class;
    let matter =
        Matter { category: &category.code, department: &category.department, district: district.as_deref(), local: Some(local), class };
    let office = rules.routes.explain(&matter, &rules.offices, &rules.places, rules.day).office;
    let start = Timestamp::from_second(1_767_225_600 + i64::try_from(chance.next() % (365 * 86_400)).unwrap_or(0)).expect("a time");
    let claim = Claim { class, category: &category.code, office: &office };
    let registered = EventBody::Registered {
        contact: 1,
        person: 1,
        channel: Channel::Phone,
        category: category.code.clone(),
        department: category.department.clone(),
        sla_class: class,
        emergency: class == SlaClass::Emergency,
        language: Language::Bn,
        district: district.clone(),
        block: Some(local.clone()),
        due_at: rules.limits.due(claim, start).resolution_at,
        office: Some(office.clone()),
    };
    let mut events = vec![Event { at: start, by: Actor::Citizen, body: registered }];
    let mut ticket = Ticket::open(Number::from_serial(serial), &events[0]).expect("a life");
    let mut step = next_step(&ticket, &mut chance, start, rules);
    let mut now = start;
    for _ in 0..200 {
        let clock = Clock::of(events.iter()).expect("a life");
        let above = rules.offices.line(ticket.holder(), rules.day).len() - 1;
        figures.looks += 1;
        let look = rules.escalation.look(&clock, &rules.limits, u32::try_from(above).unwrap_or(0), now);
        let event = match (look, &step) {
            (Look::Do(act), _) => Event { at: now, by: Actor::Helpline, body: written(act, &ticket, rules, figures) },
            (Look::Wait(until), Some((at, _))) if until < *at => {
                now = until;
                continue;
            }
            (_, Some(_)) => match step.take() {
                Some((at, event)) => {
                    now = at;
                    event
                }
                None => break,
            },
            (Look::Wait(until), None) => {
                now = until;
                continue;
            }
            (Look::Rest, None) => break,
        };
        if ticket.apply(&event).is_ok() {
            match &event.body {
                EventBody::Closed { closure: Closure::Confirmed, .. } => figures.confirmed += 1,
                EventBody::Closed { .. } => figures.no_answer += 1,
                EventBody::AtrReturned { .. } => figures.returned += 1,
                _ => {}
            }
            figures.events += 1;
            events.push(event);
        }
        if step.is_none() {
            step = next_step(&ticket, &mut chance, now, rules);
        }
    }
}

fn written(act: Act, ticket: &Ticket, rules: &Rules, figures: &mut Figures) -> EventBody {
    match act {
        Act::Move { due_at, .. } => {
            figures.moved += 1;
            EventBody::LimitMoved { due_at, why: String::new() }
        }
        Act::Remind { limit, nth, due_at } => {
            figures.reminders += 1;
            EventBody::Reminded { limit, nth, due_at }
        }
        Act::Escalate { limit, level, due_at } => {
            figures.escalations += 1;
            let line = rules.offices.line(ticket.holder(), rules.day);
            let office = line[usize::try_from(level).unwrap_or(1).min(line.len() - 1)].code.clone();
            EventBody::Escalated { limit, level, office, due_at }
        }
    }
}

/// What a person does next, and when.
fn next_step(ticket: &Ticket, chance: &mut Chance, now: Timestamp, rules: &Rules) -> Option<(Timestamp, Event)> {
    let pace = if ticket.sla_class == SlaClass::Emergency { 0.05 } else { 1.0 };
    let officer = || Actor::Person { name: "officer".to_owned() };
    let (by, mean, body) = match ticket.state {
        State::Registered => {
            let (department, office) = (ticket.department.clone(), ticket.office.clone());
            (officer(), 4.0, EventBody::Assigned { department, officer: None, reason: None, office })
        }
        State::Assigned | State::Returned | State::Reopened => (officer(), 40.0, EventBody::Taken { officer: "officer".to_owned() }),
        State::InProgress if chance.below(100) < 12 => (officer(), 20.0, EventBody::Asked { question: "?".to_owned(), until: None }),
        State::InProgress => {
            let report =
                EventBody::AtrSubmitted { closure_reason: "resolved".to_owned(), remarks: "x".to_owned(), attachments: Vec::new() };
            (officer(), 90.0, report)
        }
        State::NeedsInfo => (Actor::Citizen, 50.0, EventBody::Answered { text: "!".to_owned() }),
        State::AtrSubmitted => (officer(), 10.0, EventBody::VerificationBegun { how: "x".to_owned() }),
        State::Verifying => match chance.below(100) {
            0..65 => (Actor::Citizen, 30.0, EventBody::Closed { closure: Closure::Confirmed, remarks: "x".to_owned() }),
            65..85 => (Actor::Helpline, 360.0, EventBody::Closed { closure: Closure::NoAnswer, remarks: "x".to_owned() }),
            _ => {
                let office = rules.offices.superior(ticket.holder(), rules.day).map(|office| office.code.clone());
                (Actor::Citizen, 30.0, EventBody::AtrReturned { reason: "x".to_owned(), office })
            }
        },
        State::Closed | State::Merged | State::PolicyRegister => return None,
    };
    debug_assert!(rules.taxonomy.categories.contains_key(&ticket.category), "of the taxonomy");
    let at = now + chance.hours(mean * pace);
    Some((at, Event { at, by, body }))
}
