//! What a text is about, whether life is at stake, and whether a report answers it.
//!
//! Pure: the same text and the same model give the same answer; there is no clock, no chance and no file in here. A
//! [`Model`] is three linear readers over one set of features ([`features`]): letters and words as they are folded, the same
//! in a form that Bengali, Hindi and Latin letters have in common ([`skeleton`]), and what a hand-written list of words says
//! they mean ([`concepts`]). [`train`] makes one from the texts in `data/`; [`evaluate`] measures it; [`atr`] compares an action
//! taken report with what was asked.

pub mod atr;
pub mod card;
pub mod chance;
pub mod concepts;
pub mod emergency;
pub mod evaluate;
pub mod facts;
pub mod features;
pub mod fold;
pub mod incidents;
pub mod keywords;
pub mod language;
pub mod learn;
pub mod lexicon;
pub mod linear;
pub mod mask;
pub mod model;
pub mod near;
pub mod noise;
pub mod report;
pub mod romanise;
pub mod seeds;
pub mod skeleton;
pub mod tense;
pub mod train;

pub use emergency::{Emergency, Urgency};
pub use keywords::{KeywordError, Keywords};
pub use mask::{mask, summary};
pub use model::{Model, ModelError, Reading};
pub use seeds::{Danger, Form};
