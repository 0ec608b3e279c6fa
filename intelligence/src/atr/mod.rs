//! Whether an action taken report answers the grievance.
//!
//! What an audit of closed grievances found is looked for: nobody spoke to the citizen, nobody went there, the reply is blank, of
//! another matter, or says what is said of everything. Each sign has a weight; the weights are set by hand and measured on pairs
//! that were written for it (`data/atr_pairs.txt`). A verdict quotes both sides, and "human" is the answer when the signs disagree.

mod demands;
mod pairs;
mod signs;

pub use pairs::{Pair, read as read_pairs};
pub use signs::AtrWords;

use crate::concepts::Concepts;
use crate::facts::facts;
use crate::fold::words;
use serde::Serialize;
use signs::{Sign, Signs};

/// What the citizen said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Grievance<'a> {
    /// Its subject, if it has one.
    pub subject: Option<&'a str>,
    /// Its text.
    pub body: &'a str,
    /// LGD code of its district, where known.
    pub district: Option<&'a str>,
}

/// What the office says it did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ActionTaken<'a> {
    /// Its text.
    pub text: &'a str,
    /// Code of the closure reason.
    pub reason: Option<&'a str>,
    /// How many photographs or papers are with it.
    pub attachments: usize,
}

/// What is to be done with the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It answers the grievance.
    Accept,
    /// It goes back to the office.
    Return,
    /// A person decides.
    Human,
}

impl Verdict {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Accept => "accept",
            Verdict::Return => "return",
            Verdict::Human => "human",
        }
    }
}

/// A verdict with its reasons.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judgement {
    /// What is to be done.
    pub verdict: Verdict,
    /// How well it answers, 0 to 1.
    pub score: f32,
    /// Why, the weightiest first, quoting both sides.
    pub because: Vec<String>,
}

/// Judges reports.
#[derive(Debug, Clone)]
pub struct Verifier {
    concepts: Concepts,
    signs: Signs,
}

/// From this score down it goes back; from that score up it is accepted.
const RETURN_BELOW: f32 = 0.40;
const ACCEPT_FROM: f32 = 0.60;
/// Reasons that are given at most.
const REASONS: usize = 8;

/// Tells the district that a text names, or that a code is of: its code and its name.
pub type DistrictOf<'a> = &'a dyn Fn(&str) -> Option<(String, String)>;

/// A reason: how much it speaks for (positive) or against the report, and in which words.
struct Reason(f32, String);

impl Verifier {
    /// From the word lists.
    ///
    /// # Errors
    /// A sentence about the phrase that cannot be used.
    pub fn new(concepts: Concepts, data: &AtrWords) -> Result<Self, String> {
        Ok(Self { concepts, signs: Signs::new(data)? })
    }

    /// With the word lists in this program.
    ///
    /// # Errors
    /// A sentence about what is wrong in them.
    pub fn shipped() -> Result<Self, String> {
        let data: AtrWords = toml::from_str(include_str!("../../data/atr.toml")).map_err(|why| format!("atr.toml: {}", why.message()))?;
        Self::new(Concepts::read(include_str!("../../data/concepts.txt"))?, &data)
    }

    /// Judges a report by the grievance it answers.
    pub fn judge(&self, grievance: Grievance<'_>, report: ActionTaken<'_>, district_of: DistrictOf<'_>) -> Judgement {
        let asked = grievance.subject.map_or_else(|| grievance.body.to_owned(), |subject| format!("{subject}. {}", grievance.body));
        let mut reasons = self.manner(report);
        reasons.extend(self.matter(&asked, report.text));
        reasons.extend(self.closure(report));
        reasons.extend(contradictions(grievance, &asked, report.text, district_of));
        let sum: f32 = reasons.iter().map(|Reason(weight, _)| weight).sum();
        let score = 1.0 / (1.0 + (-sum).exp());
        // What can be checked is for a person to check, however it is worded.
        let score = if self.can_be_checked(report.text) { score.max(RETURN_BELOW) } else { score };
        let verdict = match score {
            s if s < RETURN_BELOW => Verdict::Return,
            s if s >= ACCEPT_FROM => Verdict::Accept,
            _ => Verdict::Human,
        };
        // A blank grievance cannot be compared with anything.
        let verdict = if words(&asked).is_empty() && verdict == Verdict::Accept { Verdict::Human } else { verdict };
        reasons.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()));
        Judgement { verdict, score, because: reasons.into_iter().take(REASONS).map(|Reason(_, why)| why).collect() }
    }

    /// Whether it gives two dates, sums or numbers, and neither promises nor passes on.
    fn can_be_checked(&self, text: &str) -> bool {
        let (facts, found) = (facts(text), self.signs.find(text, &words(text)));
        let puts_off = found.iter().any(|(sign, _)| matches!(sign, Sign::Future | Sign::Forwarded));
        !puts_off && facts.dates.len() + facts.money.len() + facts.references.len() >= 2
    }

    /// How the report speaks: done or promised, seen or passed on.
    fn manner(&self, report: ActionTaken<'_>) -> Vec<Reason> {
        let all = words(report.text);
        let found = self.signs.find(report.text, &all);
        let quoted = |sign: Sign| found.iter().find(|(s, _)| *s == sign).map(|(_, words)| words.as_str());
        let mut reasons = Vec::new();
        let mut say = |weight: f32, why: String| reasons.push(Reason(weight, why));
        if all.len() < 4 {
            say(-4.0, format!("the report is all but blank: “{}”", short(report.text)));
        } else if all.len() < 9 {
            say(-0.7, format!("the report has only {} words", all.len()));
        }
        let (done, future, passed) = (quoted(Sign::Done), quoted(Sign::Future), quoted(Sign::Forwarded));
        let (spoke, went) = (quoted(Sign::Contacted), quoted(Sign::Visited));
        if let Some(words) = done {
            say(1.3, format!("it names what was done: “{words}”"));
        }
        match (future, done) {
            (Some(words), None) => say(-1.9, format!("it promises, and nothing is done: “{words}”")),
            (Some(words), Some(_)) => say(-0.6, format!("part of it is a promise: “{words}”")),
            _ => {}
        }
        match (passed, done) {
            (Some(words), None) => say(-1.9, format!("it passes the matter on as if that were the answer: “{words}”")),
            (Some(words), Some(_)) => say(-0.2, format!("it was also passed on: “{words}”")),
            _ => {}
        }
        if let (Some(words), true) = (quoted(Sign::Boilerplate), spoke.is_none() || done.is_none()) {
            say(-1.1, format!("it says what is said of everything: “{words}”"));
        }
        match (spoke, went) {
            (None, None) => say(-0.7, "it says neither that anybody spoke to the citizen nor that anybody went there".into()),
            _ => {
                spoke.into_iter().for_each(|words| say(0.8, format!("the citizen was spoken to: “{words}”")));
                went.into_iter().for_each(|words| say(0.8, format!("somebody went there: “{words}”")));
            }
        }
        let facts = facts(report.text);
        let certain = facts.dates.iter().cloned().chain(facts.money.iter().map(|sum| format!("₹{sum}"))).chain(facts.references.clone());
        let certain: Vec<String> = certain.take(3).collect();
        if !certain.is_empty() {
            say(0.45 * certain.len() as f32, format!("it can be checked: {}", certain.join(", ")));
        }
        if report.attachments > 0 {
            say(0.4, format!("{} papers or photographs are with it", report.attachments));
        }
        reasons
    }

    /// Whether it speaks of what was asked, demand by demand.
    fn matter(&self, asked: &str, told: &str) -> Vec<Reason> {
        let demands = demands::of(asked, &self.concepts);
        let answered = demands::spoken_of(told, &self.concepts);
        if demands.is_empty() {
            return Vec::new();
        }
        let (met, unmet): (Vec<_>, Vec<_>) = demands.iter().partition(|demand| demand.is_met_by(&answered));
        if met.is_empty() {
            return vec![Reason(
                -1.6,
                format!("asked was “{}”; the report speaks of something else: “{}”", short(demands[0].text), short(told)),
            )];
        }
        let mut reasons = vec![Reason(0.7, format!("asked was “{}”; the report speaks of it", short(met[0].text)))];
        let each = 0.8 / demands.len() as f32;
        reasons.extend(
            unmet.into_iter().take(2).map(|d| Reason(-each, format!("asked was also “{}”; the report does not answer it", short(d.text)))),
        );
        reasons
    }

    /// Whether the text bears out the closure reason.
    fn closure(&self, report: ActionTaken<'_>) -> Vec<Reason> {
        let all = words(report.text);
        let found = self.signs.find(report.text, &all);
        let has = |sign: Sign| found.iter().any(|(s, _)| *s == sign);
        let facts = facts(report.text);
        let refused = has(Sign::Refused);
        let (supported, wanted) = match report.reason {
            Some("resolved") => (has(Sign::Done) && !(has(Sign::Future) && refused), "something that was done"),
            Some("resolved_in_part") => (has(Sign::Done), "what was done, and why the rest was not"),
            Some("already_done") => (has(Sign::Done) && !(facts.dates.is_empty() && facts.references.is_empty()), "when it had been done"),
            Some("not_eligible") => (has(Sign::Rule), "the rule, and how the citizen falls under it"),
            Some("court") => (has(Sign::Court), "the court and the number of the case"),
            Some("not_ours") => (has(Sign::ToldWhere), "where the citizen was told to go"),
            Some("withdrawn") => (has(Sign::Withdrew), "the citizen's own word"),
            Some("not_reached") => (has(Sign::Tries) || facts.dates.len() >= 3, "three tries on different days"),
            _ if refused && !has(Sign::Rule) && !has(Sign::Done) => (false, "the rule by which it cannot be"),
            _ if refused && has(Sign::Rule) => return vec![Reason(1.3, "it says by which rule it cannot be".into())],
            _ => return Vec::new(),
        };
        let reason = report.reason.unwrap_or("no reason");
        match supported {
            true if matches!(reason, "resolved" | "resolved_in_part") => Vec::new(),
            true => vec![Reason(1.5, format!("the text bears out the closure reason {reason:?}"))],
            false => vec![Reason(-1.4, format!("the closure reason {reason:?} wants {wanted}; the text does not say it"))],
        }
    }
}

/// Place, sum and number that the two sides give differently.
fn contradictions(grievance: Grievance<'_>, asked: &str, told: &str, district_of: DistrictOf<'_>) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let home = grievance.district.and_then(district_of).or_else(|| district_of(asked));
    if let (Some((here, name)), Some((there, other))) = (home, district_of(told))
        && here != there
    {
        reasons.push(Reason(-1.5, format!("the grievance is of {name}; the report speaks of {other}")));
    }
    let (ours, theirs) = (facts(asked), facts(told));
    let alike = |a: &String, b: &String| a.len() == b.len() && a.chars().take(2).eq(b.chars().take(2));
    for given in &ours.references {
        if let Some(other) = theirs.references.iter().find(|other| alike(given, other))
            && !theirs.references.contains(given)
        {
            reasons.push(Reason(-1.2, format!("the grievance gives the number {given}; the report gives {other}")));
        }
    }
    reasons
}

/// At most so many characters of a side are quoted.
fn short(text: &str) -> String {
    const LONGEST: usize = 80;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST { line } else { line.chars().take(LONGEST).collect::<String>() + "…" }
}

#[cfg(test)]
mod tests;
