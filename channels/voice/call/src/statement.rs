//! The citizen's statement: spoken after the tone, kept, recognised, taken in.
//!
//! The order in which the parts arrive is not fixed: a caller hangs up in the middle of a sentence,
//! the disk is slow, recognition comes late or never. What was said with a voice in it is taken in
//! once in every case.

use daak_domain::contact::{Attachment, Statement};

/// One statement from the tone to the door.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spoken {
    /// Which statement of the call, from 1. A second telling replaces the first.
    pub(crate) turn: u32,
    /// Where it stands.
    pub(crate) phase: Phase,
    /// It was begun as an emergency.
    pub(crate) emergency: bool,
    /// It is a short answer: it counts only if the flow takes it in.
    pub(crate) answer: bool,
    /// The sound, once stored.
    pub(crate) sound: Option<Attachment>,
    /// What was made of it, once recognised.
    pub(crate) reading: Option<Statement>,
    /// The flow asked to take it in, and waits for the sound to be stored.
    pub(crate) wanted: Option<Wanted>,
}

/// Where a statement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Phase {
    /// Nothing was said.
    #[default]
    None,
    /// The recorder runs.
    Recording,
    /// The recorder ended with a voice in it; the sound is being stored, or is.
    Kept,
    /// It went to the door, which has not answered yet.
    HandedIn,
    /// It is a ticket.
    Done,
}

/// What the flow said of the contact to be taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) declared_emergency: bool,
    pub(crate) about: Option<daak_domain::ticket::Number>,
}

impl Spoken {
    /// A new statement begins; an earlier one that was not handed in is replaced.
    pub(crate) fn begin(&mut self, emergency: bool, answer: bool) {
        *self = Self { turn: self.turn + 1, phase: Phase::Recording, emergency, answer, ..Self::default() };
    }

    /// The door answered. An answer to something else that the call handed in does not concern the statement.
    pub(crate) fn answered(&mut self, phase: Phase) {
        if self.phase == Phase::HandedIn {
            self.phase = phase;
        }
    }

    /// Whether words of the citizen would be lost if the call ended now.
    pub(crate) fn is_at_risk(&self) -> bool {
        match self.phase {
            Phase::Recording | Phase::Kept => !self.answer || self.wanted.is_some(),
            Phase::HandedIn => true,
            Phase::None | Phase::Done => false,
        }
    }

    /// The statement of the contact: what was recognised, or the voice itself.
    pub(crate) fn statement(&self) -> Statement {
        self.reading.clone().unwrap_or(Statement::VoiceOnly { hint: None })
    }
}
