//! Messengers and social media: WhatsApp (Cloud API), Messenger, Instagram, Telegram, X.
//!
//! A provider delivers to a hook: [`hook::Door`] answers its handshake, believes its signature over the raw body, and
//! reads the body into [`Arrival`]s, one file a provider. [`Social`] carries messages out, by each provider's rules; [`Media`]
//! fetches what a payload only refers to. All of it but the two shells that speak HTTP is pure: bytes and time in, what it means out.

pub mod account;
pub mod arrival;
mod graph;
pub mod hook;
mod instagram;
mod json;
pub mod media;
mod messenger;
mod net;
pub mod send;
mod signature;
mod split;
mod telegram;
mod whatsapp;
mod x;

pub use account::{Account, Provider, TemplateRule};
pub use arrival::{Arrival, File, Place, Said, Strange};
pub use media::{FetchError, Fetched, Media};
pub use send::{Conversations, Heard, Social};
pub use signature::{Unsigned, sign};
