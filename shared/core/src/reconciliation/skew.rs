//! Whether a Pix shows that a clock is off.
//!
//! Owns the comparison. Does not own whose clock it is: ours, the bank's, or an instant written with
//! the wrong zone look alike from here, and each needs a person.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::EndToEndId;

/// How far two clocks may differ.
pub const SKEW_MAX: TimeDelta = TimeDelta::minutes(5);
/// Longest time from a payer's order to its settlement: an hour of fraud review at night, and as
/// much again. A bank that writes local time as UTC is three hours off.
pub const SETTLEMENT_MAX: TimeDelta = TimeDelta::hours(2);

/// A Pix whose instants do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skew {
    pub payment: EndToEndId,
    pub kind: SkewKind,
    /// The bank's `horario`.
    pub settled_at: DateTime<Utc>,
    /// The minute inside `endToEndId`.
    pub initiated_at: Option<DateTime<Utc>>,
    pub noticed_at: DateTime<Utc>,
}

/// How they do not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkewKind {
    /// Settled in the future.
    Future,
    /// Settled before the payer gave the order.
    BeforeOrder,
    /// Settled too long after the payer gave the order.
    LongAfterOrder,
}

impl SkewKind {
    pub fn code(self) -> &'static str {
        match self {
            Self::Future => "future",
            Self::BeforeOrder => "before_order",
            Self::LongAfterOrder => "long_after_order",
        }
    }
}

/// What is wrong with the instants of a Pix, if anything.
pub fn skew_of(
    payment: &EndToEndId,
    settled_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<Skew> {
    let initiated_at = payment.initiated_at();
    let kind = if settled_at > now + SKEW_MAX {
        SkewKind::Future
    } else if initiated_at.is_some_and(|at| settled_at < at - SKEW_MAX) {
        SkewKind::BeforeOrder
    } else if initiated_at.is_some_and(|at| settled_at > at + SETTLEMENT_MAX) {
        SkewKind::LongAfterOrder
    } else {
        return None;
    };
    Some(Skew { payment: payment.clone(), kind, settled_at, initiated_at, noticed_at: now })
}
