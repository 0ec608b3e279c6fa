//! The folder in which scanners lay their files.
//!
//! A file whose size rests is claimed by renaming it into `work/` under a name of ours; when everything in it is durable, it is
//! renamed into `done/` or `quarantine/`. A rename happens or does not happen: whenever the process dies, each file lies in
//! exactly one place, and what lies in `work/` at the next start is taken in again, which changes nothing that was already taken.
//! The folder is looked at every second rather than watched: notices do not come from network drives.

use crate::post_room::{NotNow, PostRoom, Taken};
use jiff::Timestamp;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// The folder, with its `work`, `done` and `quarantine`.
pub struct Inbox {
    folder: PathBuf,
    rests: Duration,
    seen: HashMap<PathBuf, Sight>,
    /// Held as long as the folder is ours.
    _lock: File,
}

/// A file as it was last looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sight {
    size: u64,
    changed: SystemTime,
    since: Instant,
}

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    /// The disk's word.
    #[error("letters.inbox: {folder} cannot be used ({why}): make it writable, or set letters.inbox to another", folder = .folder.display())]
    Disk {
        /// Which folder.
        folder: PathBuf,
        /// The disk's word.
        why: io::Error,
    },
    /// Somebody else works in it.
    #[error("letters.inbox: another process works in {folder}: end it, or set letters.inbox to another", folder = .0.display())]
    Taken(PathBuf),
}

/// What happened to a file, to be written in the log. Names of files are not in it: people put names of people there.
#[derive(Debug)]
pub enum InboxEvent {
    /// A file was taken in.
    Taken(Taken),
    /// It must wait.
    Waits(NotNow),
    /// The folder cannot be read at the moment.
    Unreadable(io::Error),
}

/// How often the folder is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// Most files claimed and not yet done.
const AT_ONCE: usize = 4;
/// Shortest and longest wait before a file is tried again.
const RETRY: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(120));
/// Most names remembered of files that do not rest yet.
const MOST_SEEN: usize = 10_000;

impl Inbox {
    /// Opens the folder and makes what is missing. `rests`: how long a file's size must not change before it is whole.
    ///
    /// # Errors
    /// [`InboxError`].
    pub fn open(folder: &Path, rests: Duration) -> Result<Self, InboxError> {
        let disk = |why| InboxError::Disk { folder: folder.to_owned(), why };
        for part in ["work", "done", "quarantine"] {
            fs::create_dir_all(folder.join(part)).map_err(disk)?;
        }
        let folder = folder.canonicalize().map_err(disk)?;
        let lock = File::options().create(true).truncate(false).write(true).open(folder.join("work/.lock")).map_err(disk)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { folder, rests, seen: HashMap::new(), _lock: lock }),
            Err(fs::TryLockError::WouldBlock) => Err(InboxError::Taken(folder)),
            Err(fs::TryLockError::Error(why)) => Err(disk(why)),
        }
    }

    /// Takes files in until `closing`. What was claimed and is not done then is done at the next start.
    pub async fn run(mut self, room: Arc<PostRoom>, closing: CancellationToken, tell: impl Fn(InboxEvent) + Send + Sync + 'static) {
        let tell = Arc::new(tell);
        let mut working = JoinSet::new();
        let mut claimed = self.left_over().unwrap_or_else(|why| {
            tell(InboxEvent::Unreadable(why));
            Vec::new()
        });
        loop {
            while working.len() < AT_ONCE
                && let Some(file) = claimed.pop()
            {
                working.spawn(carry(self.folder.clone(), file, room.clone(), tell.clone()));
            }
            tokio::select! {
                () = closing.cancelled() => return,
                _ = working.join_next(), if !working.is_empty() && (working.len() >= AT_ONCE || !claimed.is_empty()) => continue,
                () = tokio::time::sleep(LOOK) => {}
            }
            while working.try_join_next().is_some() {}
            if claimed.is_empty() && working.len() < AT_ONCE {
                let looked = tokio::task::spawn_blocking(move || {
                    let looked = self.look(Instant::now());
                    (self, looked)
                });
                // A look that panics takes the folder's lock along: the part ends, and its owner notices.
                let Ok((inbox, looked)) = looked.await else { return };
                self = inbox;
                claimed = looked.unwrap_or_else(|why| {
                    tell(InboxEvent::Unreadable(why));
                    Vec::new()
                });
            }
        }
    }

    /// Files that were claimed when the process died.
    fn left_over(&self) -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(self.folder.join("work"))? {
            let entry = entry?;
            if entry.file_type()?.is_file() && entry.file_name() != ".lock" {
                files.push(entry.path());
            }
        }
        Ok(files)
    }

    /// Claims what rests.
    fn look(&mut self, now: Instant) -> io::Result<Vec<PathBuf>> {
        let (mut claimed, mut still) = (Vec::new(), HashMap::new());
        for entry in fs::read_dir(&self.folder)? {
            let Ok(entry) = entry else { continue };
            let (path, Ok(about)) = (entry.path(), entry.metadata()) else { continue };
            // A link could lead anywhere; a folder is no scan; what begins with a dot is still being written.
            if !about.file_type().is_file() || unfinished(&path) {
                continue;
            }
            let changed = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            let sight = match self.seen.get(&path) {
                Some(before) if (before.size, before.changed) == (about.len(), changed) => *before,
                _ => Sight { size: about.len(), changed, since: now },
            };
            if now.duration_since(sight.since) >= self.rests && claimed.len() < AT_ONCE {
                claimed.extend(self.claim(&path));
            } else if still.len() < MOST_SEEN {
                still.insert(path, sight);
            }
        }
        self.seen = still;
        Ok(claimed)
    }

    /// Gives a file a name of ours in `work/`. `None` if somebody took it away.
    fn claim(&self, path: &Path) -> Option<PathBuf> {
        let shown = shown_name(&path.file_name()?.to_string_lossy());
        let ours = self.folder.join("work").join(format!("{}.{shown}", uuid::Uuid::now_v7().simple()));
        fs::rename(path, &ours).ok()?;
        Some(ours)
    }
}

/// Lays a file into the folder whole: it appears under its name when all of it is on the disk. For uploads.
///
/// # Errors
/// The disk's own.
pub fn lay_down(folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    use std::io::Write;
    fs::create_dir_all(folder)?;
    let id = uuid::Uuid::now_v7().simple();
    let hidden = folder.join(format!(".{id}.part"));
    let mut file = File::create_new(&hidden)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&hidden, folder.join(format!("{id}.{}", shown_name(name))))?;
    File::open(folder)?.sync_all()
}

fn unfinished(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') || [".part", ".tmp", ".crdownload", ".filepart"].iter().any(|ending| name.to_lowercase().ends_with(ending))
}

/// A name that is safe to show and to be a part of a file's name of ours: letters, digits, a few signs, not long.
fn shown_name(name: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    let name: String = name.chars().map(safe).take(48).collect();
    let name = name.trim_matches(['.', '_']).to_owned();
    if name.is_empty() { "scan".into() } else { name }
}

/// The part of our name that people know.
fn known_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    name.split_once('.').map_or(name.clone(), |(_, known)| known.to_owned())
}

/// Carries one claimed file to its end, however often it takes.
async fn carry(folder: PathBuf, file: PathBuf, room: Arc<PostRoom>, tell: Arc<impl Fn(InboxEvent) + Send + Sync>) {
    let mut pause = RETRY.0;
    loop {
        let received = fs::metadata(&file).and_then(|about| about.modified()).ok();
        let received = received.and_then(|at| Timestamp::try_from(at).ok()).unwrap_or_else(Timestamp::now).min(Timestamp::now());
        match room.take_in(&file, &known_name(&file), received).await {
            Ok(taken) => {
                if let Err(why) = lay_away(&folder, &file, &taken) {
                    tell(InboxEvent::Unreadable(why));
                }
                tell(InboxEvent::Taken(taken));
                return;
            }
            // Somebody took it away: there is nothing left to do.
            Err(_) if !file.exists() => return,
            Err(why) => tell(InboxEvent::Waits(why)),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(RETRY.1);
    }
}

/// Moves a file out of `work/`. In quarantine its reason lies beside it.
fn lay_away(folder: &Path, file: &Path, taken: &Taken) -> io::Result<()> {
    let name = file.file_name().unwrap_or_default();
    let part = match taken {
        Taken::Letters(_) => "done",
        Taken::Held(reason) => {
            let mut beside = name.to_owned();
            beside.push(".why.txt");
            fs::write(folder.join("quarantine").join(beside), format!("{reason}\n"))?;
            "quarantine"
        }
    };
    fs::rename(file, folder.join(part).join(name))?;
    File::open(folder.join(part))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_file_is_claimed_when_it_rests_and_only_then() {
        let home = tempfile::tempdir().expect("a folder");
        let mut inbox = Inbox::open(home.path(), Duration::from_secs(2)).expect("opened");
        let begun = Instant::now();
        let after = |seconds| begun + Duration::from_secs(seconds);
        fs::write(home.path().join("batch 1.pdf"), b"half").expect("written");
        fs::write(home.path().join("later.part"), b"x").expect("written");
        fs::write(home.path().join(".hidden"), b"x").expect("written");
        std::os::unix::fs::symlink("/etc/passwd", home.path().join("link.pdf")).expect("linked");
        assert!(inbox.look(begun).expect("looked").is_empty());
        assert!(inbox.look(after(1)).expect("looked").is_empty());
        fs::write(home.path().join("batch 1.pdf"), b"half and half").expect("written");
        assert!(inbox.look(after(2)).expect("looked").is_empty(), "it grew");
        let claimed = inbox.look(after(4)).expect("looked");
        assert_eq!(claimed.iter().map(|f| known_name(f)).collect::<Vec<_>>(), ["batch_1.pdf"]);
        assert!(!home.path().join("batch 1.pdf").exists());
        assert!(inbox.look(after(9)).expect("looked").is_empty(), "links, parts and hidden files stay");
        assert_eq!(inbox.left_over().expect("looked"), claimed, "a process that dies now finds it again");
        assert!(matches!(Inbox::open(home.path(), Duration::ZERO), Err(InboxError::Taken(_))));
        let reason = Taken::Held("it is locked".into());
        lay_away(home.path(), &claimed[0], &reason).expect("moved");
        assert_eq!(fs::read_dir(home.path().join("quarantine")).expect("there").count(), 2);
        assert!(inbox.left_over().expect("looked").is_empty());
    }

    #[test]
    fn what_is_laid_down_appears_whole() {
        let home = tempfile::tempdir().expect("a folder");
        lay_down(home.path(), "../../etc/passwd", b"%PDF-").expect("laid down");
        let names: Vec<_> = fs::read_dir(home.path()).expect("there").map(|e| e.expect("an entry").path()).collect();
        assert_eq!(names.len(), 1);
        assert_eq!((known_name(&names[0]).as_str(), names[0].parent()), ("etc_passwd", Some(home.path())));
    }

    proptest! {
        #[test]
        fn no_name_leaves_the_folder(name in "(\\PC|[./\\\\\u{0}-\u{1f}]){0,80}") {
            let shown = shown_name(&name);
            prop_assert!(!shown.is_empty() && !shown.starts_with('.') && !shown.contains(['/', '\\', '\0']));
            prop_assert!(shown.len() <= 200);
        }
    }
}
