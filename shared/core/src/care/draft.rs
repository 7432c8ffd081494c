//! How a customer is to be treated, as a person typed it.

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::{CONTACTS_MAX, Care, Consent, Contact, Exclusion, Pause, Tier};
use crate::chase::Audience;
use crate::contact::{Email, Phone};
use crate::customer::{keep, text};
use crate::text::redacted_debug;
use crate::violation::Violation;

/// Longest name of a contact.
const NAME_CHARS_MAX: usize = 80;
/// Longest reason.
const REASON_CHARS_MAX: usize = 300;
/// Longest pause with an end. A longer rest is an exclusion.
const PAUSE_DAYS_MAX: u64 = 365;

/// A change of how a customer is treated. `None` leaves a part as it is; `Some(None)` takes it away.
#[derive(Clone, Default)]
pub struct CareDraft {
    /// All of them, in place of those that are there.
    pub contacts: Option<Vec<ContactDraft>>,
    pub tier: Option<String>,
    /// With the reason.
    pub excluded: Option<Option<String>>,
    pub paused: Option<Option<PauseDraft>>,
    pub whatsapp_consent: Option<bool>,
}

/// A person as typed.
#[derive(Clone, Default)]
pub struct ContactDraft {
    pub name: String,
    pub audience: String,
    pub email: Option<String>,
    pub phone: Option<String>,
}

/// A rest as typed.
#[derive(Clone, Default)]
pub struct PauseDraft {
    pub reason: String,
    /// First day on which the chase goes on; left out, until a person says so.
    pub until: Option<String>,
}

redacted_debug!(CareDraft);
redacted_debug!(ContactDraft);
redacted_debug!(PauseDraft);

impl CareDraft {
    /// The customer's treatment with the changes. `today` is the merchant's civil date at `now`.
    ///
    /// # Errors
    /// Every fault at once.
    pub fn apply(
        &self,
        before: &Care,
        today: NaiveDate,
        now: DateTime<Utc>,
    ) -> Result<Care, Vec<Violation>> {
        let mut faults = Vec::new();
        let mut after = before.clone();
        if let Some(drafts) = &self.contacts {
            after.contacts = contacts(drafts, &mut faults);
        }
        if let Some(typed) = &self.tier {
            let names = Tier::ALL.map(Tier::as_str).join(", ");
            let tier = Tier::parse(typed).ok_or(format!("use one of: {names}"));
            after.tier = keep("tier", tier, &mut faults).unwrap_or_default();
        }
        match &self.excluded {
            None => {}
            Some(None) => after.excluded = None,
            Some(Some(reason)) => {
                let reason = text("excluded.reason", reason, REASON_CHARS_MAX, &mut faults);
                // Said again it counts from when it was said first.
                let at = before.excluded.as_ref().map_or(now, |excluded| excluded.at);
                after.excluded = Some(Exclusion { reason, at });
            }
        }
        match &self.paused {
            None => {}
            Some(None) => after.paused = None,
            Some(Some(draft)) => after.paused = Some(draft.check(today, &mut faults)),
        }
        if let Some(given) = self.whatsapp_consent {
            let same = before.whatsapp.filter(|consent| consent.given == given);
            after.whatsapp = Some(same.unwrap_or(Consent { given, at: now }));
        }
        if faults.is_empty() { Ok(after) } else { Err(faults) }
    }
}

fn contacts(drafts: &[ContactDraft], faults: &mut Vec<Violation>) -> Vec<Contact> {
    if drafts.len() > CONTACTS_MAX {
        faults.push(Violation::new("contacts", format!("give at most {CONTACTS_MAX}")));
    }
    let check = |(nth, draft): (usize, &ContactDraft)| {
        let mut own = Vec::new();
        let contact = draft.check(&mut own);
        let path = format!("contacts[{nth}]");
        faults.extend(own.into_iter().map(|fault| fault.under(&path)));
        contact
    };
    drafts.iter().take(CONTACTS_MAX).enumerate().filter_map(check).collect()
}

impl ContactDraft {
    fn check(&self, faults: &mut Vec<Violation>) -> Option<Contact> {
        let name = text("name", &self.name, NAME_CHARS_MAX, faults);
        let names = Audience::ALL.map(Audience::as_str).join(", ");
        let audience = Audience::parse(&self.audience).ok_or(format!("use one of: {names}"));
        let audience = keep("audience", audience, faults);
        let email = self.email.as_deref().map(|typed| keep("email", Email::parse(typed), faults));
        let phone = self.phone.as_deref().map(|typed| keep("phone", Phone::parse(typed), faults));
        if email.is_none() && phone.is_none() {
            faults.push(Violation::new("email", "give an address or a phone"));
        }
        let (email, phone) = (email.flatten(), phone.flatten());
        Some(Contact { name, audience: audience?, email, phone })
    }
}

impl PauseDraft {
    fn check(&self, today: NaiveDate, faults: &mut Vec<Violation>) -> Pause {
        let reason = text("paused.reason", &self.reason, REASON_CHARS_MAX, faults);
        let until = self
            .until
            .as_deref()
            .and_then(|typed| crate::terms_draft::parse_date("paused.until", typed, faults));
        let first = today + Days::new(1);
        let last = today + Days::new(PAUSE_DAYS_MAX);
        if until.is_some_and(|day| !(first..=last).contains(&day)) {
            let reason = format!("use a day from {first} to {last}");
            faults.push(Violation::new("paused.until", reason));
        }
        Pause { reason, until }
    }
}
