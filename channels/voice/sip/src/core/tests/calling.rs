//! Calls that we make.

use super::{OFFER, Rig, Sent, events, request, response, trunk};
use crate::config::TrunkAccount;
use crate::leg::{LegEnd, LegEvent, Target};
use crate::sdp::Sdp;
use std::time::Duration;

const CONTACT: &str = "Contact: <sip:agent@192.0.2.9:5060>\r\n";

fn dialled(rig: &mut Rig) -> (crate::leg::Leg, Sent) {
    let leg = rig.dial(Target::Uri("sip:agent@192.0.2.9".into()));
    let invite = rig.sent().pop().expect("an INVITE");
    assert_eq!(invite.first_line(), "INVITE sip:agent@192.0.2.9 SIP/2.0");
    (leg, invite)
}

#[test]
fn it_rings_is_answered_and_hung_up_by_us() {
    let mut rig = Rig::new();
    let (mut leg, invite) = dialled(&mut rig);
    assert!(invite.header("From").starts_with("\"Help line\" <sip:100@192.0.2.1:5060>;tag="));
    rig.hear(&response(&invite, "180 Ringing", "a", CONTACT, ""));
    rig.hear(&response(&invite, "183 Session Progress", "a", CONTACT, OFFER));
    let ack = rig.hear(&response(&invite, "200 OK", "a", CONTACT, OFFER)).pop().expect("an ACK");
    assert_eq!((ack.first_line(), ack.header("CSeq")), ("ACK sip:agent@192.0.2.9:5060 SIP/2.0", "1 ACK"));
    assert_ne!(ack.header("Via"), invite.header("Via"), "the ACK of a 2xx has a branch of its own");
    assert_eq!(rig.hear(&response(&invite, "200 OK", "a", CONTACT, OFFER))[0], ack);
    let sdp = Sdp(OFFER.into());
    assert_eq!(events(&mut leg), [LegEvent::Ringing, LegEvent::Progress(sdp.clone()), LegEvent::Answered(Some(sdp))]);
    leg.control.hang_up();
    let bye = rig.sent().pop().expect("a BYE");
    assert_eq!(bye.header("CSeq"), "2 BYE");
    rig.hear(&response(&bye, "200 OK", "", "", ""));
    assert_eq!(events(&mut leg), [LegEvent::Ended(LegEnd::LocalBye)]);
    rig.assert_nothing_left();
}

#[test]
fn an_invite_that_is_not_answered_is_repeated_by_timer_a_and_given_up() {
    let mut rig = Rig::new();
    let (mut leg, _) = dialled(&mut rig);
    leg.control.info_dtmf('1'); // fits nothing yet, and is ignored
    let at: Vec<u128> = rig.pass(Duration::from_secs(40)).iter().map(|s| s.ms).collect();
    assert_eq!(at, [500, 1_500, 3_500, 7_500, 15_500, 31_500]);
    assert_eq!(events(&mut leg), [LegEvent::Ended(LegEnd::NoAnswer)]);
    rig.assert_nothing_left();
}

#[test]
fn it_is_cancelled_once_something_was_heard_and_a_crossing_200_is_ended() {
    let mut rig = Rig::new();
    let (mut leg, invite) = dialled(&mut rig);
    leg.control.hang_up();
    assert!(rig.sent().is_empty(), "no CANCEL before a response");
    assert_eq!(events(&mut leg), [LegEvent::Ended(LegEnd::LocalBye)]);
    let cancel = rig.hear(&response(&invite, "100 Trying", "", "", "")).pop().expect("a CANCEL");
    assert_eq!((cancel.header("Via"), cancel.header("CSeq")), (invite.header("Via"), "1 CANCEL"));
    let sent = rig.hear(&response(&invite, "200 OK", "a", CONTACT, OFFER));
    assert_eq!(sent.iter().map(|s| s.header("CSeq")).collect::<Vec<_>>(), ["1 ACK", "2 BYE"]);
    rig.hear(&response(&sent[1], "200 OK", "", "", ""));
    rig.hear(&response(&cancel, "200 OK", "a", "", ""));
    rig.assert_nothing_left();

    let (mut leg, invite) = dialled(&mut rig);
    rig.hear(&response(&invite, "180 Ringing", "a", CONTACT, ""));
    rig.pass(Duration::from_secs(31));
    assert_eq!(events(&mut leg), [LegEvent::Ringing, LegEvent::Ended(LegEnd::NoAnswer)]);
    rig.hear(&response(&invite, "487 Request Terminated", "a", "", ""));
    rig.assert_nothing_left();
}

#[test]
fn every_fork_but_the_first_is_acknowledged_and_ended() {
    let mut rig = Rig::new();
    let (mut leg, invite) = dialled(&mut rig);
    rig.hear(&response(&invite, "180 Ringing", "a", CONTACT, ""));
    rig.hear(&response(&invite, "180 Ringing", "b", CONTACT, ""));
    rig.hear(&response(&invite, "200 OK", "b", CONTACT, OFFER));
    let other = rig.hear(&response(&invite, "200 OK", "a", "Contact: <sip:other@192.0.2.8>\r\n", OFFER));
    let lines: Vec<_> = other.iter().map(Sent::first_line).collect();
    assert_eq!(lines, ["ACK sip:other@192.0.2.8 SIP/2.0", "BYE sip:other@192.0.2.8 SIP/2.0"]);
    assert!(other.iter().all(|s| s.header("To").ends_with(";tag=a")));
    assert!(matches!(events(&mut leg)[..], [.., LegEvent::Answered(_)]), "the first is still there");
    drop(leg);
    rig.assert_nothing_left();
}

#[test]
fn refusals_are_acknowledged_once_and_told_with_their_reason() {
    let mut rig = Rig::new();
    let (mut leg, invite) = dialled(&mut rig);
    let ack = rig.hear(&response(&invite, "486 Talking To Mother", "a", "", ""));
    assert_eq!((ack[0].header("Via"), ack[0].header("CSeq")), (invite.header("Via"), "1 ACK"));
    assert_eq!(rig.hear(&response(&invite, "486 Talking To Mother", "a", "", "")), ack);
    let end = LegEnd::Rejected { status: 486, reason: "Talking To Mother".into() };
    assert_eq!(events(&mut leg), [LegEvent::Ended(end)]);
    rig.assert_nothing_left();
}

#[test]
fn provisional_responses_that_want_it_are_acknowledged_in_order() {
    let mut rig = Rig::new();
    let (_leg, invite) = dialled(&mut rig);
    let reliable = |n: u32| response(&invite, "183 Session Progress", "a", &format!("{CONTACT}Require: 100rel\r\nRSeq: {n}\r\n"), OFFER);
    let prack = rig.hear(&reliable(7)).pop().expect("a PRACK");
    assert_eq!((prack.first_line(), prack.header("RAck")), ("PRACK sip:agent@192.0.2.9:5060 SIP/2.0", "7 1 INVITE"));
    assert!(rig.hear(&reliable(7)).is_empty() && rig.hear(&reliable(9)).is_empty());
    assert_eq!(rig.hear(&reliable(8))[0].header("RAck"), "8 1 INVITE");
}

#[test]
fn a_silent_or_failing_trunk_is_passed_over() {
    let trunks = || vec![trunk("first", "sip:198.51.100.1"), trunk("second", "sip:198.51.100.2"), trunk("third", "sip:198.51.100.3")];
    let mut rig = Rig::with(|c| c.trunks = trunks());
    rig.sent();
    let mut leg = rig.dial(Target::Trunk { number: "+913322".into() });
    let first = rig.sent().pop().expect("an INVITE");
    assert_eq!(first.first_line(), "INVITE sip:+913322@198.51.100.1 SIP/2.0");
    let after = rig.pass(Duration::from_secs(5));
    let second = after.iter().find(|s| s.first_line().contains("@198.51.100.2")).expect("the second is tried").clone();
    assert_eq!(second.ms, 4_000);
    assert_ne!(second.header("Call-ID"), first.header("Call-ID"));
    rig.hear(&response(&first, "200 OK", "late", CONTACT, OFFER)); // too late: that call is no more
    let third = rig.hear(&response(&second, "503 Service Unavailable", "x", "", "")).pop().expect("the third");
    assert!(third.first_line().contains("@198.51.100.3"));
    rig.hear(&response(&third, "404 Not Found", "y", "", ""));
    assert_eq!(events(&mut leg), [LegEvent::Ended(LegEnd::Rejected { status: 404, reason: "Not Found".into() })]);
}

#[test]
fn a_trunk_that_asks_who_we_are_is_told() {
    let mut config = trunk("t", "sip:198.51.100.1");
    config.register = Some(TrunkAccount { user: "us".into(), password: "secret".into() });
    let mut rig = Rig::with(|c| c.trunks = vec![config]);
    let register = rig.pass(Duration::ZERO).pop().expect("a REGISTER");
    assert_eq!(register.first_line(), "REGISTER sip:198.51.100.1 SIP/2.0");
    let asks = |kind: &str| format!("{kind}: Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256, qop=\"auth\"\r\n");
    let again = rig.hear(&response(&register, "401 Unauthorized", "x", &asks("WWW-Authenticate"), "")).pop().expect("again");
    assert!(again.header("Authorization").starts_with("Digest username=\"us\", realm=\"r\""));
    rig.hear(&response(&again, "200 OK", "x", &format!("Contact: {};expires=100\r\n", again.header("Contact")), ""));
    assert_eq!(rig.core.trunks[0].status().detail, "registered for 100 s");
    assert_eq!(rig.pass(Duration::from_secs(81)).first().map(|s| s.ms), Some(80_000), "it is renewed before it lapses");

    let _leg = rig.dial(Target::Trunk { number: "1".into() });
    let invite = rig.sent().pop().expect("an INVITE");
    let sent = rig.hear(&response(&invite, "407 Proxy Authentication Required", "x", &asks("Proxy-Authenticate"), ""));
    assert!(sent[0].first_line().starts_with("ACK "));
    assert_eq!(sent[1].header("CSeq"), "2 INVITE");
    assert!(sent[1].header("Proxy-Authorization").contains("qop=auth"));
    let refused = rig.hear(&response(&sent[1], "407 Proxy Authentication Required", "x", &asks("Proxy-Authenticate"), ""));
    assert_eq!(refused.len(), 1, "it is not tried again and again");
}

#[test]
fn trunks_are_asked_and_their_state_is_known() {
    let mut rig = Rig::with(|c| c.trunks = vec![trunk("t", "sip:198.51.100.1;transport=udp")]);
    let options = rig.pass(Duration::ZERO).pop().expect("OPTIONS");
    assert_eq!(options.first_line(), "OPTIONS sip:198.51.100.1;transport=udp SIP/2.0");
    rig.hear(&response(&options, "200 OK", "x", "", ""));
    assert!(rig.core.trunks[0].status().up);
    rig.pass(Duration::from_secs(36));
    assert_eq!(rig.core.trunks[0].status().detail, "does not answer OPTIONS");
    assert!(!rig.core.trunks[0].status().up);
    let again = rig.pass(Duration::from_secs(25)).into_iter().rfind(|s| s.first_line().starts_with("OPTIONS")).expect("asked again");
    rig.hear(&response(&again, "404 Not Found", "x", "", ""));
    assert!(rig.core.trunks[0].status().up, "any answer shows that it is there");
}

#[test]
fn a_busy_session_refresh_and_a_lost_dialog_are_told() {
    let mut rig = Rig::new();
    let (mut leg, invite) = dialled(&mut rig);
    rig.hear(&response(&invite, "200 OK", "a", &format!("{CONTACT}Allow: INVITE, UPDATE\r\nSession-Expires: 90;refresher=uac\r\n"), OFFER));
    let update = rig.pass(Duration::from_secs(46)).pop().expect("a refresh");
    assert!(update.first_line().starts_with("UPDATE "), "by UPDATE where the peer takes it");
    rig.hear(&response(&update, "481 Gone", "", "", ""));
    assert!(matches!(events(&mut leg)[..], [.., LegEvent::Ended(LegEnd::SessionExpired)]));
    rig.assert_nothing_left();
}

#[test]
fn requests_of_the_callee_before_it_answers_are_heard() {
    let mut rig = Rig::new();
    let (mut leg, invite) = dialled(&mut rig);
    rig.hear(&response(&invite, "183 Session Progress", "a", CONTACT, OFFER));
    let ours = invite.header("From").split("tag=").nth(1).expect("a tag");
    let update = request("UPDATE", 1, ours, "", OFFER)
        .replace("Call-ID: one", &format!("Call-ID: {}", invite.header("Call-ID")))
        .replace("tag=r\r", "tag=a\r");
    rig.hear(&update);
    leg.control.accept_offer(Sdp(OFFER.into()));
    assert_eq!(rig.lines(), ["SIP/2.0 200 OK"]);
    assert!(events(&mut leg).contains(&LegEvent::Offer(Sdp(OFFER.into()))));
}
