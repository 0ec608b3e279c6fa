//! How far the lines of a page are from level.

/// Degrees searched to both sides.
const FURTHEST: f32 = 9.0;
/// Most ink points looked at.
const MOST_POINTS: usize = 40_000;

/// The angle in degrees by which the writing is turned clockwise (downwards to the right is positive), from the
/// places of ink in a picture of about 100 dpi.
///
/// Ink is projected along each angle tried: at the right one the lines of writing and the gaps between them part
/// most sharply. Lines that run down the page count too: a page may lie on its side.
pub fn skew(points: &[(f32, f32)]) -> f32 {
    let step = points.len().div_ceil(MOST_POINTS).max(1);
    let points: Vec<(f32, f32)> = points.iter().copied().step_by(step).collect();
    if points.len() < 50 {
        return 0.0;
    }
    let turned: Vec<(f32, f32)> = points.iter().map(|&(x, y)| (-y, x)).collect();
    let (level, level_at) = search(&points);
    let (upright, upright_at) = search(&turned);
    if upright > level { upright_at } else { level_at }
}

/// The sharpest angle and how sharp it is.
fn search(points: &[(f32, f32)]) -> (f64, f32) {
    let mut bins = Bins::for_points(points);
    let mut best = (bins.sharpness(points, 0.0), 0.0);
    for (width, step) in [(FURTHEST, 0.5), (0.5, 0.1), (0.1, 0.05)] {
        let middle = best.1;
        let steps = (width / step).round() as i32;
        for n in -steps..=steps {
            let angle: f32 = middle + n as f32 * step;
            if n == 0 || angle.abs() > FURTHEST {
                continue;
            }
            let sharpness = bins.sharpness(points, angle);
            if sharpness > best.0 {
                best = (sharpness, angle);
            }
        }
    }
    best
}

struct Bins {
    counts: Vec<f32>,
    offset: f32,
}

impl Bins {
    fn for_points(points: &[(f32, f32)]) -> Self {
        let reach = points.iter().map(|(x, y)| x.abs() + y.abs()).fold(0.0, f32::max);
        Self { counts: vec![0.0; 2 * reach as usize + 5], offset: reach + 1.0 }
    }

    fn sharpness(&mut self, points: &[(f32, f32)], degrees: f32) -> f64 {
        let (sin, cos) = degrees.to_radians().sin_cos();
        self.counts.fill(0.0);
        for &(x, y) in points {
            // Each point is shared between its two bins, or the grid of the pixels would look like lines.
            let at = y * cos - x * sin + self.offset;
            let share = at.fract();
            if let Some([first, second]) = self.counts.get_mut(at as usize..at as usize + 2) {
                *first += 1.0 - share;
                *second += share;
            }
        }
        self.counts.windows(2).map(|w| f64::from(w[0] - w[1]).powi(2)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Lines of writing, each a band of ink with holes, turned by `degrees`.
    fn writing(degrees: f32) -> Vec<(f32, f32)> {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let mut points = Vec::new();
        for line in 0..25 {
            for x in (0..700).filter(|x| (x * 7919 + line * 104_729) % 101 < 60) {
                for y in (0..9).filter(|y| (x + y) % 3 != 0) {
                    let (x, y) = (x as f32, (line * 18 + y) as f32);
                    points.push((x * cos - y * sin + 100.0, x * sin + y * cos + 80.0));
                }
            }
        }
        points
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_angle_is_found(degrees in -8.0f32..8.0) {
            let found = skew(&writing(degrees));
            prop_assert!((found - degrees).abs() <= 0.2, "{degrees}: {found}");
        }
    }

    #[test]
    fn nothing_written_is_level() {
        assert!(skew(&[]).abs() < f32::EPSILON);
    }
}
