//! What a short message asks: the standing of a ticket, an answer to "is it settled?", no more messages, help; or it is a matter
//! of its own. Pure; the words are data (`config/sms_words.toml`), in Bengali, Hindi, English, and Bengali and Hindi in Latin letters.

use daak_domain::phone::digit_value;
use daak_domain::ticket::Number;
use serde::Deserialize;
use std::path::Path;
use toml::Spanned;
use unicode_normalization::UnicodeNormalization;

/// What a short message asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// How a ticket stands. `None` if no right number stands there.
    Status(Option<Number>),
    /// Whether it is settled.
    Answer {
        /// Yes or no.
        said: Said,
        /// The ticket, where it is named.
        about: Option<Number>,
        /// The words beyond the plain answer.
        words: Option<String>,
    },
    /// It may be yes or no, and is not plainly either: ask again.
    Unclear(Option<Number>),
    /// No more messages.
    Stop,
    /// Messages again.
    Start,
    /// What can be sent.
    Help,
    /// None of these: a matter of its own, or words to one that is known.
    Free,
}

/// A plain answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// It is settled.
    Yes,
    /// It is not.
    No,
}

/// The words that mean something, in one form: lower case, without marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    status: Vec<Vec<String>>,
    yes: Vec<Vec<String>>,
    no: Vec<Vec<String>>,
    polite: Vec<Vec<String>>,
    unclear: Vec<Vec<String>>,
    stop: Vec<Vec<String>>,
    start: Vec<Vec<String>>,
    help: Vec<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    status: Spanned<Vec<Spanned<String>>>,
    yes: Spanned<Vec<Spanned<String>>>,
    no: Spanned<Vec<Spanned<String>>>,
    polite: Spanned<Vec<Spanned<String>>>,
    unclear: Spanned<Vec<Spanned<String>>>,
    stop: Spanned<Vec<Spanned<String>>>,
    start: Spanned<Vec<Spanned<String>>>,
    help: Spanned<Vec<Spanned<String>>>,
}

/// Words of a message that are looked at; what is longer is a matter of its own.
const LOOKED_AT: usize = 60;
/// A message with no more words than this that begins like a yes and goes on is asked again, instead of being taken for a matter.
const SHORT: usize = 6;

impl Words {
    /// Reads the file.
    ///
    /// # Errors
    /// A sentence with file and line.
    pub fn load(file: &Path) -> Result<Self, String> {
        let shown = file.display();
        let text = std::fs::read_to_string(file)
            .map_err(|why| format!("{shown} cannot be read ({why}): set data.folder to the folder with the project's masters"))?;
        Self::parse(&text).map_err(|(line, what)| format!("{shown}:{line}: {what}"))
    }

    /// Reads the file's text.
    ///
    /// # Errors
    /// The line and what is wrong there.
    pub fn parse(text: &str) -> Result<Self, (usize, String)> {
        let line = |at: usize| text.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
        let file: File = toml::from_str(text).map_err(|why| (line(why.span().map_or(0, |s| s.start)), why.message().to_owned()))?;
        let mut seen: Vec<(Vec<String>, &str)> = Vec::new();
        let mut list = |name: &'static str, phrases: Spanned<Vec<Spanned<String>>>| {
            let at = line(phrases.span().start);
            let mut all = Vec::new();
            for phrase in phrases.into_inner() {
                let at = line(phrase.span().start);
                let words = tokens(phrase.get_ref());
                if words.is_empty() {
                    return Err((at, format!("{name}: {:?} has no letter and no digit", phrase.get_ref())));
                }
                if let Some((_, other)) = seen.iter().find(|(known, other)| *known == words && *other != name) {
                    return Err((at, format!("{name}: {:?} stands under {other} too: one word cannot mean both", phrase.get_ref())));
                }
                seen.push((words.clone(), name));
                all.push(words);
            }
            // The longest first, so that "not yet" is not read as "not".
            all.sort_by_key(|words| std::cmp::Reverse(words.len()));
            if all.is_empty() { Err((at, format!("{name}: expected at least one word"))) } else { Ok(all) }
        };
        Ok(Self {
            status: list("status", file.status)?,
            yes: list("yes", file.yes)?,
            no: list("no", file.no)?,
            polite: list("polite", file.polite)?,
            unclear: list("unclear", file.unclear)?,
            stop: list("stop", file.stop)?,
            start: list("start", file.start)?,
            help: list("help", file.help)?,
        })
    }

    /// What a message asks.
    pub fn read(&self, text: &str) -> Command {
        let all = tokens(text);
        if all.is_empty() || all.len() > LOOKED_AT {
            return Command::Free;
        }
        let (number, rest) = take_number(&all);
        let only = |phrases: &[Vec<String>]| self.without(&rest, phrases).is_some_and(|left| self.is_polite(left));
        if only(&self.stop) {
            return Command::Stop;
        }
        if only(&self.start) {
            return Command::Start;
        }
        let asks = self.without(&rest, &self.status).or_else(|| self.without_last(&rest, &self.status));
        if let Some(left) = asks.filter(|left| number.is_some() || left.len() <= 2) {
            // What stands in the place of the number and is none: a mistake in it, or nothing.
            return if number.is_some() || left.iter().all(|w| is_digits(w)) || self.is_polite(left) {
                Command::Status(number)
            } else {
                Command::Free
            };
        }
        if rest.is_empty() {
            return number.map_or(Command::Free, |number| Command::Status(Some(number)));
        }
        if let Some(answer) = self.answer(&rest, number) {
            return answer;
        }
        if only(&self.help) { Command::Help } else { Command::Free }
    }

    /// A plain yes or no, as said or written in answer to the question; nothing that needs guessing.
    pub fn plain(&self, text: &str) -> Option<(Said, Option<String>)> {
        match self.read(text) {
            Command::Answer { said, words, .. } => Some((said, words)),
            _ => None,
        }
    }

    fn answer(&self, rest: &[String], about: Option<Number>) -> Option<Command> {
        if self.without(rest, &self.unclear).is_some() {
            return Some(Command::Unclear(about));
        }
        if let Some(left) = self.without(rest, &self.no) {
            let words = (!left.is_empty() && !self.is_polite(left)).then(|| left.join(" "));
            return Some(Command::Answer { said: Said::No, about, words });
        }
        let mut left = self.without(rest, &self.yes)?;
        while let Some(further) = self.without(left, &self.yes).or_else(|| self.without(left, &self.polite)) {
            left = further;
        }
        // "Yes, but …" is no yes.
        match left.len() {
            0 => Some(Command::Answer { said: Said::Yes, about, words: None }),
            _ if rest.len() <= SHORT => Some(Command::Unclear(about)),
            _ => None,
        }
    }

    /// What follows one of the phrases at the beginning.
    fn without<'a>(&self, words: &'a [String], phrases: &[Vec<String>]) -> Option<&'a [String]> {
        phrases.iter().find_map(|phrase| words.strip_prefix(phrase.as_slice()))
    }

    /// What stands before one of the phrases at the end: "6123456789 status".
    fn without_last<'a>(&self, words: &'a [String], phrases: &[Vec<String>]) -> Option<&'a [String]> {
        phrases.iter().find_map(|phrase| words.strip_suffix(phrase.as_slice()))
    }

    fn is_polite(&self, mut words: &[String]) -> bool {
        while let Some(left) = self.without(words, &self.polite) {
            words = left;
        }
        words.is_empty()
    }
}

/// The words of a text in one form: NFC, lower case, digits Latin; marks and signs part words and vanish. The vowel signs,
/// nukta and hasanta of Indian scripts belong to their words; a zero-width joiner vanishes.
fn tokens(text: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    for c in text.nfc().flat_map(char::to_lowercase) {
        match digit_value(c).unwrap_or(c) {
            '\u{200b}'..='\u{200d}' | '\u{feff}' | '\'' | '’' => {}
            c if c.is_ascii_digit() || c.is_alphabetic() || is_sign(c) => push(&mut all, c),
            _ => all.push(String::new()),
        }
        if all.len() > 2 * LOOKED_AT + 2 {
            break;
        }
    }
    all.retain(|word| !word.is_empty());
    all
}

fn push(all: &mut [String], c: char) {
    if let Some(word) = all.last_mut() {
        word.push(c);
    }
}

/// Combining signs of Bengali and Devanagari that are no letters by themselves.
fn is_sign(c: char) -> bool {
    matches!(c, '\u{0900}'..='\u{0903}' | '\u{093a}'..='\u{094f}' | '\u{0951}'..='\u{0957}' | '\u{0962}'..='\u{0963}'
        | '\u{0981}'..='\u{0983}' | '\u{09bc}'..='\u{09cd}' | '\u{09d7}' | '\u{09e2}'..='\u{09e3}' | '\u{09fe}')
}

fn is_digits(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_digit())
}

/// A registration number anywhere among the words, in one piece or in groups (`612 345 6789`), and the words without it.
fn take_number(words: &[String]) -> (Option<Number>, Vec<String>) {
    for from in 0..words.len() {
        let mut digits = String::new();
        for (n, word) in words[from..].iter().enumerate().take(10) {
            if !is_digits(word) || digits.len() + word.len() > 10 {
                break;
            }
            digits.push_str(word);
            if let (10, Ok(number)) = (digits.len(), Number::parse(&digits)) {
                let rest = words[..from].iter().chain(&words[from + n + 1..]).cloned().collect();
                return (Some(number), rest);
            }
        }
    }
    (None, words.to_vec())
}

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
