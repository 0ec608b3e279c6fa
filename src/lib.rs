//! The helpline: turns contacts into tickets, and tickets into results.
//!
//! Each module is a room with one door; `app` is the only one that knows all of them.
#![warn(missing_docs)]

pub mod access;
pub mod api;
pub mod app;
pub mod blobs;
pub mod bus;
pub mod citizen;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod floor;
pub mod follow;
pub mod insight;
pub mod intake;
pub mod intelligence;
pub mod masters;
pub mod notify;
pub mod observe;
pub mod simulation;
pub mod social;
pub mod store;
pub mod workflow;
