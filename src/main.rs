//! The `daak` binary.
fn main() {}
