//! The telephone: calls, their legs, what the caller hears and says.
