//! Where a merchant's events are posted to, and which of them.
//!
//! Owns the endpoints of a merchant, what changes them, and when one is switched off. Does not own
//! an event on its way to one ([`delivery`]), nor how an address is reached or refused (`app`).
//!
//! Invariants: a secret is named by its generation and never held; a change that changes nothing is
//! none; an endpoint is switched off by us only after [`FAILING_MAX`] of nothing but failures, or
//! when its receiver says that it is gone.

pub mod delivery;

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::audit::{Audited, Summary};
use crate::hidden::Hidden;
use crate::ids::{EndpointId, MerchantId};

/// Most endpoints of a merchant: all are in one item, and each event may go to each of them.
pub const ENDPOINTS_MAX: usize = 10;
/// Longest address, in bytes.
pub const URL_BYTES_MAX: usize = 500;
/// Longest description, in characters.
pub const DESCRIPTION_CHARS_MAX: usize = 200;
/// Most event types an endpoint can list; whoever wants more takes all.
pub const TYPES_MAX: usize = 100;
/// How long the secret before a rotation signs as well.
pub const SECRET_OVERLAP: TimeDelta = TimeDelta::hours(24);
/// Nothing but failures for so long switches an endpoint off: longer than one event is tried, so
/// that no event is cut short by it.
pub const FAILING_MAX: TimeDelta = TimeDelta::days(5);

/// Every endpoint of a merchant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    pub merchant: MerchantId,
    /// Grows by one at each change, also at those without an event.
    pub version: u64,
    /// In the order they were created, at most [`ENDPOINTS_MAX`].
    pub endpoints: Vec<Endpoint>,
}

/// An address that events are posted to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    pub id: EndpointId,
    /// Its path may be a key to the receiver.
    pub url: Hidden,
    pub description: String,
    pub events: EventFilter,
    pub created_at: DateTime<Utc>,
    pub state: EndpointState,
    /// Which secret signs, counted from 1.
    pub secret: u32,
    /// Until when the secret before it signs as well.
    pub previous_secret_until: Option<DateTime<Utc>>,
    /// Since when nothing but failures was heard.
    pub failing_since: Option<DateTime<Utc>>,
}

/// Which events go to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventFilter {
    All,
    /// Names such as `invoice.paid`, at most [`TYPES_MAX`].
    Only(BTreeSet<String>),
}

impl EventFilter {
    /// Whether an event of that name passes.
    #[must_use]
    pub fn lets(&self, event: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(event),
        }
    }
}

/// Whether events are posted to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndpointState {
    Enabled,
    Disabled { at: DateTime<Utc>, reason: DisabledReason },
}

/// Why an endpoint gets no events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisabledReason {
    /// The merchant wanted it.
    Asked,
    /// The receiver answered 410.
    Gone,
    /// Nothing but failures for [`FAILING_MAX`].
    Failing,
}

impl DisabledReason {
    /// Its name outside.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }
}

/// What the merchant chooses for an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub url: Hidden,
    pub description: String,
    pub events: EventFilter,
    pub enabled: bool,
}

/// Why the endpoints stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no such endpoint")]
    Unknown,
    #[error("there are {ENDPOINTS_MAX} endpoints already; delete one first")]
    TooMany,
}

/// What happened to an endpoint's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// The receiver took an event.
    Taken,
    /// It did not.
    Failed,
    /// It said that it wants no more.
    Gone,
}

impl Endpoint {
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.state == EndpointState::Enabled
    }

    /// The generations of the secret that sign at `now`, the present one first.
    #[must_use]
    pub fn signing(&self, now: DateTime<Utc>) -> Vec<u32> {
        let overlaps = self.previous_secret_until.is_some_and(|until| now < until);
        let previous = self.secret.checked_sub(1).filter(|before| overlaps && *before > 0);
        [self.secret].into_iter().chain(previous).collect()
    }

    /// The endpoint as the merchant chooses it.
    fn chosen(&self, choice: &Choice, now: DateTime<Utc>) -> Self {
        let Choice { url, description, events, enabled } = choice.clone();
        let state = match (&self.state, enabled) {
            (EndpointState::Disabled { .. }, true) => EndpointState::Enabled,
            (EndpointState::Enabled, false) => {
                EndpointState::Disabled { at: now, reason: DisabledReason::Asked }
            }
            (unchanged, _) => unchanged.clone(),
        };
        // Switched on, or somewhere else: what failed before says nothing any more.
        let fresh = state != self.state || url != self.url;
        let failing_since = self.failing_since.filter(|_| !fresh);
        Self { url, description, events, state, failing_since, ..self.clone() }
    }

    fn heard(&self, heard: Heard, now: DateTime<Utc>) -> Self {
        let mut after = self.clone();
        let off = |reason| EndpointState::Disabled { at: now, reason };
        match heard {
            Heard::Taken => after.failing_since = None,
            Heard::Failed => {
                let since = *after.failing_since.get_or_insert(now);
                if after.is_enabled() && now - since >= FAILING_MAX {
                    after.state = off(DisabledReason::Failing);
                }
            }
            Heard::Gone if after.is_enabled() => after.state = off(DisabledReason::Gone),
            Heard::Gone => {}
        }
        after
    }
}

/// The address may be a key to the receiver, so it is compared and not shown.
impl Audited for Endpoint {
    fn summary(&self) -> Summary {
        let events = match &self.events {
            EventFilter::All => None,
            EventFilter::Only(names) => Some(names.iter().map(String::as_str).collect::<Vec<_>>()),
        };
        let off = match self.state {
            EndpointState::Enabled => None,
            EndpointState::Disabled { reason, .. } => Some(reason.code()),
        };
        Summary::new()
            .personal("url", Some(self.url.as_str()))
            .with("description", &self.description)
            .with("events", events.map_or_else(|| "all".to_owned(), |names| names.join(" ")))
            .with("secret", self.secret)
            .with_some("disabled", off)
    }
}

impl Endpoints {
    /// A merchant's endpoints before the first one; not stored like this.
    #[must_use]
    pub fn none(merchant: MerchantId) -> Self {
        Self { merchant, version: 0, endpoints: Vec::new() }
    }

    pub fn get(&self, id: &EndpointId) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.id == *id)
    }

    /// Those that an event of that name goes to.
    pub fn wanting(&self, event: &str) -> impl Iterator<Item = &Endpoint> {
        self.endpoints.iter().filter(move |one| one.is_enabled() && one.events.lets(event))
    }

    /// With one endpoint more.
    pub fn created(
        &self,
        id: EndpointId,
        choice: Choice,
        now: DateTime<Utc>,
    ) -> Result<Self, Refusal> {
        if self.endpoints.len() >= ENDPOINTS_MAX {
            return Err(Refusal::TooMany);
        }
        let Choice { url, description, events, enabled } = choice;
        let state = match enabled {
            true => EndpointState::Enabled,
            false => EndpointState::Disabled { at: now, reason: DisabledReason::Asked },
        };
        let mut after = self.next();
        after.endpoints.push(Endpoint {
            id,
            url,
            description,
            events,
            created_at: now,
            state,
            secret: 1,
            previous_secret_until: None,
            failing_since: None,
        });
        Ok(after)
    }

    /// With an endpoint as the merchant chooses it; `None` when it is like that already.
    pub fn changed(
        &self,
        id: &EndpointId,
        choice: &Choice,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, Refusal> {
        let before = self.get(id).ok_or(Refusal::Unknown)?;
        let after = before.chosen(choice, now);
        Ok((after != *before).then(|| self.with(after)))
    }

    /// With the next secret of an endpoint; the one before it signs as well for a while.
    pub fn secret_rotated(&self, id: &EndpointId, now: DateTime<Utc>) -> Result<Self, Refusal> {
        let before = self.get(id).ok_or(Refusal::Unknown)?;
        Ok(self.with(Endpoint {
            secret: before.secret.saturating_add(1),
            previous_secret_until: Some(now + SECRET_OVERLAP),
            ..before.clone()
        }))
    }

    /// Without an endpoint.
    pub fn closed(&self, id: &EndpointId) -> Result<Self, Refusal> {
        self.get(id).ok_or(Refusal::Unknown)?;
        let mut after = self.next();
        after.endpoints.retain(|endpoint| endpoint.id != *id);
        Ok(after)
    }

    /// With what was heard from an endpoint; `None` when that tells nothing new.
    #[must_use]
    pub fn heard(&self, id: &EndpointId, heard: Heard, now: DateTime<Utc>) -> Option<Self> {
        let before = self.get(id)?;
        let after = before.heard(heard, now);
        (after != *before).then(|| self.with(after))
    }

    /// The same endpoints at the next version: something about one of them was told.
    #[must_use]
    pub fn next(&self) -> Self {
        Self { version: self.version + 1, ..self.clone() }
    }

    fn with(&self, endpoint: Endpoint) -> Self {
        let mut after = self.next();
        if let Some(place) = after.endpoints.iter_mut().find(|one| one.id == endpoint.id) {
            *place = endpoint;
        }
        after
    }
}

#[cfg(test)]
mod tests;
