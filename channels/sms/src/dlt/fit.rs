//! Whether a text of ours fits a registered one.

use super::{Kind, Slot};
use std::path::PathBuf;

/// One of our texts, as the compiler sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Name of the template.
    pub template: String,
    /// Language code.
    pub language: String,
    /// Where it stands.
    pub file: PathBuf,
    /// On which line.
    pub line: usize,
    /// Its pieces, in order.
    pub pieces: Vec<Piece>,
}

/// A piece of a text of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Words that are always the same.
    Fixed(String),
    /// A value.
    Value {
        /// Its name, for people.
        name: String,
        /// Characters that it may have.
        longest: usize,
        /// What it consists of.
        form: Form,
    },
}

/// What a value consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Digits only.
    Digits,
    /// Anything.
    Any,
}

/// Fixed words, letter by letter, and each of our values in the variables that stand in its place: several in a row hold a long one.
pub(super) fn fit(registered: &[Slot], ours: &[Piece]) -> Result<(), String> {
    let (registered, ours) = (merged_slots(registered), merged_pieces(ours));
    let (mut slots, mut pieces) = (registered.iter().peekable(), ours.iter().peekable());
    let mut before = String::new();
    loop {
        match (slots.next(), pieces.next()) {
            (None, None) => return Ok(()),
            (Some(Slot::Fixed(wanted)), Some(Piece::Fixed(words))) => {
                if let Some(at) = differ(wanted, words) {
                    return Err(at);
                }
                before.clone_from(words);
            }
            (Some(Slot::Variable { kind, longest }), Some(Piece::Value { name, longest: has, form })) => {
                let (mut room, mut kinds) = (*longest, vec![*kind]);
                while let Some(Slot::Variable { kind, longest }) = slots.next_if(|slot| matches!(slot, Slot::Variable { .. })) {
                    room += longest;
                    kinds.push(*kind);
                }
                // Values of ours in a row share the room of the variables in a row.
                let (mut needs, mut forms) = (*has, vec![*form]);
                while let Some(Piece::Value { longest, form, .. }) = pieces.next_if(|piece| matches!(piece, Piece::Value { .. })) {
                    needs += longest;
                    forms.push(*form);
                }
                if needs > room {
                    return Err(format!(
                        "{{{name}}} may have {needs} characters, the registered variable holds {room}: shorten it in [values]"
                    ));
                }
                if let Some(kind) = kinds.iter().find(|kind| forms.iter().any(|form| !takes(**kind, *form))) {
                    return Err(format!("{{{name}}} is registered as {kind:?}, and may hold something else"));
                }
            }
            (Some(Slot::Variable { .. }), other) => {
                return Err(format!("after {:?} a variable is registered, and {} stands here", end_of(&before), shown(other)));
            }
            (Some(Slot::Fixed(wanted)), other) => {
                return Err(format!("{:?} is registered, and {} stands here", begin_of(wanted), shown(other)));
            }
            (None, other) => return Err(format!("the registered text ends before {}", shown(other))),
        }
    }
}

fn takes(kind: Kind, form: Form) -> bool {
    match kind {
        Kind::Anything => true,
        Kind::Digits | Kind::LettersAndDigits => form == Form::Digits,
        Kind::Letters | Kind::Link | Kind::Mail => false,
    }
}

fn shown(piece: Option<&Piece>) -> String {
    match piece {
        None => "nothing".to_owned(),
        Some(Piece::Fixed(words)) => format!("{:?}", begin_of(words)),
        Some(Piece::Value { name, .. }) => format!("{{{name}}}"),
    }
}

fn begin_of(text: &str) -> String {
    text.chars().take(30).collect()
}

fn end_of(text: &str) -> String {
    let skip = text.chars().count().saturating_sub(30);
    text.chars().skip(skip).collect()
}

/// Where two fixed texts part; white space counts as one blank.
fn differ(wanted: &str, words: &str) -> Option<String> {
    let one = |text: &str| {
        let edges = (text.starts_with(char::is_whitespace), text.ends_with(char::is_whitespace));
        let inner = text.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("{}{inner}{}", if edges.0 { " " } else { "" }, if edges.1 && !inner.is_empty() { " " } else { "" })
    };
    let (wanted, words) = (one(wanted), one(words));
    if wanted == words {
        return None;
    }
    let at = wanted.chars().zip(words.chars()).take_while(|(a, b)| a == b).count();
    let from = |text: &str| text.chars().skip(at.saturating_sub(10)).take(30).collect::<String>();
    Some(format!("{:?} stands here, {:?} is registered", from(&words), from(&wanted)))
}

fn merged_slots(slots: &[Slot]) -> Vec<Slot> {
    let mut all: Vec<Slot> = Vec::new();
    for slot in slots {
        match (all.last_mut(), slot) {
            (Some(Slot::Fixed(before)), Slot::Fixed(words)) => before.push_str(words),
            (_, Slot::Fixed(words)) if words.is_empty() => {}
            _ => all.push(slot.clone()),
        }
    }
    all
}

fn merged_pieces(pieces: &[Piece]) -> Vec<Piece> {
    let mut all: Vec<Piece> = Vec::new();
    for piece in pieces {
        match (all.last_mut(), piece) {
            (Some(Piece::Fixed(before)), Piece::Fixed(words)) => before.push_str(words),
            (_, Piece::Fixed(words)) if words.is_empty() => {}
            _ => all.push(piece.clone()),
        }
    }
    all
}

/// Links in a text: what begins with a scheme or `www.`.
pub(super) fn links(text: &str) -> impl Iterator<Item = &str> {
    let is_link = |word: &&str| ["http://", "https://", "www."].iter().any(|begin| word.to_ascii_lowercase().starts_with(begin));
    text.split_whitespace().map(|word| word.trim_matches(['(', ')', '"', '\'', ',', ';', '।', '<', '>', '.'])).filter(is_link)
}
