use super::*;
use crate::code::Code;
use crate::scan::{Bounds, Scan};
use daak_domain::ticket::Number;
use std::path::Path;

fn fonts() -> Fonts {
    Fonts::load(Path::new("/usr/share/fonts/truetype/noto")).expect("fonts-noto-core is installed")
}

fn scanned(pdf: &[u8]) -> (tempfile::NamedTempFile, Scan) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), pdf).expect("written");
    let scan = Scan::open(file.path(), Bounds::default()).expect("a PDF that poppler reads");
    (file, scan)
}

#[test]
fn a_separator_sheet_is_found_when_it_comes_back_from_the_scanner() {
    let (_file, scan) = scanned(&separator_sheets(&fonts(), 2).expect("made"));
    assert_eq!(scan.pages(), 2);
    let page = scan.page(2).expect("drawn");
    assert_eq!(Code::find(&page.gray, page.dpi), vec![Code::Separator; 2]);
}

#[test]
fn a_reply_has_its_code_and_its_address_in_the_window() {
    let number = Number::from_serial(7);
    let code = format!("https://helpline.example/track?number={}", number.digits());
    let body = "আপনার অভিযোগটি নথিভুক্ত হয়েছে এবং সংশ্লিষ্ট দপ্তরে পাঠানো হয়েছে।\n".repeat(60);
    let letter = Reply {
        from: "সরাসরি মুখ্যমন্ত্রী\nনবান্ন, হাওড়া",
        to: "রহিমা বিবি\nগ্রাম চাঁপাডাঙা\nজেলা হুগলি 712401",
        date: "২৪ নভেম্বর ২০২৬",
        subject: "বিষয়: আপনার অভিযোগ",
        body: &body,
        code: &code,
        number: &number.grouped(),
    };
    let (_file, scan) = scanned(&reply(&fonts(), &letter).expect("made"));
    assert!(scan.pages() >= 2, "a long text goes on");
    let page = scan.page(1).expect("drawn");
    assert_eq!(Code::find(&page.gray, page.dpi), vec![Code::Ticket(number)]);
    let mm = |n: usize| n * 300 * 10 / 254;
    let ink = |rows: std::ops::Range<usize>| rows.flat_map(|y| page.gray.row(y)[mm(20)..mm(105)].iter()).filter(|p| **p < 128).count();
    assert!(ink(mm(50)..mm(75)) > 2_000, "the address stands in the window");
    assert_eq!(ink(mm(40)..mm(50)) + ink(mm(76)..mm(93)), 0, "and nothing else does");
}

#[test]
fn scripts_are_parted_by_fonts_and_words_kept_whole() {
    let fonts = fonts();
    let texts = |line: &str| fonts.runs(line).iter().map(|r| r.text.to_owned()).collect::<Vec<_>>();
    assert_eq!(texts("রাস্তা, road सड़क"), ["রাস্তা, ", "road ", "सड़क"]);
    let lines = wrap(&fonts, 60.0, 12.0, "আমাদের গ্রামের রাস্তা দুই বছর ধরে ভাঙা");
    assert!(lines.len() > 1 && lines.join(" ") == "আমাদের গ্রামের রাস্তা দুই বছর ধরে ভাঙা", "{lines:?}");
}
