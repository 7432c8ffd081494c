//! The merchant's choices for payments that are short.
//!
//! They apply to invoices issued afterwards: an invoice keeps what it was issued under. Who changed
//! what stands in the merchant's history.

use chrono::{DateTime, Utc};
use quita_core::audit;
use quita_core::debt::{LateShortfall, Settling, TOLERANCE_MAX};
use quita_core::ids::MerchantId;
use quita_core::merchant::{Issuing, Merchant};
use quita_core::terms_draft::parse_money;
use quita_core::violation::Violation;
use quita_table::items::EventRow;
use quita_table::keys::Aggregate;
use quita_table::store::ItemRef;
use quita_table::{Commit, Expected};
use serde::Serialize;
use serde_json::json;

use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{self, Answer, Request};

/// Times a change is decided anew because someone else wrote first.
const CONFLICTS_MAX: usize = 3;
const OK: u16 = 200;
/// Name of the event.
pub const CHANGED: &str = "settings.changed";

/// The settings as typed.
#[derive(Debug, Clone)]
pub struct SettingsDraft {
    pub payment_tolerance: String,
    pub late_shortfall: String,
}

/// The settings, outside.
#[derive(Debug, Serialize)]
pub struct SettingsView {
    payment_tolerance: String,
    late_shortfall: &'static str,
}

/// Why the settings stay as they are.
#[derive(Debug)]
pub enum Refused {
    Invalid(Vec<Violation>),
    KeyReused,
}

impl SettingsView {
    fn of(settling: &Settling) -> Self {
        Self {
            payment_tolerance: settling.tolerance.to_string(),
            late_shortfall: settling.late_shortfall.as_str(),
        }
    }
}

impl SettingsDraft {
    fn parse(&self) -> Result<Settling, Vec<Violation>> {
        let mut faults = Vec::new();
        let tolerance = parse_money("payment_tolerance", &self.payment_tolerance, &mut faults);
        if tolerance.is_some_and(|tolerance| tolerance > TOLERANCE_MAX) {
            let reason = format!("use 0.00 to {TOLERANCE_MAX}");
            faults.push(Violation::new("payment_tolerance", reason));
        }
        let known = |known: &LateShortfall| known.as_str() == self.late_shortfall;
        let late_shortfall = LateShortfall::ALL.into_iter().find(known);
        if late_shortfall.is_none() {
            let names = LateShortfall::ALL.map(LateShortfall::as_str).join(", ");
            faults.push(Violation::new("late_shortfall", format!("use one of: {names}")));
        }
        match (tolerance, late_shortfall) {
            (Some(tolerance), Some(late_shortfall)) if faults.is_empty() => {
                Ok(Settling { tolerance, late_shortfall })
            }
            _ => Err(faults),
        }
    }
}

/// The settings in force for invoices issued now.
pub async fn show_settings(deps: &Deps, merchant: &MerchantId) -> Result<SettingsView, Unknown> {
    let mut found = deps.store.read(merchant, &[ItemRef::Merchant]).await?;
    Ok(SettingsView::of(&known(found.take_merchant())?.issuing.settling))
}

/// Sets both choices, for invoices issued from now on.
pub async fn change_settings(
    deps: &Deps,
    merchant: &MerchantId,
    draft: &SettingsDraft,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let settling = match draft.parse() {
        Ok(settling) => settling,
        Err(faults) => return Ok(Err(Refused::Invalid(faults))),
    };
    let body = serde_json::to_string(&SettingsView::of(&settling))
        .map_err(|error| Unknown::new("writing the answer", error))?;
    let record = ItemRef::Idempotency { scope: request.scope.to_owned(), key: request.key.clone() };
    for _ in 0..CONFLICTS_MAX {
        let mut found = deps.store.read(merchant, &[ItemRef::Merchant, record.clone()]).await?;
        if let Some(record) = found.take_idempotency(request.scope, &request.key) {
            return Ok(request.replay(record).map_err(|_| Refused::KeyReused));
        }
        let before = known(found.take_merchant())?;
        let mut commit = Commit::new(merchant);
        if before.issuing.settling != settling {
            let version = before.version;
            let issuing = Issuing { settling, ..before.issuing.clone() };
            let after = Merchant { issuing, version: version + 1, ..before.clone() };
            let row = changed(&before, &after, &request.actor, deps.clock.now());
            commit = commit.merchant(&after, Expected::Version(version)).event(&row);
        }
        let answer = (OK, body.clone());
        if let Some(told) =
            idempotency::write(deps, request, commit, answer, deps.clock.now()).await?
        {
            return Ok(told.map_err(|_| Refused::KeyReused));
        }
    }
    Err(Unknown::new("changing the settings", "others kept writing first"))
}

/// The row of a change of any of a merchant's settings. It names the fields; their values stand in
/// its changes.
pub fn changed(before: &Merchant, after: &Merchant, actor: &str, at: DateTime<Utc>) -> EventRow {
    let changes = audit::changes(Some(before), after);
    let fields: Vec<&str> = changes.iter().map(|(field, ..)| field).collect();
    EventRow {
        aggregate: Aggregate::Merchant,
        seq: after.version,
        at,
        actor: actor.to_owned(),
        name: CHANGED.to_owned(),
        data: json!({ "fields": fields }),
        postings: Vec::new(),
        changes,
    }
}

fn known(merchant: Option<Merchant>) -> Result<Merchant, Unknown> {
    merchant.ok_or_else(|| Unknown::new("loading the merchant", "the merchant is not set up"))
}
