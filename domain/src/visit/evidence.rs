//! Whether a report fits what is known otherwise: the place, the time, the photographs. What is found is told with its reasons and
//! decides nothing by itself; a report in doubt is no witness until a person who is not its author has looked.

use super::{Fix, Outcome, Spot, VisitReport};
use crate::contact::BlobId;
use crate::ticket::Number;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What the checks allow.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// So many metres from the ticket's place, besides what the place and the device leave open.
    pub far_m: f64,
    /// A device that knows its place no better than this does not know it.
    pub vague_m: f64,
    /// The place was found so many minutes before the report at most.
    pub place_age_min: i64,
    /// The report reached us within so many hours.
    pub late_h: i64,
    /// The device's clock was right to so many seconds.
    pub clock_off_s: i64,
    /// A photograph was taken so many hours before the report at most.
    pub photograph_age_h: i64,
    /// Two photographs whose hashes differ in so many of 64 bits are the same picture. At most 7: so many are always found.
    pub same_bits: u32,
}

/// What is known besides the report.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen<'a> {
    /// Where the matter is, as well as it is known.
    pub place: Option<Spot>,
    /// When the visit was given to whoever reports, by our clock.
    pub assigned_at: Timestamp,
    /// When the report reached us, by our clock.
    pub received_at: Timestamp,
    /// Its photographs.
    pub photographs: &'a [Photograph],
}

/// What a photograph says of itself, and where it was seen before.
#[derive(Debug, Clone, PartialEq)]
pub struct Photograph {
    /// Which.
    pub blob: BlobId,
    /// Its media type, by its content.
    pub media_type: String,
    /// Whether it could be opened as a picture.
    pub readable: bool,
    /// What the camera wrote into it.
    pub exif: Option<Exif>,
    /// Earlier ones that look the same.
    pub twins: Vec<Twin>,
}

/// What a camera writes into a photograph.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Exif {
    /// When it was taken.
    pub taken_at: Option<Timestamp>,
    /// Where: latitude and longitude in degrees.
    pub place: Option<(f64, f64)>,
}

/// An earlier photograph that looks the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Twin {
    /// The ticket it came with.
    pub ticket: Number,
    /// The visit it came with; 0: it came otherwise.
    pub visit: u32,
    /// Bits of 64 in which the two differ.
    pub bits: u32,
}

/// What the checks of a report found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Metres between the device and the ticket's place, where both are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<u32>,
    /// What does not fit, or is to be known.
    pub concerns: Vec<Concern>,
}

/// Something that does not fit, or is to be known by whoever judges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "concern", rename_all = "snake_case")]
pub enum Concern {
    /// The device was elsewhere.
    FarAway {
        /// Metres away.
        metres: u32,
        /// Metres allowed, with what the place and the device leave open.
        allowed_m: u32,
    },
    /// The device did not say where it was.
    NoPlace,
    /// The device knew its place too badly.
    VaguePlace {
        /// Within so many metres.
        accuracy_m: u32,
    },
    /// The place was found long before the report was written.
    OldPlace {
        /// Minutes before.
        minutes: u32,
    },
    /// Nobody knows where the matter is: nothing to compare with.
    TicketPlaceUnknown,
    /// It was written before the visit was given to its author.
    BeforeAssigned,
    /// It was written after it reached us.
    InTheFuture {
        /// Seconds.
        seconds: u32,
    },
    /// It reached us long after it was written.
    Late {
        /// Whole days.
        days: u32,
    },
    /// The device's clock was wrong; its times are put right.
    ClockOff {
        /// Seconds ahead of ours; below 0: behind.
        ahead_s: i64,
    },
    /// Somebody was there and took no photograph.
    NoPhotograph,
    /// A photograph cannot be opened.
    Unreadable {
        /// Which.
        blob: BlobId,
    },
    /// A photograph was taken long before the report, or after it.
    OtherTime {
        /// Which.
        blob: BlobId,
        /// When, as the camera says.
        taken_at: Timestamp,
    },
    /// A photograph was taken elsewhere.
    OtherPlace {
        /// Which.
        blob: BlobId,
        /// Metres from where the report was written, or from the ticket's place.
        metres: u32,
    },
    /// A picture that no camera of a telephone makes: of a screen, or drawn.
    Screenshot {
        /// Which.
        blob: BlobId,
    },
    /// The camera wrote nothing into it, or it was taken out on the way.
    NoExif {
        /// Which.
        blob: BlobId,
    },
    /// The same picture was handed in before.
    Reused {
        /// Which.
        blob: BlobId,
        /// With which ticket.
        ticket: Number,
        /// With which visit of it; 0: with none.
        visit: u32,
        /// Bits of 64 in which the two differ.
        bits: u32,
    },
}

impl Concern {
    /// Whether it makes the report doubtful. The others are only to be known.
    pub fn is_doubt(&self) -> bool {
        !matches!(self, Concern::TicketPlaceUnknown | Concern::Late { .. } | Concern::ClockOff { .. } | Concern::NoExif { .. })
    }
}

impl Finding {
    /// Whether there is nothing to doubt.
    pub fn is_sound(&self) -> bool {
        !self.concerns.iter().any(Concern::is_doubt)
    }
}

/// Looks at a report.
pub fn check(report: &VisitReport, seen: &Seen<'_>, bounds: &Bounds) -> Finding {
    let mut finding = Finding::default();
    place(report, seen, bounds, &mut finding);
    time(report, seen, bounds, &mut finding.concerns);
    if matches!(report.outcome, Outcome::Seen { .. }) && seen.photographs.is_empty() {
        finding.concerns.push(Concern::NoPhotograph);
    }
    for photograph in seen.photographs {
        look_at(photograph, report, seen, bounds, &mut finding.concerns);
    }
    finding
}

fn place(report: &VisitReport, seen: &Seen<'_>, bounds: &Bounds, finding: &mut Finding) {
    let Some(fix) = report.fix else { return finding.concerns.push(Concern::NoPlace) };
    if fix.accuracy_m > bounds.vague_m {
        finding.concerns.push(Concern::VaguePlace { accuracy_m: whole(fix.accuracy_m) });
    }
    let age = report.written_at.duration_since(fix.at).as_mins();
    if age > bounds.place_age_min {
        finding.concerns.push(Concern::OldPlace { minutes: u32::try_from(age).unwrap_or(u32::MAX) });
    }
    let Some(place) = seen.place else { return finding.concerns.push(Concern::TicketPlaceUnknown) };
    let metres = spot(fix).metres_to(place);
    let allowed = bounds.far_m + place.within_m + fix.accuracy_m;
    finding.distance_m = Some(whole(metres));
    if metres > allowed {
        finding.concerns.push(Concern::FarAway { metres: whole(metres), allowed_m: whole(allowed) });
    }
}

fn time(report: &VisitReport, seen: &Seen<'_>, bounds: &Bounds, concerns: &mut Vec<Concern>) {
    let late = seen.received_at.duration_since(report.written_at);
    if report.clock_ahead_s.saturating_abs() > bounds.clock_off_s {
        concerns.push(Concern::ClockOff { ahead_s: report.clock_ahead_s });
    }
    let slack = SignedDuration::from_secs(bounds.clock_off_s);
    if late > SignedDuration::from_hours(bounds.late_h) {
        concerns.push(Concern::Late { days: u32::try_from(late.as_hours() / 24).unwrap_or(u32::MAX) });
    }
    if late < -slack {
        concerns.push(Concern::InTheFuture { seconds: u32::try_from(-late.as_secs()).unwrap_or(u32::MAX) });
    }
    if seen.assigned_at.duration_since(report.written_at) > slack {
        concerns.push(Concern::BeforeAssigned);
    }
}

fn look_at(photograph: &Photograph, report: &VisitReport, seen: &Seen<'_>, bounds: &Bounds, concerns: &mut Vec<Concern>) {
    let blob = || photograph.blob.clone();
    if !photograph.readable {
        return concerns.push(Concern::Unreadable { blob: blob() });
    }
    for twin in photograph.twins.iter().filter(|twin| twin.bits <= bounds.same_bits) {
        concerns.push(Concern::Reused { blob: blob(), ticket: twin.ticket, visit: twin.visit, bits: twin.bits });
    }
    let Some(exif) = photograph.exif else {
        let made_by_no_camera = photograph.media_type == "image/png";
        return concerns.push(if made_by_no_camera { Concern::Screenshot { blob: blob() } } else { Concern::NoExif { blob: blob() } });
    };
    if let Some(taken_at) = exif.taken_at {
        let before = report.written_at.duration_since(taken_at);
        let slack = SignedDuration::from_secs(bounds.clock_off_s);
        if before > SignedDuration::from_hours(bounds.photograph_age_h) || before < -slack {
            concerns.push(Concern::OtherTime { blob: blob(), taken_at });
        }
    }
    if let Some((lat, lon)) = exif.place {
        let (there, open) = match (report.fix, seen.place) {
            (Some(fix), _) => (Some(spot(fix)), fix.accuracy_m),
            (None, Some(place)) => (Some(place), place.within_m),
            (None, None) => (None, 0.0),
        };
        let metres = there.map(|there| there.metres_to(Spot::at(lat, lon)));
        if let Some(metres) = metres.filter(|metres| *metres > bounds.far_m + open) {
            concerns.push(Concern::OtherPlace { blob: blob(), metres: whole(metres) });
        }
    }
}

fn spot(fix: Fix) -> Spot {
    Spot { lat: fix.lat, lon: fix.lon, within_m: fix.accuracy_m }
}

/// Whole metres; what is no number is none.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(metres: f64) -> u32 {
    metres.round().clamp(0.0, f64::from(u32::MAX)) as u32
}
