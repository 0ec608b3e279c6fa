//! A scanner lays a batch into the inbox of the running program: each letter becomes a ticket with its pages and its text,
//! whatever cannot be read is held with the reason, and a power cut loses and doubles nothing.

#[path = "../channels/letter/tests/typeset/mod.rs"]
mod typeset;

use daak_letter::gray::Gray;
use daak_testkit::program::{Program, eventually};
use image::{ExtendedColorType, ImageEncoder};
use serde_json::{Value, json};
use std::path::Path;

const DAAK: &str = env!("CARGO_BIN_EXE_daak");
const SETTINGS: &str =
    "[voice]\nenabled = false\n\n[speech]\nmodel = \"/nonexistent\"\n\n[letters]\ninbox = \"{home}/scans\"\nrests_s = 1\npages = 20\n";

fn get(program: &Program, token: &str, path: &str) -> Value {
    let (status, body) = program.ask("GET", path, token, "");
    assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).expect("JSON")
}

/// A batch as scanners make it: a TIFF of many pages.
fn batch(file: &Path, pages: &[Gray]) {
    let mut content = std::io::BufWriter::new(std::fs::File::create(file).expect("created"));
    let mut encoder = tiff::encoder::TiffEncoder::new(&mut content).expect("begun");
    for page in pages {
        let (width, height) = (page.width() as u32, page.height() as u32);
        let mut image = encoder.new_image::<tiff::encoder::colortype::Gray8>(width, height).expect("a page");
        image.resolution(tiff::tags::ResolutionUnit::Inch, tiff::encoder::Rational { n: 200, d: 1 });
        image.write_data(page.pixels()).expect("written");
    }
}

fn page(text: &str) -> Gray {
    typeset::at_dpi(&typeset::scanned(&typeset::pdf(text, false)), 200.0)
}

fn letters(program: &Program, token: &str, wanted: usize) -> Vec<Value> {
    let tickets = eventually("the letters have tickets", 120, || {
        let items = get(program, token, "/api/v1/tickets?channel=letter&limit=50")["items"].as_array().cloned().unwrap_or_default();
        (items.len() >= wanted).then_some(items)
    });
    tickets.iter().map(|t| get(program, token, &format!("/api/v1/tickets/{}", t["number"].as_str().expect("a number")))).collect()
}

#[test]
fn a_batch_becomes_tickets_and_what_cannot_be_read_is_held() {
    let program = Program::start(DAAK, SETTINGS);
    let token = program.run(&["token", "create", "--role", "processor", "--name", "test"], "").trim().to_owned();
    let inbox = program.home().join("scans");
    let sheets = program.home().join("sheets.pdf");
    program.run(&["letter", "sheets", "--count", "1", "--out", &sheets.display().to_string()], "");
    let sheet = typeset::at_dpi(&typeset::scanned(&std::fs::read(&sheets).expect("made")), 200.0);
    let (bengali, english) = (typeset::LETTERS[0].2, typeset::LETTERS[2].2);
    let blank = Gray::white(1654, 2339);
    let pages = [sheet.clone(), page(bengali), typeset::skewed(&sheet, 3.0), blank, typeset::skewed(&page(english), 2.0), page(english)];
    batch(&program.home().join("batch.tif"), &pages);
    std::fs::rename(program.home().join("batch.tif"), inbox.join("Monday's batch.pdf")).expect("moved");
    std::fs::write(inbox.join("locked.pdf"), include_bytes!("../channels/letter/golden/locked.pdf")).expect("written");
    std::fs::write(inbox.join("letter.pdf"), b"MZ\x90\0 not a letter").expect("written");

    let tickets = letters(&program, &token, 2);
    assert_eq!(tickets.len(), 2);
    for (text, pages, words) in [(bengali, 1, "রাস্তা"), (english, 2, "ambulance")] {
        let contacts = || tickets.iter().map(|t| &t["contacts"][0]);
        let contact = contacts().find(|c| c["text"].as_str().is_some_and(|t| t.contains(words))).expect("its text");
        let read = contact["text"].as_str().unwrap_or_default();
        let truth = text.repeat(pages);
        assert!(typeset::cer(&truth, read) < 3.0, "{read}");
        let files = contact["attachments"].as_array().expect("files");
        let of = |role: &str| files.iter().filter(|f| f["role"] == role).collect::<Vec<_>>();
        assert_eq!((of("document").len(), of("reading").len()), (pages, 1));
        let (status, png) = program.ask("GET", of("document")[0]["url"].as_str().expect("a url"), &token, "");
        assert!(status == 200 && png.starts_with(b"\x89PNG"), "each page is kept");
        let reading = get(&program, &token, of("reading")[0]["url"].as_str().expect("a url"));
        assert_eq!(reading["pages"].as_array().map(Vec::len), Some(pages));
        assert!(reading["offers"].as_array().is_some_and(|o| o.iter().any(|o| o["field"] == "phone")), "{}", reading["offers"]);
    }
    let held = eventually("both are held", 60, || {
        let held = get(&program, &token, "/api/v1/held")["items"].as_array().cloned().unwrap_or_default();
        (held.len() == 2).then_some(held)
    });
    let reasons = held.iter().filter_map(|h| h["reason"].as_str()).collect::<Vec<_>>().join(" | ");
    assert!(reasons.contains("locked with a password") && reasons.contains("this is a program"), "{reasons}");
    let (status, released) = program.ask("POST", &format!("/api/v1/held/{}/release", held[0]["id"]), &token, "{}");
    assert_eq!(status, 201, "{}", String::from_utf8_lossy(&released));
    assert_eq!(std::fs::read_dir(inbox.join("work")).expect("there").count(), 1, "the lock only");
    assert_eq!(std::fs::read_dir(inbox.join("done")).expect("there").count(), 1);
}

#[test]
fn a_power_cut_at_any_instant_loses_and_doubles_nothing() {
    let mut program = Program::start(DAAK, SETTINGS);
    let token = program.run(&["token", "create", "--role", "processor", "--name", "test"], "").trim().to_owned();
    let inbox = program.home().join("scans");
    let sheet = typeset::at_dpi(&typeset::scanned(&daak_sheet(&program)), 200.0);
    let mut pages = Vec::new();
    for n in 0..6 {
        pages.extend([sheet.clone(), page(&format!("To the Chief Minister\n\nLetter number {n} about the broken road near the school."))]);
    }
    batch(&program.home().join("batch.tif"), &pages);
    std::fs::rename(program.home().join("batch.tif"), inbox.join("batch.tif")).expect("moved");
    let mut seen = 0;
    for cut in 0..4 {
        // Each cut comes when one more letter has its ticket: in the midst of the batch.
        eventually("the next letter is taken in", 120, || {
            let items = get(&program, &token, "/api/v1/tickets?channel=letter&limit=50")["items"].as_array().map_or(0, Vec::len);
            (items > seen || items == 6).then(|| seen = items)
        });
        assert!(seen <= 6, "cut {cut}");
        program.kill_and_restart();
    }
    assert_eq!(letters(&program, &token, 6).len(), 6);
    eventually("the batch is done", 120, || (std::fs::read_dir(inbox.join("done")).ok()?.count() == 1).then_some(()));
    assert_eq!(letters(&program, &token, 6).len(), 6, "none twice");
}

fn daak_sheet(program: &Program) -> Vec<u8> {
    let file = program.home().join("sheet.pdf");
    program.run(&["letter", "sheets", "--count", "1", "--out", &file.display().to_string()], "");
    std::fs::read(file).expect("made")
}

#[test]
fn scans_are_uploaded_and_imported() {
    let program = Program::start(DAAK, SETTINGS);
    let token = program.run(&["token", "create", "--role", "processor", "--name", "test"], "").trim().to_owned();
    let page = page(typeset::LETTERS[1].2);
    let mut png = Vec::new();
    let encoder = image::codecs::png::PngEncoder::new(&mut png);
    encoder.write_image(page.pixels(), page.width() as u32, page.height() as u32, ExtendedColorType::L8).expect("encoded");
    let file = program.home().join("letter.png");
    std::fs::write(&file, &png).expect("written");
    let said = program.run(&["import", "pdf", &file.display().to_string()], "");
    assert!(said.contains(": opened "), "{said}");
    let again = program.run(&["import", "pdf", &file.display().to_string()], "");
    assert!(again.contains("was taken in before"), "{again}");
    let ticket = letters(&program, &token, 1).remove(0);
    assert_eq!((&ticket["language"], &ticket["contacts"][0]["kind"]), (&json!("hi"), &json!("written")));
    let (status, answer) = program.ask("POST", "/api/v1/letters?name=..%2F..%2Fx", &token, "no scan at all");
    assert_eq!(status, 202, "{}", String::from_utf8_lossy(&answer));
    eventually("it is held", 60, || (get(&program, &token, "/api/v1/held")["items"].as_array()?.len() == 1).then_some(()));
}
