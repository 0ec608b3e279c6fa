//! What signalling agreed, in the words of the media engine.

use voice_media::{SrtpKeys, SrtpSuite, StreamParams};
use voice_sip::{Codec as Agreed, Direction, MediaParams, SrtpKeys as AgreedKeys, SrtpSuite as AgreedSuite};

/// The stream's parameters for what offer and answer agreed.
pub(crate) fn stream_params(agreed: &MediaParams) -> StreamParams {
    StreamParams {
        remote: agreed.remote,
        remote_rtcp: agreed.remote_rtcp,
        codec: codec(agreed.codec),
        payload_type: agreed.payload_type,
        dtmf_pt: agreed.dtmf_pt,
        send: matches!(agreed.direction, Direction::SendRecv | Direction::SendOnly),
        receive: matches!(agreed.direction, Direction::SendRecv | Direction::RecvOnly),
        srtp: agreed.srtp.as_ref().map(keys),
    }
}

fn codec(agreed: Agreed) -> voice_media::Codec {
    match agreed {
        Agreed::Pcmu => voice_media::Codec::Pcmu,
        Agreed::Pcma => voice_media::Codec::Pcma,
        Agreed::G722 => voice_media::Codec::G722,
    }
}

fn keys(agreed: &AgreedKeys) -> SrtpKeys {
    let suite = match agreed.suite {
        AgreedSuite::AesCm128HmacSha1_80 => SrtpSuite::AesCm128HmacSha1_80,
        AgreedSuite::AesCm128HmacSha1_32 => SrtpSuite::AesCm128HmacSha1_32,
    };
    SrtpKeys { local: agreed.local, remote: agreed.remote, suite }
}
