//! A made-up day on the floor, in fake time: the real distributor, made-up callers and agents. A day of nine thousand calls runs in
//! a second, and the same seed makes the same day.

mod chance;
mod day;
mod report;

pub use day::{Plan, day};
pub use report::Report;
