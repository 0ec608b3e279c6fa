//! The sealed form of a file: a header with the sealed label, then segments.
//!
//! ```text
//! "DAAKBLOB" 1 | salt 32 | label: length u32, AES-256-GCM(label) | segment: length u32, AES-256-GCM(plain) …
//! ```
//! The file's key is SHA-256(master key ‖ salt). A nonce is 7 zero bytes, the segment's number (u32, big
//! endian; the label is 0), and 1 for the last segment.

use super::{SEGMENT, read_up_to};
use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use daak_domain::seam::Label;
use rand::Rng;
use sha2::{Digest, Sha256};
use std::io::{self, Read};

const MAGIC: &[u8; 9] = b"DAAKBLOB\x01";
/// Bytes that GCM adds.
const TAG: usize = 16;
/// Largest sealed label.
const LABEL: usize = 16 * 1024;

/// What stands before the segments.
pub(super) struct Header {
    pub(super) salt: [u8; 32],
}

impl Header {
    pub(super) fn new() -> Self {
        let mut salt = [0; 32];
        rand::rng().fill_bytes(&mut salt);
        Self { salt }
    }

    pub(super) fn write(&self, key: &[u8; 32], label: &Label) -> io::Result<Vec<u8>> {
        let label = serde_json::to_vec(label)?;
        let sealed = cipher(key, &self.salt).encrypt(&nonce(0, false), &label[..]).map_err(|_| damaged("the label cannot be sealed"))?;
        let mut out = Vec::with_capacity(64 + sealed.len());
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&self.salt);
        out.extend_from_slice(&(sealed.len() as u32).to_be_bytes());
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    pub(super) fn read(file: &mut impl Read, key: &[u8; 32]) -> io::Result<(Self, Label)> {
        let start = read_up_to(file, MAGIC.len() + 32)?;
        let (magic, salt) = start.split_at_checked(MAGIC.len()).ok_or_else(|| damaged("the file has no header"))?;
        let salt: [u8; 32] = salt.try_into().map_err(|_| damaged("the file has no header"))?;
        if magic != MAGIC {
            return Err(damaged("the file is none of ours"));
        }
        let sealed = sized(file, LABEL)?.ok_or_else(|| damaged("the file has no label"))?;
        let label = cipher(key, &salt)
            .decrypt(&nonce(0, false), &sealed[..])
            .map_err(|_| damaged("the key is another, or the label was changed"))?;
        Ok((Self { salt }, serde_json::from_slice(&label)?))
    }
}

/// Seals segments in order.
pub(super) struct Sealer {
    cipher: Aes256Gcm,
    count: u32,
}

impl Sealer {
    pub(super) fn new(key: &[u8; 32], header: &Header) -> Self {
        Self { cipher: cipher(key, &header.salt), count: 0 }
    }

    pub(super) fn seal(&mut self, plain: &[u8], last: bool) -> io::Result<Vec<u8>> {
        self.count = self.count.checked_add(1).ok_or_else(|| damaged("the file has too many segments"))?;
        let sealed = self.cipher.encrypt(&nonce(self.count, last), plain).map_err(|_| damaged("a segment cannot be sealed"))?;
        let mut out = Vec::with_capacity(4 + sealed.len());
        out.extend_from_slice(&(sealed.len() as u32).to_be_bytes());
        out.extend_from_slice(&sealed);
        Ok(out)
    }
}

/// Opens segments in order.
pub(super) struct Opener {
    cipher: Aes256Gcm,
    count: u32,
    ended: bool,
}

impl Opener {
    pub(super) fn new(key: &[u8; 32], header: &Header) -> Self {
        Self { cipher: cipher(key, &header.salt), count: 0, ended: false }
    }

    /// The next segment; none at the end of the file, whether it is the right end or not.
    pub(super) fn next(&mut self, file: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
        let Some(sealed) = sized(file, SEGMENT + TAG)? else { return Ok(None) };
        if self.ended {
            return Err(damaged("something stands after the last segment"));
        }
        self.count = self.count.checked_add(1).ok_or_else(|| damaged("the file has too many segments"))?;
        if let Ok(plain) = self.cipher.decrypt(&nonce(self.count, false), &sealed[..]) {
            return Ok(Some(plain));
        }
        self.ended = true;
        self.cipher.decrypt(&nonce(self.count, true), &sealed[..]).map(Some).map_err(|_| damaged("a segment was changed"))
    }

    /// Whether the last segment was seen.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }
}

/// A sized piece; none at the end of the file.
fn sized(file: &mut impl Read, most: usize) -> io::Result<Option<Vec<u8>>> {
    let length = read_up_to(file, 4)?;
    if length.is_empty() {
        return Ok(None);
    }
    let length: [u8; 4] = length.try_into().map_err(|_| damaged("the file was cut"))?;
    let length = u32::from_be_bytes(length) as usize;
    if !(TAG..=most).contains(&length) {
        return Err(damaged("a segment has an impossible length"));
    }
    let sealed = read_up_to(file, length)?;
    if sealed.len() == length { Ok(Some(sealed)) } else { Err(damaged("the file was cut")) }
}

fn cipher(key: &[u8; 32], salt: &[u8; 32]) -> Aes256Gcm {
    let file_key: [u8; 32] = Sha256::new().chain_update(key).chain_update(salt).finalize().into();
    Aes256Gcm::new(&file_key.into())
}

fn nonce(count: u32, last: bool) -> Nonce<aes_gcm::aead::consts::U12> {
    let mut nonce = [0u8; 12];
    nonce[7..11].copy_from_slice(&count.to_be_bytes());
    nonce[11] = u8::from(last);
    nonce.into()
}

pub(super) fn damaged(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
