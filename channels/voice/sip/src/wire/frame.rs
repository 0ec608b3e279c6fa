//! Cuts a stream into messages by Content-Length (RFC 3261 §18.3). Pure: bytes in, frames out, however they are split.

use super::parse::{LONGEST, Length, head_end, length};

/// Longest head that is waited for.
const LONGEST_HEAD: usize = 32 * 1024;

/// What comes out of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A whole message.
    Message(Vec<u8>),
    /// A keep-alive that wants one CRLF back (RFC 5626 §4.4.1).
    Ping,
    /// A head after which nobody knows where the next message begins: answer it, then close.
    Lost(Vec<u8>),
}

/// The bytes of a stream that make no whole message yet.
#[derive(Debug, Default)]
pub(crate) struct Framer {
    bytes: Vec<u8>,
    /// So much of it holds no end of a head.
    scanned: usize,
}

impl Framer {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next frame, if it is whole.
    pub(crate) fn next(&mut self) -> Option<Frame> {
        if let Some(frame) = self.between() {
            return Some(frame);
        }
        let from = self.scanned.saturating_sub(3).min(self.bytes.len());
        let Some((head, body)) = head_end(&self.bytes[from..]).map(|(h, b)| (h + from, b + from)) else {
            self.scanned = self.bytes.len();
            return (self.bytes.len() > LONGEST_HEAD).then(|| Frame::Lost(self.take_all()));
        };
        match length(&self.bytes[..head]) {
            Length::Says(n) if body + n > LONGEST => Some(Frame::Lost(self.take_all())),
            Length::Says(n) if body + n <= self.bytes.len() => {
                let rest = self.bytes.split_off(body + n);
                self.scanned = 0;
                Some(Frame::Message(std::mem::replace(&mut self.bytes, rest)))
            }
            Length::Says(_) => None,
            Length::Absent | Length::Bad => Some(Frame::Lost(self.take_all())),
        }
    }

    /// Whether a message has begun and waits for its rest.
    pub(crate) fn is_waiting(&self) -> bool {
        self.bytes.iter().any(|b| !b.is_ascii_whitespace())
    }

    /// Empty lines before a message (RFC 3261 §7.5).
    fn between(&mut self) -> Option<Frame> {
        while matches!(self.bytes.first(), Some(b'\r' | b'\n')) {
            if self.bytes.starts_with(b"\r\n\r\n") {
                self.drop_front(4);
                return Some(Frame::Ping);
            }
            if b"\r\n\r\n".starts_with(&self.bytes) {
                return None;
            }
            self.drop_front(1);
        }
        None
    }

    fn drop_front(&mut self, n: usize) {
        self.bytes.drain(..n);
        self.scanned = 0;
    }

    fn take_all(&mut self) -> Vec<u8> {
        self.scanned = 0;
        std::mem::take(&mut self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TWO: &str = "\r\n\r\nOPTIONS sip:a SIP/2.0\r\nl: 3\r\n\r\nabc\r\nBYE sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n";

    fn frames(pieces: &[&[u8]]) -> Vec<Frame> {
        let mut framer = Framer::default();
        let mut out = Vec::new();
        for piece in pieces {
            framer.push(piece);
            out.extend(std::iter::from_fn(|| framer.next()));
        }
        out
    }

    #[test]
    fn it_does_not_matter_where_a_stream_is_split() {
        let whole = frames(&[TWO.as_bytes()]);
        let message = |text: &str| Frame::Message(text.as_bytes().to_vec());
        assert_eq!(
            whole,
            [Frame::Ping, message("OPTIONS sip:a SIP/2.0\r\nl: 3\r\n\r\nabc"), message("BYE sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n")]
        );
        for at in 0..TWO.len() {
            assert_eq!(frames(&[&TWO.as_bytes()[..at], &TWO.as_bytes()[at..]]), whole, "split at {at}");
        }
        let single: Vec<&[u8]> = TWO.as_bytes().chunks(1).collect();
        assert_eq!(frames(&single), whole);
    }

    #[test]
    fn a_stream_without_lengths_is_lost() {
        for text in
            ["BYE sip:a SIP/2.0\r\nTo: x\r\n\r\n", "BYE sip:a SIP/2.0\r\nl: -1\r\n\r\n", "BYE sip:a SIP/2.0\r\nl: 999999999\r\n\r\n"]
        {
            assert!(matches!(frames(&[text.as_bytes()])[..], [Frame::Lost(_)]), "{text}");
        }
        assert!(matches!(frames(&[&vec![b'x'; LONGEST_HEAD + 1]])[..], [Frame::Lost(_)]));
    }

    proptest! {
        #[test]
        fn nothing_from_outside_makes_it_panic_or_grow(pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..20)) {
            let mut framer = Framer::default();
            for piece in &pieces {
                framer.push(piece);
                while framer.next().is_some() {}
                prop_assert!(framer.bytes.len() <= LONGEST + LONGEST_HEAD);
            }
        }
    }
}
