//! How the words of the domain stand in the OpenAPI document. (The domain knows nothing of it.)

use daak_domain::contact::Channel;
use daak_domain::language::Language;
use daak_domain::office::OfficeKind;
use daak_domain::ticket::{Closure, SlaClass, State};
use std::borrow::Cow;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

macro_rules! word {
    ($(#[doc = $doc:literal] $name:ident as $shown:literal = $all:expr;)+) => {$(
        #[doc = $doc]
        pub struct $name;
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new().schema_type(Type::String).description(Some($doc.trim())).enum_values(Some($all)).into()
            }
        }
        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($shown)
            }
        }
    )+};
}

word! {
    /// The way a contact came.
    ChannelWord as "Channel" = Channel::ALL.map(Channel::as_str);
    /// Where a ticket stands.
    StateWord as "State" = State::ALL.map(State::as_str);
    /// The class that decides a ticket's limits.
    SlaClassWord as "SlaClass" = SlaClass::ALL.map(SlaClass::as_str);
    /// A language by its ISO 639-1 code.
    LanguageWord as "Language" = [Language::Bn, Language::Hi, Language::En, Language::Ne, Language::Ur].map(Language::code);
    /// On whose word a ticket was closed.
    ClosureWord as "Closure" = Closure::ALL.map(Closure::as_str);
    /// What kind of office.
    OfficeKindWord as "OfficeKind" = OfficeKind::ALL.map(OfficeKind::as_str);
    /// Where a message stands.
    MessageStateWord as "MessageState" = ["queued", "sent", "delivered", "read", "failed"];
    /// What an attachment is for.
    AttachmentRoleWord as "AttachmentRole" = ["statement", "call_recording", "document", "original", "view", "reading"];
}
