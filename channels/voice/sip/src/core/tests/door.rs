//! Who may come in.

use super::{OFFER, Rig, invite, peer, request};
use crate::guard::SipLimits;
use crate::leg::Target;
use std::net::SocketAddr;
use std::time::Duration;

fn numbered(n: usize) -> String {
    invite().replace("z9hG4bKINVITE1", &format!("z9hG4bKflood{n}")).replace("Call-ID: one", &format!("Call-ID: flood{n}"))
}

#[test]
fn a_flood_is_answered_503_with_retry_after_and_nothing_of_it_is_kept() {
    let mut rig = Rig::with(|c| c.limits = SipLimits { new_calls_per_s: 10, max_calls: 100, ..SipLimits::default() });
    let refused: usize = (0..10_000)
        .map(|n| {
            rig.hear(&numbered(n))
                .iter()
                .filter(|s| s.first_line() == "SIP/2.0 503 Service Unavailable" && s.header("Retry-After") == "10")
                .count()
        })
        .sum();
    assert_eq!(refused, 9_992, "strangers get four fifths of the rate");
    let kept = rig.core.kept();
    assert!(kept < 60, "{kept} things are kept of 8 calls");
    assert_eq!(rig.hear(&numbered(9_999))[0].header("To"), rig.hear(&numbered(9_999))[0].header("To"), "the same answer again");
    let ack = request("ACK", 1, "s0000", "", "").replace("z9hG4bKACK1", "z9hG4bKflood9999");
    assert!(rig.hear(&ack).is_empty());
}

#[test]
fn the_timers_of_calls_that_are_over_do_not_heap_up() {
    let mut rig = Rig::new();
    for n in 0..6_000 {
        rig.hear(&numbered(n));
        let call = rig.call();
        call.leg.control.answer(crate::sdp::Sdp(OFFER.into()));
        let ok = rig.sent().pop().expect("a 200");
        let tag = ok.header("To").split("tag=").nth(1).expect("a tag").to_owned();
        let of = |method: &str, cseq| {
            request(method, cseq, &tag, "", "")
                .replace("Call-ID: one", &format!("Call-ID: flood{n}"))
                .replace("branch=z9hG4bK", &format!("branch=z9hG4bK{n}"))
        };
        rig.hear(&of("ACK", 1));
        assert_eq!(rig.hear(&of("BYE", 2))[0].first_line(), "SIP/2.0 200 OK");
        rig.pass(Duration::from_millis(100));
    }
    let alarms = rig.core.alarms();
    assert!(alarms < 9_000, "{alarms} alarms wait");
    rig.assert_nothing_left();
}

#[test]
fn a_call_that_came_in_is_not_counted_again_when_its_invite_is_repeated() {
    let mut rig = Rig::with(|c| c.limits = SipLimits { new_calls_per_s: 2, max_calls: 100, ..SipLimits::default() });
    rig.hear(&invite());
    for _ in 0..20 {
        assert!(rig.hear(&invite()).iter().all(|s| !s.first_line().contains("503")));
    }
    let _call = rig.call();
}

#[test]
fn the_same_call_by_two_ways_is_a_loop() {
    let mut rig = Rig::new();
    rig.hear(&invite());
    assert_eq!(rig.hear(&invite().replace("z9hG4bKINVITE1", "z9hG4bKother"))[0].first_line(), "SIP/2.0 482 Loop Detected");
}

#[test]
fn what_is_not_for_us_gets_its_status() {
    let mut rig = Rig::new();
    for (text, status) in [
        (request("OPTIONS", 1, "", "", ""), "200 OK"),
        (request("SUBSCRIBE", 1, "", "", ""), "405 Method Not Allowed"),
        (request("MESSAGE", 1, "", "", ""), "405 Method Not Allowed"),
        (request("FETCH", 1, "", "", ""), "501 Not Implemented"),
        (request("BYE", 1, "", "", ""), "481 Call/Transaction Does Not Exist"),
        (request("INVITE", 2, "", "Require: foo, timer\r\n", OFFER), "420 Bad Extension"),
        (request("INVITE", 3, "", "", OFFER).replace("Max-Forwards: 70", "Max-Forwards: 0"), "483 Too Many Hops"),
        (request("OPTIONS", 3, "", "", "").replace("Max-Forwards: 70", "Max-Forwards: 0"), "200 OK"),
        (request("INVITE", 4, "", "", OFFER).replace("application/sdp", "application/unknown"), "415 Unsupported Media Type"),
        (request("INVITE", 5, "", "Session-Expires: 20\r\n", OFFER), "422 Session Interval Too Small"),
        (request("INVITE", 6, "", "Accept: text/nobodyKnowsThis\r\n", ""), "406 Not Acceptable"),
        (request("INVITE", 7, "", "", OFFER).replace("Contact: <sip:rina@192.0.2.9:5060>\r\n", ""), "400 Bad Request"),
    ] {
        assert_eq!(rig.hear(&text)[0].first_line(), format!("SIP/2.0 {status}"), "{text}");
    }
    assert_eq!(rig.hear(&request("OPTIONS", 9, "", "", ""))[0].header("Allow"), crate::wire::reply::ALLOW);
    rig.assert_nothing_left();
}

fn register(cseq: u32, authorization: &str) -> String {
    request("REGISTER", cseq, "", &format!("Expires: 300\r\n{authorization}"), "").replace("sip:1000@192.0.2.1>", "sip:desk@192.0.2.1>")
}

fn proof(rig: &mut Rig, password: &str) -> String {
    let asked = rig.hear(&register(1, ""));
    assert_eq!(asked[0].first_line(), "SIP/2.0 401 Unauthorized");
    let challenge = asked[0].header("WWW-Authenticate").to_owned();
    let answer = crate::digest::answer(&challenge, "desk", password, "REGISTER", "sip:192.0.2.1", "c").expect("a challenge");
    format!("Authorization: {answer}\r\n")
}

#[test]
fn a_phone_registers_is_called_and_is_known_when_it_calls() {
    let mut rig = Rig::new();
    let authorization = proof(&mut rig, "sesame");
    let ok = rig.hear(&register(2, &authorization));
    assert_eq!((ok[0].first_line(), ok[0].header("Contact")), ("SIP/2.0 200 OK", "<sip:rina@192.0.2.9:5060>;expires=300"));
    rig.hear(&invite());
    assert_eq!(rig.call().authenticated.as_deref(), Some("desk"));
    rig.sent();
    let _leg = rig.dial(Target::Registered("desk".into()));
    assert_eq!(rig.lines(), ["INVITE sip:rina@192.0.2.9:5060 SIP/2.0"]);
    let other = rig.hear(&register(3, &authorization).replace("sip:desk@192.0.2.1>", "sip:boss@192.0.2.1>"));
    assert_eq!(other[0].first_line(), "SIP/2.0 403 Forbidden");
}

#[test]
fn whoever_guesses_passwords_is_not_heard_any_more() {
    let mut rig = Rig::new();
    for n in 0..8 {
        let authorization = proof(&mut rig, "guess");
        assert_eq!(rig.hear(&register(10 + n, &authorization))[0].first_line(), "SIP/2.0 401 Unauthorized");
    }
    assert!(rig.hear(&invite()).is_empty() && rig.hear(&register(99, "")).is_empty());
    let elsewhere = SocketAddr::from(([192, 0, 2, 10], 5060));
    assert!(!rig.hear_from(elsewhere, &request("OPTIONS", 1, "", "", "")).is_empty());
    rig.pass(Duration::from_secs(901));
    assert!(!rig.hear_from(peer(), &request("OPTIONS", 1, "", "", "")).is_empty());
}

#[test]
fn the_caller_behind_a_translation_is_answered_where_it_was_seen() {
    let mut rig = Rig::new();
    let seen = SocketAddr::from(([203, 0, 113, 5], 31_000));
    let text = invite()
        .replace("UDP 192.0.2.9:5060;", "UDP 10.0.0.7:5060;rport;")
        .replace("<sip:rina@192.0.2.9:5060>", "<sip:rina@10.0.0.7:5060>");
    rig.hear_from(seen, &text);
    let call = rig.call();
    call.leg.control.answer(crate::sdp::Sdp(OFFER.into()));
    let ok = rig.sent().pop().expect("a 200");
    assert_eq!(ok.flow.peer(), seen);
    assert!(ok.header("Via").ends_with(";received=203.0.113.5;rport=31000"));
    let tag = ok.header("To").split("tag=").nth(1).expect("a tag").to_owned();
    rig.hear_from(seen, &request("ACK", 1, &tag, "", ""));
    call.leg.control.hang_up();
    let bye = rig.sent().pop().expect("a BYE");
    assert_eq!((bye.first_line(), bye.flow.peer()), ("BYE sip:rina@10.0.0.7:5060 SIP/2.0", seen));
}

#[test]
fn requests_follow_the_recorded_route() {
    let mut rig = Rig::with(|c| c.advertise = Some([203, 0, 113, 1].into()));
    let via = SocketAddr::from(([198, 51, 100, 7], 5060));
    let text = invite().replace("CSeq:", "Record-Route: <sip:198.51.100.7;lr>, <sip:198.51.100.8;lr>\r\nCSeq:");
    rig.hear_from(via, &text);
    let call = rig.call();
    call.leg.control.answer(crate::sdp::Sdp(OFFER.into()));
    let ok = rig.sent().pop().expect("a 200");
    assert_eq!(ok.header("Record-Route"), "<sip:198.51.100.7;lr>, <sip:198.51.100.8;lr>");
    assert_eq!(ok.header("Contact"), "<sip:daak@203.0.113.1:5060>");
    let tag = ok.header("To").split("tag=").nth(1).expect("a tag").to_owned();
    rig.hear_from(via, &request("ACK", 1, &tag, "", ""));
    call.leg.control.hang_up();
    let bye = rig.sent().pop().expect("a BYE");
    assert_eq!((bye.flow.peer(), bye.header("Route")), (via, "<sip:198.51.100.7;lr>"));
    assert!(bye.text.contains("Route: <sip:198.51.100.8;lr>\r\n"));
}
