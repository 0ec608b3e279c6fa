//! `[letters]`: what is written on paper.

use serde::Deserialize;
use std::path::PathBuf;

/// `[letters]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Letters {
    /// Folder in which the scanner lays its files.
    pub inbox: Option<PathBuf>,
    /// Seconds for which a file's size must not change before it is taken.
    pub rests_s: u64,
    /// Pages read at once; 0: half the cores.
    pub workers: usize,
    /// Longest time for a page in seconds.
    pub limit_s: u64,
    /// Mean confidence of words, of 100, below which a person writes a letter down.
    pub trust: u8,
    /// Pages of a file at most.
    pub pages: u32,
    /// Size of a file at most.
    pub size_mib: u64,
    /// Folder with the fonts in which we write ourselves.
    pub fonts: PathBuf,
}

impl Default for Letters {
    fn default() -> Self {
        Self {
            inbox: None,
            rests_s: 2,
            workers: 0,
            limit_s: 40,
            trust: 75,
            pages: 300,
            size_mib: 200,
            fonts: "/usr/share/fonts/truetype/noto".into(),
        }
    }
}

/// A time of the day, `"21:00"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClockTime {
    /// 0 to 23.
    pub hour: i8,
    /// 0 to 59.
    pub minute: i8,
}

impl<'de> Deserialize<'de> for ClockTime {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parts = text.split_once(':').and_then(|(hour, minute)| Some((hour.parse().ok()?, minute.parse().ok()?)));
        match parts {
            Some((hour @ 0..=23, minute @ 0..=59)) => Ok(Self { hour, minute }),
            _ => Err(serde::de::Error::custom(format!("{text:?} is no time of the day, expected one such as \"21:00\""))),
        }
    }
}
