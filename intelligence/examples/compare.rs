//! Compares ways to read: prints a row for each choice of features, on seeds held back and on statements of another hand.
#![allow(clippy::print_stdout, clippy::expect_used)]

use daak_domain::place::Places;
use daak_intelligence::evaluate::{Ear, Judged, Share, calibrate, calibration_error, macro_f1};
use daak_intelligence::features::{Families, Features};
use daak_intelligence::noise::PlaceNames;
use daak_intelligence::report::{errors as report_errors, judge, measure};
use daak_intelligence::seeds::{self, Danger, Form, Seed};
use daak_intelligence::train::{Material, Plan, Sources};
use std::path::Path;

fn text(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path)
}

fn material() -> Material {
    let taxonomy = text("../config/taxonomy.csv");
    let mut categories: Vec<String> = taxonomy.lines().skip(1).filter_map(|l| l.split(',').next()).map(str::to_owned).collect();
    categories.sort_unstable();
    let seeds: Vec<(String, String)> = categories.iter().map(|c| (c.clone(), text(&format!("data/seeds/{c}.txt")))).collect();
    let places = Places::read(&text("../config/districts.csv"), &text("../config/blocks.csv"), &text("../config/municipalities.csv"))
        .expect("masters");
    let latin = places.districts.values().map(|d| d.name_en.clone()).chain(places.locals.values().map(|l| l.name_en.clone()));
    let names = PlaceNames { latin: latin.collect(), bengali: places.districts.values().map(|d| d.name_bn.clone()).collect() };
    let (concepts, keywords) = (text("data/concepts.txt"), text("../config/keywords.toml"));
    Sources { seeds: &seeds, concepts: &concepts, keywords: &keywords, categories, places: names }.material().expect("good")
}

/// The statements that another hand wrote; never taught.
fn statements() -> Vec<Seed> {
    let form = |language: &str, form: &str| match (language, form) {
        ("bn", "latin") => Form::BengaliLatin,
        ("hi", "latin") => Form::HindiLatin,
        ("hi", _) => Form::Hindi,
        ("en", _) => Form::English,
        _ => Form::Bengali,
    };
    let read = |line: &str| {
        let f: Vec<&str> = line.splitn(5, '\t').collect();
        let danger = if f[3] == "yes" { Danger::Medical } else { Danger::None };
        Seed { category: f[2].into(), form: form(f[0], f[1]), danger, text: f[4].into() }
    };
    text("../tests/intelligence/statements.tsv").lines().skip(1).map(read).collect()
}

fn main() {
    let material = material();
    println!("{} seeds", material.seeds.len());
    if std::env::args().nth(1).as_deref() == Some("write") {
        let held_back = material.held_back(Plan::SHIPPED);
        let model = material.model(Plan::SHIPPED, &held_back);
        println!("{}", measure("held back", &model, &held_back).table);
        let bytes = model.to_bytes();
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("model/daak.model"), &bytes).expect("written");
        println!(
            "{} bytes, {:?}",
            bytes.len(),
            (model.head.temperature, model.head.danger_from, model.head.look_below, model.head.ear.temperature, model.head.ear.weight)
        );
        for set in ["statements.txt", "holdout.txt"] {
            let Ok(texts) = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(set)) else { continue };
            let judged = judge(&model, &seeds::read_mixed(&texts).expect("good"));
            println!("{set}\n{}", measure(set, &model, &judged).table);
            report_errors(&model, &judged).iter().for_each(|line| println!("  {line}"));
        }
        println!("---- held back");
        report_errors(&model, &held_back).iter().for_each(|line| println!("  {line}"));
        return;
    }
    let only = Families { folded: false, common: false, concepts: false, keywords: false };
    let all: [(&str, Families); 6] = [
        ("folded", Families { folded: true, ..only }),
        ("common", Families { common: true, ..only }),
        ("folded+common", Families { folded: true, common: true, ..only }),
        ("+concepts", Families { keywords: false, ..Families::ALL }),
        ("+keywords, no concepts", Families { concepts: false, ..Families::ALL }),
        ("all", Families::ALL),
    ];
    let wanted = std::env::args().nth(1);
    let passes = std::env::args().nth(2).and_then(|p| p.parse().ok()).unwrap_or(20);
    for (name, families) in all.into_iter().filter(|(n, _)| wanted.as_deref().is_none_or(|w| w == *n)) {
        let plan = Plan { passes, folds: 4, families };
        let held = material.held_back(plan);
        let (t, ear, from) = report(&format!("{name}: held back"), &held, &material, None);
        let features = Features::new(material.concepts.clone(), material.keywords.clone(), families);
        let taught = material.teach(plan, &features, |_| true);
        let judge = |seed: &Seed| {
            let seen = features.of(&features.words(&seed.text));
            Judged {
                form: seed.form,
                category: material.categories.iter().position(|c| *c == seed.category).expect("known"),
                danger: seed.danger,
                scores: taught[0].scores(&seen),
                dangers: taught[1].scores(&seen),
                form_said: daak_intelligence::linear::softmax(&taught[2].scores(&seen)),
                text: seed.text.clone(),
            }
        };
        let other: Vec<Judged> = statements().iter().map(judge).collect();
        report(&format!("{name}: statements"), &other, &material, Some((t, ear.clone(), from)));
        if let Ok(extra) = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/holdout.txt")) {
            let held_out: Vec<Judged> = seeds::read_mixed(&extra).expect("good").iter().map(judge).collect();
            report(&format!("{name}: holdout"), &held_out, &material, Some((t, ear.clone(), from)));
            if wanted.is_some() {
                errors(&held_out, &material, &ear, from);
            }
        }
        if wanted.is_some() {
            errors(&held, &material, &ear, from);
            println!("---- statements");
            errors(&other, &material, &ear, from);
        }
        println!();
    }
}

fn errors(judged: &[Judged], material: &Material, ear: &Ear, from: f32) {
    for j in judged.iter().filter(|j| j.place() > 0) {
        println!("  {} -> {} [{}] {:?} {}", material.categories[j.category], material.categories[j.said()], j.place(), j.form, j.text);
    }
    for j in judged.iter().filter(|j| (j.danger != Danger::None) != (j.danger_heard(ear) >= from)) {
        println!("  danger {:?} {:.2} {:?} {}", j.danger, j.danger_heard(ear), j.form, j.text);
    }
}

fn report(name: &str, judged: &[Judged], material: &Material, given: Option<(f32, Ear, f32)>) -> (f32, Ear, f32) {
    let (t, ear, from) = given.unwrap_or_else(|| {
        let t = calibrate(judged, |j| (&j.scores, j.category));
        let td = calibrate(judged, |j| (&j.dangers, Danger::ALL.iter().position(|d| *d == j.danger).unwrap_or(0)));
        let (ear, from) = Ear::tuned(judged, (t, td));
        (t, ear, from)
    });
    let pairs: Vec<(usize, usize)> = judged.iter().map(|j| (j.category, j.said())).collect();
    let said: Vec<(f32, bool)> = judged.iter().map(|j| (j.confidence(t), j.place() == 0)).collect();
    println!(
        "{name}: top-1 {} top-3 {} F1 {:.3} ECE {:.3} t {t:.2}",
        Share::of(judged, |j| j.place() == 0),
        Share::of(judged, |j| j.place() < 3),
        macro_f1(&pairs),
        calibration_error(&said)
    );
    let by: Vec<String> = Form::ALL
        .iter()
        .map(|f| {
            let of: Vec<&Judged> = judged.iter().filter(|j| j.form == *f).collect();
            format!("{} {:.1}", f.name(), 100.0 * Share::of(&of, |j| j.place() == 0).is)
        })
        .collect();
    println!("   {}", by.join(" | "));
    let real: Vec<&Judged> = judged.iter().filter(|j| j.danger != Danger::None).collect();
    let alarmed: Vec<&Judged> = judged.iter().filter(|j| j.danger_heard(&ear) >= from).collect();
    println!(
        "   danger from {from:.2} (weight {:.1}): recall {} precision {}",
        ear.weight,
        Share::of(&real, |j| j.danger_heard(&ear) >= from),
        Share::of(&alarmed, |j| j.danger != Danger::None)
    );
    let forms = Share::of(judged, |j| {
        let best = (0..5).max_by(|a, b| j.form_said[*a].total_cmp(&j.form_said[*b])).unwrap_or(0);
        Form::ALL[best] == j.form
    });
    println!("   form {forms}");
    let _ = material;
    (t, ear, from)
}
