//! The API as its users meet it: requests in, answers out, over a real database.

mod atr;
mod contacts;
mod hidden;
pub(super) mod house;
mod insight;
mod letters;
mod live;
mod offices;
mod open311;
mod public;
mod safety;
mod tickets;
mod verdict;
mod webhooks;
