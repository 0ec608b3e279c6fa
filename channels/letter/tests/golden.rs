//! Golden cases: in `golden/` a scan lies beside the contact that it becomes, with the text that it truly says: the reading may
//! differ by 5 %. DAAK_WRITE_GOLDEN=1 makes both anew, and the text must then be put right by hand.

mod typeset;

use daak_domain::contact::{Contact, Outcome};
use daak_letter::gray::Gray;
use daak_letter::{Bounds, PostRoom, Reader, ReaderSettings, Taken, Tesseract, USUAL_TRUST};
use daak_testkit::note_taker::{NoteTaker, Shelf};
use jiff::Timestamp;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

fn room(door: &Arc<NoteTaker>) -> PostRoom {
    let settings = ReaderSettings { workers: 1, engine: Tesseract { limit: Duration::from_secs(12), ..Tesseract::default() } };
    let reader = Reader::start(settings, Arc::new(Shelf::default())).expect("threads");
    PostRoom::new(reader, door.clone(), Arc::new(Shelf::default()), Bounds::default(), USUAL_TRUST)
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name)
}

/// The cases: the file, and how it is made.
type Case = (&'static str, fn() -> Gray);

const CASES: [Case; 3] = [("crooked-fax.bn.png", crooked_fax), ("shadow.hi.jpg", shadow), ("scrawl.jpg", scrawl)];

fn flat(letter: usize) -> Gray {
    typeset::scanned(&typeset::pdf(typeset::LETTERS[letter].2, false))
}

/// A photograph in a shadow.
fn shadow() -> Gray {
    typeset::shadowed(&typeset::at_dpi(&typeset::skewed(&flat(1), -3.0), 170.0), 0.6)
}

/// Black and white and crooked.
fn crooked_fax() -> Gray {
    let page = typeset::at_dpi(&typeset::skewed(&flat(0), 5.0), 150.0);
    Gray::new(page.width(), page.height(), page.pixels().iter().map(|p| if *p < 140 { 0 } else { 255 }).collect())
}

/// Loops and strokes that no engine reads, as handwriting is none.
fn scrawl() -> Gray {
    let (width, height) = (900, 1270);
    let mut page = Gray::white(width, height);
    for line in 0..14u32 {
        for step in 0..4200u32 {
            let at = step as f32 / 100.0;
            let x = 80.0 + at * 17.0 + (at * 5.1 + line as f32).sin() * 9.0;
            let y = 120.0 + line as f32 * 75.0 + (at * 3.7).sin() * 14.0 + (at * 1.3 + line as f32 * 2.0).cos() * 9.0;
            for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                page.row_mut((y as usize + dy).min(height - 1))[(x as usize + dx).min(width - 1)] = 60;
            }
        }
    }
    page
}

fn write(file: &Path, page: &Gray) {
    let picture = image::GrayImage::from_raw(page.width() as u32, page.height() as u32, page.pixels().to_vec()).expect("its size");
    picture.save(file).expect("written");
}

/// The contact as it is kept, without what changes with the engine's version or the day.
fn shown(contact: &Contact) -> Value {
    let mut value = serde_json::to_value(contact).expect("JSON");
    value["received_at"] = Value::Null;
    for file in value["attachments"].as_array_mut().into_iter().flatten().filter(|f| f["role"] == "reading") {
        (file["blob"], file["size"]) = (Value::Null, Value::Null);
    }
    // Names are read with a slip now and then; digits and the label's own word are not.
    if let Some(facts) = value["facts"].as_object_mut() {
        facts.retain(|name, _| matches!(name.as_str(), "offered_phone" | "offered_district" | "pages"));
    }
    value
}

/// The statement's text, taken out to be compared by its errors.
fn text_of(value: &mut Value) -> String {
    let text = |key: &str, value: &mut Value| value["statement"][key].as_str().map(ToOwned::to_owned);
    let found = text("text", value).or_else(|| text("draft", value)).unwrap_or_default();
    for key in ["text", "draft"] {
        if let Some(statement) = value["statement"].as_object_mut() {
            statement.remove(key);
        }
    }
    found
}

#[tokio::test]
async fn each_scan_becomes_the_contact_beside_it() {
    let write_anew = std::env::var_os("DAAK_WRITE_GOLDEN").is_some();
    for (name, make) in CASES {
        let (file, beside) = (golden(name), golden(&format!("{name}.json")));
        if write_anew {
            write(&file, &make());
        }
        let door = NoteTaker::new();
        let taken = room(&door).take_in(&file, name, Timestamp::now()).await.expect("taken");
        assert!(matches!(&taken, Taken::Letters(receipts) if receipts.len() == 1), "{name}: {taken}");
        let again = room(&door).take_in(&file, "another name", Timestamp::now()).await.expect("taken");
        assert!(matches!(&again, Taken::Letters(receipts) if receipts[0].outcome == Outcome::Repeated), "{name}: {again}");
        let contacts = door.contacts();
        assert_eq!(contacts.len(), 1, "{name}");
        let mut contact = shown(&contacts[0]);
        if write_anew {
            std::fs::write(&beside, format!("{contact:#}\n")).expect("written");
        }
        let mut expected: Value = serde_json::from_slice(&std::fs::read(&beside).expect("a contact beside it")).expect("JSON");
        let (read, known) = (text_of(&mut contact), text_of(&mut expected));
        // What nobody can read is read differently each time.
        if expected["statement"]["kind"] == "written" {
            assert!(typeset::cer(&known, &read) <= 5.0, "{name}: {read}");
        } else {
            contact["language"] = expected["language"].clone();
        }
        assert_eq!(contact, expected, "{name}");
    }
}

#[tokio::test]
async fn a_locked_pdf_is_held_as_it_came() {
    let door = NoteTaker::new();
    let taken = room(&door).take_in(&golden("locked.pdf"), "locked.pdf", Timestamp::now()).await.expect("held");
    assert_eq!(taken, Taken::Held("the PDF is locked with a password: ask the sender for one without".into()));
    let held = door.held();
    let raw = held[0].raw.as_ref().expect("the thing itself");
    assert_eq!((raw.name.as_str(), raw.size), ("locked.pdf", std::fs::metadata(golden("locked.pdf")).expect("there").len()));
}
