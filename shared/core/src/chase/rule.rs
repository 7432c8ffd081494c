//! A collection rule as data: steps with exactly three axes, *when*, *how* and *where*, in two
//! phases, before the due date and after it.
//!
//! Owns the shape of a rule and the one every merchant starts with. Does not own whether a rule a
//! merchant wrote makes sense ([`super::RuleDraft`]) nor what it does ([`super::decide`]).

use std::collections::BTreeMap;

use chrono::{NaiveTime, TimeDelta};
use serde::{Deserialize, Serialize};

use super::SendWindow;
use crate::care::Tier;
use crate::message::Channel;
use crate::money::Money;

/// Version of the rule that [`Rule::shipped`] builds; stored with each invoice.
pub const DEFAULT_RULE_VERSION: u32 = 1;
/// Id of the step that answers to a charge that became payable. It is done again for each charge.
pub const FIRST_STEP: &str = "issue";

/// Hour of the day a dated step asks for.
const SEND_AT: NaiveTime = NaiveTime::from_hms_opt(9, 0, 0).expect("09:00 is a time");
/// Rest between two messages to one customer. Below a day, so that daily steps keep their hour.
const MIN_GAP_HOURS: u16 = 20;
/// Messages to one customer in a civil day and in seven days.
const CAPS: Caps = Caps { per_day: 2, per_week: 7 };
/// Rest after money came in: who has just paid a part is not asked for the rest at once.
const REST_AFTER_PAYMENT_HOURS: u16 = 24;
/// Days after a promised one before the promise counts as broken.
const PROMISE_GRACE_DAYS: u8 = 1;

/// A collection rule in one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    pub window: SendWindow,
    pub send_at: NaiveTime,
    pub min_gap_hours: u16,
    pub caps: Caps,
    /// The firmest tone a customer of a tier hears; without an entry there is no limit.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tone_caps: BTreeMap<Tier, Tone>,
    /// Share of invoices that get no reminder, so that what reminders bring can be seen.
    #[serde(default)]
    pub hold_out_percent: u8,
    pub rest_after_payment_hours: u16,
    pub promise_grace_days: u8,
    /// In the order they fall due; the last one ends the chase.
    pub steps: Vec<Step>,
}

/// Most messages to one customer, about whichever invoices. First messages count and are not held
/// back: they answer to a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caps {
    pub per_day: u8,
    pub per_week: u8,
}

/// One step of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Stable name: part of the message ledger's key, lower-case letters, digits and `_`.
    pub id: String,
    pub when: When,
    /// `None` for a step that says nothing to the payer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub how: Option<How>,
    /// Where it reaches somebody.
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub ways: Vec<Way>,
    #[serde(default, skip_serializing_if = "Conditions::is_empty")]
    pub only: Conditions,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<Effect>,
}

/// When a step falls due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum When {
    /// As soon as the charge can be paid.
    OnIssue,
    /// After the first charge became payable.
    Issue { offset: i16, unit: Unit },
    /// Before (negative) or after the adjusted due date.
    Due { offset: i16, unit: Unit },
}

/// What an offset counts. Days end at the hour of the rule, hours at whatever hour comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Days,
    /// Bank business days of the merchant's calendar.
    BusinessDays,
    Hours,
}

/// What is said, how firmly, and to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct How {
    /// A shipped message, or one of the merchant's templates.
    pub template: String,
    pub tone: Tone,
    #[serde(default)]
    pub audience: Audience,
}

/// Who a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Who pays at the customer's.
    #[default]
    Billing,
    /// Who lets them pay.
    Approver,
    /// Who looks after the account at the merchant's.
    Owner,
}

/// Where a step goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    Email,
    #[serde(rename = "whatsapp")]
    WhatsApp,
    Sms,
    Chat,
    Letter,
    /// A person calls.
    CallTask,
    /// The merchant's own systems hear of it, and nobody else.
    Event,
}

impl Way {
    /// The channel a message takes; `None` where no message goes out.
    pub fn channel(self) -> Option<Channel> {
        match self {
            Self::Email => Some(Channel::Email),
            Self::WhatsApp => Some(Channel::WhatsApp),
            Self::Sms => Some(Channel::Sms),
            Self::Chat => Some(Channel::Chat),
            Self::Letter => Some(Channel::Letter),
            Self::CallTask | Self::Event => None,
        }
    }
}

/// What has to hold for a step to be part of the rule for an invoice. All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conditions {
    /// The customer is in one of these segments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<String>,
    /// What is owed on the instalment without late charges, at least and at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_from: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_to: Option<Money>,
    /// Calendar days from the opening of the invoice to the step, at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_days_from: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instalment: Option<InstalmentIs>,
}

/// Which instalments a step is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstalmentIs {
    First,
    Last,
}

impl Conditions {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What a step does beside its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Puts the account before its owner, with a task; cleared by payment.
    FlagAccount,
    /// Hands the invoice to a person and stops.
    EndChase,
}

/// How firmly a message speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    Informative,
    Friendly,
    Neutral,
    Light,
    Firm,
}

/// Before the due date or after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Preventive,
    Reactive,
}

impl When {
    /// The phase a step at that time belongs to. What counts from the issue comes before.
    pub fn phase(self) -> Phase {
        match self {
            Self::Due { offset, .. } if offset > 0 => Phase::Reactive,
            Self::OnIssue | Self::Issue { .. } | Self::Due { .. } => Phase::Preventive,
        }
    }
}

impl Step {
    /// The channels its message goes out on.
    pub fn channels(&self) -> impl Iterator<Item = Channel> {
        self.ways.iter().filter_map(|way| way.channel())
    }

    /// Whether it writes to somebody.
    pub fn is_message(&self) -> bool {
        self.channels().next().is_some()
    }

    pub fn ends_chase(&self) -> bool {
        self.effects.contains(&Effect::EndChase)
    }
}

impl Rule {
    /// The rule every merchant starts with. Preventive: at issue, 5 days before, on the day.
    /// Reactive: the day after by e-mail and chat, firmer after 3 days with a flag for the account
    /// owner, after 7 and 15 days; after 20 days a person takes over, while the charge of the
    /// default validity can still be paid.
    pub fn shipped() -> Self {
        use Tone::{Firm, Friendly, Informative, Light, Neutral};
        let step = |id: &str, when, how: Option<(&str, Tone)>, ways: &[Way], effects: &[Effect]| {
            let how = how.map(|(template, tone)| How {
                template: template.to_owned(),
                tone,
                audience: Audience::Billing,
            });
            let (ways, effects) = (ways.to_vec(), effects.to_vec());
            Step { id: id.to_owned(), when, how, ways, only: Conditions::default(), effects }
        };
        let due = |offset| When::Due { offset, unit: Unit::Days };
        let by_mail = |id, days, how| step(id, due(days), Some(how), &[Way::Email], &[]);
        let (mail, flag) = ([Way::Email], [Effect::FlagAccount]);
        Self {
            window: SendWindow::default(),
            send_at: SEND_AT,
            min_gap_hours: MIN_GAP_HOURS,
            caps: CAPS,
            tone_caps: BTreeMap::new(),
            hold_out_percent: 0,
            rest_after_payment_hours: REST_AFTER_PAYMENT_HOURS,
            promise_grace_days: PROMISE_GRACE_DAYS,
            steps: vec![
                step(
                    FIRST_STEP,
                    When::OnIssue,
                    Some(("charge_issued", Informative)),
                    &[Way::Email],
                    &[],
                ),
                by_mail("due_minus_5", -5, ("due_in_5_days", Friendly)),
                by_mail("due_today", 0, ("due_today", Neutral)),
                step(
                    "due_plus_1",
                    due(1),
                    Some(("one_day_late", Light)),
                    &[Way::Email, Way::Chat],
                    &[],
                ),
                step("due_plus_3", due(3), Some(("three_days_late", Firm)), &mail, &flag),
                by_mail("due_plus_7", 7, ("seven_days_late", Firm)),
                by_mail("due_plus_15", 15, ("fifteen_days_late", Firm)),
                step("end", due(20), None, &[], &[Effect::EndChase]),
            ],
        }
    }

    /// The shipped rule of a stored version; a merchant's own are records of the table.
    pub fn of_version(version: u32) -> Option<Self> {
        (version == DEFAULT_RULE_VERSION).then(Self::shipped)
    }

    /// Rest between two messages to one customer.
    pub fn min_gap(&self) -> TimeDelta {
        TimeDelta::hours(i64::from(self.min_gap_hours))
    }

    /// Rest after money came in.
    pub fn rest_after_payment(&self) -> TimeDelta {
        TimeDelta::hours(i64::from(self.rest_after_payment_hours))
    }

    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == id)
    }
}
