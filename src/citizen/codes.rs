//! One-time codes: what was asked is looked up and sent here, after the asker was answered.

use super::is_of;
use crate::access::Fingerprint;
use crate::clock::Clock;
use crate::notify::Notices;
use crate::observe::event;
use crate::store::{NewCode, Store, StoreError};
use daak_domain::Timestamp;
use daak_domain::contact::Channel;
use daak_domain::language::Language;
use daak_domain::person::Identity;
use daak_domain::phone::PhoneNumber;
use daak_domain::ticket::Number;
use jiff::SignedDuration;
use sha2::{Digest, Sha256};
use std::io::Write;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How codes and sessions are bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeTerms {
    /// Minutes for which a code is good.
    pub minutes: u32,
    /// Showings that a code bears, right or wrong.
    pub tries: u32,
    /// Codes that one address gets within an hour, whoever asks.
    pub per_hour: u32,
    /// Minutes for which a session is believed.
    pub session_minutes: u32,
}

impl CodeTerms {
    /// When a session ends that begins now.
    pub fn session_end(&self, now: Timestamp) -> Timestamp {
        now.checked_add(SignedDuration::from_mins(self.session_minutes.into())).unwrap_or(Timestamp::MAX)
    }
}

/// For what a code is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What the asker knows.
    pub by: AskedBy,
    /// In which language it is to be; that of the ticket where it is not said.
    pub language: Option<Language>,
}

/// What the asker knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AskedBy {
    /// A ticket's number: the code goes to the address that registered it.
    Ticket(Number),
    /// Ten digits that may be a ticket's number or a telephone: whichever is known, the ticket first.
    Either(Number, Identity),
    /// A telephone or mail address: the code goes there, if it registered a ticket.
    Address(Identity),
}

impl Asked {
    /// For a ticket.
    pub fn for_ticket(number: Number, language: Option<Language>) -> Self {
        Self { by: AskedBy::Ticket(number), language }
    }

    /// For digits that may be either.
    pub fn for_either(number: Number, phone: PhoneNumber, language: Option<Language>) -> Self {
        Self { by: AskedBy::Either(number, Identity::Phone(phone)), language }
    }

    /// For a telephone.
    pub fn for_phone(phone: PhoneNumber, language: Option<Language>) -> Self {
        Self { by: AskedBy::Address(Identity::Phone(phone)), language }
    }

    /// For a mail address.
    pub fn for_email(email: &str, language: Option<Language>) -> Self {
        Self { by: AskedBy::Address(Identity::Email(email.trim().to_lowercase())), language }
    }

    /// Names what is asked for, to count how often it is.
    pub fn target(&self) -> String {
        match &self.by {
            AskedBy::Ticket(number) | AskedBy::Either(number, _) => format!("ticket:{number}"),
            AskedBy::Address(address) => {
                let (kind, value) = address.stored();
                format!("{kind}:{value}")
            }
        }
    }
}

/// A code that somebody waits for.
pub(super) struct Wish {
    pub(super) asked: Asked,
    pub(super) secret: String,
}

/// Codes that may wait to be sent.
pub(super) const WAITING: usize = 256;
/// Digits of a code: shown five times, it is guessed once in 200,000.
const DIGITS: usize = 6;

/// Sends the codes that were asked for.
pub struct Wishes {
    store: Store,
    notices: Notices,
    terms: CodeTerms,
    clock: Clock,
    waiting: mpsc::Receiver<Wish>,
    aloud: bool,
}

impl Wishes {
    pub(super) fn new(store: Store, notices: Notices, terms: CodeTerms, clock: Clock, waiting: mpsc::Receiver<Wish>) -> Self {
        Self { store, notices, terms, clock, waiting, aloud: false }
    }

    /// Also tells each code on the terminal: in the demonstration, where no message leaves the machine.
    #[must_use]
    pub fn aloud(mut self, aloud: bool) -> Self {
        self.aloud = aloud;
        self
    }

    /// Sends until `closing`.
    pub async fn run(mut self, closing: CancellationToken) {
        loop {
            let wish = tokio::select! {
                wish = self.waiting.recv() => wish,
                () = closing.cancelled() => None,
            };
            let Some(wish) = wish else { return };
            // Whoever waits for a code that does not come asks again.
            if let Err(why) = self.fulfil(&wish).await {
                tracing::warn!(event = event::CODE_NOT_SENT, %why);
            }
        }
    }

    /// Everything that was asked for up to now.
    #[cfg(test)]
    pub(crate) async fn fulfil_all(&mut self) {
        while let Ok(wish) = self.waiting.try_recv() {
            self.fulfil(&wish).await.expect("the store works");
        }
    }

    async fn fulfil(&self, wish: &Wish) -> Result<(), StoreError> {
        let now = self.clock.now();
        let code = format!("{:0DIGITS$}", rand::random_range(0..10_u32.pow(DIGITS as u32)));
        let known = self.known(&wish.asked).await?;
        let known = match known {
            Some((address, language)) if self.carried(&address).is_some() && !self.had_enough(&address, now).await? => {
                Some((address, wish.asked.language.unwrap_or(language)))
            }
            _ => None,
        };
        let message = known.as_ref().and_then(|(address, language)| {
            let key = format!("otp:{}", hex::encode(&Fingerprint::of(&wish.secret).0[..12]));
            let to = (self.carried(address)?, address.stored().1);
            let made = self.notices.one_time_code(&key, to, *language, (&code, self.terms.minutes), now);
            made.inspect_err(|why| tracing::error!(event = event::MESSAGE_UNMADE, %why)).ok()
        });
        let kept = NewCode {
            fingerprint: Fingerprint::of(&wish.secret).0,
            code: sealed(&wish.secret, &code),
            address: known.filter(|_| message.is_some()).map(|(address, _)| address),
            created_at: now,
            expires_at: now.checked_add(SignedDuration::from_mins(self.terms.minutes.into())).unwrap_or(now),
        };
        if let Some(message) = message.as_ref().filter(|_| self.aloud) {
            let _ = writeln!(std::io::stdout(), "demo  to {}: {}", message.to, message.text);
        }
        self.store.put_code(kept, message).await
    }

    /// To which address a code may go, and the language of its ticket.
    async fn known(&self, asked: &Asked) -> Result<Option<(Identity, Language)>, StoreError> {
        match &asked.by {
            AskedBy::Ticket(number) => self.by_ticket(*number).await,
            AskedBy::Address(address) => self.by_address(address).await,
            AskedBy::Either(number, address) => match self.by_ticket(*number).await? {
                Some(known) => Ok(Some(known)),
                None => self.by_address(address).await,
            },
        }
    }

    async fn by_ticket(&self, number: Number) -> Result<Option<(Identity, Language)>, StoreError> {
        let Some(ticket) = self.store.ticket(number).await? else { return Ok(None) };
        let first = self.store.first_contact(number).await?;
        Ok(first.and_then(|first| Identity::provable(&first.contact.sender)).map(|address| (address, ticket.language)))
    }

    async fn by_address(&self, address: &Identity) -> Result<Option<(Identity, Language)>, StoreError> {
        let tickets = self.store.tickets_of_address(address).await?;
        let registered = tickets.into_iter().find(|(_, first)| is_of(&first.contact.sender, address));
        Ok(registered.map(|(ticket, _)| (address.clone(), ticket.language)))
    }

    /// The channel that carries a code to this address.
    fn carried(&self, address: &Identity) -> Option<Channel> {
        let channel = match address {
            Identity::Phone(_) => Channel::Sms,
            Identity::Email(_) => Channel::Email,
            Identity::Handle(_) => return None,
        };
        self.notices.carries(channel).then_some(channel)
    }

    /// Whether so many codes went there that another one would only annoy.
    async fn had_enough(&self, address: &Identity, now: Timestamp) -> Result<bool, StoreError> {
        let since = now.checked_sub(SignedDuration::from_hours(1)).unwrap_or(Timestamp::MIN);
        Ok(self.store.codes_sent(address, since).await? >= self.terms.per_hour)
    }
}

/// What is kept of a code. A million codes are quickly tried; without the secret, which is not kept, none can be.
pub(super) fn sealed(secret: &str, code: &str) -> [u8; 32] {
    let digits = code.chars().filter_map(daak_domain::phone::digit_value);
    let mut hasher = Sha256::new();
    hasher.update(b"one-time code\0");
    hasher.update(secret.as_bytes());
    hasher.update(b"\0");
    hasher.update(digits.collect::<String>().as_bytes());
    hasher.finalize().into()
}
