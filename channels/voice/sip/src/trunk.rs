//! Lines to the telephone network: watched by OPTIONS, or by registering out; preferred in their order.

use crate::config::{SipError, TrunkConfig, TrunkStatus};
use crate::outgoing::Route;
use crate::stack::Shared;
use rsipstack::dialog::authenticate::Credential;
use rsipstack::dialog::registration::Registration;
use rsipstack::sip::{Auth, Header, Method, SipMessage, Uri};
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use rsipstack::transaction::transaction::Transaction;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often a trunk is asked whether it is there.
const WATCH_EVERY: Duration = Duration::from_secs(30);
/// How long it may take to answer that.
const WATCH_LIMIT: Duration = Duration::from_secs(5);
/// Registration asked for, in seconds.
const EXPIRES: u32 = 300;

/// A trunk and how it is.
pub(crate) struct Trunk {
    pub(crate) config: TrunkConfig,
    uri: Uri,
    status: Mutex<(bool, String)>,
}

impl Trunk {
    /// From its configuration.
    pub(crate) fn new(config: TrunkConfig) -> Result<Self, SipError> {
        let uri = Uri::try_from(config.uri.as_str()).map_err(|_| SipError::Target(config.uri.clone()))?;
        // Until it is known to be down it is tried: a call is the surest question.
        Ok(Self { config, uri, status: Mutex::new((true, "not asked yet".into())) })
    }

    pub(crate) fn status(&self) -> TrunkStatus {
        let (up, detail) = self.status.lock().unwrap_or_else(PoisonError::into_inner).clone();
        TrunkStatus { name: self.config.name.clone(), up, detail }
    }

    /// Whether an address is this trunk's.
    pub(crate) fn is_at(&self, ip: IpAddr) -> bool {
        self.uri.host_with_port.host.to_string().parse() == Ok(ip)
    }

    /// The route to a number.
    pub(crate) fn route(&self, number: &str) -> Route {
        let mut uri = self.uri.clone();
        uri.auth = Some(Auth { user: number.to_owned(), password: None });
        Route { uri, connection: None, destination: None, credential: self.credential(), shows: self.config.shows.clone() }
    }

    fn credential(&self) -> Option<Credential> {
        let account = self.config.register.as_ref()?;
        Some(Credential { username: account.user.clone(), password: account.password.clone(), realm: None, auth_username: None })
    }

    fn note(&self, up: bool, detail: String) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        if status.0 != up {
            tracing::warn!(event = "sip.trunk_changed", trunk = %self.config.name, up, %detail);
        }
        *status = (up, detail);
    }
}

/// Keeps a trunk's state until the stack ends.
pub(crate) async fn watch(trunk: Arc<Trunk>, shared: Arc<Shared>) {
    let mut registration = trunk.config.register.as_ref().map(|_| Registration::new(shared.endpoint.clone(), trunk.credential()));
    loop {
        let (result, pause) = match &mut registration {
            Some(registration) => register(&trunk, registration).await,
            None => (options(&trunk, &shared).await, WATCH_EVERY),
        };
        match result {
            Ok(detail) => trunk.note(true, detail),
            Err(detail) => trunk.note(false, detail),
        }
        tokio::select! {
            () = shared.cancel.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn register(trunk: &Trunk, registration: &mut Registration) -> (Result<String, String>, Duration) {
    let mut server = trunk.uri.clone();
    server.auth = None;
    let answered = tokio::time::timeout(WATCH_LIMIT * 7, registration.register(server, Some(EXPIRES))).await;
    match answered {
        Ok(Ok(response)) if response.status_code.code() == 200 => {
            let granted = u64::from(registration.expires().max(20));
            (Ok(format!("registered for {granted} s")), Duration::from_secs(granted * 4 / 5))
        }
        Ok(Ok(response)) => (Err(format!("refuses to register us: {}", response.status_code)), WATCH_EVERY),
        Ok(Err(error)) => (Err(format!("cannot be reached: {error}")), WATCH_EVERY),
        Err(_) => (Err("does not answer our registration".into()), WATCH_EVERY),
    }
}

async fn options(trunk: &Trunk, shared: &Arc<Shared>) -> Result<String, String> {
    let asked = tokio::time::timeout(WATCH_LIMIT, ask_options(trunk, shared)).await;
    match asked {
        Ok(Some(status)) if status != 408 && status < 500 => Ok(format!("answers OPTIONS with {status}")),
        Ok(Some(status)) => Err(format!("answers OPTIONS with {status}")),
        Ok(None) | Err(_) => Err("does not answer OPTIONS".into()),
    }
}

async fn ask_options(trunk: &Trunk, shared: &Arc<Shared>) -> Option<u16> {
    let host = shared.host(None);
    let via = shared.endpoint.get_via(None, None).ok()?;
    let headers = vec![
        Header::Via(via.into()),
        Header::CallId(format!("{}@{host}", shared.new_tag()).into()),
        Header::From(format!("<sip:daak@{host}>;tag={}", shared.new_tag()).into()),
        Header::To(format!("<{}>", trunk.uri).into()),
        Header::CSeq("1 OPTIONS".into()),
        Header::MaxForwards(70.into()),
        Header::Contact(shared.contact(None).into()),
        Header::Accept("application/sdp".into()),
    ];
    let request = rsipstack::sip::Request {
        method: Method::Options,
        uri: trunk.uri.clone(),
        headers: headers.into(),
        body: Vec::new(),
        version: rsipstack::sip::Version::V2,
    };
    let key = TransactionKey::from_request(&request, TransactionRole::Client).ok()?;
    let mut transaction = Transaction::new_client(key, request, shared.endpoint.clone(), None);
    transaction.send().await.ok()?;
    while let Some(received) = transaction.receive().await {
        if let SipMessage::Response(response) = received
            && response.status_code.code() >= 200
        {
            return Some(response.status_code.code());
        }
    }
    None
}
