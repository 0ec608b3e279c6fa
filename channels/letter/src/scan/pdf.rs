//! PDF, by poppler's programs: each page is drawn by a process on a leash.

use super::{Bounds, Page, PageSize, ScanError, png, within};
use crate::gray::Gray;
use crate::process::{Leash, ProcessError, run};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// Looking into the file's structure.
const LOOK: Leash = Leash { time: Duration::from_secs(20), memory_mib: 768, output_mib: 4 };
/// Drawing a page.
const DRAW: Leash = Leash { time: Duration::from_secs(30), memory_mib: 1024, output_mib: 80 };
/// What is drawn rather than scanned, and what is scanned finer, is taken at this.
const MOST_DPI: f32 = 300.0;
/// A scan that is coarser is taken as it is.
const LEAST_DPI: f32 = 72.0;

/// The pages of a PDF.
pub fn pages(path: &Path, bounds: Bounds) -> Result<Vec<PageSize>, ScanError> {
    let path = path.to_string_lossy();
    let last = bounds.pages.to_string();
    let look = |program: &str, more: &[&str]| {
        let arguments: Vec<&str> = more.iter().copied().chain(["-f", "1", "-l", last.as_str(), &*path]).collect();
        run(program, &arguments, None, LOOK).map_err(of_locked)
    };
    let information = look("pdfinfo", &[])?;
    let information = String::from_utf8_lossy(&information.output);
    let sizes = read_sizes(&information, bounds)?;
    let pictures = look("pdfimages", &["-list"]).map(|a| read_resolutions(&String::from_utf8_lossy(&a.output))).unwrap_or_default();
    let page = |(at, (width, height)): (usize, &(f32, f32))| {
        let number = at as u32 + 1;
        let scanned = pictures.get(&number).map_or(MOST_DPI, |dpi| dpi.clamp(LEAST_DPI, MOST_DPI));
        let (inches_wide, inches_high) = (width / 72.0, height / 72.0);
        // A plan on a large sheet is drawn coarser rather than refused.
        let coarse = (bounds.pixels as f32 / (inches_wide * inches_high)).sqrt().min(bounds.side as f32 / inches_wide.max(inches_high));
        let dpi = scanned.min(coarse * 0.99).floor();
        if dpi < 50.0 {
            let pixels = |inches: f32| (inches * LEAST_DPI).min(1e9) as u64;
            within(number, pixels(inches_wide).max(1), pixels(inches_high).max(1), bounds)?;
        }
        Ok(PageSize { dpi: dpi.max(10.0) })
    };
    sizes.iter().enumerate().map(page).collect()
}

fn of_locked(why: ProcessError) -> ScanError {
    match &why {
        ProcessError::Failed(_, said) if said.contains("Incorrect password") => ScanError::Locked,
        _ => ScanError::of_process(1, why),
    }
}

/// Sizes in points out of `pdfinfo -f 1 -l N`.
fn read_sizes(information: &str, bounds: Bounds) -> Result<Vec<(f32, f32)>, ScanError> {
    let field = |name: &str| information.lines().find_map(|l| l.strip_prefix(name)?.trim_start().strip_prefix(':').map(str::trim));
    let count: u64 = field("Pages").and_then(|n| n.parse().ok()).unwrap_or(0);
    if count > u64::from(bounds.pages) {
        return Err(ScanError::Pages { has: count, most: bounds.pages });
    }
    let size = |line: &str| {
        let (_, size) = line.strip_prefix("Page ")?.split_once("size:")?;
        let mut words = size.split_whitespace();
        let (width, height): (f32, f32) = (words.next()?.parse().ok()?, words.nth(1)?.parse().ok()?);
        (width.is_finite() && height.is_finite() && width >= 1.0 && height >= 1.0).then_some((width, height))
    };
    let sizes: Vec<_> = information.lines().filter_map(size).collect();
    if sizes.is_empty() || sizes.len() as u64 != count {
        return Err(ScanError::damaged(1, "the PDF has no pages that can be found"));
    }
    Ok(sizes)
}

/// Resolution of the one picture that a scanned page is, out of `pdfimages -list`. Pages of several pictures are drawn.
fn read_resolutions(list: &str) -> BTreeMap<u32, f32> {
    let mut found: BTreeMap<u32, Option<f32>> = BTreeMap::new();
    for line in list.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (Some(Ok(page)), Some(&"image"), Some(Ok(dpi))) =
            (words.first().map(|w| w.parse::<u32>()), words.get(2), words.get(words.len().saturating_sub(4)).map(|w| w.parse::<f32>()))
        else {
            continue;
        };
        found.entry(page).and_modify(|many| *many = None).or_insert(Some(dpi));
    }
    found.into_iter().filter_map(|(page, dpi)| Some((page, dpi.filter(|d| d.is_finite())?))).collect()
}

/// Draws a page in grey.
pub fn page(path: &Path, number: u32, dpi: f32, bounds: Bounds) -> Result<Page, ScanError> {
    let (at, resolution) = (number.to_string(), format!("{dpi}"));
    let arguments = ["-gray", "-r", &resolution, "-f", &at, "-l", &at, &*path.to_string_lossy()];
    let drawn = run("pdftoppm", &arguments, None, DRAW).map_err(|why| ScanError::of_process(number, why))?;
    let gray = Gray::read_pgm(&drawn.output).ok_or_else(|| ScanError::damaged(number, "it was not drawn"))?;
    within(number, gray.width() as u64, gray.height() as u64, bounds)?;
    let kept = png(gray.width() as u32, gray.height() as u32, image::ExtendedColorType::L8, gray.pixels())?;
    Ok(Page { gray, dpi, kept })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_resolutions_are_read() {
        let bounds = Bounds { pages: 2, ..Bounds::default() };
        let information = "Title: x\nPages:           2\nPage    1 size: 612 x 792 pts (letter)\nPage    1 rot:  0\nPage    2 size: 595.28 x 841.89 pts (A4)\n";
        assert_eq!(read_sizes(information, bounds).expect("read"), vec![(612.0, 792.0), (595.28, 841.89)]);
        assert!(matches!(read_sizes("Pages: 600\n", bounds), Err(ScanError::Pages { has: 600, most: 2 })));
        assert!(read_sizes("Pages: 1\nPage 1 size: nan x inf pts\n", bounds).is_err());
        let list = "page   num  type   width height color comp bpc  enc interp  object ID x-ppi y-ppi size ratio\n\
                    ---\n   1     0 image    1653  2339  gray    1   8  jpeg   no         7  0   200   200  395K  10%\n\
                    2     1 image      50    50  rgb     3   8  image  no         9  0    72    72 1.2K  16%\n\
                    2     2 image      50    50  rgb     3   8  image  no        10  0    72    72 1.2K  16%\n";
        assert_eq!(read_resolutions(list), BTreeMap::from([(1, 200.0)]));
    }
}
