//! What small numbers can tell, and what is more than chance.

use serde::Serialize;

/// Where a number lies with some confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The standard normal quantile of 97.5 %.
const Z: f64 = 1.959_963_984_540_054;

/// The score interval of Wilson (1927) for a share, 95 %. Offices are ranked by its lower end where more is better and by its upper one
/// where less is: one good closing does not beat ninety of a hundred.
pub fn wilson(successes: i64, trials: i64) -> Interval {
    if trials <= 0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    let n = trials as f64;
    let p = (successes as f64 / n).clamp(0.0, 1.0);
    let middle = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    Interval { low: (middle - half).max(0.0), high: (middle + half).min(1.0) }
}

/// What was to be expected of a week, from the weeks before it, and how far what was seen is from it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// Expected in the week.
    pub expected: f64,
    /// The probability of so many or more.
    pub p: f64,
}

/// Judges a week's count against the weeks before it.
///
/// The rate of a place is unknown and is learnt from `before` with Jeffreys' prior Gamma(½, 0); the count to come is then negative
/// binomial (Gelman et al., *Bayesian Data Analysis*, §2.6). Counts of grievances vary more than Poisson's law allows, so the variance
/// is widened by the quasi-Poisson dispersion of the weeks before, never below 1, as in Farrington et al., *A statistical algorithm for
/// the early detection of outbreaks*, JRSS A 159 (1996). The probability is that of the upper tail, summed exactly.
pub fn judge(before: &[i64], seen: i64) -> Option<Judged> {
    let weeks = before.len();
    if weeks < 3 {
        return None;
    }
    let k = weeks as f64;
    let sum = before.iter().sum::<i64>() as f64;
    let expected = (sum + 0.5) / k;
    let mean = sum / k;
    let spread = before.iter().map(|n| (*n as f64 - mean).powi(2)).sum::<f64>() / (k - 1.0);
    let dispersion = if mean > 0.0 { (spread / mean).max(1.0) } else { 1.0 };
    // Mean m and variance v of the count to come; for Poisson v = m (1 + 1/k).
    let variance = dispersion * expected * (1.0 + 1.0 / k);
    let size = expected * expected / (variance - expected);
    Some(Judged { expected, p: upper_tail(size, expected, seen) })
}

/// P(X ≥ seen) of a negative binomial count of this size and mean.
fn upper_tail(size: f64, mean: f64, seen: i64) -> f64 {
    if seen <= 0 {
        return 1.0;
    }
    let p = size / (size + mean);
    // p(0) = p^size, and p(x) = p(x − 1) (size + x − 1)/x (1 − p), in logarithms: a busy district has hundreds a week.
    let (mut log, mut below) = (size * p.ln(), 0.0f64);
    let (mut x, fails) = (0.0f64, (1.0 - p).ln());
    while (x as i64) < seen {
        below += log.exp();
        x += 1.0;
        log += ((size + x - 1.0) / x).ln() + fails;
    }
    if below < 0.999_999 {
        return 1.0 - below;
    }
    // Far out the complement has no digits left: the tail itself is summed until nothing is added.
    let mut tail = 0.0f64;
    for _ in 0..10_000 {
        let term = log.exp();
        tail += term;
        if term <= tail * 1e-12 {
            break;
        }
        x += 1.0;
        log += ((size + x - 1.0) / x).ln() + fails;
    }
    tail
}

/// Which of many probabilities are more than chance, where of those that are picked this share may be picked wrongly: the procedure of
/// Benjamini & Hochberg (1995). Answers the largest probability that is picked.
pub fn false_discovery_limit(mut all: Vec<f64>, rate: f64) -> Option<f64> {
    all.sort_by(f64::total_cmp);
    let m = all.len() as f64;
    let places = (1..).zip(&all).filter(|(place, p)| **p <= rate * f64::from(*place) / m);
    places.map(|(_, p)| *p).last()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wilson_agrees_with_the_published_example() {
        // Newcombe (1998), Statistics in Medicine 17: 81 of 263 gives 0.2553 to 0.3662; 0 of 20 gives 0 to 0.1611.
        let interval = wilson(81, 263);
        assert!((interval.low - 0.2553).abs() < 5e-5 && (interval.high - 0.3662).abs() < 5e-5, "{interval:?}");
        let none = wilson(0, 20);
        assert!(none.low.abs() < 1e-12 && (none.high - 0.1611).abs() < 5e-5, "{none:?}");
        assert!(wilson(1, 1).low < wilson(90, 100).low);
    }

    #[test]
    fn a_flood_is_seen_and_a_usual_week_is_not() {
        let before = [4, 6, 5, 3, 7, 5, 4, 6];
        assert!(judge(&before, 6).expect("enough weeks").p > 0.2);
        assert!(judge(&before, 40).expect("enough weeks").p < 1e-9);
        // Seven where nothing ever happened are remarkable; one is not.
        assert!(judge(&[0; 8], 7).expect("enough weeks").p < 1e-5);
        assert!(judge(&[0; 8], 1).expect("enough weeks").p > 0.02);
        // Where weeks differ much, the same count says less.
        let (calm, wild) = (judge(&[20; 8], 40).expect("weeks").p, judge(&[2, 40, 5, 38, 3, 30, 12, 30], 40).expect("weeks").p);
        assert!(calm < wild / 100.0, "{calm} {wild}");
        assert_eq!(judge(&[1, 2], 50), None);
    }

    #[test]
    fn of_many_only_what_stands_out_is_picked() {
        assert_eq!(false_discovery_limit(vec![0.5, 0.001, 0.9, 0.2], 0.05), Some(0.001));
        assert_eq!(false_discovery_limit(vec![0.5, 0.04, 0.9, 0.2], 0.05), None);
        assert_eq!(false_discovery_limit(vec![], 0.05), None);
    }

    proptest! {
        #[test]
        fn a_share_lies_in_its_interval(trials in 1i64..2_000, part in 0.0f64..1.0) {
            let successes = (trials as f64 * part) as i64;
            let (interval, share) = (wilson(successes, trials), successes as f64 / trials as f64);
            prop_assert!(0.0 <= interval.low && interval.low <= share + 1e-12 && share <= interval.high + 1e-12 && interval.high <= 1.0);
        }

        #[test]
        fn more_is_never_less_remarkable(before in prop::collection::vec(0i64..400, 3..12), seen in 0i64..900) {
            let (less, more) = (judge(&before, seen).expect("weeks"), judge(&before, seen + 1).expect("weeks"));
            prop_assert!((0.0..=1.0).contains(&less.p) && more.p <= less.p + 1e-9, "{less:?} {more:?}");
        }
    }
}
