//! `GET /`: the number to call, what happened to my complaint, filing one. `GET /abroad`: the same by another clock.

use super::page::Page;
use super::visitor::Visitor;
use super::words::Words;
use crate::api::masters::in_language;
use crate::api::parts::Parts;
use axum::extract::{Request, State as Joined};
use axum::response::Response;
use daak_domain::Timestamp;
use daak_domain::country::Country;
use daak_domain::language::Language;
use jiff::tz::TimeZone;
use minijinja::{Value, context};

/// The calendar of the lines, by name.
const LINES: &str = "helpline";

/// `GET /`.
pub async fn home(Joined(parts): Joined<Parts>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    let visitor = Visitor::of(&head, &parts);
    let calls = parts.page_calls.as_ref().is_some_and(|calls| calls.open());
    let opens = visitor.zone.as_ref().and_then(|(_, zone)| opens(&parts, zone));
    let title = Words::of(visitor.language).get("file", "title");
    Page::of(&parts, &visitor).calls(calls).show("home", title, context! { opens })
}

/// `GET /abroad?country=&zone=`.
pub async fn abroad(Joined(parts): Joined<Parts>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    let mut visitor = Visitor::of(&head, &parts);
    let chosen = visitor.asked.get("country").and_then(|code| parts.rules.countries.iter().find(|country| country.code == *code));
    let zone = chosen.and_then(|country| {
        let wanted = visitor.zone.as_ref().map(|(name, _)| name).filter(|name| country.zones.contains(name));
        wanted.or(country.zones.first()).cloned()
    });
    let (code, zones) = chosen.map_or((String::new(), Vec::new()), |country| (country.code.clone(), country.zones.clone()));
    if let Some(name) = &zone {
        visitor.remember_zone(name);
    }
    let opens = zone.as_deref().and_then(|name| TimeZone::get(name).ok()).and_then(|zone| opens(&parts, &zone));
    let zones = if zones.len() > 1 { zones } else { Vec::new() };
    let values = context! { countries => countries(&parts, visitor.language), chosen => code, zones, in_zone => zone, opens };
    let title = Words::of(visitor.language).get("abroad", "title");
    Page::of(&parts, &visitor).show("abroad", title, values)
}

/// The countries, to choose from.
pub fn countries(parts: &Parts, language: Language) -> Vec<Value> {
    let name = |country: &Country| in_language((&country.name_bn, Some(&country.name_hi), &country.name_en), language).to_owned();
    parts.rules.countries.iter().map(|country| context! { code => country.code.clone(), name => name(country) }).collect()
}

/// When somebody answers, now or next, by this clock.
fn opens(parts: &Parts, zone: &TimeZone) -> Option<String> {
    let (from, to) = parts.rules.calendars.get(LINES)?.next_hours(Timestamp::now())?;
    let shown = |at: Timestamp, form: &str| at.to_zoned_datetime(zone.clone()).strftime(form).to_string();
    let ends = if shown(from, "%d.%m.%Y") == shown(to, "%d.%m.%Y") { shown(to, "%H:%M") } else { shown(to, "%d.%m.%Y %H:%M") };
    Some(format!("{} – {ends}", shown(from, "%d.%m.%Y %H:%M")))
}
