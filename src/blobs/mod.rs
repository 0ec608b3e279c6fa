//! Files: content-addressed, encrypted at rest, in a local directory.
//!
//! A file is a sequence of segments, each sealed with AES-256-GCM under a key of the file's own. The nonce
//! counts the segments and marks the last one (the STREAM construction of Hoang, Reyhanitabar, Rogaway and
//! Vizár, 2015), so that a file that was cut, reordered or mixed with another is found out. A file grows in
//! `spool/`; finished, it is renamed to its name: the SHA-256 of what it says. One whose writer died is found
//! in `spool/` at the next start and finished with the segments that are whole.

mod segment;

use daak_domain::contact::{Attachment, BlobId};
use daak_domain::seam::{Archive, ArchiveWriter, Label};
use segment::{Header, Opener, Sealer};
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// Largest plain text of one segment.
const SEGMENT: usize = 64 * 1024;

/// A directory of files.
#[derive(Clone)]
pub struct LocalBlobs {
    dir: PathBuf,
    key: [u8; 32],
}

impl LocalBlobs {
    /// Opens the directory, made if it does not exist.
    ///
    /// # Errors
    /// The disk's own.
    pub fn open(dir: &Path, key: [u8; 32]) -> io::Result<Self> {
        std::fs::create_dir_all(dir.join("spool"))?;
        Ok(Self { dir: dir.to_owned(), key })
    }

    /// Finishes what was being written when the process died: each file up to its last whole segment.
    /// To be called before anything is written.
    ///
    /// # Errors
    /// The disk's own. A file that cannot be read with this key is left where it is.
    pub fn recover(&self) -> io::Result<Vec<(Label, Attachment)>> {
        let mut recovered = Vec::new();
        for entry in std::fs::read_dir(self.dir.join("spool"))? {
            let path = entry?.path();
            if let Some(found) = self.recover_one(&path)? {
                recovered.push(found);
            }
        }
        Ok(recovered)
    }

    fn recover_one(&self, path: &Path) -> io::Result<Option<(Label, Attachment)>> {
        let mut file = BufReader::new(File::open(path)?);
        let Ok((header, label)) = Header::read(&mut file, &self.key) else { return Ok(None) };
        let mut opener = Opener::new(&self.key, &header);
        let mut writer = self.begin(label.clone())?;
        while let Ok(Some(plain)) = opener.next(&mut file) {
            writer.append(&plain)?;
        }
        if writer.size == 0 {
            std::fs::remove_file(&writer.path)?;
            std::fs::remove_file(path)?;
            return Ok(None);
        }
        let attachment = writer.end()?;
        std::fs::remove_file(path)?;
        Ok(Some((label, attachment)))
    }

    fn begin(&self, label: Label) -> io::Result<LocalWriter> {
        let header = Header::new();
        let path = self.dir.join("spool").join(hex::encode(header.salt));
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        file.write_all(&header.write(&self.key, &label)?)?;
        let sealer = Sealer::new(&self.key, &header);
        Ok(LocalWriter { blobs: self.clone(), label, path, file, sealer, hasher: Sha256::new(), size: 0, pending: Vec::new() })
    }

    fn place(&self, blob: &BlobId) -> PathBuf {
        let name = blob.as_str();
        self.dir.join(&name[..2]).join(&name[2..4]).join(name)
    }
}

impl Archive for LocalBlobs {
    fn create(&self, label: Label) -> io::Result<Box<dyn ArchiveWriter>> {
        Ok(Box::new(self.begin(label)?))
    }

    fn get(&self, blob: &BlobId) -> io::Result<Vec<u8>> {
        let mut file = BufReader::new(File::open(self.place(blob))?);
        let (header, _) = Header::read(&mut file, &self.key)?;
        let mut opener = Opener::new(&self.key, &header);
        let mut content = Vec::new();
        while let Some(plain) = opener.next(&mut file)? {
            content.extend_from_slice(&plain);
        }
        let whole = opener.ended() && Sha256::digest(&content)[..] == hex::decode(blob.as_str()).unwrap_or_default()[..];
        if whole { Ok(content) } else { Err(segment::damaged("the file was cut or changed")) }
    }
}

struct LocalWriter {
    blobs: LocalBlobs,
    label: Label,
    path: PathBuf,
    file: File,
    sealer: Sealer,
    hasher: Sha256,
    size: u64,
    pending: Vec<u8>,
}

impl LocalWriter {
    fn seal(&mut self, last: bool) -> io::Result<()> {
        if self.pending.is_empty() && !last {
            return Ok(());
        }
        let sealed = self.sealer.seal(&self.pending, last)?;
        self.file.write_all(&sealed)?;
        self.pending.clear();
        Ok(())
    }

    fn end(mut self) -> io::Result<Attachment> {
        self.seal(true)?;
        self.file.sync_all()?;
        let digest: [u8; 32] = self.hasher.finalize().into();
        let blob = BlobId::from_digest(digest);
        let place = self.blobs.place(&blob);
        if let Some(folder) = place.parent() {
            std::fs::create_dir_all(folder)?;
            std::fs::rename(&self.path, &place)?;
            File::open(folder)?.sync_all()?;
        }
        let Label { name, media_type, role, .. } = self.label;
        Ok(Attachment { blob, name, media_type, size: self.size, role })
    }
}

impl ArchiveWriter for LocalWriter {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        for piece in bytes.chunks(SEGMENT) {
            self.pending.extend_from_slice(piece);
            self.seal(false)?;
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.seal(false)?;
        self.file.sync_data()
    }

    fn finish(self: Box<Self>) -> io::Result<Attachment> {
        self.end()
    }

    fn discard(self: Box<Self>) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Reads exactly `n` bytes, or fewer at the end of the file.
fn read_up_to(file: &mut impl Read, n: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(n);
    file.take(n as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use daak_domain::contact::AttachmentRole;

    fn label() -> Label {
        Label {
            name: "call.flac".into(),
            media_type: "audio/flac".into(),
            role: AttachmentRole::CallRecording,
            belongs_to: "call 1".into(),
        }
    }

    fn blobs() -> (tempfile::TempDir, LocalBlobs) {
        let dir = tempfile::tempdir().unwrap();
        let blobs = LocalBlobs::open(dir.path(), [7; 32]).unwrap();
        (dir, blobs)
    }

    #[test]
    fn a_file_comes_back_and_its_name_is_its_content() {
        let (dir, blobs) = blobs();
        let content: Vec<u8> = (0..200_000u32).map(|n| n as u8).collect();
        let first = blobs.put(label(), &content).unwrap();
        assert_eq!((blobs.get(&first.blob).unwrap(), first.size), (content.clone(), 200_000));
        assert_eq!(blobs.put(label(), &content).unwrap().blob, first.blob);
        let stored = std::fs::read(blobs.place(&first.blob)).unwrap();
        assert!(!stored.windows(16).any(|w| w == &content[..16]), "nothing lies there in the clear");
        assert!(!stored.windows(9).any(|w| w == b"call.flac"), "nor its label");
        assert_eq!(std::fs::read_dir(dir.path().join("spool")).unwrap().count(), 0);
    }

    #[test]
    fn what_was_written_before_the_death_is_found() {
        let (_dir, blobs) = blobs();
        let mut writer = blobs.create(label()).unwrap();
        writer.append(b"first second ").unwrap();
        writer.append(b"second second").unwrap();
        drop(writer); // as SIGKILL does
        let spool = std::fs::read_dir(blobs.dir.join("spool")).unwrap().next().unwrap().unwrap().path();
        let whole = std::fs::read(&spool).unwrap();
        std::fs::write(&spool, &whole[..whole.len() - 3]).unwrap(); // the last write was torn
        let recovered = blobs.recover().unwrap();
        assert_eq!(recovered.len(), 1);
        assert_eq!(recovered[0].0, label());
        assert_eq!(blobs.get(&recovered[0].1.blob).unwrap(), b"first second ");
        assert!(blobs.recover().unwrap().is_empty());
    }

    #[test]
    fn tampering_is_found_everywhere() {
        let (_dir, blobs) = blobs();
        let stored = blobs.put(label(), b"an official's misdeed").unwrap();
        let path = blobs.place(&stored.blob);
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            std::fs::write(&path, changed).unwrap();
            assert!(blobs.get(&stored.blob).is_err(), "byte {at}");
            std::fs::write(&path, &whole[..at]).unwrap();
            assert!(blobs.get(&stored.blob).is_err(), "cut at {at}");
        }
        std::fs::write(&path, &whole).unwrap();
        assert!(LocalBlobs::open(&blobs.dir, [8; 32]).unwrap().get(&stored.blob).is_err(), "another key");
        assert!(blobs.get(&stored.blob).is_ok());
    }

    #[test]
    fn a_discarded_file_leaves_nothing() {
        let (_dir, blobs) = blobs();
        let mut writer = blobs.create(label()).unwrap();
        writer.append(b"x").unwrap();
        writer.discard();
        assert!(blobs.recover().unwrap().is_empty());
    }
}
