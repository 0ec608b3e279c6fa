//! What a government decides about visits, from `visits.toml`.

use super::Bounds;
use crate::taxonomy::Taxonomy;
use crate::ticket::{SlaClass, Ticket};
use serde::Deserialize;
use std::collections::BTreeSet;

/// The file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VisitRules {
    /// What lots are drawn with.
    pub seed: String,
    /// Visits that one person makes on a day at most.
    pub most_a_day: usize,
    /// What the checks allow.
    pub evidence: Bounds,
    /// Largest files.
    pub files: FileBounds,
    /// When a visit is planned.
    pub rules: Vec<VisitRule>,
    /// Why a visit may come to nothing.
    pub could_not: Vec<NamedReason>,
    /// What is looked at.
    pub checklists: Vec<Checklist>,
}

/// When a visit is planned. The first rule that fits plans it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VisitRule {
    /// Names it in events.
    pub name: String,
    /// Told to whoever goes.
    pub why: String,
    /// After what.
    pub due: Due,
    /// For these classes; none: for all.
    #[serde(default)]
    pub classes: Vec<SlaClass>,
    /// For these categories, or those that begin so where it ends in `*`; none: for all.
    #[serde(default)]
    pub categories: Vec<String>,
    /// Only where the matter is about so many rupees at least.
    #[serde(default)]
    pub least_rupees: Option<u64>,
    /// A lot falls on so many of a thousand; none: on each.
    #[serde(default)]
    pub per_mille: Option<u16>,
    /// Whether the ticket waits for it: until somebody was there, only the citizen's own yes closes it.
    #[serde(default)]
    pub needed: bool,
}

/// After what a visit is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Due {
    /// An office reported.
    Report,
    /// The ticket was closed.
    Closing,
}

/// A reason with its names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedReason {
    /// Its code.
    pub code: String,
    /// Name in English.
    pub name_en: String,
    /// Name in Bengali.
    pub name_bn: String,
    /// Name in Hindi.
    pub name_hi: String,
}

/// What is looked at on a visit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checklist {
    /// For these categories, as in a rule; none: for all that no other list is for.
    #[serde(default)]
    pub categories: Vec<String>,
    /// The questions.
    pub items: Vec<ChecklistItem>,
}

/// A question of a checklist.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChecklistItem {
    /// Its code.
    pub code: String,
    /// How it is answered.
    #[serde(default)]
    pub kind: ItemKind,
    /// In English.
    pub name_en: String,
    /// In Bengali.
    pub name_bn: String,
    /// In Hindi.
    pub name_hi: String,
}

/// How a question is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// Yes, no, or it cannot be seen.
    #[default]
    YesNo,
    /// A number.
    Number,
    /// Words.
    Text,
}

/// Largest files of a report, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileBounds {
    /// Of a photograph.
    pub photograph: u64,
    /// Of a voice.
    pub voice: u64,
    /// Of a signature.
    pub signature: u64,
    /// Files of one visit.
    pub most: usize,
}

/// What is wrong with the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct VisitRuleError {
    /// Line of the file, from 1.
    pub line: usize,
    /// A sentence.
    pub what: String,
}

impl ItemKind {
    /// The name used in the HTTP API.
    pub fn as_str(self) -> &'static str {
        match self {
            ItemKind::YesNo => "yes_no",
            ItemKind::Number => "number",
            ItemKind::Text => "text",
        }
    }
}

impl VisitRule {
    /// Whether it is for such a ticket.
    pub fn is_for(&self, ticket: &Ticket, value: Option<u64>) -> bool {
        let class = self.classes.is_empty() || self.classes.contains(&ticket.sla_class);
        let category = self.categories.is_empty() || is_among(&self.categories, &ticket.category);
        class && category && self.least_rupees.is_none_or(|least| value.is_some_and(|value| value >= least))
    }
}

impl VisitRules {
    /// Reads `visits.toml`.
    ///
    /// # Errors
    /// The first mistake, with its line.
    pub fn read(text: &str, taxonomy: &Taxonomy) -> Result<Self, VisitRuleError> {
        let line_of = |at: usize| text.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
        let rules: Self = toml::from_str(text).map_err(|why: toml::de::Error| VisitRuleError {
            line: why.span().map_or(1, |span| line_of(span.start)),
            what: why.message().to_owned(),
        })?;
        // Names stand in the file once as they are written: where one is wrong, its first place is told.
        let wrong = |named: &str, what: String| Err(VisitRuleError { line: text.find(&format!("\"{named}\"")).map_or(1, line_of), what });
        let lists = rules.rules.iter().map(|rule| &rule.categories).chain(rules.checklists.iter().map(|list| &list.categories));
        for category in lists.flatten() {
            if !taxonomy.categories.keys().any(|code| is_among(std::slice::from_ref(category), code)) {
                return wrong(category, format!("no category of taxonomy.csv is {category:?}"));
            }
        }
        let mut names = BTreeSet::new();
        for rule in &rules.rules {
            if !names.insert(&rule.name) {
                return wrong(&rule.name, format!("two rules are called {:?}", rule.name));
            }
            if rule.per_mille.is_some_and(|share| !(1..=1000).contains(&share)) {
                return wrong(&rule.name, format!("{}: per_mille is 1 to 1000", rule.name));
            }
            if rule.needed && rule.due == Due::Closing {
                return wrong(&rule.name, format!("{}: a ticket that is closed waits for nothing: leave out needed", rule.name));
            }
        }
        let mut codes = BTreeSet::new();
        if let Some(twice) = rules.could_not.iter().find(|reason| !codes.insert(&reason.code)) {
            return wrong(&twice.code, format!("the reason {:?} stands twice", twice.code));
        }
        for list in &rules.checklists {
            let mut codes = BTreeSet::new();
            if let Some(twice) = list.items.iter().find(|item| !codes.insert(&item.code)) {
                return wrong(&twice.code, format!("the question {:?} stands twice in one list", twice.code));
            }
        }
        match () {
            () if rules.could_not.is_empty() => wrong("could_not", "name at least one reason why a visit may come to nothing".into()),
            () if !(1..=100).contains(&rules.most_a_day) => wrong("most_a_day", "most_a_day is 1 to 100".into()),
            () => Ok(rules),
        }
    }

    /// The questions for a category.
    pub fn checklist(&self, category: &str) -> &[ChecklistItem] {
        let own = self.checklists.iter().find(|list| is_among(&list.categories, category));
        let list = own.or_else(|| self.checklists.iter().find(|list| list.categories.is_empty()));
        list.map_or(&[], |list| &list.items)
    }
}

/// Whether a category is among these, of which one that ends in `*` stands for all that begin so.
fn is_among(categories: &[String], code: &str) -> bool {
    categories.iter().any(|wanted| wanted.strip_suffix('*').map_or(wanted == code, |beginning| code.starts_with(beginning)))
}
