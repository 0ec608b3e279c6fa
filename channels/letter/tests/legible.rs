//! Letters whose text is known are read from spoiled pages by the real engine, within bounds of character error.

mod typeset;

use daak_letter::Tesseract;
use daak_letter::offers::Field;
use daak_letter::reader::read_page;
use daak_letter::reading::Reading;
use std::time::Duration;

fn read(language: &str, case: &str) -> (f64, Reading) {
    let (_, _, text) = typeset::LETTERS.into_iter().find(|(l, ..)| *l == language).expect("a letter");
    let (page, dpi) = typeset::case(text, case);
    let page = read_page(&Tesseract::default(), &page, dpi).expect("tesseract is installed").expect("something is written");
    let reading = Reading::of(vec![page]);
    (typeset::cer(text, &reading.text()), reading)
}

/// What plain Tesseract loses altogether.
#[test]
fn bengali_survives_five_degrees_of_skew() {
    let (cer, reading) = read("bn", "skew 5°");
    assert!(cer <= 2.5, "{cer:.1} %\n{}", reading.text());
    assert!(reading.confidence >= daak_letter::USUAL_TRUST, "{}", reading.confidence);
    assert!((reading.pages[0].skew - 5.0).abs() < 0.3);
    let offered = |field: Field| reading.offers.iter().find(|o| o.field == field).map(|o| o.value.as_str());
    assert_eq!(offered(Field::Phone), Some("+919830012345"));
    assert_eq!(offered(Field::District), Some("হুগলি"));
}

#[test]
fn hindi_survives_a_photograph_in_shadow() {
    let (cer, reading) = read("hi", "photograph");
    assert!(cer <= 4.0, "{cer:.1} %\n{}", reading.text());
}

#[test]
fn bengali_survives_a_fax() {
    let (cer, reading) = read("bn", "fax, 150 dpi, specks");
    assert!(cer <= 5.0, "{cer:.1} %\n{}", reading.text());
}

#[test]
fn two_columns_are_read_one_after_the_other_and_a_page_on_its_side_is_turned() {
    let (cer, reading) = read("en", "two columns, skew 5°");
    assert!(cer <= 2.5, "{cer:.1} %\n{}", reading.text());
    let (cer, reading) = read("en", "on its side, 200 dpi");
    assert!(cer <= 2.5, "{cer:.1} %\n{}", reading.text());
    let word = reading.pages[0].words.iter().find(|w| w.text == "Subject:").expect("the word is found");
    assert!(word.place[3] > word.place[2], "in the kept picture it runs upwards or downwards: {:?}", word.place);
}

#[test]
fn what_is_no_writing_is_not_believed() {
    let (page, _) = typeset::case("", "straight, 300 dpi");
    assert!(read_page(&Tesseract::default(), &page, 300.0).expect("tesseract is installed").is_none(), "a blank page");
    let engine = Tesseract { limit: Duration::from_secs(12), ..Tesseract::default() };
    let scrawl = typeset::skewed(&typeset::scanned(&typeset::pdf(typeset::LETTERS[0].2, false)), 40.0);
    let reading = Reading::of(vec![read_page(&engine, &scrawl, 300.0).expect("in time").expect("ink")]);
    assert!(reading.confidence < daak_letter::USUAL_TRUST, "{}: {}", reading.confidence, reading.text());
}
