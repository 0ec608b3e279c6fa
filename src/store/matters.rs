//! Matters that other portals see: those of the community for everybody, and for a portal what it handed in itself.

use super::Store;
use super::connection::{Row, Value};
use super::error::Result;
use super::row::{self, micros, time};
use daak_domain::Timestamp;
use daak_domain::contact::{Channel, Sender};
use daak_domain::ticket::{Number, State, Ticket};

/// What to look for; all that is given must hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PublicQuery {
    /// These numbers; none means any.
    pub numbers: Vec<Number>,
    /// Any of these categories; none means any.
    pub categories: Vec<String>,
    /// Any of these states; none means any.
    pub states: Vec<State>,
    /// Registered at this time or later.
    pub from: Option<Timestamp>,
    /// Registered before this time.
    pub to: Option<Timestamp>,
    /// At most so many.
    pub limit: u32,
    /// After so many.
    pub offset: u32,
    /// How the contacts of the portal are named that asks.
    pub portal: Option<String>,
}

/// A matter.
#[derive(Debug, Clone, PartialEq)]
pub struct PublicMatter {
    /// The ticket.
    pub ticket: Ticket,
    /// When something last happened to it.
    pub updated_at: Timestamp,
    /// Where it is, as it was told: latitude and longitude.
    pub place: Option<(f64, f64)>,
    /// The name of the portal's contact that opened it; empty where it came another way.
    pub handed_in_by: String,
    /// Who reported it; for the portal that handed it in, to go on in their name.
    pub sender: Sender,
}

/// Joins the contact that opened a ticket.
pub(super) const FIRST_CONTACT: &str = "JOIN contacts f ON f.id = (SELECT MIN(id) FROM contacts WHERE ticket = t.number)";

/// The condition that a matter is seen: it is the community's, of nobody in danger, against no office, and nobody asked to be kept
/// out of it; or the portal handed it in.
pub(super) fn seen(portal: Option<&str>, values: &mut Vec<Value<'static>>) -> String {
    let everybodys =
        "t.sla_class = 'community' AND t.emergency = 0 AND f.body NOT LIKE '%\"confidential\"%' AND t.folded NOT LIKE '%\"about\":[%'";
    let Some(prefix) = portal else { return format!("({everybodys})") };
    // The names of a portal's contacts lie together in the index: from the colon that ends the prefix to what follows it.
    values.push(text(prefix.to_owned()));
    values.push(text(format!("{};", prefix.trim_end_matches(':'))));
    format!("(({everybodys}) OR (f.channel = 'portal' AND f.external_id >= ?{} AND f.external_id < ?{}))", values.len() - 1, values.len())
}

fn text(text: String) -> Value<'static> {
    Value::Text(Some(text.into()))
}

impl Store {
    /// Finds matters, the newest first.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn public_matters(&self, query: PublicQuery) -> Result<Vec<PublicMatter>> {
        let mut values = Vec::new();
        let mut conditions = vec![seen(query.portal.as_deref(), &mut values)];
        let mut among = |column: &str, all: Vec<Value<'static>>| {
            if all.is_empty() {
                return;
            }
            let places: Vec<_> = (0..all.len()).map(|n| format!("?{}", values.len() + n + 1)).collect();
            conditions.push(format!("{column} IN ({})", places.join(", ")));
            values.extend(all);
        };
        among("t.number", query.numbers.iter().map(|number| Value::from(number.as_u64() as i64)).collect());
        among("t.category", query.categories.iter().cloned().map(text).collect());
        among("t.state", query.states.iter().map(|state| text(state.as_str().to_owned())).collect());
        for (condition, time) in [("t.registered_at >=", query.from), ("t.registered_at <", query.to)] {
            if let Some(time) = time {
                values.push(micros(time).into());
                conditions.push(format!("{condition} ?{}", values.len()));
            }
        }
        let sql = format!(
            "SELECT t.folded, f.id, f.body, (SELECT MAX(e.at) FROM events e WHERE e.ticket = t.number) AS updated FROM tickets t {FIRST_CONTACT}
             WHERE {} ORDER BY t.registered_at DESC, t.number DESC LIMIT {} OFFSET {}",
            conditions.join(" AND "),
            query.limit.min(1000),
            query.offset
        );
        self.readers.rows(&sql, &values).await?.iter().map(matter).collect()
    }
}

fn matter(row: &Row) -> Result<PublicMatter> {
    let contact = row::contact(row)?.contact;
    Ok(PublicMatter {
        ticket: row::ticket(row)?,
        updated_at: time(row, "updated")?,
        place: contact.location.as_ref().and_then(|place| place.lat.zip(place.lon)),
        handed_in_by: if contact.channel == Channel::Portal { contact.external_id } else { String::new() },
        sender: contact.sender,
    })
}
