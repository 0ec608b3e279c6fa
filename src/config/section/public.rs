//! `[public]`: what citizens reach without signing in.

use serde::Deserialize;

/// `[public]`: the public pages and their one-time codes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Public {
    /// What Open311 calls `jurisdiction_id`: a domain name of the state.
    pub jurisdiction: String,
    /// Minutes for which a one-time code is good.
    pub code_minutes: u32,
    /// Showings that a code bears, right or wrong.
    pub code_tries: u32,
    /// Codes that may be asked for one ticket, telephone or mail address within an hour, and that one address gets.
    pub codes_per_target_h: u32,
    /// Codes that may be asked from one network address within an hour; a mobile network has many people behind one.
    pub codes_per_address_h: u32,
    /// Grievances that may be filed on the page from one network address within an hour.
    pub filings_per_address_h: u32,
    /// Grievances that may be filed on the page for one telephone or mail address within an hour; each is acknowledged there.
    pub filings_per_target_h: u32,
    /// Minutes for which a citizen who showed a code need not show another.
    pub session_min: u32,
}

impl Default for Public {
    fn default() -> Self {
        Self {
            jurisdiction: "daak.local".into(),
            code_minutes: 10,
            code_tries: 5,
            codes_per_target_h: 5,
            codes_per_address_h: 120,
            filings_per_address_h: 120,
            filings_per_target_h: 6,
            session_min: 60,
        }
    }
}
