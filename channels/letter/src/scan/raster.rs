//! JPEG and PNG. The file is kept as it is.

use super::{Bounds, Kept, Kind, Page, PageSize, ScanError, guessed_dpi, within};
use crate::gray::Gray;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use std::io::{BufReader, Cursor};
use std::path::Path;

/// The one page of a picture.
pub fn size(path: &Path, kind: Kind, bounds: Bounds) -> Result<PageSize, ScanError> {
    let reader = ImageReader::with_format(BufReader::new(std::fs::File::open(path)?), format(kind));
    let (width, height) = reader.into_dimensions().map_err(|why| ScanError::damaged(1, why))?;
    let (width, height) = (u64::from(width), u64::from(height));
    within(1, width, height, bounds)?;
    Ok(PageSize { dpi: guessed_dpi(width, height) })
}

fn format(kind: Kind) -> ImageFormat {
    if kind == Kind::Jpeg { ImageFormat::Jpeg } else { ImageFormat::Png }
}

/// The page, upright as the camera says it was held.
pub fn page(path: &Path, kind: Kind, dpi: f32, bounds: Bounds) -> Result<Page, ScanError> {
    let content = std::fs::read(path)?;
    let mut reader = ImageReader::with_format(Cursor::new(&content), format(kind));
    let mut limits = Limits::default();
    limits.max_image_width = Some(bounds.side);
    limits.max_image_height = Some(bounds.side);
    limits.max_alloc = Some(bounds.pixels * 4);
    reader.limits(limits);
    let decoded = || -> image::ImageResult<DynamicImage> {
        let mut decoder = reader.into_decoder()?;
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let mut picture = DynamicImage::from_decoder(decoder)?;
        picture.apply_orientation(orientation);
        Ok(picture)
    };
    let picture = over_white(decoded().map_err(|why| ScanError::damaged(1, why))?);
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let gray = Gray::new(width, height, picture.into_luma8().into_raw());
    let media_type = if kind == Kind::Jpeg { "image/jpeg" } else { "image/png" };
    Ok(Page { gray, dpi, kept: Kept { media_type, content } })
}

/// What is transparent shows the paper.
fn over_white(picture: DynamicImage) -> DynamicImage {
    if !picture.color().has_alpha() {
        return picture;
    }
    let mut pixels = picture.into_rgba8();
    for pixel in pixels.pixels_mut() {
        let alpha = u16::from(pixel.0[3]);
        for channel in &mut pixel.0[..3] {
            *channel = ((u16::from(*channel) * alpha + 255 * (255 - alpha)) / 255) as u8;
        }
        pixel.0[3] = 255;
    }
    DynamicImage::ImageRgba8(pixels)
}
