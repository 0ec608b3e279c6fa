//! Letters: from the scanner's folder to the one door, and back onto paper.
//!
//! * [`inbox`]: the watched folder; a file in it survives the death of the process at any instant
//! * [`post_room`]: a file's whole way: read, parted into letters, taken in or held
//! * [`scan`]: PDF, TIFF, JPEG and PNG by their content, page by page, within bounds
//! * [`reader`]: pages in parallel on a few niced threads
//! * [`clean`]: what makes a page legible, pure; [`tesseract`]: the engine as a process
//! * [`reading`], [`offers`]: the words with their places, and what a person may confirm
//! * [`code`], [`paper`]: separator sheets and replies, with codes that find their way back
#![warn(missing_docs)]

pub mod clean;
pub mod code;
pub mod gray;
pub mod inbox;
pub mod offers;
pub mod paper;
pub mod post_room;
pub mod process;
pub mod reader;
pub mod reading;
pub mod scan;
pub mod tesseract;

pub use inbox::{Inbox, InboxError, InboxEvent};
pub use post_room::{NotNow, PostRoom, Taken, USUAL_TRUST};
pub use reader::{Reader, ReaderSettings};
pub use scan::Bounds;
pub use tesseract::Tesseract;
