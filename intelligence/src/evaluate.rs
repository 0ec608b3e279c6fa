//! Measures: shares with intervals, calibration, the threshold that danger is heard from.

use crate::linear::softmax;
use crate::seeds::{Danger, Form};
use serde::{Deserialize, Serialize};

/// A text that was read, and what a person made of it.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Its form.
    pub form: Form,
    /// The class a person gave.
    pub category: usize,
    /// The danger a person saw.
    pub danger: Danger,
    /// Scores of the classes.
    pub scores: Vec<f32>,
    /// Scores of the dangers.
    pub dangers: Vec<f32>,
    /// Probability of each form.
    pub form_said: Vec<f32>,
    /// The text.
    pub text: String,
}

impl Judged {
    /// Place of the right class among the classes, from 0.
    pub fn place(&self) -> usize {
        let right = self.scores.get(self.category).copied().unwrap_or(f32::NEG_INFINITY);
        self.scores.iter().filter(|s| **s > right).count()
    }

    /// The class with the highest score.
    pub fn said(&self) -> usize {
        (0..self.scores.len()).max_by(|a, b| self.scores[*a].total_cmp(&self.scores[*b])).unwrap_or(0)
    }

    /// Probability of the class that was said.
    pub fn confidence(&self, temperature: f32) -> f32 {
        softmax(&self.scores.iter().map(|s| s / temperature).collect::<Vec<_>>()).into_iter().fold(0.0, f32::max)
    }

    /// Probability that there is danger of any kind.
    pub fn danger_heard(&self, ear: &Ear) -> f32 {
        ear.heard(&self.scores, &self.dangers)
    }
}

/// How danger is heard: by the words for it, and by how often the likely categories mean it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ear {
    /// Temperature of the dangers: above 1, they were too sure.
    pub temperature: f32,
    /// Temperature of the categories.
    pub of_categories: f32,
    /// Share of each category's texts that tell of danger.
    pub shares: Vec<f32>,
    /// How much the categories have to say.
    pub weight: f32,
}

impl Ear {
    /// Probability that there is danger of any kind, from the scores of categories and dangers.
    pub fn heard(&self, categories: &[f32], dangers: &[f32]) -> f32 {
        let cooled = |scores: &[f32], by: f32| softmax(&scores.iter().map(|s| s / by).collect::<Vec<_>>());
        let told = 1.0 - cooled(dangers, self.temperature).first().copied().unwrap_or(1.0);
        let meant: f32 = cooled(categories, self.of_categories).iter().zip(&self.shares).map(|(p, share)| p * share).sum();
        let odds = |p: f32| (p.clamp(1e-4, 0.9999) / (1.0 - p.clamp(1e-4, 0.9999))).ln();
        1.0 / (1.0 + (-(odds(told) + self.weight * odds(meant))).exp())
    }

    /// The ear that costs least on texts held back, and the probability from which on it hears an emergency.
    pub fn tuned(judged: &[Judged], temperatures: (f32, f32)) -> (Self, f32) {
        let classes = judged.first().map_or(0, |j| j.scores.len());
        let share = |class: usize| {
            let of = judged.iter().filter(|j| j.category == class).count() as f32;
            let told = judged.iter().filter(|j| j.category == class && j.danger != Danger::None).count() as f32;
            // Two made-up texts, one of each kind in ten: a category is never beyond danger.
            (told + 0.2) / (of + 2.0)
        };
        let shares: Vec<f32> = (0..classes).map(share).collect();
        let candidates = (0..=6).map(|n| {
            let weight = n as f32 * 0.2;
            let ear = Self { temperature: temperatures.1, of_categories: temperatures.0, shares: shares.clone(), weight };
            let (from, cost) = dangers_from(judged, &ear);
            (ear, from, cost)
        });
        let best = candidates.min_by(|a, b| a.2.total_cmp(&b.2));
        best.map_or_else(|| (Self { temperature: 1.0, of_categories: 1.0, shares, weight: 0.0 }, 0.5), |(ear, from, _)| (ear, from))
    }
}

/// A share, and Wilson's 95 % interval (1927).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// How many.
    pub of: usize,
    /// The share.
    pub is: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Share {
    /// `hits` of `of`.
    pub fn new(hits: usize, of: usize) -> Self {
        if of == 0 {
            return Self { of, is: 0.0, low: 0.0, high: 1.0 };
        }
        let (n, p, z) = (of as f64, hits as f64 / of as f64, 1.96f64);
        let centre = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
        let half = z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
        Self { of, is: p, low: (centre - half).max(0.0), high: (centre + half).min(1.0) }
    }

    /// Of a list.
    pub fn of<T>(list: &[T], hit: impl Fn(&T) -> bool) -> Self {
        Self::new(list.iter().filter(|item| hit(item)).count(), list.len())
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.1} % ({:.1}–{:.1}, n = {})", 100.0 * self.is, 100.0 * self.low, 100.0 * self.high, self.of)
    }
}

/// The mean of the classes' F1, over classes that occur.
pub fn macro_f1(pairs: &[(usize, usize)]) -> f64 {
    let classes: std::collections::BTreeSet<usize> = pairs.iter().map(|(right, _)| *right).collect();
    let f1 = |class: usize| {
        let hit = pairs.iter().filter(|(r, s)| *r == class && *s == class).count() as f64;
        let all = pairs.iter().filter(|(r, s)| *r == class || *s == class).count() as f64;
        2.0 * hit / (hit + all)
    };
    classes.iter().map(|class| f1(*class)).sum::<f64>() / classes.len().max(1) as f64
}

/// Expected calibration error in ten bins (Guo 2017).
pub fn calibration_error(said: &[(f32, bool)]) -> f64 {
    let bins = (0..10).map(|bin| {
        let inside: Vec<_> = said.iter().filter(|(p, _)| ((p * 10.0) as usize).min(9) == bin).collect();
        let mean = inside.iter().map(|(p, _)| f64::from(*p)).sum::<f64>();
        let right = inside.iter().filter(|(_, right)| *right).count() as f64;
        (mean - right).abs()
    });
    bins.sum::<f64>() / said.len().max(1) as f64
}

/// The temperature with the least surprise at the right classes.
pub fn calibrate<'a>(judged: &'a [Judged], of: impl Fn(&'a Judged) -> (&'a Vec<f32>, usize)) -> f32 {
    let surprise = |temperature: f32| {
        judged.iter().map(&of).fold(0.0f64, |sum, (scores, right)| {
            let probable = softmax(&scores.iter().map(|s| s / temperature).collect::<Vec<_>>());
            sum - f64::from(probable.get(right).copied().unwrap_or(0.0).max(1e-6)).ln()
        })
    };
    let candidates = (4..=60).map(|n| n as f32 * 0.05);
    candidates.map(|t| (t, surprise(t))).min_by(|a, b| a.1.total_cmp(&b.1)).map_or(1.0, |(t, _)| t)
}

/// Of the alarms on texts held back, this share must be real: half of those were written to be mistaken, so others fare better.
const REAL_ALARMS: f64 = 0.85;
/// Missing somebody in danger costs as much as this many alarms for nothing.
const MISS_COSTS: f64 = 3.0;

/// The probability from which on it is an emergency: as low as the share of real alarms allows; and what misses and alarms for nothing
/// cost there.
pub fn dangers_from(judged: &[Judged], ear: &Ear) -> (f32, f64) {
    let heard: Vec<(f32, bool)> = judged.iter().map(|j| (j.danger_heard(ear), j.danger != Danger::None)).collect();
    let counts = |from: f32| {
        let missed = heard.iter().filter(|(p, real)| *real && *p < from).count() as f64;
        let for_nothing = heard.iter().filter(|(p, real)| !*real && *p >= from).count() as f64;
        let alarms = heard.iter().filter(|(p, _)| *p >= from).count() as f64;
        (missed, for_nothing, alarms)
    };
    let enough = |from: &f32| {
        let (_, for_nothing, alarms) = counts(*from);
        alarms > 0.0 && 1.0 - for_nothing / alarms >= REAL_ALARMS
    };
    let from = (1..=90).map(|n| n as f32 * 0.01).find(enough).unwrap_or(0.9);
    let (missed, for_nothing, _) = counts(from);
    (from, missed * MISS_COSTS + for_nothing)
}

/// A ticket in the wrong office costs as much as this many looks of a person.
const WRONG_COSTS: f64 = 2.0;

/// The confidence below which a person looks at the category: where wrong offices and looks cost least.
pub fn abstain_below(judged: &[Judged], temperature: f32) -> f32 {
    let said: Vec<(f32, bool)> = judged.iter().map(|j| (j.confidence(temperature), j.place() == 0)).collect();
    let cost = |from: f32| {
        let looks = said.iter().filter(|(p, _)| *p < from).count() as f64;
        let wrong = said.iter().filter(|(p, right)| *p >= from && !*right).count() as f64;
        looks + WRONG_COSTS * wrong
    };
    let candidates = (0..=60).map(|n| n as f32 * 0.01);
    candidates.map(|t| (t, cost(t))).min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0.0, |(t, _)| t)
}
