//! What was spoken once need not be spoken again: in memory for a while, on disk for prompts.

use super::SpeakerConfig;
use crate::Pcm;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

/// Names a text as spoken by one voice at one pace and rate; the text cannot be had back from it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key([u8; 32]);

impl Key {
    pub(super) fn new(voice: &str, config: &SpeakerConfig, text: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [voice, &config.pace.to_string(), &config.rate.to_string(), text] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        Self(hash.finalize().into())
    }
}

/// The sounds last used, up to a number of bytes.
pub(super) struct Memory {
    limit: usize,
    bytes: usize,
    clock: u64,
    sounds: HashMap<Key, (u64, Arc<Pcm>)>,
    by_age: BTreeMap<u64, Key>,
}

impl Memory {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, bytes: 0, clock: 0, sounds: HashMap::new(), by_age: BTreeMap::new() }
    }

    pub(super) fn get(&mut self, key: &Key) -> Option<Arc<Pcm>> {
        let (age, sound) = self.sounds.get_mut(key)?;
        self.by_age.remove(age);
        self.clock += 1;
        *age = self.clock;
        self.by_age.insert(self.clock, key.clone());
        Some(sound.clone())
    }

    pub(super) fn put(&mut self, key: Key, sound: Arc<Pcm>) {
        let size = sound.samples.len() * 2;
        if size > self.limit || self.sounds.contains_key(&key) {
            return;
        }
        while self.bytes + size > self.limit {
            let Some((_, oldest)) = self.by_age.pop_first() else { break };
            if let Some((_, gone)) = self.sounds.remove(&oldest) {
                self.bytes -= gone.samples.len() * 2;
            }
        }
        self.clock += 1;
        self.bytes += size;
        self.by_age.insert(self.clock, key.clone());
        self.sounds.insert(key, (self.clock, sound));
    }
}

/// Prompts kept across restarts. A disk that fails costs time, never a prompt.
pub(super) struct Disk {
    dir: PathBuf,
    limit: u64,
}

impl Disk {
    pub(super) fn new(dir: PathBuf, limit: u64) -> Self {
        Self { dir, limit }
    }

    pub(super) async fn read(&self, key: &Key) -> Option<Pcm> {
        let bytes = tokio::fs::read(self.path(key)).await.ok()?;
        Pcm::from_wav(&bytes).ok().filter(|sound| !sound.samples.is_empty())
    }

    /// Whole or not at all; the oldest prompts make room.
    pub(super) async fn write(&self, key: &Key, sound: &Pcm) {
        let (path, bytes, dir, limit) = (self.path(key), sound.to_wav(), self.dir.clone(), self.limit);
        let written = tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(&dir)?;
            make_room(&dir, limit, bytes.len() as u64)?;
            let unfinished = path.with_extension(format!("{}.part", std::process::id()));
            std::fs::write(&unfinished, bytes)?;
            std::fs::rename(unfinished, path)
        });
        if let Ok(Err(error)) = written.await {
            tracing::warn!(event = "speech.prompt_not_kept", %error, "a spoken prompt could not be kept on disk");
        }
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.dir.join(format!("{}.wav", hex::encode(key.0)))
    }
}

fn make_room(dir: &std::path::Path, limit: u64, needed: u64) -> std::io::Result<()> {
    let mut kept = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let about = entry.metadata()?;
        kept.push((about.modified()?, about.len(), entry.path()));
    }
    kept.sort();
    let mut total: u64 = kept.iter().map(|(_, size, _)| size).sum();
    for (_, size, path) in kept {
        if total + needed <= limit {
            break;
        }
        std::fs::remove_file(path)?;
        total -= size;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        Key::new("bn", &SpeakerConfig::default(), text)
    }

    fn sound(samples: usize) -> Pcm {
        Pcm { rate: 8000, samples: vec![1; samples] }
    }

    #[test]
    fn memory_forgets_what_was_longest_unused_and_never_grows_past_its_limit() {
        let mut memory = Memory::new(2000);
        memory.put(key("a"), Arc::new(sound(400)));
        memory.put(key("b"), Arc::new(sound(400)));
        assert!(memory.get(&key("a")).is_some());
        memory.put(key("c"), Arc::new(sound(400)));
        assert!(memory.get(&key("b")).is_none(), "b was longest unused");
        assert!(memory.get(&key("a")).is_some() && memory.get(&key("c")).is_some());
        memory.put(key("too large"), Arc::new(sound(1001)));
        assert!(memory.get(&key("too large")).is_none() && memory.get(&key("a")).is_some());
        for n in 0..1000 {
            memory.put(key(&n.to_string()), Arc::new(sound(100)));
            assert!(memory.bytes <= 2000 && memory.sounds.len() == memory.by_age.len());
        }
    }

    #[test]
    fn a_key_tells_voice_pace_and_text_apart() {
        let config = SpeakerConfig::default();
        let faster = SpeakerConfig { pace: 200, ..config.clone() };
        let keys = [Key::new("a", &config, "bc"), Key::new("ab", &config, "c"), Key::new("a", &faster, "bc"), Key::new("a", &config, "cb")];
        let distinct: std::collections::HashSet<_> = keys.iter().collect();
        assert_eq!(distinct.len(), 4);
    }

    #[tokio::test]
    async fn the_disk_keeps_up_to_its_limit_and_a_broken_file_is_no_prompt() {
        let dir = tempfile::tempdir().unwrap();
        let disk = Disk::new(dir.path().join("prompts"), 2100);
        for n in 0..5 {
            disk.write(&key(&n.to_string()), &sound(500)).await;
        }
        assert_eq!(std::fs::read_dir(dir.path().join("prompts")).unwrap().count(), 2, "each is 1044 bytes");
        assert_eq!(disk.read(&key("4")).await, Some(sound(500)));
        std::fs::write(disk.path(&key("4")), b"RIFF").unwrap();
        assert_eq!(disk.read(&key("4")).await, None);
    }
}
