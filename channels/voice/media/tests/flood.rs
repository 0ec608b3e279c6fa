//! A flood on one call is no harm to another. Alone in its program, since it fills the machine's loopback.
#![allow(clippy::expect_used, clippy::panic)]

mod far_end;

use far_end::{FarEnd, connected, engine};
use voice_media::Codec;
use voice_media::rtp::Header;

fn packet(payload_type: u8, sequence: u16, ssrc: u32) -> Vec<u8> {
    let header = Header { payload_type, marker: false, sequence, timestamp: u32::from(sequence) * 160, ssrc };
    [header.to_bytes().to_vec(), vec![0xd5; 160]].concat()
}

#[test]
fn a_flood_on_one_joined_stream_does_not_stop_the_others() {
    let engine = engine(1);
    let (a, b, c) = (FarEnd::new(), FarEnd::new(), FarEnd::new());
    let (stream_a, _ea) = connected(&engine, 1, &a, Codec::Pcma);
    let (stream_b, _eb) = connected(&engine, 2, &b, Codec::Pcma);
    let (_stream_c, _ec) = connected(&engine, 3, &c, Codec::Pcma);
    stream_a.join(&stream_b);
    let seen = c.packets().len();
    let mut n = 0u16;
    while c.packets().len() < seen + 50 {
        for _ in 0..50 {
            a.send(stream_a.local(), &packet(8, n, 1));
            n = n.wrapping_add(1);
        }
    }
}
