//! What a text is about: language, category, danger, names and numbers; and the hiding of personal numbers.
//!
//! [`Understand`] is the seam. [`Rough`] stands behind it for now: keywords from `config/keywords.toml`, with spellings
//! folded. It answers well within a millisecond for a statement of ordinary length and is sure of little; people correct it.

pub mod emergency;
pub mod fold;
pub mod keywords;
pub mod language;
mod lexicon;
pub mod mask;
mod rough;
mod understanding;

pub use emergency::Emergency;
pub use keywords::{KeywordError, Keywords};
pub use mask::{mask, summary};
pub use rough::{CategoryFacts, FindPlaces, Rough, UNCLASSIFIED};
pub use understanding::{Alternative, Entities, Understand, Understanding};

#[cfg(test)]
mod golden;
