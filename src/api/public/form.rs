//! Reading forms with files: bounded before it is believed.

use crate::api::contacts::Upload;
use crate::api::media_type;
use crate::api::parts::Parts;
use crate::api::tickets::step::file_name;
use axum::extract::{FromRequest, Multipart, Request};
use daak_domain::contact::AttachmentRole;
use std::collections::BTreeMap;

/// A form that was sent.
#[derive(Debug, Default)]
pub struct Form {
    fields: BTreeMap<String, String>,
    /// The files that came with it.
    pub files: Vec<Upload>,
}

/// Why a form was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It, or its files, are larger than is taken, or too many.
    TooLarge,
    /// A file is no picture, paper or sound; with its name.
    Kind(String),
    /// It is no form.
    Unreadable,
}

/// Fields of a form.
const FIELDS: usize = 40;
/// Bytes of a field that is no file.
const FIELD: usize = 100 * 1024;
/// Files of a form.
const FILES: usize = 10;

impl Form {
    /// Reads a form. Files are known by their content; what is none of the kinds that people send is refused.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn read(request: Request, parts: &Parts) -> Result<Self, Refused> {
        let mut multipart = Multipart::from_request(request, &()).await.map_err(|_| Refused::Unreadable)?;
        let mut form = Self::default();
        let (mut seen, mut size) = (0, 0);
        loop {
            let field = multipart.next_field().await.map_err(|why| refused(&why))?;
            let Some(mut field) = field else { return Ok(form) };
            seen += 1;
            if seen > FIELDS {
                return Err(Refused::TooLarge);
            }
            let name = field.name().unwrap_or_default().to_owned();
            let file = field.file_name().map(file_name);
            let most = if file.is_some() { parts.settings.attachment_limit } else { FIELD };
            let mut content = Vec::new();
            while let Some(chunk) = field.chunk().await.map_err(|why| refused(&why))? {
                content.extend_from_slice(&chunk);
                if content.len() > most || size + content.len() > parts.settings.attachment_limit + FIELDS * FIELD {
                    return Err(Refused::TooLarge);
                }
            }
            size += content.len();
            match file {
                None => drop(form.fields.insert(name, String::from_utf8_lossy(&content).trim().to_owned())),
                // A browser sends an empty file for a field that was left empty.
                Some(_) if content.is_empty() => {}
                Some(file) => form.add(&name, file, content)?,
            }
        }
    }

    fn add(&mut self, field: &str, name: String, content: Vec<u8>) -> Result<(), Refused> {
        let kind = media_type::sniff(&content);
        let sound = kind.starts_with("audio/") || kind.starts_with("video/");
        if !(sound || kind.starts_with("image/") || kind == "application/pdf") {
            return Err(Refused::Kind(name));
        }
        if self.files.len() == FILES {
            return Err(Refused::TooLarge);
        }
        let role = if field == "voice" && sound { AttachmentRole::Statement } else { AttachmentRole::Document };
        self.files.push(Upload { name, content, role });
        Ok(())
    }

    /// A field that was filled in.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// A field, empty where it is not there.
    pub fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// A box that was ticked.
    pub fn ticked(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The name that the form gave itself: sent twice, it is the same one.
    pub fn key(&self) -> String {
        let key = self.get("key").filter(|key| (16..=64).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_alphanumeric()));
        format!("web:{}", key.map_or_else(new_key, str::to_owned))
    }
}

/// A name for a new form.
pub fn new_key() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

fn refused(why: &axum::extract::multipart::MultipartError) -> Refused {
    if why.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE { Refused::TooLarge } else { Refused::Unreadable }
}
