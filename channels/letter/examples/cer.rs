//! How well letters are read, beside Tesseract alone, and what it costs. Prints a table and writes
//! `target/bench/letters.json`: `cargo run --release -p daak-letter --example cer`. With an argument only the cases
//! of that name are read, and what was read is printed.

#[path = "../tests/typeset/mod.rs"]
mod typeset;

use daak_letter::Tesseract;
use daak_letter::gray::Gray;
use daak_letter::process::{Leash, run};
use daak_letter::reader::read_page;
use std::time::{Duration, Instant};

#[allow(clippy::print_stdout)]
fn main() {
    let engine = Tesseract { limit: Duration::from_secs(60), ..Tesseract::default() };
    let wanted = std::env::args().nth(1);
    let (mut rows, mut total) = (Vec::new(), [0.0f64; 2]);
    println!("{:<24} {:>4}  {:>9} {:>7}  {:>9} {:>7}  {:>5}", "page", "", "alone CER", "s", "ours CER", "s", "sure");
    for (language, models, text) in typeset::LETTERS {
        for name in typeset::CASES.into_iter().filter(|name| wanted.as_ref().is_none_or(|wanted| wanted == name)) {
            let (page, dpi) = typeset::case(text, name);
            let begun = Instant::now();
            let alone = alone(&page, dpi, models);
            let alone_s = begun.elapsed().as_secs_f64();
            let begun = Instant::now();
            let reading = read_page(&engine, &page, dpi).ok().flatten();
            let ours_s = begun.elapsed().as_secs_f64();
            let sure = reading.as_ref().map_or(0.0, |r| r.confidence);
            let ours = reading.map(|r| r.text()).unwrap_or_default();
            if wanted.is_some() {
                println!("{ours}\n");
            }
            let (alone, ours) = (typeset::cer(text, &alone), typeset::cer(text, &ours));
            println!("{name:<24} {language:>4}  {alone:>8.1}% {alone_s:>7.2}  {ours:>8.1}% {ours_s:>7.2}  {sure:>5.0}");
            total[0] += alone_s;
            total[1] += ours_s;
            rows.push(serde_json::json!({ "page": name, "language": language, "alone_cer": alone, "alone_s": alone_s, "cer": ours, "s": ours_s, "confidence": sure }));
        }
    }
    println!("time: {:.2} of Tesseract alone ({:.1} s against {:.1} s)", total[1] / total[0], total[1], total[0]);
    if wanted.is_some() {
        return;
    }
    let folder = std::path::Path::new("target/bench");
    let report = serde_json::json!({ "rows": rows, "cost": total[1] / total[0] });
    if std::fs::create_dir_all(folder).and_then(|()| std::fs::write(folder.join("letters.json"), format!("{report:#}\n"))).is_err() {
        println!("target/bench/letters.json was not written");
    }
}

/// Tesseract alone, told the right language.
fn alone(page: &Gray, dpi: f32, models: &str) -> String {
    let leash = Leash { time: Duration::from_secs(60), memory_mib: 2048, output_mib: 16 };
    let dpi = format!("{dpi:.0}");
    let read = run("tesseract", &["stdin", "stdout", "-l", models, "--dpi", &dpi], Some(&page.to_pgm()), leash);
    read.map(|answer| String::from_utf8_lossy(&answer.output).into_owned()).unwrap_or_default()
}
