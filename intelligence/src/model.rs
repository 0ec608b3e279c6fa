//! The model: three readers over one set of features, and the file they are kept in.

use crate::concepts::Concepts;
use crate::evaluate::Ear;
use crate::features::{Families, Feature, Features};
use crate::fold::Word;
use crate::keywords::Keywords;
use crate::linear::{Linear, Size, softmax};
use crate::seeds::{Danger, Form};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{Read, Write};
use std::path::Path;

/// Everything that was learnt.
#[derive(Debug, Clone)]
pub struct Model {
    /// What stands at the head of its file.
    pub head: Head,
    categories: Linear,
    dangers: Linear,
    forms: Linear,
    features: Features,
}

/// The head of a model's file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Head {
    /// Version of the form of the file and of its features.
    pub version: u32,
    /// SHA-256 over the texts and word lists it was made from.
    pub data: String,
    /// SHA-256 over the word lists alone: features are numbered by them.
    pub words: String,
    /// Category code of each class.
    pub categories: Vec<String>,
    /// Temperature of the categories: above 1, it was too sure.
    pub temperature: f32,
    /// How danger is heard.
    pub ear: Ear,
    /// From this probability on it is an emergency.
    pub danger_from: f32,
    /// Below this confidence a person looks at the category.
    pub look_below: f32,
    /// Sizes of the three readers.
    sizes: [Size; 3],
}

/// What was read in a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Every category with its probability, best first.
    pub categories: Vec<(String, f32)>,
    /// Probability that there is danger of any kind.
    pub heard: f32,
    /// Probability of each danger by the words alone, in the order of [`Danger::ALL`].
    pub dangers: Vec<f32>,
    /// Probability of each form, in the order of [`Form::ALL`].
    pub forms: Vec<f32>,
    /// The words that decided for the first category, as they stand in the text.
    pub because: Vec<String>,
    /// The words that decided for the likeliest danger.
    pub danger_because: Vec<String>,
}

/// A model that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// It is damaged or another file.
    #[error("the file is no model of this program, or damaged: make it anew with `daak train`")]
    Damaged,
    /// Its features are made in another way.
    #[error("the model is of version {0}, this program reads {VERSION}: make it anew with `daak train`")]
    Version(u32),
    /// It was made from other word lists, so its numbered features mean something else now.
    #[error("the model was made from other word lists than these: make it anew with `daak train`")]
    OtherWords,
}

/// The form of the file and of the features; a change of either is another version.
pub const VERSION: u32 = 3;
const MAGIC: &[u8; 8] = b"DAAKREAD";
/// A file is at most this large when unpacked.
const LARGEST: u64 = 60 << 20;

/// The model that is built into the program, and the word lists it was made with.
const SHIPPED: &[u8] = include_bytes!("../model/daak.model");
const CONCEPTS: &str = include_str!("../data/concepts.txt");
const KEYWORDS: &str = include_str!("../../config/keywords.toml");

/// SHA-256 over the word lists.
pub fn words_hash(concepts: &str, keywords: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(concepts.as_bytes());
    hasher.update(keywords.as_bytes());
    hex::encode(hasher.finalize())
}

/// What the keywords say is added to what was learnt, with this weight.
const KEYWORDS_SAY: f32 = 1.0;

/// Scores of categories, with what the keywords say.
pub fn with_keywords(features: &Features, words: &[Word], categories: &[String], mut scores: Vec<f32>) -> Vec<f32> {
    let told = features.told_by_keywords(words, categories);
    scores.iter_mut().zip(told).for_each(|(score, told)| *score += KEYWORDS_SAY * told);
    scores
}

/// Words of a part of a long text that is listened to alone; parts overlap by half.
const PART: usize = 24;
/// A part is believed where danger is heard in it so clearly: what stands around it may take its force away.
const CLEAR_PART: f32 = 0.6;

/// Words that are given as reasons.
const REASONS: usize = 6;

impl Model {
    /// From what was learnt.
    pub fn new(mut head: Head, readers: [Linear; 3], features: Features) -> Self {
        let [categories, dangers, forms] = readers;
        head.sizes = [categories.size(), dangers.size(), forms.size()];
        Self { head, categories, dangers, forms, features }
    }

    /// Scores of categories and dangers, for calibrating.
    pub fn raw(&self, words: &[Word], features: &[Feature]) -> (Vec<f32>, Vec<f32>) {
        let scores = with_keywords(&self.features, words, &self.head.categories, self.categories.scores(features));
        let whole = self.dangers.scores(features);
        let dangers = self.worst_part(words, &scores, &whole).unwrap_or(whole);
        (scores, dangers)
    }

    /// The dangers of the worst part of a long text, where it speaks of danger much more clearly than the whole: in a letter of thirty
    /// lines one sentence may be the one that matters.
    fn worst_part(&self, words: &[Word], scores: &[f32], whole: &[f32]) -> Option<Vec<f32>> {
        if words.len() <= PART + PART / 2 {
            return None;
        }
        let parts = (0..words.len() - PART / 2).step_by(PART / 2).map(|from| &words[from..(from + PART).min(words.len())]);
        let of_part = |part: &[Word]| {
            let dangers = self.dangers.scores(&self.features.of(part));
            (self.head.ear.heard(scores, &dangers), dangers)
        };
        let worst = parts.map(of_part).max_by(|a, b| a.0.total_cmp(&b.0))?;
        (worst.0 >= CLEAR_PART && worst.0 > self.head.ear.heard(scores, whole)).then_some(worst.1)
    }

    /// The features it reads.
    pub fn features(&self) -> &Features {
        &self.features
    }

    /// Reads a text.
    pub fn read(&self, text: &str) -> Reading {
        self.read_words(text, &self.features.words(text))
    }

    /// Reads the words of a text.
    pub fn read_words(&self, text: &str, words: &[Word]) -> Reading {
        let features = self.features.of(words);
        let (scores, dangers) = self.raw(words, &features);
        let probable = softmax(&scores.iter().map(|s| s / self.head.temperature).collect::<Vec<_>>());
        let mut order: Vec<usize> = (0..probable.len()).collect();
        order.sort_by(|a, b| probable[*b].total_cmp(&probable[*a]));
        let first = order.first().copied().unwrap_or(0);
        let heard = self.head.ear.heard(&scores, &dangers);
        let dangers = softmax(&dangers.iter().map(|s| s / self.head.ear.temperature).collect::<Vec<_>>());
        let worst = (1..dangers.len()).max_by(|a, b| dangers[*a].total_cmp(&dangers[*b])).unwrap_or(0);
        Reading {
            categories: order.into_iter().map(|class| (self.head.categories[class].clone(), probable[class])).collect(),
            danger_because: decided(text, words, &features, &self.dangers, worst),
            because: decided(text, words, &features, &self.categories, first),
            forms: softmax(&self.forms.scores(&features)),
            dangers,
            heard,
        }
    }

    /// The file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let head = serde_json::to_vec(&self.head).unwrap_or_default();
        let mut body = Vec::new();
        [&self.categories, &self.dangers, &self.forms].into_iter().for_each(|reader| reader.write(&mut body));
        let mut out = MAGIC.to_vec();
        out.extend((head.len() as u32).to_le_bytes());
        out.extend(head);
        let mut packer = DeflateEncoder::new(out, Compression::best());
        // Writing to memory cannot fail.
        let _ = packer.write_all(&body);
        packer.finish().unwrap_or_default()
    }

    /// The model in this program.
    ///
    /// # Errors
    /// [`ModelError`] says what to do.
    pub fn shipped() -> Result<Self, ModelError> {
        Self::from_bytes(SHIPPED, CONCEPTS, KEYWORDS)
    }

    /// Reads a file. `concepts` and `keywords` are the word lists that it was made with.
    ///
    /// # Errors
    /// [`ModelError`] says what to do.
    pub fn from_bytes(bytes: &[u8], concepts: &str, keywords: &str) -> Result<Self, ModelError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(ModelError::Damaged)?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or(ModelError::Damaged)?;
        let (head, packed) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or(ModelError::Damaged)?;
        let head: Head = serde_json::from_slice(head).map_err(|_| ModelError::Damaged)?;
        if head.version != VERSION {
            return Err(ModelError::Version(head.version));
        }
        if head.words != words_hash(concepts, keywords) {
            return Err(ModelError::OtherWords);
        }
        let known = |_: &str| true;
        let keywords = Keywords::read(keywords, Path::new("keywords.toml"), known).map_err(|_| ModelError::OtherWords)?;
        let concepts = Concepts::read(concepts).map_err(|_| ModelError::OtherWords)?;
        let mut body = Vec::new();
        DeflateDecoder::new(packed).take(LARGEST).read_to_end(&mut body).map_err(|_| ModelError::Damaged)?;
        let mut bytes = body.as_slice();
        let mut reader = |n: usize| Linear::read(&head.sizes[n], &mut bytes).ok_or(ModelError::Damaged);
        let (categories, dangers, forms) = (reader(0)?, reader(1)?, reader(2)?);
        let sound = head.sizes[0].classes == head.categories.len()
            && head.sizes[1].classes == Danger::ALL.len()
            && head.sizes[2].classes == Form::ALL.len()
            && head.temperature > 0.0
            && head.ear.temperature > 0.0
            && head.ear.of_categories > 0.0;
        if !sound {
            return Err(ModelError::Damaged);
        }
        Ok(Self { head, categories, dangers, forms, features: Features::new(concepts, keywords, Families::ALL) })
    }
}

/// The words whose features speak most for a class, in the order of the text.
fn decided(text: &str, words: &[Word], features: &[Feature], reader: &Linear, class: usize) -> Vec<String> {
    let mut force = vec![0.0f32; words.len()];
    for feature in features {
        let speaks = reader.speaks_for(feature, class);
        let (first, last) = (usize::from(feature.words.0), usize::from(feature.words.1));
        for at in if last - first > 2 { [first, last].to_vec() } else { (first..=last).collect() } {
            if let Some(force) = force.get_mut(at) {
                *force += speaks / (last - first + 1).min(2) as f32;
            }
        }
    }
    let mut order: Vec<usize> = (0..words.len()).filter(|at| force[*at] > 0.05).collect();
    order.sort_by(|a, b| force[*b].total_cmp(&force[*a]));
    order.truncate(REASONS);
    order.sort_unstable();
    let mut said: Vec<String> = Vec::new();
    for word in order.into_iter().map(|at| &text[words[at].at.clone()]) {
        if !said.iter().any(|s| s == word) {
            said.push(word.to_owned());
        }
    }
    said
}

impl Head {
    /// A head before anything is calibrated.
    pub fn new(data: String, words: String, categories: Vec<String>) -> Self {
        let nothing = || Size { classes: 0, rows: 0, bias: Vec::new() };
        Self {
            version: VERSION,
            data,
            words,
            categories,
            temperature: 1.0,
            ear: Ear { temperature: 1.0, of_categories: 1.0, shares: Vec::new(), weight: 0.0 },
            danger_from: 0.5,
            look_below: 0.3,
            sizes: [nothing(), nothing(), nothing()],
        }
    }
}
