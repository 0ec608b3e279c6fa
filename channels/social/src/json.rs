//! Looking into JSON of which nothing is certain. Everything that is missing or has another form is `None`.

use daak_domain::Timestamp;
use serde_json::Value;

/// A text that is not empty, at a JSON pointer.
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer)?.as_str().filter(|text| !text.is_empty())
}

/// A name, which some providers write as a number.
pub(crate) fn id(value: &Value, pointer: &str) -> Option<String> {
    match value.pointer(pointer)? {
        Value::String(text) if !text.is_empty() && text.len() <= LONGEST_ID => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The elements of a list; none where there is no list.
pub(crate) fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A whole number, which some providers write as a text.
pub(crate) fn whole(value: &Value, pointer: &str) -> Option<i64> {
    match value.pointer(pointer)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// A number with a fraction.
pub(crate) fn number(value: &Value, pointer: &str) -> Option<f64> {
    value.pointer(pointer)?.as_f64()
}

/// A time in seconds since 1970, or `now`. Nothing is from the future, and nothing older than a provider
/// repeats its deliveries.
pub(crate) fn seconds(value: &Value, pointer: &str, now: Timestamp) -> Timestamp {
    within(whole(value, pointer).and_then(|s| Timestamp::from_second(s).ok()), now)
}

/// A time in milliseconds since 1970, or `now`.
pub(crate) fn millis(value: &Value, pointer: &str, now: Timestamp) -> Timestamp {
    within(whole(value, pointer).and_then(|ms| Timestamp::from_millisecond(ms).ok()), now)
}

fn within(told: Option<Timestamp>, now: Timestamp) -> Timestamp {
    told.filter(|at| *at <= now && now.duration_since(*at) <= REPEATED_FOR).unwrap_or(now)
}

/// Providers repeat what was not taken for a week at most.
const REPEATED_FOR: jiff::SignedDuration = jiff::SignedDuration::from_hours(24 * 7);
/// Bytes of a name; longer ones are none.
const LONGEST_ID: usize = 400;
