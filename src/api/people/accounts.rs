//! Who works here, to give a ticket to.

use crate::access::{Act, Role};
use crate::api::extract::{Json, Query};
use crate::api::page::Page;
use crate::api::parts::Parts;
use crate::api::problem::Answer;
use crate::api::refused_by_store;
use crate::api::who::Who;
use axum::extract::State as Joined;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Somebody who signs in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AccountView {
    /// Sign-in name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Department of an officer, by code.
    pub department: Option<String>,
    /// Office of an officer, by code.
    pub office: Option<String>,
}

/// Which people.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AccountSearch {
    /// Those of this role.
    pub role: Option<Role>,
    /// Those of this department.
    pub department: Option<String>,
    /// Those of this office.
    pub office: Option<String>,
}

/// People who can sign in.
#[utoipa::path(get, path = "/api/v1/people", tag = "people", params(AccountSearch), responses((status = 200, body = Page<AccountView>)))]
pub async fn accounts(Joined(parts): Joined<Parts>, who: Who, Query(wanted): Query<AccountSearch>) -> Answer<Json<Page<AccountView>>> {
    who.may(Act::Assign, None)?;
    let everybody = parts.access.accounts().await.map_err(|why| refused_by_store(&why))?;
    let fits = |account: &AccountView| {
        wanted.role.is_none_or(|role| account.role == role)
            && wanted.department.as_ref().is_none_or(|d| account.department.as_ref() == Some(d))
            && wanted.office.as_ref().is_none_or(|o| account.office.as_ref() == Some(o))
    };
    let items = everybody
        .into_iter()
        .filter(|account| !account.disabled)
        .map(|account| AccountView { name: account.name, role: account.role, department: account.department, office: account.office })
        .filter(fits)
        .collect();
    Ok(Json(Page { items, next: None }))
}
