//! The outbox: what citizens and officers are told.

use super::extract::{Json, Query};
use super::page::{Page, PageQuery};
use super::parts::Parts;
use super::problem::{Answer, Problem};
use super::refused_by_store;
use super::tickets::read::seen;
use super::tickets::view::masked_phone;
use super::who::Who;
use super::words::{ChannelWord, LanguageWord, MessageStateWord};
use crate::access::{Act, Sight};
use crate::store::MessageRow;
use axum::extract::State as Joined;
use daak_domain::Timestamp;
use daak_domain::contact::Channel;
use daak_domain::language::Language;
use daak_domain::ticket::{MessageState, Number};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A message in the outbox.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MessageView {
    /// Its key: the same message is never sent under two.
    pub key: String,
    /// The ticket that it is about.
    #[schema(value_type = Option<String>)]
    pub ticket: Option<Number>,
    /// `sms`, `email`.
    #[schema(value_type = ChannelWord)]
    pub channel: Channel,
    /// To whom, as your role may see it.
    pub to: String,
    /// Its text.
    pub text: String,
    /// Name of its template.
    pub template: String,
    /// Its language.
    #[schema(value_type = LanguageWord)]
    pub language: Language,
    /// Where it stands.
    #[schema(value_type = MessageStateWord)]
    pub state: MessageState,
    /// Times it was tried.
    pub tries: u32,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it last moved.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// What the carrier said last.
    pub detail: Option<String>,
}

/// Which messages.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MessageSearch {
    /// Those about this ticket.
    pub ticket: Option<String>,
    /// What `next` was on the page before.
    pub cursor: Option<String>,
    /// Items wanted, 1 to 200; 50 where absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// Messages, the newest first.
#[utoipa::path(get, path = "/api/v1/messages", tag = "messages", params(MessageSearch), responses((status = 200, body = Page<MessageView>)))]
pub async fn messages(Joined(parts): Joined<Parts>, who: Who, Query(wanted): Query<MessageSearch>) -> Answer<Json<Page<MessageView>>> {
    let sight = who.may(Act::ReadOutbox, None)?;
    let ticket =
        wanted.ticket.map(|number| Number::parse(&number)).transpose().map_err(|why| Problem::invalid(format!("ticket: {why}")))?;
    match ticket {
        Some(number) => drop(seen(&parts, &who, Act::ReadOutbox, number).await?),
        None if who.0.scope.is_bounded() => {
            return Err(Problem::invalid("ticket: expected a number: you see the messages of your own tickets"));
        }
        None => {}
    }
    let page = PageQuery { cursor: wanted.cursor, limit: wanted.limit };
    let found = parts.store.messages(ticket, page.cursor.as_deref(), page.limit()?).await.map_err(|why| refused_by_store(&why))?;
    Ok(Json(Page { items: found.items.into_iter().map(|row| view(row, sight)).collect(), next: found.next }))
}

fn view(row: MessageRow, sight: Sight) -> MessageView {
    let message = row.message;
    MessageView {
        key: message.key,
        ticket: message.ticket,
        channel: message.channel,
        to: if sight == Sight::Masked { masked_phone(&message.to) } else { message.to },
        text: message.text,
        template: message.template,
        language: message.language,
        state: row.state,
        tries: message.attempts,
        created_at: message.created_at,
        updated_at: row.updated_at,
        detail: row.detail,
    }
}
