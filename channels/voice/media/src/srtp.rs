//! SRTP and SRTCP (RFC 3711) with AES-CM 128 and HMAC-SHA1, keyed by SDES (RFC 4568).

use crate::rtp::payload_start;
use aes::Aes128;
use aes::cipher::{InnerIvInit, KeyInit, StreamCipher, StreamCipherCoreWrapper};
use ctr::{CtrCore, flavors::Ctr128BE};
use hmac::{Hmac, Mac};
use sha1::Sha1;

/// The keys of one stream, from the `crypto` lines of both sides (RFC 4568).
#[derive(Clone, PartialEq, Eq)]
pub struct SrtpKeys {
    /// Master key (16 bytes) and salt (14 bytes) for what we send.
    pub local: [u8; 30],
    /// Master key and salt for what the far end sends.
    pub remote: [u8; 30],
    /// The agreed suite.
    pub suite: SrtpSuite,
}

/// A crypto suite of RFC 4568 §6.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SrtpSuite {
    /// `AES_CM_128_HMAC_SHA1_80`.
    AesCm128HmacSha1_80,
    /// `AES_CM_128_HMAC_SHA1_32`: a shorter tag on RTP; RTCP keeps 80 bits.
    AesCm128HmacSha1_32,
}

impl std::fmt::Debug for SrtpKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SrtpKeys({:?}, keys not shown)", self.suite)
    }
}

/// Why a packet was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejected {
    /// It was not made with our keys, or was changed on its way, or is cut off.
    Forged,
    /// It had come before.
    Replayed,
}

/// Both directions of one stream.
pub(crate) struct Srtp {
    pub(crate) keys: SrtpKeys,
    pub(crate) outgoing: SrtpContext,
    pub(crate) incoming: SrtpContext,
}

impl Srtp {
    pub(crate) fn new(keys: SrtpKeys) -> Self {
        let outgoing = SrtpContext::new(&keys.local, keys.suite);
        let incoming = SrtpContext::new(&keys.remote, keys.suite);
        Self { keys, outgoing, incoming }
    }
}

/// Room that protection needs behind a packet: the longest tag, and the index of SRTCP.
pub const OVERHEAD: usize = 14;
const RTCP_TAG: usize = 10;
/// Sources that are remembered; the longest unused gives way.
const SOURCES: usize = 4;

/// One direction: protects what is sent, or checks and opens what is received.
pub struct SrtpContext {
    rtp: SessionKeys,
    rtcp: SessionKeys,
    tag: usize,
    /// The latest used last.
    sources: Vec<Source>,
    rtcp_index: u32,
    /// Of received SRTCP.
    rtcp_window: Window,
}

struct SessionKeys {
    cipher: Aes128,
    salt: [u8; 14],
    auth: Hmac<Sha1>,
}

/// Rollover and replays of one source (§3.3.1, §3.3.2).
#[derive(Debug, Clone, Copy)]
struct Source {
    ssrc: u32,
    window: Window,
}

#[derive(Debug, Clone, Copy, Default)]
struct Window {
    highest: Option<u64>,
    seen: u64,
}

impl SrtpContext {
    /// From master key and salt.
    pub fn new(master: &[u8; 30], suite: SrtpSuite) -> Self {
        let tag = match suite {
            SrtpSuite::AesCm128HmacSha1_80 => 10,
            SrtpSuite::AesCm128HmacSha1_32 => 4,
        };
        let (rtp, rtcp) = (SessionKeys::derive(master, 0), SessionKeys::derive(master, 3));
        Self { rtp, rtcp, tag, sources: Vec::new(), rtcp_index: 0, rtcp_window: Window::default() }
    }

    /// Encrypts the RTP packet in the first `length` bytes and puts the tag behind it; the new length.
    /// `None` if it is no RTP packet or there is no room ([`OVERHEAD`]).
    pub fn protect(&mut self, datagram: &mut [u8], length: usize) -> Option<usize> {
        let start = payload_start(datagram.get(..length)?)?;
        if datagram.len() < length + self.tag {
            return None;
        }
        let (ssrc, sequence) = names(datagram);
        let mut source = self.source(ssrc);
        let index = source.window.index_of(sequence);
        source.window.note(index);
        self.remember(source);
        self.rtp.crypt(ssrc, index, &mut datagram[start..length]);
        let tag = self.rtp.tag(&datagram[..length], &((index >> 16) as u32).to_be_bytes());
        datagram[length..length + self.tag].copy_from_slice(&tag[..self.tag]);
        Some(length + self.tag)
    }

    /// Checks and decrypts an SRTP packet in place; the length of the RTP packet.
    ///
    /// # Errors
    /// If it is not to be believed, or has been seen.
    pub fn unprotect(&mut self, datagram: &mut [u8]) -> Result<usize, Rejected> {
        let length = datagram.len().checked_sub(self.tag).ok_or(Rejected::Forged)?;
        let start = payload_start(&datagram[..length]).ok_or(Rejected::Forged)?;
        let (ssrc, sequence) = names(datagram);
        let mut source = self.source(ssrc);
        let index = source.window.index_of(sequence);
        // The tag first: a forged packet must not even move the replay window.
        if !self.rtp.check(&datagram[..length], &((index >> 16) as u32).to_be_bytes(), &datagram[length..]) {
            return Err(Rejected::Forged);
        }
        if source.window.has(index) {
            return Err(Rejected::Replayed);
        }
        source.window.note(index);
        self.remember(source);
        self.rtp.crypt(ssrc, index, &mut datagram[start..length]);
        Ok(length)
    }

    /// Encrypts an RTCP packet and adds index and tag (§3.4).
    pub fn protect_rtcp(&mut self, datagram: &mut Vec<u8>) {
        let Some(ssrc) = datagram.get(4..8).and_then(|b| b.first_chunk::<4>()).map(|b| u32::from_be_bytes(*b)) else { return };
        self.rtcp_index = (self.rtcp_index + 1) & 0x7fff_ffff;
        self.rtcp.crypt(ssrc, u64::from(self.rtcp_index), &mut datagram[8..]);
        datagram.extend((self.rtcp_index | 0x8000_0000).to_be_bytes());
        let tag = self.rtcp.tag(datagram, &[]);
        datagram.extend(&tag[..RTCP_TAG]);
    }

    /// Checks and decrypts an SRTCP packet in place; the length of the RTCP packet.
    ///
    /// # Errors
    /// If it is not to be believed, or has been seen.
    pub fn unprotect_rtcp(&mut self, datagram: &mut [u8]) -> Result<usize, Rejected> {
        let length = datagram.len().checked_sub(RTCP_TAG + 4).filter(|l| *l >= 8).ok_or(Rejected::Forged)?;
        let (covered, tag) = datagram.split_at(length + 4);
        if !self.rtcp.check(covered, &[], tag) {
            return Err(Rejected::Forged);
        }
        let word = u32::from_be_bytes([covered[length], covered[length + 1], covered[length + 2], covered[length + 3]]);
        let ssrc = u32::from_be_bytes([covered[4], covered[5], covered[6], covered[7]]);
        let index = u64::from(word & 0x7fff_ffff);
        if self.rtcp_window.has(index) {
            return Err(Rejected::Replayed);
        }
        self.rtcp_window.note(index);
        if word & 0x8000_0000 != 0 {
            self.rtcp.crypt(ssrc, index, &mut datagram[8..length]);
        }
        Ok(length)
    }

    fn source(&self, ssrc: u32) -> Source {
        self.sources.iter().find(|s| s.ssrc == ssrc).copied().unwrap_or(Source { ssrc, window: Window::default() })
    }

    fn remember(&mut self, source: Source) {
        if let Some(last) = self.sources.last_mut().filter(|s| s.ssrc == source.ssrc) {
            *last = source;
            return;
        }
        self.sources.retain(|s| s.ssrc != source.ssrc);
        if self.sources.len() >= SOURCES {
            self.sources.remove(0);
        }
        self.sources.push(source);
    }
}

impl Window {
    /// The index that a sequence number most likely means (§3.3.1).
    fn index_of(&self, sequence: u16) -> u64 {
        let Some(highest) = self.highest else { return u64::from(sequence) };
        let distance = i64::from(sequence.wrapping_sub(highest as u16) as i16);
        match highest.checked_add_signed(distance) {
            Some(index) => index & 0xffff_ffff_ffff,
            // Before the first packet of all.
            None => u64::from(sequence),
        }
    }

    fn has(&self, index: u64) -> bool {
        let Some(highest) = self.highest else { return false };
        match highest.checked_sub(index) {
            None => false,
            Some(behind) => behind >= 64 || self.seen & (1 << behind) != 0,
        }
    }

    fn note(&mut self, index: u64) {
        let Some(highest) = self.highest else {
            (self.highest, self.seen) = (Some(index), 1);
            return;
        };
        if index > highest {
            let ahead = index - highest;
            self.seen = if ahead < 64 { (self.seen << ahead) | 1 } else { 1 };
            self.highest = Some(index);
        } else if highest - index < 64 {
            self.seen |= 1 << (highest - index);
        }
    }
}

impl SessionKeys {
    /// Derives the three keys whose labels begin at `label` (§4.3).
    fn derive(master: &[u8; 30], label: u8) -> Self {
        let (mut key, mut salt) = ([0u8; 16], [0u8; 14]);
        key.copy_from_slice(&master[..16]);
        salt.copy_from_slice(&master[16..]);
        let cipher = Aes128::new(&key.into());
        let derived = |label: u8, out: &mut [u8]| {
            let mut block = [0u8; 16];
            block[..14].copy_from_slice(&salt);
            block[7] ^= label;
            out.fill(0);
            keystream(&cipher, block, out);
        };
        let (mut encryption, mut authentication, mut session_salt) = ([0u8; 16], [0u8; 20], [0u8; 14]);
        derived(label, &mut encryption);
        derived(label + 1, &mut authentication);
        derived(label + 2, &mut session_salt);
        let mut padded = [0u8; 64];
        padded[..20].copy_from_slice(&authentication);
        // HMAC fills keys up to the block of its hash with zeros: the same key, of a length that cannot be refused.
        let auth = Hmac::<Sha1>::new(&padded.into());
        Self { cipher: Aes128::new(&encryption.into()), salt: session_salt, auth }
    }

    /// Encrypts or decrypts (§4.1.1).
    fn crypt(&self, ssrc: u32, index: u64, payload: &mut [u8]) {
        let mut block = [0u8; 16];
        block[..14].copy_from_slice(&self.salt);
        for (a, b) in block[4..8].iter_mut().zip(ssrc.to_be_bytes()) {
            *a ^= b;
        }
        for (a, b) in block[8..14].iter_mut().zip(&index.to_be_bytes()[2..]) {
            *a ^= b;
        }
        keystream(&self.cipher, block, payload);
    }

    fn tag(&self, covered: &[u8], rollover: &[u8]) -> [u8; 20] {
        let mut mac = self.auth.clone();
        mac.update(covered);
        mac.update(rollover);
        mac.finalize().into_bytes().into()
    }

    /// In constant time.
    fn check(&self, covered: &[u8], rollover: &[u8], tag: &[u8]) -> bool {
        let mut mac = self.auth.clone();
        mac.update(covered);
        mac.update(rollover);
        mac.verify_truncated_left(tag).is_ok()
    }
}

fn keystream(cipher: &Aes128, first: [u8; 16], over: &mut [u8]) {
    let core = CtrCore::<Aes128, Ctr128BE>::inner_iv_init(cipher.clone(), &first.into());
    StreamCipherCoreWrapper::from_core(core).apply_keystream(over);
}

/// Source and sequence number of a packet that has a whole header.
fn names(datagram: &[u8]) -> (u32, u16) {
    let ssrc = u32::from_be_bytes([datagram[8], datagram[9], datagram[10], datagram[11]]);
    (ssrc, u16::from_be_bytes([datagram[2], datagram[3]]))
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let hex: Vec<u8> = hex.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
        hex.chunks(2).map(|p| u8::from_str_radix(std::str::from_utf8(p).expect("ascii"), 16).expect("hex")).collect()
    }

    fn master(hex: &str) -> [u8; 30] {
        bytes(hex).try_into().expect("30 bytes")
    }

    const MASTER: &str = "E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6";

    #[test]
    fn the_key_stream_is_that_of_appendix_b2() {
        let key: [u8; 16] = bytes("2B7E151628AED2A6ABF7158809CF4F3C").try_into().expect("16 bytes");
        let first: [u8; 16] = bytes("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000").try_into().expect("16 bytes");
        let mut out = [0; 48];
        keystream(&Aes128::new(&key.into()), first, &mut out);
        let expected = "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0";
        assert_eq!(out.to_vec(), bytes(expected));
    }

    #[test]
    fn the_derived_keys_are_those_of_appendix_b3() {
        let keys = SessionKeys::derive(&master(MASTER), 0);
        assert_eq!(keys.salt.to_vec(), bytes("30CBBC08863D8C85D49DB34A9AE1"));
        let mut block = aes::Block::default();
        let mut expected = aes::Block::default();
        use aes::cipher::BlockCipherEncrypt;
        keys.cipher.encrypt_block(&mut block);
        let key: [u8; 16] = bytes("C61E7A93744F39EE10734AFE3FF7A087").try_into().expect("16 bytes");
        Aes128::new(&key.into()).encrypt_block(&mut expected);
        assert_eq!(block, expected);
        let auth: [u8; 20] = bytes("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4").try_into().expect("20 bytes");
        let mut mac = Hmac::<Sha1>::new_from_slice(&auth).expect("any length");
        mac.update(b"x");
        assert_eq!(keys.tag(b"x", &[])[..], mac.finalize().into_bytes()[..]);
    }

    #[test]
    fn packets_are_those_of_libsrtp() {
        let plain = bytes("800f1234decafbadcafebabe abababababababababababababababab");
        let sealed = bytes("800f1234decafbadcafebabe 4e55dc4ce79978d88ca4d215949d2402 b78d6acc99ea179b8dbb");
        let mut sender = SrtpContext::new(&master(MASTER), SrtpSuite::AesCm128HmacSha1_80);
        let mut packet = plain.clone();
        packet.resize(plain.len() + OVERHEAD, 0);
        let length = sender.protect(&mut packet, plain.len()).expect("room");
        assert_eq!(packet[..length], sealed);
        let mut receiver = SrtpContext::new(&master(MASTER), SrtpSuite::AesCm128HmacSha1_80);
        let length = receiver.unprotect(&mut packet[..length]).expect("genuine");
        assert_eq!(packet[..length], plain);

        let plain = bytes("81c8000bcafebabe abababababababababababababababab");
        let sealed = bytes("81c8000bcafebabe 7128035be487b9bdbef89041f977a5a8 80000001 993e08cd54d6c1230798");
        let mut report = plain.clone();
        sender.protect_rtcp(&mut report);
        assert_eq!(report, sealed);
        let length = receiver.unprotect_rtcp(&mut report).expect("genuine");
        assert_eq!(report[..length], plain);
        assert_eq!(receiver.unprotect_rtcp(&mut sealed.clone()), Err(Rejected::Replayed));
    }

    fn packet(sequence: u16) -> Vec<u8> {
        let mut packet = bytes("80080000 00000001 00000007 0102030405060708");
        packet[2..4].copy_from_slice(&sequence.to_be_bytes());
        packet
    }

    fn sealed(context: &mut SrtpContext, sequence: u16) -> Vec<u8> {
        let mut out = packet(sequence);
        let length = out.len();
        out.resize(length + OVERHEAD, 0);
        let length = context.protect(&mut out, length).expect("room");
        out.truncate(length);
        out
    }

    #[test]
    fn the_sequence_may_roll_over_and_packets_may_overtake() {
        for suite in [SrtpSuite::AesCm128HmacSha1_80, SrtpSuite::AesCm128HmacSha1_32] {
            let mut sender = SrtpContext::new(&[7; 30], suite);
            let mut receiver = SrtpContext::new(&[7; 30], suite);
            let mut packets: Vec<_> = (65_000..67_000u32).map(|n| (n as u16, sealed(&mut sender, n as u16))).collect();
            for pair in packets.chunks_mut(2) {
                pair.reverse();
            }
            for (sequence, mut sealed) in packets {
                let copy = sealed.clone();
                let length = receiver.unprotect(&mut sealed).expect("genuine");
                assert_eq!(sealed[..length], packet(sequence));
                assert_eq!(receiver.unprotect(&mut copy.clone()), Err(Rejected::Replayed));
            }
        }
    }

    #[test]
    fn a_changed_bit_anywhere_is_seen_and_changes_no_state() {
        let mut sender = SrtpContext::new(&[7; 30], SrtpSuite::AesCm128HmacSha1_80);
        let mut receiver = SrtpContext::new(&[7; 30], SrtpSuite::AesCm128HmacSha1_80);
        let good = sealed(&mut sender, 9);
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(receiver.unprotect(&mut bad), Err(Rejected::Forged), "bit {bit}");
        }
        assert!(receiver.unprotect(&mut good.clone()).is_ok());
    }

    proptest! {
        #[test]
        fn no_datagram_makes_it_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let mut context = SrtpContext::new(&[1; 30], SrtpSuite::AesCm128HmacSha1_32);
            let _ = context.unprotect(&mut bytes.clone());
            let _ = context.unprotect_rtcp(&mut bytes.clone());
            context.protect_rtcp(&mut bytes.clone());
            let length = bytes.len();
            let _ = context.protect(&mut bytes, length);
        }
    }
}
