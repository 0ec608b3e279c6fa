//! A small answering server: what signalling alone costs. `answer 127.0.0.1:5070` answers every call; 1000 is hung
//! up at its ACK, 486 is refused as busy, everything else waits for the caller's BYE.
#![allow(clippy::print_stdout)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use voice_sip::{
    Capabilities, Codec, Credentials, IncomingCall, LegEvent, Listen, SipConfig, SipLimits, SipStack, SrtpPolicy, Transport, negotiate,
};

struct Nobody;
impl Credentials for Nobody {
    fn ha1(&self, _: &str, _: &str) -> Option<String> {
        None
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let addr: SocketAddr = arguments.next().unwrap_or_else(|| "127.0.0.1:5070".into()).parse()?;
    let new_calls_per_s = arguments.next().and_then(|a| a.parse().ok()).unwrap_or(100_000);
    let config = SipConfig {
        listen: vec![Listen { transport: Transport::Udp, addr }, Listen { transport: Transport::Tcp, addr }],
        advertise: None,
        tls: None,
        realm: "daak".into(),
        users: Arc::new(Nobody),
        trunks: Vec::new(),
        limits: SipLimits { new_calls_per_s, max_calls: 100_000, ..SipLimits::default() },
        session_expires: Duration::from_secs(1_800),
        user_agent: "daak-answer".into(),
    };
    let (stack, mut calls) = SipStack::start(config).await?;
    println!("listening on {:?}", stack.listeners());
    let watched = stack.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            println!("dialogs {}", watched.dialogs());
        }
    });
    while let Some(call) = calls.recv().await {
        tokio::spawn(answer(call));
    }
    Ok(())
}

async fn answer(mut call: IncomingCall) {
    let control = call.leg.control.clone();
    if call.called == "486" {
        control.reject(486, None);
    } else {
        let can = Capabilities { codecs: vec![Codec::Pcmu, Codec::Pcma], srtp: SrtpPolicy::Off };
        match call.offer.as_ref().map(|offer| negotiate(offer, &can, SocketAddr::from(([127, 0, 0, 1], 4000)))) {
            Some(Ok(agreed)) => control.answer(agreed.answer),
            _ => control.reject(488, None),
        }
    }
    while let Some(event) = call.leg.events.recv().await {
        match event {
            LegEvent::AckReceived(_) if call.called == "1000" => control.hang_up(),
            LegEvent::Ended(_) => break,
            _ => {}
        }
    }
}
