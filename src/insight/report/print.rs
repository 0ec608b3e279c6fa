//! A report on paper, on a page, in a mail.

use super::Report;
use daak_letter::paper::{Column, Fonts, Paper, PaperError};

/// The report as a page that prints well.
pub fn html(report: &Report) -> String {
    let mut body = format!("<h1>{}</h1><p class=\"note\">{}</p>", escape(&report.title), escape(&report.note));
    for part in &report.parts {
        body.push_str(&format!("<section><h2>{}</h2>", escape(&part.title)));
        for line in part.sentence.lines() {
            body.push_str(&format!("<p>{}</p>", escape(line)));
        }
        if !part.rows.is_empty() {
            let head: String = part.head.iter().map(|name| format!("<th scope=\"col\">{}</th>", escape(name))).collect();
            let row = |cells: &Vec<String>| {
                let cell = |(at, text): (usize, &String)| match at {
                    0 => format!("<th scope=\"row\">{}</th>", escape(text)),
                    _ => format!("<td>{}</td>", escape(text)),
                };
                format!("<tr>{}</tr>", cells.iter().enumerate().map(cell).collect::<String>())
            };
            let rows: String = part.rows.iter().map(row).collect();
            body.push_str(&format!("<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"));
        }
        body.push_str("</section>");
    }
    format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{}</title><style>{STYLE}</style></head><body>{body}</body></html>",
        report.language.code(),
        escape(&report.title)
    )
}

const STYLE: &str = "body{font:15px/1.6 system-ui,'Noto Sans Bengali','Noto Sans Devanagari',sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b18;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin:1.6rem 0 .3rem}.note{color:#5b5b54}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .5rem;border-bottom:1px solid #dcdcd6;text-align:right;font-weight:400}thead th{color:#5b5b54;font-size:.85rem;vertical-align:bottom}
th:first-child{text-align:left}tbody tr:last-child>*{font-weight:600;border-top:1px solid #8b8b82}
@media print{body{margin:0;max-width:none;font-size:11pt}section{break-inside:avoid-page}thead{display:table-header-group}}";

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The report as the text of a mail: its sentences.
pub fn mail(report: &Report) -> String {
    let part = |part: &super::Part| format!("{}\n{}\n", part.title, part.sentence);
    let parts = report.parts.iter().map(part).collect::<Vec<_>>().join("\n");
    format!("{}\n\n{parts}\n{}\n", report.title, report.note)
}

/// Left and right margin, the lowest line and the first, in millimetres.
const LEFT: f32 = 18.0;
const WIDTH: f32 = 174.0;
const BOTTOM: f32 = 280.0;
const TOP: f32 = 20.0;
/// Height of a line of a table.
const ROW: f32 = 6.4;
/// Width of the names of its lines.
const NAME: f32 = 58.0;

/// Something that stands on a page, from above to below.
enum Block<'r> {
    Text { text: &'r str, size: f32, above: f32 },
    Head(&'r [String]),
    Row { cells: &'r [String], last: bool },
}

impl Block<'_> {
    /// About how high it is: enough to know whether it still fits.
    fn height(&self) -> f32 {
        match self {
            Block::Text { text, size, above } => {
                let lines = text.lines().map(|line| 1.0 + line.chars().count() as f32 * size * 0.19 / WIDTH).sum::<f32>();
                above + lines * size * 0.55
            }
            Block::Head(_) => 2.0 * ROW,
            Block::Row { .. } => ROW,
        }
    }
}

/// The report as a PDF, in letters properly shaped.
///
/// # Errors
/// [`PaperError`].
pub fn pdf(report: &Report, fonts: &Fonts) -> Result<Vec<u8>, PaperError> {
    let mut blocks =
        vec![Block::Text { text: &report.title, size: 17.0, above: 0.0 }, Block::Text { text: &report.note, size: 9.0, above: 2.0 }];
    for part in &report.parts {
        blocks.push(Block::Text { text: &part.title, size: 13.0, above: 6.0 });
        blocks.push(Block::Text { text: &part.sentence, size: 10.5, above: 1.0 });
        if !part.rows.is_empty() {
            blocks.push(Block::Head(&part.head));
            let last = part.rows.len() - 1;
            blocks.extend(part.rows.iter().enumerate().map(|(at, cells)| Block::Row { cells, last: at == last }));
        }
    }
    let mut paper = Paper::new(fonts);
    let mut at = 0;
    while at < blocks.len() {
        paper.page(|sheet| {
            let mut y = TOP;
            let begun = at;
            while let Some(block) = blocks.get(at) {
                // A title never stands alone at the foot of a page.
                let with_next = if matches!(block, Block::Text { size, .. } if *size > 12.0) { 40.0 } else { 0.0 };
                if at > begun && y + block.height().max(with_next) > BOTTOM {
                    break;
                }
                y = draw(sheet, fonts, block, y);
                at += 1;
            }
        });
    }
    paper.finish()
}

fn draw(sheet: &mut daak_letter::paper::Sheet<'_>, fonts: &Fonts, block: &Block<'_>, y: f32) -> f32 {
    match block {
        Block::Text { text, size, above } => {
            let column = Column { left: LEFT, top: y + above + size * 0.3, width: WIDTH, bottom: BOTTOM + 12.0 };
            sheet.text(column, *size, text).0
        }
        Block::Head(names) => {
            let wide = (WIDTH - NAME) / (names.len().max(2) - 1) as f32;
            for (place, name) in names.iter().enumerate().skip(1) {
                let column =
                    Column { left: LEFT + NAME + wide * (place - 1) as f32 + 1.5, top: y + 3.0, width: wide - 2.0, bottom: y + 9.0 };
                sheet.text(column, 7.5, name);
            }
            sheet.bar(LEFT, y + 1.7 * ROW, WIDTH, 0.25);
            y + 2.0 * ROW + 2.0
        }
        Block::Row { cells, last } => {
            let wide = (WIDTH - NAME) / (cells.len().max(2) - 1) as f32;
            if *last {
                sheet.bar(LEFT, y - 4.2, WIDTH, 0.15);
            }
            for (place, text) in cells.iter().enumerate() {
                let x = match place {
                    0 => LEFT,
                    _ => LEFT + NAME + wide * place as f32 - fonts.width(text) * 9.0 * 25.4 / 72.0 - 1.0,
                };
                sheet.line(x, y, 9.0, &cut(fonts, text, if place == 0 { NAME } else { wide }));
            }
            y + ROW
        }
    }
}

/// As much of a text as there is room for.
fn cut(fonts: &Fonts, text: &str, room: f32) -> String {
    let fits = |text: &str| fonts.width(text) * 9.0 * 25.4 / 72.0 <= room;
    if fits(text) {
        return text.to_owned();
    }
    let ends = text.char_indices().map(|(at, _)| at).rev();
    ends.map(|end| format!("{}…", text[..end].trim_end())).find(|shorter| fits(shorter)).unwrap_or_default()
}
