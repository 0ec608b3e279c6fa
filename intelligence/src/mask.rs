//! Personal numbers in a text: found, named and hidden, for summaries and masked views.

use daak_domain::phone::digit_value;
use std::ops::Range;

/// A personal number or address that was found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub kind: Kind,
    /// Where it stands, in bytes.
    pub at: Range<usize>,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 12 digits from 2, Verhoeff's check digit.
    Aadhaar,
    /// 16 digits, Verhoeff's check digit: the virtual Aadhaar id.
    VirtualId,
    /// An Indian mobile number.
    Phone,
    /// A voter's card, of the new series or the old.
    VoterId,
    /// A permanent account number of the income tax.
    Pan,
    /// A ration card.
    RationCard,
    /// Nine digits or more near a word for a bank account.
    BankAccount,
    /// Eleven digits or more of a kind that is not known (URN, Kanyashree id, a mistyped Aadhaar).
    LongNumber,
    /// A mail address or a UPI name.
    Email,
}

impl Kind {
    /// Its word in the HTTP API.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Aadhaar => "aadhaar",
            Kind::VirtualId => "virtual_id",
            Kind::Phone => "phone",
            Kind::VoterId => "voter_id",
            Kind::Pan => "pan",
            Kind::RationCard => "ration_card",
            Kind::BankAccount => "bank_account",
            Kind::LongNumber => "long_number",
            Kind::Email => "email",
        }
    }
}

/// `text` with every personal number hidden but its last digits: an Aadhaar number as UIDAI wants it, `XXXX XXXX 1234`.
pub fn mask(text: &str) -> String {
    let (mut out, mut from) = (String::with_capacity(text.len()), 0);
    for found in find(text) {
        out.push_str(&text[from..found.at.start]);
        out.push_str(&hidden(found.kind, &text[found.at.clone()]));
        from = found.at.end;
    }
    out.push_str(&text[from..]);
    out
}

/// The masked beginning of `text`, at most `longest` characters, in one line.
pub fn summary(text: &str, longest: usize) -> String {
    let masked = mask(text);
    let line = masked.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= longest {
        return line;
    }
    let mut cut: String = line.chars().take(longest.saturating_sub(1)).collect();
    if let Some(at) = cut.rfind(' ') {
        cut.truncate(at);
    }
    cut + "…"
}

/// What is found in `text`, in order, none overlapping.
pub fn find(text: &str) -> Vec<Found> {
    let chars = Chars::of(text);
    let (mut found, mut i) = (Vec::new(), 0);
    while i < chars.plain.len() {
        if let Some((kind, end)) = chars.personal_at(i) {
            found.push(Found { kind, at: chars.at[i]..chars.at[end] });
            i = end;
        } else {
            i = chars.skip(i);
        }
    }
    found
}

/// A text's characters with digits of three scripts as ASCII, and where each stands.
struct Chars {
    plain: Vec<char>,
    at: Vec<usize>,
}

impl Chars {
    fn of(text: &str) -> Self {
        let (mut plain, mut at) = (Vec::new(), Vec::new());
        for (position, c) in text.char_indices() {
            plain.push(digit_value(c).unwrap_or(c));
            at.push(position);
        }
        at.push(text.len());
        Self { plain, at }
    }

    fn get(&self, i: usize) -> char {
        self.plain.get(i).copied().unwrap_or('\0')
    }

    /// The kind and end of what begins at `i`, where a word or number begins.
    fn personal_at(&self, i: usize) -> Option<(Kind, usize)> {
        if i > 0 && self.get(i - 1).is_ascii_alphanumeric() {
            return None;
        }
        match self.get(i) {
            '0'..='9' => self.number_at(i).or_else(|| self.address_at(i)),
            '+' if self.get(i + 1).is_ascii_digit() => self.number_at(i + 1),
            c if c.is_ascii_alphabetic() => self.card_at(i).or_else(|| self.address_at(i)),
            _ => None,
        }
    }

    /// The next place where something may begin: after the word or number at `i`.
    fn skip(&self, i: usize) -> usize {
        let class = |c: char| (c.is_ascii_digit(), c.is_ascii_alphabetic());
        let mut end = i + 1;
        while end < self.plain.len() && self.get(end).is_ascii_alphanumeric() && class(self.get(end)) == class(self.get(i)) {
            end += 1;
        }
        end
    }

    /// Groups of digits with one separator between them: the end of each, and the digits so far.
    fn groups(&self, start: usize) -> Vec<(usize, String)> {
        let (mut groups, mut digits, mut i) = (Vec::new(), String::new(), start);
        while self.get(i).is_ascii_digit() && digits.len() < 40 {
            while self.get(i).is_ascii_digit() {
                digits.push(self.get(i));
                i += 1;
            }
            groups.push((i, digits.clone()));
            while matches!(self.get(i), '\r' | '\n' | ' ' | '-') && !self.get(i + 1).is_ascii_digit() && i < groups[groups.len() - 1].0 + 2
            {
                i += 1;
            }
            if matches!(self.get(i), ' ' | '-' | '\n') {
                i += 1;
            }
        }
        groups
    }

    fn number_at(&self, start: usize) -> Option<(Kind, usize)> {
        let groups = self.groups(start);
        let of = |wanted: usize| groups.iter().find(|(_, digits)| digits.len() == wanted);
        if let Some((end, digits)) = of(16)
            && verhoeff(digits)
        {
            return Some((Kind::VirtualId, *end));
        }
        if let Some((end, digits)) = of(12)
            && is_aadhaar(digits)
        {
            return Some((Kind::Aadhaar, *end));
        }
        let first = groups.first()?;
        if first.1.len() >= 9 && first.1.len() <= 18 && self.speaks_of_an_account(start) {
            return Some((Kind::BankAccount, first.0));
        }
        let mobile = |digits: &str| digits.starts_with(['6', '7', '8', '9']);
        for (length, skip) in [(10, 0), (11, 1), (12, 2)] {
            if let Some((end, digits)) = of(length)
                && mobile(&digits[skip..])
                && ["", "0", "91"].contains(&&digits[..skip])
            {
                return Some((Kind::Phone, *end));
            }
        }
        (first.1.len() >= 11).then_some((Kind::LongNumber, first.0))
    }

    /// Whether one of the words for an account stands in the 30 characters before `i`.
    fn speaks_of_an_account(&self, i: usize) -> bool {
        let before: String = self.plain[i.saturating_sub(30)..i].iter().collect::<String>().to_lowercase();
        ["account", "a/c", "acc", "akaunt", "khata", "অ্যাকাউন্ট", "একাউন্ট", "অ্যাকাউণ্ট", "খাতা", "खाता", "खाते", "अकाउंट"]
            .iter()
            .any(|word| before.contains(word))
    }

    /// Letters and digits glued together, or with one separator, in the forms of Indian cards.
    fn card_at(&self, start: usize) -> Option<(Kind, usize)> {
        let letters = self.count(start, |c| c.is_ascii_alphabetic());
        let word: String = self.plain[start..start + letters].iter().collect::<String>().to_ascii_uppercase();
        let after = start + letters;
        if letters == 5 && self.count(after, |c| c.is_ascii_digit()) == 4 && self.count(after + 4, |c| c.is_ascii_alphanumeric()) == 1 {
            let holder = word.chars().nth(3).unwrap_or('\0');
            if "ABCFGHLJPT".contains(holder) && self.get(after + 4).is_ascii_alphabetic() {
                return Some((Kind::Pan, after + 5));
            }
        }
        let digits_from = if matches!(self.get(after), ' ' | '-') { after + 1 } else { after };
        let digits = self.count(digits_from, |c| c.is_ascii_digit());
        let end = digits_from + digits;
        if letters == 3 && digits == 7 && !self.get(end).is_ascii_alphanumeric() {
            return Some((Kind::VoterId, end));
        }
        if matches!(word.as_str(), "AAY" | "SPHH" | "PHH" | "RKSY" | "RKSYI" | "RKSYII") {
            // RKSY-1 and RKSY-2 carry a digit of their own.
            let own = "12".contains(self.get(digits_from)) && matches!(self.get(digits_from + 1), ' ' | '-');
            let digits_from = if own { digits_from + 2 } else { digits_from };
            let digits = self.count(digits_from, |c| c.is_ascii_digit());
            return (8..=12).contains(&digits).then_some((Kind::RationCard, digits_from + digits));
        }
        if word == "WB" {
            let shape: String = (after..after + 14).map(|i| if self.get(i).is_ascii_digit() { '9' } else { self.get(i) }).collect();
            return (shape == "/99/999/999999").then_some((Kind::VoterId, after + 14));
        }
        None
    }

    fn address_at(&self, start: usize) -> Option<(Kind, usize)> {
        let local = self.count(start, |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '+' | '-' | '%'));
        let host_from = start + local + 1;
        if self.get(start + local) != '@' {
            return None;
        }
        let mut host = self.count(host_from, |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
        while host > 0 && matches!(self.get(host_from + host - 1), '.' | '-') {
            host -= 1;
        }
        (host >= 2).then_some((Kind::Email, host_from + host))
    }

    fn count(&self, from: usize, belongs: impl Fn(char) -> bool) -> usize {
        self.plain.iter().skip(from).take(80).take_while(|c| belongs(**c)).count()
    }
}

fn hidden(kind: Kind, text: &str) -> String {
    let last = |n: usize| {
        let kept: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).collect();
        kept[kept.len().saturating_sub(n)..].iter().collect::<String>()
    };
    match kind {
        Kind::Aadhaar => format!("XXXX XXXX {}", last(4)),
        Kind::VirtualId => format!("XXXX XXXX XXXX {}", last(4)),
        Kind::Phone => format!("XXXXXXX{}", last(3)),
        Kind::VoterId | Kind::Pan | Kind::RationCard => format!("XXXXXXX{}", last(3)),
        Kind::BankAccount | Kind::LongNumber => format!("XXXXXX{}", last(4)),
        Kind::Email => {
            let first: String = text.chars().take(1).collect();
            format!("{first}…@{}", text.rsplit('@').next().unwrap_or_default())
        }
    }
}

fn is_aadhaar(digits: &str) -> bool {
    digits.len() == 12 && !digits.starts_with(['0', '1']) && verhoeff(digits)
}

/// Verhoeff (1969): the check digit over the dihedral group D5.
pub fn verhoeff(digits: &str) -> bool {
    const MULTIPLY: [[u8; 10]; 10] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
        [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
        [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
        [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
        [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
        [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
        [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
        [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
        [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
    ];
    const PERMUTE: [[u8; 10]; 8] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
        [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
        [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
        [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
        [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
        [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
        [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
    ];
    let all_digits = digits.bytes().all(|b| b.is_ascii_digit());
    all_digits
        && digits.bytes().rev().enumerate().fold(0u8, |check, (i, b)| {
            let place = PERMUTE[i % 8][usize::from(b - b'0')];
            MULTIPLY[usize::from(check)][usize::from(place)]
        }) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Random numbers, nobody's: good ones, and each with one digit wrong and with two neighbours swapped.
    const VECTORS: [(&str, &str, &str); 12] = [
        ("726018159082", "726028159082", "762018159082"),
        ("366131860916", "366141860916", "361631860916"),
        ("803082462817", "803082462867", "830082462817"),
        ("419935181906", "419935181946", "491935181906"),
        ("986579754325", "986599754325", "968579754325"),
        ("687574911868", "687174911868", "678574911868"),
        ("476018955596", "476018953596", "467018955596"),
        ("314710497460", "314710597460", "341710497460"),
        ("952917034236", "952917004236", "925917034236"),
        ("912768426841", "912768486841", "921768426841"),
        ("832122330794", "832622330794", "823122330794"),
        ("602685995285", "602685995295", "620685995285"),
    ];

    #[test]
    fn verhoeff_and_the_first_digit() {
        for (good, wrong, swapped) in VECTORS {
            assert!(is_aadhaar(good) && !is_aadhaar(wrong) && !is_aadhaar(swapped), "{good}");
        }
        for first in ["123456789010", "023456789014"] {
            assert!(verhoeff(first) && !is_aadhaar(first));
        }
    }

    #[test]
    fn what_is_hidden() {
        for (text, masked) in [
            ("আধার 7260 1815 9082 আছে", "আধার XXXX XXXX 9082 আছে"),
            ("৭২৬০১৮১৫৯০৮২", "XXXX XXXX ৯০৮২"),
            ("72601815 9082", "XXXX XXXX 9082"),
            ("7260 1815\n9082.", "XXXX XXXX 9082."),
            ("call +91 98300-12345 now", "call XXXXXXX345 now"),
            ("ফোন ৯৮৩০০১২৩৪৫", "ফোন XXXXXXX৩৪৫"),
            ("voter ABC1234567, WB/12/123/123456", "voter XXXXXXX567, XXXXXXX456"),
            ("PAN ABCPD1234E", "PAN XXXXXXX34E"),
            ("ration card RKSY-1 1234567890", "ration card XXXXXXX890"),
            ("a/c no. 12345678901 IFSC SBIN0001234", "a/c no. XXXXXX8901 IFSC SBIN0001234"),
            ("खाता संख्या 123456789", "खाता संख्या XXXXXX6789"),
            ("urn 12345678901234567", "urn XXXXXX4567"),
            ("write to ram.das@example.org.", "write to r…@example.org."),
            ("726028159082", "XXXXXX9082"),
        ] {
            assert_eq!(mask(text), masked);
        }
    }

    #[test]
    fn what_is_left_alone() {
        for text in [
            "ticket 112 345 6789",
            "1123456789",
            "PIN 700091",
            "₹10,000 for 100 days",
            "24.11.2026 10:30",
            "2025-26 এ 50000 টাকা",
            "ward 12, 5 km",
        ] {
            assert_eq!(mask(text), text);
        }
    }

    #[test]
    fn a_summary_is_one_masked_line() {
        assert_eq!(summary("my\naadhaar 7260 1815 9082 is lost", 100), "my aadhaar XXXX XXXX 9082 is lost");
        assert_eq!(summary("one two three four", 10), "one two…");
    }

    proptest! {
        #[test]
        fn no_text_panics_and_no_aadhaar_survives(text in "\\PC{0,60}", vector in 0usize..12) {
            let good = VECTORS[vector].0;
            let masked = mask(&format!("{text} , {good} , {text}"));
            prop_assert!(!masked.contains(good), "{}", masked);
        }
    }
}
