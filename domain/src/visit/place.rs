//! Where visits are, in which order they are made, and who makes them.

use serde::{Deserialize, Serialize};

/// A place on the ground.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spot {
    /// WGS 84 latitude in degrees.
    pub lat: f64,
    /// WGS 84 longitude in degrees.
    pub lon: f64,
    /// The place meant is within so many metres of it.
    pub within_m: f64,
}

/// Mean radius of the earth in metres (IUGG).
const EARTH_M: f64 = 6_371_008.8;

impl Spot {
    /// A place that is known as well as it is written.
    pub fn at(lat: f64, lon: f64) -> Self {
        Self { lat, lon, within_m: 0.0 }
    }

    /// Metres to another place along the ground (haversine; within half a percent of the ellipsoid).
    pub fn metres_to(self, other: Spot) -> f64 {
        let (a, b) = (self.lat.to_radians(), other.lat.to_radians());
        let across = (other.lon - self.lon).to_radians();
        let h = ((b - a) / 2.0).sin().powi(2) + a.cos() * b.cos() * (across / 2.0).sin().powi(2);
        2.0 * EARTH_M * h.clamp(0.0, 1.0).sqrt().asin()
    }
}

/// A day's round: from `start`, always to the nearest place that was not visited yet; without a start, from the first. Places that
/// are not known come last, as they stood. The answer are places in `stops`.
pub fn day_route(start: Option<Spot>, stops: &[Option<Spot>]) -> Vec<usize> {
    let mut left: Vec<(usize, Spot)> = stops.iter().enumerate().filter_map(|(n, spot)| Some((n, (*spot)?))).collect();
    let mut order = Vec::with_capacity(stops.len());
    let mut here = start.or(left.first().map(|(_, spot)| *spot));
    while let Some(from) = here.filter(|_| !left.is_empty()) {
        let nearest = (0..left.len()).min_by(|a, b| from.metres_to(left[*a].1).total_cmp(&from.metres_to(left[*b].1)));
        let Some(nearest) = nearest else { break };
        let (stop, spot) = left.remove(nearest);
        order.push(stop);
        here = Some(spot);
    }
    order.extend((0..stops.len()).filter(|n| stops[*n].is_none()));
    order
}

/// Somebody who can be sent on a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Executive {
    /// Sign-in name.
    pub name: String,
    /// LGD code of the district they go about in; none: every one.
    pub district: Option<String>,
    /// Places they go to that day already.
    pub goes_to: Vec<Option<Spot>>,
}

/// A visit that somebody is to be found for.
#[derive(Debug, Clone, PartialEq)]
pub struct Called {
    /// LGD code of the district, where known.
    pub district: Option<String>,
    /// Where it is.
    pub spot: Option<Spot>,
}

/// Gives visits, in their order, to those who go about in their district: to whoever is nearest to a place on their round, of those
/// with less than `most` visits that day; between equals, to whoever has the fewest. Who gets which; none where nobody can.
pub fn share_out(visits: &[Called], executives: &[Executive], most: usize) -> Vec<Option<usize>> {
    let mut rounds: Vec<Vec<Option<Spot>>> = executives.iter().map(|executive| executive.goes_to.clone()).collect();
    let mut given = Vec::with_capacity(visits.len());
    for visit in visits {
        let may = |n: &usize| {
            let here = executives[*n].district.is_none() || executives[*n].district == visit.district;
            here && rounds[*n].len() < most
        };
        let way = |n: usize| {
            let near = rounds[n].iter().flatten().filter_map(|spot| Some(visit.spot?.metres_to(*spot)));
            near.min_by(f64::total_cmp)
        };
        // Whoever has no round yet is as near as whoever is half an hour away: otherwise one person would get everything.
        let cost = |n: usize| way(n).unwrap_or(if rounds[n].is_empty() { FRESH_M } else { f64::MAX });
        let chosen =
            (0..executives.len()).filter(may).min_by(|a, b| cost(*a).total_cmp(&cost(*b)).then(rounds[*a].len().cmp(&rounds[*b].len())));
        if let Some(n) = chosen {
            rounds[n].push(visit.spot);
        }
        given.push(chosen);
    }
    given
}

/// How far away somebody counts who has nowhere to go yet.
const FRESH_M: f64 = 12_000.0;
