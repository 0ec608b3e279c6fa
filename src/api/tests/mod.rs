//! The API as its users meet it: requests in, answers out, over a real database.

mod atr;
mod contacts;
mod house;
mod letters;
mod live;
mod safety;
mod tickets;
