//! The HTTP side: its settings, its listeners, and connections that are bounded in number and in patience.

use super::AppError;
use crate::api::Settings;
use crate::config::Config;
use crate::observe::event;
use axum::Router;
use axum::extract::ConnectInfo;
use axum::extract::Request;
use daak_domain::language::Language;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// Connections at once; the next wait to be accepted.
const CONNECTIONS: usize = 10_000;
/// A request's head must arrive within this time (and the next request on the connection, too).
const HEAD_LIMIT: Duration = Duration::from_secs(30);
/// How long to wait when the system has no more descriptors to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long requests that are being answered may take when the program ends.
const GRACE: Duration = Duration::from_secs(8);

/// What the configuration says of it.
pub fn settings(config: &Config) -> Settings {
    let http = &config.http;
    let public = http.public_url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
    let local = || http.listen.0.first().map(|address| format!("http://{address}"));
    let public_url = public.clone().or_else(local).unwrap_or_default();
    Settings {
        name: config.helpline.name.clone(),
        jurisdiction: config.public.jurisdiction.clone(),
        telephone: config.helpline.telephone.clone(),
        hours: [Language::Bn, Language::Hi, Language::En].map(|language| (language, config.helpline.hours.to(language).to_owned())).into(),
        secure_cookie: public.as_deref().is_some_and(|url| url.starts_with("https://")),
        origins: http.trusted_origins.iter().cloned().chain(public).collect(),
        page_puzzle_bits: config.voice.page_puzzle_bits,
        body_limit: http.body_limit_kib * 1024,
        delivery_limit: config.social.body_limit_kib * 1024,
        attachment_limit: http.attachment_limit_mib * 1024 * 1024,
        letters: config.letters.inbox.clone(),
        fonts: config.letters.fonts.clone(),
        timezone: jiff::tz::TimeZone::get(&config.helpline.timezone).unwrap_or(jiff::tz::TimeZone::UTC),
        public_url,
        loopback_role: http.loopback_role,
        trusted_proxies: http.trusted_proxies.clone(),
    }
}

/// Listens on every address; answers one line for each.
///
/// # Errors
/// An address that is taken.
pub async fn listen(
    config: &Config,
    router: Router,
    tasks: &mut JoinSet<&'static str>,
    closing: &CancellationToken,
) -> Result<Vec<String>, AppError> {
    let mut lines = Vec::new();
    let turns = Arc::new(Semaphore::new(CONNECTIONS));
    for address in &config.http.listen.0 {
        let refuse = |why| AppError::Listen { what: "HTTP", address: *address, why, key: "http.listen" };
        let listener = TcpListener::bind(address).await.map_err(refuse)?;
        let bound = listener.local_addr().map_err(refuse)?;
        lines.push(format!("http  http://{bound}"));
        tracing::info!(event = event::HTTP_LISTENING, address = %bound);
        tasks.spawn(accept(listener, router.clone(), turns.clone(), closing.clone()));
    }
    Ok(lines)
}

/// Takes connections until the program ends; then waits for what is being answered.
async fn accept(listener: TcpListener, router: Router, turns: Arc<Semaphore>, closing: CancellationToken) -> &'static str {
    let open = TaskTracker::new();
    loop {
        let turn = tokio::select! {
            turn = turns.clone().acquire_owned() => turn,
            () = closing.cancelled() => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = closing.cancelled() => break,
        };
        match (turn, accepted) {
            (Ok(turn), Ok((stream, peer))) => {
                open.spawn(converse(stream, peer, router.clone(), closing.clone(), turn));
            }
            (_, Err(why)) => {
                tracing::warn!(event = event::HTTP_FAILED, %why);
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
            (Err(_), _) => break,
        }
    }
    open.close();
    let _ = tokio::time::timeout(GRACE, open.wait()).await;
    "http"
}

/// One connection, until either side ends it.
async fn converse(stream: TcpStream, peer: SocketAddr, router: Router, closing: CancellationToken, _turn: OwnedSemaphorePermit) {
    let _ = stream.set_nodelay(true);
    let answer = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_LIMIT);
    server.http2().timer(TokioTimer::new()).keep_alive_interval(HEAD_LIMIT).max_concurrent_streams(100);
    let mut connection = pin!(server.serve_connection_with_upgrades(TokioIo::new(stream), answer));
    // How a connection ends is the peer's business: nothing is lost by it.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = closing.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
