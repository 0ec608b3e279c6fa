//! When a matter is settled: what a report needs, and who bears witness.
//!
//! Three may say that it is settled: the officer who reports, somebody else who looked at the place or the evidence, and the citizen.
//! Two of them are needed. Silence of the citizen is no word for it. A field visit is such a look at the place: that it is settled
//! counts once the checks of its report found nothing to doubt; that it is not settled counts at once.

use crate::contact::Attachment;
use crate::ticket::{Actor, Closure, Event, EventBody, SlaClass};
use crate::visit::{Outcome, Visit};
use serde::Deserialize;

/// Why an office may call a matter settled, and what a report that says so needs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosureReason {
    /// Its code.
    pub code: String,
    /// Name in English.
    pub name_en: String,
    /// Name in Bengali.
    pub name_bn: String,
    /// Name in Hindi.
    pub name_hi: String,
    /// What must be attached.
    #[serde(default)]
    pub evidence: Evidence,
    /// For which classes evidence is needed; none: for all.
    #[serde(default)]
    pub classes: Vec<SlaClass>,
    /// Whether an officer above must put their name to it.
    #[serde(default)]
    pub cosign: bool,
    /// The fewest characters of the remarks.
    #[serde(default)]
    pub least_remarks: usize,
}

/// What must be attached to a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// Nothing.
    #[default]
    None,
    /// Any file.
    File,
    /// A photograph.
    Photograph,
}

/// What a report lacks. The sentence is shown to whoever reports.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lacking {
    /// A file.
    #[error("attachments: this reason needs a file that shows it: the order, the receipt, the letter")]
    File,
    /// A photograph.
    #[error("attachments: this reason needs a photograph of the place as it is now")]
    Photograph,
    /// Words.
    #[error("remarks: this reason needs at least {0} characters: name the rule, the case or the office")]
    Remarks(usize),
}

/// Who said of the last report whether the matter is settled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Witnesses {
    /// Who reported, and by which reason.
    pub report: Option<(Actor, String)>,
    /// What somebody else saw.
    pub evidence: Option<bool>,
    /// What the citizen says.
    pub citizen: Option<bool>,
    /// Whether the citizen was asked.
    pub asked: bool,
    /// Who above put their name to the report.
    pub cosigned: Option<Actor>,
    /// Whether a visit that the rules ask for has not been made.
    pub awaited: bool,
}

/// Why a matter may not be closed so. The sentence is shown to whoever closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotYet {
    /// A person wants to speak for the citizen.
    #[error("closure: only the citizen's own answer closes as confirmed: ask, or close on your own word as override")]
    Citizen,
    /// Nobody asked the citizen.
    #[error("closure: the citizen was not asked since the report: begin the verification, and the asking goes by its rule")]
    Unasked,
    /// There is nothing but the report.
    #[error("closure: evidenced needs somebody else than the reporting officer who saw that it is settled, and no word against it")]
    Evidence,
    /// Somebody is to go and look first.
    #[error(
        "closure: the rules ask for a field visit first: wait for its report, call the visit off, or close on your own word as override"
    )]
    Visit,
    /// The report lacks a name.
    #[error("this reason for closing needs the name of an officer above: it must be co-signed first")]
    Cosign,
}

impl Evidence {
    /// The name used in the HTTP API.
    pub fn as_str(self) -> &'static str {
        match self {
            Evidence::None => "none",
            Evidence::File => "file",
            Evidence::Photograph => "photograph",
        }
    }
}

impl ClosureReason {
    /// Whether a report by this reason has what it needs.
    ///
    /// # Errors
    /// [`Lacking`] says what is missing.
    pub fn check(&self, class: SlaClass, remarks: &str, attachments: &[Attachment]) -> Result<(), Lacking> {
        let needed = self.classes.is_empty() || self.classes.contains(&class);
        let pictures = || attachments.iter().any(|file| file.media_type.starts_with("image/"));
        match self.evidence {
            Evidence::File if needed && attachments.is_empty() => Err(Lacking::File),
            Evidence::Photograph if needed && !pictures() => Err(Lacking::Photograph),
            _ if remarks.trim().chars().count() < self.least_remarks => Err(Lacking::Remarks(self.least_remarks)),
            _ => Ok(()),
        }
    }
}

impl Witnesses {
    /// What the events since the last report say.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let (mut all, mut unchecked) = (Self::default(), None);
        for event in events {
            match &event.body {
                EventBody::VisitReported { visit, report } => match report.outcome {
                    Outcome::Seen { settled: false } => all.evidence = Some(false),
                    Outcome::Seen { settled: true } if all.report.as_ref().is_none_or(|(by, _)| *by != event.by) => {
                        unchecked = Some(*visit);
                    }
                    _ => {}
                },
                EventBody::VisitChecked { visit, finding } if unchecked == Some(*visit) => {
                    unchecked = None;
                    if finding.is_sound() {
                        all.evidence = Some(true);
                    }
                }
                EventBody::AtrSubmitted { closure_reason, .. } => {
                    all = Self { report: Some((event.by.clone(), closure_reason.clone())), ..Self::default() };
                    unchecked = None;
                }
                EventBody::AtrReturned { .. } | EventBody::Reopened { .. } => all = Self::default(),
                // Whoever reported is no second witness.
                EventBody::EvidenceGiven { settled, .. } if all.report.as_ref().is_none_or(|(by, _)| *by != event.by) => {
                    all.evidence = Some(*settled);
                }
                EventBody::Questioned { .. } => all.asked = true,
                EventBody::Cosigned { .. } => all.cosigned = Some(event.by.clone()),
                EventBody::Closed { closure: Closure::Confirmed, .. } => all.citizen = Some(true),
                _ => {}
            }
        }
        all
    }

    /// With what is known of the ticket's visits.
    #[must_use]
    pub fn with_visits(self, visits: &[Visit]) -> Self {
        Self { awaited: visits.iter().any(Visit::is_awaited), ..self }
    }

    /// How many say that it is settled.
    pub fn count(&self) -> usize {
        usize::from(self.report.is_some()) + usize::from(self.evidence == Some(true)) + usize::from(self.citizen == Some(true))
    }

    /// Whether a person may close the matter so, by a reason that `cosign` says to need another name.
    ///
    /// # Errors
    /// [`NotYet`] says what is missing.
    pub fn may_close(&self, closure: Closure, cosign: bool) -> Result<(), NotYet> {
        if closure != Closure::Override && cosign && self.cosigned.is_none() {
            return Err(NotYet::Cosign);
        }
        match closure {
            Closure::Confirmed => Err(NotYet::Citizen),
            Closure::NoAnswer | Closure::Evidenced if self.awaited => Err(NotYet::Visit),
            Closure::NoAnswer if !self.asked => Err(NotYet::Unasked),
            Closure::Evidenced if self.count() < 2 || self.evidence == Some(false) => Err(NotYet::Evidence),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::{AttachmentRole, BlobId};
    use crate::feedback::Means;

    fn said(name: &str, body: EventBody) -> Event {
        let at = "2026-11-24T12:00:00Z".parse().expect("a time");
        Event { at, by: Actor::Person { name: name.into() }, body }
    }

    fn report() -> EventBody {
        EventBody::AtrSubmitted { closure_reason: "resolved".into(), remarks: "Paid.".into(), attachments: Vec::new() }
    }

    fn seen(settled: bool) -> EventBody {
        EventBody::EvidenceGiven { settled, remarks: "Seen.".into(), attachments: Vec::new() }
    }

    #[test]
    fn two_of_three_are_needed_and_nobody_speaks_for_the_citizen() {
        let mut events = vec![said("anita", report())];
        let may = |events: &[Event], closure| Witnesses::of(events).may_close(closure, false);
        assert_eq!(may(&events, Closure::Confirmed), Err(NotYet::Citizen));
        assert_eq!(may(&events, Closure::Evidenced), Err(NotYet::Evidence));
        assert_eq!(may(&events, Closure::NoAnswer), Err(NotYet::Unasked));
        assert_eq!(may(&events, Closure::Override), Ok(()), "on their own word, by name");
        events.push(said("anita", seen(true)));
        assert_eq!(may(&events, Closure::Evidenced), Err(NotYet::Evidence), "the reporting officer is one witness, not two");
        events.push(said("field", seen(true)));
        assert_eq!(may(&events, Closure::Evidenced), Ok(()));
        events.push(said("field", seen(false)));
        assert_eq!(may(&events, Closure::Evidenced), Err(NotYet::Evidence));
        events.push(said("x", EventBody::Questioned { step: 0, means: Means::Sms }));
        assert_eq!(may(&events, Closure::NoAnswer), Ok(()));
        events.push(said("x", EventBody::AtrReturned { reason: "no".into(), office: None }));
        events.push(said("anita", report()));
        assert_eq!(may(&events, Closure::NoAnswer), Err(NotYet::Unasked), "a new report is asked about anew");
    }

    #[test]
    fn a_visit_is_a_witness_once_nothing_speaks_against_its_report_and_the_ticket_waits_for_it_where_the_rules_say_so() {
        use crate::visit::{Cause, Concern, Finding, VisitReport, Word};
        let reported = |settled| EventBody::VisitReported {
            visit: 1,
            report: VisitReport {
                key: "k".into(),
                outcome: Outcome::Seen { settled },
                remarks: "Seen.".into(),
                answers: Default::default(),
                fix: None,
                written_at: "2026-11-24T12:00:00Z".parse().expect("a time"),
                clock_ahead_s: 0,
                attachments: Vec::new(),
                word: Word::None,
            },
        };
        let checked = |concerns| EventBody::VisitChecked { visit: 1, finding: Finding { distance_m: None, concerns } };
        let evidence = |bodies: &[(&str, EventBody)]| {
            Witnesses::of(&bodies.iter().map(|(name, body)| said(name, body.clone())).collect::<Vec<_>>()).evidence
        };
        assert_eq!(evidence(&[("anita", report()), ("bela", reported(true))]), None, "it was not checked yet");
        assert_eq!(evidence(&[("anita", report()), ("bela", reported(true)), ("-", checked(vec![]))]), Some(true));
        assert_eq!(evidence(&[("anita", report()), ("bela", reported(true)), ("-", checked(vec![Concern::NoPlace]))]), None, "in doubt");
        assert_eq!(
            evidence(&[("anita", report()), ("bela", reported(true)), ("-", checked(vec![Concern::Late { days: 400 }]))]),
            Some(true)
        );
        assert_eq!(evidence(&[("anita", report()), ("anita", reported(true)), ("-", checked(vec![]))]), None, "of their own report");
        assert_eq!(evidence(&[("anita", report()), ("bela", reported(false)), ("-", checked(vec![Concern::NoPlace]))]), Some(false));

        let planned = EventBody::VisitPlanned { visit: 1, cause: Cause::Rule("works".into()), of: 1, reason: "See.".into(), needed: true };
        let mut visits = Vec::new();
        Visit::apply(&mut visits, &said("-", planned)).expect("planned");
        let asked = [said("anita", report()), said("x", EventBody::Questioned { step: 0, means: Means::Sms })];
        let may = |visits: &[Visit]| Witnesses::of(&asked).with_visits(visits).may_close(Closure::NoAnswer, false);
        assert_eq!(may(&visits), Err(NotYet::Visit));
        assert_eq!(Witnesses::of(&asked).with_visits(&visits).may_close(Closure::Override, false), Ok(()), "by name, and counted");
        Visit::apply(&mut visits, &said("sumit", EventBody::VisitCancelled { visit: 1, reason: "Flood.".into() })).expect("called off");
        assert_eq!(may(&visits), Ok(()));
    }

    #[test]
    fn a_second_name_is_needed_where_the_reason_says_so() {
        let mut events = vec![said("anita", report()), said("field", seen(true))];
        assert_eq!(Witnesses::of(&events).may_close(Closure::Evidenced, true), Err(NotYet::Cosign));
        events.push(said("asha", EventBody::Cosigned { remarks: "Right.".into() }));
        assert_eq!(Witnesses::of(&events).may_close(Closure::Evidenced, true), Ok(()));
    }

    #[test]
    fn a_report_has_what_its_reason_needs() {
        let reason = |more: &str| -> ClosureReason {
            toml::from_str(&format!("code = \"x\"\nname_en = \"x\"\nname_bn = \"x\"\nname_hi = \"x\"\n{more}")).expect("good")
        };
        let file = |media_type: &str| Attachment {
            blob: BlobId::parse(&"0".repeat(64)).expect("a name"),
            name: "x".into(),
            media_type: media_type.into(),
            size: 1,
            role: AttachmentRole::Document,
        };
        let check = |more: &str, class, files: &[Attachment]| reason(more).check(class, "ten letters", files);
        assert_eq!(check("", SlaClass::Community, &[]), Ok(()));
        let photograph = "evidence = \"photograph\"\nclasses = [\"community\"]";
        assert_eq!(check(photograph, SlaClass::Community, &[file("application/pdf")]), Err(Lacking::Photograph));
        assert_eq!(check(photograph, SlaClass::Community, &[file("image/jpeg")]), Ok(()));
        assert_eq!(check(photograph, SlaClass::Individual, &[]), Ok(()));
        assert_eq!(check("evidence = \"file\"", SlaClass::Policy, &[]), Err(Lacking::File));
        assert_eq!(check("least_remarks = 20", SlaClass::Policy, &[]), Err(Lacking::Remarks(20)));
    }
}
