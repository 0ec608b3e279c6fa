//! A linear reader: a weight for each feature and class, learnt by gradient descent (AdaGrad, Duchi 2011), kept in eight bits.

use crate::features::{BUCKETS, Feature};
use serde::{Deserialize, Serialize};

/// A reader that is being taught.
pub struct Learner {
    classes: usize,
    weights: Vec<f32>,
    /// Sums of squared gradients, one for each feature: half the memory of one for each weight, and as good.
    steps: Vec<f32>,
    bias: Vec<f32>,
    /// Sums of weights and bias over what was remembered, and how often: their mean knows more than the last step.
    mean: (Vec<f32>, Vec<f32>, f32),
    rate: f32,
    shrink: f32,
}

impl Learner {
    /// One that knows nothing. `rate` is the first step's length, `shrink` the pull towards zero.
    pub fn new(classes: usize, rate: f32, shrink: f32) -> Self {
        let (weights, bias) = (vec![0.0; BUCKETS * classes], vec![0.0; classes]);
        Self { classes, mean: (weights.clone(), bias.clone(), 0.0), weights, steps: vec![1.0; BUCKETS], bias, rate, shrink }
    }

    /// Shows it an example: what it should have said, as shares of the classes, and how much it matters.
    pub fn show(&mut self, features: &[Feature], target: &[f32], matter: f32) {
        let said = softmax(&self.scores(features));
        let error: Vec<f32> = said.iter().zip(target).map(|(said, target)| (said - target) * matter).collect();
        let size: f32 = error.iter().map(|e| e * e).sum();
        if size < 1e-8 {
            return;
        }
        for feature in features {
            let at = feature.bucket as usize;
            self.steps[at] += size * feature.value * feature.value;
            let step = self.rate / self.steps[at].sqrt();
            let row = &mut self.weights[at * self.classes..(at + 1) * self.classes];
            for (weight, error) in row.iter_mut().zip(&error) {
                *weight -= step * (error * feature.value + self.shrink * *weight);
            }
        }
        for (bias, error) in self.bias.iter_mut().zip(&error) {
            *bias -= 0.02 * error;
        }
    }

    /// Lets it take smaller steps from now on.
    pub fn slow_down(&mut self, factor: f32) {
        self.rate *= factor;
    }

    /// Remembers what it knows now; what was learnt is the mean of what was remembered (Polyak 1992).
    pub fn remember(&mut self) {
        self.mean.0.iter_mut().zip(&self.weights).for_each(|(sum, now)| *sum += now);
        self.mean.1.iter_mut().zip(&self.bias).for_each(|(sum, now)| *sum += now);
        self.mean.2 += 1.0;
    }

    fn scores(&self, features: &[Feature]) -> Vec<f32> {
        let mut scores = self.bias.clone();
        for feature in features {
            let at = feature.bucket as usize * self.classes;
            for (score, weight) in scores.iter_mut().zip(&self.weights[at..at + self.classes]) {
                *score += weight * feature.value;
            }
        }
        scores
    }

    /// What was learnt, in eight bits a weight. Rows that say next to nothing are left out.
    pub fn learnt(&self) -> Linear {
        let remembered = self.mean.2 > 0.0;
        let times = if remembered { self.mean.2 } else { 1.0 };
        let (weights, bias) = if remembered { (&self.mean.0, &self.mean.1) } else { (&self.weights, &self.bias) };
        let bias = bias.iter().map(|b| b / times).collect();
        let mut linear = Linear { classes: self.classes, bias, rows: vec![NONE; BUCKETS], scales: Vec::new(), weights: Vec::new() };
        for bucket in 0..BUCKETS {
            let row: Vec<f32> = weights[bucket * self.classes..(bucket + 1) * self.classes].iter().map(|w| w / times).collect();
            let largest = row.iter().fold(0.0f32, |most, w| most.max(w.abs()));
            if largest < LEAST {
                continue;
            }
            linear.rows[bucket] = linear.scales.len() as u32;
            let scale = largest / 127.0;
            linear.scales.push(scale);
            linear.weights.extend(row.iter().map(|w| (w / scale).round() as i8));
        }
        linear
    }
}

/// A weight below this moves nothing.
const LEAST: f32 = 0.04;
const NONE: u32 = u32::MAX;

/// A reader that has learnt.
#[derive(Debug, Clone)]
pub struct Linear {
    classes: usize,
    bias: Vec<f32>,
    /// Row of each bucket, or none.
    rows: Vec<u32>,
    scales: Vec<f32>,
    weights: Vec<i8>,
}

/// The size of a reader in its file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Size {
    /// Classes.
    pub classes: usize,
    /// Rows.
    pub rows: usize,
    /// Bias of each class.
    pub bias: Vec<f32>,
}

impl Linear {
    /// Scores of the classes, before they become probabilities.
    pub fn scores(&self, features: &[Feature]) -> Vec<f32> {
        let mut scores = self.bias.clone();
        for feature in features {
            let row = self.rows[feature.bucket as usize];
            if row != NONE {
                let row = row as usize;
                let force = self.scales[row] * feature.value;
                for (score, weight) in scores.iter_mut().zip(&self.weights[row * self.classes..(row + 1) * self.classes]) {
                    *score += f32::from(*weight) * force;
                }
            }
        }
        scores
    }

    /// What one feature adds to a class's score, beyond what it adds to the others on average.
    pub fn speaks_for(&self, feature: &Feature, class: usize) -> f32 {
        let row = self.rows[feature.bucket as usize];
        if row == NONE {
            return 0.0;
        }
        let row = &self.weights[row as usize * self.classes..(row as usize + 1) * self.classes];
        let mean = row.iter().map(|w| f32::from(*w)).sum::<f32>() / self.classes as f32;
        (f32::from(row[class]) - mean) * self.scales[self.rows[feature.bucket as usize] as usize] * feature.value
    }

    /// Its size, for the head of the file.
    pub fn size(&self) -> Size {
        Size { classes: self.classes, rows: self.scales.len(), bias: self.bias.clone() }
    }

    /// Writes rows: bucket, scale, weights.
    pub fn write(&self, out: &mut Vec<u8>) {
        for (bucket, row) in self.rows.iter().enumerate().filter(|(_, row)| **row != NONE) {
            let row = *row as usize;
            out.extend((bucket as u32).to_le_bytes());
            out.extend(self.scales[row].to_le_bytes());
            out.extend(self.weights[row * self.classes..(row + 1) * self.classes].iter().map(|w| *w as u8));
        }
    }

    /// Reads what [`Linear::write`] wrote; `None` if bytes are missing or make no sense.
    pub fn read(size: &Size, bytes: &mut &[u8]) -> Option<Self> {
        if size.bias.len() != size.classes || size.classes == 0 || size.rows > BUCKETS {
            return None;
        }
        let mut linear =
            Self { classes: size.classes, bias: size.bias.clone(), rows: vec![NONE; BUCKETS], scales: Vec::new(), weights: Vec::new() };
        for row in 0..size.rows {
            let bucket = u32::from_le_bytes(bytes.split_off(..4)?.try_into().ok()?);
            *linear.rows.get_mut(bucket as usize)? = row as u32;
            linear.scales.push(f32::from_le_bytes(bytes.split_off(..4)?.try_into().ok()?));
            linear.weights.extend(bytes.split_off(..size.classes)?.iter().map(|b| *b as i8));
        }
        Some(linear)
    }
}

/// Scores as probabilities.
pub fn softmax(scores: &[f32]) -> Vec<f32> {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = scores.iter().map(|s| (s - most).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.into_iter().map(|p| p / sum).collect()
}
