//! The JSON of a request that waits for a second person.

use chrono::{DateTime, Utc};
use quita_core::approval::{Approval, ApprovalState};
use serde::Serialize;
use serde_json::Value;

use crate::bus::instant;

/// A kept request. Its `Debug` is left out: the body is what somebody sent.
#[derive(Serialize)]
pub struct ApprovalView {
    id: String,
    operation: &'static str,
    status: &'static str,
    method: &'static str,
    path: String,
    /// What was sent; `null` where it was nothing.
    body: Value,
    amount: Option<String>,
    requested_by: String,
    requested_at: String,
    expires_at: String,
    /// Who said yes or no.
    decided_by: Option<String>,
    decided_at: Option<String>,
    /// Why it was rejected.
    reason: Option<String>,
    carried_out_at: Option<String>,
    /// HTTP status of what the operation answered.
    outcome: Option<u16>,
}

impl ApprovalView {
    pub fn of(approval: &Approval, now: DateTime<Utc>) -> Self {
        let mut view = Self {
            id: approval.id.to_string(),
            operation: approval.operation.as_str(),
            status: approval.status(now),
            method: "POST",
            path: approval.path.clone(),
            body: serde_json::from_str(approval.body.as_str()).unwrap_or(Value::Null),
            amount: approval.amount.map(|amount| amount.to_string()),
            requested_by: approval.asker.principal.clone(),
            requested_at: instant(approval.requested_at),
            expires_at: instant(approval.expires_at),
            decided_by: None,
            decided_at: None,
            reason: None,
            carried_out_at: None,
            outcome: None,
        };
        match &approval.state {
            ApprovalState::Pending => {}
            ApprovalState::Rejected { by, at, reason } => {
                view.decided(by, *at);
                view.reason = Some(reason.clone());
            }
            ApprovalState::Approved { by, at } => view.decided(by, *at),
            ApprovalState::CarriedOut { by, approved_at, at, status, .. } => {
                view.decided(by, *approved_at);
                view.carried_out_at = Some(instant(*at));
                view.outcome = Some(*status);
            }
        }
        view
    }

    fn decided(&mut self, by: &str, at: DateTime<Utc>) {
        self.decided_by = Some(by.to_owned());
        self.decided_at = Some(instant(at));
    }
}
