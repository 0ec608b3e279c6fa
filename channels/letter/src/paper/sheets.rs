//! Sheets that part letters in a batch of scans.

use super::{Fonts, Paper, PaperError};
use crate::code::SEPARATOR;

/// So many separator sheets, ready to print. The code stands twice, so that a crease or a staple spoils one only.
///
/// # Errors
/// [`PaperError`].
pub fn separator_sheets(fonts: &Fonts, count: u32) -> Result<Vec<u8>, PaperError> {
    let mut paper = Paper::new(fonts);
    for _ in 0..count {
        let mut drawn = Ok(());
        paper.page(|sheet| {
            drawn = sheet.code(60.0, 30.0, 90.0, SEPARATOR).and_then(|()| sheet.code(75.0, 205.0, 60.0, SEPARATOR));
            sheet.middle(144.0, 22.0, "এখান থেকে নতুন চিঠি");
            sheet.middle(156.0, 22.0, "यहाँ से नया पत्र");
            sheet.middle(168.0, 22.0, "A new letter begins here");
            sheet.middle(182.0, 11.0, "Put this sheet before each letter. Do not write on the codes. Use it again and again.");
        });
        drawn?;
    }
    paper.finish()
}
