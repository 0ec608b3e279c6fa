//! Visits: the table, the rules that ship, the rounds, and what a report must stand.

use super::*;
use crate::contact::BlobId;
use crate::taxonomy::Taxonomy;
use crate::ticket::{Actor, Event, EventBody, Number, SealedEvent, Ticket};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

fn shipped() -> VisitRules {
    VisitRules::read(include_str!("../../../config/visits.toml"), &taxonomy()).unwrap_or_else(|why| unreachable!("{why}"))
}

fn taxonomy() -> Taxonomy {
    Taxonomy::read(include_str!("../../../config/taxonomy.csv"), include_str!("../../../config/departments.csv")).expect("shipped")
}

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + 60 * minute).expect("a time")
}

fn sealed(seq: u32, body: &str) -> SealedEvent {
    let json = format!(r#"{{"at":"2026-11-24T10:00:00Z","by":{{"kind":"person","name":"anita"}},{body}}}"#);
    SealedEvent { seq, event: serde_json::from_str(&json).expect("an event"), hash: [seq as u8; 32] }
}

const REGISTERED: &str = r#""type":"registered","contact":1,"person":1,"channel":"phone","category":"CATEGORY","department":"PRD","sla_class":"CLASS","emergency":false,"language":"bn","district":"304","block":null,"due_at":"2026-12-01T05:30:00Z""#;
const REPORTED: &str = r#""type":"atr_submitted","closure_reason":"resolved","remarks":"Done.""#;
const CLOSED: &str = r#""type":"closed","closure":"confirmed","remarks":"Yes.""#;

/// A ticket of this matter with these events after its registration, as far as they are its own.
fn ticket(serial: u64, category: &str, class: &str, then: &[&str]) -> (Ticket, Vec<SealedEvent>) {
    let first = REGISTERED.replace("CATEGORY", category).replace("CLASS", class);
    let bodies = std::iter::once(first.as_str()).chain(then.iter().copied());
    let mut events: Vec<_> = (1u32..).zip(bodies).map(|(seq, body)| sealed(seq, body)).collect();
    for sealed in &mut events {
        sealed.hash[31] = serial as u8;
        sealed.hash[30] = (serial >> 8) as u8;
    }
    let number = Number::from_serial(serial);
    (Ticket::fold(number, events.iter().map(|e| &e.event)).expect("a legal life"), events)
}

fn planned(rules: &VisitRules, (ticket, events): &(Ticket, Vec<SealedEvent>), value: Option<u64>) -> Vec<(Cause, u32, bool)> {
    let of = |body| match body {
        EventBody::VisitPlanned { cause, of, needed, .. } => (cause, of, needed),
        other => unreachable!("{other:?}"),
    };
    rules.wanted(ticket, events, value).into_iter().map(of).collect()
}

#[test]
fn rules_plan_by_class_category_and_value_once_for_each_reason() {
    let mut rules = shipped();
    rules.rules.retain(|rule| rule.per_mille.is_none());
    let taken = r#""type":"taken","officer":"anita""#;
    let road = ticket(1, "panchayat.village-road", "community", &[taken, REPORTED]);
    assert_eq!(planned(&rules, &road, None), [(Cause::Rule("works".into()), 3, true)]);
    let pension = ticket(2, "wcd.old-age-pension", "individual", &[taken, REPORTED]);
    assert_eq!(planned(&rules, &pension, Some(49_999)), []);
    assert_eq!(planned(&rules, &pension, Some(50_000)), [(Cause::Rule("large-sums".into()), 3, true)]);
    let asked = r#""type":"visit_requested","reason":"Is the well dry?""#;
    let planned_already = r#""type":"visit_planned","visit":1,"cause":"rule","name":"works","of":3,"reason":"See.""#;
    let again = ticket(3, "panchayat.village-road", "community", &[taken, REPORTED, planned_already, asked]);
    assert_eq!(planned(&rules, &again, None), [(Cause::Request("anita".into()), 5, false)], "the report has its visit");
}

#[test]
fn lots_fall_on_about_as_many_as_they_should_and_always_on_the_same() {
    let rules = shipped();
    let taken = r#""type":"taken","officer":"anita""#;
    let drawn = |rules: &VisitRules| {
        let lives = (1..4_000).map(|n| ticket(n, "food.ration-card", "individual", &[taken, REPORTED, CLOSED]));
        lives.filter(|life| planned(rules, life, None).iter().any(|(_, of, _)| *of == 4)).map(|life| life.0.number).collect::<Vec<_>>()
    };
    let first = drawn(&rules);
    assert!((40..125).contains(&first.len()), "20 of a thousand of 3999 are 80, not {}", first.len());
    assert_eq!(first, drawn(&rules), "whoever draws again finds the same");
    assert_ne!(first, drawn(&VisitRules { seed: "another".into(), ..rules }));
}

#[test]
fn mistakes_in_the_rules_are_told_with_their_line() {
    let shipped = include_str!("../../../config/visits.toml");
    for (from, to, says) in [
        ("\"admin.corruption\"", "\"admin.bribery\"", "no category of taxonomy.csv"),
        ("per_mille = 50", "per_mille = 0", "per_mille is 1 to 1000"),
        ("name = \"corruption\"", "name = \"works\"", "two rules are called"),
        ("due = \"closing\"\n", "due = \"closing\"\nneeded = true\n", "leave out needed"),
        ("most_a_day = 10", "most_a_day = \"ten\"", "expected usize"),
        ("code = \"refused\"", "code = \"nobody_there\"", "stands twice"),
    ] {
        assert!(shipped.contains(from), "{from}");
        let error = VisitRules::read(&shipped.replacen(from, to, 1), &taxonomy()).expect_err(to);
        assert!(error.what.contains(says) && error.line > 1, "{error}");
    }
}

#[test]
fn a_checklist_is_the_category_s_own_or_the_one_for_all() {
    let rules = shipped();
    assert_eq!(rules.checklist("pwd.road-bridge")[0].code, "work_visible");
    assert_eq!(rules.checklist("police.law-order")[0].code, "as_reported");
}

#[test]
fn amounts_are_read_in_three_scripts_and_numbers_of_accounts_are_none() {
    for (text, amount) in [
        ("They took Rs. 1,20,000 from me and 500 rupees more", Some(120_000)),
        ("আমার ঘরের ৬০ হাজার টাকা আসেনি", Some(60_000)),
        ("मेरे 2 लाख रुपये नहीं मिले", Some(200_000)),
        ("₹75000 paid", Some(75_000)),
        ("account 123456789012, telephone 9830012345", None),
        ("three kilometres of road, 500 people", None),
    ] {
        assert_eq!(rupees_in(text), amount, "{text}");
    }
}

#[test]
fn every_state_of_a_visit_is_reached_and_no_row_stands_twice() {
    for state in VisitState::ALL {
        let comes = state == VisitState::Planned || VISIT_TRANSITIONS.iter().any(|row| row.2 == state);
        let goes = state == VisitState::Done || VISIT_TRANSITIONS.iter().any(|row| row.0 == state);
        assert!(comes && goes, "{state:?} is a dead end");
    }
    for (n, row) in VISIT_TRANSITIONS.iter().enumerate() {
        assert!(!VISIT_TRANSITIONS[n + 1..].iter().any(|other| (other.0, other.1) == (row.0, row.1)), "{row:?}");
    }
    let id = VisitId { ticket: Number::from_serial(7), nth: 2 };
    assert_eq!(id.to_string().parse(), Ok(id));
    assert!("12-1".parse::<VisitId>().is_err());
}

/// Kolkata's town hall, and places from there.
fn north_by(km: f64) -> Spot {
    Spot::at(22.5687 + km / 111.195, 88.3432)
}

#[test]
fn distances_are_those_of_the_map() {
    let (kolkata, darjeeling) = (Spot::at(22.5726, 88.3639), Spot::at(27.0410, 88.2663));
    assert!((kolkata.metres_to(darjeeling) - 496_900.0).abs() < 2_000.0, "{}", kolkata.metres_to(darjeeling));
    assert!((north_by(0.0).metres_to(north_by(5.0)) - 5_000.0).abs() < 20.0);
}

#[test]
fn a_round_goes_to_the_nearest_first_and_the_unknown_last() {
    let stops = [Some(north_by(9.0)), None, Some(north_by(1.0)), Some(north_by(4.0))];
    assert_eq!(day_route(Some(north_by(0.0)), &stops), [2, 3, 0, 1]);
    assert_eq!(day_route(None, &stops), [0, 3, 2, 1], "without a start, from the first");
}

#[test]
fn visits_go_to_people_of_the_district_near_their_rounds_and_nobody_gets_too_many() {
    let person = |name: &str, district: &str, goes_to: &[Spot]| Executive {
        name: name.into(),
        district: Some(district.into()),
        goes_to: goes_to.iter().map(|spot| Some(*spot)).collect(),
    };
    let people = [person("a", "304", &[north_by(0.0)]), person("b", "304", &[]), person("c", "305", &[])];
    let visit = |district: &str, km: f64| Called { district: Some(district.into()), spot: Some(north_by(km)) };
    let visits = [visit("304", 1.0), visit("304", 40.0), visit("304", 2.0), visit("305", 1.0), visit("306", 1.0)];
    assert_eq!(share_out(&visits, &people, 2), [Some(0), Some(1), Some(1), Some(2), None]);
}

fn report(written: i64, fix: Option<(Spot, f64)>) -> VisitReport {
    VisitReport {
        key: "k".into(),
        outcome: Outcome::Seen { settled: true },
        remarks: "Level.".into(),
        answers: Answers::new(),
        fix: fix.map(|(spot, accuracy_m)| Fix { lat: spot.lat, lon: spot.lon, accuracy_m, at: at(written) }),
        written_at: at(written),
        clock_ahead_s: 0,
        attachments: Vec::new(),
        word: Word::None,
    }
}

fn photograph() -> Photograph {
    Photograph {
        blob: BlobId::from_digest([1; 32]),
        media_type: "image/jpeg".into(),
        readable: true,
        exif: Some(Exif { taken_at: Some(at(95)), place: Some((north_by(0.05).lat, north_by(0.05).lon)) }),
        twins: Vec::new(),
    }
}

fn seen(photographs: &[Photograph]) -> Seen<'_> {
    Seen { place: Some(north_by(0.0)), assigned_at: at(0), received_at: at(120), photographs }
}

fn names(finding: &Finding) -> Vec<String> {
    let name = |concern: &Concern| serde_json::to_value(concern).expect("JSON")["concern"].as_str().unwrap_or_default().to_owned();
    finding.concerns.iter().map(name).collect()
}

#[test]
fn a_good_report_stands_and_a_year_without_a_network_is_only_told() {
    let (bounds, photographs) = (shipped().evidence, [photograph()]);
    let good = report(100, Some((north_by(0.1), 20.0)));
    let finding = check(&good, &seen(&photographs), &bounds);
    assert_eq!((names(&finding).as_slice(), finding.distance_m, finding.is_sound()), (&[][..], Some(100), true));
    let late = check(&good, &Seen { received_at: at(100) + SignedDuration::from_hours(366 * 24), ..seen(&photographs) }, &bounds);
    assert_eq!((late.concerns.as_slice(), late.is_sound()), (&[Concern::Late { days: 366 }][..], true));
    let off = check(&VisitReport { clock_ahead_s: -7_200, ..good }, &seen(&photographs), &bounds);
    assert_eq!((off.concerns.as_slice(), off.is_sound()), (&[Concern::ClockOff { ahead_s: -7_200 }][..], true));
}

#[test]
fn each_thing_that_does_not_fit_is_named() {
    let bounds = shipped().evidence;
    let good = || report(100, Some((north_by(0.1), 20.0)));
    let found = |report: &VisitReport, photographs: &[Photograph]| {
        let finding = check(report, &seen(photographs), &bounds);
        assert!(!finding.is_sound(), "{finding:?}");
        names(&finding)
    };
    assert_eq!(
        found(&report(100, Some((north_by(42.0), 20.0))), &[Photograph { exif: Some(Exif::default()), ..photograph() }]),
        ["far_away"]
    );
    assert_eq!(found(&report(100, None), &[photograph()]), ["no_place"]);
    assert_eq!(found(&report(100, Some((north_by(0.0), 3_000.0))), &[photograph()]), ["vague_place"]);
    assert_eq!(
        found(&report(-30, Some((north_by(0.0), 9.0))), &[Photograph { exif: None, ..photograph() }]),
        ["before_assigned", "no_exif"]
    );
    assert_eq!(found(&report(150, Some((north_by(0.0), 9.0))), &[photograph()]), ["in_the_future"]);
    assert_eq!(found(&good(), &[]), ["no_photograph"]);
    let exif = |taken_at, place| [Photograph { exif: Some(Exif { taken_at, place }), ..photograph() }];
    assert_eq!(found(&good(), &exif(Some(at(-3_000)), None)), ["other_time"]);
    assert_eq!(found(&good(), &exif(None, Some((23.5, 88.0)))), ["other_place"]);
    assert_eq!(found(&good(), &[Photograph { exif: None, media_type: "image/png".into(), ..photograph() }]), ["screenshot"]);
    assert_eq!(found(&good(), &[Photograph { readable: false, ..photograph() }]), ["unreadable"]);
    let twin = |bits| Twin { ticket: Number::from_serial(9), visit: 1, bits };
    assert_eq!(found(&good(), &[Photograph { twins: vec![twin(3), twin(7)], ..photograph() }]), ["reused"]);
}

#[test]
fn where_only_the_block_is_known_nobody_is_far_within_it() {
    let bounds = shipped().evidence;
    let block = Spot { within_m: 12_000.0, ..north_by(0.0) };
    let photographs = [Photograph { exif: None, ..photograph() }];
    let look = |place| check(&report(100, Some((north_by(11.0), 10.0))), &Seen { place, ..seen(&photographs) }, &bounds);
    assert_eq!(names(&look(Some(block))), ["no_exif"]);
    assert_eq!(names(&look(None)), ["ticket_place_unknown", "no_exif"]);
}

proptest! {
    /// A round visits each place once, and whatever the places, the next is the nearest of those left.
    #[test]
    fn rounds_are_whole(stops in proptest::collection::vec(proptest::option::of((21.0f64..27.0, 86.0f64..90.0)), 0..12), start in proptest::option::of((21.0f64..27.0, 86.0f64..90.0))) {
        let spot = |(lat, lon): (f64, f64)| Spot::at(lat, lon);
        let stops: Vec<_> = stops.into_iter().map(|stop| stop.map(spot)).collect();
        let order = day_route(start.map(spot), &stops);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        prop_assert_eq!(sorted, (0..stops.len()).collect::<Vec<_>>());
        for n in 1..order.len() {
            let (Some(here), Some(next)) = (stops[order[n - 1]], stops[order[n]]) else { continue };
            for later in order[n..].iter().filter_map(|stop| stops[*stop]) {
                prop_assert!(here.metres_to(next) <= here.metres_to(later) + 1e-6);
            }
        }
    }

    /// Nobody gets more than they may or is sent to another district, and nobody is left out while somebody has time.
    #[test]
    fn everybody_who_can_be_sent_is(
        visits in proptest::collection::vec((0u8..3, 0.0f64..60.0), 0..20), people in proptest::collection::vec((0u8..3, 0usize..4), 0..6), most in 1usize..6
    ) {
        let district = |n: u8| (n > 0).then(|| format!("30{n}"));
        let visits: Vec<_> = visits.into_iter().map(|(n, km)| Called { district: Some(format!("30{}", n.max(1))), spot: Some(north_by(km)) }).collect();
        let people: Vec<_> = people.into_iter().map(|(n, has)| Executive { name: "x".into(), district: district(n), goes_to: vec![None; has] }).collect();
        let given = share_out(&visits, &people, most);
        let mut load: Vec<_> = people.iter().map(|person| person.goes_to.len()).collect();
        for (visit, who) in visits.iter().zip(&given) {
            let goes_about = |n: &usize| people[*n].district.is_none() || people[*n].district == visit.district;
            match who {
                Some(n) => {
                    load[*n] += 1;
                    prop_assert!(load[*n] <= most && goes_about(n));
                }
                None => prop_assert!((0..people.len()).filter(goes_about).all(|n| load[n] >= most)),
            }
        }
    }

    /// The further away a device was, the more certainly it is said.
    #[test]
    fn distance_is_judged_by_distance_alone(km in 0.0f64..80.0, accuracy in 1.0f64..200.0) {
        let bounds = shipped().evidence;
        let finding = check(&report(100, Some((north_by(km), accuracy))), &seen(&[photograph()]), &bounds);
        let far = finding.concerns.iter().any(|concern| matches!(concern, Concern::FarAway { .. }));
        let metres = north_by(0.0).metres_to(north_by(km));
        prop_assert_eq!(far, metres > bounds.far_m + accuracy);
    }
}

#[test]
fn events_of_visits_read_back_as_they_were_written() {
    let event = Event {
        at: at(0),
        by: Actor::Person { name: "bela".into() },
        body: EventBody::VisitReported { visit: 1, report: report(3, Some((north_by(0.0), 4.5))) },
    };
    let json = serde_json::to_value(&event).expect("JSON");
    assert_eq!((&json["type"], &json["outcome"], &json["settled"]), (&"visit_reported".into(), &"seen".into(), &true.into()));
    assert_eq!(serde_json::from_value::<Event>(json).expect("an event"), event);
}
