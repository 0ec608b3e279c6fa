//! The triangular filters between a spectrum of 201 lines (16 kHz, 400 points) and Whisper's mel
//! bands: Slaney's scale and normalisation (Auditory Toolbox, 1998), which Whisper was trained with.

/// Lines of the spectrum.
pub(super) const LINES: usize = 201;

/// `bands` rows of [`LINES`] weights.
pub(super) fn filters(bands: usize) -> Vec<f32> {
    let top = mel(8_000.0);
    let edges: Vec<f64> = (0..bands + 2).map(|n| hertz(n as f64 * (top / (bands + 1) as f64))).collect();
    let mut rows = Vec::with_capacity(bands * LINES);
    for band in edges.windows(3) {
        let &[low, middle, high] = band else { continue };
        let norm = 2.0 / (high - low);
        rows.extend((0..LINES).map(|line| {
            let frequency = line as f64 * 40.0;
            let (rising, falling) = ((frequency - low) / (middle - low), (high - frequency) / (high - middle));
            // In single precision first, as the published filters were made.
            let height = rising.min(falling).max(0.0) as f32;
            // What is left of the band's upper edge by rounding is nothing.
            let height = if height < 1e-9 { 0.0 } else { height };
            (f64::from(height) * norm) as f32
        }));
    }
    rows
}

/// Linear below 1000 Hz, logarithmic above.
fn mel(hertz: f64) -> f64 {
    if hertz < 1_000.0 { hertz * 3.0 / 200.0 } else { 15.0 + (hertz / 1_000.0).ln() / step() }
}

fn hertz(mel: f64) -> f64 {
    if mel < 15.0 { mel * (200.0 / 3.0) } else { 1_000.0 * (step() * (mel - 15.0)).exp() }
}

fn step() -> f64 {
    6.4f64.ln() / 27.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filters_are_triangles_of_equal_area_that_cover_the_band() {
        let rows = filters(80);
        assert_eq!(rows.len(), 80 * LINES);
        for (n, row) in rows.chunks(LINES).enumerate() {
            let area: f32 = row.iter().sum::<f32>() * 40.0;
            assert!(n < 20 || (area - 1.0).abs() < 0.25, "band {n} has area {area}");
            assert!(row.iter().any(|w| *w > 0.0), "band {n} is empty");
        }
        // The published figures (whisper/assets/mel_filters.npz, mel_80), to the bit.
        for ((band, line), published) in
            [((0, 1), 0.024_862_595f32), ((10, 10), 0.019_908_218), ((40, 60), 0.0), ((79, 195), 0.002_243_795_2), ((79, 200), 0.0)]
        {
            let own = rows[band * LINES + line];
            assert_eq!(own, published, "band {band}, line {line}");
        }
    }
}
