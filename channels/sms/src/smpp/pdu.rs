//! Protocol data units of SMPP 3.4: what travels on a link, read and written.
//!
//! The codec is our own, for both sides of a link: it is small, it is the test SMS centre's too, and it reads what carriers
//! really send (parameters nobody knows, bodies that are left out when a request failed) without trusting any length.

/// One unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdu {
    /// `command_status`: 0, or why a request failed (§5.1.3).
    pub status: u32,
    /// `sequence_number`, by which an answer finds its request.
    pub sequence: u32,
    /// What it says.
    pub body: Body,
}

/// What a unit says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// `bind_receiver`, `bind_transmitter`, `bind_transceiver`.
    Bind(BindAs, Bind),
    /// Their answers.
    BindResp(BindAs, String),
    /// `submit_sm`.
    Submit(Short),
    /// Its answer, with the SMS centre's name for the message.
    SubmitResp(String),
    /// `deliver_sm`.
    Deliver(Short),
    /// Its answer.
    DeliverResp,
    /// `data_sm`, by which some carriers deliver.
    Data(Short),
    /// Its answer.
    DataResp,
    /// `enquire_link`.
    EnquireLink,
    /// Its answer.
    EnquireLinkResp,
    /// `unbind`.
    Unbind,
    /// Its answer.
    UnbindResp,
    /// `generic_nack`.
    Nack,
    /// Any other command, by its id.
    Other(u32),
}

/// The three ways of binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum BindAs {
    Receiver,
    Transmitter,
    Transceiver,
}

/// Who binds.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Bind {
    /// Sign-in name, at most 15 octets.
    pub system_id: String,
    /// Password, at most 8 octets by the book; carriers take more.
    pub password: String,
    /// Kind of client, as the carrier wants it.
    pub system_type: String,
}

/// The password is not shown.
impl std::fmt::Debug for Bind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bind").field("system_id", &self.system_id).finish_non_exhaustive()
    }
}

/// An address: type of number, plan, digits or name (§5.2.5–5.2.9).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Address {
    /// 1 international, 2 national, 5 alphanumeric.
    pub ton: u8,
    /// 1 for E.164.
    pub npi: u8,
    /// At most 20 octets.
    pub text: String,
}

/// The common form of `submit_sm`, `deliver_sm` and `data_sm`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Short {
    /// `service_type`.
    pub service_type: String,
    /// From whom.
    pub source: Address,
    /// To whom.
    pub destination: Address,
    /// Mode, kind of message, whether `octets` begin with a header (§5.2.12).
    pub esm_class: u8,
    /// How long the SMS centre tries, as it wants it written; empty for its own default.
    pub validity: String,
    /// Whether a delivery receipt is asked for (§5.2.17).
    pub registered_delivery: u8,
    /// Alphabet (§5.2.19).
    pub data_coding: u8,
    /// `short_message`.
    pub octets: Vec<u8>,
    /// Optional parameters in the order in which they came.
    pub tlvs: Vec<(u16, Vec<u8>)>,
}

/// Neither numbers nor the text reach a log.
impl std::fmt::Debug for Short {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tags: Vec<_> = self.tlvs.iter().map(|(tag, value)| (format!("{tag:#06x}"), value.len())).collect();
        f.debug_struct("Short")
            .field("esm_class", &self.esm_class)
            .field("data_coding", &self.data_coding)
            .field("tlvs", &tags)
            .finish_non_exhaustive()
    }
}

impl Short {
    /// The value of an optional parameter.
    pub fn tlv(&self, tag: u16) -> Option<&[u8]> {
        self.tlvs.iter().find(|(t, _)| *t == tag).map(|(_, value)| value.as_slice())
    }

    /// The message itself, wherever it stands.
    pub fn content(&self) -> &[u8] {
        if self.octets.is_empty() { self.tlv(tag::MESSAGE_PAYLOAD).unwrap_or_default() } else { &self.octets }
    }
}

/// Optional parameters (§5.3.2), and those of India's registry (TRAI, DLT).
#[allow(missing_docs)]
pub mod tag {
    pub const RECEIPTED_MESSAGE_ID: u16 = 0x001e;
    pub const USER_MESSAGE_REFERENCE: u16 = 0x0204;
    pub const SAR_MSG_REF_NUM: u16 = 0x020c;
    pub const SAR_TOTAL_SEGMENTS: u16 = 0x020e;
    pub const SAR_SEGMENT_SEQNUM: u16 = 0x020f;
    pub const MESSAGE_PAYLOAD: u16 = 0x0424;
    pub const MESSAGE_STATE: u16 = 0x0427;
    pub const DLT_ENTITY: u16 = 0x1400;
    pub const DLT_TEMPLATE: u16 = 0x1401;
    pub const DLT_TELEMARKETER: u16 = 0x1402;
}

/// Values of `command_status` that mean something to us (§5.1.3).
#[allow(missing_docs)]
pub mod status {
    pub const OK: u32 = 0x00;
    pub const INVALID_COMMAND_ID: u32 = 0x03;
    pub const ALREADY_BOUND: u32 = 0x05;
    pub const SYSTEM_ERROR: u32 = 0x08;
    pub const INVALID_SOURCE: u32 = 0x0a;
    pub const INVALID_DESTINATION: u32 = 0x0b;
    pub const BIND_FAILED: u32 = 0x0d;
    pub const INVALID_PASSWORD: u32 = 0x0e;
    pub const INVALID_SYSTEM_ID: u32 = 0x0f;
    pub const QUEUE_FULL: u32 = 0x14;
    pub const SUBMIT_FAILED: u32 = 0x45;
    pub const THROTTLED: u32 = 0x58;
    pub const TEMPORARY_ERROR: u32 = 0x64;
}

/// Octets of a unit at most: a `message_payload` holds 65,535.
pub const LONGEST: usize = 70_000;
const HEADER: usize = 16;
const RESPONSE: u32 = 0x8000_0000;

/// Octets that are no unit. The link cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// `command_length` is shorter than a header or longer than anything useful.
    #[error("a unit claims {0} octets")]
    Length(u32),
    /// The body ends before its parameters do.
    #[error("a unit's body is cut off or has no end of string")]
    Body,
}

/// Takes the first whole unit off the front of `buffer`. `None` if it is not all there yet. A unit whose body is wrong is
/// [`Malformed::Body`] with its octets taken off: answered with `generic_nack`, it harms no other.
///
/// # Errors
/// [`Malformed`]; after [`Malformed::Length`] the stream has no meaning any more.
pub fn take(buffer: &mut Vec<u8>) -> Result<Option<Pdu>, Malformed> {
    let Some(length) = buffer.first_chunk::<4>().map(|head| u32::from_be_bytes(*head)) else { return Ok(None) };
    let whole = usize::try_from(length).unwrap_or(usize::MAX);
    if !(HEADER..=LONGEST).contains(&whole) {
        return Err(Malformed::Length(length));
    }
    if buffer.len() < whole {
        return Ok(None);
    }
    let unit: Vec<u8> = buffer.drain(..whole).collect();
    read(&unit).map(Some)
}

fn read(unit: &[u8]) -> Result<Pdu, Malformed> {
    let mut reader = Reader(unit.get(4..).ok_or(Malformed::Body)?);
    let (command, status, sequence) = (reader.u32()?, reader.u32()?, reader.u32()?);
    let refused = status != status::OK && command & RESPONSE != 0;
    let body = match command {
        0x01 | 0x02 | 0x09 => Body::Bind(bind_as(command), reader.bind()?),
        0x8000_0001 | 0x8000_0002 | 0x8000_0009 => {
            Body::BindResp(bind_as(command & !RESPONSE), if refused { String::new() } else { reader.text().unwrap_or_default() })
        }
        0x04 => Body::Submit(reader.short()?),
        0x8000_0004 => Body::SubmitResp(if refused { String::new() } else { reader.text().unwrap_or_default() }),
        0x05 => Body::Deliver(reader.short()?),
        0x8000_0005 => Body::DeliverResp,
        0x0103 => Body::Data(reader.data()?),
        0x8000_0103 => Body::DataResp,
        0x15 => Body::EnquireLink,
        0x8000_0015 => Body::EnquireLinkResp,
        0x06 => Body::Unbind,
        0x8000_0006 => Body::UnbindResp,
        0x8000_0000 => Body::Nack,
        other => Body::Other(other),
    };
    Ok(Pdu { status, sequence, body })
}

fn bind_as(command: u32) -> BindAs {
    match command {
        0x01 => BindAs::Receiver,
        0x02 => BindAs::Transmitter,
        _ => BindAs::Transceiver,
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(n).ok_or(Malformed::Body)?;
        self.0 = rest;
        Ok(taken)
    }

    fn u8(&mut self) -> Result<u8, Malformed> {
        Ok(self.take(1)?[0])
    }

    fn u16(&mut self) -> Result<u16, Malformed> {
        let pair = self.take(2)?;
        Ok(u16::from_be_bytes([pair[0], pair[1]]))
    }

    fn u32(&mut self) -> Result<u32, Malformed> {
        let four = self.take(4)?;
        Ok(u32::from_be_bytes([four[0], four[1], four[2], four[3]]))
    }

    /// A string that ends with NUL.
    fn text(&mut self) -> Result<String, Malformed> {
        let end = self.0.iter().position(|octet| *octet == 0).ok_or(Malformed::Body)?;
        let text = String::from_utf8_lossy(self.take(end)?).into_owned();
        self.take(1)?;
        Ok(text)
    }

    fn address(&mut self) -> Result<Address, Malformed> {
        Ok(Address { ton: self.u8()?, npi: self.u8()?, text: self.text()? })
    }

    fn bind(&mut self) -> Result<Bind, Malformed> {
        Ok(Bind { system_id: self.text()?, password: self.text()?, system_type: self.text()? })
    }

    fn short(&mut self) -> Result<Short, Malformed> {
        let (service_type, source, destination) = (self.text()?, self.address()?, self.address()?);
        let esm_class = self.u8()?;
        self.take(2)?; // protocol_id, priority_flag
        self.text()?; // schedule_delivery_time
        let (validity, registered_delivery) = (self.text()?, self.u8()?);
        self.take(1)?; // replace_if_present_flag
        let data_coding = self.u8()?;
        self.take(1)?; // sm_default_msg_id
        let length = usize::from(self.u8()?);
        let octets = self.take(length)?.to_vec();
        Ok(Short { service_type, source, destination, esm_class, validity, registered_delivery, data_coding, octets, tlvs: self.tlvs() })
    }

    fn data(&mut self) -> Result<Short, Malformed> {
        let (service_type, source, destination) = (self.text()?, self.address()?, self.address()?);
        let (esm_class, registered_delivery, data_coding) = (self.u8()?, self.u8()?, self.u8()?);
        let short = Short { service_type, source, destination, esm_class, registered_delivery, data_coding, ..Short::default() };
        Ok(Short { tlvs: self.tlvs(), ..short })
    }

    /// What is left, as optional parameters; one that is cut off ends them.
    fn tlvs(&mut self) -> Vec<(u16, Vec<u8>)> {
        let mut all = Vec::new();
        while let (Ok(tag), Ok(length)) = (self.u16(), self.u16()) {
            let Ok(value) = self.take(usize::from(length)) else { break };
            all.push((tag, value.to_vec()));
        }
        all
    }
}

impl Pdu {
    /// A request.
    pub fn request(sequence: u32, body: Body) -> Self {
        Self { status: status::OK, sequence, body }
    }

    /// An answer.
    pub fn answer(sequence: u32, status: u32, body: Body) -> Self {
        Self { status, sequence, body }
    }

    /// Appends the unit's octets. Texts are cut at their first NUL; a message longer than 255 octets belongs into `message_payload`.
    pub fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        for word in [self.command(), self.status, self.sequence] {
            out.extend_from_slice(&word.to_be_bytes());
        }
        match &self.body {
            Body::Bind(_, bind) => {
                for text in [&bind.system_id, &bind.password, &bind.system_type] {
                    put(out, text);
                }
                out.extend_from_slice(&[0x34, 0, 0, 0]); // interface_version, addr_ton, addr_npi, address_range
            }
            Body::BindResp(_, text) | Body::SubmitResp(text) if self.status == status::OK => put(out, text),
            Body::Submit(short) | Body::Deliver(short) => write_short(short, out),
            Body::Data(short) => {
                head(short, out);
                out.extend_from_slice(&[short.esm_class, short.registered_delivery, short.data_coding]);
                write_tlvs(&short.tlvs, out);
            }
            Body::DeliverResp | Body::DataResp => out.push(0),
            _ => {}
        }
        let length = u32::try_from(out.len() - start).unwrap_or(u32::MAX);
        out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }

    fn command(&self) -> u32 {
        let bind = |kind: &BindAs| match kind {
            BindAs::Receiver => 0x01,
            BindAs::Transmitter => 0x02,
            BindAs::Transceiver => 0x09,
        };
        match &self.body {
            Body::Bind(kind, _) => bind(kind),
            Body::BindResp(kind, _) => RESPONSE | bind(kind),
            Body::Submit(_) => 0x04,
            Body::SubmitResp(_) => 0x8000_0004,
            Body::Deliver(_) => 0x05,
            Body::DeliverResp => 0x8000_0005,
            Body::Data(_) => 0x0103,
            Body::DataResp => 0x8000_0103,
            Body::EnquireLink => 0x15,
            Body::EnquireLinkResp => 0x8000_0015,
            Body::Unbind => 0x06,
            Body::UnbindResp => 0x8000_0006,
            Body::Nack => 0x8000_0000,
            Body::Other(command) => *command,
        }
    }
}

fn put(out: &mut Vec<u8>, text: &str) {
    out.extend(text.bytes().take_while(|octet| *octet != 0));
    out.push(0);
}

fn head(short: &Short, out: &mut Vec<u8>) {
    put(out, &short.service_type);
    for address in [&short.source, &short.destination] {
        out.extend_from_slice(&[address.ton, address.npi]);
        put(out, &address.text);
    }
}

fn write_short(short: &Short, out: &mut Vec<u8>) {
    head(short, out);
    out.extend_from_slice(&[short.esm_class, 0, 0, 0]); // protocol_id, priority_flag, schedule_delivery_time
    put(out, &short.validity);
    let octets = &short.octets[..short.octets.len().min(255)];
    let length = u8::try_from(octets.len()).unwrap_or(u8::MAX);
    out.extend_from_slice(&[short.registered_delivery, 0, short.data_coding, 0, length]);
    out.extend_from_slice(octets);
    write_tlvs(&short.tlvs, out);
}

fn write_tlvs(tlvs: &[(u16, Vec<u8>)], out: &mut Vec<u8>) {
    for (tag, value) in tlvs {
        let Ok(length) = u16::try_from(value.len()) else { continue };
        out.extend_from_slice(&tag.to_be_bytes());
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(value);
    }
}

#[cfg(test)]
#[path = "pdu_tests.rs"]
mod tests;
