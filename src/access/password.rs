//! Passwords: argon2id (RFC 9106), and never more hashing at once than the machine can bear.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Hashes and checks passwords on threads that may be busy. Cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    /// Each check costs 19 MiB and tens of milliseconds: a few at once, the others wait their turn.
    turns: Arc<Semaphore>,
    /// Checked when there is no such person, so that nobody learns names by the time an answer takes.
    decoy: Arc<str>,
}

/// Why a password is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefused {
    /// Too short.
    #[error("a password has at least {SHORTEST} characters")]
    TooShort,
    /// Too long to be one.
    #[error("a password has at most {LONGEST} bytes")]
    TooLong,
    /// The hash could not be made.
    #[error("the password could not be hashed: try again")]
    Failed,
}

const SHORTEST: usize = 10;
const LONGEST: usize = 256;
const AT_ONCE: usize = 2;

impl Default for Passwords {
    fn default() -> Self {
        let decoy = hash("nobody has this password").unwrap_or_default();
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), decoy: decoy.into() }
    }
}

impl Passwords {
    /// The hash to store, in PHC string form.
    ///
    /// # Errors
    /// [`PasswordRefused`] if it is too short or too long.
    pub async fn hash(&self, password: String) -> Result<String, PasswordRefused> {
        check_form(&password)?;
        let _turn = self.turns.clone().acquire_owned().await.map_err(|_| PasswordRefused::Failed)?;
        tokio::task::spawn_blocking(move || hash(&password)).await.ok().flatten().ok_or(PasswordRefused::Failed)
    }

    /// Whether `password` is the one that was hashed; without a hash, as slowly, that it is not.
    pub async fn check(&self, password: String, stored: Option<String>) -> bool {
        if password.len() > LONGEST {
            return false;
        }
        let Ok(_turn) = self.turns.clone().acquire_owned().await else { return false };
        let (known, decoy) = (stored.is_some(), self.decoy.clone());
        let checked = tokio::task::spawn_blocking(move || verify(&password, stored.as_deref().unwrap_or(&decoy))).await;
        checked.unwrap_or(false) && known
    }
}

/// Whether it may be a password at all.
///
/// # Errors
/// [`PasswordRefused`] says why not.
pub fn check_form(password: &str) -> Result<(), PasswordRefused> {
    match (password.chars().count(), password.len()) {
        (0..SHORTEST, _) => Err(PasswordRefused::TooShort),
        (_, LONGEST..) => Err(PasswordRefused::TooLong),
        _ => Ok(()),
    }
}

fn hash(password: &str) -> Option<String> {
    Argon2::default().hash_password(password.as_bytes()).ok().map(|hash| hash.to_string())
}

fn verify(password: &str, stored: &str) -> bool {
    PasswordHash::new(stored).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_again_and_another_is_not() {
        let passwords = Passwords::default();
        let stored = passwords.hash("correct horse".into()).await.expect("long enough");
        assert!(stored.starts_with("$argon2id$"), "{stored}");
        assert!(passwords.check("correct horse".into(), Some(stored.clone())).await);
        assert!(!passwords.check("correct hors".into(), Some(stored)).await);
        assert!(!passwords.check("nobody has this password".into(), None).await);
        assert!(!passwords.check("x".into(), Some("not a hash".into())).await);
        assert_eq!(passwords.hash("short".into()).await, Err(PasswordRefused::TooShort));
    }
}
