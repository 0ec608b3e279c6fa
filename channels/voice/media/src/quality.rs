//! What a line was like, and how it will have sounded: the E-model of ITU-T G.107, simplified.

use crate::codec::Codec;

/// The figures of one stream, at its end.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StreamStats {
    /// RTP packets taken from the far end (sound and digits).
    pub received: u64,
    /// RTP packets sent.
    pub sent: u64,
    /// Packets of the far end that never came (RFC 3550 §A.3).
    pub lost: u64,
    /// Lost packets in per cent of those expected.
    pub loss_pct: f32,
    /// Interarrival jitter in milliseconds (RFC 3550 §6.4.1).
    pub jitter_ms: f32,
    /// Round-trip time by RTCP, in milliseconds, where the far end reports.
    pub rtt_ms: Option<f32>,
    /// Loss of what we sent in per cent, as the far end last reported it.
    pub far_loss_pct: Option<f32>,
    /// Mean opinion score estimated from loss, jitter and delay, 1 to 4.5. 0 if nothing was received.
    pub mos: f32,
    /// Packets that came after their turn had passed (only counted while sound is decoded).
    pub late: u64,
    /// Frames of 20 ms that were made up (only counted while sound is decoded).
    pub concealed: u64,
    /// Chunks of a recording that its sink had no room for.
    pub recording_dropped: u64,
    /// Datagrams from strangers.
    pub from_strangers: u64,
    /// Datagrams that are no RTP, are cut off, or fail authentication.
    pub malformed: u64,
    /// Packets that had come before.
    pub replayed: u64,
    /// Packets of a payload type that was not agreed.
    pub wrong_type: u64,
}

/// Mean opinion score for listening, 1 to 4.5.
///
/// R = 93.2 − Id − Ie,eff (G.107 §7.1 with its default values). The mouth-to-ear delay is taken as half the round trip, twice the
/// jitter for the buffer, and 30 ms for packetising and playing; Id follows the common approximation of §7.4 with its knee at 177.3 ms.
/// Ie,eff = Ie + (95 − Ie) · Ppl / (Ppl + Bpl) for random loss, with Ie and Bpl of G.113 Appendix I for G.711 with concealment;
/// for G.722 the same, as a narrow-band scale cannot show its merit.
pub fn mean_opinion_score(codec: Codec, loss_pct: f32, jitter_ms: f32, rtt_ms: Option<f32>) -> f32 {
    let (impairment, robustness) = match codec {
        Codec::Pcmu | Codec::Pcma => (0.0, 25.1),
        Codec::G722 => (0.0, 20.0),
    };
    let delay = rtt_ms.unwrap_or(0.0).max(0.0) / 2.0 + 2.0 * jitter_ms.max(0.0) + 30.0;
    let delay_impairment = 0.024 * delay + 0.11 * (delay - 177.3).max(0.0);
    let loss = loss_pct.clamp(0.0, 100.0);
    let loss_impairment = impairment + (95.0 - impairment) * loss / (loss + robustness);
    let r = (93.2 - delay_impairment - loss_impairment).clamp(0.0, 100.0);
    (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).clamp(1.0, 4.5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mos(loss: f32, jitter: f32, rtt: f32) -> f32 {
        mean_opinion_score(Codec::Pcma, loss, jitter, Some(rtt))
    }

    #[test]
    fn scores_are_where_the_recommendation_puts_them() {
        assert!((4.35..4.45).contains(&mos(0.0, 0.0, 0.0)), "{}", mos(0.0, 0.0, 0.0));
        // R of 70 (about 3.6) is where many users are dissatisfied (G.109).
        assert!((3.3..4.0).contains(&mos(5.0, 10.0, 100.0)));
        assert!(mos(30.0, 0.0, 0.0) < 2.6);
        assert!(mos(0.0, 0.0, 1200.0) < 3.0);
    }

    proptest! {
        #[test]
        fn worse_lines_score_lower(loss in 0.0f32..99.0, jitter in 0.0f32..300.0, rtt in 0.0f32..3000.0) {
            let here = mos(loss, jitter, rtt);
            prop_assert!((1.0..=4.5).contains(&here));
            prop_assert!(mos(loss + 1.0, jitter, rtt) <= here);
            prop_assert!(mos(loss, jitter + 1.0, rtt) <= here);
            prop_assert!(mos(loss, jitter, rtt + 10.0) <= here);
        }
    }
}
