//! The report, as a page to be printed or as a PDF.

use super::{Filters, refused};
use crate::access::Act;
use crate::api::extract::Query;
use crate::api::parts::Parts;
use crate::api::problem::{Answer, Problem};
use crate::api::who::Who;
use crate::insight::report;
use axum::extract::State as Joined;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use daak_domain::Timestamp;
use daak_domain::insight::Day;
use daak_domain::language::Language;
use daak_letter::paper::{Fonts, PaperError};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which report.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// A month, such as 2026-10; the last whole month where neither it nor `from` is given.
    pub month: Option<String>,
    /// html or pdf; html where absent.
    pub format: Option<String>,
    /// bn, hi or en; bn where absent.
    pub language: Option<String>,
}

/// The report on a month, or on any period: sentences, each with its table.
#[utoipa::path(
    get, path = "/api/v1/insight/report", tag = "insight", params(Filters, Wanted),
    responses(
        (status = 200, description = "A page or a PDF", body = String, content_type = "text/html"),
        (status = 422, description = "A value is wrong", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The fonts are missing", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn report(
    Joined(parts): Joined<Parts>,
    who: Who,
    Query(mut filters): Query<Filters>,
    Query(wanted): Query<Wanted>,
) -> Answer<Response> {
    who.may(Act::ReadMeasures, None)?;
    let language = match wanted.language.as_deref().unwrap_or("bn") {
        "bn" | "" => Language::Bn,
        "hi" => Language::Hi,
        "en" => Language::En,
        _ => return Err(Problem::invalid("language: expected bn, hi or en")),
    };
    let as_pdf = match wanted.format.as_deref().unwrap_or("html") {
        "html" | "" => false,
        "pdf" => true,
        _ => return Err(Problem::invalid("format: expected html or pdf")),
    };
    if filters.from.is_none() {
        let (from, to) = month(wanted.month.as_deref())?;
        (filters.from, filters.to) = (Some(from.to_string()), Some(to.to_string()));
    }
    let asked = filters.question(&who)?;
    let made = parts.insight.report(&asked, language).await.map_err(|why| refused(&why))?;
    if !as_pdf {
        return Ok(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], report::html(&made)).into_response());
    }
    let folder = parts.settings.fonts.clone();
    let set = move || report::pdf(&made, &Fonts::load(&folder).map_err(PaperError::from)?);
    match tokio::task::spawn_blocking(set).await {
        Ok(Ok(pdf)) => {
            let named = format!("inline; filename=\"daak-{}.pdf\"", asked.period.from);
            Ok(([(header::CONTENT_TYPE, "application/pdf".to_owned()), (header::CONTENT_DISPOSITION, named)], pdf).into_response())
        }
        Ok(Err(why)) => {
            tracing::error!(event = crate::observe::event::HTTP_FAILED, %why);
            Err(Problem::unavailable(why.to_string()))
        }
        Err(_) => Err(Problem::ours()),
    }
}

/// First and last day of a month.
fn month(text: Option<&str>) -> Answer<(Day, Day)> {
    let first = match text.filter(|text| !text.is_empty()) {
        None => Day::of(Timestamp::now()).month().plus(-1).month(),
        Some(text) => format!("{text}-01").parse().map_err(|_| Problem::invalid("month: expected one such as 2026-10"))?,
    };
    Ok((first, first.next_month().plus(-1)))
}
