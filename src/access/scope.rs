//! Whose tickets somebody sees: those of a department, of an office with all below it, of a district; never one that complains of
//! their own office.

use super::permission::Forbidden;
use daak_domain::office::Offices;
use daak_domain::ticket::Ticket;
use jiff::civil::Date;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Whose tickets somebody sees. What is not given bounds nothing; all that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Department, by code.
    pub department: Option<String>,
    /// Office, by code: its tickets, and those of all below it.
    pub office: Option<String>,
    /// LGD code of a district.
    pub district: Option<String>,
    /// The office and all below it; none where every office is below.
    within: Option<Arc<BTreeSet<String>>>,
    /// The own office and all above it.
    line: Arc<BTreeSet<String>>,
}

/// What decides who sees a ticket.
#[derive(Debug, Clone, Copy)]
pub struct Whereabouts<'a> {
    /// Department code.
    pub department: &'a str,
    /// Code of the office that has it.
    pub office: &'a str,
    /// LGD code of the district.
    pub district: Option<&'a str>,
    /// Codes of the offices that it complains of.
    pub about: &'a [String],
}

impl<'a> From<&'a Ticket> for Whereabouts<'a> {
    fn from(ticket: &'a Ticket) -> Self {
        Self { department: &ticket.department, office: ticket.holder(), district: ticket.district.as_deref(), about: &ticket.about }
    }
}

impl Scope {
    /// The scope of somebody who belongs to these, in the tree as it is on `day`.
    pub fn new(department: Option<String>, office: Option<String>, district: Option<String>, offices: &Offices, day: Date) -> Self {
        let own = office.as_ref().or(department.as_ref());
        let line = own.map(|own| offices.line(own, day).iter().map(|o| o.code.clone()).chain([own.clone()]).collect::<BTreeSet<_>>());
        let top = office.as_deref().is_some_and(|code| offices.shown(code, day).is_some_and(|office| office.parent.is_none()));
        let within = office.as_deref().filter(|_| !top).map(|code| Arc::new(offices.below(code, day)));
        Self { department, office, district, within, line: Arc::new(line.unwrap_or_default()) }
    }

    /// The scope of somebody who belongs to no office of the tree.
    pub fn without_office(department: Option<String>, district: Option<String>) -> Self {
        let line = Arc::new(department.iter().cloned().collect());
        Self { department, office: None, district, within: None, line }
    }

    /// Whether a ticket is seen. This is the one place that decides; a search asks for the same by [`Scope::offices`],
    /// [`Scope::hidden`] and the fields.
    ///
    /// # Errors
    /// [`Forbidden`] says why not.
    pub fn sees(&self, ticket: Whereabouts<'_>) -> Result<(), Forbidden> {
        if ticket.about.iter().any(|office| self.line.contains(office)) {
            return Err(Forbidden::Hidden);
        }
        if self.department.as_deref().is_some_and(|own| own != ticket.department) {
            return Err(Forbidden::Department { holder: ticket.department.to_owned() });
        }
        if self.within.as_ref().is_some_and(|within| !within.contains(ticket.office)) {
            return Err(Forbidden::Office { holder: ticket.office.to_owned() });
        }
        if self.district.as_deref().is_some_and(|own| Some(own) != ticket.district) {
            return Err(Forbidden::District);
        }
        Ok(())
    }

    /// Whether there are tickets that are not seen.
    pub fn is_bounded(&self) -> bool {
        self.department.is_some() || self.within.is_some() || self.district.is_some() || !self.line.is_empty()
    }

    /// The offices whose tickets are seen; none: all.
    pub fn offices(&self) -> Option<&BTreeSet<String>> {
        self.within.as_deref()
    }

    /// Tickets that complain of one of these are not seen.
    pub fn hidden(&self) -> &BTreeSet<String> {
        &self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::masters::Masters;
    use proptest::prelude::*;
    use std::path::Path;
    use std::sync::OnceLock;

    fn offices() -> &'static Offices {
        static READ: OnceLock<Masters> = OnceLock::new();
        &READ.get_or_init(|| Masters::load(Path::new("config")).expect("shipped")).offices
    }

    fn day() -> Date {
        "2026-11-24".parse().expect("a day")
    }

    fn of(department: Option<&str>, office: Option<&str>, district: Option<&str>) -> Scope {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Scope::new(owned(department), owned(office), owned(district), offices(), day())
    }

    fn ticket<'a>(office: &'a str, about: &'a [String]) -> Whereabouts<'a> {
        Whereabouts { department: "PRD", office, district: Some("303"), about }
    }

    #[test]
    fn an_office_sees_its_own_tickets_and_those_below() {
        let magistrate = of(None, Some("DM-303"), None);
        for (office, seen) in [("DM-303", true), ("BDO-2723", true), ("DM-304", false), ("PRD", false), ("CMO", false)] {
            assert_eq!(magistrate.sees(ticket(office, &[])).is_ok(), seen, "{office}");
        }
        assert!(of(None, Some("CMO"), None).sees(ticket("BDO-2723", &[])).is_ok(), "the top sees all");
        assert!(of(None, Some("BDO-2723"), None).sees(ticket("DM-303", &[])).is_err());
        assert!(of(Some("PRD"), None, None).sees(ticket("BDO-2723", &[])).is_ok(), "whoever is bound to the department sees all of it");
        assert!(of(None, None, Some("304")).sees(ticket("BDO-2723", &[])).is_err(), "another district");
        assert!(of(None, None, None).sees(ticket("BDO-2723", &[])).is_ok());
    }

    #[test]
    fn whoever_is_complained_of_sees_nothing_of_it_and_whoever_is_above_does() {
        let about = ["DM-303".to_owned()];
        let hidden = |scope: &Scope| scope.sees(ticket("CMO", &about)) == Err(Forbidden::Hidden);
        assert!(hidden(&of(None, Some("DM-303"), None)) && hidden(&of(None, Some("BDO-2723"), None)), "nor does anybody below");
        assert!(!hidden(&of(None, Some("CMO"), None)) && !hidden(&of(None, Some("DM-304"), None)) && !hidden(&of(None, None, None)));
        let head = ["PWD".to_owned()];
        assert_eq!(of(Some("PWD"), None, None).sees(ticket("CMO", &head)), Err(Forbidden::Hidden), "the department's own people");
    }

    proptest! {
        /// Whoever sees a ticket by the lists that a search goes by sees it by the rule, and the other way round.
        #[test]
        fn a_search_asks_for_what_the_rule_says(own in any::<prop::sample::Index>(), holder in any::<prop::sample::Index>(), about in any::<prop::sample::Index>(), complains in any::<bool>()) {
            let codes: Vec<_> = offices().all(day()).map(|office| office.code.clone()).collect();
            let scope = of(None, Some(own.get(&codes).as_str()), None);
            let about: Vec<String> = complains.then(|| String::clone(about.get(&codes))).into_iter().collect();
            let holder = holder.get(&codes).as_str();
            let by_lists = scope.offices().is_none_or(|offices| offices.contains(holder)) && !about.iter().any(|o| scope.hidden().contains(o));
            prop_assert_eq!(scope.sees(ticket(holder, &about)).is_ok(), by_lists);
        }
    }
}
