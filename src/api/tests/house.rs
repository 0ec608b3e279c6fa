//! A house for one test: a database in a folder of its own, a door that opens a ticket for everything, people of each role.

use crate::access::{Access, Account, Role, Terms};
use crate::api::masters::{Category, ClosureReason, Department, District, Masters};
use crate::api::people::floor::{AgentView, Attendance, CallView, Floor, Presence, QueueView};
use crate::api::{Joined, Limits, Parts, Rates, Settings, router};
use crate::bus::Bus;
use crate::citizen::{Citizens, CodeTerms, Wishes};
use crate::clock::Clock;
use crate::intake::Steps;
use crate::intelligence::atr::{ActionTaken, Grievance, Judgement, Verifier};
use crate::intelligence::{Emergency, Entities, Understand, Understanding};
use crate::notify::{Notices, Templates};
use crate::store::{Destination, Opening, Store, StoreError, TakeIn};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use daak_domain::Timestamp;
use daak_domain::call::{AfterHours, CallEvent, CallId};
use daak_domain::carrier::Delivery;
use daak_domain::contact::{Channel, Contact, Receipt};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::seam::{BoxFuture, Held, Helpline, Refusal, Standing};
use daak_domain::ticket::{Actor, Closure, Event, EventBody, Number, SlaClass, Ticket};
use daak_testkit::note_taker::Shelf;
use jiff::SignedDuration;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex};
use tower::ServiceExt;

/// The house.
#[allow(dead_code)] // each test looks at its own parts of the house
pub struct House {
    pub router: Router,
    pub access: Access,
    pub bus: Bus,
    pub store: Store,
    codes: tokio::sync::Mutex<Wishes>,
    tokens: Mutex<HashMap<Role, String>>,
    _folder: tempfile::TempDir,
}

/// What came back.
pub struct Answered {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answered {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", String::from_utf8_lossy(&self.body)))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl House {
    pub async fn open() -> Self {
        Self::open_with(|_| ()).await
    }

    pub async fn open_with(change: impl FnOnce(&mut Settings)) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default(); // another test has done it: fine
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_dir(folder.path()).await.expect("a database");
        let terms = Terms {
            idle: SignedDuration::from_mins(60),
            limit: SignedDuration::from_hours(12),
            lock_after: 3,
            lock_for: SignedDuration::from_mins(15),
        };
        let rules = Arc::new(crate::masters::Masters::load(std::path::Path::new("config")).expect("shipped"));
        let access = Access::new(store.clone(), terms).with_offices(rules.clone());
        let (bus, archive) = (Bus::in_process(), Arc::new(Shelf::default()));
        let mut settings = Settings {
            name: "Test".into(),
            jurisdiction: "wb.gov.in".into(),
            telephone: vec!["1000".into()],
            hours: HashMap::from([(Language::En, "always".into())]),
            origins: vec!["https://console.example".into()],
            secure_cookie: false,
            page_puzzle_bits: 10,
            letters: Some(folder.path().join("scans")),
            fonts: "/usr/share/fonts/truetype/noto".into(),
            timezone: jiff::tz::TimeZone::UTC,
            public_url: "https://helpline.example".into(),
            body_limit: 256 * 1024,
            delivery_limit: 256 * 1024,
            attachment_limit: 1024 * 1024,
            loopback_role: None,
            trusted_proxies: Vec::new(),
        };
        change(&mut settings);
        let helpline: Arc<dyn daak_domain::seam::Helpline> = Arc::new(Door(store.clone()));
        let texts = daak_sms::TextDoor::open(helpline.clone(), &folder.path().join("parts"), SignedDuration::from_mins(10));
        let (citizens, codes) = Citizens::new(store.clone(), notices(), TERMS, Clock::system());
        let fields = daak_sms::InboundConfig {
            token: "a token of some length".into(),
            from: "from".into(),
            to: None,
            text: "/text".into(),
            id: Some("id".into()),
            udh: None,
        };
        let parts = Parts::new(Joined {
            helpline,
            desk: Arc::new(Door(store.clone())),
            citizens: Arc::new(citizens),
            store: store.clone(),
            understand: Arc::new(Blank),
            archive,
            access: access.clone(),
            bus: bus.clone(),
            floor: Arc::new(EmptyFloor),
            phones: None,
            page_calls: None,
            masters: masters(),
            insight: crate::insight::Insight::new(store.clone(), rules.clone()),
            rules,
            caller: Arc::new(crate::follow::Caller::new(store.clone(), Clock::system()).expect("a client")),
            figures: Default::default(),
            reports: Arc::new(daak_sms::ReportAddress::new("http://127.0.0.1/hooks/sms/main", b"sixteen bytes and more").expect("valid")),
            texts: Arc::new(texts.expect("a door")),
            inbound: [("carrier".to_owned(), daak_sms::Inbound::new("carrier", fields).expect("valid"))].into(),
            hooks: Arc::new(crate::social::Hooks::new(&[], Arc::new(Door(store.clone())), store.clone(), Arc::new(Shelf::default()))),
            settings,
            limits: Limits::new(Rates {
                sign_in_per_min: 20,
                public_per_min: 20,
                codes_per_address_h: 20,
                codes_per_target_h: 5,
                filings_per_address_h: 100,
                filings_per_target_h: 6,
            }),
        });
        Self { router: router(parts), access, bus, store, codes: codes.into(), tokens: Mutex::default(), _folder: folder }
    }

    /// A person with the password `correct horse`.
    pub async fn person(&self, name: &str, role: Role, department: Option<&str>) {
        let account = Account {
            name: name.into(),
            role,
            department: department.map(Into::into),
            office: None,
            district: None,
            phone: None,
            disabled: false,
        };
        self.access.add(account, "correct horse".into(), Timestamp::now()).await.expect("added");
    }

    /// A person of an office, signed in; the cookie of their session.
    pub async fn officer(&self, name: &str, office: &str) -> String {
        let office = Some(office.to_owned());
        let account =
            Account { name: name.into(), role: Role::Officer, department: None, office, district: None, phone: None, disabled: false };
        self.access.add(account, "correct horse".into(), Timestamp::now()).await.expect("added");
        let opened = self.access.sign_in(name, "correct horse".into(), Timestamp::now()).await.expect("signed in");
        format!("daak_session={}", opened.secret.reveal())
    }

    /// A request with a session's cookie, as the console makes it.
    pub async fn by(&self, cookie: &str, method: Method, path: &str, body: Option<Value>) -> Answered {
        let request = Request::builder().method(method).uri(path).header(header::COOKIE, cookie).header("x-requested-with", "test");
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let body = body.map_or(Body::empty(), |json| Body::from(json.to_string()));
        self.send(request.body(body).expect("a request")).await
    }

    pub async fn token(&self, role: Role) -> String {
        if let Some(known) = self.tokens.lock().expect("no panic while locked").get(&role) {
            return known.clone();
        }
        let token = self.access.new_token(&format!("{role}-1"), role, Timestamp::now()).await.expect("a token").reveal().to_owned();
        self.tokens.lock().expect("no panic while locked").insert(role, token.clone());
        token
    }

    pub async fn send(&self, request: Request<Body>) -> Answered {
        let response = self.router.clone().oneshot(request).await.expect("the router answers");
        let (head, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 64 * 1024 * 1024).await.expect("a body").to_vec();
        Answered { status: head.status, headers: head.headers, body }
    }

    /// A request with a token of this role.
    pub async fn ask(&self, role: Role, method: Method, path: &str, body: Option<Value>) -> Answered {
        let mut request =
            Request::builder().method(method).uri(path).header(header::AUTHORIZATION, format!("Bearer {}", self.token(role).await));
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map_or(Body::empty(), |json| Body::from(json.to_string()));
        self.send(request.body(body).expect("a request")).await
    }

    pub async fn get(&self, role: Role, path: &str) -> Answered {
        self.ask(role, Method::GET, path, None).await
    }

    pub async fn post(&self, role: Role, path: &str, body: Value) -> Answered {
        self.ask(role, Method::POST, path, Some(body)).await
    }

    /// Sends every code that was asked for, and answers the messages that carry them: to whom, and the text as it is sent.
    pub async fn codes(&self) -> Vec<(String, String)> {
        self.codes.lock().await.fulfil_all().await;
        let (now, lease) = (Timestamp::now(), Timestamp::now() + SignedDuration::from_secs(60));
        let due = self.store.outbox_claim(&[Channel::Sms, Channel::Email], now, lease, 200).await.expect("claimed");
        let codes = due.into_iter().filter(|message| message.template == "otp");
        codes.map(|message| (message.to, message.text)).collect()
    }

    /// Where the database lies.
    pub fn folder(&self) -> &Path {
        self._folder.path()
    }

    /// The number of a new ticket with this text.
    pub async fn ticket(&self, text: &str) -> String {
        let body = serde_json::json!({ "channel": "portal", "sender": { "phone": "9830012345", "name": "Rina Das" }, "body": text });
        let taken = self.post(Role::Integration, "/api/v1/contacts", body).await;
        assert_eq!(taken.status, StatusCode::CREATED, "{}", String::from_utf8_lossy(&taken.body));
        taken.json()["ticket"]["number"].as_str().expect("a number").to_owned()
    }
}

fn masters() -> Masters {
    let department =
        |code: &str| Department { code: code.into(), name_en: code.into(), name_bn: code.into(), name_hi: None, emergency_capable: false };
    Masters {
        categories: vec![Category {
            code: "pwd.roads".into(),
            name_en: "Roads".into(),
            name_bn: "রাস্তা".into(),
            name_hi: None,
            department: "PWD".into(),
            scheme: None,
            sla_class: SlaClass::Community,
        }],
        departments: vec![department("PWD"), department("WCD")],
        districts: vec![District { code: "312".into(), name_en: "Hooghly".into(), name_bn: "হুগলি".into(), name_hi: None }],
        canned: Vec::new(),
        dispositions: vec![crate::api::masters::Disposition {
            code: "told".into(),
            name_en: "Told".into(),
            name_bn: "জানানো হয়েছে".into(),
            name_hi: None,
        }],
        closure_reasons: vec![ClosureReason {
            code: "done".into(),
            name_en: "Done".into(),
            name_bn: "হয়েছে".into(),
            name_hi: None,
            evidence: "none",
            evidence_classes: Vec::new(),
            cosign: false,
        }],
    }
}

/// How codes are bounded here.
pub const TERMS: CodeTerms = CodeTerms { minutes: 10, tries: 3, per_hour: 5, session_minutes: 60 };

fn notices() -> Notices {
    let templates = Templates::load(Path::new("config/templates"), "1000", "56070").expect("shipped");
    let masters = crate::masters::Masters::load(Path::new("config")).expect("shipped");
    Notices::new(Arc::new(templates), Arc::new(masters), [Channel::Sms, Channel::Email].into())
}

/// Opens a ticket of the public works for everything.
struct Door(Store);

impl Helpline for Door {
    fn take_in(&self, contact: Contact) -> BoxFuture<'_, Result<Receipt, Refusal>> {
        Box::pin(async move {
            let opening = Opening {
                category: "pwd.roads".into(),
                department: "PWD".into(),
                sla_class: SlaClass::Community,
                emergency: contact.declared_emergency,
                language: contact.language.unwrap_or_default(),
                district: None,
                block: None,
                due_at: contact.received_at + SignedDuration::from_hours(24),
                office: None,
            };
            let new =
                TakeIn { contact, destination: Destination::Open(Box::new(opening)), then: Vec::new(), messages: |_: &Ticket| Vec::new() };
            let taken = self.0.take_in(new).await.map_err(|why| Refusal::Unavailable(why.to_string()))?;
            let ticket = taken.ticket;
            Ok(Receipt {
                number: ticket.number,
                outcome: taken.outcome,
                state: ticket.state,
                category: ticket.category,
                department: ticket.department,
                sla_class: ticket.sla_class,
                emergency: ticket.emergency,
                due_at: ticket.due_at,
            })
        })
    }

    fn hold(&self, held: Held) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async move { self.0.hold(held).await.map_err(|why| Refusal::Unavailable(why.to_string())) })
    }

    fn delivery(&self, _: Delivery) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async { Ok(()) })
    }

    fn look_up(&self, number: Number) -> BoxFuture<'_, Result<Option<Standing>, Refusal>> {
        Box::pin(async move {
            let ticket = self.0.ticket(number).await.map_err(|why| Refusal::Unavailable(why.to_string()))?;
            Ok(ticket.map(|t| Standing {
                number: t.number,
                state: t.state,
                department: t.department,
                registered_at: t.registered_at,
                due_at: t.due_at,
                closed_at: t.closed_at,
            }))
        })
    }

    fn send_sms<'a>(
        &'a self,
        _: &'a str,
        _: &'a PhoneNumber,
        _: Language,
        _: &'a str,
        _: BTreeMap<String, String>,
    ) -> BoxFuture<'a, Result<(), Refusal>> {
        Box::pin(async { Ok(()) })
    }

    fn hours(&self, _: &str, _: Timestamp) -> AfterHours {
        AfterHours::Open
    }

    fn call_event(&self, _: CallId, _: CallEvent) {}

    fn remembered_language<'a>(&'a self, _: &'a PhoneNumber) -> BoxFuture<'a, Option<Language>> {
        Box::pin(async { None })
    }
}

impl Steps for Door {
    fn reopens(&self, ticket: &Ticket, at: Timestamp) -> bool {
        ticket.closed_at.is_some_and(|closed| at.duration_since(closed) <= SignedDuration::from_hours(30 * 24))
    }

    fn channels<'a>(&'a self, _: &'a Ticket) -> BoxFuture<'a, Result<Vec<Channel>, StoreError>> {
        Box::pin(async { Ok(vec![Channel::Sms]) })
    }

    fn settled(&self, contact: Contact, yes: bool) -> BoxFuture<'_, Result<Receipt, Refusal>> {
        let closed = EventBody::Closed { closure: Closure::Confirmed, remarks: "yes".into() };
        let said =
            if yes { closed } else { EventBody::AtrReturned { reason: contact.statement.text().unwrap_or_default().into(), office: None } };
        Box::pin(async move {
            let number = contact.about.expect("it is about a ticket");
            let event = Event { at: contact.received_at, by: Actor::Citizen, body: said };
            self.0.append(number, None, vec![event], |_| Vec::new()).await.map_err(|why| Refusal::Invalid(why.to_string()))?;
            self.take_in(contact).await
        })
    }

    fn append(&self, number: Number, expected_seq: Option<u32>, event: Event) -> BoxFuture<'_, Result<Ticket, StoreError>> {
        Box::pin(async move { self.0.append(number, expected_seq, vec![event], |_| Vec::new()).await })
    }
}

/// Understands nothing.
struct Blank;

impl Understand for Blank {
    fn understand(&self, _: &str, told: Option<Language>) -> Understanding {
        Understanding {
            language: told.unwrap_or_default(),
            romanised: false,
            category: "pwd.roads".into(),
            department: "PWD".into(),
            sla_class: SlaClass::Community,
            confidence: 0.5,
            emergency: Emergency::default(),
            entities: Entities::default(),
            look: false,
            because: Vec::new(),
            alternatives: Vec::new(),
        }
    }

    fn judge(&self, grievance: Grievance<'_>, report: ActionTaken<'_>) -> Judgement {
        Verifier::shipped().expect("the word lists are right").judge(grievance, report, &|_| None)
    }
}

pub struct EmptyFloor;

impl Floor for EmptyFloor {
    fn queues(&self) -> Vec<QueueView> {
        vec![QueueView {
            name: "helpline".into(),
            waiting: 0,
            callbacks: 0,
            expected_wait_s: None,
            longest_since: None,
            ready: 0,
            talking: 0,
        }]
    }

    fn agents(&self) -> Vec<AgentView> {
        Vec::new()
    }

    fn calls(&self) -> Vec<CallView> {
        Vec::new()
    }

    fn desk(&self, _: &str, _: daak_domain::call::CallId, _: daak_domain::call::DeskAct) -> Result<(), String> {
        Err("you do not speak in that call".into())
    }

    fn attend(&self, _: &str, call: daak_domain::call::CallId, _: Attendance) -> Result<(), String> {
        if call.0.is_nil() { Ok(()) } else { Err("no agent speaks in that call now".into()) }
    }

    fn spoke(&self, _: &str, call: daak_domain::call::CallId) -> bool {
        call.0.is_nil()
    }

    fn set_presence(&self, agent: &str, _: Presence, _: Option<&str>) -> Result<(), String> {
        if agent == "rina" { Ok(()) } else { Err(format!("there is no agent {agent}")) }
    }
}
