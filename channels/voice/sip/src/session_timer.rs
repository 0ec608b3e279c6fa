//! Session timers (RFC 4028): when a session is to be refreshed, and when it has lapsed. Pure.

use crate::wire::{Message, Name};
use std::time::{Duration, Instant};

/// Shortest interval that we accept, in seconds (§5).
pub(crate) const MIN_SE: u32 = 90;

/// Who refreshes: the side that sent the request in which it stands, or the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refresher {
    Uac,
    Uas,
}

impl Refresher {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Refresher::Uac => "uac",
            Refresher::Uas => "uas",
        }
    }
}

/// The timer of one session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct SessionTimer {
    interval: Option<Duration>,
    /// We refresh.
    pub(crate) ours: bool,
    /// We refresh it then.
    pub(crate) due: Option<Instant>,
    /// It is over then, unless it was refreshed.
    pub(crate) lapses: Option<Instant>,
}

impl SessionTimer {
    fn begin(seconds: u32, ours: bool, now: Instant) -> Self {
        let mut timer = Self { interval: Some(Duration::from_secs(u64::from(seconds))), ours, due: None, lapses: None };
        timer.refreshed(now);
        timer
    }

    /// It was refreshed; whoever does not refresh gives up a little before the end (§10).
    pub(crate) fn refreshed(&mut self, now: Instant) {
        let Some(interval) = self.interval else { return };
        self.lapses = Some(now + interval - (interval / 3).min(Duration::from_secs(32)));
        self.due = self.ours.then(|| now + interval / 2);
    }

    /// Seconds, for the header of a refresh.
    pub(crate) fn seconds(&self) -> Option<u64> {
        self.interval.map(|i| i.as_secs())
    }

    /// Agrees with what a request asks (§9): the timer, and what the response says. A caller that cannot do it is
    /// refreshed by us, so that nobody stays on the line who is gone.
    pub(crate) fn agree_as_server(
        &self,
        asked: Option<(u32, Option<Refresher>)>,
        supported: bool,
        ours: Duration,
        now: Instant,
    ) -> (Self, Option<(u32, Refresher)>) {
        let longest = clamp(ours);
        let seconds = asked.map_or(longest, |(asked, _)| asked.clamp(MIN_SE, longest));
        let refresher = match asked.and_then(|(_, who)| who) {
            Some(Refresher::Uac) if supported => Refresher::Uac,
            None if supported && asked.is_some() => Refresher::Uac,
            _ => Refresher::Uas,
        };
        (Self::begin(seconds, refresher == Refresher::Uas, now), Some((seconds, refresher)))
    }

    /// Follows what a 2xx to our request says (§7.2). Where it says nothing, we refresh.
    pub(crate) fn agree_as_client(said: Option<(u32, Option<Refresher>)>, ours: Duration, now: Instant) -> Self {
        match said {
            Some((seconds, who)) => Self::begin(seconds.max(MIN_SE), who != Some(Refresher::Uas), now),
            None => Self::begin(clamp(ours), true, now),
        }
    }
}

fn clamp(ours: Duration) -> u32 {
    u32::try_from(ours.as_secs()).unwrap_or(1_800).clamp(MIN_SE, 86_400)
}

/// The Session-Expires of a message.
pub(crate) fn session_expires(message: &Message) -> Option<(u32, Option<Refresher>)> {
    let value = message.get(&Name::SessionExpires)?;
    let seconds = value.split(';').next()?.trim().parse().ok()?;
    let refresher = match crate::wire::header::parameter(value, "refresher") {
        Some(who) if who.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
        Some(who) if who.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
        _ => None,
    };
    Some((seconds, refresher))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF_HOUR: Duration = Duration::from_secs(1_800);

    #[test]
    fn the_caller_refreshes_if_it_can_and_we_otherwise() {
        let now = Instant::now();
        let agree = |asked, supported| SessionTimer::default().agree_as_server(asked, supported, HALF_HOUR, now).1;
        assert_eq!(agree(Some((600, None)), true), Some((600, Refresher::Uac)));
        assert_eq!(agree(Some((600, Some(Refresher::Uas))), true), Some((600, Refresher::Uas)));
        assert_eq!(agree(Some((7_200, Some(Refresher::Uac))), true), Some((1_800, Refresher::Uac)));
        assert_eq!(agree(Some((600, None)), false), Some((600, Refresher::Uas)));
        assert_eq!(agree(None, false), Some((1_800, Refresher::Uas)));
    }

    #[test]
    fn a_session_lapses_before_its_end_and_is_refreshed_at_its_half() {
        let now = Instant::now();
        let ours = SessionTimer::agree_as_client(Some((90, Some(Refresher::Uac))), HALF_HOUR, now);
        assert_eq!(ours.due, Some(now + Duration::from_secs(45)));
        let mut theirs = SessionTimer::agree_as_client(Some((600, Some(Refresher::Uas))), HALF_HOUR, now);
        assert_eq!((theirs.due, theirs.lapses), (None, Some(now + Duration::from_secs(568))));
        theirs.refreshed(now + Duration::from_secs(100));
        assert_eq!(theirs.lapses, Some(now + Duration::from_secs(668)));
    }
}
