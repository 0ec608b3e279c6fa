//! The citizens' own pages and API: what it is, calling, filing, following. Every page works without scripts.

pub mod call;
pub mod code;
pub mod figures;
mod form;
pub mod grievance;
pub mod home;
pub mod page;
pub mod ticket;
pub mod track;
mod visitor;
mod words;

use super::parts::Parts;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use daak_domain::language::Language;
use daak_domain::ticket::{State, Told};

/// The pages. Forms with files may be as large as a file, and a little.
pub fn pages(attachment_limit: usize) -> Router<Parts> {
    let files = DefaultBodyLimit::max(attachment_limit + 512 * 1024);
    Router::new()
        .route("/", get(home::home))
        .route("/abroad", get(home::abroad))
        .route("/figures", get(figures::figures))
        .route("/file", get(grievance::form).post(grievance::file).layer(files))
        .route("/track", get(track::enter).post(track::ask))
        .route("/track/open", post(track::open))
        .route("/track/leave", post(track::leave))
        .route("/track/{number}", get(track::ticket))
        .route("/track/{number}/say", post(track::say).layer(files))
        .route("/track/{number}/settled", post(track::settled))
        .route("/track/{number}/rate", post(track::rate))
        .route("/public/page.css", get(page::style))
        .route("/public/page.js", get(page::script))
        .route("/public/icon.svg", get(page::icon))
        .route("/call.js", get(call::script))
        .route("/public/v1/call", get(call::call))
}

/// A state, as it is said to citizens.
pub fn state_in_words(state: State, language: Language) -> String {
    words::Words::of(language).state(state)
}

/// What happened, for programs and in words; nothing that anybody wrote is in it.
pub fn kind_in_words(parts: &Parts, told: &Told, language: Language) -> (&'static str, String) {
    ticket::kind_said(parts, told, language)
}

fn language(asked: Option<&str>, accepted: Option<&str>) -> Language {
    let accepted = accepted.into_iter().flat_map(|list| list.split(',')).map(|tag| tag.split(';').next().unwrap_or_default().trim());
    let wanted = asked.into_iter().chain(accepted).find_map(|tag| tag.parse::<Language>().ok());
    wanted.unwrap_or_default().answered_in()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_one_asked_for_or_accepted_or_bengali() {
        assert_eq!(language(Some("en"), Some("hi")), Language::En);
        assert_eq!(language(None, Some("fr-FR, hi;q=0.8, en;q=0.5")), Language::Hi);
        assert_eq!(language(Some("xx"), None), Language::Bn);
    }
}
