//! Delivery receipts over SMPP, in their dialects: optional parameters (§5.3.2.12, §5.3.2.35), the text form of appendix B, or both.

use super::pdu::{Short, tag};

/// What an SMS centre says of a message that it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its name for the message, as this receipt writes it.
    pub id: String,
    /// What became of it.
    pub state: MessageState,
    /// The carrier's own error code, where it gives one that is not zero.
    pub error: Option<String>,
    /// The telephone that the message went to: the receipt's source address.
    pub from: String,
}

/// What became of a message (§5.2.28).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum MessageState {
    OnItsWay,
    Delivered,
    Expired,
    Deleted,
    Undeliverable,
    Rejected,
    Unknown,
}

impl MessageState {
    fn of_number(state: u8) -> Self {
        match state {
            2 => Self::Delivered,
            3 => Self::Expired,
            4 => Self::Deleted,
            5 => Self::Undeliverable,
            0 | 1 | 6 => Self::OnItsWay,
            8 => Self::Rejected,
            _ => Self::Unknown,
        }
    }

    /// Words are cut by some, written out by others: the first letters decide.
    fn of_word(word: &str) -> Self {
        let word = word.trim().to_ascii_uppercase();
        let is = |begins: &[&str]| begins.iter().any(|b| word.starts_with(b));
        match () {
            () if is(&["DELIV"]) => Self::Delivered,
            () if is(&["EXPIR"]) => Self::Expired,
            () if is(&["DELET"]) => Self::Deleted,
            () if is(&["UNDEL", "FAIL"]) => Self::Undeliverable,
            () if is(&["ACCEPT", "ENROUTE", "BUFF", "SCHED", "SENT"]) => Self::OnItsWay,
            () if is(&["REJ"]) => Self::Rejected,
            () => Self::Unknown,
        }
    }

    /// Nothing will follow.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::OnItsWay | Self::Unknown)
    }

    /// Why it did not arrive, in a word for people.
    pub fn failure(self) -> Option<&'static str> {
        match self {
            Self::Expired => Some("it expired: the telephone was off or out of reach for too long"),
            Self::Deleted => Some("the carrier deleted it"),
            Self::Undeliverable => Some("the carrier could not deliver it"),
            Self::Rejected => Some("the carrier rejected it: look whether header and template are registered"),
            Self::Delivered | Self::OnItsWay | Self::Unknown => None,
        }
    }
}

/// `esm_class` of a receipt (§5.2.12): bits 5 to 2.
const KIND: u8 = 0x3c;
const RECEIPT: u8 = 0x04;
const INTERMEDIATE: u8 = 0x20;

/// Whether a unit is a receipt rather than a citizen's message.
pub fn is_receipt(short: &Short) -> bool {
    matches!(short.esm_class & KIND, RECEIPT | INTERMEDIATE) || short.tlv(tag::RECEIPTED_MESSAGE_ID).is_some()
}

/// Reads a receipt. Parameters go before the text. `None` if it names no message.
pub fn read(short: &Short) -> Option<Receipt> {
    let text = String::from_utf8_lossy(short.content());
    let named = short.tlv(tag::RECEIPTED_MESSAGE_ID).map(|id| String::from_utf8_lossy(id).trim_matches(['\0', ' ']).to_owned());
    let id = named.filter(|id| !id.is_empty()).or_else(|| field(&text, "id").map(str::to_owned))?;
    let said = field(&text, "stat").map(MessageState::of_word).filter(|state| *state != MessageState::Unknown);
    let state = short.tlv(tag::MESSAGE_STATE).and_then(|v| v.first()).map(|state| MessageState::of_number(*state));
    let error = field(&text, "err").filter(|code| code.bytes().any(|b| b != b'0')).map(|code| code.chars().take(20).collect());
    let id = id.chars().take(LONGEST_ID).collect();
    Some(Receipt { id, state: state.or(said).unwrap_or(MessageState::Unknown), error, from: short.source.text.clone() })
}

/// Characters of a name that are looked at.
const LONGEST_ID: usize = 65;

/// The value of `name:` in `id:IIIIIIIIII sub:001 dlvrd:001 submit date:YYMMDDhhmm … stat:DDDDDDD err:E text:…`, whatever the case.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    // What the citizen was sent stands behind `text:` and may hold anything.
    let lower = text.to_ascii_lowercase();
    let until = lower.find("text:").unwrap_or(text.len());
    let (text, lower) = (text.get(..until)?, lower.get(..until)?);
    let label = format!("{name}:");
    let at = lower.match_indices(&label).map(|(at, _)| at).find(|at| *at == 0 || lower.as_bytes()[at - 1].is_ascii_whitespace())?;
    let value = text.get(at + label.len()..)?.trim_start();
    let end = value.find(char::is_whitespace).unwrap_or(value.len());
    Some(&value[..end]).filter(|value| !value.is_empty())
}

/// How an SMS centre writes in receipts the names that it gave in its answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdDialect {
    /// The same, apart from case and leading zeros; where that matches nothing that was sent to the telephone, as another
    /// base: what matched once is remembered.
    #[default]
    Auto,
    /// The same.
    Same,
    /// Hexadecimal in the answer, decimal in the receipt.
    HexToDecimal,
    /// Decimal in the answer, hexadecimal in the receipt.
    DecimalToHex,
}

impl IdDialect {
    /// The form in which names of answers and of receipts meet.
    pub fn meeting(self, in_receipt: &str) -> String {
        match self {
            Self::Auto | Self::Same => plain(in_receipt),
            Self::HexToDecimal => in_receipt.parse::<u128>().map_or_else(|_| plain(in_receipt), |n| format!("{n:x}")),
            Self::DecimalToHex => u128::from_str_radix(in_receipt, 16).map_or_else(|_| plain(in_receipt), |n| n.to_string()),
        }
    }
}

/// Lower case, without leading zeros.
pub fn plain(id: &str) -> String {
    let lower = id.trim().to_ascii_lowercase();
    let short = lower.trim_start_matches('0');
    if short.is_empty() { lower } else { short.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(text: &str) -> Option<Receipt> {
        read(&Short { esm_class: RECEIPT, octets: text.as_bytes().to_vec(), ..Short::default() })
    }

    #[test]
    fn texts_of_many_houses() {
        for (line, id, state, error) in [
            (
                "id:0A1B2C sub:001 dlvrd:001 submit date:2611241200 done date:2611241201 stat:DELIVRD err:000 text:id:7 stat:UNDELIV",
                "0A1B2C",
                MessageState::Delivered,
                None,
            ),
            ("id:17 stat:UNDELIV err:0x21", "17", MessageState::Undeliverable, Some("0x21")),
            ("ID: 99 SUB:1 STAT: EXPIRED ERR:1", "99", MessageState::Expired, Some("1")),
            (
                "id:c449ab9744f47b6af1879e49e75e4f40 stat:REJECTD err:660",
                "c449ab9744f47b6af1879e49e75e4f40",
                MessageState::Rejected,
                Some("660"),
            ),
            ("id:5 stat:ACCEPTD", "5", MessageState::OnItsWay, None),
            ("id:5 stat:SOMETHING", "5", MessageState::Unknown, None),
        ] {
            let receipt = text(line).expect("a receipt");
            assert_eq!((receipt.id.as_str(), receipt.state, receipt.error.as_deref()), (id, state, error), "{line}");
        }
        assert_eq!(text("stat:DELIVRD"), None, "it names no message");
        assert_eq!(text("valid:5 stat:DELIVRD"), None, "a label begins a word");
    }

    #[test]
    fn parameters_go_before_the_text() {
        let tlvs = vec![(tag::RECEIPTED_MESSAGE_ID, b"AB12\0".to_vec()), (tag::MESSAGE_STATE, vec![5])];
        let short = Short { esm_class: 0, octets: b"id:1 stat:DELIVRD".to_vec(), tlvs, ..Short::default() };
        assert!(is_receipt(&short));
        let receipt = read(&short).expect("a receipt");
        assert_eq!((receipt.id.as_str(), receipt.state), ("AB12", MessageState::Undeliverable));
    }

    #[test]
    fn names_meet_in_spite_of_base_and_zeros() {
        assert_eq!(IdDialect::Auto.meeting("000A1b"), "a1b");
        assert_eq!(IdDialect::HexToDecimal.meeting("2587"), "a1b");
        assert_eq!(IdDialect::DecimalToHex.meeting("0A1B"), "2587");
        assert_eq!(IdDialect::HexToDecimal.meeting("x-7"), "x-7");
        assert_eq!(plain("000"), "000");
    }

    proptest! {
        #[test]
        fn no_receipt_panics(octets in proptest::collection::vec(any::<u8>(), 0..250), text in "\\PC{0,80}", state in any::<u8>()) {
            for octets in [octets.clone(), format!("id:{text} stat:{text}").into_bytes(), text.clone().into_bytes()] {
                let short = Short { esm_class: 4, octets, tlvs: vec![(tag::MESSAGE_STATE, vec![state])], ..Short::default() };
                drop(read(&short));
            }
        }
    }
}
