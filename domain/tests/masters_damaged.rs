//! The files of masters, damaged at random: they are read or refused with a line that exists, and nothing breaks.

use daak_domain::calendar::Calendars;
use daak_domain::place::Places;
use daak_domain::sla::Limits;
use daak_domain::taxonomy::Taxonomy;
use daak_domain::ticket::SlaClass;
use proptest::prelude::*;

const TAXONOMY: &str = include_str!("../../config/taxonomy.csv");
const DEPARTMENTS: &str = include_str!("../../config/departments.csv");
const SCHEMES: &str = include_str!("../../config/schemes.csv");
const DISTRICTS: &str = include_str!("../../config/districts.csv");
const BLOCKS: &str = include_str!("../../config/blocks.csv");
const MUNICIPALITIES: &str = include_str!("../../config/municipalities.csv");
const CALENDAR: &str = include_str!("../../config/calendar.toml");
const SLA: &str = include_str!("../../config/sla.toml");

const NAMES: [&str; 6] = ["taxonomy.csv", "departments.csv", "schemes.csv", "districts.csv", "blocks.csv", "municipalities.csv"];

/// One wound: where, how much is torn out, and what is put there.
type Wound = (prop::sample::Index, usize, String);

fn wounds() -> impl Strategy<Value = Vec<Wound>> {
    let filth = prop_oneof![
        "[\\PC]{0,6}",
        Just("\"".to_owned()),
        Just(",".to_owned()),
        Just("\n".to_owned()),
        Just("\r".to_owned()),
        Just("\0".to_owned()),
        Just("[[".to_owned()),
        Just("99999999999999999999".to_owned()),
        Just("-1".to_owned()),
        Just("23:59:60".to_owned()),
    ];
    proptest::collection::vec((any::<prop::sample::Index>(), 0usize..12, filth), 1..4)
}

fn damaged(file: &str, wounds: &[Wound]) -> String {
    let mut letters: Vec<char> = file.chars().collect();
    for (place, length, filth) in wounds {
        let at = place.index(letters.len() + 1);
        let until = (at + length).min(letters.len());
        letters.splice(at..until, filth.chars());
    }
    letters.into_iter().collect()
}

fn lines(file: &str) -> u64 {
    file.split(['\n', '\r']).count() as u64 + 1
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_file_is_read_or_refused_by_line(which in 0usize..7, wounds in wounds()) {
        let files = [TAXONOMY, DEPARTMENTS, SCHEMES, DISTRICTS, BLOCKS, MUNICIPALITIES, CALENDAR];
        let file = damaged(files[which], &wounds);
        let pick = |n: usize| if n == which { file.as_str() } else { files[n] };
        let taxonomy = Taxonomy::read(pick(0), pick(1)).and_then(|t| t.with_schemes(pick(2)));
        let places = Places::read(pick(3), pick(4), pick(5));
        for error in [taxonomy.err(), places.err()].into_iter().flatten() {
            let named = NAMES.iter().position(|name| *name == error.file).expect("one of the files");
            prop_assert!(error.line >= 1 && error.line <= lines(pick(named)), "{}", error);
            prop_assert!(!error.what.is_empty());
        }
        if let Err(error) = Calendars::read(pick(6)) {
            prop_assert!(error.line >= 1 && error.line as u64 <= lines(&file), "{}", error);
        }
    }

    #[test]
    fn limits_are_kept_by_any_calendar_that_is_read(calendar in wounds(), sla in wounds(), second in 0i64..4_000_000_000) {
        let calendar = damaged(CALENDAR, &calendar);
        let Ok(calendars) = Calendars::read(&calendar).or_else(|_| Calendars::read(CALENDAR)) else { return Ok(()) };
        let Ok(limits) = Limits::read(&damaged(SLA, &sla), &calendars).or_else(|_| Limits::read(SLA, &calendars)) else { return Ok(()) };
        let from = daak_domain::Timestamp::from_second(second).expect("a time");
        for class in SlaClass::ALL {
            let due = limits.due(daak_domain::sla::Claim { class, category: "x", office: "X" }, from);
            prop_assert!(due.first_action_at >= from && due.resolution_at >= from, "{class}: due before it came");
        }
    }
}
