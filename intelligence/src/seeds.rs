//! Texts written by hand, each with what a person made of it: `data/seeds/<category>.txt`.
//!
//! A line is `form text` or `form!danger text`. Forms: `b` Bengali, `h` Hindi, `e` English, `r` Bengali in Latin letters,
//! `s` Hindi in Latin letters. Lines that begin with `#` are remarks. How each file was made stands in `data/README.md`.

use std::str::FromStr;

/// A text and what a person made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed {
    /// Category code.
    pub category: String,
    /// How it is written.
    pub form: Form,
    /// What danger it tells of, if life or limb are at stake now.
    pub danger: Danger,
    /// The text.
    pub text: String,
}

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Form {
    /// Bengali.
    Bengali,
    /// Hindi.
    Hindi,
    /// English.
    English,
    /// Bengali in Latin letters.
    BengaliLatin,
    /// Hindi in Latin letters.
    HindiLatin,
}

impl Form {
    /// Every form.
    pub const ALL: [Form; 5] = [Form::Bengali, Form::Hindi, Form::English, Form::BengaliLatin, Form::HindiLatin];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Form::Bengali => "Bengali",
            Form::Hindi => "Hindi",
            Form::English => "English",
            Form::BengaliLatin => "Bengali in Latin letters",
            Form::HindiLatin => "Hindi in Latin letters",
        }
    }
}

impl FromStr for Form {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "b" => Form::Bengali,
            "h" => Form::Hindi,
            "e" => Form::English,
            "r" => Form::BengaliLatin,
            "s" => Form::HindiLatin,
            other => return Err(format!("unknown form {other:?}: use b, h, e, r or s")),
        })
    }
}

/// What endangers life or limb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Danger {
    /// Nothing, now.
    None,
    /// Illness, injury, birth, hunger.
    Medical,
    /// Fire.
    Fire,
    /// Water, storm, what they bring down.
    Flood,
    /// People, and the missing.
    Violence,
    /// Current.
    Electrical,
    /// Oneself. It has a road of its own: a person at once, and gently.
    SelfHarm,
    /// Trafficked, held, or stranded far from home.
    TraffickedOrStranded,
}

impl Danger {
    /// Every one, in the order of the classes of the reader.
    pub const ALL: [Danger; 8] = [
        Danger::None,
        Danger::Medical,
        Danger::Fire,
        Danger::Flood,
        Danger::Violence,
        Danger::Electrical,
        Danger::SelfHarm,
        Danger::TraffickedOrStranded,
    ];

    /// Its word in the HTTP API.
    pub fn as_str(self) -> &'static str {
        match self {
            Danger::None => "none",
            Danger::Medical => "medical",
            Danger::Fire => "fire",
            Danger::Flood => "flood",
            Danger::Violence => "violence",
            Danger::Electrical => "electrical",
            Danger::SelfHarm => "self_harm",
            Danger::TraffickedOrStranded => "trafficked_or_stranded",
        }
    }
}

/// Reads a file of seeds of one category.
///
/// # Errors
/// A sentence with the first line that has a mistake.
pub fn read(category: &str, text: &str) -> Result<Vec<Seed>, String> {
    let mut seeds = Vec::new();
    for (line, written) in text.lines().enumerate().map(|(n, l)| (n + 1, l.trim())) {
        if written.is_empty() || written.starts_with('#') {
            continue;
        }
        let wrong = |what: String| format!("{category}.txt:{line}: {what}");
        let (head, text) = written.split_once(' ').ok_or_else(|| wrong("expected `form text`".into()))?;
        let (form, danger) = head.split_once('!').unwrap_or((head, "none"));
        let danger = Danger::ALL.into_iter().find(|d| d.as_str() == danger || (*d == Danger::TraffickedOrStranded && danger == "stranded"));
        seeds.push(Seed {
            category: category.to_owned(),
            form: form.parse().map_err(&wrong)?,
            danger: danger.ok_or_else(|| wrong(format!("unknown danger in {head:?}")))?,
            text: text.trim().to_owned(),
        });
    }
    Ok(seeds)
}

/// Reads a file of seeds of many categories: each line begins with its category.
///
/// # Errors
/// A sentence with the first line that has a mistake.
pub fn read_mixed(text: &str) -> Result<Vec<Seed>, String> {
    let mut seeds = Vec::new();
    for (line, written) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty() && !l.starts_with('#')) {
        let (category, rest) = written.split_once(' ').ok_or_else(|| format!("line {}: expected `category form text`", line + 1))?;
        seeds.extend(read(category, rest).map_err(|why| format!("line {}: {why}", line + 1))?);
    }
    Ok(seeds)
}
