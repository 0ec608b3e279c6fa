//! How far a mailbox was read, and sets of mails as IMAP writes them.

/// UIDVALIDITY and the last UID that was settled. Another UIDVALIDITY means that the server numbered all mails anew: then all
/// are read again, and those that were taken in before are known by their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The numbering.
    pub validity: u32,
    /// The last UID; 0 if none.
    pub last: u32,
}

impl Position {
    /// What is read of a mailbox numbered by `validity`, by what was written down.
    pub fn resume(written: Option<&str>, validity: u32) -> Self {
        let parts = written.and_then(|text| text.split_once(':'));
        let known = parts.and_then(|(validity, last)| Some(Self { validity: validity.parse().ok()?, last: last.parse().ok()? }));
        known.filter(|known| known.validity == validity).unwrap_or(Self { validity, last: 0 })
    }

    /// As it is written down.
    pub fn written(self) -> String {
        format!("{}:{}", self.validity, self.last)
    }
}

/// UIDs in rising order as a set (RFC 3501 §9, sequence-set): `1:4,7`.
pub fn set(uids: &[u32]) -> String {
    let mut text = String::new();
    let mut rest = uids;
    while let Some(first) = rest.first() {
        let run = 1 + rest.windows(2).take_while(|pair| pair[1].checked_sub(pair[0]) == Some(1)).count();
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(&first.to_string());
        if run > 1 {
            text.push_str(&format!(":{}", rest[run - 1]));
        }
        rest = &rest[run..];
    }
    text
}

/// Cuts `(uid, size)` into batches of at most `most` mails and `bytes` bytes; a larger mail stands alone.
pub fn batches(sized: &[(u32, u64)], most: usize, bytes: u64) -> Vec<Vec<(u32, u64)>> {
    let mut batches: Vec<Vec<(u32, u64)>> = Vec::new();
    let mut spent = 0;
    for mail in sized {
        match batches.last_mut() {
            Some(batch) if batch.len() < most && spent + mail.1 <= bytes => batch.push(*mail),
            _ => {
                spent = 0;
                batches.push(vec![*mail]);
            }
        }
        spent += mail.1;
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_mailbox_numbered_anew_is_read_anew() {
        assert_eq!(Position::resume(Some("7:42"), 7), Position { validity: 7, last: 42 });
        for written in [Some("6:42"), Some("7"), Some("x:y"), None] {
            assert_eq!(Position::resume(written, 7), Position { validity: 7, last: 0 });
        }
        assert_eq!(Position { validity: 7, last: 42 }.written(), "7:42");
    }

    #[test]
    fn sets_are_short() {
        assert_eq!(set(&[1, 2, 3, 4, 7, 9, 10]), "1:4,7,9:10");
        assert_eq!(set(&[]), "");
        assert_eq!(set(&[u32::MAX]), "4294967295");
    }

    proptest! {
        #[test]
        fn batches_lose_nothing(sizes in proptest::collection::vec(0u64..50, 0..60), most in 1usize..9) {
            let sized: Vec<_> = sizes.iter().enumerate().map(|(uid, size)| (uid as u32, *size)).collect();
            let cut = batches(&sized, most, 60);
            prop_assert_eq!(cut.concat(), sized);
            prop_assert!(cut.iter().all(|batch| !batch.is_empty() && batch.len() <= most && (batch.len() == 1 || batch.iter().map(|m| m.1).sum::<u64>() <= 60)));
        }
    }
}
