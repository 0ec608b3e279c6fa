//! Keys: of the files, from the configuration or made at the first start; others of our own. Kept in the data folder.

use crate::config::Secret;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It has another form.
    #[error("{0} holds no key: expected 64 hexadecimal digits")]
    Form(String),
    /// The file of the key.
    #[error("{0} cannot be read or made ({1}): recordings cannot be kept without it")]
    File(String, std::io::Error),
}

/// The key for files: `configured`, else the one in `data`, which is made if it is not there.
///
/// # Errors
/// [`KeyError`] if it has another form, or its file cannot be used.
pub fn of_files(configured: Option<&Secret>, data: &Path) -> Result<[u8; 32], KeyError> {
    if let Some(secret) = configured {
        return read(secret.expose()).ok_or_else(|| KeyError::Form("blobs.key".into()));
    }
    kept(data, "blobs.key")
}

/// The key in the file `name` of `data`, which is made if it is not there.
///
/// # Errors
/// [`KeyError`] if its file cannot be used.
pub fn kept(data: &Path, name: &str) -> Result<[u8; 32], KeyError> {
    let file = data.join(name);
    let (shown, failed) = (file.display().to_string(), |why| KeyError::File(file.display().to_string(), why));
    match std::fs::read_to_string(&file) {
        Ok(text) => read(&text).ok_or(KeyError::Form(shown)),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
            let key = rand::random::<[u8; 32]>();
            make(&file, &hex::encode(key)).map_err(failed)?;
            Ok(key)
        }
        Err(why) => Err(failed(why)),
    }
}

fn read(text: &str) -> Option<[u8; 32]> {
    hex::decode(text.trim()).ok()?.try_into().ok()
}

/// Writes the key so that only its owner reads it, and so that it is whole on the disk before it is used.
fn make(file: &Path, text: &str) -> std::io::Result<()> {
    let mut new = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    new.write_all(text.as_bytes())?;
    new.sync_all()?;
    file.parent().map_or(Ok(()), |folder| std::fs::File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_is_made_once_and_found_again_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let made = of_files(None, folder.path()).expect("made");
        assert_eq!(of_files(None, folder.path()).expect("found"), made);
        let mode = std::fs::metadata(folder.path().join("blobs.key")).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let told = Secret::new("ab".repeat(32));
        assert_eq!(of_files(Some(&told), folder.path()).expect("told"), [0xab; 32]);
        assert!(of_files(Some(&Secret::new("ab")), folder.path()).is_err());
        std::fs::write(folder.path().join("blobs.key"), "broken").expect("written");
        assert!(matches!(of_files(None, folder.path()), Err(KeyError::Form(_))), "a broken key is never replaced");
    }
}
