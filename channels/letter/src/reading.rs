//! What was read in a letter, word by word, as it is kept beside its pages for the reading desk.

use crate::clean::Clean;
use crate::offers::Offer;
use crate::tesseract::{Script, Word};
use daak_domain::language::Language;
use serde::{Deserialize, Serialize};

/// A letter as the machine read it. Kept as JSON; the form only grows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The form of this document.
    pub version: u32,
    /// The language that most of it is written in.
    pub language: Option<Language>,
    /// Mean confidence of the words of the page that was read worst, 0 to 100.
    pub confidence: f32,
    /// Page by page.
    pub pages: Vec<PageReading>,
    /// What a person may confirm.
    pub offers: Vec<Offer>,
}

/// A page as the machine read it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageReading {
    /// Size of the kept picture in pixels.
    pub width: u32,
    /// Size of the kept picture in pixels.
    pub height: u32,
    /// Its script, if it was recognised.
    pub script: Option<Script>,
    /// Mean confidence of its words, 0 to 100.
    pub confidence: f32,
    /// By how many degrees its lines ran downwards.
    pub skew: f32,
    /// Quarters of a turn, clockwise, that bring it upright.
    pub quarters: u8,
    /// Why nothing was read, if nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<String>,
    /// Its words in reading order.
    pub words: Vec<ReadWord>,
}

/// A word where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadWord {
    /// The word.
    pub text: String,
    /// How sure the engine is, 0 to 100.
    pub confidence: u8,
    /// Line on the page, from 0; a gap of one line parts paragraphs.
    pub line: u32,
    /// Left, top, width, height in pixels of the kept picture.
    pub place: [u32; 4],
}

/// Words below which a page has no say in how well the letter was read: a blank back, a photograph.
const FEWEST_WORDS: usize = 5;

impl Reading {
    /// Puts the pages of a letter together.
    pub fn of(pages: Vec<PageReading>) -> Self {
        let speaking = |fewest: usize| pages.iter().filter(move |p| p.words.len() >= fewest).map(|p| p.confidence).reduce(f32::min);
        let confidence = speaking(FEWEST_WORDS).or_else(|| speaking(1)).unwrap_or(0.0);
        let unread = pages.iter().any(|p| p.unread.is_some());
        let text = text_of(&pages);
        let language = Script::of_text(&text).and_then(Script::language).or_else(|| pages.iter().find_map(|p| p.script?.language()));
        let offers = crate::offers::find(&pages);
        Self { version: 1, language, confidence: if unread { 0.0 } else { confidence }, pages, offers }
    }

    /// The text: lines as on the paper, an empty line between paragraphs and pages.
    pub fn text(&self) -> String {
        text_of(&self.pages)
    }
}

fn text_of(pages: &[PageReading]) -> String {
    let texts: Vec<String> = pages.iter().map(PageReading::text).filter(|t| !t.is_empty()).collect();
    texts.join("\n\n")
}

impl PageReading {
    /// A page that was not read, and why.
    pub fn unread(size: (u32, u32), script: Option<Script>, why: Option<String>) -> Self {
        Self { width: size.0, height: size.1, script, confidence: 0.0, skew: 0.0, quarters: 0, unread: why, words: Vec::new() }
    }

    /// The engine's words, put where they stand in the kept picture.
    pub fn read(size: (u32, u32), script: Script, quarters: u8, clean: &Clean, words: Vec<Word>) -> Self {
        let signs: Vec<f32> = words.iter().filter(|w| w.text.chars().any(char::is_alphanumeric)).map(|w| w.confidence).collect();
        let confidence = if signs.is_empty() { 0.0 } else { signs.iter().sum::<f32>() / signs.len() as f32 };
        let (mut line, mut before) = (0, None::<(u32, u32, u32)>);
        let words = words.into_iter().map(|word| {
            match before {
                Some(before) if (before.0, before.1) != (word.line.0, word.line.1) => line += 2,
                Some(before) if before != word.line => line += 1,
                _ => {}
            }
            before = Some(word.line);
            ReadWord { place: in_scan(clean, word.place, size), text: word.text, confidence: word.confidence as u8, line }
        });
        Self {
            width: size.0,
            height: size.1,
            script: Some(script),
            confidence,
            skew: clean.skew,
            quarters,
            unread: None,
            words: words.collect(),
        }
    }

    /// Its lines with their words.
    pub fn lines(&self) -> impl Iterator<Item = &[ReadWord]> {
        self.words.chunk_by(|a, b| a.line == b.line)
    }

    /// The text of the page.
    pub fn text(&self) -> String {
        let (mut text, mut at) = (String::new(), 0);
        for line in self.lines() {
            let number = line.first().map_or(at, |w| w.line);
            if !text.is_empty() {
                text.push_str(if number > at + 1 { "\n\n" } else { "\n" });
            }
            at = number;
            text.push_str(&line.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join(" "));
        }
        text
    }
}

/// The upright rectangle in the scan around a rectangle of the clean page.
fn in_scan(clean: &Clean, [left, top, width, height]: [f32; 4], size: (u32, u32)) -> [u32; 4] {
    let corners = [(left, top), (left + width, top), (left, top + height), (left + width, top + height)];
    let corners = corners.map(|(x, y)| clean.placement.to_scan(x, y));
    let within = |value: f32, most: u32| value.clamp(0.0, most as f32) as u32;
    let low = |of: fn(&(f32, f32)) -> f32| corners.iter().map(of).fold(f32::MAX, f32::min);
    let high = |of: fn(&(f32, f32)) -> f32| corners.iter().map(of).fold(f32::MIN, f32::max);
    let (left, top) = (within(low(|c| c.0), size.0), within(low(|c| c.1), size.1));
    [left, top, within(high(|c| c.0), size.0) - left, within(high(|c| c.1), size.1) - top]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str, confidence: u8, line: u32) -> ReadWord {
        ReadWord { text: text.into(), confidence, line, place: [0; 4] }
    }

    fn page(confidence: f32, words: usize) -> PageReading {
        let words = (0..words).map(|_| word("রাস্তা", 90, 0)).collect();
        PageReading { confidence, words, ..PageReading::unread((10, 10), Some(Script::Bengali), None) }
    }

    #[test]
    fn lines_and_paragraphs_come_out_as_on_the_paper() {
        let words = vec![word("Dear", 90, 0), word("Sir,", 90, 0), word("The", 90, 2), word("road", 90, 3)];
        assert_eq!(PageReading { words, ..page(90.0, 0) }.text(), "Dear Sir,\n\nThe\nroad");
    }

    #[test]
    fn the_worst_page_that_says_something_decides() {
        assert!((Reading::of(vec![page(92.0, 50), page(60.0, 50)]).confidence - 60.0).abs() < 0.1);
        assert!((Reading::of(vec![page(92.0, 50), page(20.0, 2), page(0.0, 0)]).confidence - 92.0).abs() < 0.1);
        let late = PageReading::unread((1, 1), None, Some("late".into()));
        assert!(Reading::of(vec![page(92.0, 50), late]).confidence < 0.1, "a page that was not read is not passed over");
        assert_eq!(Reading::of(vec![page(92.0, 50)]).language, Some(Language::Bn));
    }
}
