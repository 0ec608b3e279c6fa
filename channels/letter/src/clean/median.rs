//! Step 1, the median of 3 by 3: takes specks away and leaves strokes.

use crate::gray::Gray;

/// Each pixel becomes the median of itself and its eight neighbours; the outermost stay as they are.
///
/// The nine are sorted by columns first; then the median of all is the middle of the largest low, the middle
/// middle and the smallest high. Each pass runs along whole rows, so that the compiler uses vectors.
pub fn median(page: &Gray) -> Gray {
    let (width, height) = (page.width(), page.height());
    if width < 3 || height < 3 {
        return page.clone();
    }
    let mut clean = page.clone();
    let (mut low, mut middle, mut high) = (vec![0u8; width], vec![0u8; width], vec![0u8; width]);
    for y in 1..height - 1 {
        let above = page.row(y - 1).iter().zip(page.row(y)).zip(page.row(y + 1));
        let columns = low.iter_mut().zip(middle.iter_mut()).zip(high.iter_mut());
        for (((low, middle), high), ((&a, &b), &c)) in columns.zip(above) {
            let (a, b) = (a.min(b), a.max(b));
            let (b, c) = (b.min(c), b.max(c));
            (*low, *middle, *high) = (a.min(b), a.max(b), c);
        }
        let rest = width - 2;
        let lows = low[..rest].iter().zip(&low[1..]).zip(&low[2..]);
        let middles = middle[..rest].iter().zip(&middle[1..]).zip(&middle[2..]);
        let highs = high[..rest].iter().zip(&high[1..]).zip(&high[2..]);
        let out = &mut clean.row_mut(y)[1..=rest];
        for (pixel, ((((&l0, &l1), &l2), ((&m0, &m1), &m2)), ((&h0, &h1), &h2))) in out.iter_mut().zip(lows.zip(middles).zip(highs)) {
            *pixel = of_three(l0.max(l1).max(l2), of_three(m0, m1, m2), h0.min(h1).min(h2));
        }
    }
    clean
}

#[inline]
fn of_three(a: u8, b: u8, c: u8) -> u8 {
    a.min(b).max(a.max(b).min(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_the_fifth_of_the_nine(width in 3usize..9, height in 3usize..9, seed in proptest::collection::vec(any::<u8>(), 81)) {
            let page = Gray::new(width, height, seed[..width * height].to_vec());
            let clean = median(&page);
            for y in 1..height - 1 {
                for x in 1..width - 1 {
                    let mut nine: Vec<u8> = (y - 1..=y + 1).flat_map(|y| page.row(y)[x - 1..=x + 1].to_vec()).collect();
                    nine.sort_unstable();
                    prop_assert_eq!(clean.row(y)[x], nine[4]);
                }
            }
        }
    }
}
