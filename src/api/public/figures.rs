//! `GET /figures`: counts that cannot be turned back into people.
//!
//! Small counts are not shown, and the others are rounded, so that two counts never tell a third. They are taken anew at most every
//! ten minutes. Measures of how well the helpline works have a room of their own; this page reads what the store counts cheaply.

use super::page::Page;
use super::visitor::Visitor;
use super::words::Words;
use crate::api::masters::in_language;
use crate::api::parts::Parts;
use crate::store::{Count, CountedBy, Store, StoreError};
use axum::extract::{Request, State as Joined};
use axum::http::StatusCode;
use axum::response::Response;
use daak_domain::Timestamp;
use daak_domain::language::Language;
use jiff::SignedDuration;
use minijinja::{Value, context};
use std::sync::Arc;
use tokio::sync::Mutex;

/// The counts as they were taken last.
#[derive(Default)]
pub struct Figures(Mutex<Option<Arc<Taken>>>);

struct Taken {
    at: Timestamp,
    tables: Vec<(CountedBy, Vec<Count>)>,
}

/// Counts below this are not shown, and others are rounded to as many.
pub const FEWEST: u64 = 10;
/// How old counts may be.
const KEPT: SignedDuration = SignedDuration::from_mins(10);

impl Figures {
    /// The counts, taken anew if they are old. Whoever comes while they are taken waits for the same ones.
    async fn of(&self, store: &Store, now: Timestamp) -> Result<Arc<Taken>, StoreError> {
        let mut kept = self.0.lock().await;
        if let Some(taken) = kept.as_ref().filter(|taken| now.duration_since(taken.at) < KEPT) {
            return Ok(taken.clone());
        }
        let mut tables = Vec::new();
        for by in [CountedBy::State, CountedBy::Department, CountedBy::District] {
            tables.push((by, store.count_tickets(by).await?));
        }
        Ok(kept.insert(Arc::new(Taken { at: now, tables })).clone())
    }
}

/// `GET /figures`.
pub async fn figures(Joined(parts): Joined<Parts>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    let visitor = Visitor::of(&head, &parts);
    let words = Words::of(visitor.language);
    match parts.figures.of(&parts.store, Timestamp::now()).await {
        Ok(taken) => {
            let tables: Vec<_> = taken.tables.iter().map(|(by, counts)| table(&parts, *by, counts, visitor.language)).collect();
            let values = context! { tables, as_of => visitor.time(taken.at) };
            Page::of(&parts, &visitor).show("figures", words.get("figures", "title"), values)
        }
        Err(why) => {
            tracing::warn!(event = crate::observe::event::HTTP_FAILED, %why);
            super::page::message(&parts, &visitor, StatusCode::SERVICE_UNAVAILABLE, words.get("track", "busy"), "/")
        }
    }
}

fn table(parts: &Parts, by: CountedBy, counts: &[Count], language: Language) -> Value {
    let words = Words::of(language);
    let title = match by {
        CountedBy::State => "state",
        CountedBy::Department => "department",
        CountedBy::District => "district",
    };
    let named = |key: &str| match by {
        CountedBy::State => words.get("state", key).to_owned(),
        CountedBy::Department => parts.masters.department_name(key, language),
        CountedBy::District => {
            let known = parts.rules.places.districts.get(key);
            known.map_or(key, |d| in_language((&d.name_bn, None, &d.name_en), language)).to_owned()
        }
    };
    let row = |count: &Count| {
        let shown = shown(count.count).map_or_else(|| words.get("figures", "few").to_owned(), |count| count.to_string());
        context! { name => named(&count.key), count => shown }
    };
    context! { title => words.get("figures", title), rows => counts.iter().map(row).collect::<Vec<_>>() }
}

/// A count as the public may see it; `None`: too few.
fn shown(count: u64) -> Option<u64> {
    (count >= FEWEST).then(|| (count + FEWEST / 2) / FEWEST * FEWEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_hidden_and_many_are_rounded() {
        assert_eq!([0, 1, 9].map(shown), [None, None, None]);
        assert_eq!([10, 14, 15, 1_234].map(shown), [Some(10), Some(10), Some(20), Some(1_230)]);
    }
}
