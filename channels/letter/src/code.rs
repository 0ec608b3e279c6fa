//! QR codes on paper: the sheet that parts one letter from the next, and the ticket's number on our own replies.

use crate::clean::median;
use crate::gray::Gray;
use daak_domain::ticket::Number;
use qrcodegen::{QrCode, QrCodeEcc};
use rqrr::PreparedImage;

/// What a code of ours says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The next page begins another letter.
    Separator,
    /// The page is about this ticket.
    Ticket(Number),
}

/// The text of a separator sheet's code.
pub const SEPARATOR: &str = "DAAK SEPARATOR 1";
/// Dots per inch at which codes are looked for: a module of a sheet's code is then a dozen dots.
const LOOK_DPI: f32 = 100.0;

impl Code {
    /// What a code's text says, if it is one of ours. A ticket's code is an address that ends in `number=` and the number.
    pub fn read(text: &str) -> Option<Self> {
        if text == SEPARATOR {
            return Some(Self::Separator);
        }
        let (_, number) = text.rsplit_once("number=")?;
        Number::parse(number.split('&').next()?).ok().map(Self::Ticket)
    }

    /// The codes on a page, in any direction.
    pub fn find(page: &Gray, dpi: f32) -> Vec<Self> {
        let small = page.reduced(((dpi / LOOK_DPI).round() as usize).max(1));
        // A speck in a finder pattern hides it; where there is none, smoothing would spoil a small code.
        let found = codes(&small);
        if found.is_empty() { codes(&median(&small)) } else { found }
    }
}

fn codes(page: &Gray) -> Vec<Code> {
    let (width, height) = (page.width(), page.height());
    if width < 21 || height < 21 {
        return Vec::new();
    }
    let mut prepared = PreparedImage::prepare_from_greyscale(width, height, |x, y| page.row(y)[x]);
    prepared.detect_grids().iter().filter_map(|grid| Code::read(&grid.decode().ok()?.1)).collect()
}

/// The dark modules of a code, as columns and rows; and how many there are a side.
///
/// # Errors
/// A text longer than a code can hold.
pub fn modules(text: &str) -> Result<(Vec<(i32, i32)>, i32), qrcodegen::DataTooLong> {
    let code = QrCode::encode_text(text, QrCodeEcc::High)?;
    let size = code.size();
    let all = (0..size).flat_map(|y| (0..size).map(move |x| (x, y)));
    Ok((all.filter(|&(x, y)| code.get_module(x, y)).collect(), size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A page of 100 dpi with a code turned by `degrees`, on paper with a shadow and specks.
    fn page(text: &str, module: f32, degrees: f32, seed: u32) -> Gray {
        let (dark, size) = modules(text).expect("it fits");
        let (sin, cos) = degrees.to_radians().sin_cos();
        let pixels = (0..827 * 1169u32).map(|n| {
            let (x, y) = ((n % 827) as f32 - 400.0, (n / 827) as f32 - 500.0);
            let half = size as f32 / 2.0;
            let (column, row) = ((x * cos + y * sin) / module + half, (y * cos - x * sin) / module + half);
            let on = column >= 0.0 && row >= 0.0 && dark.contains(&(column as i32, row as i32));
            let speck = n.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 26 == 0;
            let paper = 240 - (n % 827 / 8) as u8;
            if on {
                paper / 4
            } else if speck {
                paper / 2
            } else {
                paper
            }
        });
        Gray::new(827, 1169, pixels.collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn a_separator_is_found_however_it_lies(degrees in 0f32..360.0, seed in any::<u32>()) {
            prop_assert_eq!(Code::find(&page(SEPARATOR, 11.0, degrees, seed), 100.0), vec![Code::Separator]);
        }

        #[test]
        fn no_text_of_others_means_anything(text in "\\PC{0,40}") {
            prop_assume!(text != SEPARATOR && !text.contains("number="));
            prop_assert_eq!(Code::read(&text), None);
        }
    }

    #[test]
    fn a_reply_s_code_names_its_ticket() {
        let number = Number::from_serial(42);
        let text = format!("https://helpline.example/track?number={}", number.digits());
        assert_eq!(Code::find(&page(&text, 7.0, 3.0, 1), 100.0), vec![Code::Ticket(number)]);
        assert_eq!(Code::read("https://helpline.example/track?number=1234567890123"), None);
    }

    #[test]
    fn a_page_without_a_code_has_none() {
        assert!(Code::find(&Gray::white(10, 10), 300.0).is_empty());
        assert!(
            Code::find(&Gray::new(400, 400, (0..160_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()), 100.0)
                .is_empty()
        );
    }
}
