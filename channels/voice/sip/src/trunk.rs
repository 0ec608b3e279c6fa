//! How a trunk lets us in.

use crate::config::TrunkAccount;
use crate::digest;

/// Our account at a trunk.
pub(crate) struct Account {
    pub(crate) user: String,
    password: String,
}

impl Account {
    pub(crate) fn new(account: &TrunkAccount) -> Self {
        Self { user: account.user.clone(), password: account.password.clone() }
    }

    /// The answer to a challenge.
    pub(crate) fn answer(&self, challenge: &str, method: &str, uri: &str, cnonce: &str) -> Option<String> {
        digest::answer(challenge, &self.user, &self.password, method, uri, cnonce)
    }
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("user", &self.user).finish_non_exhaustive()
    }
}
