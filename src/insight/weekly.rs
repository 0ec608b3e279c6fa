//! The weekly report by mail: written into the outbox once a week for each address, under a key that makes it once.

use super::report::mail;
use super::{Insight, InsightError, Question, Seen};
use crate::clock::Clock;
use crate::observe::event;
use crate::store::NewMessage;
use daak_domain::Timestamp;
use daak_domain::carrier::Enclosed;
use daak_domain::contact::Channel;
use daak_domain::insight::{Day, Span};
use daak_domain::language::Language;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// To whom, and in which language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weekly {
    /// Mail addresses.
    pub to: Vec<String>,
    /// Its language.
    pub language: Language,
}

/// How often is looked whether a week has ended.
const LOOK: Duration = Duration::from_secs(15 * 60);
/// The hour of Monday at which the report goes out, in Kolkata.
const HOUR: i64 = 8;

impl Weekly {
    /// Sends the report of each week, until the program ends.
    pub async fn run(self, insight: Insight, clock: Clock, closing: CancellationToken) {
        let mut every = tokio::time::interval(LOOK);
        let mut sent = None;
        loop {
            tokio::select! {
                _ = every.tick() => {}
                () = closing.cancelled() => break,
            }
            let now = clock.now();
            if self.to.is_empty() || sent == Some(ended(now)) {
                continue;
            }
            match self.send(&insight, now).await {
                Ok(()) => sent = Some(ended(now)),
                Err(error) => tracing::warn!(event = event::REPORT_NOT_SENT, %error),
            }
        }
    }

    /// Writes what is due at this time into the outbox. What was written before stays one.
    ///
    /// # Errors
    /// [`InsightError`].
    pub async fn send(&self, insight: &Insight, now: Timestamp) -> Result<(), InsightError> {
        let monday = ended(now);
        let period = Span { from: monday.plus(-7), to: monday.plus(-1) };
        let report = insight.report(&Question { only: vec![], period, now, seen: Seen::default() }, self.language).await?;
        for to in &self.to {
            let message = NewMessage {
                key: key(monday, to),
                channel: Channel::Email,
                to: to.clone(),
                template: "weekly_report".into(),
                language: self.language,
                text: mail(&report),
                enclosed: Enclosed { subject: Some(report.title.clone()), ..Enclosed::default() },
                masked: None,
                urgent: false,
                not_before: now,
            };
            insight.store.enqueue(None, message, now).await?;
        }
        Ok(())
    }
}

fn key(monday: Day, to: &str) -> String {
    format!("weekly-{monday}-{to}")
}

/// The Monday on which the last week ended whose report is due.
fn ended(now: Timestamp) -> Day {
    let due = now.checked_sub(jiff::SignedDuration::from_hours(HOUR)).unwrap_or(now);
    Day::of(due).week()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::masters::Masters;
    use crate::store::Store;
    use std::path::Path;
    use std::sync::Arc;

    #[test]
    fn a_week_ends_on_monday_morning() {
        let at = |text: &str| ended(format!("{text}+05:30").parse().expect("a time")).to_string();
        assert_eq!(at("2026-11-23T07:59"), "2026-11-16");
        assert_eq!(at("2026-11-23T08:00"), "2026-11-23");
        assert_eq!(at("2026-11-29T23:00"), "2026-11-23");
    }

    #[tokio::test]
    async fn each_address_gets_each_week_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_dir(folder.path()).await.expect("a database");
        let masters = Arc::new(Masters::load(Path::new("config")).expect("valid"));
        let insight = Insight::new(store.clone(), masters);
        let weekly = Weekly { to: vec!["cs@example.org".into(), "dm@example.org".into()], language: Language::Bn };
        for at in ["2026-11-23T08:00+05:30", "2026-11-23T08:15+05:30", "2026-11-26T10:00+05:30", "2026-11-30T09:00+05:30"] {
            weekly.send(&insight, at.parse().expect("a time")).await.expect("written");
        }
        let sent = store.messages(None, None, 10).await.expect("listed").items;
        let mut keys: Vec<_> = sent.iter().map(|m| m.message.key.as_str()).collect();
        keys.sort_unstable();
        assert_eq!(
            keys,
            [
                "weekly-2026-11-23-cs@example.org",
                "weekly-2026-11-23-dm@example.org",
                "weekly-2026-11-30-cs@example.org",
                "weekly-2026-11-30-dm@example.org"
            ]
        );
        let text = &sent[0].message.text;
        assert!(
            text.starts_with("১৬-১১-২০২৬ – ২২-১১-২০২৬-এর প্রতিবেদন") || text.starts_with("২৩-১১-২০২৬ – ২৯-১১-২০২৬-এর প্রতিবেদন"),
            "{text}"
        );
    }
}
