//! What an agent does with a caller, and what becomes of the caller when the agent is gone.

#![allow(clippy::panic, clippy::expect_used)]

mod desk;

use daak_domain::call::{Beyond, CallEvent, DeskAct, EndReason, OfferFailure, Party};
use desk::{Desk, agent, browser, now};
use voice_call::{Deed, FarEvent, Happening};

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
