//! Reading CTranslate2's binary model, version 5 and later: named arrays, one after the other.

use super::ConvertError;
use super::half;
use std::collections::HashMap;

/// A named array, its numbers still in the file's bytes.
#[derive(Clone, Copy)]
pub(super) struct Variable<'a> {
    pub rank: usize,
    pub shape: [usize; 4],
    pub kind: Kind,
    pub bytes: &'a [u8],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    F32,
    I8,
    I16,
    I32,
    F16,
}

impl Variable<'_> {
    pub(super) fn shape(&self) -> &[usize] {
        &self.shape[..self.rank]
    }

    /// The numbers, whichever of the two floating kinds they are.
    pub(super) fn floats(&self) -> Result<Vec<f32>, ConvertError> {
        match self.kind {
            Kind::F32 => Ok(self.bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()),
            Kind::F16 => Ok(self.bytes.chunks_exact(2).map(|b| half::widen(u16::from_le_bytes([b[0], b[1]]))).collect()),
            other => Err(ConvertError::input(format!("it is quantised ({other:?}): give the float16 or float32 edition"))),
        }
    }

    /// A single whole number.
    pub(super) fn integer(&self) -> Option<i64> {
        match (self.kind, self.bytes) {
            (Kind::I8, &[a]) => Some(i64::from(a as i8)),
            (Kind::I16, &[a, b]) => Some(i64::from(i16::from_le_bytes([a, b]))),
            (Kind::I32, &[a, b, c, d]) => Some(i64::from(i32::from_le_bytes([a, b, c, d]))),
            _ => None,
        }
    }
}

/// All variables by name, aliases resolved.
pub(super) fn read(bytes: &[u8]) -> Result<HashMap<&str, Variable<'_>>, ConvertError> {
    let mut reader = Reader { bytes };
    let version = reader.u32()?;
    if version < 5 {
        return Err(ConvertError::input(format!("version {version} of CTranslate2's form is not known")));
    }
    let spec = reader.name()?;
    if spec != "WhisperSpec" {
        return Err(ConvertError::input(format!("it is a {spec:?}, not a Whisper")));
    }
    let _revision = reader.u32()?;
    let mut variables = HashMap::new();
    for _ in 0..reader.u32()? {
        let name = reader.name()?;
        variables.insert(name, reader.variable()?);
    }
    for _ in 0..reader.u32()? {
        let (alias, target) = (reader.name()?, reader.name()?);
        let variable =
            *variables.get(target).ok_or_else(|| ConvertError::input(format!("{alias} stands for {target}, which is missing")))?;
        variables.insert(alias, variable);
    }
    if reader.bytes.is_empty() { Ok(variables) } else { Err(ConvertError::input("bytes are left over after the last array")) }
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], ConvertError> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or_else(|| ConvertError::input("it is cut short"))?;
        self.bytes = rest;
        Ok(taken)
    }

    fn u8(&mut self) -> Result<u8, ConvertError> {
        Ok(self.take(1)?[0])
    }

    fn u32(&mut self) -> Result<u32, ConvertError> {
        let b = self.take(4)?;
        Ok(u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
    }

    /// Two bytes of length, which counts the closing NUL.
    fn name(&mut self) -> Result<&'a str, ConvertError> {
        let b = self.take(2)?;
        let length = usize::from(u16::from_le_bytes([b[0], b[1]]));
        let text = self.take(length)?.strip_suffix(b"\0").ok_or_else(|| ConvertError::input("a name does not end"))?;
        std::str::from_utf8(text).map_err(|_| ConvertError::input("a name is no text"))
    }

    fn variable(&mut self) -> Result<Variable<'a>, ConvertError> {
        let rank = usize::from(self.u8()?);
        let mut shape = [1; 4];
        for place in shape.get_mut(..rank).ok_or_else(|| ConvertError::input("an array has more than four dimensions"))? {
            *place = self.u32()? as usize;
        }
        let (kind, width) = match self.u8()? {
            0 => (Kind::F32, 4),
            1 => (Kind::I8, 1),
            2 => (Kind::I16, 2),
            3 => (Kind::I32, 4),
            4 => (Kind::F16, 2),
            other => return Err(ConvertError::input(format!("kind of number {other} is not known"))),
        };
        let size = self.u32()? as usize;
        let numbers = shape.iter().try_fold(1usize, |a, b| a.checked_mul(*b));
        if numbers.and_then(|n| n.checked_mul(width)) != Some(size) {
            return Err(ConvertError::input("an array's length does not fit its shape"));
        }
        Ok(Variable { rank, shape, kind, bytes: self.take(size)? })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn name(text: &str) -> Vec<u8> {
        let mut out = (text.len() as u16 + 1).to_le_bytes().to_vec();
        out.extend_from_slice(text.as_bytes());
        out.push(0);
        out
    }

    /// One matrix of 2 × 2, one number, and an alias.
    fn small() -> Vec<u8> {
        let mut out = 6u32.to_le_bytes().to_vec();
        out.extend(name("WhisperSpec"));
        out.extend([3, 0, 0, 0, 2, 0, 0, 0]);
        out.extend(name("a/weight"));
        out.extend([2, 2, 0, 0, 0, 2, 0, 0, 0, 4, 8, 0, 0, 0, 0, 0x3c, 0, 0xc0, 0, 0, 0xff, 0x7b]);
        out.extend(name("a/num_heads"));
        out.extend([0, 1, 1, 0, 0, 0, 8]);
        out.extend([1, 0, 0, 0]);
        out.extend(name("b/weight"));
        out.extend(name("a/weight"));
        out
    }

    #[test]
    fn arrays_and_aliases_are_read() {
        let bytes = small();
        let variables = read(&bytes).unwrap();
        assert_eq!(variables["b/weight"].floats().unwrap(), [1.0, -2.0, 0.0, 65504.0]);
        assert_eq!((variables["b/weight"].shape(), variables["a/num_heads"].integer()), (&[2, 2][..], Some(8)));
        assert!(variables["a/num_heads"].floats().is_err());
    }

    #[test]
    fn a_file_cut_anywhere_is_an_error() {
        let bytes = small();
        assert!((0..bytes.len()).all(|end| read(&bytes[..end]).is_err()));
        let error = read(&[&bytes[..], &[0]].concat()).err().unwrap().to_string();
        assert!(error.contains("left over"), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn a_damaged_file_is_read_or_refused(flips: Vec<(usize, u8)>) {
            let mut bytes = small();
            let end = bytes.len();
            flips.iter().for_each(|(place, value)| bytes[place % end] = *value);
            if let Ok(variables) = read(&bytes) {
                variables.values().for_each(|v| { let _ = v.floats(); });
                let _ = super::super::names::sizes(&variables);
            }
        }
    }
}
