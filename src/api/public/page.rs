//! The public pages: server-rendered, one column, nothing from elsewhere, nothing that needs a script.

use super::visitor::Visitor;
use super::words::Words;
use crate::api::parts::Parts;
use crate::api::problem::Problem;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use minijinja::{Environment, Value, context};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// Every template, by name.
const TEMPLATES: [(&str, &str); 10] = [
    ("page", include_str!("page.html")),
    ("home", include_str!("home.html")),
    ("where", include_str!("where.html")),
    ("grievance", include_str!("grievance.html")),
    ("filed", include_str!("filed.html")),
    ("track", include_str!("track.html")),
    ("own", include_str!("own.html")),
    ("ticket", include_str!("ticket.html")),
    ("abroad", include_str!("abroad.html")),
    ("message", include_str!("message.html")),
];
const FIGURES: &str = include_str!("figures.html");
const CSS: &str = include_str!("page.css");
const JS: &str = include_str!("page.js");

static PAGES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut pages = Environment::new();
    pages.set_auto_escape_callback(|_| minijinja::AutoEscape::Html);
    pages.set_undefined_behavior(minijinja::UndefinedBehavior::Chainable);
    // A page that does not parse, and a word that is not there, are found by the tests below.
    for (name, source) in TEMPLATES.into_iter().chain([("figures", FIGURES)]) {
        let _ = pages.add_template(name, source);
    }
    pages
});

/// Style and script have addresses that change with them, so that browsers may keep them.
static STYLE: LazyLock<String> = LazyLock::new(|| format!("/public/page.css?{}", version(CSS)));
static SCRIPT: LazyLock<String> = LazyLock::new(|| format!("/public/page.js?{}", version(JS)));

fn version(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes())[..6])
}

/// Nothing but our own style, script and forms; calls need a connection and a microphone.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; media-src 'self' blob:; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page to be shown.
pub struct Page<'a> {
    parts: &'a Parts,
    visitor: &'a Visitor,
    status: StatusCode,
    here: String,
    cookies: Vec<String>,
    calls: bool,
}

impl<'a> Page<'a> {
    /// For this visitor.
    pub fn of(parts: &'a Parts, visitor: &'a Visitor) -> Self {
        Self { parts, visitor, status: StatusCode::OK, here: visitor.here(), cookies: visitor.chosen.clone(), calls: false }
    }

    /// With another status.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The address that shows this page again in another language, where it was not asked for by its own address.
    #[must_use]
    pub fn at(mut self, path: &str) -> Self {
        self.here = format!("{path}?");
        self
    }

    /// The same, where the address asks something already.
    #[must_use]
    pub fn at_exactly(mut self, here: String) -> Self {
        self.here = here;
        self
    }

    /// With the script that calls.
    #[must_use]
    pub fn calls(mut self, calls: bool) -> Self {
        self.calls = calls;
        self
    }

    /// With one more cookie.
    #[must_use]
    pub fn cookie(mut self, line: String) -> Self {
        self.cookies.push(line);
        self
    }

    /// Renders `template` with its values inside the frame.
    pub fn show(self, template: &str, title: &str, values: Value) -> Response {
        match self.rendered(template, title, values) {
            Ok(html) => {
                let mut response = (self.status, Html(html)).into_response();
                let headers = response.headers_mut();
                headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
                headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
                headers.insert(header::VARY, HeaderValue::from_static("Accept-Language, Cookie"));
                append_cookies(headers, &self.cookies);
                response
            }
            Err(why) => {
                tracing::error!(event = crate::observe::event::HTTP_FAILED, %why);
                Problem::ours().into_response()
            }
        }
    }

    fn rendered(&self, template: &str, title: &str, values: Value) -> Result<String, minijinja::Error> {
        let (settings, language) = (&self.parts.settings, self.visitor.language);
        let common = context! {
            lang => language.code(), words => Words::of(language).page(), name => settings.name.clone(), telephone => settings.telephone.clone(),
            hours => settings.hours.get(&language), large => self.visitor.large, title, calls => self.calls,
        };
        render(template, &self.here, common, values)
    }
}

fn render(template: &str, here: &str, common: Value, values: Value) -> Result<String, minijinja::Error> {
    let body = PAGES.get_template(template)?.render(context! { ..values, ..common.clone() })?;
    let body = Value::from_safe_string(body);
    PAGES.get_template("page")?.render(context! { body, here, style => STYLE.clone(), script => SCRIPT.clone(), ..common })
}

/// A short page that says one thing.
pub fn message(parts: &Parts, visitor: &Visitor, status: StatusCode, says: &str, back: &str) -> Response {
    let title = Words::of(visitor.language).get("track", "title");
    Page::of(parts, visitor).at(back).status(status).show("message", title, context! { says, back })
}

/// Leads on to another page after a form was done.
pub fn see(path: &str, cookies: &[String]) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(path) = HeaderValue::from_str(path) {
        response.headers_mut().insert(header::LOCATION, path);
    }
    append_cookies(response.headers_mut(), cookies);
    response
}

fn append_cookies(headers: &mut HeaderMap, cookies: &[String]) {
    for line in cookies.iter().filter_map(|line| HeaderValue::from_str(line).ok()) {
        headers.append(header::SET_COOKIE, line);
    }
}

/// `GET /public/page.css`.
pub async fn style() -> Response {
    kept("text/css; charset=utf-8", CSS)
}

/// `GET /public/page.js`.
pub async fn script() -> Response {
    kept("text/javascript; charset=utf-8", JS)
}

/// `GET /public/icon.svg`.
pub async fn icon() -> Response {
    kept("image/svg+xml", include_str!("icon.svg"))
}

fn kept(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use daak_domain::language::Language;

    #[test]
    fn every_page_renders_in_every_language_and_all_of_the_first_is_light() {
        for language in Language::SERVED {
            let common = context! {
                lang => language.code(), words => Words::of(language).page(), name => "Daak", telephone => ["1000"], hours => "always",
                large => false, title => "x", calls => true,
            };
            for (name, _) in TEMPLATES.iter().filter(|(name, _)| *name != "page") {
                let page = render(name, "/?", common.clone(), context! {}).expect(name);
                assert!(page.contains(&format!("<html lang=\"{language}\"")), "{name}");
            }
            let first = render("home", "/?", common, context! {}).expect("it renders");
            let all = first.len() + CSS.len() + JS.len() + include_str!("call.js").len();
            assert!(all < 50_000, "{all} bytes");
        }
    }

    #[test]
    fn every_word_that_a_page_asks_for_is_there() {
        let words = Words::of(Language::En).page();
        for (name, source) in TEMPLATES.into_iter().chain([("figures", FIGURES)]) {
            for asked in source.split("words.").skip(1) {
                let path: String = asked.chars().take_while(|c| c.is_ascii_lowercase() || matches!(c, '_' | '.')).collect();
                let found = path.split('.').try_fold(words.clone(), |at, part| at.get_attr(part).ok().filter(|next| !next.is_undefined()));
                assert!(found.is_some(), "{name}: words.{path}");
            }
        }
    }

    #[test]
    fn what_a_citizen_wrote_is_text_wherever_it_stands() {
        let evil = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'";
        let given = context! { text => evil, name => evil, phone => evil, email => evil, lat => evil, lon => evil, block => evil };
        let step = context! { at => evil, says => evil, text => evil };
        let ticket = context! { number => evil, grouped => evil, about => evil, says => evil, with => evil, registered => evil };
        let values = context! {
            given, known => evil, challenge => evil, wrong => evil, steps => [step], ticket, question => evil, done => evil, says => evil,
            form => evil, key => evil, number => evil, tickets => [context! { about => evil, says => evil, number => evil }],
            can => context! { say => true, answer => true, settle => true, reopen => true, rate => true },
        };
        let common = context! { lang => "en", words => Words::of(Language::En).page(), title => evil, name => "Daak" };
        for (name, _) in TEMPLATES.iter().filter(|(name, _)| *name != "page") {
            let page = render(name, "/?", common.clone(), values.clone()).expect(name);
            assert!(!page.contains("<script>") && !page.contains("<img"), "{name}");
        }
    }
}
