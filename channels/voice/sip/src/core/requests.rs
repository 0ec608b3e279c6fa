//! Requests of theirs within a dialog.

use super::dialog::{LegState, State};
use super::{Core, Flow, TxId};
use crate::leg::{LegEnd, LegEvent};
use crate::wire::{Message, Method, Name, NameAddr, reply};

impl Core {
    pub(super) fn leg_request(&mut self, leg: &mut LegState, tx: TxId, request: &Message, flow: Flow) {
        let method = request.method().cloned().unwrap_or(Method::Options);
        if matches!(leg.state, State::Ending | State::Gone) && method != Method::Bye {
            return self.answer_with(leg, tx, 481, Vec::new());
        }
        let unknown: Vec<&str> =
            request.tokens(&Name::Require).filter(|t| !["timer", "100rel"].iter().any(|k| k.eq_ignore_ascii_case(t))).collect();
        if !unknown.is_empty() {
            let unknown = unknown.join(", ");
            return self.answer_with(leg, tx, 420, vec![(Name::Unsupported, unknown)]);
        }
        match method {
            Method::Bye => self.bye_came(leg, tx),
            Method::Invite | Method::Update => self.their_offer(leg, tx, request, flow),
            Method::Info => self.info(leg, tx, request),
            Method::Prack => self.pracked(leg, tx, request),
            Method::Options => self.answer_with(leg, tx, 200, vec![(Name::Accept, "application/sdp".into())]),
            Method::Notify => self.answer_with(leg, tx, 200, Vec::new()), // of a REFER of ours
            Method::Refer => self.refer_came(leg, tx, request),
            Method::Other(_) => self.answer_with(leg, tx, 501, Vec::new()),
            _ => self.answer_with(leg, tx, 405, Vec::new()),
        }
    }

    fn bye_came(&mut self, leg: &mut LegState, tx: TxId) {
        self.answer_with(leg, tx, 200, Vec::new());
        match leg.state {
            // In the early dialog the INVITE still wants an answer (RFC 3261 §15.1.2).
            State::Ringing { tx: ringing } => self.refuse_ringing(leg, ringing, 487, None, LegEnd::RemoteBye),
            // The callee may not send BYE before it has answered: its final response will come.
            State::Calling(_) => {}
            State::Ending => leg.state = State::Gone,
            State::Confirmed | State::Gone => {
                self.stop_repeating(leg);
                self.finish(leg, LegEnd::RemoteBye);
            }
        }
    }

    fn info(&mut self, leg: &mut LegState, tx: TxId, request: &Message) {
        let kind = request.get(&Name::ContentType).unwrap_or_default().to_ascii_lowercase();
        if kind.starts_with("application/dtmf") {
            match info_digit(&kind, &request.body) {
                Some(digit) => leg.tell(LegEvent::Digit(digit)),
                None => return self.answer_with(leg, tx, 400, Vec::new()),
            }
        }
        self.answer_with(leg, tx, 200, Vec::new());
    }

    /// Whom they want us to call is told to the owner; we promise nothing (RFC 3515 §2.4.2).
    fn refer_came(&mut self, leg: &mut LegState, tx: TxId, request: &Message) {
        match request.get(&Name::ReferTo).and_then(NameAddr::read) {
            Some(to) => {
                leg.tell(LegEvent::Refer { target: to.uri });
                self.answer_with(leg, tx, 603, Vec::new());
            }
            None => self.answer_with(leg, tx, 400, Vec::new()),
        }
    }

    /// INFO with a key, as `application/dtmf-relay`.
    pub(super) fn send_digit(&mut self, leg: &mut LegState, digit: char) {
        let mut request = self.request_in(leg, Method::Info);
        request.set_body("application/dtmf-relay", format!("Signal={digit}\r\nDuration=160\r\n"));
        self.send_in(leg, request);
    }

    /// REFER: the peer is asked to call somebody else.
    pub(super) fn send_refer(&mut self, leg: &mut LegState, target: &str) {
        let mut request = self.request_in(leg, Method::Refer);
        request.push(Name::ReferTo, format!("<{}>", target.replace(['<', '>', '\r', '\n'], "")));
        request.set(Name::Allow, reply::ALLOW);
        self.send_in(leg, request);
    }
}

/// A key: `Signal=5` of application/dtmf-relay, or the bare key of application/dtmf.
fn info_digit(kind: &str, body: &[u8]) -> Option<char> {
    let body = String::from_utf8_lossy(body);
    let key = if kind.starts_with("application/dtmf-relay") {
        body.lines().find_map(|l| Some(l.trim().strip_prefix("Signal")?.trim_start().strip_prefix('=')?.trim().to_owned()))?
    } else {
        body.trim().to_owned()
    };
    match key.as_str() {
        "10" => Some('*'),
        "11" => Some('#'),
        one if one.len() == 1 => one.chars().next().map(|c| c.to_ascii_uppercase()).filter(|c| "0123456789*#ABCD".contains(*c)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::info_digit;

    #[test]
    fn keys_of_both_forms_are_read() {
        assert_eq!(info_digit("application/dtmf-relay", b"Signal= 5\r\nDuration=160\r\n"), Some('5'));
        assert_eq!(info_digit("application/dtmf-relay", b"Signal=11\r\n"), Some('#'));
        assert_eq!(info_digit("application/dtmf", b"*"), Some('*'));
        assert_eq!(info_digit("application/dtmf", b"55"), None);
        assert_eq!(info_digit("application/dtmf-relay", b"\xff"), None);
    }
}
