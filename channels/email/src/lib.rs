//! Mail: read from mailboxes, understood, answered.
//!
//! The pure core takes the bytes of a mail and answers what it is ([`Reading`]); thin shells carry bytes to it and what comes
//! out of it to the helpline.
//!
//! * [`reading`]: raw mail in, [`Reading`] out: a contact with its files, a bounce, something to leave alone, something to hold
//! * [`bounds`]: what a mail may cost, looked at before it is parsed
//! * [`text`], [`quote`], [`safe_html`]: the words, what is folded away, what may be looked at
//! * [`automatic`], [`bounce`], [`verdict`]: machines that write (RFC 3834), delivery reports (RFC 3464), proofs of origin (RFC 8601)
//! * [`fields`], [`thread`]: header fields; our own Message-IDs and tokens, by which an answer finds its ticket
//! * [`attachment`], [`tnef`], [`mbox`]: files and their names, `winmail.dat`, files of many mails
//! * [`Door`]: what a mail is becomes what the helpline has
//! * [`imap`]: mailboxes that are watched
//! * [`smtp`]: what carries answers
//! * [`clamd`]: a virus scanner that is asked
#![warn(missing_docs)]

pub mod attachment;
pub mod automatic;
pub mod bounce;
pub mod bounds;
pub mod clamd;
mod door;
pub mod fields;
pub mod imap;
pub mod mbox;
pub mod quote;
pub mod reading;
pub mod safe_html;
pub mod smtp;
pub mod text;
pub mod thread;
pub mod tnef;
pub mod verdict;

pub use door::{Became, Door};
pub use reading::{Arrival, Hold, Part, Reading, Rules};
pub use smtp::{SmtpCarrier, SmtpConfig};
