//! The values in a message: what form each must have, and how it is written for people.

use crate::intelligence::keywords::line_of;
use daak_domain::Timestamp;
use daak_domain::language::Language;
use daak_domain::ticket::{Number, State};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use toml::Spanned;

/// What form a value has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// A registration number: written in groups.
    Ticket,
    /// A day, from `2026-12-01` or a time with offset: written `01-12-2026`, as in Kolkata.
    Date,
    /// A time of the day, from a time with offset: written `18:30`, as in Kolkata.
    Time,
    /// A state: its word in the language.
    State,
    /// Digits, at most so many.
    Code(usize),
    /// A number below 10 to this power.
    Count(usize),
    /// A name that stands in the data in the message's language, cut at so many characters.
    Name(usize),
    /// Words of a person in any script, cut at so many characters.
    Text(usize),
}

/// Why a value cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// It was not given.
    #[error("is missing")]
    Missing,
    /// It has another form.
    #[error("must be {0}")]
    Form(&'static str),
}

impl ValueKind {
    /// Reads `ticket`, `date`, `time`, `state`, `code 6`, `count 3`, `name 60`, `text 140`.
    ///
    /// # Errors
    /// A sentence that lists the kinds.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (kind, length) = text.split_once(' ').map_or((text, None), |(kind, n)| (kind, n.trim().parse::<usize>().ok()));
        match (kind, length) {
            ("ticket", None) => Ok(Self::Ticket),
            ("date", None) => Ok(Self::Date),
            ("time", None) => Ok(Self::Time),
            ("state", None) => Ok(Self::State),
            ("code", Some(n @ 1..=12)) => Ok(Self::Code(n)),
            ("count", Some(n @ 1..=9)) => Ok(Self::Count(n)),
            ("name", Some(n @ 1..=200)) => Ok(Self::Name(n)),
            ("text", Some(n @ 1..=400)) => Ok(Self::Text(n)),
            _ => Err(format!("unknown kind {text:?}: use ticket, date, time, state, code N, count N, name N or text N")),
        }
    }

    /// How a value of this kind is written.
    ///
    /// # Errors
    /// [`ValueError::Form`] if it is none.
    pub fn show(&self, text: &str, language: Language, words: &Words) -> Result<String, ValueError> {
        let text = text.trim();
        let zone = || TimeZone::get("Asia/Kolkata").unwrap_or(TimeZone::UTC);
        let digits = |longest: usize| !text.is_empty() && text.len() <= longest && text.bytes().all(|b| b.is_ascii_digit());
        match *self {
            Self::Ticket => Number::parse(text).map(Number::grouped).map_err(|_| ValueError::Form("a registration number")),
            Self::Date => {
                let day = text.parse::<Timestamp>().map(|at| at.to_zoned_datetime(zone()).date()).or_else(|_| text.parse::<Date>());
                day.map(|d| d.strftime("%d-%m-%Y").to_string()).map_err(|_| ValueError::Form("a day: 2026-12-01, or a time with offset"))
            }
            Self::Time => {
                let at = text.parse::<Timestamp>().map_err(|_| ValueError::Form("a time with offset"))?;
                Ok(at.to_zoned_datetime(zone()).strftime("%H:%M").to_string())
            }
            Self::State => {
                let state = text.parse::<State>().map_err(|_| ValueError::Form("a state"))?;
                Ok(words.of(state, language))
            }
            Self::Code(longest) if digits(longest) => Ok(text.to_owned()),
            Self::Code(_) => Err(ValueError::Form("digits, not more than the template allows")),
            Self::Count(longest) if digits(longest) => Ok(text.to_owned()),
            Self::Count(_) => Err(ValueError::Form("a number, not longer than the template allows")),
            Self::Name(longest) | Self::Text(longest) => Ok(cut(text, longest)),
        }
    }

    /// The longest text that a value of this kind can become.
    pub fn longest(&self, language: Language) -> String {
        match *self {
            Self::Ticket => "000 000 0000".to_owned(),
            Self::Date => "00-00-0000".to_owned(),
            Self::Time => "00:00".to_owned(),
            Self::State => "x".repeat(45),
            Self::Code(n) | Self::Count(n) => "0".repeat(n),
            Self::Name(n) if language == Language::En => "x".repeat(n),
            Self::Name(n) | Self::Text(n) => "ক".repeat(n),
        }
    }
}

/// The words for states, by language.
#[derive(Debug, Clone, Default)]
pub struct Words(BTreeMap<(&'static str, State), String>);

impl Words {
    /// Reads `[bn] registered = "…"`.
    ///
    /// # Errors
    /// Line and sentence of the first mistake.
    pub fn read(source: &str) -> Result<Self, (usize, String)> {
        type File = BTreeMap<String, Spanned<BTreeMap<Spanned<String>, Spanned<String>>>>;
        let wrong = |at: usize, what: String| (line_of(source, at), what);
        let file: File = toml::from_str(source).map_err(|e| wrong(e.span().map_or(0, |s| s.start), e.message().to_owned()))?;
        let mut words = BTreeMap::new();
        for language in Language::SERVED {
            let table = file.get(language.code()).ok_or_else(|| wrong(0, format!("there is no table [{language}]")))?;
            for (name, word) in table.get_ref() {
                let state = name.get_ref().parse::<State>().map_err(|e| wrong(name.span().start, e))?;
                if word.get_ref().chars().count() > 45 {
                    return Err(wrong(word.span().start, "a word for a state has at most 45 characters".to_owned()));
                }
                words.insert((language.code(), state), word.get_ref().clone());
            }
            if let Some(missing) = State::ALL.into_iter().find(|s| !words.contains_key(&(language.code(), *s))) {
                return Err(wrong(table.span().start, format!("[{language}] has no word for {missing}")));
            }
        }
        Ok(Self(words))
    }

    /// The word for a state.
    pub fn of(&self, state: State, language: Language) -> String {
        self.0.get(&(language.answered_in().code(), state)).cloned().unwrap_or_else(|| state.as_str().to_owned())
    }
}

/// At most `longest` characters in one line, cut at a space where there is one, with an ellipsis.
fn cut(text: &str, longest: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= longest {
        return line;
    }
    let mut short: String = line.chars().take(longest.saturating_sub(1)).collect();
    if let Some(at) = short.rfind(' ').filter(|at| *at > short.len() / 2) {
        short.truncate(at);
    }
    // Not the typographic sign: it would turn a Latin message into UCS-2.
    short.truncate(short.trim_end().len());
    if short.is_ascii() && short.len() + 2 <= longest { short + ".." } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_for_people() {
        let words = Words::default();
        let show = |kind: &str, text: &str| ValueKind::parse(kind).expect("a kind").show(text, Language::En, &words);
        assert_eq!(show("date", "2026-11-30T20:00:00Z").as_deref(), Ok("01-12-2026"), "midnight has passed in Kolkata");
        assert_eq!(show("date", "2026-11-30").as_deref(), Ok("30-11-2026"));
        assert_eq!(show("time", "2026-11-30T13:00:00Z").as_deref(), Ok("18:30"));
        assert_eq!(show("name 12", "Public Works Department").as_deref(), Ok("Public.."));
        assert_eq!(show("text 20", "one\ntwo").as_deref(), Ok("one two"));
        assert!(show("ticket", "1123456789").is_err() && show("count 3", "1000").is_err() && show("date", "soon").is_err());
        assert!(ValueKind::parse("code").is_err() && ValueKind::parse("text 9999").is_err());
    }

    #[test]
    fn nothing_cut_is_longer_than_allowed() {
        for longest in 1..40 {
            for text in [
                "a b c d e f g h i j k l m n o p q r s t u v",
                "অনেক বড় একটা কথা যা কাটতে হবে এখানে",
                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            ] {
                assert!(cut(text, longest).chars().count() <= longest, "{longest} {}", cut(text, longest));
            }
        }
    }
}
