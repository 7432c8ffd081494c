//! The catalogue of events that endpoints can be told of, from the schemas that the bus is held to.

use std::sync::LazyLock;

use quita_app::routing::WORK_SUFFIX;
use quita_app::webhooks::manage_endpoints::REPLAY_ASKED;
use quita_app::webhooks::message::outer_name;
use quita_edge::http::json;
use quita_edge::{ApiResponse, Problem};
use serde::Serialize;
use serde_json::Value;

/// Every schema, made by `build.rs`.
const SCHEMAS: &str = include_str!(concat!(env!("OUT_DIR"), "/event_schemas.json"));

/// An event by its name outside.
struct EventType {
    name: String,
    description: String,
    schema: Value,
}

#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    description: &'a str,
}

#[derive(Serialize)]
struct Lines<'a> {
    items: Vec<Line<'a>>,
    /// The list is one page.
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct Whole<'a> {
    name: &'a str,
    description: &'a str,
    /// Of the member `data` of what is posted.
    schema: &'a Value,
}

/// In the order of their names. Read when it is first asked for: most calls here do not.
static CATALOGUE: LazyLock<Vec<EventType>> = LazyLock::new(|| {
    let schemas: Vec<Value> = serde_json::from_str(SCHEMAS).expect("build.rs wrote it");
    let mut types: Vec<EventType> = schemas.into_iter().filter_map(offered).collect();
    types.sort_by(|one, other| one.name.cmp(&other.name));
    types
});

/// An event as it is offered; `None` for what is posted to nobody.
fn offered(schema: Value) -> Option<EventType> {
    let text = |member: &str| schema.get(member).and_then(Value::as_str).unwrap_or_default();
    let title = text("title");
    let name = outer_name(title).to_owned();
    if title.ends_with(WORK_SUFFIX) || name == REPLAY_ASKED {
        return None;
    }
    Some(EventType { description: text("description").to_owned(), name, schema })
}

/// Whether there is an event of that name.
pub(crate) fn is_known(name: &str) -> bool {
    find(name).is_some()
}

fn find(name: &str) -> Option<&'static EventType> {
    let types = &*CATALOGUE;
    let found = types.binary_search_by(|known| known.name.as_str().cmp(name));
    found.ok().and_then(|nth| types.get(nth))
}

pub(crate) fn list() -> ApiResponse {
    let line = |one: &'static EventType| Line { name: &one.name, description: &one.description };
    json(200, &Lines { items: CATALOGUE.iter().map(line).collect(), next_cursor: None })
}

pub(crate) fn show(name: &str) -> Result<ApiResponse, Problem> {
    let EventType { name, description, schema } = find(name).ok_or(Problem::NotFound)?;
    Ok(json(200, &Whole { name, description, schema }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_and_what_is_posted_to_nobody_are_offered() {
        assert!(is_known("invoice.paid") && is_known("endpoint.tested"));
        for name in ["invoice.paid.v1", "delivery.due", "delivery.due.v1", REPLAY_ASKED, ""] {
            assert!(!is_known(name), "{name}");
        }
        for EventType { name, description, .. } in &*CATALOGUE {
            assert!(!name.is_empty() && !description.is_empty(), "{name}");
        }
    }
}
