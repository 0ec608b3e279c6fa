//! RTCP (RFC 3550 §6): sender and receiver reports, source description, goodbye.

/// What we tell of one source that we receive (§6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReportBlock {
    /// The source.
    pub ssrc: u32,
    /// Share of packets lost since the last report, in 256ths.
    pub fraction_lost: u8,
    /// Packets lost since the beginning; negative when doubled ones came.
    pub lost: i32,
    /// Extended highest sequence number received.
    pub highest: u32,
    /// Interarrival jitter in units of RTP time.
    pub jitter: u32,
    /// Middle 32 bits of the NTP time of the last sender report, 0 if none came.
    pub last_report: u32,
    /// Time since then, in 65536ths of a second.
    pub delay: u32,
}

/// What a sender tells of itself (§6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SenderInfo {
    /// NTP time: seconds since 1900 and their fraction.
    pub ntp: u64,
    /// The same moment in RTP time.
    pub rtp_time: u32,
    /// Packets sent.
    pub packets: u32,
    /// Payload bytes sent.
    pub octets: u32,
}

/// One packet of a compound one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// SR or RR.
    Report {
        /// Who reports.
        ssrc: u32,
        /// Of a sender report.
        sender: Option<SenderInfo>,
        /// What the reporter receives; at most 31.
        blocks: Vec<ReportBlock>,
    },
    /// BYE: these sources leave.
    Goodbye(Vec<u32>),
    /// SDES, APP, feedback and others, which are passed over.
    Other(u8),
}

const SR: u8 = 200;
const RR: u8 = 201;
const SDES: u8 = 202;
const BYE: u8 = 203;

/// Reads a compound packet. It ends at the first part that is not whole: what was read before stands.
pub fn parse(mut datagram: &[u8]) -> Vec<Report> {
    let mut out = Vec::new();
    while let [first, kind, a, b, ..] = *datagram {
        let length = 4 + 4 * usize::from(u16::from_be_bytes([a, b]));
        if first >> 6 != 2 || length > datagram.len() {
            break;
        }
        let (packet, rest) = datagram.split_at(length);
        datagram = rest;
        let count = usize::from(first & 31);
        match parse_one(kind, count, &packet[4..]) {
            Some(report) => out.push(report),
            None => break,
        }
    }
    out
}

fn parse_one(kind: u8, count: usize, body: &[u8]) -> Option<Report> {
    match kind {
        SR | RR => {
            let ssrc = word(body, 0)?;
            let sender = match kind {
                SR => Some(SenderInfo {
                    ntp: (u64::from(word(body, 4)?) << 32) | u64::from(word(body, 8)?),
                    rtp_time: word(body, 12)?,
                    packets: word(body, 16)?,
                    octets: word(body, 20)?,
                }),
                _ => None,
            };
            let from = if kind == SR { 24 } else { 4 };
            let blocks: Option<Vec<_>> = (0..count).map(|n| parse_block(body, from + 24 * n)).collect();
            Some(Report::Report { ssrc, sender, blocks: blocks? })
        }
        BYE => {
            let sources: Option<Vec<_>> = (0..count).map(|n| word(body, 4 * n)).collect();
            Some(Report::Goodbye(sources?))
        }
        other => Some(Report::Other(other)),
    }
}

fn parse_block(body: &[u8], at: usize) -> Option<ReportBlock> {
    let lost = word(body, at + 4)?;
    Some(ReportBlock {
        ssrc: word(body, at)?,
        fraction_lost: (lost >> 24) as u8,
        // 24 bits with a sign.
        lost: ((lost << 8) as i32) >> 8,
        highest: word(body, at + 8)?,
        jitter: word(body, at + 12)?,
        last_report: word(body, at + 16)?,
        delay: word(body, at + 20)?,
    })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk::<4>().map(|w| u32::from_be_bytes(*w))
}

/// Writes a compound packet: SR if something was sent, else RR; SDES with the canonical name (§6.5.1); BYE at the end.
pub fn write(ssrc: u32, sender: Option<SenderInfo>, block: Option<ReportBlock>, name: &str, goodbye: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(96);
    let count = u8::from(block.is_some());
    let words = 1 + if sender.is_some() { 5 } else { 0 } + 6 * u16::from(count);
    head(&mut out, count, if sender.is_some() { SR } else { RR }, words);
    out.extend(ssrc.to_be_bytes());
    if let Some(s) = sender {
        out.extend(s.ntp.to_be_bytes());
        for value in [s.rtp_time, s.packets, s.octets] {
            out.extend(value.to_be_bytes());
        }
    }
    if let Some(b) = block {
        let lost = b.lost.clamp(-0x80_0000, 0x7f_ffff) as u32 & 0xff_ffff;
        for value in [b.ssrc, (u32::from(b.fraction_lost) << 24) | lost, b.highest, b.jitter, b.last_report, b.delay] {
            out.extend(value.to_be_bytes());
        }
    }
    let name = &name.as_bytes()[..name.len().min(255)];
    // Chunk: source, item CNAME, end, filled up to a whole word.
    let words = (4 + 2 + name.len() + 1).div_ceil(4);
    head(&mut out, 1, SDES, words as u16);
    let end = out.len() + 4 * words;
    out.extend(ssrc.to_be_bytes());
    out.extend([1, name.len() as u8]);
    out.extend(name);
    out.resize(end, 0);
    if goodbye {
        head(&mut out, 1, BYE, 1);
        out.extend(ssrc.to_be_bytes());
    }
    out
}

fn head(out: &mut Vec<u8>, count: u8, kind: u8, words: u16) {
    out.extend([0x80 | count, kind]);
    out.extend(words.to_be_bytes());
}

/// NTP time (seconds since 1900 and fraction) of a Unix time.
pub fn ntp(unix: std::time::Duration) -> u64 {
    let seconds = unix.as_secs().wrapping_add(2_208_988_800) & 0xffff_ffff;
    (seconds << 32) | ((u64::from(unix.subsec_nanos()) << 32) / 1_000_000_000)
}

/// The middle 32 bits of NTP time, in which reports are named and delays told.
pub fn middle(ntp: u64) -> u32 {
    (ntp >> 16) as u32
}

/// Round-trip time in milliseconds from a block about us that came at `now` (§6.4.1, figure 2); `None` if it names no report of ours, or is absurd.
pub fn round_trip_ms(now: u32, block: &ReportBlock) -> Option<f32> {
    if block.last_report == 0 {
        return None;
    }
    let trip = now.wrapping_sub(block.last_report).wrapping_sub(block.delay);
    // Clocks that differ by a tick make it slightly negative; more than a minute is no round trip.
    let ms = trip as i32 as f32 * 1000.0 / 65536.0;
    (-5.0..60_000.0).contains(&ms).then_some(ms.max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_report_survives_the_way_there_and_back() {
        let sender = SenderInfo { ntp: 0x1234_5678_9abc_def0, rtp_time: 9, packets: 10, octets: 1600 };
        let block = ReportBlock { ssrc: 7, fraction_lost: 25, lost: -3, highest: 65540, jitter: 12, last_report: 5, delay: 65536 };
        for name in ["", "a", "ab", "abc", "abcd", "daak"] {
            let bytes = write(1, Some(sender), Some(block), name, true);
            assert_eq!(bytes.len() % 4, 0);
            let parsed = parse(&bytes);
            assert_eq!(parsed[0], Report::Report { ssrc: 1, sender: Some(sender), blocks: vec![block] });
            assert_eq!(parsed[1..], [Report::Other(SDES), Report::Goodbye(vec![1])]);
        }
        let empty = write(1, None, None, "daak", false);
        assert_eq!(parse(&empty)[0], Report::Report { ssrc: 1, sender: None, blocks: vec![] });
    }

    #[test]
    fn round_trips_are_computed_as_in_the_standard() {
        // The example of figure 2: 0xb710:8000 − 0xb705:2000 − 0x0005:4000 is 6.125 s.
        let block = ReportBlock { last_report: 0xb705_2000, delay: 0x0005_4000, ..ReportBlock::default() };
        assert_eq!(round_trip_ms(0xb710_8000, &block), Some(6125.0));
        assert_eq!(round_trip_ms(0xb710_8000, &ReportBlock::default()), None);
        let from_the_future = ReportBlock { last_report: 0xb711_8000, ..ReportBlock::default() };
        assert_eq!(round_trip_ms(0xb710_8000, &from_the_future), None);
    }

    proptest! {
        #[test]
        fn no_datagram_makes_the_reader_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), kind in 195u8..210) {
            let parsed = parse(&bytes);
            prop_assert!(parsed.len() <= bytes.len() / 4);
            if bytes.len() > 4 {
                (bytes[0], bytes[1], bytes[2]) = (0x80 | (bytes[0] & 0x3f), kind, 0);
                let _ = parse(&bytes);
            }
        }
    }
}
