//! A page of a list, as the API shows it.

use quita_table::store::Page;
use serde::Serialize;

/// The items and the way on; `null` at the end.
#[derive(Debug, Serialize)]
pub struct ListView<T> {
    pub items: Vec<T>,
    pub next_cursor: Option<String>,
}

impl<T> ListView<T> {
    /// The page with each item as it is shown.
    pub fn of<I>(page: Page<I>, view: impl Fn(I) -> T) -> Self {
        Self {
            items: page.items.into_iter().map(view).collect(),
            next_cursor: page.next.map(|cursor| cursor.to_string()),
        }
    }
}
