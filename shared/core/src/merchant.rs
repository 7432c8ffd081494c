//! The company that sells and is paid: its identity, its Pix key, and the settings its invoices are
//! issued under.
//!
//! Owns what an invoice freezes at creation ([`Issuing`]). Does not own bank credentials: those are
//! secrets, named after the merchant and never stored in the table.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::calendar::BankCalendar;
use crate::contact::Email;
use crate::customer::Locale;
use crate::debt::Settling;
use crate::document::TaxId;
use crate::ids::MerchantId;
use crate::pix_key::PixKey;
use crate::terms::Policy;

/// A merchant and its settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merchant {
    pub merchant: MerchantId,
    /// Grows by one at each change; the condition of every write.
    pub version: u64,
    /// The name payers know, shown in messages and pages.
    pub name: String,
    pub document: TaxId,
    /// City of the receiver, shown in a BR Code (field 60).
    pub city: String,
    /// The key every charge is created on; a callback for another key is not ours.
    pub pix_key: PixKey,
    /// Sender of messages. Its domain is verified at the mail provider.
    pub from: Email,
    /// Where a payer's question goes.
    pub reply_to: Email,
    /// Incoming webhook of the team's chat, `https` only.
    pub chat_webhook: Option<String>,
    /// Brand colour as `#RRGGBB`.
    pub brand_colour: Option<String>,
    pub locale: Locale,
    pub issuing: Issuing,
}

/// What an invoice is issued under and keeps for life, whatever the merchant changes later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issuing {
    /// The zone in which due dates, windows and payment dates are cut.
    pub zone: Tz,
    pub policy: Policy,
    /// Bank holidays of the merchant's place, beside the national ones.
    pub extra_holidays: BTreeSet<NaiveDate>,
    /// What becomes of payments that are short.
    pub settling: Settling,
    /// Version of the collection rule (see [`crate::chase::Rule`]).
    pub rule_version: u32,
}

impl Issuing {
    /// The calendar that due dates are adjusted by.
    pub fn calendar(&self) -> BankCalendar {
        BankCalendar { extra_holidays: self.extra_holidays.clone(), ..BankCalendar::default() }
    }
}

impl Default for Issuing {
    fn default() -> Self {
        Self {
            zone: crate::zone::SAO_PAULO,
            policy: Policy::default(),
            extra_holidays: BTreeSet::new(),
            settling: Settling::default(),
            rule_version: crate::chase::DEFAULT_RULE_VERSION,
        }
    }
}
