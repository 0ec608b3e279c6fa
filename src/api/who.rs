//! Who asks: a bearer token, or a session's cookie that was not sent by somebody else's page.

use super::parts::Parts;
use super::problem::{Answer, Problem};
use crate::access::{Act, Forbidden, Principal, Role, Scope, Sight, may};
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts as Head;
use axum::http::{HeaderMap, Method, header};
use daak_domain::Timestamp;
use daak_domain::ticket::{Number, Ticket};
use std::net::{IpAddr, SocketAddr};

/// The session's cookie.
pub const COOKIE: &str = "daak_session";

/// Whoever asks, recognised.
#[derive(Debug, Clone)]
pub struct Who(pub Principal);

impl Who {
    /// Whether they may do this.
    ///
    /// # Errors
    /// 403 with the missing right; 404 where they may not even know that there is such a ticket.
    pub fn may(&self, act: Act, ticket: Option<&Ticket>) -> Answer<Sight> {
        may(&self.0, act, ticket).map_err(|why| {
            if let (Forbidden::Hidden, Some(ticket)) = (&why, ticket) {
                return no_such_ticket(ticket.number); // nor does the log say that there is one
            }
            tracing::info!(event = crate::observe::event::ACT_REFUSED, name = %self.0.name, role = %self.0.role, act = ?act);
            Problem::forbidden(why.to_string())
        })
    }
}

impl FromRequestParts<Parts> for Who {
    type Rejection = Problem;

    async fn from_request_parts(head: &mut Head, parts: &Parts) -> Result<Self, Problem> {
        if let Some(token) = bearer(&head.headers) {
            let known = parts.access.token(token).await.map_err(|why| store_failed(&why))?;
            return known
                .map(Who)
                .ok_or_else(|| Problem::unknown_person("this token is not known here: make one with `daak token create`"));
        }
        if let Some(shown) = cookie(&head.headers) {
            same_site(head, parts)?;
            let known = parts.access.session(shown, Timestamp::now()).await.map_err(|why| store_failed(&why))?;
            if let Some(principal) = known {
                return Ok(Who(principal));
            }
        }
        match (parts.settings.loopback_role, peer(head)) {
            (Some(role), Some(address)) if address.is_loopback() && !head.headers.contains_key(header::ORIGIN) => Ok(Who(loopback(role))),
            _ => Err(Problem::unknown_person("sign in at /api/v1/session, or send a token as Authorization: Bearer …")),
        }
    }
}

fn loopback(role: Role) -> Principal {
    Principal { name: "loopback".into(), role, scope: Scope::default(), machine: true }
}

/// The answer for a number of which there is no ticket, or none for whoever asks.
pub fn no_such_ticket(number: Number) -> Problem {
    Problem::not_found(format!("there is no ticket {}", number.grouped()))
}

fn store_failed(why: &crate::store::StoreError) -> Problem {
    super::refused_by_store(why)
}

/// The token of `Authorization: Bearer …`.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The session that the cookie names.
pub fn cookie(headers: &HeaderMap) -> Option<&str> {
    cookie_named(headers, COOKIE)
}

/// The value of a cookie.
pub fn cookie_named<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// Refuses a form that another site's page sent. A browser that names no origin is let through: what acts in somebody's name also
/// needs what only our own page can know.
///
/// # Errors
/// 403.
pub fn own_form(head: &Head, parts: &Parts) -> Answer<()> {
    match head.headers.get(header::ORIGIN).map(|origin| origin.to_str()) {
        None => Ok(()),
        Some(Ok(origin)) if is_ours(origin, &head.headers, &parts.settings.origins) => Ok(()),
        Some(_) => Err(Problem::forbidden("this form came from another site's page: open it at its own address")),
    }
}

/// Refuses an act (or a live connection) that another site's page makes with our cookie: its Origin must be ours, and where a browser sends
/// none, a header that no form can set must be there.
///
/// # Errors
/// 403 says what is missing.
pub fn same_site(head: &Head, parts: &Parts) -> Answer<()> {
    let upgrade = head.headers.contains_key(header::UPGRADE);
    if matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS) && !upgrade {
        return Ok(());
    }
    let foreign = || Problem::forbidden("this came from another site's page: open the console at its own address");
    match head.headers.get(header::ORIGIN).map(|origin| origin.to_str()) {
        Some(Ok(origin)) if is_ours(origin, &head.headers, &parts.settings.origins) => Ok(()),
        Some(_) => Err(foreign()),
        None if head.headers.contains_key("x-requested-with") => Ok(()),
        None => Err(Problem::forbidden("with a session's cookie the header X-Requested-With is needed: programs should use a token")),
    }
}

fn is_ours(origin: &str, headers: &HeaderMap, trusted: &[String]) -> bool {
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok());
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    trusted.iter().any(|t| t.trim_end_matches('/') == origin) || (host.is_some() && authority == host)
}

/// The address of the other side of the connection.
fn peer(head: &Head) -> Option<IpAddr> {
    head.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical())
}

/// The address of whoever asks: the peer, or, if that is a trusted proxy, whom it says it speaks for.
pub fn address(head: &Head, parts: &Parts) -> IpAddr {
    let peer = peer(head).unwrap_or(IpAddr::from([127, 0, 0, 1]));
    if !parts.settings.trusted_proxies.contains(&peer) {
        return peer;
    }
    let last = head.headers.get_all("x-forwarded-for").iter().next_back().and_then(|value| value.to_str().ok());
    last.and_then(|list| list.rsplit(',').next()?.trim().parse().ok()).unwrap_or(peer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (axum::http::HeaderName::from_static(name), axum::http::HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn the_cookie_is_found_among_others_and_by_its_whole_name() {
        assert_eq!(cookie(&headers(&[("cookie", "a=1; daak_session=xyz; b=2")])), Some("xyz"));
        assert_eq!(cookie(&headers(&[("cookie", "daak_session2=xyz")])), None);
        assert_eq!(bearer(&headers(&[("authorization", "bearer abc")])), Some("abc"));
        assert_eq!(bearer(&headers(&[("authorization", "Basic abc")])), None);
    }

    #[test]
    fn an_origin_is_ours_only_by_the_host_it_speaks_to_or_by_name() {
        let ours = headers(&[("host", "daak.example:8080")]);
        assert!(is_ours("http://daak.example:8080", &ours, &[]));
        assert!(!is_ours("http://daak.example", &ours, &[]));
        assert!(!is_ours("http://evil.example:8080", &ours, &[]));
        assert!(!is_ours("null", &headers(&[]), &[]));
        assert!(is_ours("https://portal.example", &ours, &["https://portal.example/".into()]));
    }
}
