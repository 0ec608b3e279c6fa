//! Replaying recorded deliveries against a running server, each signed as its provider would.

use daak_social::{Provider, sign};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where to and as whom.
pub struct Replay {
    /// The server, `http://127.0.0.1:8080`.
    pub to: String,
    /// Whose deliveries they are.
    pub provider: Provider,
    /// The account's name in the hook's address.
    pub account: String,
    /// Its secret.
    pub secret: String,
}

/// What came of one delivery.
pub struct Replayed {
    /// The file.
    pub file: PathBuf,
    /// The status of the answer.
    pub status: u16,
    /// How long it took.
    pub took: Duration,
}

impl Replay {
    /// The files of a recording in the order of their names: one file, or all `.json` of a folder but normalised ones.
    ///
    /// # Errors
    /// The system's own.
    pub fn files(at: &Path) -> std::io::Result<Vec<PathBuf>> {
        if !at.is_dir() {
            return Ok(vec![at.to_owned()]);
        }
        let mut files: Vec<_> = std::fs::read_dir(at)?.filter_map(|entry| entry.ok().map(|e| e.path())).collect();
        files.retain(|file| file.extension().is_some_and(|e| e == "json") && !file.to_string_lossy().ends_with(".normalised.json"));
        files.sort();
        Ok(files)
    }

    /// Delivers one file.
    ///
    /// # Errors
    /// A sentence if it cannot be read, or the server does not answer.
    pub async fn deliver(&self, client: &reqwest::Client, file: PathBuf) -> Result<Replayed, String> {
        let body = std::fs::read(&file).map_err(|why| format!("{}: {why}", file.display()))?;
        let (header, value) = sign(self.provider, &self.secret, &body);
        let url = format!("{}/hooks/{}/{}", self.to.trim_end_matches('/'), self.provider.channel(), self.account);
        let begun = std::time::Instant::now();
        let request = client.post(url).header(header, value).header("content-type", "application/json").body(body);
        let answer = request.send().await.map_err(|why| format!("{} does not answer: {why}", self.to))?;
        Ok(Replayed { file, status: answer.status().as_u16(), took: begun.elapsed() })
    }
}
