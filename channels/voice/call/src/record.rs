//! What is kept of a call, gathered while it lasts.

use crate::Facts;
use daak_domain::Timestamp;
use daak_domain::call::{AgentId, CallRecord, EndReason, Quality};
use daak_domain::contact::Attachment;
use daak_domain::language::Language;
use daak_domain::ticket::Number;
use std::time::Duration;

/// The record of a call that is not over yet.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) answered_at: Option<Timestamp>,
    pub(crate) language: Language,
    pub(crate) tickets: Vec<Number>,
    pub(crate) agent: Option<AgentId>,
    pub(crate) attended: Vec<AgentId>,
    pub(crate) waited: Option<Duration>,
    pub(crate) recording: Option<Attachment>,
    pub(crate) quality: Option<Quality>,
}

impl Draft {
    pub(crate) fn new(language: Language) -> Self {
        Self {
            answered_at: None,
            language,
            tickets: Vec::new(),
            agent: None,
            attended: Vec::new(),
            waited: None,
            recording: None,
            quality: None,
        }
    }

    /// Remembers a ticket that the call opened or touched, once.
    pub(crate) fn touch(&mut self, number: Number) {
        if !self.tickets.contains(&number) {
            self.tickets.push(number);
        }
    }

    /// Adds a wait for a person to the earlier ones of the call.
    pub(crate) fn add_wait(&mut self, since: Timestamp, until: Timestamp) {
        let wait = Duration::try_from(until.duration_since(since)).unwrap_or_default();
        self.waited = Some(self.waited.unwrap_or_default() + wait);
    }

    pub(crate) fn finish(self, facts: &Facts, reason: EndReason, ended_at: Timestamp, path: Vec<String>) -> CallRecord {
        CallRecord {
            call: facts.call,
            direction: facts.direction,
            caller: facts.caller.clone(),
            called: facts.called.clone(),
            started_at: facts.started_at,
            answered_at: self.answered_at,
            ended_at,
            reason,
            language: self.language,
            tickets: self.tickets,
            agent: self.agent,
            attended: self.attended,
            waited: self.waited,
            recording: self.recording,
            quality: self.quality,
            identity: facts.identity.clone(),
            path,
        }
    }
}
