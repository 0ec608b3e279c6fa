//! What we put on paper ourselves: A4 pages in Bengali, Hindi and English, properly shaped.

mod fonts;
mod reply;
mod sheets;

pub use fonts::{FontError, Fonts};
pub use reply::{Reply, reply};
pub use sheets::separator_sheets;

use crate::code;
use krilla::Document;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::page::PageSettings;
use krilla::surface::Surface;
use krilla::text::TextDirection;

/// Why a page was not made.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    /// A font.
    #[error(transparent)]
    Font(#[from] FontError),
    /// A text for a code that is too long.
    #[error("the code's text is too long: shorten http.public_url")]
    Code,
    /// The PDF.
    #[error("the PDF was not made: {0}")]
    Pdf(String),
}

/// Points in a millimetre.
const MM: f32 = 72.0 / 25.4;
/// Width and height of A4 in millimetres.
const A4: (f32, f32) = (210.0, 297.0);

/// A document of A4 pages. All measures are in millimetres from the upper left corner, sizes of type in points.
pub struct Paper<'a> {
    fonts: &'a Fonts,
    document: Document,
}

impl<'a> Paper<'a> {
    /// An empty document.
    pub fn new(fonts: &'a Fonts) -> Self {
        Self { fonts, document: Document::new() }
    }

    /// Adds a page and draws it.
    pub fn page(&mut self, draw: impl FnOnce(&mut Sheet<'_>)) {
        let Some(settings) = PageSettings::from_wh(A4.0 * MM, A4.1 * MM) else { return };
        let mut page = self.document.start_page_with(settings);
        draw(&mut Sheet { fonts: self.fonts, surface: page.surface() });
        page.finish();
    }

    /// The PDF.
    ///
    /// # Errors
    /// [`PaperError::Pdf`].
    pub fn finish(self) -> Result<Vec<u8>, PaperError> {
        self.document.finish().map_err(|why| PaperError::Pdf(format!("{why:?}")))
    }
}

/// A page being drawn.
pub struct Sheet<'a> {
    fonts: &'a Fonts,
    surface: Surface<'a>,
}

impl Sheet<'_> {
    /// Writes a line that begins at `x` on the baseline `y`.
    pub fn line(&mut self, x: f32, y: f32, size: f32, text: &str) {
        let mut at = x * MM;
        for run in self.fonts.runs(text) {
            self.surface.draw_text(Point::from_xy(at, y * MM), run.font, size, run.text, false, TextDirection::Auto);
            at += run.width * size;
        }
    }

    /// Writes a line in the middle of the page.
    pub fn middle(&mut self, y: f32, size: f32, text: &str) {
        let width = self.fonts.width(text) * size / MM;
        self.line((A4.0 - width) / 2.0, y, size, text);
    }

    /// Writes a text within a column and answers the baseline below it. Paragraphs are parted by line ends. What does not
    /// fit above `bottom` is answered too.
    pub fn text<'t>(&mut self, column: Column, size: f32, text: &'t str) -> (f32, Vec<&'t str>) {
        let mut y = column.top;
        let lines: Vec<&'t str> = text.lines().flat_map(|paragraph| wrap(self.fonts, column.width, size, paragraph)).collect();
        for (at, line) in lines.iter().enumerate() {
            if y > column.bottom {
                return (y, lines[at..].to_vec());
            }
            self.line(column.left, y, size, line);
            y += size * LEADING / MM;
        }
        (y, Vec::new())
    }

    /// Draws a code of `side` millimetres.
    ///
    /// # Errors
    /// A text that is too long for one.
    pub fn code(&mut self, x: f32, y: f32, side: f32, text: &str) -> Result<(), PaperError> {
        let (dark, size) = code::modules(text).map_err(|_| PaperError::Code)?;
        let module = side / size as f32;
        for (column, row) in dark {
            self.bar(x + column as f32 * module, y + row as f32 * module, module * 1.02, module * 1.02);
        }
        Ok(())
    }

    /// Draws a black rectangle.
    pub fn bar(&mut self, x: f32, y: f32, width: f32, height: f32) {
        let mut path = PathBuilder::new();
        if let Some(rect) = Rect::from_xywh(x * MM, y * MM, width * MM, height * MM) {
            path.push_rect(rect);
        }
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }
}

/// Where a text stands, in millimetres.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Left side.
    pub left: f32,
    /// Baseline of the first line.
    pub top: f32,
    /// Width.
    pub width: f32,
    /// Lowest baseline.
    pub bottom: f32,
}

/// Distance of baselines, in sizes of type.
const LEADING: f32 = 1.55;

/// Breaks a paragraph into lines between words.
fn wrap<'t>(fonts: &Fonts, width: f32, size: f32, paragraph: &'t str) -> Vec<&'t str> {
    let room = width * MM / size;
    let (mut lines, mut start, mut end) = (Vec::new(), 0, 0);
    for (at, word) in words(paragraph) {
        if end > start && fonts.width(&paragraph[start..at + word.len()]) > room {
            lines.push(&paragraph[start..end]);
            start = at;
        }
        end = at + word.len();
    }
    lines.push(&paragraph[start..end.max(start)]);
    lines
}

fn words(paragraph: &str) -> impl Iterator<Item = (usize, &str)> {
    paragraph.split_whitespace().map(|word| (word.as_ptr() as usize - paragraph.as_ptr() as usize, word))
}

#[cfg(test)]
mod tests;
