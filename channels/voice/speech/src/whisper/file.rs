//! A look through a ggml file before whisper.cpp gets it: that believes every size in it, and
//! takes a file without a single tensor for a model.

use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// Walks the whole file and gives its SHA-256.
pub(super) fn identify(path: &Path) -> Result<String, String> {
    let file = File::open(path).map_err(|e| format!("it cannot be opened ({e}); fetch one with `daak model fetch`"))?;
    let mut walk = Walk { from: BufReader::with_capacity(1 << 20, file), hash: Sha256::new(), buffer: vec![0; 1 << 20] };
    walk.header()?;
    let lines = walk.between(1, 256)?.saturating_mul(walk.between(1, 1_024)?);
    walk.skip(lines * 4)?;
    for _ in 0..walk.between(1, 60_000)? {
        let length = walk.between(0, 1_024)?;
        walk.skip(length)?;
    }
    let mut tensors = 0;
    while walk.tensor()? {
        tensors += 1;
    }
    if tensors == 0 {
        Err("it holds no weights; fetch it again with `daak model fetch`".to_owned())
    } else {
        Ok(hex::encode(walk.hash.finalize()))
    }
}

struct Walk {
    from: BufReader<File>,
    hash: Sha256,
    buffer: Vec<u8>,
}

impl Walk {
    /// The magic number and eleven sizes, each within what any published model has.
    fn header(&mut self) -> Result<(), String> {
        if self.number()? != 0x6767_6d6c {
            return Err("it is not a ggml Whisper model: convert it, or fetch one with `daak model fetch`".to_owned());
        }
        let limits =
            [(1_000, 60_000), (1, 3_000), (8, 4_096), (1, 64), (1, 64), (1, 2_048), (8, 4_096), (1, 64), (1, 64), (1, 256), (0, 10_000)];
        limits.into_iter().try_for_each(|(least, most)| self.between(least, most).map(drop))
    }

    /// False at the end of the file.
    fn tensor(&mut self) -> Result<bool, String> {
        if self.at_end()? {
            return Ok(false);
        }
        let (rank, name, kind) = (self.between(1, 4)?, self.between(1, 256)?, self.between(0, 40)?);
        let mut numbers = 1u64;
        for _ in 0..rank {
            numbers = numbers.saturating_mul(self.between(1, 1 << 20)?);
        }
        // Bytes for a block of so many numbers.
        let (bytes, block) = match kind {
            0 => (4, 1),
            1 => (2, 1),
            2 => (18, 32),
            3 => (20, 32),
            6 => (22, 32),
            7 => (24, 32),
            8 => (34, 32),
            10 => (84, 256),
            11 => (110, 256),
            12 => (144, 256),
            13 => (176, 256),
            14 => (210, 256),
            _ => return Err(format!("it holds weights of an unknown kind ({kind})")),
        };
        self.skip(name + numbers.saturating_mul(bytes) / block)?;
        Ok(true)
    }

    fn at_end(&mut self) -> Result<bool, String> {
        std::io::BufRead::fill_buf(&mut self.from).map(<[u8]>::is_empty).map_err(unreadable)
    }

    fn between(&mut self, least: u64, most: u64) -> Result<u64, String> {
        let number = u64::from(self.number()?);
        if (least..=most).contains(&number) {
            Ok(number)
        } else {
            Err("it holds impossible sizes; fetch it again with `daak model fetch`".to_owned())
        }
    }

    fn number(&mut self) -> Result<u32, String> {
        let mut bytes = [0; 4];
        self.from.read_exact(&mut bytes).map_err(unreadable)?;
        self.hash.update(bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn skip(&mut self, mut count: u64) -> Result<(), String> {
        while count > 0 {
            let most = self.buffer.len().min(usize::try_from(count).unwrap_or(usize::MAX));
            let piece = &mut self.buffer[..most];
            self.from.read_exact(piece).map_err(unreadable)?;
            self.hash.update(&piece);
            count -= most as u64;
        }
        Ok(())
    }
}

fn unreadable(error: std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => "it is cut short; fetch it again with `daak model fetch`".to_owned(),
        _ => format!("it cannot be read ({error})"),
    }
}
