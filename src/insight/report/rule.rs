//! What a report says: `report.toml`.

use daak_domain::insight::measure::Words;
use daak_domain::insight::{Dimension, Measures};
use daak_domain::language::Language;
use serde::Deserialize;

/// The rule of reports.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its title; `{period}` is filled in.
    pub title: Words,
    /// How its numbers are to be read; `{now}` is filled in.
    pub note: Words,
    /// Title of the hot spots.
    pub hotspots: Words,
    /// What is said where there are none.
    pub quiet: Words,
    /// What is said where a table is empty.
    pub nothing: Words,
    /// Names of the months.
    months: Months,
    /// Sections, in order.
    pub sections: Vec<Section>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Months {
    bn: [String; 12],
    hi: [String; 12],
    en: [String; 12],
}

/// A section: a sentence and its table.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// What it is about.
    pub title: Words,
    /// Codes of the measures.
    pub measures: Vec<String>,
    /// By what its table is told apart.
    pub by: Dimension,
    /// Lines that are printed at most.
    #[serde(default = "all")]
    pub lines: usize,
    /// What is said.
    pub sentence: Words,
}

fn all() -> usize {
    50
}

/// What is wrong with the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct RuleError {
    /// Line of the file, from 1.
    pub line: usize,
    /// A sentence.
    pub what: String,
}

impl Rule {
    /// Reads `report.toml`.
    ///
    /// # Errors
    /// The first mistake with its line: another form, a measure that there is none of, a place in a sentence that nothing fills.
    pub fn read(text: &str, measures: &Measures) -> Result<Self, RuleError> {
        let line = |offset: usize| text.as_bytes().iter().take(offset).filter(|b| **b == b'\n').count() + 1;
        let rule: Self = toml::from_str(text)
            .map_err(|why| RuleError { line: line(why.span().map_or(0, |s| s.start)), what: why.message().to_owned() })?;
        let begins: Vec<usize> = text.match_indices("[[sections]]").map(|(at, _)| at).collect();
        for (place, section) in rule.sections.iter().enumerate() {
            if let Some(what) = section.mistake(measures) {
                return Err(RuleError { line: line(begins.get(place).copied().unwrap_or(0)), what });
            }
        }
        Ok(rule)
    }

    /// The name of a month, 1 to 12.
    pub fn month(&self, month: i8, language: Language) -> &str {
        let place = usize::from(month.unsigned_abs().clamp(1, 12)) - 1;
        match language {
            Language::Bn => &self.months.bn[place],
            Language::Hi | Language::Ne => &self.months.hi[place],
            _ => &self.months.en[place],
        }
    }
}

impl Section {
    fn mistake(&self, measures: &Measures) -> Option<String> {
        if self.measures.is_empty() || self.lines == 0 || self.lines > 500 {
            return Some("expected one measure or more, and 1 to 500 lines".into());
        }
        if let Some(code) = self.measures.iter().find(|code| measures.get(code).is_none()) {
            return Some(format!("there is no measure {code:?} in measures.toml"));
        }
        for sentence in [&self.sentence.bn, &self.sentence.hi, &self.sentence.en] {
            let places = sentence.split('{').skip(1).map(|rest| rest.split('}').next().unwrap_or_default());
            for place in places {
                let code = place.strip_suffix(".before").or(place.strip_prefix("first.")).or(place.strip_prefix("last.")).unwrap_or(place);
                if place != "first" && place != "last" && !self.measures.iter().any(|known| known == code) {
                    return Some(format!("nothing fills {{{place}}}: expected first, last, or one of the section's measures"));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_report_is_good_and_a_mistake_is_named_with_its_line() {
        let measures = Measures::read(include_str!("../../../config/measures.toml")).expect("good");
        let text = include_str!("../../../config/report.toml");
        let rule = Rule::read(text, &measures).expect("good");
        assert_eq!(rule.month(11, Language::Bn), "নভেম্বর");
        for (from, to, said) in [
            ("{first.registered}", "{first.moons}", "nothing fills {first.moons}"),
            ("\"days_to_close\"]", "\"moons\"]", "no measure \"moons\""),
            ("by = \"category\"", "by = \"moon\"", "unknown variant `moon`"),
        ] {
            let error = Rule::read(&text.replacen(from, to, 1), &measures).expect_err(said);
            assert!(error.what.contains(said) && error.line > 10, "{error}");
        }
    }
}
