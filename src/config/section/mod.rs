//! The sections of `daak.toml`, one file a room.

pub mod desk;
pub mod email;
pub mod http;
pub mod insight;
pub mod keeping;
pub mod public;
pub mod sms;
pub mod social;
pub mod voice;
pub mod written;
