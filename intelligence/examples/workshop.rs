//! The workshop of the model, without the program around it: `train`, `eval`, and `try` to see what new texts would change.
//!
//! `cargo run -p daak-intelligence --example workshop -- train | eval [--errors|--accept|--card] | read FILE… | try [FILE…] -- FILE… | near [COUNT]`
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::expect_used)]

use daak_domain::place::Places;
use daak_intelligence::Model;
use daak_intelligence::card::measure_all;
use daak_intelligence::chance::Chance;
use daak_intelligence::near::{Near, Sketch};
use daak_intelligence::noise::{PlaceNames, misread};
use daak_intelligence::report::{errors, judge, measure};
use daak_intelligence::seeds::{self, Seed};
use daak_intelligence::train::{Material, Plan, Sources};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn text(path: &str) -> String {
    std::fs::read_to_string(at(path)).expect(path)
}

/// Texts, word lists and masters, as `daak train` takes them.
fn material(more: &[Seed]) -> Material {
    let taxonomy = text("../config/taxonomy.csv");
    let mut categories: Vec<String> = taxonomy.lines().skip(1).filter_map(|l| l.split(',').next()).map(str::to_owned).collect();
    categories.sort_unstable();
    let seeds: Vec<(String, String)> = categories.iter().map(|c| (c.clone(), text(&format!("data/seeds/{c}.txt")))).collect();
    let places = Places::read(&text("../config/districts.csv"), &text("../config/blocks.csv"), &text("../config/municipalities.csv"))
        .expect("masters");
    let latin = places.districts.values().map(|d| d.name_en.clone()).chain(places.locals.values().map(|l| l.name_en.clone()));
    let names = PlaceNames { latin: latin.collect(), bengali: places.districts.values().map(|d| d.name_bn.clone()).collect() };
    let (concepts, keywords) = (text("data/concepts.txt"), text("../config/keywords.toml"));
    let mut material =
        Sources { seeds: &seeds, concepts: &concepts, keywords: &keywords, categories, places: names }.material().expect("good");
    material.seeds.extend(more.iter().cloned());
    material
}

fn mixed(file: &str) -> Vec<Seed> {
    seeds::read_mixed(&std::fs::read_to_string(file).expect(file)).expect("good")
}

fn show(file: &str, model: &Model) {
    let judged = judge(model, &mixed(file));
    println!("{}", measure(file, model, &judged).table);
    errors(model, &judged).iter().for_each(|line| println!("  {line}"));
}

/// How long a search for texts that say nearly the same takes among so many.
fn near(texts: u64) {
    let material = material(&[]);
    let mut chance = Chance::new(7);
    let mut all = Near::default();
    let dressed = |chance: &mut Chance| {
        let halves = [&material.seeds[chance.below(material.seeds.len())].text, &material.seeds[chance.below(material.seeds.len())].text];
        misread(&halves.map(String::as_str).join(" "), 0.02, chance)
    };
    for key in 0..texts {
        if let Some(sketch) = Sketch::of(&dressed(&mut chance)) {
            all.add(key, sketch);
        }
    }
    let mut took: Vec<std::time::Duration> = (0..2_000)
        .map(|_| {
            let text = dressed(&mut chance);
            let start = std::time::Instant::now();
            let found = Sketch::of(&text).map(|sketch| all.like(&sketch, 0.4, 10));
            std::hint::black_box(found);
            start.elapsed()
        })
        .collect();
    took.sort_unstable();
    println!("{} texts: half {:?}, 99 of 100 {:?}, longest {:?}", all.len(), took[1_000], took[1_980], took[1_999]);
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("train") => {
            let material = material(&[]);
            println!("{} texts", material.seeds.len());
            let held_back = material.held_back(Plan::SHIPPED);
            let model = material.model(Plan::SHIPPED, &held_back);
            println!("{}", measure("held back", &model, &held_back).table);
            let bytes = model.to_bytes();
            std::fs::write(at("model/daak.model"), &bytes).expect("written");
            println!("{} kB, {:?}", bytes.len() / 1024, model.head.ear);
            if args.iter().any(|a| a == "--errors") {
                errors(&model, &held_back).iter().for_each(|line| println!("  {line}"));
            }
        }
        Some("eval") => {
            let model = Model::shipped().expect("whole: build again after `train`");
            let measured =
                measure_all(&model, |file| std::fs::read_to_string(at("data").join(file)).map_err(|why| why.to_string())).expect("read");
            println!("{}", measured.tables());
            match args.get(1).map(String::as_str) {
                Some("--errors") => measured.errors.iter().for_each(|line| println!("  {line}")),
                Some("--accept") => std::fs::write(at("data/accepted.json"), measured.accepted().expect("numbers")).expect("written"),
                Some("--card") => std::fs::write(at("../docs/model-card.md"), measured.card(&model)).expect("written"),
                _ => {
                    let fell = measured.fell(&text("data/accepted.json")).expect("figures");
                    fell.iter().for_each(|line| println!("fell: {line}"));
                    if !fell.is_empty() {
                        return ExitCode::FAILURE;
                    }
                }
            }
        }
        Some("read") => args[1..].iter().for_each(|file| show(file, &Model::shipped().expect("whole"))),
        Some("near") => near(args.get(1).and_then(|n| n.parse().ok()).unwrap_or(1_000_000)),
        Some("try") => {
            let middle = args.iter().position(|a| a == "--").unwrap_or(args.len());
            let more: Vec<Seed> = args[1..middle].iter().flat_map(|file| mixed(file)).collect();
            let material = material(&more);
            let model = material.model(Plan::SHIPPED, &material.fold_held_back(Plan::SHIPPED, 0));
            args[(middle + 1).min(args.len())..].iter().for_each(|file| show(file, &model));
        }
        _ => {
            println!("train | eval [--errors|--accept|--card] | read FILE… | try [FILE…] -- FILE… | near [COUNT]");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
