//! One cause, told by many: statements of different people about one matter in one place within a short time. Pure: time is told.
//!
//! What is found is suggested to a person with its reason. Only people count: the tenth copy of one account is the first one.

use std::collections::{BTreeMap, BTreeSet};

/// A statement, as far as it helps to see that others say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The ticket.
    pub ticket: u64,
    /// When, in seconds of any clock that only goes forward.
    pub at: u64,
    /// Category code.
    pub category: String,
    /// Block or municipality; without one nothing is joined, because a district has thousands of roads.
    pub place: Option<String>,
    /// Who says so: a person, or the account or number where no person is known.
    pub by: String,
    /// Whether life is at stake: then fewer are enough, and they come faster.
    pub emergency: bool,
    /// What the statement is about, in words of one form (see [`crate::near`]): a reason to show.
    pub words: BTreeSet<String>,
}

/// From when on many statements are one incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// People who say so.
    pub people: usize,
    /// Within this time of each other, in seconds.
    pub within: u64,
}

/// The rules: for dangers, and for everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Where life is at stake.
    pub danger: Rule,
    /// Where it is not.
    pub other: Rule,
}

impl Default for Rules {
    /// Three people within half an hour; eight within a day.
    fn default() -> Self {
        Self { danger: Rule { people: 3, within: 30 * 60 }, other: Rule { people: 8, within: 24 * 3_600 } }
    }
}

/// Many statements that seem to have one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// The first ticket, which names the incident.
    pub first: u64,
    /// Its tickets, the first one first.
    pub tickets: Vec<u64>,
    /// The category that they share.
    pub category: String,
    /// The place that they share.
    pub place: String,
    /// People who told.
    pub people: usize,
    /// Seconds from the first to the last.
    pub lasted: u64,
    /// Words that at least half of them share, at most five.
    pub words: Vec<String>,
}

impl Incident {
    /// Why it is suggested, in one sentence for a person.
    pub fn reason(&self) -> String {
        let minutes = self.lasted.div_ceil(60).max(1);
        let words = if self.words.is_empty() { String::new() } else { format!("; {}", self.words.join(", ")) };
        format!("{} people, {}, {}, within {minutes} min{words}", self.people, self.place, self.category)
    }
}

/// What is being listened to.
#[derive(Debug, Clone, Default)]
pub struct Incidents {
    rules: Rules,
    recent: BTreeMap<(String, String), Vec<Told>>,
}

/// Statements of one matter in one place that are kept: a flood must not fill the memory.
const KEPT: usize = 2_000;

impl Incidents {
    /// By these rules.
    pub fn new(rules: Rules) -> Self {
        Self { rules, recent: BTreeMap::new() }
    }

    /// Hears a statement; the incident that it begins or makes grow, if any.
    pub fn hear(&mut self, told: Told) -> Option<Incident> {
        let place = told.place.clone()?;
        let (now, category) = (told.at, told.category.clone());
        let told_of = self.recent.entry((category.clone(), place.clone())).or_default();
        if told_of.iter().any(|t| t.ticket == told.ticket) {
            return None;
        }
        told_of.push(told);
        let danger = told_of.iter().any(|t| t.emergency);
        let rule = if danger { self.rules.danger } else { self.rules.other };
        // Each is near enough to the one before: an incident grows as long as people go on telling of it.
        let gap = told_of.windows(2).rposition(|two| two[1].at.saturating_sub(two[0].at) > rule.within).map_or(0, |at| at + 1);
        told_of.drain(..gap.max(told_of.len().saturating_sub(KEPT)));
        let people: BTreeSet<&str> = told_of.iter().map(|t| t.by.as_str()).collect();
        let people = people.len();
        (people >= rule.people).then(|| Incident {
            first: told_of.first().map_or(0, |t| t.ticket),
            tickets: told_of.iter().map(|t| t.ticket).collect(),
            category,
            place,
            people,
            lasted: now.saturating_sub(told_of.first().map_or(now, |t| t.at)),
            words: shared(told_of),
        })
    }

    /// Forgets what is too long ago to join anything.
    pub fn forget(&mut self, now: u64) {
        let longest = self.rules.danger.within.max(self.rules.other.within);
        self.recent.retain(|_, told| told.last().is_some_and(|t| now.saturating_sub(t.at) <= longest));
    }
}

/// Words that at least half of the people share, the commonest first.
fn shared(told: &[Told]) -> Vec<String> {
    let mut by_word: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for t in told {
        t.words.iter().for_each(|word| {
            by_word.entry(word).or_default().insert(&t.by);
        });
    }
    let people = told.iter().map(|t| t.by.as_str()).collect::<BTreeSet<_>>().len();
    let mut common: Vec<(usize, &str)> = by_word.into_iter().map(|(word, by)| (by.len(), word)).filter(|(n, _)| n * 2 >= people).collect();
    common.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    common.into_iter().take(5).map(|(_, word)| word.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(ticket: u64, minute: u64, by: &str) -> Told {
        let words = ["bandh", "jol"].map(str::to_owned).into();
        let category = "irrigation.embankment".to_owned();
        Told { ticket, at: minute * 60, category, place: Some("2860".into()), by: by.into(), emergency: true, words }
    }

    #[test]
    fn forty_callers_of_one_block_are_one_growing_incident() {
        let mut incidents = Incidents::default();
        assert_eq!(incidents.hear(told(1, 0, "a")), None);
        assert_eq!(incidents.hear(told(2, 2, "b")), None);
        let begun = incidents.hear(told(3, 3, "c")).expect("three are enough");
        assert_eq!((begun.first, begun.people, begun.tickets.len()), (1, 3, 3));
        assert_eq!(begun.reason(), "3 people, 2860, irrigation.embankment, within 3 min; bandh, jol");
        let grown = (4..=40).filter_map(|n| incidents.hear(told(n, 10, &n.to_string()))).last().expect("grown");
        assert_eq!((grown.first, grown.people), (1, 40));
    }

    #[test]
    fn a_flood_of_copies_by_one_account_is_no_incident() {
        let mut incidents = Incidents::default();
        assert!((0..5_000).all(|n| incidents.hear(told(n, n / 100, "one account")).is_none()));
        assert!(incidents.hear(told(9_000, 50, "another")).is_none(), "two people are two people");
    }

    #[test]
    fn another_place_another_matter_or_another_day_is_apart() {
        let mut incidents = Incidents::default();
        let elsewhere = |ticket, by| Told { place: Some("2861".into()), ..told(ticket, 0, by) };
        let nowhere = |ticket, by| Told { place: None, ..told(ticket, 0, by) };
        let other = |ticket, by| Told { category: "power.outage".into(), ..told(ticket, 0, by) };
        for told in
            [told(1, 0, "a"), told(2, 0, "b"), elsewhere(3, "c"), nowhere(4, "d"), other(5, "e"), told(6, 600, "f"), told(6, 600, "g")]
        {
            assert_eq!(incidents.hear(told), None);
        }
        incidents.forget(600 * 60 + 25 * 3_600);
        assert!(incidents.recent.is_empty());
    }

    #[test]
    fn without_danger_more_people_and_more_time() {
        let mut incidents = Incidents::default();
        let quiet = |n: u64| Told { emergency: false, ..told(n, n * 60, &n.to_string()) };
        let heard: Vec<_> = (1..=9).map(|n| incidents.hear(quiet(n)).map(|i| i.people)).collect();
        assert_eq!(heard[6..], [None, Some(8), Some(9)]);
    }
}
