//! The driver `smpp`: messages are cut into parts, spread over the links, and their receipts matched.

use super::link::{Link, Role};
use super::pdu::{Address, Bind, BindAs, Short, status, tag};
use super::receipt::{self, IdDialect, plain};
use super::tally::{Tally, Verdict};
use crate::alphabet::{self, DefaultAlphabet};
use crate::concat::{self, Concat, UDHI};
use crate::door::{Arrival, Content, TextDoor};
use crate::gateway::{Gateway, Outgoing};
use crate::parts::{self, Encoding};
use daak_domain::Timestamp;
use daak_domain::carrier::{Accepted, SendError};
use daak_domain::seam::{BoxFuture, Helpline, Refusal};
use jiff::SignedDuration;
use serde::Deserialize;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// How an SMS centre is reached.
#[derive(Debug, Clone)]
pub struct SmppConfig {
    /// Addresses, `host:2775`: each gets its links.
    pub addresses: Vec<String>,
    /// Over TLS.
    pub tls: Option<SmppTls>,
    /// One connection for both directions, or two.
    pub binding: Binding,
    /// Links to each address (with a pair, so many of each kind).
    pub links: usize,
    /// `system_id` and password.
    pub bind: Bind,
    /// Messages under way on a link at most.
    pub window: usize,
    /// Messages a second on a link at most.
    pub per_second: u32,
    /// Type and plan of the sender's address; found from its form where left out.
    pub source: Option<(u8, u8)>,
    /// How texts of several parts travel.
    pub long_text: LongText,
    /// What `data_coding` 0 means there.
    pub default_alphabet: DefaultAlphabet,
    /// Whether receipts are asked for.
    pub receipts: bool,
    /// How they write names.
    pub receipt_ids: IdDialect,
    /// Telemarketer id of the registry (TLV 0x1402), where the carrier wants it.
    pub telemarketer: Option<String>,
    /// Seconds without a word after which the link is asked whether it lives.
    pub enquire_s: u64,
    /// Seconds that an answer may take.
    pub answer_s: u64,
}

/// TLS to the SMS centre.
#[derive(Clone)]
pub struct SmppTls(pub Arc<rustls::ClientConfig>);

impl SmppTls {
    /// With the public certificate authorities.
    pub fn public() -> Self {
        let roots = rustls::RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        Self(Arc::new(rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
    }
}

impl std::fmt::Debug for SmppTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SmppTls")
    }
}

/// How links are bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Binding {
    /// One connection sends and receives.
    #[default]
    Transceiver,
    /// One sends, one receives.
    Pair,
}

/// How a text that is too long for one message travels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LongText {
    /// In parts, each with a user data header.
    #[default]
    Udh,
    /// In parts, each with the parameters `sar_*`.
    Sar,
    /// At once, as `message_payload`: the SMS centre cuts it.
    Payload,
}

/// A configuration that no link can be made of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("sms.smpp.{key}: {what}")]
pub struct SmppConfigError {
    /// The key at fault.
    pub key: &'static str,
    /// What is wrong and what to write.
    pub what: String,
}

/// The driver. Its links live until the token it was started with is cancelled.
pub struct SmppGateway {
    shared: Arc<Shared>,
}

/// What links and driver share.
pub(super) struct Shared {
    pub(super) config: SmppConfig,
    pub(super) jobs: tokio::sync::Mutex<mpsc::Receiver<Job>>,
    queue: mpsc::Sender<Job>,
    /// Links that can send now.
    pub(super) bound: AtomicUsize,
    helpline: Arc<dyn Helpline>,
    door: Arc<TextDoor>,
    tally: Mutex<Tally>,
    reference: AtomicU32,
}

/// One unit to submit.
pub(super) struct Job {
    pub(super) short: Short,
    pub(super) answer: oneshot::Sender<Outcome>,
    /// Set before it is written to the network: from then on it may have been taken.
    pub(super) written: Arc<AtomicBool>,
}

/// What came of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Taken, under this name.
    Taken(String),
    /// Refused with this status.
    Refused(u32),
    /// The link broke, or the answer did not come in time.
    Lost,
}

/// Jobs that wait for a link.
const QUEUE: usize = 1_000;
/// The longest that one message may take, all its parts and pauses together.
const PATIENCE: Duration = Duration::from_secs(40);
/// How long a message waits for a link to be bound.
const UNTIL_BOUND: Duration = Duration::from_secs(5);
/// Receipts are waited for so long.
const RECEIPTS_WITHIN: SignedDuration = SignedDuration::from_hours(72);

impl SmppGateway {
    /// Starts the links. `door` gets citizens' messages, `helpline` the receipts.
    ///
    /// # Errors
    /// The first key that is wrong. An SMS centre that cannot be reached is none: its links try again.
    pub fn start(
        config: SmppConfig,
        helpline: Arc<dyn Helpline>,
        door: Arc<TextDoor>,
        closing: &CancellationToken,
    ) -> Result<Self, SmppConfigError> {
        check(&config)?;
        let (queue, jobs) = mpsc::channel(QUEUE);
        let shared = Arc::new(Shared {
            tally: Mutex::new(Tally::new(config.receipt_ids)),
            jobs: tokio::sync::Mutex::new(jobs),
            queue,
            bound: AtomicUsize::new(0),
            helpline,
            door,
            reference: AtomicU32::new(u32::from(std::process::id() as u16) ^ Timestamp::now().subsec_nanosecond().unsigned_abs()),
            config,
        });
        let roles: &[Role] = match shared.config.binding {
            Binding::Transceiver => &[Role { bind: BindAs::Transceiver, sends: true }],
            Binding::Pair => &[Role { bind: BindAs::Transmitter, sends: true }, Role { bind: BindAs::Receiver, sends: false }],
        };
        for address in &shared.config.addresses {
            for role in roles.iter().cycle().take(roles.len() * shared.config.links) {
                tokio::spawn(Link::new(shared.clone(), address.clone(), *role).live(closing.clone()));
            }
        }
        Ok(Self { shared })
    }

    /// Links that can send now.
    pub fn bound(&self) -> usize {
        self.shared.bound.load(Ordering::Relaxed)
    }

    async fn send_all(&self, message: &Outgoing) -> Result<Accepted, SendError> {
        let shared = &self.shared;
        let until = Instant::now() + PATIENCE;
        self.until_bound().await?;
        let units = shared.cut(message);
        let of = units.len();
        let mut last = String::new();
        for (n, short) in units.into_iter().enumerate() {
            // What was taken before cannot be called back: a second sending repeats it.
            let id = shared.submit(short, until).await.map_err(|why| SendError { uncertain: why.uncertain || n > 0, ..why })?;
            if shared.config.receipts {
                let now = Timestamp::now();
                let early = shared.tally().taken(&id, &message.key, message.to.as_str(), of, now);
                if let Some(delivery) = early {
                    let _ = shared.helpline.delivery(delivery).await;
                }
            }
            last = plain(&id);
        }
        Ok(Accepted { carrier_id: last, parts: parts::count(&message.text).parts, reports: shared.config.receipts })
    }

    async fn until_bound(&self) -> Result<(), SendError> {
        let until = Instant::now() + UNTIL_BOUND;
        while self.bound() == 0 {
            if Instant::now() >= until {
                return Err(SendError::later("no link to the SMS centre is up: check that it runs, and user and password in sms.smpp"));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

impl Gateway for SmppGateway {
    fn send<'a>(&'a self, message: &'a Outgoing) -> BoxFuture<'a, Result<Accepted, SendError>> {
        Box::pin(self.send_all(message))
    }

    fn patience(&self) -> Duration {
        PATIENCE + UNTIL_BOUND
    }

    fn driver(&self) -> &'static str {
        "smpp"
    }
}

impl Shared {
    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The units of a message, one for each part.
    fn cut(&self, message: &Outgoing) -> Vec<Short> {
        let (encoding, pieces) = (Encoding::of(&message.text), parts::split(&message.text));
        let base = self.frame(message, encoding);
        let total = u8::try_from(pieces.len()).unwrap_or(u8::MAX);
        if total <= 1 {
            return vec![Short { octets: alphabet::encode(&message.text, encoding), ..base }];
        }
        if self.config.long_text == LongText::Payload {
            let mut short = base;
            short.tlvs.push((tag::MESSAGE_PAYLOAD, alphabet::encode(&message.text, encoding)));
            return vec![short];
        }
        let reference = self.reference.fetch_add(1, Ordering::Relaxed) as u16;
        let sar = self.config.long_text == LongText::Sar;
        let part = |(n, piece): (u8, &&str)| {
            let place = Concat { reference, total, part: n };
            let mut short = Short { octets: alphabet::encode(piece, encoding), ..base.clone() };
            if sar {
                short.tlvs.extend(place.sar());
            } else {
                short.esm_class |= UDHI;
                short.octets = [&place.header()[..], &short.octets].concat();
            }
            short
        };
        (1..=total).zip(&pieces).map(part).collect()
    }

    fn frame(&self, message: &Outgoing, encoding: Encoding) -> Short {
        let config = &self.config;
        let (ton, npi) = config.source.unwrap_or_else(|| kind_of(&message.sender));
        let mut tlvs = Vec::new();
        let registry = [
            (tag::DLT_ENTITY, &message.entity_id),
            (tag::DLT_TEMPLATE, &message.template_id),
            (tag::DLT_TELEMARKETER, &config.telemarketer),
        ];
        for (tag, value) in registry {
            tlvs.extend(value.as_ref().map(|text| (tag, text.clone().into_bytes())));
        }
        Short {
            source: Address { ton, npi, text: message.sender.clone() },
            destination: Address { ton: 1, npi: 1, text: message.to.as_str().trim_start_matches('+').to_owned() },
            registered_delivery: u8::from(config.receipts),
            data_coding: if encoding == Encoding::Gsm7 { 0 } else { 8 },
            tlvs,
            ..Short::default()
        }
    }

    /// Submits one unit, again while the SMS centre only says that it has too much.
    async fn submit(&self, short: Short, until: Instant) -> Result<String, SendError> {
        loop {
            let (answer, answered) = oneshot::channel();
            let written = Arc::new(AtomicBool::new(false));
            let job = Job { short: short.clone(), answer, written: written.clone() };
            let left = until.saturating_duration_since(Instant::now());
            if tokio::time::timeout(left, self.queue.send(job)).await.is_err() {
                return Err(SendError::later("too many messages wait for the SMS centre"));
            }
            let outcome = tokio::time::timeout(until.saturating_duration_since(Instant::now()), answered).await;
            match outcome {
                Ok(Ok(Outcome::Taken(id))) => return Ok(id),
                Ok(Ok(Outcome::Refused(status::THROTTLED | status::QUEUE_FULL))) if Instant::now() < until => {}
                Ok(Ok(Outcome::Refused(code))) => return Err(refused(code)),
                Ok(Ok(Outcome::Lost)) => return Err(SendError::unknown("the link to the SMS centre broke before its answer")),
                // The receiver is dropped: a link that has not written the job will see that, one that has is told of here.
                Ok(Err(_)) | Err(_) if written.load(Ordering::SeqCst) => {
                    return Err(SendError::unknown("the SMS centre did not answer in time"));
                }
                Ok(Err(_)) | Err(_) => return Err(SendError::later("no link to the SMS centre was free in time")),
            }
        }
    }

    /// Takes what the SMS centre delivers; answers with the status for its answer.
    pub(super) async fn delivered(&self, short: Short) -> u32 {
        let taken = if receipt::is_receipt(&short) { self.reported(&short).await } else { self.arrived(short).await };
        match taken {
            Ok(()) => status::OK,
            Err(Refusal::Invalid(_)) => status::OK,
            Err(Refusal::Unavailable(why)) => {
                tracing::warn!(event = "sms.not_taken_in", %why);
                status::TEMPORARY_ERROR
            }
        }
    }

    async fn reported(&self, short: &Short) -> Result<(), Refusal> {
        let Some(receipt) = receipt::read(short) else {
            tracing::warn!(event = "sms.receipt_unreadable", "a delivery receipt names no message");
            return Ok(());
        };
        let verdict = {
            let mut tally = self.tally();
            tally.forget_before(Timestamp::now().checked_sub(RECEIPTS_WITHIN).unwrap_or(Timestamp::MIN));
            tally.receipt(&receipt)
        };
        match verdict {
            Verdict::Nothing => Ok(()),
            Verdict::Tell(delivery) | Verdict::Stranger(delivery) => self.helpline.delivery(delivery).await,
        }
    }

    async fn arrived(&self, short: Short) -> Result<(), Refusal> {
        let (place, octets) = concat::place(&short);
        let content = match alphabet::decode(octets, short.data_coding, self.config.default_alphabet) {
            Some(units) => Content::Units(units),
            None => Content::Binary(octets.to_vec()),
        };
        let arrival = Arrival {
            id: None,
            from: short.source.text.clone(),
            to: short.destination.text.clone(),
            place,
            content,
            received_at: Timestamp::now(),
        };
        self.door.arrive(arrival).await
    }
}

/// What a refusal means for the message.
fn refused(code: u32) -> SendError {
    match code {
        status::THROTTLED | status::QUEUE_FULL => {
            SendError { after: Some(Duration::from_secs(30)), ..SendError::later("the SMS centre has too much to do") }
        }
        status::INVALID_SOURCE => SendError::never("the SMS centre does not know our sender header: register it, or correct sms.sender"),
        status::INVALID_DESTINATION => SendError::never("the SMS centre does not take this number"),
        0x01..=0x08 | 0x0d..=0x0f | 0x45 | 0x64 | 0x65 => SendError::later(format!("the SMS centre failed (status {code:#x})")),
        _ => SendError::never(format!(
            "the SMS centre refused the message (status {code:#x}): ask the carrier, the registry (DLT) may not fit"
        )),
    }
}

/// Type and plan of a sender: a name, a short code, or a number.
fn kind_of(sender: &str) -> (u8, u8) {
    let digits = sender.trim_start_matches('+');
    match digits.bytes().all(|b| b.is_ascii_digit()) {
        false => (5, 0),
        true if digits.len() < 8 => (3, 0),
        true => (1, 1),
    }
}

fn check(config: &SmppConfig) -> Result<(), SmppConfigError> {
    let demand = |holds: bool, key, what: &str| if holds { Ok(()) } else { Err(SmppConfigError { key, what: what.to_owned() }) };
    let addressed = |a: &String| a.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    demand(
        !config.addresses.is_empty() && config.addresses.iter().all(addressed),
        "address",
        "expected host:port, such as \"smsc.example:2775\"",
    )?;
    demand((1..=15).contains(&config.bind.system_id.len()), "user", "expected 1 to 15 characters")?;
    demand(config.bind.system_type.len() <= 12, "system_type", "expected at most 12 characters")?;
    demand((1..=16).contains(&config.links), "links", "expected 1 to 16")?;
    demand((1..=1_000).contains(&config.window), "window", "expected 1 to 1000")?;
    demand((1..=10_000).contains(&config.per_second), "per_second", "expected 1 to 10000")?;
    demand((5..=600).contains(&config.enquire_s), "enquire_s", "expected 5 to 600 seconds")?;
    demand((1..=30).contains(&config.answer_s), "answer_s", "expected 1 to 30 seconds")
}
