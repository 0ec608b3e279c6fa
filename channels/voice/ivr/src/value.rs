//! What a flow remembers.

use daak_domain::Timestamp;
use daak_domain::ticket::{Number, State};

/// A value of a flow.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// Words.
    Text(String),
    /// A ticket's number: said digit by digit.
    Ticket(Number),
    /// Digits as they were typed: said one by one.
    Digits(String),
    /// A day.
    Date(Timestamp),
    /// A day and a time of day.
    Moment(Timestamp),
    /// How many.
    Count(u64),
    /// Minutes; 0 means less than one.
    Minutes(u64),
    /// A ticket's state.
    State(State),
}

impl Value {
    /// The number of a ticket.
    pub(crate) fn ticket(&self) -> Option<Number> {
        match self {
            Value::Ticket(number) => Some(*number),
            _ => None,
        }
    }

    /// What a branch compares with, and what fills a message.
    pub(crate) fn content(&self) -> String {
        match self {
            Value::Text(text) | Value::Digits(text) => text.clone(),
            Value::Ticket(number) => number.digits(),
            Value::Date(at) | Value::Moment(at) => at.to_string(),
            Value::Count(n) | Value::Minutes(n) => n.to_string(),
            Value::State(state) => state.as_str().to_owned(),
        }
    }
}
