//! Cells of what is nearest, by cutting.

use super::Spot;

/// A cell. Its edges follow one another; each remembers behind whose line it lies.
pub struct Cell {
    /// Corners, the last not the first again.
    pub ring: Vec<Spot>,
    /// For each edge, from the corner of the same place on: the site on its other side, or none at the end of the reach.
    beyond: Vec<Option<usize>>,
}

impl Cell {
    /// Edges, and the site beyond each.
    pub fn edges(&self) -> impl Iterator<Item = ([Spot; 2], Option<usize>)> + '_ {
        let next = self.ring.iter().cycle().skip(1);
        self.ring.iter().zip(next).zip(&self.beyond).map(|((a, b), beyond)| ([*a, *b], *beyond))
    }
}

/// Corners of the circle at which a cell ends.
const CORNERS: usize = 32;
/// Kilometres of a degree of latitude.
const DEGREE: f64 = 111.2;

/// The cell around each site, not farther than so many kilometres. Sites on one spot share a cell that the first of them gets.
///
/// Each cell begins as a circle and is cut by the line in the middle between its site and each other one: for some hundreds of sites that
/// takes milliseconds, and needs no sweep (Fortune 1987) that could go wrong.
pub fn around(sites: &[Spot], reach: f64) -> Vec<Cell> {
    let north = sites.iter().map(|s| s[1]).sum::<f64>() / sites.len().max(1) as f64;
    let wide = north.to_radians().cos();
    // Kilometres on a plane: over four degrees of latitude the error is below what the cells themselves leave open.
    let flat: Vec<Spot> = sites.iter().map(|s| [s[0] * wide * DEGREE, s[1] * DEGREE]).collect();
    let back = |p: Spot| [rounded(p[0] / (wide * DEGREE)), rounded(p[1] / DEGREE)];
    let cell = |(n, site): (usize, &Spot)| {
        let corner = |k: usize| {
            let angle = std::f64::consts::TAU * k as f64 / CORNERS as f64;
            [site[0] + reach * angle.cos(), site[1] + reach * angle.sin()]
        };
        let mut cell = Cell { ring: (0..CORNERS).map(corner).collect(), beyond: vec![None; CORNERS] };
        for (other, spot) in flat.iter().enumerate() {
            let (dx, dy) = (spot[0] - site[0], spot[1] - site[1]);
            let far = dx.hypot(dy);
            if other != n && far < 2.0 * reach {
                let same = far < 1e-9;
                if same && other < n {
                    cell = Cell { ring: Vec::new(), beyond: Vec::new() };
                } else if !same {
                    cut(&mut cell, *site, *spot, other);
                }
            }
        }
        cell.ring = cell.ring.into_iter().map(back).collect();
        cell
    };
    flat.iter().enumerate().map(cell).collect()
}

/// Cuts away what is nearer to `other` than to `site` (Sutherland & Hodgman 1974, one side).
fn cut(cell: &mut Cell, site: Spot, other: Spot, beyond: usize) {
    let middle = [(site[0] + other[0]) / 2.0, (site[1] + other[1]) / 2.0];
    let side = |p: Spot| (p[0] - middle[0]) * (other[0] - site[0]) + (p[1] - middle[1]) * (other[1] - site[1]);
    let (mut ring, mut sides) = (Vec::with_capacity(cell.ring.len() + 1), Vec::with_capacity(cell.ring.len() + 1));
    for at in 0..cell.ring.len() {
        let (a, b) = (cell.ring[at], cell.ring[(at + 1) % cell.ring.len()]);
        let (here, there) = (side(a), side(b));
        let crossing = || {
            let share = here / (here - there);
            [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])]
        };
        match (here <= 0.0, there <= 0.0) {
            (true, true) => {
                ring.push(a);
                sides.push(cell.beyond[at]);
            }
            (true, false) => {
                ring.extend([a, crossing()]);
                sides.extend([cell.beyond[at], Some(beyond)]);
            }
            (false, true) => {
                ring.push(crossing());
                sides.push(cell.beyond[at]);
            }
            (false, false) => {}
        }
    }
    (cell.ring, cell.beyond) = (ring, sides);
}

/// A ring as a line that ends where it began.
pub fn closed(ring: &[Spot]) -> Vec<Spot> {
    ring.iter().chain(ring.first()).copied().collect()
}

/// Edges joined into lines where one ends at the beginning of another.
pub fn joined(mut edges: Vec<Vec<Spot>>) -> Vec<Vec<Spot>> {
    let mut lines = Vec::new();
    while let Some(mut line) = edges.pop() {
        while let Some(at) = line.last().and_then(|end| edges.iter().position(|edge| edge.first() == Some(end))) {
            line.extend(edges.swap_remove(at).into_iter().skip(1));
        }
        lines.push(line);
    }
    lines
}

/// To some ten metres.
fn rounded(degrees: f64) -> f64 {
    (degrees * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests {
    use super::super::boundaries::within;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_lies_in_a_cell_is_nearest_to_its_site(
            sites in prop::collection::vec((87.0f64..89.0, 22.0f64..24.0), 2..30),
            probe in (87.0f64..89.0, 22.0f64..24.0),
        ) {
            let sites: Vec<Spot> = sites.into_iter().map(|(lon, lat)| [lon, lat]).collect();
            let (probe, wide) = ([probe.0, probe.1], (sites.iter().map(|s| s[1]).sum::<f64>() / sites.len() as f64).to_radians().cos());
            let far = |s: &Spot| ((s[0] - probe[0]) * wide * DEGREE).hypot((s[1] - probe[1]) * DEGREE);
            let nearest = sites.iter().map(far).fold(f64::MAX, f64::min);
            for (site, cell) in sites.iter().zip(around(&sites, 24.0)) {
                if within(&cell.ring, probe) {
                    // Corners are rounded to some ten metres.
                    prop_assert!(far(site) <= nearest + 0.1, "{} {}", far(site), nearest);
                }
                prop_assert_eq!(cell.ring.len(), cell.edges().count());
            }
        }
    }

    #[test]
    fn two_sites_are_parted_in_the_middle() {
        let cells = around(&[[88.0, 23.0], [88.1, 23.0]], 24.0);
        let shared = |n: usize| cells[n].edges().filter(|(_, beyond)| *beyond == Some(1 - n)).map(|(edge, _)| edge).collect::<Vec<_>>();
        assert_eq!((shared(0).len(), shared(1).len()), (1, 1));
        assert!(shared(0)[0].iter().all(|p| (p[0] - 88.05).abs() < 1e-3), "{:?}", shared(0));
    }
}
