//! Where the three ways out of a debt lead: all of it, a part, another arrangement.
//!
//! Owns when they are offered. Invariant: whoever may pay is offered three, whatever the state of
//! the payment card; where no code takes a part, a question does.

use quita_app::links::Scope;
use serde::Serialize;

use crate::panel::Panel;
use crate::parts::Reader;
use crate::{part, promise, question};

/// The addresses; the first way is the payment card of the page itself.
#[derive(Serialize)]
pub(crate) struct WaysView {
    /// `None` while no code takes a part.
    part: Option<String>,
    promise: String,
    ask: String,
}

impl WaysView {
    /// The ways of a page at `base`; `None` where nothing is owed, or the link is to see alone.
    pub(crate) fn of(panel: Panel<'_>, scope: Scope, base: &str, reader: &Reader) -> Option<Self> {
        let under = |name: &str| reader.link(&format!("{base}/{name}"), None);
        let offered = scope == Scope::Act && panel.is_owed();
        offered.then(|| Self {
            part: panel.takes_part().then(|| under(part::NAME)),
            promise: under(promise::NAME),
            ask: under(question::NAME),
        })
    }
}
