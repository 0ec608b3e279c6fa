//! TIFF of many pages, as scanners and fax machines make it. Browsers do not show it: each page is kept as a PNG.

use super::{Bounds, Page, PageSize, ScanError, guessed_dpi, png, within};
use crate::gray::Gray;
use image::{DynamicImage, ExtendedColorType, GrayImage, RgbImage};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;

fn decoder(path: &Path, bounds: Bounds) -> Result<Decoder<BufReader<File>>, ScanError> {
    let mut limits = Limits::default();
    limits.decoding_buffer_size = (bounds.pixels * 4) as usize;
    limits.intermediate_buffer_size = (bounds.pixels * 4) as usize;
    limits.ifd_value_size = 1 << 20;
    let decoder = Decoder::new(BufReader::new(File::open(path)?)).map_err(|why| ScanError::damaged(1, why))?;
    Ok(decoder.with_limits(limits))
}

/// The pages of a TIFF. A chain of pages that bites its own tail ends at the bound.
pub fn pages(path: &Path, bounds: Bounds) -> Result<Vec<PageSize>, ScanError> {
    let mut decoder = decoder(path, bounds)?;
    let mut pages = Vec::new();
    loop {
        let number = pages.len() as u32 + 1;
        if number > bounds.pages {
            return Err(ScanError::Pages { has: u64::from(number), most: bounds.pages });
        }
        let (width, height) = decoder.dimensions().map_err(|why| ScanError::damaged(number, why))?;
        within(number, u64::from(width), u64::from(height), bounds)?;
        let told = resolution(&mut decoder).filter(|dpi| (60.0..=1200.0).contains(dpi));
        pages.push(PageSize { dpi: told.unwrap_or_else(|| guessed_dpi(u64::from(width), u64::from(height))) });
        if !decoder.more_images() {
            return Ok(pages);
        }
        decoder.next_image().map_err(|why| ScanError::damaged(number + 1, why))?;
    }
}

fn resolution(decoder: &mut Decoder<BufReader<File>>) -> Option<f32> {
    let unit: u16 = decoder.find_tag_unsigned(Tag::ResolutionUnit).ok().flatten().unwrap_or(2);
    let value = match decoder.get_tag(Tag::XResolution).ok()? {
        tiff::decoder::ifd::Value::Rational(above, below) if below > 0 => above as f32 / below as f32,
        _ => return None,
    };
    match unit {
        2 => Some(value),
        3 => Some(value * 2.54),
        _ => None,
    }
}

/// Page `number`.
pub fn page(path: &Path, number: u32, dpi: f32, bounds: Bounds) -> Result<Page, ScanError> {
    let mut decoder = decoder(path, bounds)?;
    let damaged = |why: tiff::TiffError| ScanError::damaged(number, why);
    for _ in 1..number {
        decoder.next_image().map_err(damaged)?;
    }
    let (width, height) = decoder.dimensions().map_err(damaged)?;
    let color = decoder.colortype().map_err(damaged)?;
    let DecodingResult::U8(bytes) = decoder.read_image().map_err(damaged)? else {
        return Err(ScanError::damaged(number, "more than 8 bits a colour"));
    };
    let wrong = || ScanError::damaged(number, "its colours are of a kind that is not read");
    let kept;
    let gray = match color {
        ColorType::Gray(1) => unpack(&bytes, width as usize, height as usize).ok_or_else(wrong)?,
        ColorType::Gray(8) => GrayImage::from_raw(width, height, bytes).ok_or_else(wrong)?.into_raw(),
        ColorType::RGB(8) => {
            let picture = RgbImage::from_raw(width, height, bytes).ok_or_else(wrong)?;
            kept = png(width, height, ExtendedColorType::Rgb8, picture.as_raw())?;
            let gray = Gray::new(width as usize, height as usize, DynamicImage::ImageRgb8(picture).into_luma8().into_raw());
            return Ok(Page { gray, dpi, kept });
        }
        _ => return Err(wrong()),
    };
    kept = png(width, height, ExtendedColorType::L8, &gray)?;
    Ok(Page { gray: Gray::new(width as usize, height as usize, gray), dpi, kept })
}

/// Eight pixels a byte into one. The decoder has already turned "white is zero" around.
fn unpack(bits: &[u8], width: usize, height: usize) -> Option<Vec<u8>> {
    let stride = width.div_ceil(8);
    if bits.len() < stride * height {
        return None;
    }
    let row = |y: usize| (0..width).map(move |x| if bits[y * stride + x / 8] >> (7 - x % 8) & 1 == 1 { 255 } else { 0 });
    Some((0..height).flat_map(row).collect())
}
