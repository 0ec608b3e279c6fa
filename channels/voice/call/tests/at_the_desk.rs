//! What an agent does with a caller, and what becomes of the caller when the agent is gone.

#![allow(clippy::panic, clippy::expect_used)]

use daak_domain::Timestamp;
use daak_domain::call::{AgentDevice, AgentId, Beyond, CallCommand, CallEvent, CallId, DeskAct, Direction, EndReason, OfferFailure, Party};
use daak_domain::phone::PhoneNumber;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use voice_call::{Call, Deed, Facts, FarEvent, FarId, FarTarget, Happening};
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

fn now() -> Timestamp {
    "2026-11-24T10:00:00Z".parse().expect("a time")
}

fn agent(name: &str) -> AgentId {
    AgentId(name.into())
}

fn browser(name: &str) -> AgentDevice {
    AgentDevice::Browser { agent: agent(name) }
}

/// A call, and everything it did so far.
struct Desk {
    call: Call,
    done: Vec<Deed>,
}

impl Desk {
    fn waiting() -> Self {
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
    fn talking() -> Self {
        let mut desk = Self::waiting();
        desk.offer("rina");
        desk.far(1, FarEvent::Ringing);
        desk.far(1, FarEvent::Answered);
        desk.done.clear();
        desk
    }

    fn on(&mut self, happening: Happening) {
        let deeds = self.call.on(happening, now());
        self.done.extend(deeds);
    }

    fn offer(&mut self, name: &str) {
        let offer = CallCommand::Offer { agent: agent(name), at: browser(name), ring_for: Duration::from_secs(20) };
        self.on(Happening::Command(offer));
    }

    fn far(&mut self, id: u32, event: FarEvent) {
        self.on(Happening::Far(FarId(id), event));
    }

    fn act(&mut self, name: &str, act: DeskAct) {
        self.on(Happening::Command(CallCommand::Desk { agent: agent(name), act }));
    }

    /// What was done since this was asked last, in short words.
    fn said(&mut self) -> Vec<String> {
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
        Deed::HangUp => "end".into(),
        _ => return None,
    })
}

#[test]
fn hold_and_back() {
    let mut desk = Desk::talking();
    desk.act("rina", DeskAct::Hold);
    assert_eq!(desk.said(), ["part", "music", "held"]);
    desk.act("rina", DeskAct::Hold);
    desk.act("rina", DeskAct::Press { key: '5' });
    assert!(desk.said().is_empty(), "once is enough, and keys would be heard by nobody");
    desk.act("rina", DeskAct::Resume);
    assert_eq!(desk.said(), ["quiet", "join 1", "resumed"]);
    desk.act("rina", DeskAct::Press { key: '5' });
    desk.act("rina", DeskAct::Press { key: 'x' });
    assert_eq!(desk.said(), ["press 5"]);
}

#[test]
fn another_agent_has_no_say() {
    let mut desk = Desk::talking();
    for act in [DeskAct::Hold, DeskAct::Press { key: '1' }, DeskAct::Transfer { to: Beyond::Queue { name: "x".into() } }] {
        desk.act("kabir", act);
    }
    assert!(desk.said().is_empty());
    let mut waiting = Desk::waiting();
    waiting.offer("rina");
    waiting.done.clear();
    waiting.act("rina", DeskAct::Hold);
    assert!(waiting.said().is_empty(), "not before the answer");
}

#[test]
fn given_to_a_queue_the_caller_waits_at_the_old_place() {
    let mut desk = Desk::talking();
    desk.act("rina", DeskAct::Transfer { to: Beyond::Queue { name: "pensions".into() } });
    let since = desk.done.iter().find_map(|d| match d {
        Deed::Tell(CallEvent::Waiting { since, .. }) => Some(*since),
        _ => None,
    });
    assert_eq!(since, Some(now()));
    assert_eq!(desk.said(), ["part", "hang up 1", "music", "rina parted by Agent", "waits for pensions"]);
    desk.offer("kabir");
    desk.far(2, FarEvent::Answered);
    assert_eq!(desk.said(), ["ring kabir as 2", "quiet", "join 2", "kabir talks"]);
}

#[test]
fn given_to_an_agent_who_does_not_answer_the_caller_is_back_in_line() {
    let mut desk = Desk::talking();
    desk.act("rina", DeskAct::Transfer { to: Beyond::Agent { agent: agent("kabir"), at: Some(browser("kabir")) } });
    assert_eq!(desk.said(), ["part", "hang up 1", "music", "rina parted by Agent", "ring kabir as 2"]);
    desk.far(2, FarEvent::Failed(OfferFailure::NoAnswer));
    assert_eq!(desk.said(), ["kabir NoAnswer", "waits for helpline"]);
}

#[test]
fn given_to_a_number_and_let_go_when_that_hangs_up() {
    let mut desk = Desk::talking();
    desk.act("rina", DeskAct::Transfer { to: Beyond::Number { number: "12".into() } });
    assert!(desk.said().is_empty(), "that is no number");
    desk.act("rina", DeskAct::Transfer { to: Beyond::Number { number: "+913322145555".into() } });
    assert_eq!(desk.said(), ["part", "hang up 1", "music", "rina parted by Agent", "dial +913322145555 as 2"]);
    desk.far(2, FarEvent::Answered);
    assert_eq!(desk.said(), ["quiet", "join 2"]);
    desk.far(2, FarEvent::HungUp);
    assert_eq!(desk.said(), ["part", "end"]);
}

#[test]
fn asked_first_and_then_handed_over() {
    let mut desk = Desk::talking();
    let kabir = Beyond::Agent { agent: agent("kabir"), at: Some(browser("kabir")) };
    desk.act("rina", DeskAct::Consult { to: kabir.clone() });
    assert_eq!(desk.said(), ["part", "music", "held", "ring kabir as 2", "asked Ringing"]);
    desk.act("rina", DeskAct::Resume);
    assert!(desk.said().is_empty(), "first back from the one who is asked");
    desk.far(2, FarEvent::Answered);
    assert_eq!(desk.said(), ["join 1 with 2", "asked Answered"]);
    desk.act("rina", DeskAct::Complete);
    assert_eq!(desk.said(), ["hang up 1", "rina parted by Agent", "quiet", "join 2", "kabir talks"]);
    desk.act("kabir", DeskAct::Hold);
    assert_eq!(desk.said(), ["part", "music", "held"], "the call is kabir's now");
}

#[test]
fn asked_in_vain_the_agent_comes_back() {
    let mut desk = Desk::talking();
    desk.act("rina", DeskAct::Consult { to: Beyond::Number { number: "112".into() } });
    desk.far(2, FarEvent::Failed(OfferFailure::Busy));
    desk.done.clear();
    desk.act("rina", DeskAct::Resume);
    assert_eq!(desk.said(), ["quiet", "join 1", "resumed"]);
    desk.act("rina", DeskAct::Consult { to: Beyond::Number { number: "112".into() } });
    desk.far(3, FarEvent::Answered);
    desk.done.clear();
    desk.act("rina", DeskAct::Cancel);
    assert_eq!(desk.said(), ["hang up 3", "asked Over", "quiet", "join 1", "resumed"]);
}

#[test]
fn an_agent_who_hangs_up_while_asking_hands_over() {
    let mut desk = Desk::talking();
    desk.act("rina", DeskAct::Consult { to: Beyond::Number { number: "112".into() } });
    desk.far(2, FarEvent::Answered);
    desk.done.clear();
    desk.far(1, FarEvent::HungUp);
    assert_eq!(desk.said(), ["part", "rina parted by Agent", "quiet", "join 2"]);
}

#[test]
fn a_broken_line_is_heard_as_a_tone_and_mended() {
    let mut desk = Desk::talking();
    desk.far(1, FarEvent::Lost);
    desk.far(1, FarEvent::Lost);
    assert_eq!(desk.said(), ["part", "tone"]);
    desk.far(1, FarEvent::Back);
    assert_eq!(desk.said(), ["quiet", "join 1"]);
    desk.act("rina", DeskAct::Hold);
    desk.done.clear();
    desk.far(1, FarEvent::Lost);
    desk.far(1, FarEvent::Back);
    assert!(desk.said().is_empty(), "the music goes on");
}

#[test]
fn an_agent_who_does_not_come_back_leaves_the_caller_at_the_old_place() {
    let mut desk = Desk::talking();
    desk.far(1, FarEvent::Lost);
    desk.done.clear();
    desk.far(1, FarEvent::Vanished);
    assert_eq!(desk.said(), ["part", "rina parted by Helpline", "music", "waits for helpline"]);
    desk.offer("kabir");
    assert_eq!(desk.said(), ["ring kabir as 2"]);
}

fn happening() -> impl Strategy<Value = Happening> {
    let far = (1u32..8, 0usize..7).prop_map(|(id, event)| {
        let events = [
            FarEvent::Ringing,
            FarEvent::Answered,
            FarEvent::Failed(OfferFailure::NoAnswer),
            FarEvent::HungUp,
            FarEvent::Lost,
            FarEvent::Back,
            FarEvent::Vanished,
        ];
        Happening::Far(FarId(id), events[event])
    });
    let names = || prop_oneof![Just("rina"), Just("kabir")];
    let act = (names(), 0usize..9).prop_map(|(name, act)| {
        let acts = [
            DeskAct::Hold,
            DeskAct::Resume,
            DeskAct::Press { key: '1' },
            DeskAct::Transfer { to: Beyond::Queue { name: "helpline".into() } },
            DeskAct::Transfer { to: Beyond::Agent { agent: agent("kabir"), at: Some(browser("kabir")) } },
            DeskAct::Transfer { to: Beyond::Number { number: "112".into() } },
            DeskAct::Consult { to: Beyond::Agent { agent: agent("kabir"), at: Some(browser("kabir")) } },
            DeskAct::Complete,
            DeskAct::Cancel,
        ];
        Happening::Command(CallCommand::Desk { agent: agent(name), act: acts[act].clone() })
    });
    let offer = names().prop_map(|name| {
        Happening::Command(CallCommand::Offer { agent: agent(name), at: browser(name), ring_for: Duration::from_secs(20) })
    });
    let withdraw = names().prop_map(|name| Happening::Command(CallCommand::WithdrawOffer { agent: agent(name) }));
    prop_oneof![6 => far, 6 => act, 3 => offer, 1 => withdraw]
}

proptest! {
    /// In whatever order things happen: every telephone that was rung is let go in the end, no two are joined with the caller at a
    /// time, nobody who is gone is joined, and each talk that the floor hears of ends once.
    #[test]
    fn nobody_is_left_ringing_and_no_talk_ends_twice(happenings in proptest::collection::vec(happening(), 0..40)) {
        let mut desk = Desk::waiting();
        let (mut alive, mut answered, mut talks) = (BTreeSet::new(), BTreeSet::new(), 0i32);
        let end = [Happening::CallerEnded(EndReason::CallerHungUp), Happening::StreamClosed(None), Happening::RecordingStored(None)];
        for happening in happenings.into_iter().chain(end) {
            if let Happening::Far(id, event) = &happening {
                // Only what can happen: a leg says something while it lives, and answers once.
                let possible = match event {
                    FarEvent::Ringing | FarEvent::Failed(_) => alive.contains(&id.0) && !answered.contains(&id.0),
                    FarEvent::Answered => alive.contains(&id.0) && answered.insert(id.0),
                    FarEvent::HungUp | FarEvent::Lost | FarEvent::Back | FarEvent::Vanished => alive.contains(&id.0) && answered.contains(&id.0),
                };
                if !possible {
                    continue;
                }
                if matches!(event, FarEvent::Failed(_) | FarEvent::HungUp | FarEvent::Vanished) {
                    alive.remove(&id.0);
                }
            }
            desk.on(happening);
            for deed in desk.done.drain(..) {
                match deed {
                    Deed::DialFar { far, .. } => { alive.insert(far.0); }
                    Deed::HangUpFar(far) => { alive.remove(&far.0); }
                    Deed::Join(far) => prop_assert!(alive.contains(&far.0) && answered.contains(&far.0), "joined with nobody"),
                    Deed::JoinFars(one, other) => prop_assert!(alive.contains(&one.0) && alive.contains(&other.0)),
                    Deed::Tell(CallEvent::OfferAccepted { .. }) => talks += 1,
                    Deed::Tell(CallEvent::TalkEnded { .. }) => talks -= 1,
                    _ => {}
                }
                prop_assert!((0..=1).contains(&talks), "{talks} talks at a time");
            }
        }
        prop_assert!(alive.is_empty(), "left ringing: {alive:?}");
        prop_assert_eq!(talks, 0);
    }
}

#[test]
fn the_party_that_ends_a_talk_is_named() {
    let mut desk = Desk::talking();
    desk.on(Happening::CallerEnded(EndReason::CallerHungUp));
    let by = desk.done.iter().find_map(|d| match d {
        Deed::Tell(CallEvent::TalkEnded { by, .. }) => Some(*by),
        _ => None,
    });
    assert_eq!(by, Some(Party::Caller));
}
