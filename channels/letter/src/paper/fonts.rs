//! Letters of three scripts, from the fonts of the system.

use krilla::text::Font;
use rustybuzz::{Face, UnicodeBuffer};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A font that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file} cannot be used as a font ({why}): apt-get install fonts-noto-core, or set letters.fonts", file = .file.display())]
pub struct FontError {
    file: PathBuf,
    why: String,
}

/// One font for each script that is written.
pub struct Fonts {
    faces: Vec<Type>,
}

struct Type {
    data: Arc<Vec<u8>>,
    font: Font,
}

/// A piece of a line in one font.
pub struct Run<'a> {
    /// Its font.
    pub font: Font,
    /// Its text.
    pub text: &'a str,
    /// Its width at a size of one.
    pub width: f32,
}

/// Latin first: it also writes what no other font knows.
const FILES: [&str; 3] = ["NotoSans-Regular.ttf", "NotoSansBengali-Regular.ttf", "NotoSansDevanagari-Regular.ttf"];

impl Fonts {
    /// Loads Noto Sans from a folder.
    ///
    /// # Errors
    /// [`FontError`] names the file.
    pub fn load(folder: &Path) -> Result<Self, FontError> {
        let load = |name: &&str| {
            let file = folder.join(name);
            let refuse = |why: String| FontError { file: file.clone(), why };
            let data = Arc::new(std::fs::read(&file).map_err(|why| refuse(why.to_string()))?);
            Face::from_slice(&data, 0).ok_or_else(|| refuse("not a font".into()))?;
            let font = Font::new(data.clone().into(), 0).ok_or_else(|| refuse("not a font".into()))?;
            Ok(Type { data, font })
        };
        Ok(Self { faces: FILES.iter().map(load).collect::<Result<_, _>>()? })
    }

    /// Parts a line by fonts. Signs that every script shares stay with what stands before them, if its font has them.
    pub fn runs<'a>(&self, line: &'a str) -> Vec<Run<'a>> {
        let faces: Vec<Face<'_>> = self.faces.iter().filter_map(|t| Face::from_slice(&t.data, 0)).collect();
        let mut runs: Vec<(usize, std::ops::Range<usize>)> = Vec::new();
        for (at, c) in line.char_indices() {
            let end = at + c.len_utf8();
            let now = runs.last().map(|(face, _)| *face);
            let has = |face: usize| faces.get(face).is_some_and(|f| f.glyph_index(c).is_some());
            let face = match c {
                '\u{0980}'..='\u{09ff}' => 1,
                '\u{0900}'..='\u{0963}' | '\u{0966}'..='\u{097f}' => 2,
                _ if c.is_alphabetic() => 0,
                _ => now.filter(|&face| has(face)).or_else(|| (0..faces.len()).find(|&face| has(face))).unwrap_or(0),
            };
            match runs.last_mut() {
                Some((same, range)) if *same == face => range.end = end,
                _ => runs.push((face, at..end)),
            }
        }
        let run = |(face, range): (usize, std::ops::Range<usize>)| {
            let text = &line[range];
            Run { font: self.faces[face].font.clone(), text, width: width(&faces[face], text) }
        };
        runs.into_iter().map(run).collect()
    }

    /// Width of a line at a size of one.
    pub fn width(&self, line: &str) -> f32 {
        self.runs(line).iter().map(|run| run.width).sum()
    }
}

fn width(face: &Face<'_>, text: &str) -> f32 {
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(text);
    buffer.guess_segment_properties();
    let shaped = rustybuzz::shape(face, &[], buffer);
    let advance: i64 = shaped.glyph_positions().iter().map(|p| i64::from(p.x_advance)).sum();
    advance as f32 / face.units_per_em() as f32
}
