//! A page as a grid of brightness, and the same in black and white.

/// Brightness of each pixel, 0 black to 255 white, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gray {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Gray {
    /// A page of these pixels; rows that are not full are white.
    pub fn new(width: usize, height: usize, mut pixels: Vec<u8>) -> Self {
        pixels.resize(width * height, 255);
        Self { width, height, pixels }
    }

    /// A white page.
    pub fn white(width: usize, height: usize) -> Self {
        Self { width, height, pixels: vec![255; width * height] }
    }

    /// Reads a binary PGM (`P5`, at most 255), as `pdftoppm -gray` writes it. `None` if it is none, or not whole.
    pub fn read_pgm(bytes: &[u8]) -> Option<Self> {
        let mut at = bytes.strip_prefix(b"P5").map(|_| 2)?;
        let mut number = || {
            while bytes.get(at)?.is_ascii_whitespace() {
                at += 1;
            }
            let digits = bytes[at..].iter().take_while(|b| b.is_ascii_digit()).take(8).count();
            let value: usize = std::str::from_utf8(&bytes[at..at + digits]).ok()?.parse().ok()?;
            at += digits;
            Some(value)
        };
        let (width, height, most) = (number()?, number()?, number()?);
        let pixels = bytes.get(at + 1..)?;
        let size = width.checked_mul(height)?;
        (most == 255 && size > 0 && pixels.len() >= size).then(|| Self { width, height, pixels: pixels[..size].to_vec() })
    }

    /// A file that any picture tool reads.
    pub fn to_pgm(&self) -> Vec<u8> {
        let mut file = format!("P5\n{} {}\n255\n", self.width, self.height).into_bytes();
        file.extend_from_slice(&self.pixels);
        file
    }

    /// Pixels in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Row `y`, which must exist.
    pub fn row(&self, y: usize) -> &[u8] {
        &self.pixels[y * self.width..(y + 1) * self.width]
    }

    /// Row `y`, which must exist.
    pub fn row_mut(&mut self, y: usize) -> &mut [u8] {
        &mut self.pixels[y * self.width..(y + 1) * self.width]
    }

    /// All pixels.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The page made smaller: each pixel is the mean of a square of `step` by `step`.
    pub fn reduced(&self, step: usize) -> Self {
        if step <= 1 {
            return self.clone();
        }
        let (width, height) = ((self.width / step).max(1), (self.height / step).max(1));
        let mut reduced = Self::white(width, height);
        let mut sums = vec![0u32; width];
        for y in 0..height {
            sums.fill(0);
            let rows = (y * step)..((y + 1) * step).min(self.height);
            let (mut count, deep) = (0, rows.len() as u32);
            for row in rows {
                for (sum, square) in sums.iter_mut().zip(self.row(row).chunks(step)) {
                    *sum += square.iter().map(|&p| u32::from(p)).sum::<u32>();
                }
                count += 1;
            }
            let area = deep * step.min(self.width) as u32;
            for (pixel, &sum) in reduced.row_mut(y).iter_mut().zip(&sums) {
                *pixel = if count > 0 { (sum / area) as u8 } else { 255 };
            }
        }
        reduced
    }

    /// The square of `side` pixels with the most ink in it; the whole page if it is smaller.
    pub fn densest(&self, side: usize) -> Self {
        const BLOCK: usize = 16;
        let (columns, rows) = (self.width / BLOCK, self.height / BLOCK);
        let (wide, high) = ((side / BLOCK).clamp(1, columns.max(1)), (side / BLOCK).clamp(1, rows.max(1)));
        if columns <= wide && rows <= high {
            return self.clone();
        }
        // Sums of ink over everything above and to the left: any rectangle is then four look-ups.
        let mut sums = vec![0u64; (columns + 1) * (rows + 1)];
        for row in 0..rows {
            for column in 0..columns {
                let lines = row * BLOCK..(row + 1) * BLOCK;
                let ink: u64 = lines.flat_map(|y| &self.row(y)[column * BLOCK..(column + 1) * BLOCK]).map(|&p| u64::from(255 - p)).sum();
                let at = (row + 1) * (columns + 1) + column + 1;
                sums[at] = ink + sums[at - 1] + sums[at - columns - 1] - sums[at - columns - 2];
            }
        }
        let sum = |column: usize, row: usize| sums[row * (columns + 1) + column];
        let ink = |&(x, y): &(usize, usize)| (sum(x + wide, y + high) + sum(x, y)) - (sum(x, y + high) + sum(x + wide, y));
        let places = (0..=rows - high).flat_map(|y| (0..=columns - wide).map(move |x| (x, y)));
        let (x, y) = places.max_by_key(ink).unwrap_or_default();
        let lines = y * BLOCK..(y + high) * BLOCK;
        let pixels = lines.flat_map(|line| &self.row(line)[x * BLOCK..(x + wide) * BLOCK]).copied().collect();
        Self::new(wide * BLOCK, high * BLOCK, pixels)
    }

    /// Turned clockwise by so many quarters of a turn.
    pub fn turned(&self, quarters: u8) -> Self {
        let (w, h) = (self.width, self.height);
        let at = |x: usize, y: usize| self.pixels[y * w + x];
        let collect = |width: usize, height: usize, pick: &dyn Fn(usize, usize) -> u8| {
            let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| pick(x, y)).collect();
            Self { width, height, pixels }
        };
        match quarters % 4 {
            1 => collect(h, w, &|x, y| at(y, h - 1 - x)),
            2 => collect(w, h, &|x, y| at(w - 1 - x, h - 1 - y)),
            3 => collect(h, w, &|x, y| at(w - 1 - y, x)),
            _ => self.clone(),
        }
    }
}

/// Otsu's threshold: the brightness that best parts the dark from the light (Otsu 1979). Pixels up to it are dark.
pub fn otsu(histogram: &[u64; 256]) -> u8 {
    let total: u64 = histogram.iter().sum();
    let sum: f64 = histogram.iter().enumerate().map(|(level, &n)| level as f64 * n as f64).sum();
    let (mut below, mut sum_below, mut best, mut threshold) = (0u64, 0.0, 0.0, 127u8);
    for (level, &n) in histogram.iter().enumerate() {
        below += n;
        sum_below += level as f64 * n as f64;
        if below == 0 || below == total {
            continue;
        }
        let above = (total - below) as f64;
        let apart = sum_below / below as f64 - (sum - sum_below) / above;
        let between = below as f64 * above * apart * apart;
        if between > best {
            (best, threshold) = (between, level as u8);
        }
    }
    threshold
}

/// How often each brightness occurs.
pub fn histogram(page: &Gray) -> [u64; 256] {
    // Four tables, so that equal neighbours do not wait for each other.
    let mut tables = [[0u32; 256]; 4];
    let chunks = page.pixels.chunks_exact(4);
    for &p in chunks.remainder() {
        tables[0][usize::from(p)] += 1;
    }
    for four in chunks {
        for (table, &p) in tables.iter_mut().zip(four) {
            table[usize::from(p)] += 1;
        }
    }
    std::array::from_fn(|level| tables.iter().map(|t| u64::from(t[level])).sum())
}

/// Black and white, eight pixels a byte, black is 1: the body of a binary PBM (`P4`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bilevel {
    width: usize,
    height: usize,
    bits: Vec<u8>,
}

impl Bilevel {
    /// Black is what is not brighter than `threshold`.
    pub fn cut(page: &Gray, threshold: u8) -> Self {
        let mut bits = Vec::with_capacity(page.height * page.width.div_ceil(8));
        for row in page.pixels.chunks_exact(page.width.max(1)) {
            for eight in row.chunks(8) {
                let byte = eight.iter().enumerate().fold(0u8, |byte, (at, &p)| byte | (u8::from(p <= threshold) << (7 - at)));
                bits.push(byte);
            }
        }
        Self { width: page.width, height: page.height, bits }
    }

    /// Pixels in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Black pixels.
    pub fn ink(&self) -> u64 {
        self.bits.iter().map(|b| u64::from(b.count_ones())).sum()
    }

    /// Turned clockwise by so many quarters of a turn.
    pub fn turned(&self, quarters: u8) -> Self {
        if quarters.is_multiple_of(4) {
            return self.clone();
        }
        Self::cut(&self.to_gray().turned(quarters), 127)
    }

    /// The same with a byte a pixel.
    pub fn to_gray(&self) -> Gray {
        let mut page = Gray::white(self.width, self.height);
        let stride = self.width.div_ceil(8);
        for y in 0..self.height {
            let bits = &self.bits[y * stride..(y + 1) * stride];
            for (x, pixel) in page.row_mut(y).iter_mut().enumerate() {
                if bits[x / 8] >> (7 - x % 8) & 1 == 1 {
                    *pixel = 0;
                }
            }
        }
        page
    }

    /// A file that any picture tool reads.
    pub fn to_pbm(&self) -> Vec<u8> {
        let mut file = format!("P4\n{} {}\n", self.width, self.height).into_bytes();
        file.extend_from_slice(&self.bits);
        file
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn page() -> Gray {
        Gray::new(3, 2, vec![1, 2, 3, 4, 5, 6])
    }

    #[test]
    fn four_quarters_are_a_whole_turn() {
        assert_eq!(page().turned(1), Gray::new(2, 3, vec![4, 1, 5, 2, 6, 3]));
        assert_eq!(page().turned(1).turned(3), page());
        assert_eq!(page().turned(2).turned(2), page());
    }

    #[test]
    fn the_densest_square_is_where_the_ink_is() {
        let ink = |n: usize| (200..280).contains(&(n % 400)) && (96..160).contains(&(n / 400));
        let page = Gray::new(400, 300, (0..400 * 300).map(|n| if ink(n) { 0 } else { 255 }).collect());
        let square = page.densest(96);
        assert_eq!((square.width(), square.height(), square.pixels().iter().filter(|p| **p == 0).count()), (96, 96, 80 * 64));
        assert_eq!(page.densest(1000), page);
    }

    #[test]
    fn otsu_parts_ink_from_paper() {
        let mut histogram = [0; 256];
        (histogram[30], histogram[40], histogram[230], histogram[240]) = (50, 50, 900, 900);
        assert!((40..230).contains(&otsu(&histogram)));
    }

    #[test]
    fn a_page_in_black_and_white_comes_back() {
        let page = Gray::new(11, 2, (0..22).map(|n| if n % 3 == 0 { 0 } else { 255 }).collect());
        let cut = Bilevel::cut(&page, 127);
        assert_eq!(cut.to_gray(), page);
        assert_eq!(cut.ink(), 8);
        assert_eq!(cut.to_pbm().len(), 8 + 4);
    }

    proptest! {
        #[test]
        fn a_pgm_from_anywhere_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64), head in "P5[ \n]{0,2}[0-9]{0,9}[ \n][0-9]{0,9}[ \n][0-9]{0,4}\n?") {
            let mut file = head.into_bytes();
            file.extend(&bytes);
            if let Some(page) = Gray::read_pgm(&file) {
                prop_assert_eq!(page.pixels().len(), page.width() * page.height());
            }
            let _ = Gray::read_pgm(&bytes);
        }
    }
}
