//! What makes a scan legible before it is read: a pure function from brightness to black and white.
//!
//! Median of 3 by 3, even background, level lines, 300 dpi, Otsu's threshold; the dark rim is taken off and the page cropped
//! to what is written. Levelling, enlarging and cropping are one resampling: strokes are blurred once.

mod background;
mod edges;
mod median;
mod skew;

pub use median::median;

use crate::gray::{Bilevel, Gray, histogram, otsu};
use edges::Ink;

/// A page made legible.
pub struct Clean {
    /// Black and white, about [`TARGET_DPI`].
    pub page: Bilevel,
    /// Where its pixels lie in the scan.
    pub placement: Placement,
    /// By how many degrees the lines ran downwards.
    pub skew: f32,
    /// Dots per inch of `page`.
    pub dpi: u32,
}

/// What Tesseract reads best (its manual, "Improving the quality of the output").
const TARGET_DPI: f32 = 300.0;
/// A straight page loses by being resampled.
const LEAST_SKEW: f32 = 0.3;
/// Most pixels of a page that is handed on.
const MOST_PIXELS: f32 = 40e6;
/// White around what is written, in inches. The engine finds columns by the white between and around them.
const MARGIN: f32 = 0.4;

/// Makes a scan of `dpi` dots per inch legible. `None` if nothing is written on it.
pub fn clean(scan: &Gray, dpi: f32) -> Option<Clean> {
    let coarse = ((dpi / TARGET_DPI).round() as usize).max(1);
    let dpi = dpi / coarse as f32;
    let smooth = if coarse > 1 { median(&scan.reduced(coarse)) } else { median(scan) };
    let mut flat = background::flatten(&smooth, dpi);
    let step = ((dpi / 100.0).round() as usize).max(1);
    let small = flat.reduced(step);
    let ink = Ink::of(&small, otsu(&histogram(&small)).clamp(80, 220));
    let points = ink.points(step);
    if points.len() < LEAST_INK {
        return None;
    }
    ink.whiten_rim(&mut flat, step);
    let found = skew::skew(&points.iter().map(|&(x, y)| (x / step as f32, y / step as f32)).collect::<Vec<_>>());
    let skew = if found.abs() < LEAST_SKEW { 0.0 } else { found };
    let frame = Frame::around(&points, skew, dpi);
    let page = frame.resample(&flat);
    let threshold = otsu(&histogram(&page)).clamp(60, 200);
    let placement = Placement { frame, coarse: coarse as f32, quarters: 0, width: page.width() as f32, height: page.height() as f32 };
    Some(Clean { page: Bilevel::cut(&page, threshold), placement, skew: found, dpi: (dpi * frame.scale).round() as u32 })
}

/// Dark points, in a picture of 100 dpi, below which a page counts as blank.
const LEAST_INK: usize = 40;

impl Clean {
    /// Turned clockwise by so many quarters of a turn, so that it can be read.
    pub fn turned(self, quarters: u8) -> Self {
        let placement = Placement { quarters: quarters % 4, ..self.placement };
        Self { page: self.page.turned(quarters), placement, ..self }
    }
}

/// Where the pixels of a clean page lie in its scan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placement {
    frame: Frame,
    coarse: f32,
    quarters: u8,
    width: f32,
    height: f32,
}

impl Placement {
    /// The place in the scan of a place in the clean page.
    pub fn to_scan(&self, x: f32, y: f32) -> (f32, f32) {
        let (x, y) = match self.quarters {
            1 => (y, self.height - x),
            2 => (self.width - x, self.height - y),
            3 => (self.width - y, x),
            _ => (x, y),
        };
        let (x, y) = self.frame.source(x, y);
        (x * self.coarse, y * self.coarse)
    }
}

/// A rectangle on the levelled page that is resampled.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Frame {
    sin: f32,
    cos: f32,
    left: f32,
    top: f32,
    scale: f32,
    width: usize,
    height: usize,
}

impl Frame {
    /// What is written, with a margin, levelled.
    fn around(points: &[(f32, f32)], skew: f32, dpi: f32) -> Self {
        let (sin, cos) = skew.to_radians().sin_cos();
        let (mut left, mut top, mut right, mut bottom) = (f32::MAX, f32::MAX, f32::MIN, f32::MIN);
        for &(x, y) in points {
            let (level_x, level_y) = (x * cos + y * sin, y * cos - x * sin);
            (left, right) = (left.min(level_x), right.max(level_x));
            (top, bottom) = (top.min(level_y), bottom.max(level_y));
        }
        let margin = MARGIN * dpi;
        let (left, top) = ((left - margin).round(), (top - margin).round());
        let (wide, high) = (right + margin - left, bottom + margin - top);
        let wanted = if (0.93..1.14).contains(&(TARGET_DPI / dpi)) { 1.0 } else { TARGET_DPI / dpi };
        let scale = wanted.min((MOST_PIXELS / (wide * high)).sqrt());
        Self { sin, cos, left, top, scale, width: ((wide * scale) as usize).max(1), height: ((high * scale) as usize).max(1) }
    }

    /// The place on the page as it was scanned.
    fn source(&self, x: f32, y: f32) -> (f32, f32) {
        let (x, y) = (self.left + x / self.scale, self.top + y / self.scale);
        (x * self.cos - y * self.sin, x * self.sin + y * self.cos)
    }

    fn resample(&self, page: &Gray) -> Gray {
        let mut out = Gray::white(self.width, self.height);
        let (right, down) = (self.cos / self.scale, self.sin / self.scale);
        for y in 0..self.height {
            let (x, at) = self.source(0.0, y as f32);
            if self.sin == 0.0 && (self.scale - 1.0).abs() < f32::EPSILON {
                copy_row(page, x as isize, at as isize, out.row_mut(y));
            } else {
                walk_row(page, (x, at), (right, down), out.row_mut(y));
            }
        }
        out
    }
}

fn copy_row(page: &Gray, x: isize, y: isize, out: &mut [u8]) {
    if !(0..page.height() as isize).contains(&y) {
        return;
    }
    let (skip, from) = ((-x).max(0) as usize, x.max(0) as usize);
    if let (Some(out), Some(row)) = (out.get_mut(skip..), page.row(y as usize).get(from..)) {
        let count = out.len().min(row.len());
        out[..count].copy_from_slice(&row[..count]);
    }
}

/// Fills a row with the brightness between pixels, bilinear, in steps of 1/65536 of a pixel. Outside the page is white.
fn walk_row(page: &Gray, (x, y): (f32, f32), (right, down): (f32, f32), out: &mut [u8]) {
    const ONE: f32 = 65_536.0;
    let (mut x, mut y) = ((x * ONE) as i64, (y * ONE) as i64);
    let (right, down) = ((right * ONE) as i64, (down * ONE) as i64);
    let (width, pixels) = (page.width(), page.pixels());
    let (last_x, last_y) = (width as i64 - 1, page.height() as i64 - 1);
    for pixel in out {
        let (column, row) = (x >> 16, y >> 16);
        if (0..last_x).contains(&column) && (0..last_y).contains(&row) {
            let at = row as usize * width + column as usize;
            let (fx, fy) = ((x & 0xffff) as u32 >> 8, (y & 0xffff) as u32 >> 8);
            let mix = |a: u8, b: u8| u32::from(a) * (256 - fx) + u32::from(b) * fx;
            let (above, below) = (mix(pixels[at], pixels[at + 1]), mix(pixels[at + width], pixels[at + width + 1]));
            *pixel = ((above * (256 - fy) + below * fy) >> 16) as u8;
        }
        x += right;
        y += down;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A page of bars as lines of writing, turned.
    fn bars(width: usize, height: usize, degrees: f32) -> Gray {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let pixels = (0..width * height).map(|n| ((n % width) as f32, (n / width) as f32)).map(|(x, y)| {
            let (across, down) = (x * cos + y * sin, y * cos - x * sin);
            let on_page = (80.0..520.0).contains(&across) && (80.0..700.0).contains(&down);
            if on_page && (down as usize).is_multiple_of(30) || on_page && down as usize % 30 < 9 && across as usize % 9 < 6 {
                30
            } else {
                235
            }
        });
        Gray::new(width, height, pixels.collect())
    }

    #[test]
    fn a_crooked_page_comes_out_level_and_its_pixels_are_found_in_the_scan() {
        let scan = bars(640, 800, 4.0);
        let clean = clean(&scan, 150.0).expect("something is written");
        assert!((clean.skew - 4.0).abs() < 0.2, "{}", clean.skew);
        assert_eq!(clean.dpi, 300);
        let gray = clean.page.to_gray();
        let full = (0..gray.height()).filter(|&y| gray.row(y).iter().filter(|p| **p == 0).count() > gray.width() / 2).count();
        assert!(full > 15, "whole bars lie in single rows: {full}");
        let mut agree = 0;
        for n in 0..400 {
            let (x, y) = (n * 7 % gray.width(), n * 31 % gray.height());
            let (sx, sy) = clean.placement.to_scan(x as f32, y as f32);
            let seen = scan.row((sy as usize).min(799))[(sx as usize).min(639)];
            agree += usize::from((gray.row(y)[x] == 0) == (seen < 128));
        }
        assert!(agree > 340, "{agree} of 400");
    }

    #[test]
    fn a_turned_page_still_finds_its_scan() {
        let scan = bars(640, 800, 0.0);
        let straight = clean(&scan, 150.0).expect("written");
        let (place, corner) = (straight.placement.to_scan(0.0, 0.0), (straight.page.width() as f32, straight.page.height() as f32));
        for quarters in 1..4u8 {
            let turned = clean(&scan, 150.0).expect("written").turned(quarters);
            let (x, y) = [(0.0, 0.0), (corner.1, 0.0), corner, (0.0, corner.0)][usize::from(quarters)];
            let found = turned.placement.to_scan(x, y);
            assert!((found.0 - place.0).abs() < 1.0 && (found.1 - place.1).abs() < 1.0, "{quarters}: {found:?} {place:?}");
        }
    }

    #[test]
    fn a_blank_page_is_none_even_with_noise() {
        let noise = (0..500 * 700u32).map(|n| 235 + (n.wrapping_mul(2_654_435_761) >> 28) as u8);
        assert!(clean(&Gray::new(500, 700, noise.collect()), 150.0).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn nothing_panics(width in 1usize..90, height in 1usize..90, dpi in 20f32..1300.0, seed in any::<u64>()) {
            let mut state = seed | 1;
            let pixels = (0..width * height).map(|_| { state ^= state << 13; state ^= state >> 7; state ^= state << 17; (state >> 56) as u8 });
            let _ = clean(&Gray::new(width, height, pixels.collect()), dpi);
        }
    }
}
