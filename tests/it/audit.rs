//! Fears: a change that leaves no trace of who made it; a trace that somebody changed, removed or
//! added afterwards; a trace that keeps personal data for good.

mod chain;
mod trace;

use quita_app::audit::verify::Verification;
use quita_core::audit::{Fault, Trail};
use quita_table::Item;
use quita_testkit::embedded::Embedded;
use serde_dynamo::AttributeValue;

use crate::world::World;

/// A world whose table can be reached past the product.
pub async fn world() -> (World, Embedded) {
    let engine = Embedded::memory().unwrap();
    (World::on(engine.clone(), 1).await, engine)
}

/// Checks the whole chain as `cargo run -- audit` does; answers the faults and the head.
pub async fn check_chain(world: &World, query: &str) -> (Vec<String>, Option<String>) {
    let mut trail = Trail::default();
    let mut faults: Vec<Fault> = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/audit/verification?{query}{cursor}");
        let page: Verification = serde_json::from_value(world.get(&path).await).unwrap();
        faults.extend(page.faults);
        faults.extend(page.since.map_or(Vec::new(), |since| trail.take(since, &page.histories)));
        match page.next_cursor {
            Some(next) => cursor = format!("&cursor={next}"),
            None => {
                faults.extend(trail.end(page.at));
                let faults = faults.iter().map(ToString::to_string).collect();
                return (faults, page.head.map(|head| head.to_string()));
            }
        }
    }
}

/// The text of an attribute.
pub fn field<'a>(item: &'a Item, name: &str) -> &'a str {
    match item.get(name) {
        Some(AttributeValue::S(text) | AttributeValue::N(text)) => text,
        _ => "",
    }
}

/// Every item of the table.
pub fn items(engine: &Embedded) -> Vec<Item> {
    let items = engine.items().unwrap().into_iter();
    items.map(|item| serde_json::from_value(item).unwrap()).collect()
}

/// The items of a kind, in the order of their keys.
pub fn of_kind(engine: &Embedded, kind: &str) -> Vec<Item> {
    let mut items = items(engine);
    items.retain(|item| field(item, "kind") == kind);
    items.sort_by_key(|item| (field(item, "pk").to_owned(), field(item, "sk").to_owned()));
    items
}
