//! serde over the marked tree.

use super::node::{Content, Key, Node};
use crate::error::{FlowError, Mark};
use serde::Deserialize;
use serde::de::value::{MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{self, DeserializeSeed, IntoDeserializer, Visitor};

/// Reads a value out of a node.
///
/// # Errors
/// The first thing that does not fit, with its place.
pub(crate) fn from_node<'de, T: Deserialize<'de>>(file: &str, node: &'de Node) -> Result<T, FlowError> {
    T::deserialize(node).map_err(|error| {
        let (what, expected) = error.message.rsplit_once(", expected ").unwrap_or((&error.message, "what the schema says"));
        FlowError::at(file, error.mark.unwrap_or(node.mark), what, expected)
    })
}

/// An error that takes on the place of the innermost node in which it happened.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct DecodeError {
    message: String,
    mark: Option<Mark>,
}

impl DecodeError {
    fn within(mut self, mark: Mark) -> Self {
        self.mark.get_or_insert(mark);
        self
    }
}

impl de::Error for DecodeError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self { message: message.to_string(), mark: None }
    }
}

impl<'de> IntoDeserializer<'de, DecodeError> for &'de Node {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

/// A key reads as a text; what is wrong with it is wrong at its place.
struct KeyReader<'de>(&'de Key);

impl<'de> IntoDeserializer<'de, DecodeError> for KeyReader<'de> {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> de::Deserializer<'de> for KeyReader<'de> {
    type Error = DecodeError;
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_borrowed_str(&self.0.text).map_err(|e: DecodeError| e.within(self.0.mark))
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value, DecodeError> {
        let text: StrDeserializer<'de, DecodeError> = self.0.text.as_str().into_deserializer();
        visitor.visit_enum(text).map_err(|e: DecodeError| e.within(self.0.mark))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de> de::Deserializer<'de> for &'de Node {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.content {
            Content::Scalar { text, plain: true } => match text.as_str() {
                "true" => visitor.visit_bool(true),
                "false" => visitor.visit_bool(false),
                "" | "~" | "null" => visitor.visit_unit(),
                text => match text.parse::<i64>() {
                    Ok(number) if !text.starts_with('+') && (text == "0" || !text.starts_with('0')) => visitor.visit_i64(number),
                    _ => visitor.visit_borrowed_str(text),
                },
            },
            Content::Scalar { text, plain: false } => visitor.visit_borrowed_str(text),
            Content::List(items) => visitor.visit_seq(SeqDeserializer::new(items.iter())),
            Content::Map(entries) => visitor.visit_map(MapDeserializer::new(entries.iter().map(|(key, node)| (KeyReader(key), node)))),
        }
        .map_err(|e: DecodeError| e.within(self.mark))
    }

    /// A key such as 1 or a name such as `no` is meant as a text wherever a text is wanted.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.content {
            Content::Scalar { text, .. } => visitor.visit_borrowed_str(text).map_err(|e: DecodeError| e.within(self.mark)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.content {
            Content::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null") => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
        .map_err(|e: DecodeError| e.within(self.mark))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self).map_err(|e: DecodeError| e.within(self.mark))
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value, DecodeError> {
        match &self.content {
            Content::Scalar { text, .. } => {
                let text: StrDeserializer<'de, DecodeError> = text.as_str().into_deserializer();
                visitor.visit_enum(text)
            }
            Content::Map(entries) if entries.len() == 1 => visitor.visit_enum(Variant { key: &entries[0].0, node: &entries[0].1 }),
            Content::Map(entries) => {
                let names: Vec<_> = entries.iter().map(|(k, _)| k.text.as_str()).collect();
                Err(de::Error::custom(format!("here stand {} keys ({}), expected exactly one verb", names.len(), names.join(", "))))
            }
            Content::List(_) => Err(de::Error::custom("here stands a list, expected a mapping with one verb")),
        }
        .map_err(|e: DecodeError| e.within(self.mark))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// `key: node` as a variant with its content.
struct Variant<'de> {
    key: &'de Key,
    node: &'de Node,
}

impl<'de> de::EnumAccess<'de> for Variant<'de> {
    type Error = DecodeError;
    type Variant = Self;
    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), DecodeError> {
        Ok((seed.deserialize(KeyReader(self.key))?, self))
    }
}

impl<'de> de::VariantAccess<'de> for Variant<'de> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        Err(DecodeError { message: format!("`{}` takes nothing, expected it alone", self.key.text), mark: Some(self.key.mark) })
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, DecodeError> {
        seed.deserialize(self.node).map_err(|e| e.within(self.key.mark))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, DecodeError> {
        de::Deserializer::deserialize_any(self.node, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, DecodeError> {
        de::Deserializer::deserialize_any(self.node, visitor)
    }
}
