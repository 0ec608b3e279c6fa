//! Files of many mails (mbox, RFC 4155): read one mail at a time, however large the file.

use std::io::{BufRead, Result};

/// The mails of a file, the first first.
pub struct Mails<R> {
    reader: R,
    begun: bool,
    line: Vec<u8>,
    most: usize,
}

impl<R: BufRead> Mails<R> {
    /// From a file. Of a mail larger than `most` bytes only so many are kept; it will be held for its size.
    pub fn new(reader: R, most: usize) -> Self {
        Self { reader, begun: false, line: Vec::new(), most }
    }

    fn read(&mut self) -> Result<Option<Vec<u8>>> {
        let mut mail = Vec::new();
        let mut after_empty = !self.begun;
        loop {
            self.line.clear();
            if self.reader.read_until(b'\n', &mut self.line)? == 0 {
                return Ok((self.begun && !mail.is_empty()).then_some(mail));
            }
            if after_empty && self.line.starts_with(b"From ") {
                if self.begun && !mail.is_empty() {
                    return Ok(Some(mail));
                }
                self.begun = true;
                after_empty = false;
                continue;
            }
            after_empty = matches!(&self.line[..], b"\n" | b"\r\n");
            // `>From ` was `From ` (the form mboxrd: one sign of any number is taken away).
            let quoted = self.line.iter().position(|b| *b != b'>').filter(|at| *at > 0 && self.line[*at..].starts_with(b"From "));
            if self.begun && mail.len() <= self.most {
                mail.extend_from_slice(&self.line[usize::from(quoted.is_some())..]);
            }
        }
    }
}

impl<R: BufRead> Iterator for Mails<R> {
    type Item = Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mails(text: &str) -> Vec<String> {
        Mails::new(text.as_bytes(), 1_000).map(|mail| String::from_utf8(mail.expect("read")).expect("text")).collect()
    }

    #[test]
    fn mails_are_parted_at_their_from_lines() {
        let found = mails("From a@b Mon\nSubject: 1\n\nWe wrote.\nFrom the village.\n>From here.\n\nFrom c@d Tue\nSubject: 2\n\nx\n");
        assert_eq!(found, ["Subject: 1\n\nWe wrote.\nFrom the village.\nFrom here.\n\n", "Subject: 2\n\nx\n"]);
        assert!(mails("no mailbox\nat all\n").is_empty());
    }

    proptest! {
        #[test]
        fn any_file_can_be_parted(text in "((From |>From |Subject: )?[a-z ]{0,6}\r?\n){0,30}") {
            let _ = mails(&text);
        }
    }
}
