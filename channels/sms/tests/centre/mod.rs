//! An SMS centre in the test's own process, on our codec: it takes binds, answers as it is told, and keeps all that it was sent.
#![allow(dead_code)]

use daak_sms::smpp::pdu::{self, Body, Pdu, Short, status};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// What the centre does with each message; by its number, from 0.
pub type Policy = Arc<dyn Fn(usize, &Short) -> Reply + Send + Sync>;

pub enum Reply {
    /// Take it under this name; a receipt that stands first goes before the answer, one that stands last after it.
    Take { id: String, before: Option<Short>, after: Option<Short> },
    /// Refuse with this status.
    Refuse(u32),
    /// Say nothing.
    Silence,
    /// Close the connection.
    HangUp,
}

#[derive(Clone)]
pub struct Centre {
    pub address: String,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    submitted: Vec<Short>,
    binds: usize,
    refused_binds: usize,
    enquiries: usize,
    under_way: usize,
    most_under_way: usize,
    answers: Vec<(u32, u32)>,
    links: Vec<mpsc::UnboundedSender<Pdu>>,
}

pub fn take(id: impl Into<String>) -> Reply {
    Reply::Take { id: id.into(), before: None, after: None }
}

impl Centre {
    pub async fn open(policy: Policy) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let centre = Self { address, seen: Arc::default() };
        let mine = centre.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(mine.clone().serve(stream, policy.clone()));
            }
        });
        centre
    }

    /// A centre that takes everything and reports nothing.
    pub async fn willing() -> Self {
        Self::open(Arc::new(|n, _| take(format!("{n:x}")))).await
    }

    pub fn submitted(&self) -> Vec<Short> {
        self.seen().submitted.clone()
    }

    pub fn binds(&self) -> usize {
        self.seen().binds
    }

    pub fn refused_binds(&self) -> usize {
        self.seen().refused_binds
    }

    pub fn enquiries(&self) -> usize {
        self.seen().enquiries
    }

    pub fn most_under_way(&self) -> usize {
        self.seen().most_under_way
    }

    /// Answers to what was delivered: sequence number and status.
    pub fn answers(&self) -> Vec<(u32, u32)> {
        self.seen().answers.clone()
    }

    /// Delivers to the link that was bound last.
    pub fn deliver(&self, sequence: u32, short: Short) {
        let link = self.seen().links.last().cloned().expect("a link is bound");
        link.send(Pdu::request(sequence, Body::Deliver(short))).expect("it is up");
    }

    /// Ends every connection.
    pub fn hang_up(&self) {
        self.seen().links.clear();
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().expect("no panic while locked")
    }

    async fn serve(self, stream: TcpStream, policy: Policy) {
        let (mut reading, mut writing) = stream.into_split();
        let (out, mut to_write) = mpsc::unbounded_channel::<Pdu>();
        let (mut input, mut chunk) = (Vec::new(), vec![0; 8192]);
        let weak = out.downgrade();
        let mut out = Some(out);
        loop {
            tokio::select! {
                read = reading.read(&mut chunk) => match read {
                    Ok(n) if n > 0 => input.extend_from_slice(&chunk[..n]),
                    _ => return,
                },
                unit = to_write.recv() => {
                    let Some(unit) = unit else { return };
                    let mut octets = Vec::new();
                    unit.write(&mut octets);
                    if writing.write_all(&octets).await.is_err() {
                        return;
                    }
                }
            }
            while let Ok(Some(unit)) = pdu::take(&mut input) {
                let Some(link) = weak.upgrade() else { return };
                if !self.obey(unit, &link, &policy) {
                    return;
                }
                // From the bind on, the link lives as long as the list holds it.
                if self.seen().binds > 0 {
                    out.take();
                }
            }
        }
    }

    fn obey(&self, unit: Pdu, link: &mpsc::UnboundedSender<Pdu>, policy: &Policy) -> bool {
        let answer = |status, body| drop(link.send(Pdu::answer(unit.sequence, status, body)));
        match unit.body {
            Body::Bind(kind, bind) if bind.password == "secret" => {
                let mut seen = self.seen();
                seen.binds += 1;
                seen.links.push(link.clone());
                answer(status::OK, Body::BindResp(kind, "centre".into()));
            }
            Body::Bind(kind, _) => {
                self.seen().refused_binds += 1;
                answer(status::INVALID_PASSWORD, Body::BindResp(kind, String::new()));
            }
            Body::EnquireLink => {
                self.seen().enquiries += 1;
                answer(status::OK, Body::EnquireLinkResp);
            }
            Body::Unbind => answer(status::OK, Body::UnbindResp),
            Body::DeliverResp => self.seen().answers.push((unit.sequence, unit.status)),
            Body::Submit(short) => {
                let number = {
                    let mut seen = self.seen();
                    seen.submitted.push(short.clone());
                    seen.under_way += 1;
                    seen.most_under_way = seen.most_under_way.max(seen.under_way);
                    seen.submitted.len() - 1
                };
                let (sequence, link, me) = (unit.sequence, link.clone(), self.clone());
                match policy(number, &short) {
                    Reply::HangUp => return false,
                    Reply::Silence => {}
                    Reply::Refuse(code) => {
                        me.seen().under_way -= 1;
                        answer(code, Body::SubmitResp(String::new()));
                    }
                    Reply::Take { id, before, after } => drop(tokio::spawn(async move {
                        // A moment, so that messages overlap.
                        tokio::time::sleep(Duration::from_millis(5)).await;
                        if let Some(receipt) = before {
                            let _ = link.send(Pdu::request(900_000 + sequence, Body::Deliver(receipt)));
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                        me.seen().under_way -= 1;
                        let _ = link.send(Pdu::answer(sequence, status::OK, Body::SubmitResp(id)));
                        if let Some(receipt) = after {
                            let _ = link.send(Pdu::request(900_000 + sequence, Body::Deliver(receipt)));
                        }
                    })),
                }
            }
            _ => {}
        }
        true
    }
}
