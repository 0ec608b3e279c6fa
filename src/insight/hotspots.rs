//! Where there is more than was to be expected.

use super::{Insight, InsightError, Question};
use crate::store::Counting;
use daak_domain::insight::chance::{false_discovery_limit, judge};
use daak_domain::insight::measure::Words;
use daak_domain::insight::{Dimension, Fact, Span, Tally};
use std::collections::BTreeMap;

/// A place, and perhaps a matter, of which there is more than was to be expected.
#[derive(Debug, Clone, PartialEq)]
pub struct HotSpot {
    /// LGD code of the district.
    pub district: String,
    /// Code of the block or municipality, where it is one.
    pub block: Option<String>,
    /// What the place is called.
    pub place: Words,
    /// Category code, where one stands out.
    pub category: Option<String>,
    /// Registered in the seven days before today.
    pub seen: i64,
    /// To be expected.
    pub expected: f64,
    /// The probability of so many or more.
    pub p: f64,
    /// Why it is told.
    pub because: Words,
    /// The list of the tickets seen.
    pub list: String,
}

/// Days of a week.
const WEEK: i32 = 7;
/// Most that are told.
const MOST: usize = 50;

impl Insight {
    /// Districts with a category, and blocks with all of theirs, of which more was registered in the seven days before today than was
    /// to be expected from the weeks before ([`judge`]), so that of those told the share of the rule may be chance. The most remarkable
    /// first. The period of the question plays no part.
    ///
    /// # Errors
    /// [`InsightError`].
    pub async fn hotspots(&self, asked: &Question) -> Result<Vec<HotSpot>, InsightError> {
        if asked.seen.is_bounded() {
            return Ok(Vec::new()); // what is to be expected is learnt from all tickets
        }
        let rule = &self.measures().hotspots;
        let today = asked.today();
        let week = |n: i32| Span { from: today.plus(-WEEK * (n + 1)), to: today.plus(-WEEK * n - 1) };
        let spans: Vec<Span> = (0..=rule.weeks).map(week).collect();
        let mut spots = Vec::new();
        for by in [[Dimension::District, Dimension::Category], [Dimension::District, Dimension::Block]] {
            let counting =
                Counting { facts: vec![Fact::Registered], only: asked.only.clone(), by: by.to_vec(), spans: spans.clone(), daily: false };
            if !counting.is_kept() {
                continue;
            }
            let mut weeks: BTreeMap<Vec<String>, Vec<i64>> = BTreeMap::new();
            for counted in self.store.count(&counting).await? {
                // What has no place is nowhere more than elsewhere.
                if counted.key.iter().all(|key| !key.is_empty()) {
                    weeks.entry(counted.key).or_insert_with(|| vec![0; spans.len()])[counted.span] += counted.n;
                }
            }
            let judged = weeks.into_iter().filter_map(|(key, n)| Some((judge(&n[1..], n[0])?, n[0], key))).collect::<Vec<_>>();
            let limit = false_discovery_limit(judged.iter().map(|(judged, ..)| judged.p).collect(), rule.false_alarms);
            let told = judged.into_iter().filter(|(judged, seen, _)| *seen >= rule.least && limit.is_some_and(|limit| judged.p <= limit));
            spots.extend(told.map(|(judged, seen, key)| self.spot(asked, by, &key, seen, (judged.expected, judged.p), spans[0])));
        }
        spots.sort_by(|a: &HotSpot, b: &HotSpot| a.p.total_cmp(&b.p));
        spots.truncate(MOST);
        Ok(spots)
    }

    fn spot(&self, asked: &Question, by: [Dimension; 2], key: &[String], seen: i64, (expected, p): (f64, f64), week: Span) -> HotSpot {
        let rule = &self.measures().hotspots;
        let names = [self.names().name(by[0], &key[0]), self.names().name(by[1], &key[1])];
        let is_block = by[1] == Dimension::Block;
        let expected_shown = format!("{expected:.1}");
        let filled = |text: &str, [first, second]: [&str; 2], bengali: bool| {
            let place = if is_block { format!("{second}, {first}") } else { first.to_owned() };
            let numbers = [("{seen}", seen.to_string()), ("{expected}", expected_shown.clone()), ("{weeks}", rule.weeks.to_string())];
            let text = text.replace("{place}", &place).replace("{category}", second);
            numbers.iter().fold(text, |text, (name, number)| text.replace(name, &in_digits(number, bengali)))
        };
        let told = if is_block { &rule.because_of_place } else { &rule.because };
        let because = Words {
            bn: filled(&told.bn, [&names[0].bn, &names[1].bn], true),
            hi: filled(&told.hi, [&names[0].hi, &names[1].hi], false),
            en: filled(&told.en, [&names[0].en, &names[1].en], false),
        };
        let place = names[usize::from(is_block)].clone();
        let list = asked.and(by[0], &key[0]).and(by[1], &key[1]).list(&Tally::Registered.listing(week));
        HotSpot {
            district: key[0].clone(),
            block: is_block.then(|| key[1].clone()),
            place,
            category: (!is_block).then(|| key[1].clone()),
            seen,
            expected,
            p,
            because,
            list,
        }
    }
}

/// A number as it is written: in Bengali with Bengali digits.
pub fn in_digits(number: &str, bengali: bool) -> String {
    let digit = |c: char| c.to_digit(10).and_then(|d| char::from_u32('০' as u32 + d)).filter(|_| bengali).unwrap_or(c);
    number.chars().map(digit).collect()
}
