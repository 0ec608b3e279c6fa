//! Who may do what: people, roles, sign-in.

pub mod role;

pub use role::Role;
