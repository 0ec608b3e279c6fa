//! Official boundaries out of GeoJSON (RFC 7946), checked before they are believed.

use super::{Shape, Spot, cells};
use daak_domain::place::Places;
use serde_json::Value;
use std::collections::BTreeMap;

/// Whose boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Level {
    /// Districts.
    District,
    /// Blocks and municipalities.
    Block,
}

/// What was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The boundaries, by code.
    pub shapes: Vec<Shape>,
    /// Codes of the masters that the file does not have.
    pub missing: Vec<String>,
}

/// What is wrong with a file, or with one of its features.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BoundaryError {
    /// The file.
    #[error("{0}")]
    File(String),
    /// A feature.
    #[error("feature {place}{}: {what}", name_of(.name))]
    Feature {
        /// Its place in the file, from 1.
        place: usize,
        /// What it calls itself.
        name: String,
        /// A sentence.
        what: String,
    },
}

fn name_of(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!(" ({name:?})") }
}

/// Features that a file may have.
const FEATURES: usize = 5_000;
/// Points that a file may have together.
const POINTS: usize = 2_000_000;
/// Points of a ring that are kept; more are thinned.
const KEPT: usize = 600;
/// Where India lies, with some room: longitude and latitude.
const INDIA: [[f64; 2]; 2] = [[67.0, 5.0], [99.0, 38.0]];
/// Properties in which a code or a name is looked for, in this order, whatever their case.
const KEYS: [&str; 14] = [
    "lgd",
    "lgd_code",
    "code",
    "dist_lgd",
    "block_lgd",
    "lgd_district",
    "lgd_block",
    "name",
    "name_en",
    "district",
    "dtname",
    "block",
    "name_bn",
    "id",
];

/// Reads boundaries. Every mistake is told, not only the first; if there is one, nothing is taken.
///
/// # Errors
/// What is wrong, feature by feature.
pub fn import(text: &str, level: Level, places: &Places) -> Result<Imported, Vec<BoundaryError>> {
    let whole = |what: &str| vec![BoundaryError::File(what.to_owned())];
    let file: Value = serde_json::from_str(text).map_err(|why| whole(&format!("this is not JSON: {why}")))?;
    if file["type"] == "Topology" {
        return Err(whole("this is TopoJSON: convert it to GeoJSON first"));
    }
    if let Some(crs) = file.get("crs").filter(|crs| !is_wgs84(crs)) {
        let what = format!("the file says its coordinates are of {}: convert it to WGS 84 (EPSG:4326) first", crs["properties"]["name"]);
        return Err(whole(&what));
    }
    let features = file["features"].as_array().ok_or_else(|| whole("expected a FeatureCollection with `features`"))?;
    if features.len() > FEATURES {
        return Err(whole(&format!("{} features, expected at most {FEATURES}", features.len())));
    }
    let (mut shapes, mut errors, mut points) = (BTreeMap::<String, Shape>::new(), Vec::new(), 0usize);
    for (place, feature) in (1..).zip(features) {
        let name = shown_name(feature);
        let wrong = |what: String| BoundaryError::Feature { place, name: name.clone(), what };
        match shape(feature, level, places, &mut points) {
            Ok(shape) if shapes.contains_key(&shape.code) => errors.push(wrong(format!("the code {} stands twice", shape.code))),
            Ok(shape) => drop(shapes.insert(shape.code.clone(), shape)),
            Err(what) => errors.push(wrong(what)),
        }
        if points > POINTS {
            errors.push(BoundaryError::File(format!("more than {POINTS} points: simplify the file first")));
            break;
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    if shapes.is_empty() {
        return Err(whole("there is no feature in it"));
    }
    let codes: Vec<&String> = match level {
        Level::District => places.districts.keys().collect(),
        Level::Block => places.locals.keys().collect(),
    };
    let missing = codes.into_iter().filter(|code| !shapes.contains_key(*code)).cloned().collect();
    Ok(Imported { shapes: shapes.into_values().collect(), missing })
}

fn is_wgs84(crs: &Value) -> bool {
    let name = crs["properties"]["name"].as_str().unwrap_or_default();
    name.ends_with("CRS84") || name.ends_with(":4326")
}

fn shown_name(feature: &Value) -> String {
    let properties = &feature["properties"];
    let found = KEYS.iter().rev().find_map(|key| property(properties, key).filter(|text| !text.chars().all(|c| c.is_ascii_digit())));
    found.unwrap_or_default().chars().take(40).collect()
}

fn property(properties: &Value, key: &str) -> Option<String> {
    let (_, value) = properties.as_object()?.iter().find(|(name, _)| name.eq_ignore_ascii_case(key))?;
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn shape(feature: &Value, level: Level, places: &Places, points: &mut usize) -> Result<Shape, String> {
    let (code, district) = whose(feature, level, places)?;
    let geometry = &feature["geometry"];
    let coordinates = &geometry["coordinates"];
    let polygons: Vec<&Value> = match geometry["type"].as_str() {
        Some("Polygon") => vec![coordinates],
        Some("MultiPolygon") => coordinates.as_array().ok_or("its coordinates are no list")?.iter().collect(),
        Some(other) => return Err(format!("it is a {other}, expected a Polygon or MultiPolygon")),
        None => return Err("it has no geometry".into()),
    };
    let mut areas = Vec::new();
    for polygon in polygons {
        let rings = polygon.as_array().filter(|rings| !rings.is_empty()).ok_or("a polygon has no rings")?;
        let rings = rings.iter().map(|r| ring(r, points)).collect::<Result<Vec<_>, _>>()?;
        let (outer, holes) = rings.split_first().ok_or("a polygon has no rings")?;
        // A hole must lie in what it is a hole of: its corners do, but for those on the rim.
        if let Some(hole) = holes.iter().position(|hole| !hole.iter().any(|p| within(outer, *p))) {
            return Err(format!("hole {} lies outside of its ring", hole + 1));
        }
        areas.extend(rings);
    }
    let label = areas.iter().max_by(|a, b| area(a).total_cmp(&area(b))).map(|ring| super::middle(ring.iter().copied())).unwrap_or_default();
    let areas: Vec<Vec<Spot>> = areas.into_iter().map(thinned).collect();
    let borders = areas.iter().map(|ring| cells::closed(ring)).collect();
    Ok(Shape { code, district, approximate: false, areas, borders, label })
}

/// Code, and code of the district, of what a feature is.
fn whose(feature: &Value, level: Level, places: &Places) -> Result<(String, String), String> {
    let properties = &feature["properties"];
    let within = property(properties, "lgd_district").or_else(|| property(properties, "district"));
    let within = within.and_then(|district| places.district(&district)).map(|d| d.code.clone());
    let mut tried = Vec::new();
    let id = feature.get("id").map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
    for text in KEYS.iter().filter_map(|key| property(properties, key)).chain(id) {
        match level {
            Level::District => {
                if let Some(district) = places.district(&text) {
                    return Ok((district.code.clone(), district.code.clone()));
                }
            }
            Level::Block => match places.locals(&text, within.as_deref()).as_slice() {
                [one] => return Ok((one.code.clone(), one.district.clone().unwrap_or_default())),
                [] => {}
                several => {
                    let codes: Vec<_> = several.iter().map(|l| l.code.as_str()).collect();
                    return Err(format!("{text:?} may be any of {}: give the LGD code as `lgd`", codes.join(", ")));
                }
            },
        }
        tried.push(text);
    }
    if tried.is_empty() {
        return Err(format!("it has no name or code: expected one of the properties {}", KEYS.join(", ")));
    }
    Err(format!("none of {} is a place of the masters", tried.iter().take(4).map(|t| format!("{t:?}")).collect::<Vec<_>>().join(", ")))
}

fn ring(value: &Value, points: &mut usize) -> Result<Vec<Spot>, String> {
    let all = value.as_array().ok_or("a ring is no list of points")?;
    *points += all.len();
    let mut ring = Vec::with_capacity(all.len());
    for point in all {
        let pair = point.as_array().and_then(|p| Some([p.first()?.as_f64()?, p.get(1)?.as_f64()?]));
        ring.push(checked(pair.ok_or("a point is no pair of numbers")?)?);
    }
    if ring.len() < 4 || ring.first() != ring.last() {
        return Err("a ring must have at least four points and end where it began".into());
    }
    ring.pop();
    if area(&ring) <= 0.0 {
        return Err("a ring encloses nothing".into());
    }
    if crosses_itself(&ring) {
        return Err("a ring crosses itself".into());
    }
    Ok(ring)
}

fn checked([x, y]: Spot) -> Result<Spot, String> {
    let inside = |x: f64, y: f64| (INDIA[0][0]..=INDIA[1][0]).contains(&x) && (INDIA[0][1]..=INDIA[1][1]).contains(&y);
    if inside(x, y) {
        return Ok([x, y]);
    }
    if inside(y, x) {
        return Err(format!("the point {x}, {y} has latitude first: GeoJSON wants longitude first"));
    }
    if x.abs() > 180.0 || y.abs() > 90.0 {
        return Err(format!("the point {x}, {y} is in metres of a projection: convert it to degrees (EPSG:4326)"));
    }
    Err(format!("the point {x}, {y} lies outside of India"))
}

/// Twice the area that a ring encloses, in degrees.
fn area(ring: &[Spot]) -> f64 {
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum::<f64>().abs()
}

/// Whether a point lies within a ring (even-odd rule).
pub fn within(ring: &[Spot], [x, y]: Spot) -> bool {
    let next = ring.iter().cycle().skip(1);
    let crossed = ring.iter().zip(next).filter(|(a, b)| (a[1] > y) != (b[1] > y) && x < (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]) + a[0]);
    crossed.count() % 2 == 1
}

/// Whether two edges of a ring cross. Edges are compared only with those whose span of longitudes they share: sorted, a coast of ten
/// thousand points takes milliseconds.
fn crosses_itself(ring: &[Spot]) -> bool {
    let n = ring.len();
    let edge = |at: usize| (ring[at], ring[(at + 1) % n]);
    let span = |at: usize| {
        let (a, b) = edge(at);
        (a[0].min(b[0]), a[0].max(b[0]))
    };
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| span(*a).0.total_cmp(&span(*b).0));
    for (place, first) in order.iter().enumerate() {
        for second in &order[place + 1..] {
            if span(*second).0 > span(*first).1 {
                break;
            }
            let apart = first.abs_diff(*second);
            if apart > 1 && apart < n - 1 && cross(edge(*first), edge(*second)) {
                return true;
            }
        }
    }
    false
}

fn cross((a, b): (Spot, Spot), (c, d): (Spot, Spot)) -> bool {
    let turn = |p: Spot, q: Spot, r: Spot| (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]);
    turn(a, b, c) * turn(a, b, d) < 0.0 && turn(c, d, a) * turn(c, d, b) < 0.0
}

/// A ring of at most [`KEPT`] points: those that matter least for its shape are left out (Visvalingam & Whyatt 1993, in one pass by a
/// limit that is doubled until it suffices).
fn thinned(mut ring: Vec<Spot>) -> Vec<Spot> {
    let mut limit = 1e-8;
    while ring.len() > KEPT {
        let mut kept: Vec<Spot> = Vec::with_capacity(ring.len());
        for at in 0..ring.len() {
            let (a, b, c) = (kept.last().copied().unwrap_or(ring[ring.len() - 1]), ring[at], ring[(at + 1) % ring.len()]);
            if area(&[a, b, c]) >= limit || at == 0 {
                kept.push(b);
            }
        }
        if kept.len() < 4 {
            return ring;
        }
        ring = kept;
        limit *= 2.0;
    }
    ring.into_iter().map(|[x, y]| [(x * 1e4).round() / 1e4, (y * 1e4).round() / 1e4]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn places() -> Places {
        let read = |name: &str| std::fs::read_to_string(format!("config/{name}")).expect("a master");
        Places::read(&read("districts.csv"), &read("blocks.csv"), &read("municipalities.csv")).expect("good")
    }

    fn square(x: f64, y: f64, side: f64) -> Value {
        json!([[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]])
    }

    fn file(properties: Value, rings: Value) -> String {
        let feature = json!({ "type": "Feature", "properties": properties, "geometry": { "type": "Polygon", "coordinates": rings } });
        json!({ "type": "FeatureCollection", "features": [feature] }).to_string()
    }

    fn refused(text: &str, level: Level) -> String {
        import(text, level, &places()).expect_err("wrong").iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_district_is_known_by_code_or_by_any_of_its_names() {
        for properties in
            [json!({ "lgd": 305 }), json!({ "NAME": "BANKURA" }), json!({ "dtname": "Banikura" }), json!({ "name_bn": "বাঁকুড়া" })]
        {
            let text = file(properties, json!([square(87.0, 23.0, 0.4), square(87.1, 23.1, 0.1)]));
            let imported = import(&text, Level::District, &places()).expect("good");
            assert_eq!((imported.shapes[0].code.as_str(), imported.shapes[0].areas.len(), imported.missing.len()), ("305", 2, 22));
            assert!(!imported.shapes[0].approximate);
        }
    }

    #[test]
    fn what_is_wrong_is_told_feature_by_feature() {
        let good = || json!({ "lgd": 305, "name": "Bankura" });
        for (properties, rings, said) in [
            (json!({ "name": "Atlantis" }), json!([square(87.0, 23.0, 0.4)]), "none of \"Atlantis\" is a place"),
            (json!({}), json!([square(87.0, 23.0, 0.4)]), "no name or code"),
            (good(), json!([square(23.0, 87.0, 0.4)]), "latitude first"),
            (good(), json!([square(9_700_000.0, 2_600_000.0, 4_000.0)]), "in metres of a projection"),
            (good(), json!([square(2.0, 48.0, 0.4)]), "outside of India"),
            (good(), json!([square(87.0, 23.0, 0.4), square(88.0, 23.0, 0.1)]), "hole 1 lies outside"),
            (good(), json!([[[87.0, 23.0], [87.4, 23.4], [87.4, 23.0], [87.0, 23.3], [87.0, 23.0]]]), "crosses itself"),
            (good(), json!([[[87.0, 23.0], [87.4, 23.0], [87.4, 23.4], [87.0, 23.4]]]), "end where it began"),
            (good(), json!([[["a", 23.0], [87.4, 23.0], [87.4, 23.4], ["a", 23.0]]]), "no pair of numbers"),
        ] {
            let told = refused(&file(properties, rings), Level::District);
            assert!(told.starts_with("feature 1") && told.contains(said), "{said}: {told}");
        }
        assert!(refused("{", Level::District).contains("not JSON"));
        assert!(refused(&json!({ "type": "Topology" }).to_string(), Level::District).contains("TopoJSON"));
        let projected = json!({ "crs": { "properties": { "name": "urn:ogc:def:crs:EPSG::32645" } }, "features": [] });
        assert!(refused(&projected.to_string(), Level::District).contains("EPSG::32645"));
    }

    #[test]
    fn a_block_of_an_ambiguous_name_needs_its_district() {
        let rings = || json!([square(88.0, 22.6, 0.1)]);
        assert!(refused(&file(json!({ "name": "Sankrail" }), rings()), Level::Block).contains("may be any of"));
        let text = file(json!({ "name": "Sankrail", "district": "Howrah" }), rings());
        assert_eq!(import(&text, Level::Block, &places()).expect("good").shapes[0].district, "313");
    }

    #[test]
    fn a_long_coast_is_thinned_and_keeps_its_shape() {
        let circle = |n: usize| -> Vec<Spot> {
            (0..n).map(|k| std::f64::consts::TAU * k as f64 / n as f64).map(|a| [88.0 + a.cos() / 2.0, 23.0 + a.sin() / 2.0]).collect()
        };
        let whole = circle(20_000);
        let thin = thinned(whole.clone());
        assert!(thin.len() <= KEPT && thin.len() > 50, "{}", thin.len());
        assert!((area(&thin) / area(&whole) - 1.0).abs() < 0.01);
    }
}
