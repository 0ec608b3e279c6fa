//! When a thing happens, by the endings of words: what is going on now is another matter than what once was.

use crate::fold::Word;

/// What a word's form says of the time, or of the truth, of what is told around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tense {
    /// It goes on: করছে, कर रहा, is doing.
    Ongoing,
    /// It has just been done: করেছে, कर दिया है, has done.
    Perfect,
    /// It was: করেছিল, किया था, had done.
    Past,
    /// It will be, or may be: করবে, करेगा, will do.
    Future,
    /// It is not: না, नहीं, not.
    Denied,
    /// If it were: যদি, अगर, if.
    Supposed,
}

impl Tense {
    /// Its name in features.
    pub fn name(self) -> &'static str {
        match self {
            Tense::Ongoing => "ongoing",
            Tense::Perfect => "perfect",
            Tense::Past => "past",
            Tense::Future => "future",
            Tense::Denied => "denied",
            Tense::Supposed => "supposed",
        }
    }
}

/// Words that say it as a whole, folded.
const WORDS: [(Tense, &[&str]); 6] = [
    (
        Tense::Ongoing,
        &["রয়েছে", "আছে", "আছি", "रहा", "रहि", "रहे", "रहिं", "है", "हैं", "is", "are", "am", "raha", "rahi", "rahe", "hai", "ace", "aci"],
    ),
    (Tense::Perfect, &["चुका", "चुकि", "गया", "गयि", "गइ", "गए", "दिया", "दि", "लिया", "has", "have", "gaia", "gai", "dia", "lia"]),
    (Tense::Past, &["ছিল", "ছিলো", "ছিলাম", "ছিলেন", "था", "थि", "थे", "थिं", "was", "were", "had", "did", "used", "cilo", "cilam", "cilen"]),
    (Tense::Future, &["होगा", "होगि", "bil", "would", "may", "might", "kould", "hoga", "hogi", "hobe", "হবে"]),
    (
        Tense::Denied,
        &[
            "না",
            "নেই",
            "নাই",
            "নয়",
            "नहिं",
            "नहि",
            "मत",
            "बिना",
            "not",
            "no",
            "neber",
            "na",
            "nei",
            "nai",
            "nahi",
            "nahin",
            "bina",
            "cara",
            "ছাড়া",
            "bitout",
        ],
    ),
    (Tense::Supposed, &["যদি", "अगर", "यदि", "if", "unles", "jodi", "agar", "iadi"]),
];

/// Endings that say it, folded; the first that fits is taken. A word must be longer than its ending by two letters.
const ENDINGS: [(&str, Tense); 33] = [
    ("েছিল", Tense::Past),
    ("েছিলাম", Tense::Past),
    ("েছিলেন", Tense::Past),
    ("ছিল", Tense::Past),
    ("ছিলাম", Tense::Past),
    ("ছিলেন", Tense::Past),
    ("ecilo", Tense::Past),
    ("icilo", Tense::Past),
    ("ecilam", Tense::Past),
    ("icilen", Tense::Past),
    ("েনি", Tense::Denied),
    ("নি", Tense::Denied),
    ("n't", Tense::Denied),
    ("েছে", Tense::Perfect),
    ("েছি", Tense::Perfect),
    ("েছেন", Tense::Perfect),
    ("গেছে", Tense::Perfect),
    ("ece", Tense::Perfect),
    ("eci", Tense::Perfect),
    ("ecen", Tense::Perfect),
    ("ছে", Tense::Ongoing),
    ("ছি", Tense::Ongoing),
    ("ছেন", Tense::Ongoing),
    ("ce", Tense::Ongoing),
    ("ci", Tense::Ongoing),
    ("cen", Tense::Ongoing),
    ("ing", Tense::Ongoing),
    ("ता", Tense::Ongoing),
    ("বে", Tense::Future),
    ("বেন", Tense::Future),
    ("ेगा", Tense::Future),
    ("ेगि", Tense::Future),
    ("ेंगे", Tense::Future),
];

/// The tense of a word, if its form says one.
pub fn tense(word: &Word) -> Option<Tense> {
    let folded = word.folded.as_str();
    let whole = WORDS.iter().find(|(_, words)| words.contains(&folded)).map(|(tense, _)| *tense);
    whole.or_else(|| {
        let length = folded.chars().count();
        let ends = |ending: &str| folded.ends_with(ending) && length >= ending.chars().count() + 2;
        ENDINGS.iter().find(|(ending, _)| ends(ending)).map(|(_, tense)| *tense)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::words;

    fn last(text: &str) -> Option<Tense> {
        words(text).iter().filter_map(tense).next_back()
    }

    #[test]
    fn forms_of_three_languages() {
        for (text, said) in [
            ("আগুন জ্বলছে", Tense::Ongoing),
            ("আগুন লেগেছে", Tense::Perfect),
            ("আগুন লেগেছিল", Tense::Past),
            ("agun legechilo", Tense::Past),
            ("agun jolche", Tense::Ongoing),
            ("টাকা আসেনি", Tense::Denied),
            ("মেরে ফেলবে", Tense::Future),
            ("आग लगी थी", Tense::Past),
            ("जल रहा है", Tense::Ongoing),
            ("the house was burning down when it had", Tense::Past),
        ] {
            assert_eq!(last(text), Some(said), "{text}");
        }
        assert_eq!(last("রেশন কার্ড"), None);
    }
}
