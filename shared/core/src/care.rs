//! How a customer is to be treated by the chase: contacts, tier, segment, exclusion, pause, consent,
//! addresses that bounced, and when it was last written to.
//!
//! Owns the facts and who may be written to where. Does not own when a message is due
//! ([`crate::chase`]) nor the party a charge is made out to ([`crate::customer::BillTo`]).

mod draft;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::chase::{Audience, Caps};
use crate::contact::{Email, Phone};
use crate::hidden::Hidden;
use crate::message::Channel;
use crate::zone;

pub use draft::{CareDraft, ContactDraft, PauseDraft};

/// Days of touches that are remembered: what the weekly cap looks back on.
const TOUCH_DAYS: i64 = 7;
/// Most contacts of one customer beside the billing addresses.
pub const CONTACTS_MAX: usize = 10;
/// Most addresses that are remembered as not to be written to; of more, the latest.
pub const SUPPRESSED_MAX: usize = 50;
/// Most touches that are remembered, whatever the caps of a rule say.
const TOUCHES_MAX: usize = 60;

/// How a customer is treated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Care {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
    #[serde(skip_serializing_if = "Tier::is_standard")]
    pub tier: Tier,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<Segment>,
    /// Nobody is written to by the rule, whatever it says, until this is lifted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded: Option<Exclusion>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<Pause>,
    /// Whether it agreed to be written to by WhatsApp, and when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whatsapp: Option<Consent>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suppressed: Vec<Suppressed>,
    /// When messages of the rule went out, of the last days; ascending.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub touches: Vec<DateTime<Utc>>,
}

/// A person at the customer's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub name: String,
    /// What the person is written to about.
    pub audience: Audience,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
}

/// How much a customer matters; a rule limits its tone by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    #[default]
    Standard,
    Valued,
    Vip,
}

impl Tier {
    pub const ALL: [Self; 3] = [Self::Standard, Self::Valued, Self::Vip];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Valued => "valued",
            Self::Vip => "vip",
        }
    }

    /// The tier of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }

    fn is_standard(&self) -> bool {
        *self == Self::Standard
    }
}

/// The group a customer is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    pub name: String,
    /// A person put it there; the merchant's segment rules leave it alone.
    pub by_hand: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    pub reason: String,
    pub at: DateTime<Utc>,
}

/// A rest that a person asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    pub reason: String,
    /// First day on which the chase goes on; `None` until a person says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    pub given: bool,
    pub at: DateTime<Utc>,
}

/// An address that is not to be written to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppressed {
    pub channel: Channel,
    /// The address in its canonical text.
    pub address: Hidden,
    pub reason: SuppressReason,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuppressReason {
    HardBounce,
    Complaint,
    OptOut,
}

impl SuppressReason {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HardBounce => "hard_bounce",
            Self::Complaint => "complaint",
            Self::OptOut => "opt_out",
        }
    }
}

impl Care {
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The segment's name.
    pub fn segment_name(&self) -> Option<&str> {
        self.segment.as_ref().map(|segment| segment.name.as_str())
    }

    pub fn is_suppressed(&self, channel: Channel, address: &str) -> bool {
        self.suppressed.iter().any(|it| it.channel == channel && it.address.as_str() == address)
    }

    /// Remembers that an address is not to be written to; of one address the first reason stays.
    pub fn suppress(&mut self, entry: Suppressed) {
        if self.is_suppressed(entry.channel, entry.address.as_str()) {
            return;
        }
        self.suppressed.push(entry);
        let over = self.suppressed.len().saturating_sub(SUPPRESSED_MAX);
        self.suppressed.drain(..over);
    }

    /// Writing by WhatsApp needs consent that was given and not taken back (Meta's business policy).
    pub fn whatsapp_allowed(&self) -> bool {
        self.whatsapp.is_some_and(|consent| consent.given)
    }

    /// Remembers a message at `at`, and forgets those no cap looks back on.
    pub fn touch(&mut self, at: DateTime<Utc>) {
        let since = at - TimeDelta::days(TOUCH_DAYS);
        self.touches.retain(|touch| *touch > since);
        self.touches.push(at);
        let over = self.touches.len().saturating_sub(TOUCHES_MAX);
        self.touches.drain(..over);
    }

    /// When another message may go out by the caps, if not now.
    pub fn capped_until(&self, caps: Caps, now: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let today = zone::civil_date(now, zone);
        let of_today = |at: &&DateTime<Utc>| zone::civil_date(**at, zone) == today;
        let day = (self.touches.iter().filter(of_today).count() >= usize::from(caps.per_day))
            .then(|| today.succ_opt().unwrap_or(today))
            .map(|tomorrow| zone::instant_at(tomorrow, chrono::NaiveTime::MIN, zone));
        let week = TimeDelta::days(TOUCH_DAYS);
        let recent: Vec<_> = self.touches.iter().filter(|at| **at + week > now).collect();
        // The oldest of the last `per_week` has to be a week old.
        let nth = recent.len().checked_sub(usize::from(caps.per_week));
        let week = nth.and_then(|nth| recent.get(nth)).map(|at| **at + week);
        day.into_iter().chain(week).max()
    }
}

#[cfg(test)]
mod tests;
