//! Letters whose text is known: set in type, put on paper, and spoiled as scanners, telephones and fax machines spoil them.
#![allow(dead_code)] // each user takes its part

use daak_letter::gray::Gray;
use daak_letter::paper::{Column, Fonts, Paper};
use daak_letter::scan::{Bounds, Scan};
use std::path::Path;
use unicode_normalization::UnicodeNormalization;

/// Name, Tesseract's models, text.
pub const LETTERS: [(&str, &str, &str); 3] = [
    ("bn", "ben+eng", include_str!("../../golden/road.bn.txt")),
    ("hi", "hin+eng", include_str!("../../golden/pension.hi.txt")),
    ("en", "eng", include_str!("../../golden/hospital.en.txt")),
];

/// A letter as a PDF, in one column or in two below its head.
pub fn pdf(text: &str, two_columns: bool) -> Vec<u8> {
    let fonts = Fonts::load(Path::new("/usr/share/fonts/truetype/noto")).expect("fonts-noto-core is installed");
    let mut paper = Paper::new(&fonts);
    paper.page(|sheet| {
        if two_columns {
            let (_, rest) = sheet.text(Column { left: 20.0, top: 30.0, width: 78.0, bottom: 130.0 }, 11.0, text);
            sheet.text(Column { left: 112.0, top: 30.0, width: 78.0, bottom: 280.0 }, 11.0, &rest.join("\n"));
        } else {
            sheet.text(Column { left: 25.0, top: 30.0, width: 160.0, bottom: 280.0 }, 12.0, text);
        }
    });
    paper.finish().expect("a PDF")
}

/// The page as a perfect scanner at 300 dpi sees it.
pub fn scanned(pdf: &[u8]) -> Gray {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), pdf).expect("written");
    Scan::open(file.path(), Bounds::default()).and_then(|scan| scan.page(1)).expect("poppler draws it").gray
}

/// The page laid down crooked, clockwise.
pub fn skewed(page: &Gray, degrees: f32) -> Gray {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (w, h) = (page.width(), page.height());
    let middle = (w as f32 / 2.0, h as f32 / 2.0);
    map(w, h, |x, y| {
        let (x, y) = (x as f32 - middle.0, y as f32 - middle.1);
        between(page, x * cos + y * sin + middle.0, y * cos - x * sin + middle.1)
    })
}

/// The page at so many dots per inch, from 300.
pub fn at_dpi(page: &Gray, dpi: f32) -> Gray {
    let step = 300.0 / dpi;
    let (w, h) = ((page.width() as f32 / step) as usize, (page.height() as f32 / step) as usize);
    map(w, h, |x, y| {
        // Four looks a pixel stand for its area.
        let look = |dx: f32, dy: f32| u32::from(between(page, (x as f32 + dx) * step, (y as f32 + dy) * step));
        ((look(0.25, 0.25) + look(0.75, 0.25) + look(0.25, 0.75) + look(0.75, 0.75)) / 4) as u8
    })
}

/// A shadow that takes `depth` of the light at the lower right corner.
pub fn shadowed(page: &Gray, depth: f32) -> Gray {
    let (w, h) = (page.width() as f32, page.height() as f32);
    map(page.width(), page.height(), |x, y| {
        let far = (x as f32 / w + y as f32 / h) / 2.0;
        (f32::from(page.row(y)[x]) * (1.0 - depth * far * far.sqrt())) as u8
    })
}

/// Grain of so many grey levels, and `specks` of a thousand pixels black or white.
pub fn noisy(page: &Gray, grain: f32, specks: u32) -> Gray {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    map(page.width(), page.height(), |x, y| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let bits = state;
        if (bits & 1023) as u32 * 1000 / 1024 < specks {
            return if bits >> 10 & 1 == 1 { 255 } else { 0 };
        }
        // The sum of four even numbers is nearly normal.
        let sum: f32 = (0..4).map(|n| (bits >> (16 + 12 * n) & 0xfff) as f32 / 4096.0 - 0.5).sum();
        (f32::from(page.row(y)[x]).min(235.0) + sum * 1.73 * grain).clamp(0.0, 255.0) as u8
    })
}

/// A round stamp in pale ink over the writing, its middle at these parts of the page.
pub fn stamped(page: &Gray, (right, down): (f32, f32)) -> Gray {
    let (cx, cy) = (page.width() as f32 * right, page.height() as f32 * down);
    let inch = page.width() as f32 / 8.27;
    map(page.width(), page.height(), |x, y| {
        let distance = (x as f32 - cx).hypot(y as f32 - cy) / inch;
        let ring = (0.70..0.74).contains(&distance) || (0.5..0.52).contains(&distance);
        let bars = distance < 0.45 && (y as f32 / inch * 8.0).fract() < 0.12;
        let paper = page.row(y)[x];
        if ring || bars { paper.min(150) } else { paper }
    })
}

fn map(width: usize, height: usize, mut pixel: impl FnMut(usize, usize) -> u8) -> Gray {
    let mut page = Gray::white(width, height);
    for y in 0..height {
        for x in 0..width {
            page.row_mut(y)[x] = pixel(x, y);
        }
    }
    page
}

fn between(page: &Gray, x: f32, y: f32) -> u8 {
    let (column, row) = (x.floor(), y.floor());
    if column < 0.0 || row < 0.0 || column as usize + 1 >= page.width() || row as usize + 1 >= page.height() {
        return 255;
    }
    let (fx, fy) = (x - column, y - row);
    let at = |dx: usize, dy: usize| f32::from(page.row(row as usize + dy)[column as usize + dx]);
    let (above, below) = (at(0, 0) * (1.0 - fx) + at(1, 0) * fx, at(0, 1) * (1.0 - fx) + at(1, 1) * fx);
    (above * (1.0 - fy) + below * fy) as u8
}

/// Character error rate in percent: edits (Levenshtein) against the length of the true text; white space counts once.
pub fn cer(truth: &str, read: &str) -> f64 {
    let plain = |text: &str| text.nfc().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ").chars().collect::<Vec<_>>();
    let (truth, read) = (plain(truth), plain(read));
    let mut row: Vec<usize> = (0..=read.len()).collect();
    for (i, a) in truth.iter().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in read.iter().enumerate() {
            let next = (corner + usize::from(a != b)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = std::mem::replace(&mut row[j + 1], next);
        }
    }
    row[read.len()] as f64 * 100.0 / truth.len().max(1) as f64
}

/// What can happen to a letter.
pub const CASES: [&str; 10] = [
    "straight, 300 dpi",
    "scan, 200 dpi, grain",
    "skew 2°",
    "skew 5°",
    "photograph",
    "fax, 150 dpi, specks",
    "stamp",
    "two columns",
    "two columns, skew 5°",
    "on its side, 200 dpi",
];

/// The letter as that makes it, and its dots per inch.
pub fn case(text: &str, name: &str) -> (Gray, f32) {
    let flat = |columns: bool| scanned(&pdf(text, columns));
    match name {
        "scan, 200 dpi, grain" => (noisy(&at_dpi(&flat(false), 200.0), 10.0, 0), 200.0),
        "skew 2°" => (skewed(&flat(false), 2.0), 300.0),
        "skew 5°" => (skewed(&flat(false), 5.0), 300.0),
        "photograph" => (noisy(&shadowed(&at_dpi(&skewed(&flat(false), -3.0), 200.0), 0.6), 6.0, 0), 200.0),
        "fax, 150 dpi, specks" => (noisy(&at_dpi(&flat(false), 150.0), 14.0, 12), 150.0),
        "stamp" => (stamped(&flat(false), (0.6, 0.3)), 300.0),
        "two columns" => (flat(true), 300.0),
        "two columns, skew 5°" => (skewed(&flat(true), 5.0), 300.0),
        "on its side, 200 dpi" => (at_dpi(&flat(false), 200.0).turned(1), 200.0),
        _ => (flat(false), 300.0),
    }
}
