//! From nothing to a merchant that can be paid: created by the operator, then set up step by step.
//!
//! ```text
//!   create_merchant ─> set_sender ─> connect_bank ─> register_callback ─> test_charge ─> invoices
//!                         │  └─ DNS, check_sender        └─ reconciliation begins
//!                         └─ show_readiness, show_steps: what is there, what comes next
//! ```
//!
//! Owns the steps, what each writes, and what a person is told to do next. Does not own what makes
//! an invoice possible ([`Merchant::lacks`]) nor how the bank is talked to.
//!
//! Invariants: a step is checked whole, also outside, before anything of it is kept, so a failed one
//! leaves what was there; every step may be repeated; no answer, row or log repeats a credential.

pub mod bank_draft;
pub mod change_merchant;
pub mod connect_bank;
pub mod create_merchant;
pub mod readiness;
pub mod register_callback;
pub mod sender;
pub mod set_channels;
pub mod steps;
pub mod test_charge;

use chrono::{DateTime, Utc};
use quita_core::audit;
use quita_core::daily::Daily;
use quita_core::ids::MerchantId;
use quita_core::merchant::{Lack, Merchant};
use quita_core::reconciliation::Reconciliation;
use quita_core::violation::Violation;
use quita_pix::error::PixError;
use quita_table::items::EventRow;
use quita_table::keys::{Aggregate, RecordKey};
use quita_table::store::ItemRef;
use quita_table::{Commit, Expected};
use serde::Serialize;
use serde_json::Value;

use crate::daily;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{self, Answer, Request};

/// Times a step is written anew because someone else wrote first.
const CONFLICTS_MAX: usize = 3;

pub const MERCHANT_CREATED: &str = "merchant.created";
pub const BANK_CONNECTED: &str = "bank.connected";
pub const CALLBACK_REGISTERED: &str = "callback.registered";
pub const TEST_CHARGE_MADE: &str = "test_charge.made";
pub const TEST_CHARGE_REMOVED: &str = "test_charge.removed";
pub const SENDER_SET: &str = "sender.set";
pub const SENDER_VERIFIED: &str = "sender.verified";

/// Every event of the set-up; a change of the profile is a change of settings.
pub const EVENTS: [&str; 7] = [
    MERCHANT_CREATED,
    BANK_CONNECTED,
    CALLBACK_REGISTERED,
    TEST_CHARGE_MADE,
    TEST_CHARGE_REMOVED,
    SENDER_SET,
    SENDER_VERIFIED,
];

/// Why a step was not made. Nothing of it was kept.
#[derive(Debug)]
pub enum Refused {
    /// Everything that is wrong with what was given.
    Invalid(Vec<Violation>),
    /// The state forbids it, or the bank does; the text says what to do.
    Conflict(String),
    /// Something outside did not answer; the text says which step and what to do.
    NotNow(String),
    KeyReused,
}

impl Refused {
    fn of(property: &str, reason: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation::new(property, reason)])
    }
}

/// What to do about a lack, for the person who ran into it.
pub fn what_to_do(lack: Lack) -> &'static str {
    match lack {
        Lack::Bank => "connect the bank with PUT /v1/bank_connection",
        Lack::Sender => "say who messages come from with PUT /v1/sender_domain",
        Lack::SenderUnverified => {
            "publish the DNS records of GET /v1/sender_domain, then POST /v1/sender_domain/check"
        }
    }
}

/// A step as it is to be written.
struct Step {
    after: Merchant,
    name: &'static str,
    data: Value,
    /// The answer.
    body: String,
    /// Whether the reconciliation begins with it.
    reconciles: bool,
}

impl Step {
    fn new(
        after: Merchant,
        name: &'static str,
        data: Value,
        view: &impl Serialize,
    ) -> Result<Self, Unknown> {
        Ok(Self { after, name, data, body: body(view)?, reconciles: false })
    }
}

fn body(view: &impl Serialize) -> Result<String, Unknown> {
    serde_json::to_string(view).map_err(|error| Unknown::new("writing the answer", error))
}

/// The merchant as it is.
async fn load(deps: &Deps, merchant: &MerchantId) -> Result<Merchant, Unknown> {
    let mut found = deps.store.read(merchant, &[ItemRef::Merchant]).await?;
    known(found.take_merchant())
}

fn known(merchant: Option<Merchant>) -> Result<Merchant, Unknown> {
    merchant.ok_or_else(|| Unknown::new("loading the merchant", "the merchant is not set up"))
}

/// Writes a step in one transaction: the merchant, its row, and the answer for a repeat. `step`
/// makes it of the merchant as it is by then; what it knows from outside was found out before. A
/// step that changes nothing leaves no row.
async fn write(
    deps: &Deps,
    merchant: &MerchantId,
    request: &Request,
    status: u16,
    step: impl Fn(&Merchant, DateTime<Utc>) -> Result<Result<Step, Refused>, Unknown>,
) -> Result<Result<Answer, Refused>, Unknown> {
    let record = ItemRef::Idempotency { scope: request.scope.to_owned(), key: request.key.clone() };
    let of_day = ItemRef::Record(RecordKey::Daily);
    let refs = [ItemRef::Merchant, ItemRef::Reconciliation, of_day, record];
    for _ in 0..CONFLICTS_MAX {
        let mut found = deps.store.read(merchant, &refs).await?;
        if let Some(record) = found.take_idempotency(request.scope, &request.key) {
            return Ok(request.replay(record).map_err(|_| Refused::KeyReused));
        }
        let now = deps.clock.now();
        let before = known(found.take_merchant())?;
        let step = match step(&before, now)? {
            Ok(step) => step,
            Err(refused) => return Ok(Err(refused)),
        };
        let mut commit = Commit::new(merchant);
        if step.reconciles && found.take_reconciliation().is_none() {
            let starting = Reconciliation::starting(merchant.clone(), now);
            commit = commit.reconciliation(&starting, Expected::New);
            if found.take_record::<Daily>(&RecordKey::Daily)?.is_none() {
                let starting = daily::starting(merchant, deps.clock.as_ref());
                commit = commit.record(&starting, Expected::New);
            }
        }
        if step.after != before {
            let after = Merchant { version: before.version + 1, ..step.after };
            let row = row(Some(&before), &after, &request.actor, now, step.name, step.data);
            commit = commit.merchant(&after, Expected::Version(before.version)).event(&row);
        }
        let answer = (status, step.body);
        if let Some(told) = idempotency::write(deps, request, commit, answer, now).await? {
            return Ok(told.map_err(|_| Refused::KeyReused));
        }
    }
    Err(Unknown::new("setting the merchant up", "others kept writing first"))
}

/// A row of the merchant's history.
fn row(
    before: Option<&Merchant>,
    after: &Merchant,
    actor: &str,
    at: DateTime<Utc>,
    name: &str,
    data: Value,
) -> EventRow {
    EventRow {
        aggregate: Aggregate::Merchant,
        seq: after.version,
        at,
        actor: actor.to_owned(),
        name: name.to_owned(),
        data,
        postings: Vec::new(),
        changes: audit::changes(before, after),
    }
}

/// What a repeated request was answered, before anything is asked outside.
async fn told_before(
    deps: &Deps,
    merchant: &MerchantId,
    request: &Request,
) -> Result<Option<Result<Answer, Refused>>, Unknown> {
    let told = idempotency::told_before(deps, merchant, request).await?;
    Ok(told.map(|told| told.map_err(|_| Refused::KeyReused)))
}

/// What a bank's no means for a step named `doing`.
fn refused_by_bank(doing: &str, error: &PixError) -> Refused {
    match error {
        PixError::Unauthorized(problem) => Refused::Conflict(format!(
            "{doing}: the bank does not let us in ({problem}); check the credentials and scopes, \
             and connect it anew with PUT /v1/bank_connection"
        )),
        PixError::Refused(problem) => Refused::Conflict(format!(
            "{doing}: the bank refused ({problem}); check that the Pix key belongs to the account \
             and that Pix with due dates (cobv) is in the contract"
        )),
        PixError::QuirkNotAccepted(quirk) => {
            Refused::Conflict(format!("{doing}: {quirk} is not offered here"))
        }
        PixError::NotFound | PixError::WindowTooLarge { .. } => {
            Refused::Conflict(format!("{doing}: the bank answered as API Pix does not foresee"))
        }
        PixError::Throttled { .. } | PixError::Unknown { .. } => Refused::NotNow(format!(
            "{doing}: the bank does not answer now ({}); nothing was changed, repeat the request \
             with the same key",
            crate::error::chain(error)
        )),
    }
}

fn not_connected() -> Refused {
    Refused::Conflict(format!("{}; {} first", Lack::Bank, what_to_do(Lack::Bank)))
}

#[cfg(test)]
mod tests;
