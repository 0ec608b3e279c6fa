//! Step 2, an even background: shadows, creases and yellow paper become white.

use crate::gray::Gray;

/// Darkest paper that is still lifted to white. What is darker everywhere is no paper: the lid of the scanner, a table.
const DARKEST_PAPER: u8 = 40;

/// Divides each pixel by the brightness of the paper around it.
///
/// The paper is the brightness that nine tenths of a square of 2 mm do not exceed; squares full of ink borrow from
/// their neighbours; between the squares it changes evenly.
pub fn flatten(page: &Gray, dpi: f32) -> Gray {
    let side = ((dpi / 12.5) as usize).max(8);
    let paper = smooth(&widest(&widest(&squares(page, side))));
    let mut flat = Gray::white(page.width(), page.height());
    let mut between = vec![0u16; paper.width()];
    for y in 0..page.height() {
        let (above, below, share) = neighbours(y, side, paper.height());
        for ((out, &a), &b) in between.iter_mut().zip(paper.row(above)).zip(paper.row(below)) {
            *out = (u16::from(a) * (256 - share) + u16::from(b) * share) >> 8;
        }
        flatten_row(page.row(y), flat.row_mut(y), &between, side);
    }
    flat
}

/// Brightness of the paper in each square.
fn squares(page: &Gray, side: usize) -> Gray {
    let (width, height) = (page.width().div_ceil(side), page.height().div_ceil(side));
    let mut paper = Gray::white(width, height);
    let mut counts = vec![[0u16; 32]; width];
    for y in 0..height {
        counts.fill([0; 32]);
        for row in y * side..((y + 1) * side).min(page.height()) {
            for (count, square) in counts.iter_mut().zip(page.row(row).chunks(side)) {
                for &p in square {
                    count[usize::from(p >> 3)] += 1;
                }
            }
        }
        for (pixel, count) in paper.row_mut(y).iter_mut().zip(&counts) {
            let total: u32 = count.iter().map(|&n| u32::from(n)).sum();
            let mut rest = total / 10;
            let level = (0..32).rev().find(|&level| match rest.checked_sub(u32::from(count[level])) {
                Some(less) => {
                    rest = less;
                    false
                }
                None => true,
            });
            *pixel = (level.unwrap_or(31) as u8 * 8 + 7).max(DARKEST_PAPER);
        }
    }
    paper
}

/// The largest of each pixel and its eight neighbours.
fn widest(page: &Gray) -> Gray {
    around(page, |nine| nine.iter().copied().max().unwrap_or(255))
}

/// The mean of each pixel and its eight neighbours.
fn smooth(page: &Gray) -> Gray {
    around(page, |nine| (nine.iter().map(|&p| u32::from(p)).sum::<u32>() / nine.len().max(1) as u32) as u8)
}

fn around(page: &Gray, of: impl Fn(&[u8]) -> u8) -> Gray {
    let mut out = Gray::white(page.width(), page.height());
    let mut nine = Vec::with_capacity(9);
    for y in 0..page.height() {
        for x in 0..page.width() {
            nine.clear();
            for row in y.saturating_sub(1)..=(y + 1).min(page.height() - 1) {
                nine.extend_from_slice(&page.row(row)[x.saturating_sub(1)..=(x + 1).min(page.width() - 1)]);
            }
            out.row_mut(y)[x] = of(&nine);
        }
    }
    out
}

/// The two squares between whose middles `at` lies, and how near the second is, of 256.
fn neighbours(at: usize, side: usize, count: usize) -> (usize, usize, u16) {
    let shifted = (at as isize) - (side / 2) as isize;
    if shifted < 0 {
        return (0, 0, 0);
    }
    let first = (shifted as usize / side).min(count - 1);
    let share = (shifted as usize % side) * 256 / side;
    (first, (first + 1).min(count - 1), share as u16)
}

fn flatten_row(row: &[u8], out: &mut [u8], paper: &[u16], side: usize) {
    // One division a few pixels instead of each: the paper changes slowly.
    const RUN: usize = 4;
    for (run, (pixels, flat)) in row.chunks(RUN).zip(out.chunks_mut(RUN)).enumerate() {
        let (left, right, share) = neighbours(run * RUN, side, paper.len());
        let brightness = (u32::from(paper[left]) * u32::from(256 - share) + u32::from(paper[right]) * u32::from(share)) >> 8;
        let factor = (255 << 8) / brightness.max(1);
        for (pixel, &p) in flat.iter_mut().zip(pixels) {
            *pixel = ((u32::from(p) * factor) >> 8).min(255) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_shadow_goes_and_ink_stays() {
        // Paper that darkens from 250 to 90, with strokes at a quarter of its brightness.
        let (width, height) = (400, 300);
        let stroke = |x: usize, y: usize| y % 40 < 4 && x % 10 < 7;
        let paper = |x: usize| 250 - x * 160 / width;
        let pixels =
            (0..width * height).map(|n| (n % width, n / width)).map(|(x, y)| if stroke(x, y) { paper(x) / 4 } else { paper(x) } as u8);
        let flat = flatten(&Gray::new(width, height, pixels.collect()), 300.0);
        for (x, y) in (20..width - 20).flat_map(|x| (20..height - 20).map(move |y| (x, y))) {
            let brightness = flat.row(y)[x];
            assert!(if stroke(x, y) { brightness < 90 } else { brightness > 185 }, "{x},{y}: {brightness}");
        }
    }

    proptest! {
        #[test]
        fn every_size_is_flattened(width in 1usize..70, height in 1usize..70, dpi in 30f32..700.0, level in any::<u8>()) {
            let flat = flatten(&Gray::new(width, height, vec![level; width * height]), dpi);
            prop_assert_eq!((flat.width(), flat.height()), (width, height));
        }
    }
}
