//! What of a text is said now, and what is folded away: quoted earlier messages, the signature.
//!
//! Nothing is lost: what is folded stands beside what is said. A forwarded message is never folded, for it is the matter.

/// A text in two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    /// What the writer says now.
    pub said: String,
    /// The rest, in the order in which it stood.
    pub rest: Option<String>,
}

/// Parts what is said from what is quoted. `answer` tells whether the mail answers another: in a mail that does not,
/// a quotation is part of what is said, and only the signature is folded.
pub fn fold(text: &str, answer: bool) -> Folded {
    let lines: Vec<&str> = text.lines().collect();
    let (mut first, mut end) = (0, lines.len());
    if answer && !lines.iter().any(|line| is_forward(line)) {
        if let Some(at) = lines.iter().enumerate().position(|(at, _)| begins_quotation(&lines[at..])).filter(|at| said_in(&lines[..*at])) {
            end = at;
        }
        end = without_quoted_end(&lines[..end]);
        first = quoted_beginning(&lines[..end]);
    }
    end = first + signature(&lines[first..end]);
    let said = joined(&lines[first..end]);
    let rest = joined(&[&lines[..first], &lines[end..]].concat());
    if said.is_empty() {
        return Folded { said: joined(&lines), rest: None };
    }
    Folded { said, rest: (!rest.is_empty()).then_some(rest) }
}

fn joined(lines: &[&str]) -> String {
    lines.join("\n").trim_matches(|c: char| c == '\n' || c == '\r').trim_end().to_owned()
}

fn said_in(lines: &[&str]) -> bool {
    lines.iter().any(|line| !line.trim().is_empty() && !is_quoted(line))
}

fn is_quoted(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

/// A forwarded message begins.
fn is_forward(line: &str) -> bool {
    let line = line.trim().to_lowercase();
    let marked = line.starts_with("-----") || line.starts_with("begin forwarded message");
    marked && ["forward", "ফরোয়ার্ড", "ফরওয়ার্ড", "अग्रेषित", "फ़ॉरवर्ड", "फॉरवर्ड"].iter().any(|word| line.contains(word))
}

/// From here on an earlier message stands, whether or not its lines are marked.
fn begins_quotation(lines: &[&str]) -> bool {
    let [first, rest @ ..] = lines else { return false };
    let line = first.trim();
    let lower = line.to_lowercase();
    if line.starts_with("-----") && ["original", "মূল", "मूल"].iter().any(|word| lower.contains(word)) {
        return true;
    }
    is_attribution(lines) || (begins_with(&lower, FROM) && header_block(rest))
}

/// `On 24 Nov 2026 at 10:00, Rina <rina@example.org> wrote:`, also broken over two or three lines.
fn is_attribution(lines: &[&str]) -> bool {
    let (mut joined, mut taken) = (String::new(), 0);
    for line in lines.iter().take(3).take_while(|line| !line.trim().is_empty()) {
        joined = format!("{joined} {}", line.trim());
        taken += 1;
        let text = joined.trim().to_lowercase();
        let ends = ["wrote:", "লিখেছেন:", "লিখেছে:", "লিখলেন:", "ने लिखा:", "लिखा है:", "লিখেছেন :"].iter().any(|end| text.ends_with(end));
        if ends && text.chars().count() <= 300 && text.chars().any(char::is_numeric) {
            return taken > 1 || text.len() > 12;
        }
    }
    false
}

const FROM: &[&str] = &["from:", "*from:*", "থেকে:", "প্রেরক:", "प्रेषक:", "से:"];
const FURTHER: &[&str] = &[
    "sent:",
    "*sent:*",
    "date:",
    "*date:*",
    "to:",
    "*to:*",
    "subject:",
    "*subject:*",
    "cc:",
    "*cc:*",
    "পাঠানো:",
    "তারিখ:",
    "প্রাপক:",
    "বিষয়:",
    "भेजा गया:",
    "दिनांक:",
    "प्रति:",
    "विषय:",
];

fn begins_with(line: &str, words: &[&str]) -> bool {
    words.iter().any(|word| line.starts_with(word))
}

/// The lines that mail programs write above a quoted message.
fn header_block(lines: &[&str]) -> bool {
    lines.iter().take(5).filter(|line| begins_with(&line.trim().to_lowercase(), FURTHER)).count() >= 2
}

/// Where the text ends without the quotation at its end and the line that introduces it.
fn without_quoted_end(lines: &[&str]) -> usize {
    let mut end = lines.len();
    let mut quoted = false;
    while end > 0 && (lines[end - 1].trim().is_empty() || is_quoted(lines[end - 1])) {
        quoted |= is_quoted(lines[end - 1]);
        end -= 1;
    }
    if !quoted {
        return lines.len();
    }
    (1..=3.min(end)).rev().map(|back| end - back).find(|at| is_attribution(&lines[*at..end])).unwrap_or(end)
}

/// Where what is said begins, if a quotation stands before it.
fn quoted_beginning(lines: &[&str]) -> usize {
    let mut at = 0;
    if let Some(taken) = (1..=3.min(lines.len())).find(|taken| is_attribution(&lines[..*taken])) {
        at = taken;
    }
    let (mut first, mut quoted) = (at, false);
    while first < lines.len() && (lines[first].trim().is_empty() || is_quoted(lines[first])) {
        quoted |= is_quoted(lines[first]);
        first += 1;
    }
    if quoted && first < lines.len() { first } else { 0 }
}

/// Lines that mail programs put under every message.
const STAMPS: &[&str] = &[
    "sent from my ",
    "sent from yahoo",
    "sent from outlook",
    "sent from mail for",
    "get outlook for",
    "sent from samsung",
    "sent from rediffmail",
    "আমার iphone থেকে",
    "मेरे iphone से",
];

/// Where the signature begins (RFC 3676 §4.3: a line of two hyphens and a space), or the stamp of a program at the end.
fn signature(lines: &[&str]) -> usize {
    const LONGEST: usize = 25;
    let last = lines.len().saturating_sub(LONGEST);
    if let Some(at) = (last..lines.len()).rev().find(|at| matches!(lines[*at].trim_end_matches('\r'), "-- " | "--" | "--\u{a0}")) {
        return at;
    }
    let mut end = lines.len();
    while end > 0 && lines[end - 1].trim().is_empty() {
        end -= 1;
    }
    if end > 0 && begins_with(&lines[end - 1].trim().to_lowercase(), STAMPS) { end - 1 } else { lines.len() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn folded(text: &str) -> (String, Option<String>) {
        let folded = fold(text, true);
        (folded.said, folded.rest)
    }

    #[test]
    fn an_answer_above_its_quotation() {
        let (said, rest) = folded(
            "এখনও জল আসেনি।\n\nOn Mon, 23 Nov 2026 at 10:00, Helpline\n<helpline@cm.example.org> wrote:\n> Your grievance\n> is registered.\n",
        );
        assert_eq!(said, "এখনও জল আসেনি।");
        assert!(rest.expect("folded").starts_with("On Mon"));
        for divider in [
            "-----Original Message-----\nFrom: x",
            "From: Helpline\nSent: Monday\nTo: Rina\nSubject: x",
            "প্রেরক: সহায়তা\nতারিখ: ২৩ নভেম্বর\nপ্রাপক: রিনা\n",
            "২৩ নভেম্বর, ২০২৬ তারিখে সহায়তা <helpline@cm.example.org> লিখেছেন:\nold",
            "सोम, 23 नव॰ 2026 को हेल्पलाइन <h@x.org> ने लिखा:\nold",
        ] {
            let (said, rest) = folded(&format!("No water yet.\n\n{divider}\nold words"));
            assert_eq!(said, "No water yet.", "{divider}");
            assert!(rest.is_some_and(|rest| rest.contains("old words")));
        }
    }

    #[test]
    fn an_answer_below_or_between() {
        let (said, rest) = folded("On 23 Nov 2026, Helpline wrote:\n> Which ward?\n\nWard 14.\n-- \nRina\n");
        assert_eq!((said.as_str(), rest.as_deref()), ("Ward 14.", Some("On 23 Nov 2026, Helpline wrote:\n> Which ward?\n\n-- \nRina")));
        let between = "> Which ward?\nWard 14.\n> Which road?\nStation Road.";
        assert_eq!(folded(between).0, "Ward 14.\n> Which road?\nStation Road.", "what is answered line by line needs its questions");
    }

    #[test]
    fn nothing_is_folded_that_is_the_matter() {
        let forward =
            "Please see below.\n\n---------- Forwarded message ---------\nFrom: Office\nDate: Monday\nTo: me\nSubject: x\n\n> quoted";
        assert_eq!(folded(forward), (forward.to_owned(), None));
        assert_eq!(fold("> my poem\nis quoted", false), Folded { said: "> my poem\nis quoted".into(), rest: None });
        assert_eq!(folded("> only a quotation\n"), ("> only a quotation".to_owned(), None));
        assert_eq!(folded("I wrote:\nnothing came of it"), ("I wrote:\nnothing came of it".to_owned(), None));
    }

    #[test]
    fn signatures_are_folded() {
        assert_eq!(fold("No light.\n\nSent from my iPhone", false).said, "No light.");
        assert_eq!(fold("No light.\n-- \nRina\nWard 4", false).rest.as_deref(), Some("-- \nRina\nWard 4"));
    }

    proptest! {
        #[test]
        fn no_word_is_lost(text in "([a-z> :-]{0,12}(wrote:|From: |-- |-----Original|Sent: )?[a-z0-9 ]{0,6}\n){0,14}", answer in any::<bool>()) {
            let Folded { said, rest } = fold(&text, answer);
            let words = |text: &str| { let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect(); words.sort(); words };
            prop_assert_eq!(words(&text), words(&format!("{said}\n{}", rest.unwrap_or_default())));
        }
    }
}
