//! What the map draws.

use super::view::Words;
use crate::access::Act;
use crate::api::extract::Json;
use crate::api::parts::Parts;
use crate::api::problem::Answer;
use crate::api::who::Who;
use crate::insight::geography::Shape;
use axum::extract::State as Joined;
use daak_domain::insight::Dimension;
use serde::Serialize;
use utoipa::ToSchema;

/// Places as areas. Coordinates are longitude and latitude in degrees.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MapView {
    /// Districts.
    pub districts: Vec<ShapeView>,
    /// Blocks, as far as it is known where they are.
    pub blocks: Vec<ShapeView>,
}

/// Something that is drawn.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ShapeView {
    /// LGD code.
    pub code: String,
    /// LGD code of its district.
    pub district: String,
    /// What it is called.
    pub name: Words,
    /// Whether its lines are only the middle between offices, and no boundaries.
    pub approximate: bool,
    /// Filled areas (even-odd rule).
    pub areas: Vec<Vec<[f64; 2]>>,
    /// Lines around it.
    pub borders: Vec<Vec<[f64; 2]>>,
    /// Where its name stands.
    pub label: [f64; 2],
}

/// The places that measures are shown on: boundaries that were imported, or cells around the offices.
#[utoipa::path(get, path = "/api/v1/insight/map", tag = "insight", responses((status = 200, description = "What is drawn", body = MapView)))]
pub async fn map(Joined(parts): Joined<Parts>, who: Who) -> Answer<Json<MapView>> {
    who.may(Act::ReadMeasures, None)?;
    let names = parts.insight.names();
    let view = |dimension: Dimension| {
        move |shape: &Shape| ShapeView {
            code: shape.code.clone(),
            district: shape.district.clone(),
            name: (&names.name(dimension, &shape.code)).into(),
            approximate: shape.approximate,
            areas: shape.areas.clone(),
            borders: shape.borders.clone(),
            label: shape.label,
        }
    };
    let geography = parts.insight.geography();
    Ok(Json(MapView {
        districts: geography.districts.iter().map(view(Dimension::District)).collect(),
        blocks: geography.blocks.iter().map(view(Dimension::Block)).collect(),
    }))
}
