//! Tesseract, as a process: script first, then the words with their confidence.

use crate::gray::{Bilevel, Gray};
use crate::process::{Leash, ProcessError, run};
use daak_domain::language::Language;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The engine.
#[derive(Debug, Clone)]
pub struct Tesseract {
    /// The program.
    pub program: String,
    /// Longest time for a page.
    pub limit: Duration,
}

impl Default for Tesseract {
    fn default() -> Self {
        Self { program: "tesseract".into(), limit: Duration::from_secs(40) }
    }
}

/// What a page is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Script {
    Bengali,
    Devanagari,
    Latin,
    /// One that is not read here.
    Other,
}

impl Script {
    /// Tesseract's models for it. Bengali and Hindi letters quote English; the other way round costs time and gains nothing.
    pub fn models(self) -> Option<&'static str> {
        match self {
            Script::Bengali => Some("ben+eng"),
            Script::Devanagari => Some("hin+eng"),
            Script::Latin => Some("eng"),
            Script::Other => None,
        }
    }

    /// The language that it is most likely to be.
    pub fn language(self) -> Option<Language> {
        match self {
            Script::Bengali => Some(Language::Bn),
            Script::Devanagari => Some(Language::Hi),
            Script::Latin => Some(Language::En),
            Script::Other => None,
        }
    }

    /// The script in which most of a text is written.
    pub fn of_text(text: &str) -> Option<Script> {
        let mut counts = [(Script::Bengali, 0u32), (Script::Devanagari, 0), (Script::Latin, 0)];
        for c in text.chars() {
            match c {
                '\u{0980}'..='\u{09ff}' => counts[0].1 += 1,
                '\u{0904}'..='\u{0963}' => counts[1].1 += 1,
                'a'..='z' | 'A'..='Z' => counts[2].1 += 1,
                _ => {}
            }
        }
        counts.into_iter().filter(|(_, n)| *n > 0).max_by_key(|(_, n)| *n).map(|(script, _)| script)
    }
}

/// How a page lies and what it is written in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Orientation {
    /// Quarters of a turn, clockwise, that bring it upright.
    pub quarters: u8,
    /// Its script.
    pub script: Script,
}

/// A word on a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// The word.
    pub text: String,
    /// How sure the engine is, 0 to 100.
    pub confidence: f32,
    /// Left, top, width, height in pixels.
    pub place: [f32; 4],
    /// Words of one line have the same (block, paragraph, line).
    pub line: (u32, u32, u32),
}

impl Tesseract {
    fn leash(&self) -> Leash {
        Leash { time: self.limit, memory_mib: 1536, output_mib: 16 }
    }

    /// How the page lies. `None` where there is too little writing to tell.
    ///
    /// The engine takes as long to tell this of a whole page as to read it: it is first asked about the densest square of
    /// seven centimetres, at half the resolution.
    ///
    /// # Errors
    /// Where the engine is missing or cannot be started.
    pub fn orientation(&self, page: &Bilevel, dpi: u32) -> Result<Option<Orientation>, ProcessError> {
        let (half, dpi) = (page.to_gray().reduced(2), dpi / 2);
        let square = half.densest(dpi as usize * 7 * 100 / 254);
        match self.orientation_of(&square, dpi)? {
            Some((sure, told)) if sure >= SURE => Ok(Some(told)),
            _ => Ok(self.orientation_of(&half, dpi)?.map(|(_, told)| told)),
        }
    }

    fn orientation_of(&self, page: &Gray, dpi: u32) -> Result<Option<(f32, Orientation)>, ProcessError> {
        let dpi = dpi.to_string();
        let arguments = ["stdin", "stdout", "--psm", "0", "-l", "osd", "--dpi", &dpi];
        match run(&self.program, &arguments, Some(&page.to_pgm()), self.leash()) {
            Ok(answer) => Ok(read_orientation(&String::from_utf8_lossy(&answer.output))),
            // "Too few characters" ends badly too.
            Err(ProcessError::Failed(..) | ProcessError::Late(_)) => Ok(None),
            Err(why) => Err(why),
        }
    }

    /// The words of a page in reading order.
    ///
    /// # Errors
    /// [`ProcessError`].
    pub fn words(&self, page: &Bilevel, dpi: u32, models: &str) -> Result<Vec<Word>, ProcessError> {
        let dpi = dpi.to_string();
        // Looking for white writing on black doubles the time of whatever is hard to read.
        let settings = ["-c", "tessedit_create_tsv=1", "-c", "tessedit_do_invert=0"];
        let arguments: Vec<&str> =
            ["stdin", "stdout", "-l", models, "--oem", "1", "--psm", "3", "--dpi", &dpi].into_iter().chain(settings).collect();
        let answer = run(&self.program, &arguments, Some(&page.to_pbm()), self.leash())?;
        Ok(read_words(&String::from_utf8_lossy(&answer.output)))
    }

    /// The models that are installed.
    ///
    /// # Errors
    /// Where the engine is missing.
    pub fn installed(&self) -> Result<Vec<String>, ProcessError> {
        let answer = run(&self.program, &["--list-langs"], None, self.leash())?;
        let listed = String::from_utf8_lossy(&answer.output).into_owned();
        Ok(listed.lines().skip(1).map(|l| l.trim().to_owned()).filter(|l| !l.is_empty()).collect())
    }
}

/// Confidence of the orientation, by the engine's own measure, from which a part speaks for the page.
const SURE: f32 = 3.0;

/// How sure the engine is, and of what.
fn read_orientation(told: &str) -> Option<(f32, Orientation)> {
    let field = |name: &str| told.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(':').map(str::trim));
    let script = match field("Script")? {
        "Bengali" => Script::Bengali,
        "Devanagari" => Script::Devanagari,
        "Latin" => Script::Latin,
        _ => Script::Other,
    };
    let sure = |name: &str| field(name).and_then(|n| n.parse::<f32>().ok()).unwrap_or(0.0);
    let degrees: u32 = field("Rotate")?.parse().ok()?;
    let sure = sure("Orientation confidence");
    let quarters = if sure >= 1.0 { (degrees / 90 % 4) as u8 } else { 0 };
    Some((sure, Orientation { quarters, script }))
}

/// Rows of level 5 in Tesseract's TSV.
fn read_words(table: &str) -> Vec<Word> {
    let word = |row: &str| {
        let cells: Vec<&str> = row.splitn(12, '\t').collect();
        let [level, _, block, paragraph, line, _, left, top, width, height, confidence, text] = cells[..] else { return None };
        let number = |cell: &str| cell.parse::<f32>().ok().filter(|n| n.is_finite());
        let index = |cell: &str| cell.parse::<u32>().ok();
        let text = text.trim();
        (level == "5" && !text.is_empty()).then_some(())?;
        Some(Word {
            text: text.to_owned(),
            confidence: number(confidence)?.clamp(0.0, 100.0),
            place: [number(left)?, number(top)?, number(width)?, number(height)?],
            line: (index(block)?, index(paragraph)?, index(line)?),
        })
    };
    table.lines().filter_map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_engine_s_tables_are_read() {
        let told = "Page number: 0\nOrientation in degrees: 270\nRotate: 90\nOrientation confidence: 5.53\nScript: Bengali\nScript confidence: 2.10\n";
        assert_eq!(read_orientation(told), Some((5.53, Orientation { quarters: 1, script: Script::Bengali })));
        assert_eq!(read_orientation("Too few characters"), None);
        let table = "level\tpage_num\tblock_num\n1\t1\t0\t0\t0\t0\t0\t0\t9\t9\t-1\t\n5\t1\t1\t2\t3\t1\t10\t20\t30\t40\t96.5\tরাস্তা\n5\t1\t1\t2\t3\t2\t10\t20\t30\t40\t95\t \n";
        let words = read_words(table);
        assert_eq!(words.len(), 1);
        assert_eq!((words[0].text.as_str(), words[0].line, words[0].place), ("রাস্তা", (1, 2, 3), [10.0, 20.0, 30.0, 40.0]));
    }

    proptest! {
        #[test]
        fn any_answer_is_read(table in "([0-9a-z.\\-\t\n]|5\t){0,200}") {
            let _ = (read_words(&table), read_orientation(&table));
        }
    }
}
