//! Invariants of a call with an agent, over random lives.

#![allow(clippy::panic, clippy::expect_used)]

mod desk;

use daak_domain::call::{Attending, Beyond, CallCommand, CallEvent, DeskAct, EndReason, OfferFailure};
use desk::{Desk, agent, browser};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::time::Duration;
use voice_call::{Deed, End, FarEvent, FarId, Happening};

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
    let act = (names(), 0usize..12).prop_map(|(name, act)| {
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
            DeskAct::Meet,
            DeskAct::PauseRecording,
            DeskAct::ResumeRecording,
        ];
        Happening::Command(CallCommand::Desk { agent: agent(name), act: acts[act].clone() })
    });
    let offer = names().prop_map(|name| {
        Happening::Command(CallCommand::Offer { agent: agent(name), at: browser(name), ring_for: Duration::from_secs(20) })
    });
    let withdraw = names().prop_map(|name| Happening::Command(CallCommand::WithdrawOffer { agent: agent(name) }));
    let hows = prop_oneof![Just(Attending::Listen), Just(Attending::Whisper), Just(Attending::Barge)];
    let attend = hows.prop_map(|how| Happening::Command(CallCommand::Attend { supervisor: agent("mitra"), at: browser("mitra"), how }));
    let take_over = Just(Happening::Command(CallCommand::TakeOver { supervisor: agent("mitra") }));
    prop_oneof![8 => far, 6 => act, 3 => offer, 1 => withdraw, 3 => attend, 1 => take_over]
}

proptest! {
    /// In whatever order things happen: every telephone that was rung is let go in the end, no two are joined with the caller at a
    /// time, nobody who is gone is joined or heard, each talk that the floor hears of ends once, no caller hears a supervisor who
    /// did not mean to be heard, and no pause of the recording outlives the talk.
    #[test]
    fn nobody_is_left_ringing_and_no_talk_ends_twice(happenings in proptest::collection::vec(happening(), 0..40)) {
        let mut desk = Desk::waiting();
        let (mut alive, mut answered, mut talks) = (BTreeSet::new(), BTreeSet::new(), 0i32);
        let (mut supervisor, mut barges, mut caller_hears, mut paused) = (None, false, Vec::new(), false);
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
                    Deed::DialFar { far, story, .. } => {
                        alive.insert(far.0);
                        supervisor = story.attends.map(|_| far.0).or(supervisor);
                    }
                    Deed::Hear { end, others } => {
                        for end in others.iter().chain([&end]) {
                            prop_assert!(matches!(end, End::Caller) || matches!(end, End::Far(far) if alive.contains(&far.0) && answered.contains(&far.0)));
                        }
                        if end == End::Caller {
                            caller_hears = others;
                        }
                    }
                    Deed::Tell(CallEvent::Attended { how, .. }) => {
                        barges = how == Some(Attending::Barge);
                        supervisor = supervisor.filter(|_| how.is_some());
                    }
                    Deed::PauseRecording(on) => paused = on,
                    Deed::HangUpFar(far) => { alive.remove(&far.0); }
                    Deed::Join(far) => prop_assert!(alive.contains(&far.0) && answered.contains(&far.0), "joined with nobody"),
                    Deed::JoinFars(one, other) => prop_assert!(alive.contains(&one.0) && alive.contains(&other.0)),
                    Deed::Tell(CallEvent::OfferAccepted { .. }) => talks += 1,
                    Deed::Tell(CallEvent::TalkEnded { .. }) => talks -= 1,
                    _ => {}
                }
                prop_assert!((0..=1).contains(&talks), "{talks} talks at a time");
            }
            let heard = supervisor.is_some_and(|supervisor| caller_hears.contains(&End::Far(FarId(supervisor))));
            prop_assert!(!heard || barges, "the caller hears a supervisor who listens or whispers");
            prop_assert!(!paused || talks == 1);
        }
        prop_assert!(alive.is_empty(), "left ringing: {alive:?}");
        prop_assert_eq!(talks, 0);
    }
}
