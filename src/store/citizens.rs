//! One-time codes, the sessions of citizens who showed one, and the tickets that such a session sees.

use super::connection::{BoxWork, Connection, Row, Value, values};
use super::error::{Result, StoreError};
use super::row::{self, StoredContact, micros, time};
use super::writer::Work;
use super::{Change, NewMessage, Store, outbox};
use daak_domain::Timestamp;
use daak_domain::person::Identity;
use daak_domain::ticket::{Event, Number, SealedEvent, Ticket};
use jiff::SignedDuration;
use std::collections::BTreeSet;

/// A code that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCode {
    /// Hash of the secret that the asker holds.
    pub fingerprint: [u8; 32],
    /// Hash of the secret and the code.
    pub code: [u8; 32],
    /// To which address it goes; `None` if nobody was known by what was asked.
    pub address: Option<Identity>,
    /// When.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// A citizen who has shown that an address is theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CitizenSession {
    /// The address.
    pub address: Identity,
    /// Until when it is believed.
    pub expires_at: Timestamp,
}

/// A ticket with all that it is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct WholeTicket {
    /// The ticket.
    pub ticket: Ticket,
    /// Its contacts, the one that opened it first.
    pub contacts: Vec<StoredContact>,
    /// Its events.
    pub events: Vec<SealedEvent>,
}

/// Codes are remembered so long, to know how many went to an address.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(1);
/// Tickets that are listed for one address.
const LISTED: u32 = 50;

impl Store {
    /// Keeps a code and what carries it, both or neither; forgets codes and sessions that are over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_code(&self, code: NewCode, message: Option<NewMessage>) -> Result<()> {
        self.writer.work(PutCode { code, message }).await
    }

    /// Codes that went to an address since a time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn codes_sent(&self, address: &Identity, since: Timestamp) -> Result<u32> {
        let (kind, value) = address.stored();
        let sql = "SELECT count(*) AS n FROM one_time_codes WHERE address = ?1 AND kind = ?2 AND created_at > ?3";
        let row = self.readers.row(sql, values![value, kind, micros(since)]).await?;
        Ok(row.map(|row| row.get::<i64>("n")).transpose()?.and_then(|n| u32::try_from(n).ok()).unwrap_or_default())
    }

    /// Opens a session for whoever shows the code that belongs to the secret with hash `fingerprint`. Each showing counts, also a
    /// wrong one; after `most` of them the code is good for nothing. A right one is good once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn redeem_code(&self, shown: ShownCode, session: [u8; 32], until: Timestamp, now: Timestamp) -> Result<Option<Identity>> {
        self.writer.work(Redeem { shown, session, until, now }).await
    }

    /// The session with this hash, if it is not over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn citizen_session(&self, fingerprint: [u8; 32], now: Timestamp) -> Result<Option<CitizenSession>> {
        self.readers.read(move |on| Box::pin(async move { session(on, &fingerprint, now).await })).await
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_citizen_session(&self, fingerprint: [u8; 32]) -> Result<()> {
        self.writer.work(EndSession(fingerprint)).await
    }

    /// A session and a ticket, in one look: whether the one may see the other is for the caller to say.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn session_and_ticket(
        &self,
        fingerprint: [u8; 32],
        number: Number,
        now: Timestamp,
    ) -> Result<(Option<CitizenSession>, Option<WholeTicket>)> {
        let read = self.readers.read(move |on| {
            Box::pin(async move {
                let Some(session) = session(on, &fingerprint, now).await? else { return Ok((None, None)) };
                Ok((Some(session), whole(on, number).await?))
            })
        });
        read.await
    }

    /// The contact that opened a ticket.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn first_contact(&self, number: Number) -> Result<Option<StoredContact>> {
        let sql = "SELECT id, body FROM contacts WHERE ticket = ?1 ORDER BY id LIMIT 1";
        let row = self.readers.row(sql, values![number.as_u64() as i64]).await?;
        row.as_ref().map(row::contact).transpose()
    }

    /// The tickets of whoever is known by an address, each with the contact that opened it, the newest first, at most 50.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tickets_of_address(&self, address: &Identity) -> Result<Vec<(Ticket, StoredContact)>> {
        let (kind, value) = address.stored();
        let sql = format!(
            "SELECT t.folded, c.id, c.body FROM identities i JOIN tickets t ON t.person = i.person
             JOIN contacts c ON c.id = (SELECT MIN(id) FROM contacts WHERE ticket = t.number)
             WHERE i.kind = ?1 AND i.value = ?2 ORDER BY t.registered_at DESC LIMIT {LISTED}"
        );
        let rows = self.readers.rows(&sql, values![kind, value]).await?;
        rows.iter().map(|row| Ok((row::ticket(row)?, row::contact(row)?))).collect()
    }
}

impl Store {
    /// Which of these tickets somebody asked to settle without knowing who they are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn confidential_among(&self, numbers: &[Number]) -> Result<BTreeSet<Number>> {
        if numbers.is_empty() {
            return Ok(BTreeSet::new());
        }
        // A quotation mark within a text is escaped in JSON: only a mark stands so.
        let places: Vec<_> = (1..=numbers.len()).map(|n| format!("?{n}")).collect();
        let sql =
            format!("SELECT DISTINCT ticket FROM contacts WHERE ticket IN ({}) AND body LIKE '%\"confidential\"%'", places.join(", "));
        let values: Vec<_> = numbers.iter().map(|number| Value::from(number.as_u64() as i64)).collect();
        let rows = self.readers.rows(&sql, &values).await?;
        Ok(rows.iter().map(|row| row::number(row, "ticket")).collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }
}

/// A code as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShownCode {
    /// Hash of the secret.
    pub fingerprint: [u8; 32],
    /// Hash of the secret and the code.
    pub code: [u8; 32],
    /// Showings that a code bears.
    pub most: u32,
}

async fn session(on: &mut Connection, fingerprint: &[u8; 32], now: Timestamp) -> Result<Option<CitizenSession>> {
    let sql = "SELECT kind, address, expires_at FROM citizen_sessions WHERE fingerprint = ?1 AND expires_at > ?2";
    let row = on.row(sql, values![&fingerprint[..], micros(now)]).await?;
    row.map(|row| {
        let address = address(&row)?.ok_or_else(|| StoreError::Damaged("a citizen's session without an address".into()))?;
        Ok(CitizenSession { address, expires_at: time(&row, "expires_at")? })
    })
    .transpose()
}

async fn whole(on: &mut Connection, number: Number) -> Result<Option<WholeTicket>> {
    let number = number.as_u64() as i64;
    let Some(folded) = on.row("SELECT folded FROM tickets WHERE number = ?1", values![number]).await? else { return Ok(None) };
    let contacts = on.rows("SELECT id, body FROM contacts WHERE ticket = ?1 ORDER BY id", values![number]).await?;
    let events = on.rows("SELECT seq, body, hash FROM events WHERE ticket = ?1 ORDER BY seq", values![number]).await?;
    let sealed = |row: &Row| {
        let event: Event = serde_json::from_str(&row.get::<String>("body")?)?;
        let seq = u32::try_from(row.get::<i64>("seq")?).unwrap_or(u32::MAX);
        Ok(SealedEvent { seq, event, hash: row::hash(&row.get::<Vec<u8>>("hash")?)? })
    };
    Ok(Some(WholeTicket {
        ticket: row::ticket(&folded)?,
        contacts: contacts.iter().map(row::contact).collect::<Result<_>>()?,
        events: events.iter().map(sealed).collect::<Result<_>>()?,
    }))
}

fn address(row: &Row) -> Result<Option<Identity>> {
    let (kind, value): (Option<String>, Option<String>) = (row.get("kind")?, row.get("address")?);
    Ok(kind.zip(value).and_then(|(kind, value)| Identity::from_stored(&kind, &value)))
}

struct PutCode {
    code: NewCode,
    message: Option<NewMessage>,
}

impl Work for PutCode {
    type Answer = ();

    fn run<'a>(&'a self, on: &'a mut Connection, changes: &'a mut Vec<Change>) -> BoxWork<'a, ()> {
        Box::pin(async move {
            let c = &self.code;
            let old = c.created_at.checked_sub(REMEMBERED).unwrap_or(Timestamp::MIN);
            on.execute("DELETE FROM one_time_codes WHERE created_at < ?1", values![micros(old)]).await?;
            on.execute("DELETE FROM citizen_sessions WHERE expires_at < ?1", values![micros(c.created_at)]).await?;
            let (kind, address) = c.address.as_ref().map(Identity::stored).unzip();
            let (kind, address) = (kind.map(str::to_owned), address.map(str::to_owned));
            let sql = "INSERT INTO one_time_codes (fingerprint, code, kind, address, tries, created_at, expires_at)
                       VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6)";
            let times = (micros(c.created_at), micros(c.expires_at));
            on.execute(sql, values![&c.fingerprint[..], &c.code[..], &kind, &address, times.0, times.1]).await?;
            if let Some(message) = &self.message
                && outbox::put(on, None, message, c.created_at).await?
            {
                changes.push(Change::Message { key: message.key.clone(), state: "queued" });
            }
            Ok(())
        })
    }
}

struct Redeem {
    shown: ShownCode,
    session: [u8; 32],
    until: Timestamp,
    now: Timestamp,
}

impl Work for Redeem {
    type Answer = Option<Identity>;

    fn run<'a>(&'a self, on: &'a mut Connection, _: &'a mut Vec<Change>) -> BoxWork<'a, Option<Identity>> {
        Box::pin(async move {
            let now = micros(self.now);
            let sql = "UPDATE one_time_codes SET tries = tries + 1 WHERE fingerprint = ?1 AND expires_at > ?2 AND tries < ?3
                       RETURNING code, kind, address";
            let row = on.row(sql, values![&self.shown.fingerprint[..], now, i64::from(self.shown.most)]).await?;
            let Some(row) = row else { return Ok(None) };
            let Some(address) = address(&row)?.filter(|_| row.get::<Vec<u8>>("code").is_ok_and(|code| code == self.shown.code)) else {
                return Ok(None);
            };
            on.execute("UPDATE one_time_codes SET expires_at = ?2 WHERE fingerprint = ?1", values![&self.shown.fingerprint[..], now])
                .await?;
            let sql = "INSERT INTO citizen_sessions (fingerprint, kind, address, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)";
            let (kind, value) = address.stored();
            on.execute(sql, values![&self.session[..], kind, value, now, micros(self.until)]).await?;
            Ok(Some(address))
        })
    }
}

struct EndSession([u8; 32]);

impl Work for EndSession {
    type Answer = ();

    fn run<'a>(&'a self, on: &'a mut Connection, _: &'a mut Vec<Change>) -> BoxWork<'a, ()> {
        Box::pin(async move { on.execute("DELETE FROM citizen_sessions WHERE fingerprint = ?1", values![&self.0[..]]).await.map(drop) })
    }
}
