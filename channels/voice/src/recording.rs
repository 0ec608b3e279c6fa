//! The recording of a whole call: both directions in step, stereo, FLAC.

use crate::actor::Post;
use crate::disk::File;
use tokio::sync::mpsc;
use voice_call::Happening;
use voice_media::{FlacEncoder, RecordedAudio};

/// Pieces of sound that may wait for the encoder: two seconds' worth.
pub(crate) const BACKLOG: usize = 16;
/// Samples a millisecond.
const PER_MS: u64 = 8;
/// A gap longer than this is cut: the clock of a recording never runs away.
const LONGEST_GAP: u64 = 60_000 * PER_MS;

/// Encodes what the media engine records until it stops, then stores it and tells the call.
pub(crate) fn keep(mut sound: mpsc::Receiver<RecordedAudio>, mut file: File, call: mpsc::Sender<Post>) {
    tokio::spawn(async move {
        let mut encoder = FlacEncoder::new(2, 8_000);
        file.append(encoder.header());
        let mut written = 0u64;
        while let Some(piece) = sound.recv().await {
            let gap = (piece.at_ms * PER_MS).saturating_sub(written).min(LONGEST_GAP) as usize;
            if gap > 0 {
                // Sound that was lost to a full queue leaves silence of its length: the two directions and the clock stay in step.
                let silence = vec![0; gap];
                file.append(encoder.push(&silence, &silence));
            }
            file.append(encoder.push(&piece.left, &piece.right));
            written += gap as u64 + piece.left.len() as u64;
        }
        file.append(encoder.finish());
        let stored = file.finish().await;
        if let Err(error) = &stored {
            tracing::error!(event = "recording.lost", %error, "the recording of a call is not on the disk");
        }
        let _ = call.send(Happening::RecordingStored(stored.ok()).into()).await;
    });
}
