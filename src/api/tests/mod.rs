//! The API as its users meet it: requests in, answers out, over a real database.

mod contacts;
mod house;
mod live;
mod safety;
mod tickets;
