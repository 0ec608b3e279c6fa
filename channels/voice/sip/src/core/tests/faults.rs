//! Two machines with a bad network between them: whatever is lost, doubled or late, nothing is left behind.

use super::{OFFER, Rig, events};
use crate::core::Output;
use crate::leg::{IncomingCall, Leg, LegEvent, Target};
use crate::sdp::Sdp;
use proptest::prelude::*;
use std::net::SocketAddr;
use std::time::Duration;

struct Pair {
    caller: Rig,
    called: Rig,
    /// What is on its way: to the called (true) or to the caller, so many steps from now.
    wire: Vec<(u8, bool, Vec<u8>)>,
}

impl Pair {
    fn step(&mut self, fates: &mut impl Iterator<Item = u8>) {
        for (from_caller, rig) in [(true, &mut self.caller), (false, &mut self.called)] {
            rig.core.orders();
            for output in rig.core.take_output() {
                let Output::Send { bytes, .. } = output else { continue };
                match fates.next().unwrap_or(9) {
                    0 | 1 => {}
                    2 => self.wire.extend([(0, from_caller, bytes.to_vec()), (1, from_caller, bytes.to_vec())]),
                    3 => self.wire.push((3, from_caller, bytes.to_vec())),
                    _ => self.wire.push((0, from_caller, bytes.to_vec())),
                }
            }
        }
        let due: Vec<_> = self.wire.extract_if(.., |(late, ..)| *late == 0).collect();
        self.wire.iter_mut().for_each(|(late, ..)| *late -= 1);
        for (_, to_called, bytes) in due {
            if to_called {
                self.called.core.datagram(0, SocketAddr::from(([192, 0, 2, 1], 5060)), &bytes);
            } else {
                self.caller.core.datagram(0, SocketAddr::from(([192, 0, 2, 9], 5060)), &bytes);
            }
        }
        for rig in [&mut self.caller, &mut self.called] {
            rig.set_time(rig.now + Duration::from_millis(100));
            rig.core.wake();
        }
    }
}

/// What the owners do, by number.
fn act(what: u8, leg: &Leg, call: Option<&IncomingCall>) {
    let sdp = || Sdp(OFFER.into());
    match (what % 12, call) {
        (0, _) => leg.control.hang_up(),
        (1, _) => leg.control.offer(sdp()),
        (2, _) => leg.control.info_dtmf('7'),
        (3, Some(call)) => call.leg.control.hang_up(),
        (4, Some(call)) => call.leg.control.offer(sdp()),
        (5, Some(call)) => call.leg.control.ringing(),
        (6, Some(call)) => call.leg.control.progress(sdp()),
        (7 | 8, Some(call)) => call.leg.control.answer(sdp()),
        (9, Some(call)) => call.leg.control.reject(486, None),
        (10, Some(call)) => call.leg.control.refer("sip:x@192.0.2.77"),
        _ => {}
    }
}

fn live(actions: &[u8], fates: &[u8]) {
    let own = |ip: [u8; 4]| SocketAddr::from((ip, 5060));
    let brief = |c: &mut crate::config::SipConfig| c.session_expires = Duration::from_secs(90);
    let mut called = Rig::with(brief);
    called.core.listeners.iter_mut().for_each(|(_, a)| *a = own([192, 0, 2, 9]));
    let mut pair = Pair { caller: Rig::with(brief), called, wire: Vec::new() };
    let mut leg = pair.caller.dial(Target::Uri("sip:1000@192.0.2.9".into()));
    let mut call: Option<IncomingCall> = None;
    let mut fates = fates.iter().copied();
    let (mut ended, mut acts) = ([false; 2], actions.iter());
    for step in 0..3_000 {
        pair.step(&mut fates);
        call = call.or_else(|| pair.called.calls.try_recv().ok());
        if step % 7 == 0
            && let Some(what) = acts.next()
        {
            act(*what, &leg, call.as_ref());
        }
        let called = call.iter_mut().flat_map(|c| events(&mut c.leg)).map(|e| (1, e)).collect::<Vec<_>>();
        for (side, event) in events(&mut leg).into_iter().map(|e| (0, e)).chain(called) {
            assert!(!ended[side], "nothing comes after the end: {event:?}");
            let control = if side == 0 { &leg.control } else { &call.as_ref().expect("there").leg.control };
            match event {
                LegEvent::Offer(_) => control.accept_offer(Sdp(OFFER.into())),
                LegEvent::Ended(_) => ended[side] = true,
                _ => {}
            }
        }
        if step == 1_200 {
            leg.control.hang_up();
        }
    }
    assert!(ended[0], "the caller's leg has ended");
    assert!(call.is_none() || ended[1], "the called leg has ended");
    pair.caller.assert_nothing_left();
    pair.called.assert_nothing_left();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(std::env::var("DAAK_FUZZ_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(60)))]
    #[test]
    fn whatever_is_lost_nothing_is_left(
        actions in proptest::collection::vec(any::<u8>(), 0..30),
        fates in proptest::collection::vec(0u8..12, 0..200),
    ) {
        live(&actions, &fates);
    }
}

#[test]
fn a_peer_that_vanishes_leaves_nothing() {
    live(&[7], &[9; 12].into_iter().chain([0; 4_000]).collect::<Vec<u8>>());
    live(&[7, 1, 4, 1, 4], &[9; 20].into_iter().chain([0; 4_000]).collect::<Vec<u8>>());
}

#[test]
fn a_change_that_is_begun_and_never_answered_ends_the_call() {
    let mut rig = Rig::new();
    let mut leg = rig.dial(Target::Uri("sip:1000@192.0.2.9".into()));
    let invite = rig.sent().pop().expect("an INVITE");
    rig.hear(&super::response(&invite, "200 OK", "a", "Contact: <sip:1000@192.0.2.9>\r\n", OFFER));
    leg.control.offer(Sdp(OFFER.into()));
    let again = rig.sent().pop().expect("a re-INVITE");
    rig.hear(&super::response(&again, "100 Trying", "", "", ""));
    rig.pass(Duration::from_secs(40));
    assert!(matches!(events(&mut leg)[..], [.., LegEvent::Ended(crate::leg::LegEnd::TransportFailed)]));
    rig.assert_nothing_left();
}

#[test]
fn a_stream_that_breaks_ends_what_waits_for_an_answer_on_it() {
    let mut rig = Rig::new();
    let mut leg = rig.dial(Target::Uri("sip:agent@192.0.2.9;transport=tcp".into()));
    let outputs = rig.core.take_output();
    let [Output::Open { stream, secure: false, .. }, Output::Send { .. }] = outputs[..] else { panic!("{outputs:?}") };
    rig.core.stream_closed(stream);
    assert_eq!(events(&mut leg), [LegEvent::Ended(crate::leg::LegEnd::TransportFailed)]);
    rig.assert_nothing_left();
}
