//! YAML text with positions: a tree whose every node knows its line and column, and a serde
//! deserialiser over it, so that errors of syntax, of type and of meaning all name a place.

mod decode;
mod node;

pub(crate) use decode::from_node;
pub(crate) use node::{Content, Key, Node, parse};
