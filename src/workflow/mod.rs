//! What happens by itself as time goes by: runs the clocks of `domain`.

mod feedback;
mod limits;

pub use feedback::{Feedback, Reached};
pub use limits::LimitKeeper;

#[cfg(test)]
mod limits_tests;
#[cfg(test)]
mod tests;
