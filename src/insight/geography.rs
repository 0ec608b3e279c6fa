//! The map: cells around the places of the masters, or boundaries that an office has given.
//!
//! A block's cell is all that lies nearer to its office than to any other (Voronoi 1908), and not farther than [`REACH`]. A district is
//! its blocks' cells together. Nobody drew these lines on the ground: the map says that they are approximate. `daak geo import` puts
//! official boundaries in their place.

mod boundaries;
mod cells;

pub use boundaries::{BoundaryError, Imported, Level, import};

use daak_domain::place::Places;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A place on the ground: longitude and latitude in degrees (WGS 84), the order of GeoJSON.
pub type Spot = [f64; 2];

/// How far from its office a cell reaches, in kilometres.
const REACH: f64 = 24.0;

/// What is drawn.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Geography {
    /// Districts.
    pub districts: Vec<Shape>,
    /// Blocks, as far as it is known where they are.
    pub blocks: Vec<Shape>,
}

/// Something that is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// LGD code.
    pub code: String,
    /// LGD code of the district in which it lies; its own for a district.
    pub district: String,
    /// Whether its lines are only the middle between offices.
    pub approximate: bool,
    /// Filled areas: rings whose last point is not the first again. Holes are rings too (even-odd rule).
    pub areas: Vec<Vec<Spot>>,
    /// Lines that part it from what is not itself.
    pub borders: Vec<Vec<Spot>>,
    /// Where its name stands.
    pub label: Spot,
}

impl Geography {
    /// The cells around these offices, by LGD code of the block. A district without blocks is the cell around its headquarters.
    pub fn around(places: &Places, offices: &BTreeMap<String, Spot>) -> Self {
        let mut sites: Vec<(String, String, Spot)> = Vec::new();
        for (code, spot) in offices {
            if let Some(district) = places.locals.get(code).and_then(|local| local.district.clone()) {
                sites.push((code.clone(), district, *spot));
            }
        }
        for district in places.districts.values() {
            if !sites.iter().any(|(_, d, _)| *d == district.code) {
                sites.push((String::new(), district.code.clone(), [district.lon, district.lat]));
            }
        }
        let cells = cells::around(&sites.iter().map(|(_, _, spot)| *spot).collect::<Vec<_>>(), REACH);
        let mut geography = Self::default();
        for ((code, district, spot), cell) in sites.iter().zip(&cells) {
            if !code.is_empty() {
                let borders = vec![cells::closed(&cell.ring)];
                geography.blocks.push(Shape {
                    code: code.clone(),
                    district: district.clone(),
                    approximate: true,
                    areas: vec![cell.ring.clone()],
                    borders,
                    label: *spot,
                });
            }
        }
        for code in places.districts.keys() {
            let own: Vec<usize> = (0..sites.len()).filter(|n| sites[*n].1 == *code).collect();
            let areas = own.iter().map(|n| cells[*n].ring.clone()).collect();
            let foreign = |other: Option<usize>| other.is_none_or(|other| sites[other].1 != *code);
            let borders = own.iter().flat_map(|n| cells[*n].edges()).filter(|(_, other)| foreign(*other)).map(|(edge, _)| edge.to_vec());
            let label = middle(own.iter().map(|n| sites[*n].2));
            geography.districts.push(Shape {
                code: code.clone(),
                district: code.clone(),
                approximate: true,
                borders: cells::joined(borders.collect()),
                areas,
                label,
            });
        }
        geography
    }

    /// With official boundaries in the place of cells.
    pub fn with(mut self, level: Level, shapes: Vec<Shape>) -> Self {
        let drawn = match level {
            Level::District => &mut self.districts,
            Level::Block => &mut self.blocks,
        };
        for shape in shapes {
            match drawn.iter_mut().find(|known| known.code == shape.code) {
                Some(known) => *known = shape,
                None => drawn.push(shape),
            }
        }
        self
    }
}

fn middle(spots: impl Iterator<Item = Spot>) -> Spot {
    let (mut sum, mut n) = ([0.0, 0.0], 0.0);
    for spot in spots {
        sum = [sum[0] + spot[0], sum[1] + spot[1]];
        n += 1.0;
    }
    if n > 0.0 { [sum[0] / n, sum[1] / n] } else { sum }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::masters::Masters;
    use std::path::Path;

    #[test]
    fn every_district_of_the_masters_is_drawn_and_each_office_lies_in_its_own() {
        let masters = Masters::load(Path::new("config")).expect("they are valid");
        let geography = &masters.geography;
        assert_eq!(geography.districts.len(), 23);
        assert!(geography.blocks.len() > 330 && geography.districts.iter().all(|d| !d.areas.is_empty() && !d.borders.is_empty()));
        for block in &geography.blocks {
            let holders = geography.districts.iter().filter(|d| d.areas.iter().any(|area| boundaries::within(area, block.label)));
            assert_eq!(holders.map(|d| d.code.as_str()).collect::<Vec<_>>(), [block.district.as_str()], "{}", block.code);
        }
    }
}
