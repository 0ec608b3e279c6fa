//! What is counted of tickets, and what the counts say.
//!
//! Everything that is counted is a ticket in some condition on some day: registered on it, closed on it on the citizen's word, due on
//! it and still open. [`Fact`] names the conditions, [`Facts`] says in which of them a ticket stands, and a change of the ticket is the
//! difference between its facts before and after. So a sum over differences, kept in any form, is the number of tickets of which the
//! condition holds now: the length of the list behind the number.
//!
//! * [`day`]: calendar days of the helpline
//! * [`dimension`]: by what counts are told apart
//! * [`facts`]: what of a ticket is counted
//! * [`measure`]: the measures of the configuration, made of facts
//! * [`chance`]: what small numbers can tell (Wilson), and what is more than chance (negative binomial)

pub mod chance;
pub mod day;
pub mod dimension;
pub mod facts;
pub mod measure;

pub use day::{Day, Span};
pub use dimension::Dimension;
pub use facts::{Fact, Facts};
pub use measure::{Listing, Measure, Measures, Tally};
