use super::*;
use crate::calendar::Calendars;
use crate::contact::Channel;
use crate::language::Language;
use crate::ticket::{Actor, Closure, Event, EventBody};
use proptest::prelude::*;

struct Rules {
    rule: EscalationRule,
    limits: Limits,
}

fn shipped() -> Rules {
    let calendars = Calendars::read(include_str!("../../../config/calendar.toml")).expect("shipped");
    let limits = Limits::read(include_str!("../../../config/sla.toml"), &calendars).expect("shipped");
    Rules { rule: EscalationRule::read(include_str!("../../../config/escalation.toml")).expect("shipped"), limits }
}

fn at(text: &str) -> Timestamp {
    format!("2026-{text}+05:30").parse().expect("a time")
}

fn event(at: Timestamp, body: EventBody) -> Event {
    let by = match body {
        EventBody::Registered { .. } | EventBody::Answered { .. } => Actor::Citizen,
        EventBody::Reminded { .. } | EventBody::Escalated { .. } | EventBody::LimitMoved { .. } => Actor::Helpline,
        _ => Actor::Person { name: "anita".into() },
    };
    Event { at, by, body }
}

fn registered(rules: &Rules, class: SlaClass, at: Timestamp) -> Event {
    let claim = Claim { class, category: "wcd.kanyashree", office: "BDO-2723" };
    let body = EventBody::Registered {
        contact: 1,
        person: 1,
        channel: Channel::Phone,
        category: "wcd.kanyashree".into(),
        department: "WCD".into(),
        sla_class: class,
        emergency: class == SlaClass::Emergency,
        language: Language::Bn,
        district: Some("303".into()),
        block: Some("2723".into()),
        due_at: rules.limits.due(claim, at).resolution_at,
        office: Some("BDO-2723".into()),
    };
    event(at, body)
}

/// The event by which an act is written down.
fn written(act: Act) -> EventBody {
    match act {
        Act::Move { due_at, .. } => EventBody::LimitMoved { due_at, why: "it rested".into() },
        Act::Remind { limit, nth, due_at } => EventBody::Reminded { limit, nth, due_at },
        Act::Escalate { limit, level, due_at } => EventBody::Escalated { limit, level, office: format!("level {level}"), due_at },
    }
}

/// Lets the time pass until `end`; answers when what was done, as an official would read it.
fn pass(rules: &Rules, events: &mut Vec<Event>, mut now: Timestamp, end: Timestamp) -> Vec<String> {
    let zone = jiff::tz::TimeZone::get("Asia/Kolkata").expect("a zone");
    let mut said = Vec::new();
    for _ in 0..200 {
        let clock = Clock::of(events.iter()).expect("a life");
        match rules.rule.look(&clock, &rules.limits, 2, now) {
            Look::Do(act) => {
                let when = now.to_zoned_datetime(zone.clone()).strftime("%m-%d %H:%M").to_string();
                said.push(match act {
                    Act::Move { due_at, .. } => format!("{when} due {}", due_at.to_zoned_datetime(zone.clone()).strftime("%m-%d %H:%M")),
                    Act::Remind { limit, nth, .. } => format!("{when} remind {limit:?} {nth}"),
                    Act::Escalate { limit, level, .. } => format!("{when} escalate {limit:?} {level}"),
                });
                events.push(event(now, written(act)));
            }
            Look::Wait(until) if until > end => return said,
            Look::Wait(until) => {
                assert!(until > now, "time goes on");
                now = until;
            }
            Look::Rest => return said,
        }
    }
    unreachable!("it never comes to rest: {said:?}")
}

#[test]
fn nobody_does_anything_about_a_pension() {
    let rules = shipped();
    let start = at("11-25T11:00");
    let mut events = vec![registered(&rules, SlaClass::Individual, start)];
    assert_eq!(
        pass(&rules, &mut events, start, at("12-31T00:00")),
        [
            "11-26 15:00 remind FirstAction 1",
            "11-27 11:00 escalate FirstAction 1",
            "11-30 11:00 escalate FirstAction 2",
            "12-01 11:00 remind Resolution 1",
            "12-02 15:00 remind Resolution 2",
            "12-03 11:00 escalate Resolution 1",
            "12-05 11:00 escalate Resolution 2",
        ]
    );
}

#[test]
fn an_emergency_runs_through_the_night_and_goes_up_by_the_hour() {
    let rules = shipped();
    let start = at("11-21T22:00");
    let mut events = vec![registered(&rules, SlaClass::Emergency, start)];
    let said = pass(&rules, &mut events, start, at("11-22T12:00"));
    assert_eq!(said, ["11-21 23:30 remind FirstAction 1", "11-22 00:00 escalate FirstAction 1", "11-22 01:00 escalate FirstAction 2"]);
}

#[test]
fn while_the_citizen_is_asked_the_clock_rests_and_runs_on_by_itself() {
    let rules = shipped();
    let start = at("11-25T11:00");
    let mut events = vec![
        registered(&rules, SlaClass::Individual, start),
        event(at("11-25T12:00"), EventBody::Taken { officer: "anita".into() }),
        event(at("11-26T12:00"), EventBody::Asked { question: "Which account?".into(), until: None }),
    ];
    // Answered after two working days: the limit is as much later.
    let mut answered = events.clone();
    answered.push(event(at("11-28T12:00"), EventBody::Answered { text: "This one.".into() }));
    assert_eq!(pass(&rules, &mut answered, at("11-28T12:00"), at("12-02T12:00")), ["11-28 12:00 due 12-05 11:00"]);
    // Never answered: it rests for seven working days, and not longer.
    let said = pass(&rules, &mut events, at("11-26T12:00"), at("12-12T00:00"));
    assert_eq!(said[..2], ["12-04 12:00 due 12-11 11:00", "12-09 11:00 remind Resolution 1"]);
}

#[test]
fn a_report_rests_the_clock_a_return_wakes_it_and_a_reopening_gives_the_whole_time() {
    let rules = shipped();
    let start = at("11-25T11:00");
    let report = || EventBody::AtrSubmitted { closure_reason: "resolved".into(), remarks: "Paid.".into(), attachments: Vec::new() };
    let mut events = vec![registered(&rules, SlaClass::Individual, start), event(at("11-27T11:00"), report())];
    assert!(pass(&rules, &mut events, at("11-27T11:00"), at("12-31T00:00")).is_empty(), "whoever reported waits for nothing");
    events.push(event(at("12-01T11:00"), EventBody::AtrReturned { reason: "Not paid.".into(), office: Some("DM-303".into()) }));
    let said = pass(&rules, &mut events, at("12-01T11:00"), at("12-02T00:00"));
    assert_eq!(said, ["12-01 11:00 due 12-07 11:00"], "three working days of verification do not count");
    events.push(event(at("12-02T11:00"), report()));
    events.push(event(at("12-03T11:00"), EventBody::Closed { closure: Closure::NoAnswer, remarks: "x".into() }));
    assert!(pass(&rules, &mut events, at("12-03T11:00"), at("12-31T00:00")).is_empty());
    events.push(event(at("12-10T11:00"), EventBody::Reopened { reason: "Not paid.".into(), office: None, appeal: false }));
    assert_eq!(pass(&rules, &mut events, at("12-10T11:00"), at("12-10T12:00")), ["12-10 11:00 due 12-18 11:00"]);
}

#[test]
fn the_citizen_of_a_long_matter_hears_how_far_it_is() {
    let rules = shipped();
    let start = at("11-25T11:00");
    let mut events =
        vec![registered(&rules, SlaClass::Community, start), event(at("11-26T11:00"), EventBody::Taken { officer: "anita".into() })];
    let said = pass(&rules, &mut events.clone(), at("11-26T11:00"), at("12-15T00:00"));
    assert_eq!(said, ["12-12 11:00 remind Interim 1"]);
    let reply = EventBody::Replied { message: "m".into(), channel: Channel::Sms, text: "The tender is out.".into() };
    events.push(event(at("12-01T11:00"), reply));
    assert!(pass(&rules, &mut events, at("12-01T11:00"), at("12-15T00:00")).is_empty());
}

#[test]
fn a_holiday_that_is_added_moves_open_limits() {
    let rules = shipped();
    let start = at("11-25T11:00");
    let mut events = vec![registered(&rules, SlaClass::Individual, start), event(start, EventBody::Taken { officer: "anita".into() })];
    let more =
        format!("{}\n[[holidays]]\ndate = \"2026-11-30\"\nname = \"A day of mourning\"\n", include_str!("../../../config/calendar.toml"));
    let calendars = Calendars::read(&more).expect("good");
    let limits = Limits::read(include_str!("../../../config/sla.toml"), &calendars).expect("shipped");
    let changed = Rules { limits, ..rules };
    let clock = Clock::of(events.iter()).expect("a life");
    let due_at = at("12-04T11:00");
    assert_eq!(changed.rule.look(&clock, &changed.limits, 2, at("11-26T11:00")), Look::Do(Act::Move { due_at, rested: false }));
    pass(&changed, &mut events, at("11-26T11:00"), at("11-26T12:00"));
    assert_eq!(Clock::of(events.iter()).map(|clock| clock.due_at), Some(due_at), "once");
}

#[test]
fn mistakes_are_told_with_their_line() {
    let shipped = include_str!("../../../config/escalation.toml");
    for (from, to, said) in [
        ("[{ days = 2 }, { hours = 4 }]", "[{ hours = 4 }, { days = 2 }]", "the earliest reminder stands first"),
        ("escalate_every = { days = 2 }", "escalate_every = { days = 0 }", "longer than nothing"),
        ("[classes.policy]", "[classes.polity]", "polity"),
        ("within_days = 90", "within = 90", "unknown field"),
    ] {
        assert!(shipped.contains(from), "{from}");
        let error = EscalationRule::read(&shipped.replacen(from, to, 1)).expect_err(to);
        assert!(error.what.contains(said) && error.line > 1, "{error}");
    }
    let hole = shipped.replace("[classes.policy]", "[other]");
    assert!(EscalationRule::read(&hole).is_err());
}

fn step() -> impl Strategy<Value = EventBody> {
    prop_oneof![
        Just(EventBody::Taken { officer: "anita".into() }),
        Just(EventBody::Asked { question: "?".into(), until: None }),
        Just(EventBody::Answered { text: "!".into() }),
        Just(EventBody::AtrSubmitted { closure_reason: "resolved".into(), remarks: "x".into(), attachments: Vec::new() }),
        Just(EventBody::AtrReturned { reason: "x".into(), office: None }),
        Just(EventBody::EmergencyRaised { because: "x".into(), due_at: at("11-26T00:00") }),
        Just(EventBody::Forwarded { department: "PWD".into(), reason: "x".into(), office: None }),
    ]
}

proptest! {
    /// Whatever happens and however long the program stands still: every act is done once, levels go up one by one, and nothing is
    /// done while the clock rests.
    #[test]
    fn nothing_is_done_twice_or_out_of_turn(class in 0usize..4, steps in proptest::collection::vec((0i64..20, step()), 0..8), stops in proptest::collection::vec(0i64..30, 40)) {
        let rules = shipped();
        let start = at("11-25T11:00");
        let mut events = vec![registered(&rules, SlaClass::ALL[class], start)];
        let (mut now, mut steps, mut stops) = (start, steps.into_iter(), stops.into_iter());
        let mut done: Vec<(Limit, u32, Timestamp)> = Vec::new();
        for _ in 0..60 {
            let clock = Clock::of(events.iter()).expect("a life");
            match rules.rule.look(&clock, &rules.limits, 3, now) {
                Look::Do(act) => {
                    if let Act::Escalate { limit, level, due_at } = act {
                        prop_assert!(now >= due_at && (1..=3).contains(&level));
                        let before = clock.escalated.get(&limit).map_or(0, |(level, _)| *level);
                        prop_assert_eq!(level, before + 1, "one by one");
                    }
                    if let Act::Remind { limit, nth, due_at } = act {
                        prop_assert!(clock.reminded.get(&limit).is_none_or(|done| nth > *done));
                        prop_assert!(limit == Limit::Interim || !done.contains(&(limit, nth, due_at)), "{limit:?} {nth} twice");
                        done.push((limit, nth, due_at));
                    }
                    let resting = rules.rule.resting(&clock, &rules.limits, now).is_some();
                    prop_assert!(!resting, "nothing is done meanwhile");
                    events.push(event(now, written(act)));
                    let again = Clock::of(events.iter()).expect("a life");
                    prop_assert_ne!(rules.rule.look(&again, &rules.limits, 3, now), Look::Do(act));
                }
                Look::Wait(until) => {
                    prop_assert!(until > now);
                    now = until + SignedDuration::from_hours(stops.next().unwrap_or(0));
                }
                Look::Rest => now += SignedDuration::from_hours(1),
            }
            if let Some((hours, body)) = steps.next() {
                now += SignedDuration::from_hours(hours);
                events.push(event(now, body));
            }
        }
    }
}
