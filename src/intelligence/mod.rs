//! What a text is about: language, category, danger, names and numbers; and the hiding of personal numbers.
//!
//! [`Understand`] is the seam. [`Trained`] stands behind it: the model of the crate `daak-intelligence`, joined to the masters.
//! [`Rough`], by keywords alone, takes its place where the taxonomy has categories that the model was not taught.

mod rough;
mod trained;
mod understanding;

pub use daak_intelligence::{Emergency, KeywordError, Keywords, atr, emergency, fold, keywords, language, mask, summary};
pub use rough::{CategoryFacts, FindPlaces, Rough, UNCLASSIFIED};
pub use trained::Trained;
pub use understanding::{Alternative, Entities, Understand, Understanding};

#[cfg(test)]
mod golden;
