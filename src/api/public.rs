//! The public page: what this is, and what number to call. It works without scripts.

pub mod call;
pub mod code;
pub mod ticket;
mod words;

use super::parts::Parts;
use super::problem::{Answer, Problem};
use super::who;
use axum::extract::{Query, Request, State as Joined};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use daak_domain::Timestamp;
use daak_domain::language::Language;
use daak_domain::ticket::Number;
use minijinja::{Environment, context};
use serde::Deserialize;
use std::sync::LazyLock;
use words::Words;

static PAGES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut pages = Environment::new();
    pages.set_auto_escape_callback(|_| minijinja::AutoEscape::Html);
    // A page that does not parse is found by the test below.
    let _ = pages.add_template("page", include_str!("public/page.html"));
    pages
});

/// What the address may say.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    /// Language of the page.
    #[serde(default)]
    lang: Option<String>,
    /// A registration number to look up.
    #[serde(default)]
    number: Option<String>,
}

/// `GET /`.
pub async fn page(
    Joined(parts): Joined<Parts>,
    query: Result<Query<Asked>, axum::extract::rejection::QueryRejection>,
    request: Request,
) -> Answer<Response> {
    let asked = query.map(|Query(asked)| asked).unwrap_or_default();
    let (head, _) = request.into_parts();
    let language = language(asked.lang.as_deref(), head.headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()));
    let standing = match asked.number.as_deref().map(str::trim).filter(|number| !number.is_empty()) {
        None => None,
        Some(number) => {
            parts.limits.public(who::address(&head, &parts))?;
            Some(look_up(&parts, number).await?)
        }
    };
    let (words, settings) = (Words::of(language).page(), &parts.settings);
    let page = PAGES.get_template("page").and_then(|page| {
        page.render(context! {
            lang => language.code(), words => words, standing => standing, number => asked.number.unwrap_or_default(),
            name => settings.name.clone(), telephone => settings.telephone.clone(),
            hours => settings.hours.get(&language).cloned().unwrap_or_default(),
            now => Timestamp::now().to_string(), calls => parts.page_calls.as_ref().is_some_and(|calls| calls.open()),
        })
    });
    match page {
        Ok(page) => Ok((([(header::CACHE_CONTROL, "no-cache")]), Html(page)).into_response()),
        Err(why) => {
            tracing::error!(event = crate::observe::event::HTTP_FAILED, %why);
            Err(Problem::ours())
        }
    }
}

/// What is told to anybody who has a number: its state and its dates, nothing of the matter or the person.
async fn look_up(parts: &Parts, number: &str) -> Answer<minijinja::Value> {
    let Ok(number) = Number::parse(number) else { return Ok(context! { found => false, mistake => true }) };
    let found = parts.helpline.look_up(number).await.map_err(super::contacts::refuse)?;
    Ok(match found {
        None => context! { found => false, mistake => false },
        Some(standing) => context! {
            found => true, grouped => number.grouped(), state => standing.state.as_str(),
            registered => day(standing.registered_at), due => day(standing.due_at), closed => standing.closed_at.map(day),
        },
    })
}

fn day(at: Timestamp) -> String {
    at.in_tz("Asia/Kolkata").map_or_else(|_| at.to_string(), |zoned| zoned.strftime("%d.%m.%Y").to_string())
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
    fn the_page_has_every_word_in_every_language_and_a_script_only_for_calls() {
        for (lang, calls) in Language::SERVED.into_iter().flat_map(|lang| [(lang, true), (lang, false)]) {
            for standing in
                [None, Some(context! { found => true, state => "closed", grouped => "1", registered => "x", due => "y", closed => "z" })]
            {
                let mut strict = PAGES.clone();
                strict.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
                let page = strict
                    .get_template("page")
                    .and_then(|page| {
                        page.render(context! {
                            lang => lang.code(), words => Words::of(lang).page(), standing => standing, number => "<b>", name => "Daak",
                            telephone => ["1000"], hours => "always", now => "now", calls => calls,
                        })
                    })
                    .expect("the page renders");
                assert!(page.len() < 50_000 && page.contains("<script") == calls && !page.contains("<b>"), "{lang}");
                assert!(page.contains(&format!("<html lang=\"{lang}\"")));
            }
        }
    }

    #[test]
    fn the_language_is_the_one_asked_for_or_accepted_or_bengali() {
        assert_eq!(language(Some("en"), Some("hi")), Language::En);
        assert_eq!(language(None, Some("fr-FR, hi;q=0.8, en;q=0.5")), Language::Hi);
        assert_eq!(language(Some("xx"), None), Language::Bn);
    }
}
