//! A call in which an agent speaks, and the words in which a test reads what it did.
#![allow(dead_code, clippy::panic, clippy::expect_used)]

use daak_domain::Timestamp;
use daak_domain::call::{AgentDevice, AgentId, CallCommand, CallEvent, CallId, DeskAct, Direction};
use daak_domain::phone::PhoneNumber;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use voice_call::{Call, Deed, End, Facts, FarEvent, FarId, FarTarget, Happening};
use voice_ivr::{Flows, Piece};

const FLOW: &str = r"
about: a flow for a test
person: never
start: wait
steps:
  wait: { verb: queue, queue: helpline, next: bye, sent_away: bye }
  bye: { verb: hangup }
";
const PROMPTS: &str = "{ wrong-key: { bn: ক, hi: क, en: a }, no-key: { bn: ক, hi: क, en: a } }";

pub fn now() -> Timestamp {
    "2026-11-24T10:00:00Z".parse().expect("a time")
}

pub fn agent(name: &str) -> AgentId {
    AgentId(name.into())
}

pub fn browser(name: &str) -> AgentDevice {
    AgentDevice::Browser { agent: agent(name) }
}

/// A call, and everything it did so far.
pub struct Desk {
    call: Call,
    pub done: Vec<Deed>,
}

impl Desk {
    pub fn waiting() -> Self {
        let texts = BTreeMap::from([("f.yaml".to_owned(), FLOW.to_owned()), ("prompts.yaml".to_owned(), PROMPTS.to_owned())]);
        let flows = Flows::read(&texts).unwrap_or_else(|errors| panic!("{errors:?}"));
        let facts = Facts {
            call: CallId(Default::default()),
            direction: Direction::Inbound,
            caller: PhoneNumber::parse("9830012345").ok(),
            called: "1000".into(),
            flow: "f".into(),
            language: None,
            identity: None,
            about: None,
            started_at: now(),
            waits_since: None,
        };
        let (call, _) = Call::new(facts, Arc::new(flows));
        let mut desk = Self { call, done: Vec::new() };
        desk.on(Happening::Ready);
        desk
    }

    /// In a talk with `rina`, on leg 1.
    pub fn talking() -> Self {
        let mut desk = Self::waiting();
        desk.offer("rina");
        desk.far(1, FarEvent::Ringing);
        desk.far(1, FarEvent::Answered);
        desk.done.clear();
        desk
    }

    pub fn on(&mut self, happening: Happening) {
        let deeds = self.call.on(happening, now());
        self.done.extend(deeds);
    }

    pub fn offer(&mut self, name: &str) {
        let offer = CallCommand::Offer { agent: agent(name), at: browser(name), ring_for: Duration::from_secs(20) };
        self.on(Happening::Command(offer));
    }

    pub fn far(&mut self, id: u32, event: FarEvent) {
        self.on(Happening::Far(FarId(id), event));
    }

    pub fn act(&mut self, name: &str, act: DeskAct) {
        self.on(Happening::Command(CallCommand::Desk { agent: agent(name), act }));
    }

    /// What was done since this was asked last, in short words.
    pub fn said(&mut self) -> Vec<String> {
        self.done.drain(..).filter_map(|deed| word(&deed)).collect()
    }
}

fn word(deed: &Deed) -> Option<String> {
    Some(match deed {
        Deed::Play { pieces, .. } if pieces.contains(&Piece::Music) => "music".into(),
        Deed::Play { .. } => "tone".into(),
        Deed::StopPlaying => "quiet".into(),
        Deed::Join(far) => format!("join {}", far.0),
        Deed::JoinFars(one, other) => format!("join {} with {}", one.0, other.0),
        Deed::Hear { end, others } if others.is_empty() => format!("{} hears as joined", name(end)),
        Deed::Hear { end, others } => format!("{} hears {}", name(end), others.iter().map(name).collect::<Vec<_>>().join("+")),
        Deed::Part => "part".into(),
        Deed::HangUpFar(far) => format!("hang up {}", far.0),
        Deed::Press(key) => format!("press {key}"),
        Deed::DialFar { far, target: FarTarget::Agent(AgentDevice::Browser { agent }), .. } => format!("ring {agent} as {}", far.0),
        Deed::DialFar { far, target: FarTarget::Party(number), .. } => format!("dial {number} as {}", far.0),
        Deed::Tell(CallEvent::Held { on, .. }) => if *on { "held" } else { "resumed" }.into(),
        Deed::Tell(CallEvent::TalkEnded { agent, by, .. }) => format!("{agent} parted by {by:?}"),
        Deed::Tell(CallEvent::OfferAccepted { agent, .. }) => format!("{agent} talks"),
        Deed::Tell(CallEvent::OfferFailed { agent, why, .. }) => format!("{agent} {why:?}"),
        Deed::Tell(CallEvent::Waiting { queue, .. }) => format!("waits for {queue}"),
        Deed::Tell(CallEvent::Consulted { state, .. }) => format!("asked {state:?}"),
        Deed::Tell(CallEvent::Attended { supervisor, how: Some(how), .. }) => format!("{supervisor} attends: {how:?}"),
        Deed::Tell(CallEvent::Attended { supervisor, how: None, .. }) => format!("{supervisor} attends no more"),
        Deed::PauseRecording(on) => if *on { "unrecorded" } else { "recorded" }.into(),
        Deed::HangUp => "end".into(),
        _ => return None,
    })
}

fn name(end: &End) -> String {
    match end {
        End::Caller => "caller".into(),
        End::Far(far) => far.0.to_string(),
    }
}
