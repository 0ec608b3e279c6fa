//! Whether it is settled: what a person may say of a report, and what only the citizen says.

use super::step;
use crate::access::Scope;
use crate::api::parts::Parts;
use crate::api::problem::{Answer, Problem};
use crate::api::refused_by_store;
use crate::api::who::Who;
use daak_domain::Timestamp;
use daak_domain::call::CallId;
use daak_domain::closure::{ClosureReason, Witnesses};
use daak_domain::contact::Attachment;
use daak_domain::ticket::{Actor, Closure, Event, EventBody, State, Ticket};

/// Whether a report has what its reason needs.
///
/// # Errors
/// 422 with what is missing.
pub fn check_report(parts: &Parts, ticket: &Ticket, code: &str, remarks: &str, files: &[Attachment]) -> Answer<()> {
    let Some(reason) = reason(parts, code) else { return Ok(()) };
    reason.check(ticket.sla_class, remarks, files).map_err(|lacking| Problem::invalid(lacking.to_string()))
}

/// Whether a person may close a ticket so.
///
/// # Errors
/// 422 if they speak for the citizen; 409 with the witness that is missing.
pub async fn check_closing(parts: &Parts, ticket: &Ticket, closure: Closure) -> Answer<()> {
    if !matches!(ticket.state, State::AtrSubmitted | State::Verifying) {
        return Ok(()); // the table of transitions says why not
    }
    let (witnesses, cosign) = witnesses(parts, ticket).await?;
    witnesses.may_close(closure, cosign).map_err(|why| match closure {
        Closure::Confirmed => Problem::invalid(why.to_string()),
        _ => Problem::conflict("not-settled", why.to_string()),
    })
}

/// Whether verification may begin: a report that needs a second name has it.
///
/// # Errors
/// 409 if it has not.
pub async fn check_cosigned(parts: &Parts, ticket: &Ticket) -> Answer<()> {
    match witnesses(parts, ticket).await? {
        (Witnesses { cosigned: None, .. }, true) => {
            Err(Problem::conflict("not-cosigned", daak_domain::closure::NotYet::Cosign.to_string()))
        }
        _ => Ok(()),
    }
}

/// Whether `who` may put their name to the report: they sit above the office that has the ticket.
///
/// # Errors
/// 403 if they do not; 409 if there is no report.
pub async fn check_cosigner(parts: &Parts, who: &Who, ticket: &Ticket) -> Answer<()> {
    reported(ticket)?;
    let day = parts.rules.day(Timestamp::now());
    let Scope { office, department, .. } = &who.0.scope;
    let own = office.as_ref().or(department.as_ref());
    let above = parts.rules.offices.line(ticket.holder(), day).into_iter().skip(1);
    match own.is_some_and(|own| above.into_iter().any(|office| office.code == *own)) {
        true => Ok(()),
        false => Err(Problem::forbidden("only an officer of an office above the one that reports may put their name to it")),
    }
}

/// A report lies before whoever verifies it.
///
/// # Errors
/// 409 if not.
pub fn reported(ticket: &Ticket) -> Answer<()> {
    match ticket.state {
        State::AtrSubmitted | State::Verifying => Ok(()),
        state => Err(Problem::conflict("illegal-step", format!("there is no report to speak of while the ticket is {state}"))),
    }
}

/// What the citizen said of the report in a call, as whoever spoke with them heard it: that they were spoken with, and what follows.
///
/// # Errors
/// 403 if `who` did not speak in that call; 422 if it was not a call with the ticket's citizen; 409 if nothing can be said.
pub async fn heard(parts: &Parts, who: &Who, ticket: &Ticket, call: &str, settled: bool, words: Option<String>) -> Answer<Vec<Event>> {
    let call = CallId(call.parse().map_err(|_| Problem::invalid("call: expected the name of a call: see /api/v1/calls"))?);
    spoke_with_citizen(parts, who, ticket, call).await?;
    let now = Timestamp::now();
    let words = step::optional("words", words)?;
    let body = match (settled, ticket.state) {
        (true, _) => {
            reported(ticket)?;
            let remarks = words.unwrap_or_else(|| "The citizen says that it is settled.".to_owned());
            EventBody::Closed { closure: Closure::Confirmed, remarks }
        }
        (false, state) => {
            let reason = words.ok_or_else(|| Problem::invalid("words: expected what is not settled, in the citizen's words"))?;
            let office = Some(parts.rules.superior(ticket.holder(), now).to_owned());
            match state {
                State::Closed => {
                    check_reopening(parts, ticket, now)?;
                    EventBody::Reopened { reason, office, appeal: false }
                }
                _ => {
                    reported(ticket)?;
                    EventBody::AtrReturned { reason, office }
                }
            }
        }
    };
    let spoken = Event { at: now, by: who.0.actor(), body: EventBody::Called { call, recording: None } };
    Ok(vec![spoken, Event { at: now, by: Actor::Citizen, body }])
}

/// Whether a closed ticket may be opened again by the citizen's word.
///
/// # Errors
/// 409 if it was closed too long ago.
pub fn check_reopening(parts: &Parts, ticket: &Ticket, now: Timestamp) -> Answer<()> {
    match ticket.state == State::Closed && !parts.desk.reopens(ticket, now) {
        true => {
            Err(Problem::conflict("too-late", "it was closed too long ago to be opened again: register it anew, or appeal for the citizen"))
        }
        false => Ok(()),
    }
}

/// Whether a settlement may be appealed against.
///
/// # Errors
/// 409 if it was closed too long ago.
pub fn check_appeal(parts: &Parts, ticket: &Ticket, now: Timestamp) -> Answer<()> {
    match ticket.closed_at.is_some_and(|closed| !parts.rules.escalation.may_appeal(closed, now)) {
        true => Err(Problem::conflict("too-late", "it was closed too long ago to be appealed against: register it anew")),
        false => Ok(()),
    }
}

/// The offices that a ticket complains of, and where it goes: above all of them.
///
/// # Errors
/// 422 if one does not exist, or nobody is above them.
pub fn restricted(parts: &Parts, ticket: &Ticket, about: Vec<String>, reason: String) -> Answer<EventBody> {
    let day = parts.rules.day(Timestamp::now());
    let offices = &parts.rules.offices;
    if about.is_empty() || about.len() > MOST_ABOUT {
        return Err(Problem::invalid(format!("about: expected the codes of 1 to {MOST_ABOUT} offices")));
    }
    if about.iter().any(|code| offices.on(code, day).is_none()) {
        return Err(Problem::invalid("about: there is no such office today: see /api/v1/offices"));
    }
    let line = offices.line(ticket.holder(), day);
    let highest = line.iter().rposition(|office| about.contains(&office.code));
    let office = match highest {
        None => None,
        Some(at) => match line.get(at + 1) {
            Some(above) => Some(above.code.clone()),
            None => return Err(Problem::invalid("about: nobody is above this office: a ticket about it cannot be hidden from it")),
        },
    };
    Ok(EventBody::Restricted { about, reason, office })
}

/// Offices that a ticket complains of at most.
const MOST_ABOUT: usize = 10;

async fn spoke_with_citizen(parts: &Parts, who: &Who, ticket: &Ticket, call: CallId) -> Answer<()> {
    let kept = parts.store.call(call).await.map_err(|why| refused_by_store(&why))?;
    let last = kept.as_ref().is_some_and(|record| record.agent.as_ref().is_some_and(|agent| agent.0 == who.0.name));
    if !last && !parts.floor.spoke(&who.0.name, call) {
        return Err(Problem::forbidden("you did not speak in that call: only whoever heard the citizen may say what they said"));
    }
    let live = || parts.floor.calls().into_iter().find(|live| live.call == call.to_string()).and_then(|live| live.caller);
    let caller = kept.and_then(|record| record.caller).map(|caller| caller.to_string()).or_else(live);
    let person = parts.store.person(ticket.person).await.map_err(|why| refused_by_store(&why))?;
    match caller.zip(person).is_some_and(|(caller, person)| person.phones.contains(&caller)) {
        true => Ok(()),
        false => Err(Problem::invalid("call: this was not a call with the ticket's citizen, by a telephone that is known to be theirs")),
    }
}

async fn witnesses(parts: &Parts, ticket: &Ticket) -> Answer<(Witnesses, bool)> {
    let events = parts.store.events(ticket.number).await.map_err(|why| refused_by_store(&why))?;
    let witnesses = Witnesses::of(events.iter().map(|sealed| &sealed.event)).with_visits(&ticket.visits);
    let cosign = witnesses.report.as_ref().and_then(|(_, code)| reason(parts, code)).is_some_and(|reason| reason.cosign);
    Ok((witnesses, cosign))
}

fn reason<'a>(parts: &'a Parts, code: &str) -> Option<&'a ClosureReason> {
    parts.rules.closure_reasons.iter().find(|reason| reason.code == code)
}
