//! A measurement as a line of CloudWatch's embedded metric format, from which CloudWatch makes
//! metrics without a call to it.
//!
//! Source: Amazon CloudWatch user guide, "Embedded metric format specification".
//!
//! Invariant: every metric and dimension that is named has its value at the top of the object; what
//! else stands there (the request, the merchant) is a property that can be searched for.

use chrono::{DateTime, Utc};
use quita_app::metrics::{self, FUNCTION, Metric, NAMESPACE};
use serde_json::{Value, json};

use super::lines::{Fields, written};

/// The line of a measurement; `None` for an event that measures nothing known.
///
/// Each metric is published for the function, and for the function with the metric's own dimension.
pub(super) fn line(function: &str, mut fields: Fields, now: DateTime<Utc>) -> Option<Vec<u8>> {
    fields.0.remove("message");
    let measured: Vec<Metric> = fields
        .0
        .iter()
        .filter(|(_, value)| value.is_number())
        .filter_map(|(name, _)| metrics::metric(name))
        .collect();
    let own = measured.first()?.dimension.filter(|name| fields.0.contains_key(name));
    let sets: Vec<Vec<&str>> =
        [Some(vec![FUNCTION]), own.map(|own| vec![FUNCTION, own])].into_iter().flatten().collect();
    let units: Vec<Value> = measured
        .iter()
        .map(|metric| json!({ "Name": metric.name, "Unit": metric.unit.as_str() }))
        .collect();
    let about = json!({
        "Timestamp": now.timestamp_millis(),
        "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": sets, "Metrics": units }],
    });
    let first = [("_aws", about), (FUNCTION, Value::from(function))];
    fields.0.retain(|name, _| first.iter().all(|(taken, _)| taken != name));
    Some(written(first.into_iter().chain(fields.0)))
}
