//! Lists in pages: `?cursor=&limit=`, answered `{items, next}`.

use super::problem::{Answer, Problem};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// One page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Give this as `cursor` for the items after these; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Which page.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// What `next` was on the page before; absent for the first.
    pub cursor: Option<String>,
    /// Items wanted, 1 to 200; 50 where absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

impl PageQuery {
    /// Items wanted.
    ///
    /// # Errors
    /// 422 if it is not 1 to 200.
    pub fn limit(&self) -> Answer<u32> {
        match self.limit {
            None => Ok(50),
            Some(limit @ 1..=200) => Ok(limit),
            Some(_) => Err(Problem::invalid("limit: expected 1 to 200")),
        }
    }
}
