//! Calls that come in.

use super::{OFFER, Rig, events, invite, request};
use crate::leg::{LegEnd, LegEvent};
use crate::sdp::Sdp;
use std::time::Duration;

fn answered(rig: &mut Rig) -> (crate::leg::IncomingCall, String) {
    rig.hear(&invite());
    let call = rig.call();
    call.leg.control.answer(Sdp(OFFER.into()));
    let ok = rig.sent().pop().expect("a 200");
    assert_eq!(ok.first_line(), "SIP/2.0 200 OK");
    (call, ok.header("To").split("tag=").nth(1).expect("a tag").to_owned())
}

fn talking(rig: &mut Rig) -> (crate::leg::IncomingCall, String) {
    let (mut call, tag) = answered(rig);
    rig.hear(&request("ACK", 1, &tag, "", ""));
    assert_eq!(events(&mut call.leg), [LegEvent::AckReceived(None)]);
    (call, tag)
}

#[test]
fn a_call_is_answered_and_hung_up_by_the_caller() {
    let mut rig = Rig::new();
    rig.hear(&invite());
    let mut call = rig.call();
    assert_eq!((call.called.as_str(), call.caller.user.as_str(), call.caller.display.as_deref()), ("1000", "rina", Some("Rina")));
    assert_eq!(call.offer, Some(Sdp(OFFER.into())));
    call.leg.control.ringing();
    call.leg.control.progress(Sdp(OFFER.into()));
    call.leg.control.answer(Sdp(OFFER.into()));
    let sent = rig.sent();
    assert_eq!(
        sent.iter().map(super::Sent::first_line).collect::<Vec<_>>(),
        ["SIP/2.0 180 Ringing", "SIP/2.0 183 Session Progress", "SIP/2.0 200 OK"]
    );
    assert_eq!(sent[2].header("Contact"), "<sip:daak@192.0.2.1:5060>");
    let tag = sent[2].header("To").split("tag=").nth(1).expect("a tag").to_owned();
    rig.hear(&request("ACK", 1, &tag, "", ""));
    let ok = rig.hear(&request("BYE", 2, &tag, "", ""));
    assert_eq!(ok[0].first_line(), "SIP/2.0 200 OK");
    assert_eq!(rig.hear(&request("BYE", 2, &tag, "", ""))[0], ok[0], "a repeated BYE is answered the same");
    assert_eq!(events(&mut call.leg), [LegEvent::AckReceived(None), LegEvent::Ended(LegEnd::RemoteBye)]);
    rig.assert_nothing_left();
}

#[test]
fn a_slow_owner_gets_100_trying_sent_and_repetitions_are_absorbed() {
    let mut rig = Rig::new();
    assert!(rig.hear(&invite()).is_empty());
    assert_eq!(rig.pass(Duration::from_millis(150))[0].first_line(), "SIP/2.0 100 Trying");
    assert_eq!(rig.hear(&invite())[0].first_line(), "SIP/2.0 100 Trying");
    let call = rig.call();
    assert!(rig.calls.try_recv().is_err(), "one INVITE, one call");
    call.leg.control.reject(404, None);
    assert_eq!(rig.lines(), ["SIP/2.0 404 Not Found"]);
    rig.hear(&request("ACK", 1, "whatever", "", "").replace("z9hG4bKACK1", "z9hG4bKINVITE1"));
    assert!(rig.pass(Duration::from_secs(10)).is_empty(), "an acknowledged refusal is not repeated");
    rig.assert_nothing_left();
}

#[test]
fn our_200_is_repeated_as_rfc_3261_says_until_its_ack() {
    let mut rig = Rig::new();
    let (mut call, _) = answered(&mut rig);
    let sent = rig.pass(Duration::from_secs(40));
    let at: Vec<u128> = sent.iter().filter(|s| s.first_line() == "SIP/2.0 200 OK").map(|s| s.ms).collect();
    assert_eq!(at, [500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    assert!(sent.iter().any(|s| s.first_line().starts_with("BYE ") && s.ms == 32_000), "then it is given up");
    assert_eq!(events(&mut call.leg), [LegEvent::Ended(LegEnd::NoAck)]);
    drop(call);
    rig.assert_nothing_left();
}

#[test]
fn a_refusal_is_repeated_by_timer_g_and_given_up_after_32_seconds() {
    let mut rig = Rig::new();
    rig.hear(&invite());
    rig.call().leg.control.reject(486, Some(7));
    let first = rig.sent();
    assert_eq!((first[0].first_line(), first[0].header("Retry-After")), ("SIP/2.0 486 Busy Here", "7"));
    let at: Vec<u128> = rig.pass(Duration::from_secs(60)).iter().map(|s| s.ms).collect();
    assert_eq!(at, [500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    rig.assert_nothing_left();
}

#[test]
fn we_hang_up_after_the_ack_and_not_before() {
    let mut rig = Rig::new();
    let (mut call, tag) = answered(&mut rig);
    call.leg.control.hang_up();
    assert!(rig.sent().is_empty());
    assert_eq!(events(&mut call.leg), [LegEvent::Ended(LegEnd::LocalBye)]);
    let bye = rig.hear(&request("ACK", 1, &tag, "", "")).pop().expect("a BYE");
    assert_eq!(bye.first_line(), "BYE sip:rina@192.0.2.9:5060 SIP/2.0");
    assert_eq!(bye.header("CSeq"), "1 BYE");
    let at: Vec<u128> = rig.pass(Duration::from_secs(9)).iter().map(|s| s.ms).collect();
    assert_eq!(at, [500, 1_500, 3_500, 7_500], "timer E: doubled up to T2");
    rig.hear(&super::response(&bye, "200 OK", "", "", ""));
    assert!(rig.pass(Duration::from_secs(60)).is_empty());
    rig.assert_nothing_left();
}

#[test]
fn cancel_ends_what_rings_and_is_too_late_for_what_is_answered() {
    let mut rig = Rig::new();
    rig.hear(&invite());
    let mut call = rig.call();
    let cancel = request("CANCEL", 1, "", "", "").replace("z9hG4bKCANCEL1", "z9hG4bKINVITE1");
    let sent = rig.hear(&cancel);
    assert_eq!(sent.iter().map(super::Sent::first_line).collect::<Vec<_>>(), ["SIP/2.0 200 OK", "SIP/2.0 487 Request Terminated"]);
    assert_eq!(events(&mut call.leg), [LegEvent::Ended(LegEnd::RemoteCancel)]);
    call.leg.control.answer(Sdp(OFFER.into()));
    assert!(rig.sent().is_empty(), "an answer that comes too late is no answer");
    rig.hear(&request("ACK", 1, "x", "", "").replace("z9hG4bKACK1", "z9hG4bKINVITE1"));
    rig.assert_nothing_left();

    let (_call, _) = answered(&mut rig);
    assert_eq!(rig.hear(&cancel)[0].first_line(), "SIP/2.0 200 OK");
    let stranger = cancel.replace("z9hG4bKINVITE1", "z9hG4bKstranger");
    assert_eq!(rig.hear(&stranger)[0].first_line(), "SIP/2.0 481 Call/Transaction Does Not Exist");
}

#[test]
fn dropping_the_leg_hangs_up() {
    let mut rig = Rig::new();
    rig.hear(&invite());
    drop(rig.call());
    assert_eq!(rig.lines(), ["SIP/2.0 480 Temporarily Unavailable"]);
    rig.assert_nothing_left();
    let (call, tag) = talking(&mut rig);
    drop(call);
    assert!(rig.lines()[0].starts_with("BYE "));
    assert_eq!(rig.hear(&request("INFO", 2, &tag, "", ""))[0].first_line(), "SIP/2.0 481 Call/Transaction Does Not Exist");
    rig.assert_nothing_left();
}

#[test]
fn an_invite_without_offer_gets_ours_and_the_answer_comes_with_the_ack() {
    let mut rig = Rig::new();
    rig.hear(&request("INVITE", 1, "", "", ""));
    let mut call = rig.call();
    assert_eq!(call.offer, None);
    call.leg.control.answer(Sdp(OFFER.into()));
    let tag = rig.sent()[0].header("To").split("tag=").nth(1).expect("a tag").to_owned();
    rig.hear(&request("ACK", 1, &tag, "", OFFER));
    assert_eq!(events(&mut call.leg), [LegEvent::AckReceived(Some(Sdp(OFFER.into())))]);
}

#[test]
fn hold_is_offered_and_answered_and_a_second_offer_meanwhile_has_to_wait() {
    let mut rig = Rig::new();
    let (mut call, tag) = talking(&mut rig);
    assert!(rig.hear(&request("INVITE", 2, &tag, "", OFFER)).is_empty());
    assert_eq!(events(&mut call.leg), [LegEvent::Offer(Sdp(OFFER.into()))]);
    let busy = rig.hear(&request("UPDATE", 3, &tag, "", OFFER));
    assert_eq!(busy[0].first_line(), "SIP/2.0 500 Server Internal Error");
    assert_ne!(busy[0].header("Retry-After"), "");
    call.leg.control.accept_offer(Sdp(OFFER.into()));
    let ok = rig.sent();
    assert_eq!((ok[0].first_line(), ok[0].header("CSeq")), ("SIP/2.0 200 OK", "2 INVITE"));
    assert_eq!(rig.pass(Duration::from_millis(600)).len(), 1, "it, too, is repeated until its ACK");
    rig.hear(&request("ACK", 2, &tag, "", ""));
    assert!(rig.pass(Duration::from_secs(5)).is_empty());
    rig.hear(&request("UPDATE", 4, &tag, "", OFFER));
    call.leg.control.reject(488, None);
    assert_eq!(rig.lines(), ["SIP/2.0 488 Not Acceptable Here"]);
    let refreshed = rig.hear(&request("UPDATE", 5, &tag, "Session-Expires: 100\r\nSupported: timer\r\n", ""));
    assert_eq!((refreshed[0].first_line(), refreshed[0].header("Session-Expires")), ("SIP/2.0 200 OK", "100;refresher=uac"));
}

#[test]
fn offers_that_meet_are_refused_with_491_and_ours_is_made_again() {
    let mut rig = Rig::new();
    let (mut call, tag) = talking(&mut rig);
    call.leg.control.offer(Sdp(OFFER.into()));
    let ours = rig.sent().pop().expect("a re-INVITE");
    assert!(ours.first_line().starts_with("INVITE "));
    assert_eq!(rig.hear(&request("INVITE", 2, &tag, "", OFFER))[0].first_line(), "SIP/2.0 491 Request Pending");
    let ack = rig.hear(&super::response(&ours, "491 Request Pending", "", "", ""));
    assert!(ack[0].first_line().starts_with("ACK "));
    let again = rig.pass(Duration::from_secs(3)).into_iter().find(|s| s.first_line().starts_with("INVITE ")).expect("it is made again");
    assert!(again.ms <= 2_000, "whoever was called waits 0 to 2 s");
    let ack = rig.hear(&super::response(&again, "200 OK", "", "", OFFER));
    assert_eq!(ack[0].header("CSeq"), "2 ACK");
    assert_eq!(rig.hear(&super::response(&again, "200 OK", "", "", OFFER))[0], ack[0], "a repeated 200 gets its ACK again");
    assert_eq!(events(&mut call.leg), [LegEvent::OfferAnswered(Sdp(OFFER.into()))]);
}

#[test]
fn keys_questions_and_unknown_things_within_a_dialog_are_answered() {
    let mut rig = Rig::new();
    let (mut call, tag) = talking(&mut rig);
    let key = request("INFO", 2, &tag, "", "Signal=5\r\n").replace("application/sdp", "application/dtmf-relay");
    assert_eq!(rig.hear(&key)[0].first_line(), "SIP/2.0 200 OK");
    assert_eq!(rig.hear(&key).len(), 1);
    assert_eq!(events(&mut call.leg), [LegEvent::Digit('5')], "once, though it was repeated");
    for (request, status) in [
        (request("OPTIONS", 3, &tag, "", ""), "200 OK"),
        (request("NEWMETHOD", 4, &tag, "", ""), "501 Not Implemented"),
        (request("MESSAGE", 5, &tag, "", ""), "405 Method Not Allowed"),
        (request("INVITE", 6, &tag, "Require: nothingSupportsThis\r\n", OFFER), "420 Bad Extension"),
        (request("PRACK", 7, &tag, "RAck: 1 1 INVITE\r\n", ""), "481 Call/Transaction Does Not Exist"),
        (request("INFO", 1, &tag, "", "").replace("INFO1", "INFOold"), "500 Server Internal Error"),
        (request("BYE", 9, "unknown", "", ""), "481 Call/Transaction Does Not Exist"),
        (request("BYE", 9, &tag, "", "").replace("tag=r\r", "tag=stranger\r"), "481 Call/Transaction Does Not Exist"),
        (request("UPDATE", 10, &tag, "Session-Expires: 10\r\n", ""), "422 Session Interval Too Small"),
    ] {
        assert_eq!(rig.hear(&request)[0].first_line(), format!("SIP/2.0 {status}"));
    }
    rig.hear(&request("REFER", 11, &tag, "Refer-To: <sip:boss@192.0.2.7>\r\n", ""));
    assert_eq!(events(&mut call.leg), [LegEvent::Refer { target: "sip:boss@192.0.2.7".into() }]);
}

#[test]
fn a_provisional_response_that_must_be_acknowledged_is_repeated_until_its_prack() {
    let mut rig = Rig::new();
    rig.hear(&request("INVITE", 1, "", "Require: 100rel\r\n", OFFER));
    let call = rig.call();
    call.leg.control.progress(Sdp(OFFER.into()));
    call.leg.control.answer(Sdp(OFFER.into()));
    let sent = rig.sent();
    assert_eq!(sent.len(), 1, "the answer waits for the PRACK");
    assert_eq!((sent[0].first_line(), sent[0].header("Require")), ("SIP/2.0 183 Session Progress", "100rel"));
    assert_eq!(rig.pass(Duration::from_secs(2)).iter().map(|s| s.ms).collect::<Vec<_>>(), [500, 1_500]);
    let tag = sent[0].header("To").split("tag=").nth(1).expect("a tag").to_owned();
    let rack = format!("RAck: {} 1 INVITE\r\n", sent[0].header("RSeq"));
    let after = rig.hear(&request("PRACK", 2, &tag, &rack, ""));
    assert_eq!(after.iter().map(|s| s.header("CSeq")).collect::<Vec<_>>(), ["2 PRACK", "1 INVITE"]);
    rig.hear(&request("ACK", 1, &tag, "", ""));
    rig.hear(&request("BYE", 3, &tag, "", ""));
    rig.assert_nothing_left();
    // Without a PRACK the call is refused.
    rig.hear(&request("INVITE", 1, "", "Require: 100rel\r\n", OFFER));
    let mut call = rig.call();
    call.leg.control.ringing();
    let refused = rig.pass(Duration::from_secs(40));
    assert!(refused.iter().any(|s| s.first_line() == "SIP/2.0 504 Server Time-out"));
    assert_eq!(events(&mut call.leg), [LegEvent::Ended(LegEnd::NoAck)]);
    rig.assert_nothing_left();
}

#[test]
fn a_session_that_nobody_refreshes_ends() {
    let mut rig = Rig::new();
    rig.hear(&request("INVITE", 1, "", "Session-Expires: 90;refresher=uac\r\nSupported: timer\r\n", OFFER));
    let mut call = rig.call();
    call.leg.control.answer(Sdp(OFFER.into()));
    let ok = rig.sent().pop().expect("a 200");
    assert_eq!((ok.header("Session-Expires"), ok.header("Require")), ("90;refresher=uac", "timer"));
    let tag = ok.header("To").split("tag=").nth(1).expect("a tag").to_owned();
    rig.hear(&request("ACK", 1, &tag, "", ""));
    let sent = rig.pass(Duration::from_secs(70));
    assert!(sent.iter().any(|s| s.first_line().starts_with("BYE ") && s.ms == 60_000));
    assert!(events(&mut call.leg).contains(&LegEvent::Ended(LegEnd::SessionExpired)));
    rig.assert_nothing_left();
}

#[test]
fn a_caller_that_knows_no_timers_is_refreshed_by_us_and_missed_when_it_is_gone() {
    let mut rig = Rig::with(|c| c.session_expires = Duration::from_secs(100));
    let (mut call, _) = talking(&mut rig);
    let asked = rig.pass(Duration::from_secs(51)).into_iter().find(|s| s.first_line().starts_with("INVITE ")).expect("a refresh");
    assert_eq!((asked.ms, asked.header("Session-Expires")), (50_000, "100;refresher=uac"));
    rig.hear(&super::response(&asked, "200 OK", "", "", OFFER));
    assert!(events(&mut call.leg).is_empty(), "a refresh is no news");
    let sent = rig.pass(Duration::from_secs(100));
    assert!(sent.iter().any(|s| s.first_line().starts_with("BYE ")));
    assert_eq!(events(&mut call.leg), [LegEvent::Ended(LegEnd::SessionExpired)]);
    rig.assert_nothing_left();
}
