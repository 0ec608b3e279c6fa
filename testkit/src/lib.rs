//! Real peers and instruments for the tests: telephones of another make, a PostgreSQL server,
//! an ear that knows who hears whom by frequency, and the program itself, started as a user would.

#![allow(clippy::panic)] // a test instrument fails by panicking

pub mod baresip;
pub mod note_taker;
pub mod port;
pub mod post_office;
pub mod postgres;
pub mod program;
pub mod tiny_whisper;
pub mod tone;
pub mod wait;
