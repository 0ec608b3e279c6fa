//! SMPP 3.4: an SMS centre reached over links that are kept up, in both directions.
//!
//! * [`pdu`]: the codec
//! * [`receipt`], [`tally`]: delivery receipts in their dialects, matched to messages
//! * [`gateway`]: the driver, which spreads messages over links
//! * `link`: the life of one connection; [`pace`]: how fast it may send

pub mod gateway;
mod link;
pub mod pace;
pub mod pdu;
pub mod receipt;
pub mod tally;

pub use gateway::{Binding, LongText, SmppConfig, SmppConfigError, SmppGateway, SmppTls};
