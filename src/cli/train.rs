//! `daak train`: makes the model that understands texts, from the texts and word lists of the project.

use super::{Place, say};
use crate::masters::Masters;
use anyhow::Context;
use clap::Args;
use daak_intelligence::card::SETS;
use daak_intelligence::evaluate::Judged;
use daak_intelligence::learn::difference;
use daak_intelligence::model::Model;
use daak_intelligence::noise::PlaceNames;
use daak_intelligence::report::{judge, measure};
use daak_intelligence::seeds;
use daak_intelligence::train::{Material, Plan, Sources};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `daak train`.
#[derive(Debug, Args)]
pub struct Train {
    /// Folder with the texts and word lists
    #[arg(long, value_name = "DIR", default_value = "intelligence/data")]
    texts: PathBuf,
    /// File for the model
    #[arg(long, value_name = "FILE", default_value = "intelligence/model/daak.model")]
    into: PathBuf,
    /// File with corrections by people, one a line (`category form text`), taught beside the texts. The model is written only if it is worse
    /// for no language than the one in this program, on texts that neither was taught; the file before it is kept as `<FILE>.before`
    #[arg(long, value_name = "FILE")]
    with_corrections: Option<PathBuf>,
}

impl Train {
    /// Teaches, calibrates on what was held back, and writes the file.
    ///
    /// # Errors
    /// The first mistake in the texts, with file and line; a file that cannot be read or written.
    pub fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let mut material = material(&self.texts, &place.config()?.data.folder)?;
        if let Some(file) = &self.with_corrections {
            let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
            material.correct(&text).map_err(|why| anyhow::anyhow!("{}: {why}", file.display()))?;
        }
        say(&format!("{} texts of {} categories", material.seeds.len(), material.categories.len()));
        let held_back = material.held_back(Plan::SHIPPED);
        let model = material.model(Plan::SHIPPED, &held_back);
        say(&shown(&model, &held_back));
        if self.with_corrections.is_some() && !self.may_replace(&model)? {
            say("nothing was written: correct the corrections, or write more texts for what would be worse");
            return Ok(ExitCode::FAILURE);
        }
        let bytes = model.to_bytes();
        std::fs::write(&self.into, &bytes).with_context(|| format!("{} cannot be written", self.into.display()))?;
        say(&format!("{} kB in {}, of data {}", bytes.len() / 1024, self.into.display(), &model.head.data[..16]));
        Ok(ExitCode::SUCCESS)
    }
}

impl Train {
    /// Whether a model is worse for nobody than the one in this program; shows the difference, and keeps the file that it would replace.
    fn may_replace(&self, model: &Model) -> anyhow::Result<bool> {
        let running = Model::shipped()?;
        let mut texts = Vec::new();
        for (file, _) in SETS {
            let file = self.texts.join(file);
            let text = std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
            texts.extend(seeds::read_mixed(&text).map_err(|why| anyhow::anyhow!("{}: {why}", file.display()))?);
        }
        let (before, after) = (judge(&running, &texts), judge(model, &texts));
        let found = difference((&running.head, &before), (&model.head, &after));
        say(&found.table);
        found.worse.iter().for_each(|line| say(&format!("worse: {line}")));
        if found.worse.is_empty() && self.into.exists() {
            let mut kept = self.into.clone().into_os_string();
            kept.push(".before");
            std::fs::copy(&self.into, &kept).with_context(|| format!("{} cannot be written", PathBuf::from(kept).display()))?;
        }
        Ok(found.worse.is_empty())
    }
}

fn shown(model: &Model, held_back: &[Judged]) -> String {
    measure("texts held back", model, held_back).table
}

/// Texts, word lists and masters.
pub fn material(texts: &Path, config: &Path) -> anyhow::Result<Material> {
    let masters = Masters::load(config)?;
    let read = |path: PathBuf| std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()));
    let categories: Vec<String> = masters.taxonomy.categories.keys().cloned().collect();
    let seeds = categories.iter().map(|code| Ok((code.clone(), read(texts.join("seeds").join(format!("{code}.txt")))?)));
    let seeds = seeds.collect::<anyhow::Result<Vec<_>>>()?;
    let (concepts, keywords) = (read(texts.join("concepts.txt"))?, read(config.join("keywords.toml"))?);
    let districts = &masters.places.districts;
    let latin = districts.values().map(|d| &d.name_en).chain(masters.places.locals.values().map(|l| &l.name_en));
    let places = PlaceNames { latin: latin.cloned().collect(), bengali: districts.values().map(|d| d.name_bn.clone()).collect() };
    let sources = Sources { seeds: &seeds, concepts: &concepts, keywords: &keywords, categories, places };
    sources.material().map_err(anyhow::Error::msg)
}
