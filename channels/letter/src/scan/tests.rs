use super::*;
use image::{ImageFormat, Rgb, RgbImage};

fn opened(content: &[u8], bounds: Bounds) -> Result<(tempfile::NamedTempFile, Scan), ScanError> {
    // The name lies on purpose.
    let file = tempfile::Builder::new().suffix(".pdf").tempfile().expect("a file");
    std::fs::write(file.path(), content).expect("written");
    let scan = Scan::open(file.path(), bounds)?;
    Ok((file, scan))
}

fn refused(content: &[u8], bounds: Bounds) -> String {
    opened(content, bounds).map(|(_, scan)| scan.page(1).map(drop)).and_then(|page| page).expect_err("refused").to_string()
}

fn picture(format: ImageFormat) -> Vec<u8> {
    let mut content = std::io::Cursor::new(Vec::new());
    RgbImage::from_fn(200, 300, |x, _| Rgb([x as u8; 3])).write_to(&mut content, format).expect("encoded");
    content.into_inner()
}

fn tiff(pages: &[(u32, u32)]) -> Vec<u8> {
    let mut content = std::io::Cursor::new(Vec::new());
    let mut encoder = ::tiff::encoder::TiffEncoder::new(&mut content).expect("begun");
    for &(width, height) in pages {
        let pixels: Vec<u8> = (0..width * height).map(|n| (n % 251) as u8).collect();
        let mut page = encoder.new_image::<::tiff::encoder::colortype::Gray8>(width, height).expect("a page");
        page.resolution(::tiff::tags::ResolutionUnit::Inch, ::tiff::encoder::Rational { n: 204, d: 1 });
        page.write_data(&pixels).expect("written");
    }
    content.into_inner()
}

/// A PDF of so many empty pages, as small as it can be.
fn pdf(pages: usize) -> Vec<u8> {
    let kids: Vec<String> = (0..pages).map(|n| format!("{} 0 R", n + 3)).collect();
    let mut objects = vec!["<</Type/Catalog/Pages 2 0 R>>".to_owned(), format!("<</Type/Pages/Count {pages}/Kids[{}]>>", kids.join(" "))];
    objects.extend((0..pages).map(|_| "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>".to_owned()));
    let (mut file, mut places) = (b"%PDF-1.4\n".to_vec(), Vec::new());
    for (at, object) in objects.iter().enumerate() {
        places.push(file.len());
        file.extend(format!("{} 0 obj{object}endobj\n", at + 1).bytes());
    }
    let table = file.len();
    file.extend(format!("xref\n0 {}\n0000000000 65535 f \n", places.len() + 1).bytes());
    places.iter().for_each(|place| file.extend(format!("{place:010} 00000 n \n").bytes()));
    file.extend(format!("trailer<</Size {}/Root 1 0 R>>\nstartxref\n{table}\n%%EOF", places.len() + 1).bytes());
    file
}

#[test]
fn pictures_are_kept_as_they_came_whatever_their_name_says() {
    for (format, kind) in [(ImageFormat::Jpeg, Kind::Jpeg), (ImageFormat::Png, Kind::Png)] {
        let content = picture(format);
        let (_file, scan) = opened(&content, Bounds::default()).expect("a scan");
        let page = scan.page(1).expect("a page");
        assert_eq!((scan.kind(), scan.pages(), page.gray.width(), page.kept.content == content), (kind, 1, 200, true));
        assert!(scan.page(2).is_err() && scan.page(0).is_err());
    }
}

#[test]
fn a_fax_has_its_pages_and_its_resolution() {
    let (_file, scan) = opened(&tiff(&[(300, 200), (200, 300), (100, 100)]), Bounds::default()).expect("a scan");
    assert_eq!(scan.pages(), 3);
    let page = scan.page(2).expect("the second");
    assert_eq!((page.gray.width(), page.gray.height(), page.dpi.round() as u32, page.kept.media_type), (200, 300, 204, "image/png"));
    assert_eq!(page.gray.pixels()[..3], [0, 1, 2]);
}

#[test]
fn a_pdf_of_600_pages_is_refused_before_a_page_is_drawn() {
    let (_file, scan) = opened(&pdf(2), Bounds::default()).expect("a scan");
    assert_eq!(scan.pages(), 2);
    assert_eq!(scan.page(2).expect("drawn").gray.width(), 2480);
    assert_eq!(refused(&pdf(600), Bounds::default()), "it has 600 pages, at most 300 are read at once: scan it in smaller batches");
}

#[test]
fn a_picture_of_60_000_pixels_is_refused_by_its_header() {
    // Header of a PNG that claims to be 60,000 by 60,000.
    let mut png = picture(ImageFormat::Png);
    png[16..20].copy_from_slice(&60_000u32.to_be_bytes());
    png[20..24].copy_from_slice(&60_000u32.to_be_bytes());
    assert!(
        refused(&png, Bounds::default()).contains("is 60000 by 60000 pixels")
            || refused(&png, Bounds::default()).contains("cannot be read")
    );
    let small = Bounds { side: 100, ..Bounds::default() };
    assert!(refused(&picture(ImageFormat::Jpeg), small).contains("is 200 by 300 pixels, at most 100"));
    assert!(refused(&tiff(&[(300, 20)]), small).contains("is 300 by 20 pixels"));
}

#[test]
fn damage_and_other_kinds_have_a_reason() {
    for (content, said) in [
        (&picture(ImageFormat::Jpeg)[..400], "page 1 cannot be read"),
        (&picture(ImageFormat::Png)[..200], "page 1 cannot be read"),
        (&tiff(&[(300, 200)])[..100], "page 1 cannot be read"),
        (b"%PDF-1.4 and nothing more", "page 1 cannot be read"),
        (b"MZ\x90\0 a program", "this is a program"),
        (b"", "this is an empty file"),
    ] {
        assert!(refused(content, Bounds::default()).contains(said), "{said}: {}", refused(content, Bounds::default()));
    }
    assert!(refused(&picture(ImageFormat::Png), Bounds { bytes: 10, ..Bounds::default() }).contains("at most 10 are read"));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]
    #[test]
    fn damaged_files_are_read_or_refused(kind in 0usize..3, at in 0usize..4000, byte in proptest::prelude::any::<u8>(), cut in 0usize..6000) {
        let mut content = match kind { 0 => picture(ImageFormat::Jpeg), 1 => picture(ImageFormat::Png), _ => tiff(&[(40, 50), (50, 40)]) };
        let at = at % content.len();
        content[at] = byte;
        content.truncate(content.len().saturating_sub(cut).max(1));
        if let Ok((_file, scan)) = opened(&content, Bounds { pixels: 1_000_000, ..Bounds::default() }) {
            for number in 1..=scan.pages().min(3) {
                let _ = scan.page(number);
            }
        }
    }
}
