//! What can be reported: the categories of the taxonomy.

use super::{Answer, Asked, Refused, found};
use crate::api::masters::Category;
use crate::api::parts::Parts;
use daak_domain::language::Language;
use serde_json::{Value, json};

/// `GET /discovery`: where the service is, and in which forms (the specification of service discovery).
pub fn discovery(parts: &Parts) -> Answer {
    let url = format!("{}/open311/v2", parts.settings.public_url);
    let contact = format!("{}: {}", parts.settings.name, parts.settings.telephone.join(", "));
    let endpoint = json!({
        "specification": "http://wiki.open311.org/GeoReport_v2", "url": url, "changeset": CHANGESET, "type": "production",
        "formats": ["text/xml", "application/json"],
    });
    found(
        "discovery",
        json!({ "changeset": CHANGESET, "contact": contact, "key_service": format!("{}: ask the operator for a token of the role integration", parts.settings.public_url), "endpoints": [endpoint] }),
    )
}

/// When what is described here last changed.
const CHANGESET: &str = "2026-11-24T00:00:00+05:30";

/// `GET /services`.
pub fn list(parts: &Parts, asked: &Asked) -> Answer {
    let language = asked.get("locale").and_then(|tag| tag.parse::<Language>().ok()).unwrap_or(Language::En);
    let service = |category: &Category| -> Value {
        let department = parts.masters.department_name(&category.department, language);
        json!({
            "service_code": category.code, "service_name": parts.masters.category_name(&category.code, language),
            "description": department, "metadata": false, "type": "realtime",
            "keywords": category.scheme.clone().unwrap_or_default(), "group": department,
        })
    };
    found("services", parts.masters.categories.iter().map(service).collect())
}

/// `GET /services/{code}`: no service asks for more than what every request has.
pub fn one(parts: &Parts, code: &str) -> Answer {
    match known(parts, code) {
        Some(category) => found("service_definition", json!({ "service_code": category.code, "attributes": [] })),
        None => Err(Refused::unknown("service_code")),
    }
}

/// The category of a code.
pub fn known<'a>(parts: &'a Parts, code: &str) -> Option<&'a Category> {
    parts.masters.categories.iter().find(|category| category.code == code)
}
