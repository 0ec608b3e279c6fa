//! One file over HTTP, gone on with where it was left, believed only by its checksum.

use super::checksum;
use reqwest::{StatusCode, header};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

/// Longest silence of the server.
const PATIENCE: Duration = Duration::from_secs(30);

/// A file of known size and checksum.
pub(super) struct Source {
    pub url: String,
    pub size: u64,
    pub sum: &'static str,
}

/// The model that whisper.cpp's makers publish, at a fixed revision.
pub(super) fn published() -> Source {
    let url = "https://huggingface.co/ggerganov/whisper.cpp/resolve/5359861c739e955e79d9a303bcbc70fb988958b1/ggml-base-q8_0.bin";
    Source { url: url.to_owned(), size: 81_768_585, sum: super::PUBLISHED }
}

/// Fetches the file, or says in half a sentence why not. What came so far stays beside it as `.part`.
pub(super) async fn fetch(source: &Source, to: &Path, say: &mut impl FnMut(&str)) -> Result<(), String> {
    let part = to.with_extension("bin.part");
    let there = std::fs::metadata(&part).map_or(0, |m| m.len());
    if there < source.size {
        receive(source, &part, there, say).await?;
    }
    let sum = checksum(&part).map_err(|e| e.to_string())?;
    if sum != source.sum {
        // Whatever it is, it is no beginning of the right file.
        std::fs::remove_file(&part).map_err(|e| e.to_string())?;
        return Err(format!("{} gave another file than the known one (SHA-256 {sum})", source.url));
    }
    std::fs::rename(&part, to).map_err(|e| e.to_string())
}

async fn receive(source: &Source, part: &Path, there: u64, say: &mut impl FnMut(&str)) -> Result<(), String> {
    // The first to install a provider wins; main has usually done so.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client =
        reqwest::Client::builder().connect_timeout(Duration::from_secs(5)).read_timeout(PATIENCE).build().map_err(|e| e.to_string())?;
    let mut request = client.get(&source.url);
    if there > 0 {
        request = request.header(header::RANGE, format!("bytes={there}-"));
    }
    let mut answer = request.send().await.map_err(|e| innermost(&e))?;
    let begins = match answer.status() {
        StatusCode::PARTIAL_CONTENT => there,
        StatusCode::OK => 0,
        status => return Err(format!("the server answers {status}")),
    };
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.create(true).write(true).append(begins > 0).truncate(begins == 0).open(part).map_err(|e| e.to_string())?;
    let (mut done, mut told) = (begins, begins * 10 / source.size);
    while let Some(piece) = answer.chunk().await.map_err(|e| innermost(&e))? {
        done += piece.len() as u64;
        if done > source.size {
            return Err("the server sends more than the file is long".to_owned());
        }
        file.write_all(&piece).map_err(|e| format!("{} cannot be written ({e})", part.display()))?;
        if done * 10 / source.size > told {
            told = done * 10 / source.size;
            say(&format!("  {} of {} MB", done / 1_000_000, source.size / 1_000_000));
        }
    }
    if done == source.size { Ok(()) } else { Err(format!("the connection ended after {done} of {} bytes", source.size)) }
}

/// The innermost cause says what happened; the outer ones repeat the address.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
