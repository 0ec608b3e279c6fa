//! Hooks of carriers: delivery reports. Nothing unsigned is believed.

use super::parts::Parts;
use super::problem::{Answer, Problem};
use crate::clock::Clock;
use crate::notify::{Courier, ReportRefusal};
use axum::extract::{Path, RawQuery, State as Joined};
use axum::http::StatusCode;

/// A delivery report of an SMS, as the address that we gave the carrier says.
pub async fn sms(Joined(parts): Joined<Parts>, Path(account): Path<String>, RawQuery(query): RawQuery) -> Answer<StatusCode> {
    if account != "main" {
        return Err(Problem::not_found("there is no such account"));
    }
    match Courier::reported(&parts.store, &parts.reports, &query.unwrap_or_default(), &Clock::system()).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(ReportRefusal::NotBelieved(why)) => Err(Problem::forbidden(why.to_string())),
        Err(ReportRefusal::Store(why)) => Err(super::refused_by_store(&why)),
    }
}
