//! `winmail.dat`: files that Outlook packed in its own way (TNEF, [MS-OXTNEF]). Read as far as it can be; what is damaged
//! ends the reading, and the file itself is kept whole in any case.

/// A file in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// The name that it claims.
    pub name: String,
    /// What it says.
    pub content: Vec<u8>,
}

/// The files, at most `most`.
pub fn files(tnef: &[u8], most: usize) -> Vec<Packed> {
    const SIGNATURE: [u8; 4] = [0x78, 0x9f, 0x3e, 0x22];
    let mut files: Vec<Packed> = Vec::new();
    let mut rest = match tnef.strip_prefix(&SIGNATURE) {
        Some(rest) if rest.len() > 2 => &rest[2..],
        _ => return files,
    };
    while let Some((level, id, value, after)) = attribute(rest) {
        rest = after;
        match (level, id) {
            (ATTACHMENT, BEGINS) if files.len() == most => break,
            (ATTACHMENT, BEGINS) => files.push(Packed { name: String::new(), content: Vec::new() }),
            (ATTACHMENT, TITLE) => {
                if let Some(file) = files.last_mut().filter(|file| file.name.is_empty()) {
                    file.name = ansi(value);
                }
            }
            (ATTACHMENT, DATA) => {
                if let Some(file) = files.last_mut() {
                    file.content = value.to_vec();
                }
            }
            (ATTACHMENT, PROPERTIES) => {
                if let (Some(file), Some(name)) = (files.last_mut(), long_name(value)) {
                    file.name = name;
                }
            }
            _ => {}
        }
    }
    files.retain(|file| !file.content.is_empty());
    files
}

const ATTACHMENT: u8 = 2;
/// attAttachRenddata begins each file.
const BEGINS: u32 = 0x0006_9002;
const TITLE: u32 = 0x0001_8010;
const DATA: u32 = 0x0006_800f;
/// attAttachment: MAPI properties, among them the long name.
const PROPERTIES: u32 = 0x0006_9005;

/// Level, id, value, what follows: `level u8, id u32, length u32, value, checksum u16`.
fn attribute(bytes: &[u8]) -> Option<(u8, u32, &[u8], &[u8])> {
    let (level, rest) = bytes.split_first()?;
    let (id, rest) = number(rest)?;
    let (length, rest) = number(rest)?;
    let (value, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    Some((*level, id, value, rest.get(2..)?))
}

fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_at_checked(4)?;
    Some((u32::from_le_bytes(number.try_into().ok()?), rest))
}

fn ansi(value: &[u8]) -> String {
    let end = value.iter().position(|b| *b == 0).unwrap_or(value.len());
    crate::text::decoded(value[..end].to_vec(), "")
}

/// PidTagAttachLongFilename (0x3707) as UTF-16 or in one byte a letter. The property list is walked only as far as its
/// types have a known length; the name stands early in what Outlook writes.
fn long_name(properties: &[u8]) -> Option<String> {
    for (tag, wide) in [([0x1f, 0x00, 0x07, 0x37], true), ([0x1e, 0x00, 0x07, 0x37], false)] {
        let Some(at) = properties.windows(4).position(|window| window == tag) else { continue };
        let (values, rest) = number(&properties[at + 4..])?;
        let (length, rest) = number(rest)?;
        let value = rest.get(..usize::try_from(length).ok()?).filter(|_| values == 1)?;
        let name = if wide {
            let units: Vec<u16> =
                value.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).take_while(|u| *u != 0).collect();
            String::from_utf16_lossy(&units)
        } else {
            ansi(value)
        };
        return (!name.is_empty()).then_some(name);
    }
    None
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn put(out: &mut Vec<u8>, level: u8, id: u32, value: &[u8]) {
        out.push(level);
        out.extend(id.to_le_bytes());
        out.extend((value.len() as u32).to_le_bytes());
        out.extend(value);
        out.extend(value.iter().fold(0u16, |sum, b| sum.wrapping_add(u16::from(*b))).to_le_bytes());
    }

    /// A `winmail.dat` with these files.
    pub(crate) fn packed(files: &[(&str, &str, &[u8])]) -> Vec<u8> {
        let mut out = vec![0x78, 0x9f, 0x3e, 0x22, 1, 0];
        put(&mut out, 1, 0x0008_9006, &[0, 0, 1, 0]);
        put(&mut out, 1, 0x0006_9007, &[0xe4, 4, 0, 0, 0, 0, 0, 0]);
        for (short, long, content) in files {
            put(&mut out, 2, BEGINS, &[0; 14]);
            put(&mut out, 2, TITLE, format!("{short}\0").as_bytes());
            put(&mut out, 2, DATA, content);
            let wide: Vec<u8> = format!("{long}\0").encode_utf16().flat_map(u16::to_le_bytes).collect();
            let mut properties = vec![1, 0, 0, 0, 0x1f, 0, 7, 0x37, 1, 0, 0, 0];
            properties.extend((wide.len() as u32).to_le_bytes());
            properties.extend(wide);
            put(&mut out, 2, PROPERTIES, &properties);
        }
        out
    }

    #[test]
    fn files_come_out_with_their_long_names() {
        let tnef = packed(&[("CHITHI~1.PDF", "চিঠি.pdf", b"%PDF-1.4 x"), ("A.TXT", "a.txt", b"text")]);
        let found = files(&tnef, 10);
        assert_eq!(found.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["চিঠি.pdf", "a.txt"]);
        assert_eq!(found[0].content, b"%PDF-1.4 x");
        assert_eq!(files(&tnef, 1).len(), 1);
        for cut in 0..tnef.len() {
            let _ = files(&tnef[..cut], 10);
        }
        assert!(files(b"no such thing", 10).is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_unpacked(change in proptest::collection::vec((0usize..400, any::<u8>()), 0..12)) {
            let mut tnef = packed(&[("A.TXT", "a.txt", b"text"), ("B.TXT", "b.txt", b"more")]);
            for (at, byte) in change {
                let at = at % tnef.len();
                tnef[at] = byte;
            }
            prop_assert!(files(&tnef, 10).len() <= 10);
        }
    }
}
