//! `[database]`, `[bus]`, `[blobs]`, `[data]`: what is kept, and where.

use crate::config::address::{BlobsUrl, BusUrl, DatabaseUrl};
use crate::config::secret::Secret;
use serde::Deserialize;
use std::path::PathBuf;

/// `[database]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `sqlite:daak.db` (a relative path lies in the data folder) or `postgres://…`.
    pub url: DatabaseUrl,
    /// Connections that read a SQLite database at once.
    pub readers: u32,
}

impl Default for Database {
    fn default() -> Self {
        Self { url: DatabaseUrl::Sqlite("daak.db".into()), readers: 4 }
    }
}

/// `[bus]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bus {
    /// `inprocess:` or `nats://…`.
    pub url: BusUrl,
}

impl Default for Bus {
    fn default() -> Self {
        Self { url: BusUrl::InProcess }
    }
}

/// `[blobs]`: recordings, scans and other files, encrypted at rest.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Blobs {
    /// `file:blobs` (a relative path lies in the data folder) or `s3://…`.
    pub url: BlobsUrl,
    /// The key: 64 hexadecimal digits. Left out, one is made at the first start and kept in the data folder as `blobs.key`.
    pub key: Option<Secret>,
}

impl Default for Blobs {
    fn default() -> Self {
        Self { url: BlobsUrl::Folder("blobs".into()), key: None }
    }
}

/// `[data]`: the masters, which a government changes without us.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Data {
    /// Folder with the categories, departments, districts, holidays and limits.
    pub folder: PathBuf,
}

impl Default for Data {
    fn default() -> Self {
        Self { folder: "config".into() }
    }
}
