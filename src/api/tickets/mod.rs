//! Tickets: finding them, reading one, and the steps of its life.

pub mod append;
pub mod clock;
pub mod files;
pub mod letter;
pub mod overrides;
pub mod placing;
pub mod read;
pub mod step;
pub mod verdict;
pub mod view;
