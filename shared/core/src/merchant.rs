//! The company that sells and is paid: its identity, its Pix key, how far its set-up has come, and
//! the settings its invoices are issued under.
//!
//! Owns what an invoice freezes at creation ([`Issuing`]) and what lacks before the first one
//! ([`Lack`]). Does not own bank credentials: those are secrets, named after the merchant and never
//! stored in the table.
//!
//! Invariant: a merchant that lacks nothing never comes to lack the bank or a sender again: both are
//! replaced, never taken away, so whatever an invoice needs is there for as long as it lives.

mod brand;
mod channels;
mod draft;
mod setup;

use std::collections::BTreeSet;
use std::fmt;

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::approval::ApprovalPolicy;
use crate::calendar::BankCalendar;
use crate::chase::{RuleName, RuleRef, SegmentRule, rule_for};
use crate::contact::Email;
use crate::customer::Locale;
use crate::debt::Settling;
use crate::document::TaxId;
use crate::hidden::Hidden;
use crate::ids::MerchantId;
use crate::pix_key::PixKey;
use crate::terms::Policy;

pub use brand::{Brand, BrandDraft, LOGO_CHARS_MAX, SENDER_NAME_CHARS_MAX, SIGNATURE_CHARS_MAX};
pub use channels::{
    ApprovedTemplateRef, Channels, ChannelsDraft, SmsDraft, SmsSender, TEMPLATES_MAX,
    WhatsAppDraft, WhatsAppSender,
};
pub use draft::{EXTRA_HOLIDAYS_MAX, MerchantDraft, NewMerchant, ProfileDraft};
pub use setup::{BankConnection, CERTIFICATE_WARNING, SenderDomain, Setup, TestCharge};

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
    /// For trying out, or for real money; for life.
    #[serde(default, skip_serializing_if = "Mode::is_live")]
    pub mode: Mode,
    /// The key every charge is created on; a callback for another key is not ours. `None` until the
    /// bank is connected.
    pub pix_key: Option<PixKey>,
    /// Sender of messages. Its domain is verified at the mail provider.
    pub from: Option<Email>,
    /// Where a payer's question goes.
    pub reply_to: Option<Email>,
    /// Incoming webhook of the team's chat, `https` only.
    pub chat_webhook: Option<Hidden>,
    /// Brand colour as `#RRGGBB`.
    pub brand_colour: Option<String>,
    #[serde(default, skip_serializing_if = "Brand::is_default")]
    pub brand: Brand,
    pub locale: Locale,
    pub issuing: Issuing,
    #[serde(default, skip_serializing_if = "Setup::is_default")]
    pub setup: Setup,
    /// What needs a second person.
    #[serde(default, skip_serializing_if = "ApprovalPolicy::is_empty")]
    pub approvals: ApprovalPolicy,
    /// WhatsApp and SMS.
    #[serde(default, skip_serializing_if = "Channels::is_empty")]
    pub channels: Channels,
    /// Groups of customers, in the order in which they are looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<SegmentRule>,
    /// Whether its team gets the digest of each day.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub daily_digest: bool,
}

fn yes() -> bool {
    true
}

fn is_yes(flag: &bool) -> bool {
    *flag
}

/// What a merchant's money is. A merchant stored before there were modes collects real money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// At a bank's sandbox.
    Test,
    /// Real.
    #[default]
    Live,
}

impl Mode {
    pub const ALL: [Self; 2] = [Self::Test, Self::Live];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Live => "live",
        }
    }

    /// The mode of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }

    fn is_live(&self) -> bool {
        *self == Self::Live
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What has to be set up before an invoice can be issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Lack {
    #[error("the bank is not connected")]
    Bank,
    #[error("the sender of messages is not set")]
    Sender,
    #[error("the sender's domain is not verified")]
    SenderUnverified,
}

impl Merchant {
    /// A merchant as it is created: nothing is connected.
    pub fn starting(new: NewMerchant) -> Self {
        let NewMerchant { merchant, name, document, city, mode, locale } = new;
        Self {
            merchant,
            version: 1,
            name,
            document,
            city,
            mode,
            pix_key: None,
            from: None,
            reply_to: None,
            chat_webhook: None,
            brand_colour: None,
            brand: Brand::default(),
            locale,
            issuing: Issuing::default(),
            setup: Setup::default(),
            approvals: Default::default(),
            channels: Channels::default(),
            segments: Vec::new(),
            daily_digest: true,
        }
    }

    /// What stands between the merchant and its first invoice, in the order it is set up.
    pub fn lacks(&self) -> Vec<Lack> {
        let unverified = |sender: &SenderDomain| sender.verified_at.is_none();
        let sender = if self.from.is_none() || self.reply_to.is_none() {
            Some(Lack::Sender)
        } else {
            self.setup
                .sender
                .as_ref()
                .filter(|sender| unverified(sender))
                .map(|_| Lack::SenderUnverified)
        };
        let bank = self.pix_key.is_none().then_some(Lack::Bank);
        bank.into_iter().chain(sender).collect()
    }

    /// What a new invoice of a customer in `segment` is issued under.
    pub fn issuing_for(&self, segment: Option<&str>) -> Issuing {
        let issuing = self.issuing.clone();
        match rule_for(&self.segments, segment) {
            Some(RuleRef { name, version }) => {
                Issuing { rule: Some(name.clone()), rule_version: *version, ..issuing }
            }
            None => issuing,
        }
    }

    /// The merchant after a version of a rule was published: whatever follows the rule has it.
    #[must_use]
    pub fn following(mut self, published: &RuleRef) -> Self {
        if self.issuing.rule.as_ref() == Some(&published.name) {
            self.issuing.rule_version = published.version;
        }
        let rules = self.segments.iter_mut().filter_map(|segment| segment.rule.as_mut());
        rules.filter(|rule| rule.name == published.name).for_each(|rule| *rule = published.clone());
        self
    }

    /// The key charges are created on.
    pub fn collecting_key(&self) -> Result<&PixKey, Lack> {
        self.pix_key.as_ref().ok_or(Lack::Bank)
    }
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
    /// The collection rule (see [`crate::chase::Rule`]): one of the merchant's, or the shipped one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleName>,
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
            rule: None,
            rule_version: crate::chase::DEFAULT_RULE_VERSION,
        }
    }
}

#[cfg(test)]
mod tests;
