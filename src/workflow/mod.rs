//! What happens by itself as time goes by: runs the clocks of `domain`.

mod feedback;

pub use feedback::{Feedback, Reached};

#[cfg(test)]
mod tests;
