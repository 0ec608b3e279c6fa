//! Reads scans: pages in parallel on a few threads of their own, each page on its own from picture to words.
//!
//! A thread holds one page at a time, and hands pictures to the archive before it takes the next: memory is bounded by the
//! number of threads, whatever lies in the inbox. The threads are niced, and so are the programs that they start.

use crate::clean::clean;
use crate::code::Code;
use crate::gray::Gray;
use crate::process::ProcessError;
use crate::reading::{PageReading, Reading};
use crate::scan::{Page, Scan, ScanError};
use crate::tesseract::{Script, Tesseract};
use daak_domain::contact::{Attachment, AttachmentRole};
use daak_domain::seam::{Archive, Label};
use daak_domain::ticket::Number;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};

/// Reads scans. Dropping it ends its threads after the pages at hand.
pub struct Reader {
    jobs: mpsc::Sender<Job>,
}

/// How scans are read.
#[derive(Debug, Clone)]
pub struct ReaderSettings {
    /// Pages read at once.
    pub workers: usize,
    /// The engine.
    pub engine: Tesseract,
}

/// A letter out of a scan.
#[derive(Debug, Clone, PartialEq)]
pub struct Letter {
    /// Its first page in the scan, from 1.
    pub first: u32,
    /// Its last page in the scan.
    pub last: u32,
    /// Its pages, as they are kept.
    pub pages: Vec<Attachment>,
    /// What was read.
    pub reading: Reading,
    /// The ticket whose code one of its pages bears.
    pub about: Option<Number>,
}

/// Why a scan was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The scan is at fault: a person must look.
    #[error("{0}")]
    Scan(ScanError),
    /// A letter without end.
    #[error(
        "pages {first} to {last} are one letter, at most {MOST_PAGES} pages are taken for one: put a separator sheet before each letter"
    )]
    Long {
        /// Its first page.
        first: u32,
        /// Its last page.
        last: u32,
    },
    /// The scan holds separator sheets and blank pages only.
    #[error("there is nothing on its pages: no letter")]
    Nothing,
    /// We are at fault: try again later.
    #[error("it cannot be read right now: {0}")]
    Unavailable(String),
}

impl From<ScanError> for ReadError {
    fn from(why: ScanError) -> Self {
        match why {
            ScanError::Unavailable(why) => Self::Unavailable(why),
            why => Self::Scan(why),
        }
    }
}

/// Pages of one letter; a contact carries no more than fifty files.
pub const MOST_PAGES: usize = 48;

struct Job {
    scan: Arc<Scan>,
    number: u32,
    answer: oneshot::Sender<PageAnswer>,
}

type PageAnswer = Result<Found, ReadError>;

/// What a page of a scan turned out to be.
enum Found {
    Separator,
    Blank(Attachment, PageReading),
    Written(Attachment, PageReading, Option<Number>),
}

impl Reader {
    /// Starts the threads.
    ///
    /// # Errors
    /// The system's own.
    pub fn start(settings: ReaderSettings, archive: Arc<dyn Archive>) -> std::io::Result<Self> {
        let workers = settings.workers.max(1);
        let (jobs, waiting) = mpsc::channel::<Job>(workers);
        let waiting = Arc::new(Mutex::new(waiting));
        let desk = Arc::new(Desk { engine: settings.engine, archive });
        for n in 0..workers {
            let (waiting, desk) = (waiting.clone(), desk.clone());
            std::thread::Builder::new().name(format!("letters-{n}")).spawn(move || {
                be_nice();
                loop {
                    // The lock is held while waiting for a job, never while reading a page.
                    let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
                    let Some(job) = next else { return };
                    // Nobody waits for the pages of a scan that was given up.
                    if !job.answer.is_closed() {
                        let _ = job.answer.send(desk.read_guarded(&job.scan, job.number));
                    }
                }
            })?;
        }
        Ok(Self { jobs })
    }

    /// Reads a scan; its letters come one by one, as soon as their last page is read.
    pub fn read(&self, scan: Arc<Scan>) -> Letters {
        let (jobs, (hand_on, pages)) = (self.jobs.clone(), mpsc::channel(AHEAD));
        tokio::spawn(async move {
            for number in 1..=scan.pages() {
                let (answer, found) = oneshot::channel();
                let job = Job { scan: scan.clone(), number, answer };
                if hand_on.send(found).await.is_err() || jobs.send(job).await.is_err() {
                    return;
                }
            }
        });
        Letters { pages, sorter: Sorter::default(), ended: false }
    }
}

/// Pages of one scan that are read ahead at most.
const AHEAD: usize = 16;

/// The letters of a scan, one after the other.
pub struct Letters {
    pages: mpsc::Receiver<oneshot::Receiver<PageAnswer>>,
    sorter: Sorter,
    ended: bool,
}

impl Letters {
    /// The next letter. `None` after the last.
    ///
    /// # Errors
    /// [`ReadError`], after which there are no more; only [`ReadError::Unavailable`] may pass by itself.
    pub async fn next(&mut self) -> Option<Result<Letter, ReadError>> {
        while !self.ended {
            let Some(page) = self.pages.recv().await else {
                self.ended = true;
                return self.sorter.finish().transpose();
            };
            let found = page.await.unwrap_or_else(|_| Err(ReadError::Unavailable("the readers have ended".into())));
            match found.and_then(|found| self.sorter.sort(found)) {
                Ok(None) => {}
                Ok(Some(letter)) => return Some(Ok(letter)),
                Err(why) => {
                    self.ended = true;
                    return Some(Err(why));
                }
            }
        }
        None
    }
}

/// Lowers this thread's claim on the processor; on Linux, 0 names the calling thread.
fn be_nice() {
    const NICENESS: i32 = 10;
    // SAFETY: the call takes plain numbers and touches no memory of ours.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICENESS) };
}

/// Parts pages into letters. The back of a separator sheet is blank and belongs to nobody; a blank page within a letter
/// is kept, one at its end is not.
#[derive(Default)]
struct Sorter {
    number: u32,
    letters: u32,
    open: Option<(Letter, Vec<PageReading>)>,
    blanks: Vec<(Attachment, PageReading)>,
}

impl Sorter {
    /// Takes the next page; answers the letter that it ends.
    fn sort(&mut self, found: Found) -> Result<Option<Letter>, ReadError> {
        self.number += 1;
        match found {
            Found::Separator => Ok(self.close()),
            Found::Blank(attachment, reading) => {
                if self.open.is_some() && self.blanks.len() <= MOST_PAGES {
                    self.blanks.push((attachment, reading));
                }
                Ok(None)
            }
            Found::Written(attachment, reading, about) => self.add(attachment, reading, about).map(|()| None),
        }
    }

    fn add(&mut self, attachment: Attachment, reading: PageReading, about: Option<Number>) -> Result<(), ReadError> {
        let number = self.number;
        let (letter, readings) = self.open.get_or_insert_with(|| {
            let reading = Reading::of(Vec::new());
            (Letter { first: number, last: number, pages: Vec::new(), reading, about: None }, Vec::new())
        });
        for (attachment, reading) in self.blanks.drain(..).chain([(attachment, reading)]) {
            letter.pages.push(attachment);
            readings.push(reading);
        }
        letter.last = number;
        letter.about = letter.about.or(about);
        match letter.pages.len() <= MOST_PAGES {
            true => Ok(()),
            false => Err(ReadError::Long { first: letter.first, last: number }),
        }
    }

    fn close(&mut self) -> Option<Letter> {
        self.blanks.clear();
        let (letter, readings) = self.open.take()?;
        self.letters += 1;
        Some(Letter { reading: Reading::of(readings), ..letter })
    }

    /// The last letter, at the end of the scan.
    fn finish(&mut self) -> Result<Option<Letter>, ReadError> {
        let last = self.close();
        if self.letters == 0 { Err(ReadError::Nothing) } else { Ok(last) }
    }
}

/// Where one page is read.
struct Desk {
    engine: Tesseract,
    archive: Arc<dyn Archive>,
}

impl Desk {
    /// A decoder's fault spoils its page and nothing else.
    fn read_guarded(&self, scan: &Scan, number: u32) -> Result<Found, ReadError> {
        let read = std::panic::catch_unwind(AssertUnwindSafe(|| self.read(scan, number)));
        read.unwrap_or_else(|_| {
            Err(ReadError::Scan(ScanError::Damaged { page: number, why: "a decoder does not know what to do with it".into() }))
        })
    }

    fn read(&self, scan: &Scan, number: u32) -> Result<Found, ReadError> {
        let Page { gray, dpi, kept } = scan.page(number)?;
        let codes = Code::find(&gray, dpi);
        if codes.contains(&Code::Separator) {
            return Ok(Found::Separator);
        }
        let about = codes.iter().find_map(|code| if let Code::Ticket(number) = code { Some(*number) } else { None });
        let ending = if kept.media_type == "image/jpeg" { "jpg" } else { "png" };
        let label = Label {
            name: format!("page-{number}.{ending}"),
            media_type: kept.media_type.into(),
            role: AttachmentRole::Document,
            belongs_to: format!("scan:{}", scan.hash()),
        };
        let attachment = self.archive.put(label, &kept.content).map_err(|why| ReadError::Unavailable(why.to_string()))?;
        drop(kept);
        let size = (gray.width() as u32, gray.height() as u32);
        match read_page(&self.engine, &gray, dpi) {
            Ok(Some(reading)) => Ok(Found::Written(attachment, reading, about)),
            Ok(None) => Ok(Found::Blank(attachment, PageReading::unread(size, None, None))),
            Err(ProcessError::System(why)) => Err(ReadError::Unavailable(why.to_string())),
            Err(why) => Ok(Found::Written(attachment, PageReading::unread(size, None, Some(why.to_string())), about)),
        }
    }
}

/// Reads one page: made legible, script first, then the words. `None` if nothing is written on it.
///
/// # Errors
/// [`ProcessError`]: the engine is missing, gave up, or took too long.
pub fn read_page(engine: &Tesseract, page: &Gray, dpi: f32) -> Result<Option<PageReading>, ProcessError> {
    let size = (page.width() as u32, page.height() as u32);
    let Some(clean) = clean(page, dpi) else { return Ok(None) };
    let told = engine.orientation(&clean.page, clean.dpi)?;
    let (quarters, script) = told.map_or((0, Script::Bengali), |told| (told.quarters, told.script));
    let clean = if quarters == 0 { clean } else { clean.turned(quarters) };
    let Some(models) = script.models() else {
        return Ok(Some(PageReading::unread(size, Some(script), Some("its script is not read by machine".into()))));
    };
    let words = engine.words(&clean.page, clean.dpi, models)?;
    Ok(Some(PageReading::read(size, script, quarters, &clean, words)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use daak_domain::contact::BlobId;

    fn pages(shape: &str) -> Vec<Found> {
        let attachment = |n: usize| Attachment {
            blob: BlobId::from_digest([n as u8; 32]),
            name: format!("page-{n}"),
            media_type: "image/png".into(),
            size: 1,
            role: AttachmentRole::Document,
        };
        let reading = || PageReading::unread((1, 1), None, None);
        let page = |(n, kind): (usize, char)| match kind {
            's' => Found::Separator,
            'b' => Found::Blank(attachment(n), reading()),
            't' => Found::Written(attachment(n), reading(), Some(Number::from_serial(5))),
            _ => Found::Written(attachment(n), reading(), None),
        };
        shape.chars().enumerate().map(page).collect()
    }

    fn letters(pages: Vec<Found>) -> Result<Vec<Letter>, ReadError> {
        let (mut sorter, mut letters) = (Sorter::default(), Vec::new());
        for page in pages {
            letters.extend(sorter.sort(page)?);
        }
        letters.extend(sorter.finish()?);
        Ok(letters)
    }

    #[test]
    fn separator_sheets_part_letters_and_their_blank_backs_belong_to_nobody() {
        for (shape, expected) in
            [("w", "1-1"), ("ww", "1-2"), ("swswws", "2-2 4-5"), ("sbwbsbbwbw", "3-3 8-10"), ("wssw", "1-1 4-4"), ("bwb", "2-2")]
        {
            let found = letters(pages(shape)).expect("letters");
            let ranges: Vec<String> = found.iter().map(|l| format!("{}-{}", l.first, l.last)).collect();
            assert_eq!(ranges.join(" "), expected, "{shape}");
        }
        let found = letters(pages("sbwbsbbwbw")).expect("letters");
        assert_eq!(found[1].pages.len(), 3, "a blank page within a letter is kept");
        assert_eq!(letters(pages("wstw")).expect("letters")[1].about, Some(Number::from_serial(5)));
    }

    #[test]
    fn nothing_and_too_much_are_told() {
        assert!(matches!(letters(pages("sbsb")), Err(ReadError::Nothing)));
        assert!(matches!(letters(pages(&"w".repeat(60))), Err(ReadError::Long { first: 1, last: 49 })));
    }
}
