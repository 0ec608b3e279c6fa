//! Giving a ticket to an office: which one is meant, and what becomes of its department.

use crate::api::parts::Parts;
use crate::api::problem::{Answer, Problem};
use daak_domain::Timestamp;
use daak_domain::ticket::Ticket;

/// Where a ticket goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Department code.
    pub department: String,
    /// Code of the office.
    pub office: String,
}

/// The office that is meant by a department, an office, or both: a department alone means its head office, and an office of
/// the general administration leaves the ticket in its department.
///
/// # Errors
/// 422 if neither is given, one does not exist today, they do not belong together, or the ticket complains of that office.
pub fn placed(parts: &Parts, ticket: &Ticket, department: Option<String>, office: Option<String>) -> Answer<Placed> {
    let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let (department, office) = (given(department), given(office));
    if let Some(code) = &department {
        parts.masters.know_department(code)?;
    }
    let Some(code) = office.or_else(|| department.clone()) else {
        return Err(Problem::invalid("office: expected the code of an office, or a department: see /api/v1/offices"));
    };
    let day = parts.rules.day(Timestamp::now());
    let offices = &parts.rules.offices;
    let Some(office) = offices.on(&code, day) else {
        let why = if offices.is_known(&code) { "it is closed today" } else { "there is none with this code" };
        return Err(Problem::invalid(format!("office: {why}: see /api/v1/offices")));
    };
    if let (Some(wanted), Some(own)) = (&department, &office.department)
        && wanted != own
    {
        return Err(Problem::invalid(format!("office: {code} belongs to department {own}, not to {wanted}")));
    }
    if offices.line(&code, day).iter().any(|above| ticket.about.contains(&above.code)) {
        return Err(Problem::invalid("office: the ticket complains of this office, or of one above it: give it to another"));
    }
    let department = department.or_else(|| office.department.clone()).unwrap_or_else(|| ticket.department.clone());
    Ok(Placed { department, office: code })
}
