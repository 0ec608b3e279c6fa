//! What was being said when the process died: taken in at the next start, up to its last whole second.

use crate::observe::event;
use crate::store::Store;
use daak_domain::Timestamp;
use daak_domain::call::{CallId, CallRecord, Direction, EndReason};
use daak_domain::contact::{Attachment, AttachmentRole, Channel, Contact, Sender, Statement};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::seam::{Helpline, Label};
use daak_domain::ticket::Number;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What an unfinished recording says of itself.
#[derive(Debug, Deserialize)]
struct Belonging {
    call: CallId,
    turn: u32,
    caller: Option<PhoneNumber>,
    called: String,
    language: Language,
    started_at: Timestamp,
}

/// Takes in every statement that was cut off, and keeps the record of every call that was. What cannot be given back
/// stays in the archive, and is named in the log.
pub async fn take_in(found: Vec<(Label, Attachment)>, helpline: &dyn Helpline, store: &Store) {
    let mut tickets: BTreeMap<CallId, Vec<Number>> = BTreeMap::new();
    let mut recordings = Vec::new();
    for (label, attachment) in found {
        let Ok(belonging) = serde_json::from_str::<Belonging>(&label.belongs_to) else {
            tracing::warn!(event = event::RECORDING_UNCLAIMED, blob = attachment.blob.as_str());
            continue;
        };
        match attachment.role {
            AttachmentRole::Statement => {
                let call = belonging.call;
                let blob = attachment.blob.as_str().to_owned();
                match helpline.take_in(statement(belonging, attachment)).await {
                    Ok(receipt) => {
                        tracing::info!(event = event::RECORDING_RECOVERED, %call, ticket = %receipt.number);
                        tickets.entry(call).or_default().push(receipt.number);
                    }
                    Err(why) => tracing::error!(event = event::RECORDING_UNCLAIMED, %call, blob, %why),
                }
            }
            _ => recordings.push((belonging, attachment)),
        }
    }
    for (belonging, attachment) in recordings {
        let call = belonging.call;
        let blob = attachment.blob.as_str().to_owned();
        match store.put_call(record(belonging, attachment, tickets.get(&call).cloned().unwrap_or_default())).await {
            Ok(()) => tracing::info!(event = event::RECORDING_RECOVERED, %call),
            Err(why) => tracing::error!(event = event::RECORDING_UNCLAIMED, %call, blob, %why),
        }
    }
}

/// The contact that a cut-off statement is: under the name that it would have had, so that it is never taken in twice.
fn statement(belonging: Belonging, attachment: Attachment) -> Contact {
    Contact {
        language: Some(belonging.language),
        attachments: vec![attachment],
        ..Contact::new(
            Channel::Phone,
            format!("{}-{}", belonging.call, belonging.turn),
            belonging.started_at,
            Sender { phone: belonging.caller, ..Sender::default() },
            Statement::VoiceOnly { hint: None },
        )
    }
}

fn record(belonging: Belonging, recording: Attachment, tickets: Vec<Number>) -> CallRecord {
    CallRecord {
        call: belonging.call,
        direction: Direction::Inbound,
        caller: belonging.caller,
        called: belonging.called,
        started_at: belonging.started_at,
        answered_at: Some(belonging.started_at),
        ended_at: Timestamp::now(),
        reason: EndReason::InternalError,
        language: belonging.language,
        tickets,
        attended: Vec::new(),
        agent: None,
        waited: None,
        recording: Some(recording),
        quality: None,
        identity: None,
        path: Vec::new(),
    }
}
