//! A supervisor who attends a talk, and a talk of three.

#![allow(clippy::panic, clippy::expect_used)]

mod desk;

use daak_domain::call::{Attending, Beyond, CallCommand, DeskAct, EndReason, OfferFailure};
use desk::{Desk, agent, browser};
use voice_call::{FarEvent, Happening};

impl Desk {
    fn attend(&mut self, how: Attending) {
        self.on(Happening::Command(CallCommand::Attend { supervisor: agent("mitra"), at: browser("mitra"), how }));
    }

    /// A talk with `rina` on leg 1 that `mitra` attends on leg 2.
    fn attended(how: Attending) -> Self {
        let mut desk = Self::talking();
        desk.attend(how);
        assert_eq!(desk.said(), ["ring mitra as 2"]);
        desk.far(2, FarEvent::Answered);
        desk
    }
}

#[test]
fn a_supervisor_listens_whispers_and_speaks_with_both() {
    let mut desk = Desk::attended(Attending::Listen);
    assert_eq!(desk.said(), ["mitra attends: Listen", "2 hears caller+1"]);
    desk.attend(Attending::Whisper);
    assert_eq!(desk.said(), ["mitra attends: Whisper", "1 hears caller+2"]);
    desk.attend(Attending::Barge);
    assert_eq!(desk.said(), ["mitra attends: Barge", "caller hears 1+2"]);
    desk.attend(Attending::Listen);
    assert_eq!(desk.said(), ["mitra attends: Listen", "caller hears as joined", "1 hears as joined"]);
    desk.far(2, FarEvent::HungUp);
    assert_eq!(desk.said(), ["mitra attends no more"]);
}

#[test]
fn on_hold_the_caller_is_not_overheard_and_hears_no_whisper() {
    let mut desk = Desk::attended(Attending::Barge);
    desk.done.clear();
    desk.act("rina", DeskAct::Hold);
    assert_eq!(desk.said(), ["part", "music", "held", "caller hears as joined", "1 hears 2", "2 hears 1"]);
    desk.act("rina", DeskAct::Resume);
    assert_eq!(desk.said(), ["quiet", "join 1", "resumed", "caller hears 1+2", "1 hears caller+2", "2 hears caller+1"]);
}

#[test]
fn a_supervisor_leaves_with_the_agent() {
    let mut desk = Desk::attended(Attending::Listen);
    desk.done.clear();
    desk.act("rina", DeskAct::Transfer { to: Beyond::Queue { name: "pensions".into() } });
    let said = desk.said();
    assert!(said.ends_with(&["hang up 2".into(), "mitra attends no more".into()]), "{said:?}");
    let mut desk = Desk::attended(Attending::Whisper);
    desk.done.clear();
    desk.on(Happening::CallerEnded(EndReason::CallerHungUp));
    let said = desk.said();
    assert!(said.contains(&"hang up 2".into()) && said.contains(&"mitra attends no more".into()), "{said:?}");
}

#[test]
fn nobody_attends_where_nobody_talks_and_nobody_attends_twice() {
    let mut desk = Desk::waiting();
    desk.done.clear();
    desk.attend(Attending::Listen);
    assert_eq!(desk.said(), ["mitra attends no more"]);
    let mut desk = Desk::attended(Attending::Listen);
    desk.done.clear();
    desk.on(Happening::Command(CallCommand::Attend { supervisor: agent("sen"), at: browser("sen"), how: Attending::Listen }));
    assert_eq!(desk.said(), ["sen attends no more"]);
    let mut desk = Desk::talking();
    desk.on(Happening::Command(CallCommand::Attend { supervisor: agent("rina"), at: browser("rina"), how: Attending::Listen }));
    assert_eq!(desk.said(), ["rina attends no more"], "that is the agent's own talk");
    desk.attend(Attending::Listen);
    desk.far(2, FarEvent::Failed(OfferFailure::NoAnswer));
    assert_eq!(desk.said(), ["ring mitra as 2", "mitra attends no more"]);
}

#[test]
fn a_supervisor_takes_the_call_over() {
    let mut desk = Desk::attended(Attending::Barge);
    desk.done.clear();
    desk.on(Happening::Command(CallCommand::TakeOver { supervisor: agent("sen") }));
    assert!(desk.said().is_empty(), "sen does not attend");
    desk.on(Happening::Command(CallCommand::TakeOver { supervisor: agent("mitra") }));
    let told = ["hang up 1", "rina parted by Helpline", "quiet", "join 2", "mitra attends no more", "mitra talks"];
    assert_eq!(desk.said(), [&told[..], &["caller hears as joined", "2 hears as joined"]].concat());
    desk.act("mitra", DeskAct::Hold);
    assert_eq!(desk.said(), ["part", "music", "held"], "the call is mitra's now");
}

#[test]
fn three_talk_and_two_go_on() {
    let ask = || Beyond::Agent { agent: agent("kabir"), at: Some(browser("kabir")) };
    let mut desk = Desk::talking();
    desk.act("rina", DeskAct::Meet);
    desk.act("rina", DeskAct::Consult { to: ask() });
    desk.act("rina", DeskAct::Meet);
    desk.far(2, FarEvent::Answered);
    desk.done.clear();
    desk.act("rina", DeskAct::Meet);
    assert_eq!(desk.said(), ["quiet", "resumed", "asked Together", "caller hears 1+2", "1 hears caller+2", "2 hears caller+1"]);
    desk.act("rina", DeskAct::Hold);
    assert!(desk.said().is_empty(), "three talk: first let one go");
    desk.far(2, FarEvent::HungUp);
    assert_eq!(desk.said(), ["asked Over", "join 1", "caller hears as joined", "1 hears as joined"]);

    let mut desk = Desk::talking();
    desk.act("rina", DeskAct::Consult { to: ask() });
    desk.far(2, FarEvent::Answered);
    desk.act("rina", DeskAct::Meet);
    desk.done.clear();
    desk.act("rina", DeskAct::Cancel);
    assert_eq!(desk.said(), ["hang up 2", "asked Over", "join 1", "caller hears as joined", "1 hears as joined"]);

    let mut desk = Desk::talking();
    desk.act("rina", DeskAct::Consult { to: ask() });
    desk.far(2, FarEvent::Answered);
    desk.act("rina", DeskAct::Meet);
    desk.done.clear();
    desk.far(1, FarEvent::HungUp);
    let told = ["part", "rina parted by Agent", "quiet", "join 2", "kabir talks", "caller hears as joined", "2 hears as joined"];
    assert_eq!(desk.said(), told);
}

#[test]
fn a_pause_of_the_recording_ends_with_the_agent_who_wanted_it() {
    let mut desk = Desk::talking();
    desk.act("kabir", DeskAct::PauseRecording);
    desk.act("rina", DeskAct::ResumeRecording);
    assert!(desk.said().is_empty());
    desk.act("rina", DeskAct::PauseRecording);
    desk.act("rina", DeskAct::PauseRecording);
    assert_eq!(desk.said(), ["unrecorded"]);
    desk.act("rina", DeskAct::Transfer { to: Beyond::Queue { name: "pensions".into() } });
    assert!(desk.said().contains(&"recorded".into()));
}
