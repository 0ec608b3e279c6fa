//! What is dark at the rim of a scan: the scanner's lid, the table under a photograph. It is no ink.

use crate::gray::Gray;

/// The ink of a small picture: `true` where it is dark and not joined to the rim.
pub struct Ink {
    width: usize,
    dark: Vec<bool>,
    rim: Vec<bool>,
}

impl Ink {
    /// Looks at a small picture, in which what is not brighter than `threshold` is dark.
    pub fn of(page: &Gray, threshold: u8) -> Self {
        let (width, height) = (page.width(), page.height());
        let dark: Vec<bool> = page.pixels().iter().map(|&p| p <= threshold).collect();
        let mut rim = vec![false; dark.len()];
        let sides = (0..height).flat_map(|y| [y * width, y * width + width - 1]);
        let mut open: Vec<usize> = (0..width).flat_map(|x| [x, (height - 1) * width + x]).chain(sides).collect();
        while let Some(at) = open.pop() {
            if !dark[at] || rim[at] {
                continue;
            }
            rim[at] = true;
            let x = at % width;
            open.extend([(x > 0).then(|| at - 1), (x + 1 < width).then_some(at + 1)].into_iter().flatten());
            open.extend([at.checked_sub(width), Some(at + width).filter(|&below| below < dark.len())].into_iter().flatten());
        }
        let mut ink = Self { width, dark, rim };
        if ink.points(1).len() * 20 < ink.dark.iter().filter(|d| **d).count() {
            // Nearly everything hangs together with the rim: a frame around the page, or white on black. Better all than nothing.
            let thin = ink.rim.iter().filter(|r| **r).count() * 4 < ink.dark.len();
            if thin {
                ink.rim.fill(false);
            }
        }
        ink
    }

    /// The middles of all ink, in a picture `step` times as large.
    pub fn points(&self, step: usize) -> Vec<(f32, f32)> {
        let middle = (step as f32 - 1.0) / 2.0;
        let ink = self.dark.iter().zip(&self.rim).enumerate().filter(|(_, (dark, rim))| **dark && !**rim);
        ink.map(|(at, _)| ((at % self.width * step) as f32 + middle, (at / self.width * step) as f32 + middle)).collect()
    }

    /// Makes white in `page`, which is `step` times as large, what is dark at the rim.
    pub fn whiten_rim(&self, page: &mut Gray, step: usize) {
        for y in 0..page.height() {
            let small = (y / step).min(self.rim.len() / self.width - 1);
            let rim = &self.rim[small * self.width..(small + 1) * self.width];
            if !rim.contains(&true) {
                continue;
            }
            let (first, last) = (|at: usize| at.saturating_sub(1), |at: usize| (at + 1).min(self.width - 1));
            for (at, square) in page.row_mut(y).chunks_mut(step).enumerate().take(self.width) {
                if rim[first(at)..=last(at)].contains(&true) {
                    square.fill(255);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dark_rim_goes_and_writing_stays() {
        let pixels = (0..60 * 60).map(|n| (n % 60, n / 60)).map(|(x, y)| {
            let (rim, word) = (x < 6 || y < 4, (20..40).contains(&x) && (30..34).contains(&y));
            if rim || word { 20 } else { 250 }
        });
        let page = Gray::new(60, 60, pixels.collect());
        let ink = Ink::of(&page, 128);
        assert_eq!(ink.points(1).len(), 80);
        let mut large = page.clone();
        ink.whiten_rim(&mut large, 1);
        assert_eq!((large.row(2)[30], large.row(31)[2], large.row(31)[30]), (255, 255, 20));
    }

    #[test]
    fn a_page_within_a_frame_is_not_lost() {
        // A thin frame that touches the rim, with writing joined to it.
        let pixels = (0..100 * 100).map(|n| (n % 100, n / 100)).map(|(x, y)| if x == 0 || (y % 10 == 0) { 0 } else { 255 });
        let ink = Ink::of(&Gray::new(100, 100, pixels.collect()), 128);
        assert!(ink.points(1).len() > 500);
    }
}
