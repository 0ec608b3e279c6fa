//! The words and rules of the helpline.
//!
//! Everything here is pure: no I/O, no clock, no chance. Time arrives as an argument,
//! so that a whole day, or a ticket's whole life, runs in a test in a second.
//! Every other crate may import this one; it imports none of ours.
//!
//! * [`contact`]: what any channel hands in, and the [`contact::Receipt`] it gets back
//! * [`ticket`]: a ticket's number, its events, its states
//! * [`call`]: what a telephone call and the floor say to each other
//! * [`carrier`]: how messages reach citizens in writing
//! * [`softphone`]: what an agent's browser and its telephone calls say to each other
//! * [`insight`]: what is counted of tickets, and what the counts say
//! * [`visit`]: who goes and looks, and what their report must stand
//! * [`seam`]: the traits by which channels reach the helpline without knowing it
#![warn(missing_docs)]

pub mod calendar;
pub mod call;
pub mod carrier;
pub mod closure;
pub mod contact;
pub mod country;
pub mod escalation;
pub mod feedback;
pub mod insight;
pub mod language;
pub mod office;
pub mod person;
pub mod phone;
pub mod place;
pub mod queue;
pub mod routing;
pub mod seam;
pub mod sla;
pub mod softphone;
pub mod spelling;
pub mod taxonomy;
pub mod ticket;
pub mod visit;

pub use jiff::Timestamp;
