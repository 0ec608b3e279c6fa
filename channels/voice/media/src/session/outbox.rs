//! Events on their way to the owner, who may be slow.

use crate::event::MediaEvent;
use std::collections::VecDeque;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// Events that the owner's channel has no room for; more are lost, the oldest kept.
const ROOM: usize = 64;

/// Sends events without waiting and in order; keeps a few while the channel is full.
#[derive(Debug)]
pub(crate) struct Outbox {
    events: mpsc::Sender<MediaEvent>,
    backlog: VecDeque<MediaEvent>,
}

impl Outbox {
    pub(crate) fn new(events: mpsc::Sender<MediaEvent>) -> Self {
        Self { events, backlog: VecDeque::new() }
    }

    pub(crate) fn say(&mut self, event: MediaEvent) {
        // The end of a stream is always told: others give way to it.
        if self.backlog.len() >= ROOM && !matches!(event, MediaEvent::Closed { .. }) {
            tracing::warn!(event = "media_event_lost", "the owner of a stream does not take its events");
            return;
        }
        self.backlog.push_back(event);
        self.flush();
    }

    /// Sends what it can; whether all is gone. Without a receiver, all is.
    pub(crate) fn flush(&mut self) -> bool {
        while let Some(event) = self.backlog.pop_front() {
            match self.events.try_send(event) {
                Ok(()) => {}
                Err(TrySendError::Full(event)) => {
                    self.backlog.push_front(event);
                    return false;
                }
                Err(TrySendError::Closed(_)) => self.backlog.clear(),
            }
        }
        true
    }

    pub(crate) fn waiting(&self) -> usize {
        self.backlog.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_channel_delays_events_but_neither_loses_nor_reorders_them() {
        let (sender, mut receiver) = mpsc::channel(1);
        let mut outbox = Outbox::new(sender);
        for tag in 0..5 {
            outbox.say(MediaEvent::SpeechBegan { tag });
        }
        for tag in 0..5 {
            assert_eq!(receiver.try_recv().ok(), Some(MediaEvent::SpeechBegan { tag }));
            outbox.flush();
        }
        assert!(outbox.flush());
    }

    #[test]
    fn what_nobody_takes_is_bounded_and_the_end_is_kept() {
        let (sender, _receiver) = mpsc::channel(1);
        let mut outbox = Outbox::new(sender);
        for tag in 0..1000 {
            outbox.say(MediaEvent::SpeechBegan { tag });
        }
        assert_eq!(outbox.waiting(), ROOM);
        outbox.say(MediaEvent::Closed { tag: 1, stats: crate::StreamStats::default() });
        assert_eq!(outbox.waiting(), ROOM + 1);
    }
}
