//! Replies by post.

use super::{Column, Fonts, Paper, PaperError};

/// A letter to a citizen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply<'a> {
    /// Who writes, a line each.
    pub from: &'a str,
    /// Name and address, a line each; at most six lines show in the window.
    pub to: &'a str,
    /// The day, as it is written in the letter's language.
    pub date: &'a str,
    /// Line above the text.
    pub subject: &'a str,
    /// Paragraphs, a line each.
    pub body: &'a str,
    /// Text of the ticket's code: the address where it is tracked, ending in `number=` and the number.
    pub code: &'a str,
    /// The number as it is said.
    pub number: &'a str,
}

/// The letter as a PDF. The address stands where a window of type DL shows it when the sheet is folded in three
/// (DIN 5008, form B: 20 mm from the left, 45 to 90 mm from the top).
///
/// # Errors
/// [`PaperError`].
pub fn reply(fonts: &Fonts, reply: &Reply<'_>) -> Result<Vec<u8>, PaperError> {
    const LEFT: f32 = 25.0;
    const WIDTH: f32 = 160.0;
    let mut paper = Paper::new(fonts);
    let (mut drawn, mut rest): (_, Vec<&str>) = (Ok(()), Vec::new());
    paper.page(|sheet| {
        for (at, line) in (0u8..).zip(reply.from.lines().take(5)) {
            let (size, y) = if at == 0 { (14.0, 20.0) } else { (9.5, 21.0 + f32::from(at) * 5.0) };
            sheet.line(LEFT, y, size, line);
        }
        for (at, line) in (0u8..).zip(reply.to.lines().take(6)) {
            sheet.line(LEFT, 57.0 + f32::from(at) * 5.5, 11.0, line);
        }
        drawn = sheet.code(155.0, 50.0, 30.0, reply.code);
        sheet.line(155.0, 86.0, 11.0, reply.number);
        sheet.line(LEFT, 100.0, 11.0, reply.date);
        let (below, _) = sheet.text(Column { left: LEFT, top: 112.0, width: WIDTH, bottom: 130.0 }, 12.0, reply.subject);
        // Marks where the sheet is folded.
        sheet.bar(5.0, 105.0, 4.0, 0.2);
        sheet.bar(5.0, 210.0, 4.0, 0.2);
        rest = sheet.text(Column { left: LEFT, top: below + 4.0, width: WIDTH, bottom: 275.0 }, 11.5, reply.body).1;
    });
    drawn?;
    while !rest.is_empty() {
        let text = rest.join("\n");
        let mut over = 0;
        paper.page(|sheet| {
            sheet.line(LEFT, 20.0, 9.5, reply.number);
            over = sheet.text(Column { left: LEFT, top: 32.0, width: WIDTH, bottom: 275.0 }, 11.5, &text).1.len();
        });
        rest = rest.split_off(rest.len() - over.min(rest.len().saturating_sub(1)));
    }
    paper.finish()
}
