//! What the caller says, on its way through the recogniser and to the door.

use super::Call;
use crate::statement::{Phase, Wanted};
use crate::{Deed, Reading};
use daak_domain::Timestamp;
use daak_domain::contact::{Channel, Contact, Receipt, Sender, Statement};
use daak_domain::seam::Refusal;
use voice_ivr::{Input, Recognition};

impl Call {
    pub(super) fn statement_stored(
        &mut self,
        stored: Result<daak_domain::contact::Attachment, String>,
        now: Timestamp,
        deeds: &mut Vec<Deed>,
    ) {
        match stored {
            Ok(sound) => self.spoken.sound = Some(sound),
            Err(_) if self.spoken.wanted.take().is_some() => {
                self.spoken.phase = Phase::None;
                let refusal = Refusal::Unavailable("the recording could not be stored".into());
                self.tell_flow(Input::TakenIn(Err(refusal)), now, deeds);
            }
            Err(_) => self.spoken.phase = Phase::None,
        }
        self.hand_in(now, deeds);
    }

    pub(super) fn recognised(&mut self, reading: Reading, now: Timestamp, deeds: &mut Vec<Deed>) {
        let heard = match reading {
            Reading::Made(statement) => {
                self.spoken.reading = Some(statement.clone());
                match statement {
                    Statement::Transcribed { text, confidence } => Recognition::Text { text, confidence, trusted: true },
                    Statement::VoiceOnly { hint } | Statement::ImageOnly { draft: hint } => Recognition::VoiceOnly { hint },
                    Statement::Written { text } => Recognition::Text { text, confidence: 1.0, trusted: true },
                }
            }
            Reading::Unavailable => Recognition::Unavailable,
            Reading::TimedOut => Recognition::TimedOut,
        };
        self.tell_flow(Input::Recognised(heard), now, deeds);
    }

    /// Hands the statement in at the door, once, as soon as it is wanted and its sound is stored.
    pub(super) fn hand_in(&mut self, now: Timestamp, deeds: &mut Vec<Deed>) {
        if self.spoken.phase != Phase::Kept || self.spoken.sound.is_none() {
            return;
        }
        let Some(wanted) = self.spoken.wanted.take() else { return };
        self.spoken.phase = Phase::HandedIn;
        deeds.push(Deed::TakeIn(Box::new(self.contact(wanted, now))));
    }

    fn contact(&self, wanted: Wanted, now: Timestamp) -> Contact {
        let sender = Sender { phone: self.facts.caller.clone(), ..Sender::default() };
        let name = format!("{}-{}", self.facts.call, self.spoken.turn);
        Contact {
            language: Some(self.draft.language),
            attachments: self.spoken.sound.iter().cloned().collect(),
            declared_emergency: wanted.declared_emergency,
            about: wanted.about,
            ..Contact::new(Channel::Phone, name, now, sender, self.spoken.statement())
        }
    }

    /// An answer that was given by a key, or what the flow says for a caller who cannot.
    pub(super) fn written(&mut self, text: String, wanted: Wanted, now: Timestamp) -> Contact {
        self.answers += 1;
        Contact {
            external_id: format!("{}-answer-{}", self.facts.call, self.answers),
            statement: Statement::Written { text },
            attachments: Vec::new(),
            ..self.contact(wanted, now)
        }
    }

    pub(super) fn taken_in(&mut self, answer: Result<Receipt, Refusal>, now: Timestamp, deeds: &mut Vec<Deed>) {
        match &answer {
            Ok(receipt) => {
                self.draft.touch(receipt.number);
                self.spoken.answered(Phase::Done);
            }
            Err(_) => self.spoken.answered(Phase::Kept), // still held: another try may succeed
        }
        self.tell_flow(Input::TakenIn(answer), now, deeds);
    }
}
