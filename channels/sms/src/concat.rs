//! Messages of several parts: how each part says to which message it belongs (3GPP TS 23.040 §9.2.3.24, SMPP 3.4 §5.3.2.22–24).

use crate::smpp::pdu::{Short, tag};
use serde::{Deserialize, Serialize};

/// The place of a part in its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Concat {
    /// Names the message among those of its sender for a while: 8 or 16 bits.
    pub reference: u16,
    /// Parts of the message, at least 2.
    pub total: u8,
    /// This part, from 1.
    pub part: u8,
}

impl Concat {
    fn new(reference: u16, total: u8, part: u8) -> Option<Self> {
        (total >= 2 && (1..=total).contains(&part)).then_some(Self { reference, total, part })
    }

    /// The user data header for this place, with its length: six octets with an 8-bit reference.
    pub fn header(self) -> [u8; 6] {
        [5, 0, 3, self.reference.to_be_bytes()[1], self.total, self.part]
    }

    /// The optional parameters for this place.
    pub fn sar(self) -> Vec<(u16, Vec<u8>)> {
        vec![
            (tag::SAR_MSG_REF_NUM, self.reference.to_be_bytes().to_vec()),
            (tag::SAR_TOTAL_SEGMENTS, vec![self.total]),
            (tag::SAR_SEGMENT_SEQNUM, vec![self.part]),
        ]
    }
}

/// `esm_class`: the octets begin with a user data header.
pub const UDHI: u8 = 0x40;

/// The place that a unit's own parameters or header give it, and its octets without the header.
pub fn place(short: &Short) -> (Option<Concat>, &[u8]) {
    let content = short.content();
    if short.esm_class & UDHI != 0 {
        let (place, rest) = header(content);
        return (place.or_else(|| sar(short)), rest);
    }
    (sar(short), content)
}

fn sar(short: &Short) -> Option<Concat> {
    let octet = |tag| short.tlv(tag)?.first().copied();
    let reference: [u8; 2] = short.tlv(tag::SAR_MSG_REF_NUM)?.try_into().ok()?;
    Concat::new(u16::from_be_bytes(reference), octet(tag::SAR_TOTAL_SEGMENTS)?, octet(tag::SAR_SEGMENT_SEQNUM)?)
}

/// Reads a user data header off the front: the place in a message (information elements 0x00 and 0x08) and what follows.
/// A header that claims more than there is leaves nothing of it; what is in it that we do not know is passed over.
pub fn header(octets: &[u8]) -> (Option<Concat>, &[u8]) {
    let Some((length, rest)) = octets.split_first() else { return (None, octets) };
    let Some((mut elements, text)) = rest.split_at_checked(usize::from(*length)) else { return (None, &[]) };
    let mut place = None;
    while let [element, length, after @ ..] = elements {
        let Some((value, rest)) = after.split_at_checked(usize::from(*length)) else { break };
        place = place.or(match (element, value) {
            (0x00, [reference, total, part]) => Concat::new(u16::from(*reference), *total, *part),
            (0x08, [high, low, total, part]) => Concat::new(u16::from_be_bytes([*high, *low]), *total, *part),
            _ => None,
        });
        elements = rest;
    }
    (place, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_references_are_read_and_neighbours_passed_over() {
        assert_eq!(header(&[5, 0, 3, 7, 2, 1, b'a']), (Concat::new(7, 2, 1), &b"a"[..]));
        assert_eq!(header(&[6, 8, 4, 1, 2, 3, 3, b'a']), (Concat::new(0x0102, 3, 3), &b"a"[..]));
        assert_eq!(header(&[9, 0x24, 1, 1, 0, 3, 7, 2, 2, 0, b'a']).0, Concat::new(7, 2, 2));
        assert_eq!(header(&[5, 0, 3, 7, 1, 1, b'a']).0, None, "one part of one is no part");
        assert_eq!(header(&[5, 0, 3, 7, 2, 3, b'a']).0, None, "the third of two");
        assert_eq!(header(&[40, 0, 3]), (None, &[][..]), "a header that is longer than the message");
    }

    proptest! {
        #[test]
        fn a_place_comes_back_both_ways(reference in any::<u8>(), total in 2u8.., part in 1u8..) {
            prop_assume!(part <= total);
            let wanted = Concat { reference: reference.into(), total, part };
            let octets = [&wanted.header()[..], b"text"].concat();
            prop_assert_eq!(header(&octets), (Some(wanted), &b"text"[..]));
            let short = Short { octets: b"text".to_vec(), tlvs: wanted.sar(), ..Short::default() };
            prop_assert_eq!(place(&short), (Some(wanted), &b"text"[..]));
        }

        #[test]
        fn any_header_is_read(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let (place, rest) = header(&octets);
            prop_assert!(rest.len() <= octets.len());
            prop_assert!(place.is_none_or(|p| p.total >= 2 && p.part >= 1 && p.part <= p.total));
        }
    }
}
