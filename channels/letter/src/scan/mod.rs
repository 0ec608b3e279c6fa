//! What lies in the inbox: a file of one or more pages, known by its content and never by its name.

mod kind;
mod pdf;
mod raster;
mod tiff;

pub use kind::Kind;

use crate::gray::Gray;
use crate::process::ProcessError;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What a scan may be at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of a file.
    pub bytes: u64,
    /// Pages of a file.
    pub pages: u32,
    /// Pixels of a page.
    pub pixels: u64,
    /// Pixels along one side.
    pub side: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { bytes: 200 << 20, pages: 300, pixels: 64_000_000, side: 20_000 }
    }
}

/// A file that was looked at and can be taken page by page.
#[derive(Debug, Clone)]
pub struct Scan {
    path: PathBuf,
    hash: String,
    kind: Kind,
    pages: Vec<PageSize>,
    bounds: Bounds,
}

/// What is known of a page before it is taken.
#[derive(Debug, Clone, Copy, PartialEq)]
struct PageSize {
    /// Dots per inch at which it is taken.
    dpi: f32,
}

/// A page as scanned.
pub struct Page {
    /// Its brightness.
    pub gray: Gray,
    /// Dots per inch, as told or as guessed from the size of paper.
    pub dpi: f32,
    /// The file to keep, which a browser can show.
    pub kept: Kept,
}

/// A page as it is kept.
pub struct Kept {
    /// `image/png` or `image/jpeg`.
    pub media_type: &'static str,
    /// The file.
    pub content: Vec<u8>,
}

/// Why a scan cannot be read: a sentence for the person who finds it in quarantine.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// It is of a kind that is not read.
    #[error("this is {0}: letters are read from PDF, TIFF, JPEG and PNG")]
    Kind(&'static str),
    /// A password stands before it.
    #[error("the PDF is locked with a password: ask the sender for one without")]
    Locked,
    /// More pages than allowed.
    #[error("it has {has} pages, at most {most} are read at once: scan it in smaller batches")]
    Pages {
        /// What it has.
        has: u64,
        /// The bound.
        most: u32,
    },
    /// A picture larger than any letter.
    #[error("page {page} is {width} by {height} pixels, at most {side} a side and {pixels} in all are read: scan it at 300 dpi")]
    Size {
        /// Which page, from 1.
        page: u32,
        /// Its width.
        width: u64,
        /// Its height.
        height: u64,
        /// The bound of a side.
        side: u32,
        /// The bound of the area.
        pixels: u64,
    },
    /// The file is too large.
    #[error("it has {has} bytes, at most {most} are read")]
    Bytes {
        /// What it has.
        has: u64,
        /// The bound.
        most: u64,
    },
    /// It is broken.
    #[error("page {page} cannot be read ({why}): scan it again")]
    Damaged {
        /// Which page, from 1.
        page: u32,
        /// The decoder's word.
        why: String,
    },
    /// The machine cannot do it now; the scan is not at fault.
    #[error("it cannot be read right now: {0}")]
    Unavailable(String),
}

impl ScanError {
    fn damaged(page: u32, why: impl std::fmt::Display) -> Self {
        Self::Damaged { page, why: why.to_string().chars().filter(|c| !c.is_control()).take(160).collect() }
    }

    /// What a program's end says of the page that it was given.
    fn of_process(page: u32, why: ProcessError) -> Self {
        match why {
            ProcessError::Absent(_) | ProcessError::System(_) => Self::Unavailable(why.to_string()),
            ProcessError::Late(_) | ProcessError::Failed(..) => Self::damaged(page, why),
        }
    }
}

impl From<std::io::Error> for ScanError {
    fn from(why: std::io::Error) -> Self {
        Self::Unavailable(why.to_string())
    }
}

impl Scan {
    /// Looks at a file: what it is, its pages and their sizes. Nothing is decoded yet.
    ///
    /// # Errors
    /// [`ScanError`]; only [`ScanError::Unavailable`] may pass by itself.
    pub fn open(path: &Path, bounds: Bounds) -> Result<Self, ScanError> {
        let (hash, head) = fingerprint(path, bounds)?;
        let kind = Kind::of(&head)?;
        let pages = match kind {
            Kind::Pdf => pdf::pages(path, bounds)?,
            Kind::Tiff => tiff::pages(path, bounds)?,
            Kind::Jpeg | Kind::Png => vec![raster::size(path, kind, bounds)?],
        };
        Ok(Self { path: path.to_owned(), hash, kind, pages, bounds })
    }

    /// SHA-256 of the content, by which the file is known for ever.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How many pages it has.
    pub fn pages(&self) -> u32 {
        self.pages.len() as u32
    }

    /// Takes page `number`, from 1.
    ///
    /// # Errors
    /// [`ScanError`].
    pub fn page(&self, number: u32) -> Result<Page, ScanError> {
        let size = self.pages.get((number as usize).wrapping_sub(1)).ok_or_else(|| ScanError::damaged(number, "there is no such page"))?;
        match self.kind {
            Kind::Pdf => pdf::page(&self.path, number, size.dpi, self.bounds),
            Kind::Tiff => tiff::page(&self.path, number, size.dpi, self.bounds),
            Kind::Jpeg | Kind::Png => raster::page(&self.path, self.kind, size.dpi, self.bounds),
        }
    }
}

/// Hash and first bytes of a file.
fn fingerprint(path: &Path, bounds: Bounds) -> Result<(String, Vec<u8>), ScanError> {
    let mut file = File::open(path)?;
    let has = file.metadata()?.len();
    if has > bounds.bytes {
        return Err(ScanError::Bytes { has, most: bounds.bytes });
    }
    let (mut hash, mut head, mut buffer) = (Sha256::new(), Vec::new(), vec![0; 1 << 16]);
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok((hex::encode(hash.finalize()), head));
        }
        if head.is_empty() {
            head.extend_from_slice(&buffer[..count.min(2048)]);
        }
        hash.update(&buffer[..count]);
    }
}

/// Refuses what is larger than any letter.
fn within(page: u32, width: u64, height: u64, bounds: Bounds) -> Result<(), ScanError> {
    let fits = width > 0 && height > 0 && width.max(height) <= u64::from(bounds.side) && width.saturating_mul(height) <= bounds.pixels;
    if fits { Ok(()) } else { Err(ScanError::Size { page, width, height, side: bounds.side, pixels: bounds.pixels }) }
}

/// Dots per inch of a picture that does not say: as if its longer side were that of A4.
fn guessed_dpi(width: u64, height: u64) -> f32 {
    const A4_INCHES: f32 = 11.69;
    (width.max(height) as f32 / A4_INCHES).clamp(60.0, 1200.0)
}

/// A page as a PNG, lossless and quickly made.
fn png(width: u32, height: u32, color: image::ExtendedColorType, pixels: &[u8]) -> Result<Kept, ScanError> {
    use image::ImageEncoder;
    use image::codecs::png::{CompressionType, FilterType, PngEncoder};
    let mut content = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut content, CompressionType::Fast, FilterType::Up);
    encoder.write_image(pixels, width, height, color).map_err(|why| ScanError::Unavailable(why.to_string()))?;
    Ok(Kept { media_type: "image/png", content })
}

#[cfg(test)]
mod tests;
