//! The measures at `/metrics`, in Prometheus' text form.

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;

/// Requests answered, by route and status class.
pub const HTTP_REQUESTS: &str = "daak_http_requests_total";
/// Seconds from a request's head to its answer, by route.
pub const HTTP_SECONDS: &str = "daak_http_request_seconds";
/// Contacts taken in, by channel and outcome.
pub const CONTACTS: &str = "daak_contacts_total";

/// What deliveries to hooks said, by provider and outcome.
pub const HOOKS: &str = "daak_hook_arrivals_total";

static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// The one recorder of this process; `None` if another was installed before.
pub fn recorder() -> Option<&'static PrometheusHandle> {
    HANDLE
        .get_or_init(|| {
            let limits = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
            let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &limits).ok()?;
            let handle = builder.install_recorder().ok()?;
            metrics::describe_counter!(HTTP_REQUESTS, "Requests answered, by route and status class");
            metrics::describe_histogram!(HTTP_SECONDS, metrics::Unit::Seconds, "Seconds from a request to its answer, by route");
            metrics::describe_counter!(CONTACTS, "Contacts taken in, by channel and outcome");
            metrics::describe_counter!(HOOKS, "What deliveries to hooks said, by provider and outcome");
            Some(handle)
        })
        .as_ref()
}
