//! What a mail may cost, looked at before anything parses it: a parser that is led 200 levels deep has lost already.

/// The bounds of one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of the whole mail.
    pub size: usize,
    /// Bytes of all header fields of the mail itself.
    pub header: usize,
    /// Header fields of the mail itself.
    pub fields: usize,
    /// Parts that hold other parts, in the whole mail.
    pub containers: usize,
    /// Mails within the mail.
    pub nested: usize,
    /// Parts.
    pub parts: usize,
    /// Addresses in To and Cc together.
    pub recipients: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { size: 25 << 20, header: 256 << 10, fields: 1_000, containers: 60, nested: 20, parts: 500, recipients: 500 }
    }
}

impl Bounds {
    /// Looks at the bytes alone, in one pass for each thing that is counted.
    ///
    /// # Errors
    /// A sentence for the person who decides on the mail.
    pub fn look(&self, raw: &[u8]) -> Result<(), String> {
        if raw.len() > self.size {
            return Err(format!("the mail has {} bytes; up to {} are read", raw.len(), self.size));
        }
        let header = &raw[..header_end(raw)];
        if header.len() > self.header {
            return Err(format!("its header has {} bytes; up to {} are read", header.len(), self.header));
        }
        let fields = header.split(|b| *b == b'\n').filter(|line| line.first().is_some_and(|b| !matches!(b, b' ' | b'\t' | b'\r'))).count();
        if fields > self.fields {
            return Err(format!("its header has {fields} fields; up to {} are read", self.fields));
        }
        let nested = count(raw, b"message/rfc822") + count(raw, b"message/global");
        if nested > self.nested {
            return Err(format!("it holds {nested} mails within mails; up to {} are read", self.nested));
        }
        let containers = count(raw, b"multipart/");
        if containers > self.containers {
            return Err(format!("its parts are nested or repeated {containers} times; up to {} are read", self.containers));
        }
        let parts = count(raw, b"\ncontent-type:");
        if parts > self.parts {
            return Err(format!("it has {parts} parts; up to {} are read", self.parts));
        }
        let recipients = addresses(header);
        if recipients > self.recipients {
            return Err(format!("it goes to {recipients} addresses; up to {} are read", self.recipients));
        }
        Ok(())
    }
}

/// Where the header ends (RFC 5322 §2.1): the first empty line, or the end.
pub fn header_end(raw: &[u8]) -> usize {
    let mut at = 0;
    for line in raw.split_inclusive(|b| *b == b'\n') {
        if matches!(line, b"\n" | b"\r\n") {
            return at;
        }
        at += line.len();
    }
    at
}

/// Occurrences of `what`, given in lower case, whatever the case in `raw`.
fn count(raw: &[u8], what: &[u8]) -> usize {
    let (Some(first), Some(last)) = (what.first(), raw.len().checked_sub(what.len())) else { return 0 };
    let mut found = 0;
    for (at, byte) in raw.iter().enumerate() {
        if at > last {
            break;
        }
        if byte.to_ascii_lowercase() == *first && raw[at..at + what.len()].eq_ignore_ascii_case(what) {
            found += 1;
        }
    }
    found
}

/// Addresses in the fields To and Cc, counted by their signs.
fn addresses(header: &[u8]) -> usize {
    let (mut counts, mut found) = (false, 0);
    for line in header.split(|b| *b == b'\n') {
        if !matches!(line.first(), Some(b' ' | b'\t')) {
            let name = line.split(|b| *b == b':').next().unwrap_or_default();
            counts = name.eq_ignore_ascii_case(b"to") || name.eq_ignore_ascii_case(b"cc");
        }
        if counts {
            found += line.iter().filter(|b| **b == b'@').count();
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_too_much_is_said() {
        let look = |raw: &str| Bounds::default().look(raw.as_bytes());
        assert_eq!(look("From: a@b.org\r\n\r\ntext"), Ok(()));
        assert_eq!(look(""), Ok(()));
        assert!(look(&format!("To: {}\n\n", "a@b.org,\n ".repeat(10_000))).is_err_and(|why| why.contains("10000 addresses")));
        assert!(look(&"X-A: b\n".repeat(1_001)).is_err_and(|why| why.contains("1001 fields")));
        assert!(look(&format!("X-A: {}\n\n", "b".repeat(300_000))).is_err_and(|why| why.contains("header has")));
        let deep = "Content-Type: Message/RFC822\n\n".repeat(200);
        assert!(look(&deep).is_err_and(|why| why.contains("200 mails within mails")));
        let deep: String = (0..200).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n")).collect();
        assert!(look(&deep).is_err_and(|why| why.contains("nested or repeated 200 times")));
        assert!(Bounds { size: 3, ..Bounds::default() }.look(b"abcd").is_err());
    }

    #[test]
    fn the_header_ends_at_the_first_empty_line() {
        assert_eq!(header_end(b"A: b\r\n\r\nx"), 6);
        assert_eq!(header_end(b"A: b\n\nx\n\n"), 5);
        assert_eq!(header_end(b"A: b"), 4);
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_looked_at(raw in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Bounds::default().look(&raw);
            prop_assert!(header_end(&raw) <= raw.len());
        }
    }
}
