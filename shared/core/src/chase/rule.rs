//! A collection rule: steps with exactly three axes, *when*, *how* and *where*.

use chrono::{NaiveTime, TimeDelta};
use serde::{Deserialize, Serialize};

use super::SendWindow;
use crate::message::Channel;

/// Version of the rule that [`Rule::shipped`] builds; stored with each invoice.
pub const DEFAULT_RULE_VERSION: u32 = 1;

/// Hour of the day a dated step asks for.
const SEND_AT: NaiveTime = NaiveTime::from_hms_opt(9, 0, 0).expect("09:00 is a time");
/// Rest between two messages about one instalment. Below a day, so that daily steps keep their hour.
const MIN_GAP: TimeDelta = TimeDelta::hours(20);

/// A collection rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub version: u32,
    pub window: SendWindow,
    pub send_at: NaiveTime,
    pub min_gap: TimeDelta,
    /// In the order they fall due; the last one ends the chase.
    pub steps: Vec<Step>,
}

/// One step of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Stable name: part of the message ledger's key, letters, digits and `_`.
    pub id: &'static str,
    pub when: When,
    /// What is said, and how firmly; `None` for a step that sends nothing.
    pub template: Option<Template>,
    pub channels: Vec<Channel>,
    pub effects: Vec<Effect>,
}

/// When a step falls due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// As soon as the charge can be paid.
    OnIssue,
    /// Calendar days from the adjusted due date; negative before it.
    DaysFromDue(i16),
}

/// What a step does beside its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Puts the account before its owner; cleared by payment.
    FlagAccount,
    /// Hands the invoice to a person and stops.
    EndChase,
}

/// The message of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    ChargeIssued,
    DueInFiveDays,
    DueToday,
    OneDayLate,
    ThreeDaysLate,
    SevenDaysLate,
    FifteenDaysLate,
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

impl Template {
    pub fn tone(self) -> Tone {
        match self {
            Self::ChargeIssued => Tone::Informative,
            Self::DueInFiveDays => Tone::Friendly,
            Self::DueToday => Tone::Neutral,
            Self::OneDayLate => Tone::Light,
            Self::ThreeDaysLate | Self::SevenDaysLate | Self::FifteenDaysLate => Tone::Firm,
        }
    }
}

impl Rule {
    /// The rule every merchant starts with. Preventive: at issue, 5 days before, on the day.
    /// Reactive: the day after by e-mail and chat, firmer after 3 days with a flag for the account
    /// owner, after 7 and 15 days; after 20 days a person takes over, while the charge of the
    /// default validity can still be paid.
    pub fn shipped() -> Self {
        use Channel::{Chat, Email};
        let step = |id, when, template, channels: &[Channel], effects: &[Effect]| Step {
            id,
            when,
            template,
            channels: channels.to_vec(),
            effects: effects.to_vec(),
        };
        let by_mail =
            |id, days, template| step(id, When::DaysFromDue(days), Some(template), &[Email], &[]);
        Self {
            version: DEFAULT_RULE_VERSION,
            window: SendWindow::default(),
            send_at: SEND_AT,
            min_gap: MIN_GAP,
            steps: vec![
                step("issue", When::OnIssue, Some(Template::ChargeIssued), &[Email], &[]),
                by_mail("due_minus_5", -5, Template::DueInFiveDays),
                by_mail("due_today", 0, Template::DueToday),
                step(
                    "due_plus_1",
                    When::DaysFromDue(1),
                    Some(Template::OneDayLate),
                    &[Email, Chat],
                    &[],
                ),
                step(
                    "due_plus_3",
                    When::DaysFromDue(3),
                    Some(Template::ThreeDaysLate),
                    &[Email],
                    &[Effect::FlagAccount],
                ),
                by_mail("due_plus_7", 7, Template::SevenDaysLate),
                by_mail("due_plus_15", 15, Template::FifteenDaysLate),
                step("end", When::DaysFromDue(20), None, &[], &[Effect::EndChase]),
            ],
        }
    }

    /// The rule of a stored version.
    pub fn of_version(version: u32) -> Option<Self> {
        (version == DEFAULT_RULE_VERSION).then(Self::shipped)
    }
}
