//! Secrets: written down in the file, in a file of their own, or in the environment; never printed.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, de};
use std::path::PathBuf;

/// A password, key or token. It shows itself as `[secret]`, and is wiped when dropped.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// A secret that is already known.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The secret itself, for the one place that must send it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

/// Two secrets are equal for the purpose of comparing configurations only.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

const EXPECTED: &str = "a secret: a string, { file = \"path\" } or { env = \"NAME\" }";

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> de::Visitor<'de> for Reader {
    type Value = Secret;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Secret, E> {
        Ok(Secret::new(text))
    }

    /// The value stays out of the message, whatever its type.
    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Secret, E> {
        Err(E::custom(format!("a number stands here, expected {EXPECTED}")))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Secret, E> {
        Err(E::custom(format!("a number stands here, expected {EXPECTED}")))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Secret, A::Error> {
        use de::Error;
        let place = match map.next_entry::<String, String>()? {
            Some((key, value)) if key == "file" => Place::File(value.into()),
            Some((key, value)) if key == "env" => Place::Environment(value),
            _ => return Err(A::Error::custom(format!("expected {EXPECTED}"))),
        };
        if map.next_entry::<String, String>()?.is_some() {
            return Err(A::Error::custom(format!("only one of file and env, expected {EXPECTED}")));
        }
        place.fetch().map_err(A::Error::custom)
    }
}

enum Place {
    File(PathBuf),
    Environment(String),
}

impl Place {
    fn fetch(self) -> Result<Secret, String> {
        match self {
            Place::File(path) => match std::fs::read_to_string(&path) {
                Ok(text) => Ok(Secret::new(text.trim_end_matches(['\r', '\n']))),
                Err(why) => Err(format!("the secret's file {} cannot be read ({why})", path.display())),
            },
            Place::Environment(name) => {
                std::env::var(&name).map(Secret::new).map_err(|_| format!("the secret's environment variable {name} is not set"))
            }
        }
    }
}
