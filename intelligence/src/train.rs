//! Making a model from the seeds: each pass shows every seed once, in a new dress; what is learnt on four fifths is
//! calibrated on the fifth that was held back, all five ways, and the model that ships has seen them all.

use crate::chance::Chance;
use crate::concepts::Concepts;
use crate::evaluate::{Ear, Judged, abstain_below, calibrate};
use crate::features::{Families, Features};
use crate::keywords::Keywords;
use crate::linear::{Learner, Linear, softmax};
use crate::model::{Head, Model, with_keywords, words_hash};
use crate::noise::{PlaceNames, varied};
use crate::seeds::{self, Danger, Form, Seed};
use sha2::{Digest, Sha256};

/// What a model is made from.
pub struct Material {
    /// Texts.
    pub seeds: Vec<Seed>,
    /// Category codes, all of the taxonomy.
    pub categories: Vec<String>,
    /// Meanings.
    pub concepts: Concepts,
    /// Keywords.
    pub keywords: Keywords,
    /// Places to put into texts.
    pub places: PlaceNames,
    /// SHA-256 of all of it.
    pub hash: String,
    /// SHA-256 of the word lists.
    pub words: String,
}

/// How it is made.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Passes over the seeds.
    pub passes: usize,
    /// Folds for calibrating.
    pub folds: usize,
    /// Which features.
    pub families: Families,
}

impl Plan {
    /// What ships.
    pub const SHIPPED: Plan = Plan { passes: 24, folds: 5, families: Families::ALL };
}

const SEED: u64 = 2026;

impl Material {
    fn class(&self, category: &str) -> usize {
        self.categories.iter().position(|c| c == category).unwrap_or(0)
    }

    /// Adds what people corrected: `category form text`, as in the sets of texts.
    ///
    /// # Errors
    /// A sentence with the first line that has a mistake or a category that is none.
    pub fn correct(&mut self, corrections: &str) -> Result<(), String> {
        let corrections = seeds::read_mixed(corrections)?;
        if let Some(unknown) = corrections.iter().find(|seed| !self.categories.contains(&seed.category)) {
            return Err(format!("{} is no category of taxonomy.csv", unknown.category));
        }
        self.hash = data_hash(&[(self.hash.clone(), format!("{corrections:?}"))], "", "");
        self.seeds.extend(corrections);
        Ok(())
    }

    /// Teaches three readers with the seeds that `belongs` lets in.
    pub fn teach(&self, plan: Plan, features: &Features, belongs: impl Fn(usize) -> bool) -> [Linear; 3] {
        let mut learners = [
            Learner::new(self.categories.len(), 1.5, 2e-5),
            Learner::new(Danger::ALL.len(), 1.5, 2e-5),
            Learner::new(Form::ALL.len(), 1.0, 2e-5),
        ];
        let mut chance = Chance::new(SEED);
        let mut order: Vec<usize> = (0..self.seeds.len()).filter(|i| belongs(*i)).collect();
        for pass in 0..plan.passes {
            chance.shuffle(&mut order);
            for at in &order {
                let seed = &self.seeds[*at];
                let (form, text) = if pass % 4 == 3 { (seed.form, seed.text.clone()) } else { varied(seed, &self.places, &mut chance) };
                let seen = features.of(&features.words(&text));
                let place = |of: usize, n: usize, smooth: f32| {
                    let mut target = vec![smooth / n as f32; n];
                    target[of] += 1.0 - smooth;
                    target
                };
                learners[0].show(&seen, &place(self.class(&seed.category), self.categories.len(), 0.05), 1.0);
                let danger = Danger::ALL.iter().position(|d| *d == seed.danger).unwrap_or(0);
                // A miss costs a life, an alarm a minute.
                learners[1].show(&seen, &place(danger, Danger::ALL.len(), 0.02), if danger > 0 { 1.5 } else { 1.0 });
                let form = Form::ALL.iter().position(|f| *f == form).unwrap_or(0);
                if pass < 6 {
                    learners[2].show(&seen, &place(form, Form::ALL.len(), 0.02), 1.0);
                }
            }
            if pass % 4 == 3 {
                learners.iter_mut().for_each(|l| l.slow_down(0.8));
            }
            if pass * 2 >= plan.passes {
                learners.iter_mut().for_each(Learner::remember);
            }
        }
        learners.map(|learner| learner.learnt())
    }

    /// What models say of seeds they have not seen, fold by fold. No variation of a seed is in its own training.
    pub fn held_back(&self, plan: Plan) -> Vec<Judged> {
        (0..plan.folds).flat_map(|fold| self.fold_held_back(plan, fold)).collect()
    }

    /// What a model says of the seeds of one fold, taught with the others: enough to see which way things go.
    pub fn fold_held_back(&self, plan: Plan, fold: usize) -> Vec<Judged> {
        let features = Features::new(self.concepts.clone(), self.keywords.clone(), plan.families);
        let taught = self.teach(plan, &features, |i| self.fold(i, plan.folds) != fold);
        let judge = |seed: &Seed| {
            let words = features.words(&seed.text);
            let seen = features.of(&words);
            Judged {
                form: seed.form,
                category: self.class(&seed.category),
                danger: seed.danger,
                scores: with_keywords(&features, &words, &self.categories, taught[0].scores(&seen)),
                dangers: taught[1].scores(&seen),
                form_said: softmax(&taught[2].scores(&seen)),
                text: seed.text.clone(),
            }
        };
        self.seeds.iter().enumerate().filter(|(i, _)| self.fold(*i, plan.folds) == fold).map(|(_, seed)| judge(seed)).collect()
    }

    fn fold(&self, seed: usize, folds: usize) -> usize {
        Chance::new(seed as u64).below(folds)
    }

    /// The model of all seeds, calibrated by what `held_back` says.
    pub fn model(&self, plan: Plan, held_back: &[Judged]) -> Model {
        let features = Features::new(self.concepts.clone(), self.keywords.clone(), plan.families);
        let taught = self.teach(plan, &features, |_| true);
        let mut head = Head::new(self.hash.clone(), self.words.clone(), self.categories.clone());
        head.temperature = calibrate(held_back, |j| (&j.scores, j.category));
        let of_dangers = calibrate(held_back, |j| (&j.dangers, Danger::ALL.iter().position(|d| *d == j.danger).unwrap_or(0)));
        (head.ear, head.danger_from) = Ear::tuned(held_back, (head.temperature, of_dangers));
        head.look_below = abstain_below(held_back, head.temperature);
        Model::new(head, taught, features)
    }
}

/// The texts that a model is made from, as they lie in `intelligence/data` and `config`.
pub struct Sources<'a> {
    /// Category code and file of each file of seeds.
    pub seeds: &'a [(String, String)],
    /// `concepts.txt`.
    pub concepts: &'a str,
    /// `keywords.toml`.
    pub keywords: &'a str,
    /// Category codes, all of the taxonomy.
    pub categories: Vec<String>,
    /// Places to put into texts.
    pub places: PlaceNames,
}

impl Sources<'_> {
    /// Reads them.
    ///
    /// # Errors
    /// The first mistake with file and line, or a category that no seed is of.
    pub fn material(self) -> Result<Material, String> {
        let mut seeds = Vec::new();
        for (category, text) in self.seeds {
            if !self.categories.contains(category) {
                return Err(format!("{category}.txt: there is no such category in taxonomy.csv"));
            }
            seeds.extend(seeds::read(category, text)?);
        }
        if let Some(bare) = self.categories.iter().find(|code| !seeds.iter().any(|seed| seed.category == **code)) {
            return Err(format!("no seed is of the category {bare}: write {bare}.txt"));
        }
        let known = |code: &str| self.categories.iter().any(|c| c == code);
        let keywords = Keywords::read(self.keywords, std::path::Path::new("keywords.toml"), known).map_err(|why| why.to_string())?;
        let words = words_hash(self.concepts, self.keywords);
        let hash = data_hash(self.seeds, self.concepts, self.keywords);
        Ok(Material {
            seeds,
            categories: self.categories,
            concepts: Concepts::read(self.concepts)?,
            keywords,
            places: self.places,
            hash,
            words,
        })
    }
}

/// SHA-256 over the texts and the word lists.
fn data_hash(seeds: &[(String, String)], concepts: &str, keywords: &str) -> String {
    let mut hasher = Sha256::new();
    for (category, text) in seeds {
        hasher.update(category.as_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.update(concepts.as_bytes());
    hasher.update(keywords.as_bytes());
    hex::encode(hasher.finalize())
}
