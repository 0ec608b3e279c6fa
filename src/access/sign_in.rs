//! Sign-in, sessions and tokens, over the store.

use super::lockout::Lockout;
use super::password::{PasswordRefused, Passwords};
use super::{Fingerprint, Opaque, Principal, Role, Scope};
use crate::masters::Masters;
use crate::store::{SessionRow, Store, StoreError, TokenRow, UserRow};
use daak_domain::phone::PhoneNumber;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Knows who is who. Cheap to clone.
#[derive(Clone)]
pub struct Access {
    store: Store,
    passwords: Passwords,
    lockout: Arc<Mutex<Lockout>>,
    terms: Terms,
    known: Arc<Mutex<HashMap<Fingerprint, Known>>>,
    masters: Option<Arc<Masters>>,
}

/// How long things last.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// A session ends so long after its last request.
    pub idle: SignedDuration,
    /// A session ends so long after its beginning in any case.
    pub limit: SignedDuration,
    /// Wrong passwords in a row that lock a name.
    pub lock_after: u32,
    /// How long it stays locked.
    pub lock_for: SignedDuration,
}

/// A session that was opened.
pub struct Opened {
    /// The secret, for the cookie.
    pub secret: Opaque,
    /// Whose it is.
    pub principal: Principal,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInRefused {
    /// Wrong name or password, or a disabled person: which of them is not told.
    #[error("name or password is wrong")]
    Wrong,
    /// Too many wrong passwords.
    #[error("the name is locked until {until}")]
    Locked {
        /// When it opens again.
        until: Timestamp,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a person was not added or changed.
#[derive(Debug, thiserror::Error)]
pub enum PersonRefused {
    /// The name has another form.
    #[error("a sign-in name has 2 to 40 of the letters a-z, digits, dots, dashes and underscores, and begins with a letter")]
    Name,
    /// There is one already.
    #[error("there is already a person named {0}: choose another name")]
    Taken(String),
    /// There is none.
    #[error("there is no person named {0}: `daak user list` shows all")]
    Unknown(String),
    /// The password.
    #[error(transparent)]
    Password(#[from] PasswordRefused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Somebody who signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Sign-in name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Department of an officer, by code.
    pub department: Option<String>,
    /// Office of an officer, by code.
    pub office: Option<String>,
    /// District to which somebody is bound, by LGD code.
    pub district: Option<String>,
    /// Telephone number.
    pub phone: Option<PhoneNumber>,
    /// Whether they may no longer sign in.
    pub disabled: bool,
}

/// A token or a session that was looked up lately.
struct Known {
    principal: Option<Principal>,
    at: Instant,
}

/// How long a look-up is believed: a token or session that was ended lives at most so long.
const BELIEVED: Duration = Duration::from_secs(5);
/// Look-ups believed at once.
const MOST_KNOWN: usize = 10_000;
/// A session's last request is written down at most this often.
const SEEN_EVERY: SignedDuration = SignedDuration::from_secs(60);

impl Access {
    /// Over `store`, with these terms.
    pub fn new(store: Store, terms: Terms) -> Self {
        let lockout = Arc::new(Mutex::new(Lockout::new(terms.lock_after, terms.lock_for)));
        Self { store, passwords: Passwords::default(), lockout, terms, known: Arc::default(), masters: None }
    }

    /// Knows which offices lie below which. Without, nobody who is bound to an office signs in.
    #[must_use]
    pub fn with_offices(self, masters: Arc<Masters>) -> Self {
        Self { masters: Some(masters), ..self }
    }

    /// Opens a session.
    ///
    /// # Errors
    /// [`SignInRefused`].
    pub async fn sign_in(&self, name: &str, password: String, now: Timestamp) -> Result<Opened, SignInRefused> {
        if let Some(until) = self.lockout().locked_until(name, now) {
            return Err(SignInRefused::Locked { until });
        }
        let user = self.store.user(name).await?.filter(|user| !user.disabled);
        let stored = user.as_ref().and_then(|user| user.password.clone());
        let right = self.passwords.check(password, stored).await;
        let Some(principal) = user.filter(|_| right).and_then(|user| self.principal_of(&user, now)) else {
            self.lockout().failed(name, now);
            return Err(SignInRefused::Wrong);
        };
        self.lockout().succeeded(name);
        let secret = Opaque::new("");
        let row = SessionRow { fingerprint: secret.fingerprint().0.to_vec(), name: principal.name.clone(), created_at: now, seen_at: now };
        self.store.put_session(row).await?;
        Ok(Opened { secret, principal })
    }

    /// Whose session this is; `None` if it is none, or over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn session(&self, shown: &str, now: Timestamp) -> Result<Option<Principal>, StoreError> {
        let fingerprint = Fingerprint::of(shown);
        if let Some(known) = self.believed(fingerprint) {
            return Ok(known);
        }
        let principal = match self.store.session(&fingerprint.0).await? {
            None => None,
            Some(session) if self.is_over(&session, now) => {
                self.store.end_session(&fingerprint.0).await?;
                None
            }
            Some(session) => {
                let name = session.name.clone();
                if session.seen_at.checked_add(SEEN_EVERY).is_ok_and(|due| due < now) {
                    self.store.put_session(SessionRow { seen_at: now, ..session }).await?;
                }
                self.store.user(&name).await?.filter(|user| !user.disabled).as_ref().and_then(|user| self.principal_of(user, now))
            }
        };
        self.believe(fingerprint, principal.clone());
        Ok(principal)
    }

    fn is_over(&self, session: &SessionRow, now: Timestamp) -> bool {
        let after = |at: Timestamp, span: SignedDuration| at.checked_add(span).is_ok_and(|end| end <= now);
        after(session.seen_at, self.terms.idle) || after(session.created_at, self.terms.limit)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sign_out(&self, shown: &str) -> Result<(), StoreError> {
        let fingerprint = Fingerprint::of(shown);
        self.known().remove(&fingerprint);
        self.store.end_session(&fingerprint.0).await
    }

    /// Whose token this is; `None` if it is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn token(&self, shown: &str) -> Result<Option<Principal>, StoreError> {
        let fingerprint = Fingerprint::of(shown);
        if let Some(known) = self.believed(fingerprint) {
            return Ok(known);
        }
        let found = self.store.token(&fingerprint.0).await?;
        let principal = found
            .and_then(|token| Some(Principal { role: token.role.parse().ok()?, name: token.name, scope: Scope::default(), machine: true }));
        self.believe(fingerprint, principal.clone());
        Ok(principal)
    }

    /// A token for a machine. The secret is shown once.
    ///
    /// # Errors
    /// [`PersonRefused::Name`], or the database.
    pub async fn new_token(&self, name: &str, role: Role, now: Timestamp) -> Result<Opaque, PersonRefused> {
        check_name(name)?;
        let secret = Opaque::new("daak_");
        let row = TokenRow { fingerprint: secret.fingerprint().0.to_vec(), name: name.to_owned(), role: role.to_string() };
        self.store.put_token(row, now).await?;
        Ok(secret)
    }

    /// Adds somebody who signs in.
    ///
    /// # Errors
    /// [`PersonRefused`].
    pub async fn add(&self, account: Account, password: String, now: Timestamp) -> Result<(), PersonRefused> {
        check_name(&account.name)?;
        if self.store.user(&account.name).await?.is_some() {
            return Err(PersonRefused::Taken(account.name));
        }
        let password = self.passwords.hash(password).await?;
        let row = UserRow {
            name: account.name,
            role: account.role.to_string(),
            department: account.department,
            office: account.office,
            district: account.district,
            phone: account.phone.map(|phone| phone.to_string()),
            password: Some(password),
            disabled: account.disabled,
            created_at: now,
        };
        Ok(self.store.put_user(row).await?)
    }

    /// Nobody signs in by this name any more; open sessions end.
    ///
    /// # Errors
    /// [`PersonRefused::Unknown`], or the database.
    pub async fn disable(&self, name: &str) -> Result<(), PersonRefused> {
        let Some(user) = self.store.user(name).await? else { return Err(PersonRefused::Unknown(name.to_owned())) };
        self.store.put_user(UserRow { disabled: true, ..user }).await?;
        self.store.end_sessions_of(name).await?;
        self.known().clear();
        Ok(())
    }

    /// Everybody who signs in, or did.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        Ok(self.store.users().await?.into_iter().filter_map(account_of).collect())
    }

    fn principal_of(&self, user: &UserRow, now: Timestamp) -> Option<Principal> {
        let (department, office, district) = (user.department.clone(), user.office.clone(), user.district.clone());
        let scope = match &self.masters {
            Some(masters) => Scope::new(department, office, district, &masters.offices, masters.day(now)),
            None if office.is_some() => return None,
            None => Scope::without_office(department, district),
        };
        Some(Principal { name: user.name.clone(), role: user.role.parse().ok()?, scope, machine: false })
    }

    fn lockout(&self) -> std::sync::MutexGuard<'_, Lockout> {
        self.lockout.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<Fingerprint, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn believed(&self, fingerprint: Fingerprint) -> Option<Option<Principal>> {
        let known = self.known();
        let found = known.get(&fingerprint).filter(|known| known.at.elapsed() < BELIEVED)?;
        Some(found.principal.clone())
    }

    fn believe(&self, fingerprint: Fingerprint, principal: Option<Principal>) {
        let mut known = self.known();
        if known.len() >= MOST_KNOWN {
            known.retain(|_, known| known.at.elapsed() < BELIEVED);
        }
        if known.len() < MOST_KNOWN {
            known.insert(fingerprint, Known { principal, at: Instant::now() });
        }
    }
}

fn account_of(user: UserRow) -> Option<Account> {
    Some(Account {
        role: user.role.parse().ok()?,
        phone: user.phone.and_then(|phone| PhoneNumber::parse(&phone).ok()),
        name: user.name,
        department: user.department,
        office: user.office,
        district: user.district,
        disabled: user.disabled,
    })
}

fn check_name(name: &str) -> Result<(), PersonRefused> {
    let fits = (2..=40).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_'));
    if fits { Ok(()) } else { Err(PersonRefused::Name) }
}
