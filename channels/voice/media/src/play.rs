//! What is played to the far end: a list of ready-encoded sounds, read frame by frame.

use crate::codec::Codec;
use crate::sound::{Sound, Tone};
use std::sync::Arc;

/// Sounds to be played one after the other.
#[derive(Debug, Clone)]
pub struct Playlist {
    /// In this order.
    pub items: Vec<PlayItem>,
    /// From the beginning again, until stopped.
    pub repeat: bool,
    /// The owner's number for it, told back when it ends.
    pub id: u64,
}

/// One part of a playlist.
#[derive(Debug, Clone)]
pub enum PlayItem {
    /// A prompt.
    Sound(Arc<Sound>),
    /// Nothing (comfort noise), in milliseconds; rounded up to 20 ms.
    Silence(u32),
    /// One tone or two at once.
    Tone(Tone),
}

impl PlayItem {
    /// Encodes what is not encoded yet. Done by the caller's thread, so that the media thread only copies.
    pub(crate) fn prepared(self) -> Self {
        match self {
            PlayItem::Tone(tone) => PlayItem::Sound(Arc::new(tone.to_sound())),
            other => other,
        }
    }
}

/// A playlist being played.
#[derive(Debug)]
pub(crate) struct Player {
    list: Playlist,
    item: usize,
    /// Frames of the current item already sent.
    frame: usize,
}

/// What to send in one 20 ms round.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// These 160 encoded bytes.
    Sound(&'a [u8]),
    /// Silence that belongs to the list.
    Silence,
    /// The list is over.
    End,
}

impl Player {
    pub(crate) fn new(list: Playlist) -> Self {
        Self { list, item: 0, frame: 0 }
    }

    pub(crate) fn id(&self) -> u64 {
        self.list.id
    }

    /// The next frame in this codec. A list without a single frame ends at once even if it repeats.
    pub(crate) fn next(&mut self, codec: Codec) -> Frame<'_> {
        let mut wrapped = false;
        loop {
            if self.item >= self.list.items.len() {
                if !self.list.repeat || wrapped {
                    return Frame::End;
                }
                wrapped = true;
                (self.item, self.frame) = (0, 0);
                continue;
            }
            let frames = match &self.list.items[self.item] {
                PlayItem::Sound(sound) => sound.frames(),
                PlayItem::Silence(ms) => ms.div_ceil(20) as usize,
                PlayItem::Tone(_) => 0,
            };
            if self.frame < frames {
                break;
            }
            self.item += 1;
            self.frame = 0;
        }
        let at = self.frame;
        self.frame += 1;
        match &self.list.items[self.item] {
            PlayItem::Sound(sound) => Frame::Sound(sound.frame(codec, at)),
            PlayItem::Silence(_) | PlayItem::Tone(_) => Frame::Silence,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(ms: usize) -> PlayItem {
        PlayItem::Sound(Arc::new(Sound::from_pcm(8000, &vec![1000; ms * 8])))
    }

    fn frames(list: Playlist, limit: usize) -> usize {
        let mut player = Player::new(list);
        (0..limit).take_while(|_| player.next(Codec::Pcma) != Frame::End).count()
    }

    #[test]
    fn every_item_is_played_once_in_whole_frames() {
        let items = vec![sound(50), PlayItem::Silence(30), PlayItem::Silence(0), sound(20)];
        assert_eq!(frames(Playlist { items, repeat: false, id: 1 }, 100), 3 + 2 + 1);
    }

    #[test]
    fn a_repeating_list_goes_on_and_an_empty_one_ends() {
        assert_eq!(frames(Playlist { items: vec![sound(40)], repeat: true, id: 1 }, 100), 100);
        assert_eq!(frames(Playlist { items: vec![], repeat: true, id: 1 }, 100), 0);
        assert_eq!(frames(Playlist { items: vec![PlayItem::Silence(0)], repeat: true, id: 1 }, 100), 0);
    }
}
