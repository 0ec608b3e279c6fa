//! The life of one connection to an SMS centre: connect, bind, work, and again with a growing pause when it ends.

use super::gateway::{Job, Outcome, Shared};
use super::pace::Pace;
use super::pdu::{self, BindAs, Body, Malformed, Pdu, Short, status};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What a connection is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Role {
    pub(super) bind: BindAs,
    /// It takes messages to submit.
    pub(super) sends: bool,
}

/// One link.
pub(super) struct Link {
    shared: Arc<Shared>,
    address: String,
    role: Role,
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("it cannot be reached: {0}")]
    Connect(String),
    #[error("it refused to bind (status {0:#x}): check user, password and system_type in sms.smpp")]
    Bind(u32),
    #[error("it does not answer")]
    Silent,
    #[error("it closed the connection")]
    Closed,
    #[error("it unbound us")]
    Unbound,
    #[error("{0}")]
    Broken(String),
    #[error("the program ends")]
    Closing,
}

/// The first pause before another try; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A connection that lived so long begins anew with the first pause.
const LIVED: Duration = Duration::from_secs(60);
/// How long connecting, binding and writing may take.
const LIMIT: Duration = Duration::from_secs(10);
/// Units of the SMS centre that are being worked on at most; further ones are answered "throttled".
const AT_ONCE: usize = 500;
/// Octets read at a time.
const CHUNK: usize = 16 * 1024;

impl Link {
    pub(super) fn new(shared: Arc<Shared>, address: String, role: Role) -> Self {
        Self { shared, address, role }
    }

    /// Keeps the link up until `closing`.
    pub(super) async fn live(self, closing: CancellationToken) {
        let mut pause = FIRST_PAUSE;
        while !closing.is_cancelled() {
            let began = Instant::now();
            let ended = self.connect(&closing).await;
            if matches!(ended, Ended::Closing) {
                return;
            }
            tracing::warn!(event = "sms.link_down", address = %self.address, why = %ended);
            pause = if began.elapsed() > LIVED { FIRST_PAUSE } else { pause };
            tokio::select! {
                () = closing.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn connect(&self, closing: &CancellationToken) -> Ended {
        let connected = tokio::time::timeout(LIMIT, TcpStream::connect(&self.address)).await;
        let socket = match connected {
            Ok(Ok(socket)) => socket,
            Ok(Err(why)) => return Ended::Connect(why.to_string()),
            Err(_) => return Ended::Connect("no answer".into()),
        };
        let _ = socket.set_nodelay(true);
        let Some(tls) = &self.shared.config.tls else { return self.work(socket, closing).await };
        let host = self.address.rsplit_once(':').map_or("", |(host, _)| host).to_owned();
        let Ok(name) = rustls::pki_types::ServerName::try_from(host) else {
            return Ended::Connect("its name is no name of a server".into());
        };
        match tokio::time::timeout(LIMIT, tokio_rustls::TlsConnector::from(tls.0.clone()).connect(name, socket)).await {
            Ok(Ok(socket)) => self.work(socket, closing).await,
            Ok(Err(why)) => Ended::Connect(why.to_string()),
            Err(_) => Ended::Connect("no answer to the TLS handshake".into()),
        }
    }

    async fn work(&self, socket: impl AsyncRead + AsyncWrite + Unpin, closing: &CancellationToken) -> Ended {
        let mut connection = Connection::new(socket, self);
        let bound = connection.bind().await;
        let ended = match bound {
            Err(ended) => return ended,
            Ok(()) => {
                tracing::info!(event = "sms.link_up", address = %self.address);
                if self.role.sends {
                    self.shared.bound.fetch_add(1, Ordering::Relaxed);
                }
                let ended = connection.run(closing).await;
                if self.role.sends {
                    self.shared.bound.fetch_sub(1, Ordering::Relaxed);
                }
                ended
            }
        };
        for (_, waiting) in connection.pending.drain() {
            let _ = waiting.job.answer.send(Outcome::Lost);
        }
        ended
    }
}

struct Waiting {
    job: Job,
    since: Instant,
}

struct Connection<'a, S> {
    link: &'a Link,
    socket: S,
    input: Vec<u8>,
    output: Vec<u8>,
    sequence: u32,
    pending: HashMap<u32, Waiting>,
    pace: Pace,
    /// Citizens' messages and receipts being taken in: their sequence numbers, whether `data_sm`, and the status to answer.
    taking: JoinSet<(u32, bool, u32)>,
    heard: Instant,
    enquired: Option<Instant>,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Connection<'a, S> {
    fn new(socket: S, link: &'a Link) -> Self {
        let now = Instant::now();
        let pace = Pace::new(link.shared.config.per_second, now);
        Self {
            link,
            socket,
            input: Vec::new(),
            output: Vec::new(),
            sequence: 0,
            pending: HashMap::new(),
            pace,
            taking: JoinSet::new(),
            heard: now,
            enquired: None,
        }
    }

    async fn bind(&mut self) -> Result<(), Ended> {
        let who = self.link.shared.config.bind.clone();
        self.request(Body::Bind(self.link.role.bind, who));
        self.flush().await?;
        let answer = tokio::time::timeout(LIMIT, async {
            loop {
                self.read().await?;
                match pdu::take(&mut self.input) {
                    Ok(Some(Pdu { body: Body::BindResp(..) | Body::Nack, status, .. })) => return Ok(status),
                    Ok(_) => {}
                    Err(why) => return Err(Ended::Broken(why.to_string())),
                }
            }
        });
        match answer.await {
            Ok(Ok(status::OK)) => Ok(()),
            Ok(Ok(refused)) => Err(Ended::Bind(refused)),
            Ok(Err(ended)) => Err(ended),
            Err(_) => Err(Ended::Silent),
        }
    }

    async fn run(&mut self, closing: &CancellationToken) -> Ended {
        loop {
            let now = Instant::now();
            if let Err(ended) = self.look_around(now).await {
                return ended;
            }
            let wait = self.pace.wait(now);
            let may_send = self.link.role.sends && wait.is_none() && self.pending.len() < self.link.shared.config.window;
            let wake = self.next_look(now, wait);
            let happened = tokio::select! {
                biased;
                () = closing.cancelled() => return self.part().await,
                read = read_some(&mut self.socket, &mut self.input) => Happened::Read(read),
                Some(Ok(taken)) = self.taking.join_next() => Happened::Taken(taken),
                job = next_job(&self.link.shared), if may_send => Happened::Job(job),
                () = tokio::time::sleep_until(wake.into()) => Happened::Nothing,
            };
            let went_well = match happened {
                Happened::Nothing => Ok(()),
                Happened::Read(Ok(0)) => Err(Ended::Closed),
                Happened::Read(Err(why)) => Err(Ended::Broken(why.to_string())),
                Happened::Read(Ok(_)) => self.take_in().await,
                Happened::Taken(taken) => {
                    self.answer(taken);
                    while let Some(Ok(taken)) = self.taking.try_join_next() {
                        self.answer(taken);
                    }
                    Ok(())
                }
                Happened::Job(job) => {
                    self.submit(job);
                    self.submit_more();
                    Ok(())
                }
            };
            if let Err(ended) = went_well {
                return ended;
            }
            if let Err(ended) = self.flush().await {
                return ended;
            }
        }
    }

    /// Gives up answers that are late, and asks whether the other side lives.
    async fn look_around(&mut self, now: Instant) -> Result<(), Ended> {
        let limit = Duration::from_secs(self.link.shared.config.answer_s);
        let late: Vec<u32> = self.pending.iter().filter(|(_, w)| now.duration_since(w.since) >= limit).map(|(n, _)| *n).collect();
        for sequence in late {
            if let Some(waiting) = self.pending.remove(&sequence) {
                let _ = waiting.job.answer.send(Outcome::Lost);
            }
        }
        match self.enquired {
            Some(at) if now.duration_since(at) >= limit => Err(Ended::Silent),
            None if now.duration_since(self.heard) >= Duration::from_secs(self.link.shared.config.enquire_s) => {
                self.enquired = Some(now);
                self.request(Body::EnquireLink);
                self.flush().await
            }
            _ => Ok(()),
        }
    }

    fn next_look(&self, now: Instant, pace: Option<Instant>) -> Instant {
        let config = &self.link.shared.config;
        let limit = Duration::from_secs(config.answer_s);
        let enquiry = self.enquired.map_or(self.heard + Duration::from_secs(config.enquire_s), |at| at + limit);
        let late = self.pending.values().map(|w| w.since + limit).min();
        [Some(enquiry), late, pace].into_iter().flatten().min().unwrap_or(now).max(now + Duration::from_millis(1))
    }

    async fn take_in(&mut self) -> Result<(), Ended> {
        self.heard = Instant::now();
        self.enquired = None;
        loop {
            match pdu::take(&mut self.input) {
                Ok(Some(unit)) => self.obey(unit).await?,
                Ok(None) => return Ok(()),
                Err(Malformed::Body) => {
                    tracing::warn!(event = "sms.unit_malformed", address = %self.link.address);
                    Pdu::answer(0, status::SYSTEM_ERROR, Body::Nack).write(&mut self.output);
                }
                Err(why @ Malformed::Length(_)) => return Err(Ended::Broken(why.to_string())),
            }
        }
    }

    async fn obey(&mut self, unit: Pdu) -> Result<(), Ended> {
        match unit.body {
            Body::SubmitResp(id) => self.answered(unit.sequence, unit.status, id),
            Body::Nack => self.answered(unit.sequence, unit.status.max(1), String::new()),
            Body::Deliver(short) => self.deliver(unit.sequence, false, short),
            Body::Data(short) => self.deliver(unit.sequence, true, short),
            Body::EnquireLink => Pdu::answer(unit.sequence, status::OK, Body::EnquireLinkResp).write(&mut self.output),
            Body::Unbind => {
                Pdu::answer(unit.sequence, status::OK, Body::UnbindResp).write(&mut self.output);
                self.flush().await?;
                return Err(Ended::Unbound);
            }
            Body::EnquireLinkResp | Body::UnbindResp | Body::BindResp(..) | Body::DeliverResp | Body::DataResp => {}
            Body::Bind(..) | Body::Submit(_) | Body::Other(_) => {
                Pdu::answer(unit.sequence, status::INVALID_COMMAND_ID, Body::Nack).write(&mut self.output);
            }
        }
        Ok(())
    }

    fn answered(&mut self, sequence: u32, code: u32, id: String) {
        let Some(waiting) = self.pending.remove(&sequence) else { return };
        let outcome = match code {
            status::OK if id.is_empty() => Outcome::Lost,
            status::OK => {
                self.pace.taken();
                Outcome::Taken(id)
            }
            refused => {
                if matches!(refused, status::THROTTLED | status::QUEUE_FULL) {
                    self.pace.too_fast(Instant::now());
                }
                Outcome::Refused(refused)
            }
        };
        let _ = waiting.job.answer.send(outcome);
    }

    fn deliver(&mut self, sequence: u32, data: bool, short: Short) {
        if self.taking.len() >= AT_ONCE {
            return self.answer((sequence, data, status::THROTTLED));
        }
        let shared = self.link.shared.clone();
        self.taking.spawn(async move { (sequence, data, shared.delivered(short).await) });
    }

    fn answer(&mut self, (sequence, data, code): (u32, bool, u32)) {
        let body = if data { Body::DataResp } else { Body::DeliverResp };
        Pdu::answer(sequence, code, body).write(&mut self.output);
    }

    fn submit(&mut self, job: Job) {
        // Said before it is looked whether anybody waits: see `Shared::submit`.
        job.written.store(true, Ordering::SeqCst);
        if job.answer.is_closed() {
            return;
        }
        let now = Instant::now();
        self.pace.sent(now);
        let sequence = self.request(Body::Submit(job.short.clone()));
        self.pending.insert(sequence, Waiting { job, since: now });
    }

    /// What else waits goes in the same write, as far as window and pace allow.
    fn submit_more(&mut self) {
        let shared = self.link.shared.clone();
        while self.pending.len() < shared.config.window && self.pace.wait(Instant::now()).is_none() {
            let Ok(mut jobs) = shared.jobs.try_lock() else { return };
            let Ok(job) = jobs.try_recv() else { return };
            drop(jobs);
            self.submit(job);
        }
    }

    /// Says goodbye: what is under way is still waited for, a moment.
    async fn part(&mut self) -> Ended {
        let _ = tokio::time::timeout(Duration::from_secs(2), async {
            while !self.pending.is_empty() || !self.taking.is_empty() {
                tokio::select! {
                    read = read_some(&mut self.socket, &mut self.input) => match read {
                        Ok(n) if n > 0 => drop(self.take_in().await),
                        _ => return,
                    },
                    Some(Ok(taken)) = self.taking.join_next() => self.answer(taken),
                }
                if self.flush().await.is_err() {
                    return;
                }
            }
            self.request(Body::Unbind);
            let _ = self.flush().await;
        })
        .await;
        Ended::Closing
    }

    fn request(&mut self, body: Body) -> u32 {
        self.sequence = if self.sequence >= 0x7fff_ffff { 1 } else { self.sequence + 1 };
        Pdu::request(self.sequence, body).write(&mut self.output);
        self.sequence
    }

    async fn read(&mut self) -> Result<(), Ended> {
        match read_some(&mut self.socket, &mut self.input).await {
            Ok(0) => Err(Ended::Closed),
            Ok(_) => Ok(()),
            Err(why) => Err(Ended::Broken(why.to_string())),
        }
    }

    async fn flush(&mut self) -> Result<(), Ended> {
        if self.output.is_empty() {
            return Ok(());
        }
        let written = tokio::time::timeout(LIMIT, self.socket.write_all(&self.output)).await;
        self.output.clear();
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(why)) => Err(Ended::Broken(why.to_string())),
            Err(_) => Err(Ended::Silent),
        }
    }
}

enum Happened {
    Nothing,
    Read(std::io::Result<usize>),
    Taken((u32, bool, u32)),
    Job(Job),
}

/// Whatever is given up while waiting here was not yet taken off the queue.
async fn next_job(shared: &Shared) -> Job {
    match shared.jobs.lock().await.recv().await {
        Some(job) => job,
        None => std::future::pending().await,
    }
}

async fn read_some(socket: &mut (impl AsyncRead + Unpin), input: &mut Vec<u8>) -> std::io::Result<usize> {
    input.reserve(CHUNK);
    socket.read_buf(input).await
}
