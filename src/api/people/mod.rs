//! People at work: the floor, and who signs in.

pub mod accounts;
pub mod floor;
pub mod phone;
