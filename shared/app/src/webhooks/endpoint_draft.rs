//! An endpoint as typed, and its parsing with every violation at once.

use std::collections::BTreeSet;

use quita_core::endpoint::{Choice, DESCRIPTION_CHARS_MAX, EventFilter, TYPES_MAX};
use quita_core::violation::Violation;

use super::guard::Reach;

/// An endpoint as typed.
#[derive(Debug, Clone)]
pub struct EndpointDraft {
    pub url: String,
    pub description: String,
    /// Names such as `invoice.paid`; `None` is every event.
    pub events: Option<Vec<String>>,
    pub enabled: bool,
}

impl EndpointDraft {
    /// `known` tells whether there is an event of that name.
    pub fn parse(
        &self,
        reach: Reach,
        known: impl Fn(&str) -> bool,
    ) -> Result<Choice, Vec<Violation>> {
        let mut faults = Vec::new();
        if let Err(refused) = reach.check(&self.url) {
            faults.push(Violation::new("url", refused.to_string()));
        }
        let description = self.description.trim();
        let fits = description.chars().count() <= DESCRIPTION_CHARS_MAX;
        if !fits || description.chars().any(char::is_control) {
            let reason = format!("use at most {DESCRIPTION_CHARS_MAX} characters, in one line");
            faults.push(Violation::new("description", reason));
        }
        let events = self.filter(known, &mut faults);
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Choice {
            url: self.url.as_str().into(),
            description: description.to_owned(),
            events,
            enabled: self.enabled,
        })
    }

    fn filter(&self, known: impl Fn(&str) -> bool, faults: &mut Vec<Violation>) -> EventFilter {
        let Some(names) = &self.events else { return EventFilter::All };
        if !(1..=TYPES_MAX).contains(&names.len()) {
            let reason = format!("name 1 to {TYPES_MAX} events, or leave it out for every event");
            faults.push(Violation::new("events", reason));
            return EventFilter::All;
        }
        for (nth, name) in names.iter().enumerate() {
            if !known(name) {
                let reason = "use a name of GET /v1/event_types";
                faults.push(Violation::new(format!("events[{nth}]"), reason));
            }
        }
        EventFilter::Only(names.iter().cloned().collect::<BTreeSet<_>>())
    }
}
