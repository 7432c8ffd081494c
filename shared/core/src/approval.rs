//! What one person may not do alone: a request that is kept until a second one agrees.
//!
//! Owns which operations can need a second person, who counts as one, and the states of a request.
//! Does not own how a request is carried out (the functions) or where it is kept (`table`).
//!
//! ```text
//!   pending ── approve ──> approved ── carried out ──> carried_out
//!      ├────── reject ───> rejected
//!      └── seven days ──> lapsed
//! ```
//!
//! Invariants: who approves is neither who asked, nor a key that one of the two made for the other;
//! who approves may do the operation itself. An approved request is carried out under its own
//! idempotency key, so a crash in between is finished by approving again, and nothing happens twice.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::access::Permission;
use crate::hidden::Hidden;
use crate::ids::{ApprovalId, MerchantId};
use crate::money::Money;

/// How long a request waits for a second person.
pub const WAITS: TimeDelta = TimeDelta::days(7);
/// How long an approved request may be carried out, or finished after a crash. It ends well before
/// the answer that keeps it from happening twice is forgotten.
pub const FINISHED_WITHIN: TimeDelta = TimeDelta::days(3);
/// How long a request is kept after it was asked. Its history stays.
pub const KEPT: TimeDelta = TimeDelta::days(365);
/// Most keys made by one another that are looked through for who stands behind a caller.
pub const MAKERS_MAX: usize = 20;

/// Somebody asks for something that needs a second person.
pub const REQUESTED: &str = "approval.requested";
/// A second person agreed.
pub const APPROVED: &str = "approval.approved";
/// Somebody said no, or whoever asked took it back.
pub const REJECTED: &str = "approval.rejected";
/// What was approved was carried out, or refused by the state it met.
pub const CARRIED_OUT: &str = "approval.carried_out";
/// What needs a second person was changed.
pub const POLICY_CHANGED: &str = "merchant.approval_policy_changed";
/// Every event of this module, as rows and bus name them.
pub const EVENTS: [&str; 5] = [REQUESTED, APPROVED, REJECTED, CARRIED_OUT, POLICY_CHANGED];

/// What can need a second person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Give money of a Pix back.
    Refund,
    /// Give an instalment up as lost.
    WriteOff,
    CreditNote,
    Rebate,
    /// Say of money that waits for a person that nothing is left to do.
    Dismiss,
    /// Erase a customer's personal data. It always needs a second person.
    ErasePerson,
    /// Hand an invoice on to an agency or to lawyers. It always needs a second person.
    Escalate,
}

impl Operation {
    pub const ALL: [Self; 7] = [
        Self::Refund,
        Self::WriteOff,
        Self::CreditNote,
        Self::Rebate,
        Self::Dismiss,
        Self::ErasePerson,
        Self::Escalate,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refund => "refund",
            Self::WriteOff => "write_off",
            Self::CreditNote => "credit_note",
            Self::Rebate => "rebate",
            Self::Dismiss => "dismiss",
            Self::ErasePerson => "erase_person",
            Self::Escalate => "escalate",
        }
    }

    /// The operation of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }

    /// What asking for it needs, and approving it as well.
    pub fn permission(self) -> Permission {
        match self {
            Self::Refund | Self::Dismiss => Permission::MoveMoney,
            Self::WriteOff | Self::CreditNote | Self::Rebate | Self::Escalate => Permission::Adjust,
            Self::ErasePerson => Permission::Privacy,
        }
    }

    /// Whether the merchant can choose when it needs a second person.
    pub fn is_chosen(self) -> bool {
        !matches!(self, Self::ErasePerson | Self::Escalate)
    }
}

/// What needs a second person with one merchant. Each request counts by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApprovalPolicy(BTreeMap<Operation, Threshold>);

/// From which amount on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Threshold {
    /// `None`: whatever the amount.
    pub from: Option<Money>,
}

impl ApprovalPolicy {
    /// Of several thresholds for one operation the last counts. What cannot be chosen is left out.
    pub fn of(rules: impl IntoIterator<Item = (Operation, Threshold)>) -> Self {
        Self(rules.into_iter().filter(|(operation, _)| operation.is_chosen()).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was chosen, by operation.
    pub fn rules(&self) -> impl Iterator<Item = (Operation, Threshold)> + '_ {
        self.0.iter().map(|(operation, threshold)| (*operation, *threshold))
    }

    /// Whether an operation over `amount` needs a second person. An amount that is not known needs
    /// one wherever some amount does.
    pub fn needs(&self, operation: Operation, amount: Option<Money>) -> bool {
        if !operation.is_chosen() {
            return true;
        }
        match self.0.get(&operation) {
            None => false,
            Some(Threshold { from: None }) => true,
            Some(Threshold { from: Some(from) }) => amount.is_none_or(|amount| amount >= *from),
        }
    }
}

/// A caller with whoever stands behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asker {
    pub principal: String,
    /// Who made the key the caller uses, who made the key of that one, and so on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub makers: Vec<String>,
}

impl Asker {
    fn identities(&self) -> BTreeSet<&str> {
        self.makers.iter().chain([&self.principal]).map(String::as_str).collect()
    }

    /// Whether one person may be behind both: the same caller, a key and its maker, or two keys of
    /// one maker.
    pub fn may_be(&self, other: &Self) -> bool {
        !self.identities().is_disjoint(&other.identities())
    }
}

/// A request that was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    pub merchant: MerchantId,
    pub id: ApprovalId,
    pub version: u64,
    pub operation: Operation,
    /// Where it was sent: always a `POST`.
    pub path: String,
    /// What was sent.
    pub body: Hidden,
    /// What is at stake, where it is money.
    pub amount: Option<Money>,
    pub asker: Asker,
    pub requested_at: DateTime<Utc>,
    /// When it lapses unless somebody decides.
    pub expires_at: DateTime<Utc>,
    pub state: ApprovalState,
}

/// What became of a request. That it lapsed is computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum ApprovalState {
    Pending,
    Rejected {
        by: String,
        at: DateTime<Utc>,
        reason: String,
    },
    /// Agreed, and not known to be carried out yet.
    Approved {
        by: String,
        at: DateTime<Utc>,
    },
    CarriedOut {
        by: String,
        approved_at: DateTime<Utc>,
        at: DateTime<Utc>,
        /// HTTP status of what the operation answered.
        status: u16,
        /// SHA-256 of what it answered, lower-case hex.
        sha256: String,
    },
}

/// Why a decision is refused. Final, but for who decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("somebody else has to decide: not who asked, and no key that one of you made")]
    SamePerson,
    #[error("nobody decided within {} days; ask again", WAITS.num_days())]
    Lapsed,
    #[error("it was rejected; ask again")]
    Rejected,
    #[error("it was approved already")]
    Approved,
    #[error("it was approved and not finished in time; see whether it was done, then ask again")]
    Unfinished,
}

/// What an approval comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    /// To be written, and then carried out.
    Now(Box<Approval>),
    /// It was approved before: it is carried out again, which changes nothing twice.
    Again,
    /// It was carried out.
    Done,
}

impl Approval {
    /// A request that waits from `now` on.
    #[allow(clippy::too_many_arguments, reason = "a record is made of its fields, once")]
    pub fn asked(
        merchant: &MerchantId,
        id: ApprovalId,
        operation: Operation,
        path: &str,
        body: &str,
        amount: Option<Money>,
        asker: Asker,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            merchant: merchant.clone(),
            id,
            version: 1,
            operation,
            path: path.to_owned(),
            body: body.into(),
            amount,
            asker,
            requested_at: now,
            expires_at: now + WAITS,
            state: ApprovalState::Pending,
        }
    }

    /// The one word for its state at `now`.
    pub fn status(&self, now: DateTime<Utc>) -> &'static str {
        match self.state {
            ApprovalState::Pending if now >= self.expires_at => "lapsed",
            ApprovalState::Pending => "pending",
            ApprovalState::Rejected { .. } => "rejected",
            ApprovalState::Approved { .. } => "approved",
            ApprovalState::CarriedOut { .. } => "carried_out",
        }
    }

    /// Whether somebody still has to do something about it.
    pub fn is_waiting(&self) -> bool {
        matches!(self.state, ApprovalState::Pending | ApprovalState::Approved { .. })
    }

    /// Agrees to it.
    pub fn approve(&self, by: &Asker, now: DateTime<Utc>) -> Result<Decided, Refusal> {
        match &self.state {
            ApprovalState::CarriedOut { .. } => Ok(Decided::Done),
            ApprovalState::Rejected { .. } => Err(Refusal::Rejected),
            ApprovalState::Pending if now >= self.expires_at => Err(Refusal::Lapsed),
            ApprovalState::Approved { at, .. } if now >= *at + FINISHED_WITHIN => {
                Err(Refusal::Unfinished)
            }
            ApprovalState::Pending | ApprovalState::Approved { .. } if by.may_be(&self.asker) => {
                Err(Refusal::SamePerson)
            }
            ApprovalState::Approved { .. } => Ok(Decided::Again),
            ApprovalState::Pending => {
                let state = ApprovalState::Approved { by: by.principal.clone(), at: now };
                Ok(Decided::Now(Box::new(self.moved_to(state))))
            }
        }
    }

    /// Says no to it; whoever asked takes it back so. `None` where that was said before.
    pub fn reject(
        &self,
        by: &Asker,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, Refusal> {
        match self.state {
            ApprovalState::Rejected { .. } => Ok(None),
            ApprovalState::Approved { .. } | ApprovalState::CarriedOut { .. } => {
                Err(Refusal::Approved)
            }
            ApprovalState::Pending if now >= self.expires_at => Err(Refusal::Lapsed),
            ApprovalState::Pending => {
                let (by, reason) = (by.principal.clone(), reason.to_owned());
                Ok(Some(self.moved_to(ApprovalState::Rejected { by, at: now, reason })))
            }
        }
    }

    /// Keeps what the operation answered. `None` where that is kept already, or nobody approved.
    pub fn carried_out(&self, status: u16, sha256: &str, now: DateTime<Utc>) -> Option<Self> {
        let ApprovalState::Approved { by, at } = &self.state else { return None };
        let (by, approved_at, sha256) = (by.clone(), *at, sha256.to_owned());
        let state = ApprovalState::CarriedOut { by, approved_at, at: now, status, sha256 };
        Some(self.moved_to(state))
    }

    /// The idempotency key it is carried out under. No caller can send it: it holds a space.
    pub fn key(&self) -> String {
        format!("approval {}", self.id)
    }

    fn moved_to(&self, state: ApprovalState) -> Self {
        Self { version: self.version + 1, state, ..self.clone() }
    }
}

#[cfg(test)]
mod tests;
