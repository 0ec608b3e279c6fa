//! What happens to a text on its way: greetings around it, places in it, words lost, letters misheard, misread, mistyped.

use crate::chance::Chance;
use crate::romanise::romanised;
use crate::seeds::{Form, Seed};

/// Names of places, for texts that name one: in the Latin and the Bengali script.
#[derive(Debug, Clone, Default)]
pub struct PlaceNames {
    /// In Latin letters.
    pub latin: Vec<String>,
    /// In Bengali letters.
    pub bengali: Vec<String>,
}

/// A text as it may arrive: the seed's words in another dress.
pub fn varied(seed: &Seed, places: &PlaceNames, chance: &mut Chance) -> (Form, String) {
    let mut form = seed.form;
    let mut text = seed.text.clone();
    if matches!(form, Form::Bengali | Form::Hindi) && chance.with(0.25) {
        text = romanised(&text, chance);
        form = if form == Form::Bengali { Form::BengaliLatin } else { Form::HindiLatin };
    }
    text = cut(&text, chance);
    if chance.with(0.35) {
        text = with_place(&text, form, places, chance);
    }
    if chance.with(0.3) {
        text = in_a_shell(&text, form, chance);
    }
    let letters = *chance.one(&[0.0, 0.0, 0.01, 0.03]);
    (form, misread(&text, letters, chance))
}

/// Words lost: some here and there, or the beginning or end of a longer text.
fn cut(text: &str, chance: &mut Chance) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.len() > 12 && chance.with(0.25) {
        let keep = words.len() * 2 / 3;
        let from = chance.below(words.len() - keep + 1);
        return words[from..from + keep].join(" ");
    }
    let share = *chance.one(&[0.0, 0.0, 0.08, 0.15]);
    let kept: Vec<&str> = words.iter().copied().filter(|_| !chance.with(share)).collect();
    if kept.is_empty() { text.to_owned() } else { kept.join(" ") }
}

fn with_place(text: &str, form: Form, places: &PlaceNames, chance: &mut Chance) -> String {
    let names = if form == Form::Bengali { &places.bengali } else { &places.latin };
    if names.is_empty() {
        return text.to_owned();
    }
    let name = chance.one(names).clone();
    let ways: &[&str] = match form {
        Form::Bengali => &["{} জেলা", "{} থেকে বলছি", "গ্রাম {}", "{}তে", "{} এলাকায়", "বাড়ি {}"],
        Form::Hindi => &["{} जिला", "{} से बोल रहा हूँ", "गाँव {}", "{} में", "थाना {}"],
        Form::English => &["in {}", "{} district", "I am from {}", "near {}", "Block {}", "P.O. {}"],
        Form::BengaliLatin => &["{} theke bolchi", "{} te", "{} jela", "bari {}", "gram {}", "{} er"],
        Form::HindiLatin => &["{} se", "{} mein", "{} jila", "gaon {}"],
    };
    let phrase = chance.one(ways).replace("{}", &name);
    let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    let at = *chance.one(&[0, words.len(), words.len() / 2]);
    words.insert(at, phrase);
    words.join(" ")
}

fn in_a_shell(text: &str, form: Form, chance: &mut Chance) -> String {
    let (before, after): (&[&str], &[&str]) = match form {
        Form::Bengali => (
            &[
                "নমস্কার,",
                "মাননীয়া মুখ্যমন্ত্রী,",
                "দিদি",
                "স্যার",
                "হ্যালো হ্যাঁ শুনুন",
                "মহাশয়,",
                "সবিনয় নিবেদন এই যে",
                "আমার নাম রহিম, বলছি যে",
                "প্রণাম দিদি,",
            ],
            &[
                "দয়া করে ব্যবস্থা নিন",
                "ধন্যবাদ",
                "একটু দেখুন",
                "কী করব বলুন",
                "বিনীত",
                "তাড়াতাড়ি কিছু করুন",
                "আর কতদিন অপেক্ষা করব",
                "আপনার উত্তরের আশায় রইলাম",
            ],
        ),
        Form::Hindi => (
            &["नमस्ते,", "माननीय मुख्यमंत्री जी,", "सर", "मैडम", "हैलो", "महोदय,", "निवेदन है कि", "दीदी"],
            &["कृपया मदद करें", "धन्यवाद", "जल्दी कुछ कीजिए", "क्या करूँ बताइए", "कब तक इंतज़ार करें", "भवदीय"],
        ),
        Form::English => (
            &[
                "Respected Sir,",
                "Hello,",
                "Dear Didi,",
                "To the Hon'ble Chief Minister,",
                "Madam,",
                "Good morning.",
                "I beg to state that",
                "Sub: complaint.",
            ],
            &[
                "Please help.",
                "Thank you.",
                "Kindly look into it.",
                "Please do something soon.",
                "Yours faithfully",
                "How long must we wait?",
                "Requesting your intervention.",
            ],
        ),
        Form::BengaliLatin => (
            &["nomoskar", "didi", "dada", "sir", "hello", "mananiya mukhyamantri", "ami bolchi je"],
            &["please ektu dekhun", "dhonnobad", "kichu korun", "taratari help korun", "ki korbo bolun", "r koto din"],
        ),
        Form::HindiLatin => (
            &["namaste", "sir", "madam", "didi", "hello", "nivedan hai ki"],
            &["please help kijiye", "dhanyavad", "kya kare", "jaldi kuch kijiye"],
        ),
    };
    let first = if chance.with(0.7) { *chance.one(before) } else { "" };
    let last = if chance.with(0.7) { *chance.one(after) } else { "" };
    format!("{first} {text} {last}").trim().to_owned()
}

/// Letters that are taken for each other, by ear and by eye.
const MISTAKEN: [&str; 26] = [
    "নণ", "শস", "ষশ", "িী", "ুূ", "জয", "রড", "তট", "দড", "বভ", "কখ", "পফ", "চছ", "ेै", "िी", "ुू", "शस", "बव", "नण", "ao", "ei", "sz", "vb",
    "ckk", "uo", "yi",
];

/// A text with a share of its letters wrong: taken for another, lost, doubled, swapped.
pub fn misread(text: &str, share: f32, chance: &mut Chance) -> String {
    if share <= 0.0 {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < letters.len() {
        let c = letters[at];
        at += 1;
        if c == ' ' || !chance.with(share) {
            // A space is lost, or comes too much, less often.
            if !(c == ' ' && chance.with(share / 3.0)) {
                out.push(c);
            }
            continue;
        }
        match chance.below(5) {
            0 | 1 => {
                let pair = MISTAKEN.iter().find(|pair| pair.contains(c));
                out.push(pair.and_then(|pair| pair.chars().find(|o| *o != c)).unwrap_or(c));
            }
            2 => {}
            3 => out.extend([c, c]),
            _ => {
                if let Some(next) = letters.get(at) {
                    out.push(*next);
                    at += 1;
                }
                out.push(c);
            }
        }
    }
    out
}
