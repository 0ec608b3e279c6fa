//! Tickets: finding them, reading one, and the steps of its life.

pub mod append;
pub mod files;
pub mod letter;
pub mod placing;
pub mod read;
pub mod step;
pub mod view;
