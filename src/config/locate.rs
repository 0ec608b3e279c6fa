//! Finds the line of a key in the text of a TOML file.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Line and column, from 1, of the byte at `offset`.
pub fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset.min(text.len())).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// Where the value of `key` (`queues.0.name`) stands in `text`; where it is missing, its nearest parent that is there.
/// `None` if nothing of it is there.
pub fn offset_of(text: &str, key: &str) -> Option<usize> {
    let root = DeTable::parse(text).ok()?;
    let mut segments = key.split('.');
    let first = segments.next()?;
    let (name, mut value) = root.get_ref().get_key_value(first)?;
    let mut at = name.span().start;
    for segment in segments {
        match step(value, segment) {
            Some((offset, next)) => (at, value) = (offset, next),
            None => break,
        }
    }
    Some(at)
}

fn step<'a, 'i>(value: &'a Spanned<DeValue<'i>>, segment: &str) -> Option<(usize, &'a Spanned<DeValue<'i>>)> {
    match value.get_ref() {
        DeValue::Table(table) => table.get_key_value(segment).map(|(name, next)| (name.span().start, next)),
        DeValue::Array(items) => {
            let next = items.get(segment.parse::<usize>().ok()?)?;
            Some((next.span().start, next))
        }
        _ => None,
    }
}

/// The dotted key whose line holds the byte at `offset`, for a message; empty if none does.
pub fn key_at(text: &str, offset: usize) -> String {
    let Ok(root) = DeTable::parse(text) else { return String::new() };
    let mut path = Vec::new();
    descend(root.get_ref(), offset, &mut path);
    path.join(".")
}

fn descend(table: &DeTable<'_>, offset: usize, path: &mut Vec<String>) -> bool {
    for (name, value) in table {
        path.push(name.get_ref().to_string());
        let on_key = name.span().contains(&offset);
        let within = match value.get_ref() {
            DeValue::Table(inner) => descend(inner, offset, path),
            DeValue::Array(items) => in_items(items, offset, path),
            _ => false,
        };
        if within || on_key || value.span().contains(&offset) {
            return true;
        }
        path.pop();
    }
    false
}

fn in_items<'i>(items: &toml::de::DeArray<'i>, offset: usize, path: &mut Vec<String>) -> bool {
    for (place, item) in items.iter().enumerate() {
        path.push(place.to_string());
        let within = matches!(item.get_ref(), DeValue::Table(inner) if descend(inner, offset, path));
        if within || item.span().contains(&offset) {
            return true;
        }
        path.pop();
    }
    false
}
