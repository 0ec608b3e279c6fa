//! The report that writes itself: for each section a sentence, and the table from which it was made.

mod print;
mod rule;

pub use print::{html, mail, pdf};
pub use rule::{Rule, RuleError};

use super::hotspots::in_digits;
use super::{Cell, Insight, InsightError, Line, Question};
use daak_domain::insight::measure::{Better, Unit, Words};
use daak_domain::insight::{Day, Measure, Span};
use daak_domain::language::Language;
use rule::Section;

/// A report in one language, ready to be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its language.
    pub language: Language,
    /// What it is about.
    pub title: String,
    /// How the numbers are to be read.
    pub note: String,
    /// Its sections.
    pub parts: Vec<Part>,
}

/// A section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it is about.
    pub title: String,
    /// What is to be said.
    pub sentence: String,
    /// Names of the columns; the first is that of the lines.
    pub head: Vec<String>,
    /// The lines.
    pub rows: Vec<Vec<String>>,
}

/// The language of a text among three.
pub fn said(words: &Words, language: Language) -> &str {
    match language {
        Language::Bn => &words.bn,
        Language::Hi | Language::Ne => &words.hi,
        _ => &words.en,
    }
}

impl Insight {
    /// The report for the days of the question.
    ///
    /// # Errors
    /// [`InsightError`].
    pub async fn report(&self, asked: &Question, language: Language) -> Result<Report, InsightError> {
        let rule = &self.masters.report;
        let mut parts = Vec::new();
        for section in &rule.sections {
            parts.push(self.part(asked, section, language).await?);
        }
        let spots = self.hotspots(asked).await?;
        let told: Vec<&str> = spots.iter().take(10).map(|spot| said(&spot.because, language)).collect();
        let sentence = if told.is_empty() { said(&rule.quiet, language).to_owned() } else { told.join("\n") };
        parts.push(Part { title: said(&rule.hotspots, language).to_owned(), sentence, head: vec![], rows: vec![] });
        let since_midnight = asked.now.duration_since(asked.today().begins());
        let here = asked.today().date().at(0, 0, 0, 0).saturating_add(since_midnight);
        let now = here.strftime("%d-%m-%Y %H:%M").to_string();
        let bengali = language == Language::Bn;
        Ok(Report {
            language,
            title: said(&rule.title, language).replace("{period}", &period(rule, asked.period, language)),
            note: said(&rule.note, language).replace("{now}", &in_digits(&now, bengali)),
            parts,
        })
    }

    async fn part(&self, asked: &Question, section: &Section, language: Language) -> Result<Part, InsightError> {
        let measures: Vec<&Measure> = section.measures.iter().filter_map(|code| self.measures().get(code)).collect();
        let mut table = self.table(asked, &measures, Some(section.by)).await?;
        if let Some(first) = measures.first() {
            table.lines.sort_by(|a, b| worth(&b.cells[0], first).total_cmp(&worth(&a.cells[0], first)));
        }
        let named = |line: &Line| said(&line.name, language).to_owned();
        let row = |line: &Line| {
            let cells = line.cells.iter().zip(&measures).map(|(cell, m)| shown(cell.number.value, m.unit, language));
            std::iter::once(named(line)).chain(cells).collect::<Vec<_>>()
        };
        let whole = |line: &&Line| line.cells.first().is_some_and(|cell| cell.number.value.is_some());
        let (first, last) = (table.lines.iter().find(whole), table.lines.iter().rfind(whole));
        let sentence = match (first, last) {
            (Some(first), Some(last)) => filled(said(&section.sentence, language), &measures, (&table.total, first, last), language),
            _ => said(&self.masters.report.nothing, language).to_owned(),
        };
        let head = std::iter::once(String::new()).chain(measures.iter().map(|m| said(&m.name, language).to_owned())).collect();
        let lines = table.lines.iter().take(section.lines).chain([&table.total]);
        Ok(Part { title: said(&section.title, language).to_owned(), sentence, head, rows: lines.map(row).collect() })
    }
}

/// By what lines are put in order: the better first, shares by the worse end of their interval.
fn worth(cell: &Cell, measure: &Measure) -> f64 {
    let number = &cell.number;
    match (measure.unit, number.value, number.interval) {
        (_, None, _) => f64::NEG_INFINITY,
        (Unit::Percent, _, Some(interval)) if measure.better == Better::Less => -interval.high,
        (Unit::Percent, _, Some(interval)) => interval.low,
        (Unit::Days, Some(value), _) => -value,
        (_, Some(value), _) => value,
    }
}

fn filled(sentence: &str, measures: &[&Measure], (total, first, last): (&Line, &Line, &Line), language: Language) -> String {
    let mut text = sentence.replace("{first}", said(&first.name, language)).replace("{last}", said(&last.name, language));
    for (place, measure) in measures.iter().enumerate() {
        let number = |line: &Line| shown(line.cells[place].number.value, measure.unit, language);
        let before = total.cells[place].before.and_then(|b| b.value);
        for (name, value) in [
            (format!("{{{}}}", measure.code), number(total)),
            (format!("{{{}.before}}", measure.code), shown(before, measure.unit, language)),
            (format!("{{first.{}}}", measure.code), number(first)),
            (format!("{{last.{}}}", measure.code), number(last)),
        ] {
            text = text.replace(&name, &value);
        }
    }
    text
}

/// A number as it is written: groups as in India (12,34,567), in Bengali with Bengali digits; a dash where there is none.
pub fn shown(value: Option<f64>, unit: Unit, language: Language) -> String {
    let Some(value) = value else { return "–".into() };
    let whole = unit == Unit::Tickets;
    let text = if whole { format!("{value:.0}") } else { format!("{value:.1}") };
    let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (integer, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut grouped = String::new();
    for (at, digit) in integer.chars().enumerate() {
        let left = integer.len() - at;
        if at > 0 && (left == 3 || left > 3 && left % 2 == 1) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let fraction = if fraction.is_empty() || fraction == "0" { String::new() } else { format!(".{fraction}") };
    let mark = if unit == Unit::Percent { "%" } else { "" };
    in_digits(&format!("{sign}{grouped}{fraction}{mark}"), language == Language::Bn)
}

/// A whole month by its name, anything else from day to day.
fn period(rule: &Rule, days: Span, language: Language) -> String {
    let bengali = language == Language::Bn;
    let date = days.from.date();
    if days.from.month() == days.from && days.to == days.from.next_month().plus(-1) {
        let name = rule.month(date.month(), language);
        return format!("{name} {}", in_digits(&date.year().to_string(), bengali));
    }
    let day = |day: Day| in_digits(&day.date().strftime("%d-%m-%Y").to_string(), bengali);
    format!("{} – {}", day(days.from), day(days.to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_as_in_india() {
        assert_eq!(shown(Some(1_234_567.0), Unit::Tickets, Language::En), "12,34,567");
        assert_eq!(shown(Some(123_456.0), Unit::Tickets, Language::Bn), "১,২৩,৪৫৬");
        assert_eq!(shown(Some(999.0), Unit::Tickets, Language::Hi), "999");
        assert_eq!(shown(Some(92.34), Unit::Percent, Language::Bn), "৯২.৩%");
        assert_eq!(shown(Some(100.0), Unit::Percent, Language::En), "100%");
        assert_eq!(shown(None, Unit::Days, Language::En), "–");
    }
}
