//! What a person asks of a payment, as typed, and its parsing with every violation at once.
//!
//! Owns shapes and lengths. Does not own whether the payment allows it ([`crate::move_money`]).

use quita_core::ids::{CustomerId, InvoiceId};
use quita_core::money::Money;
use quita_core::terms_draft::parse_money;
use quita_core::violation::Violation;

use crate::ask_refund::refund_id;
use crate::move_money::{Action, PARTS_MAX, Part};

/// Longest reason, memo and name of an assignee.
pub const LINE_CHARS_MAX: usize = 300;

/// A part of the money as typed.
#[derive(Debug, Clone, Default)]
pub struct PartDraft {
    pub invoice_id: String,
    pub instalment: Option<u16>,
    pub amount: String,
}

/// What is asked, as typed.
#[derive(Debug, Clone)]
pub enum ActionDraft {
    /// Parts, or else the customer whose oldest debts are paid.
    Apply {
        parts: Option<Vec<PartDraft>>,
        customer_id: Option<String>,
    },
    Release {
        invoice_id: String,
        instalment: u16,
        amount: String,
        reason: String,
    },
    PutOnAccount {
        customer_id: String,
        amount: Option<String>,
    },
    TakeFromAccount {
        amount: String,
        reason: String,
    },
    AskRefund {
        id: Option<String>,
        amount: String,
        reason: String,
    },
    Assign {
        to: String,
    },
    Dismiss {
        reason: String,
    },
}

impl ActionDraft {
    /// Parses it; `key` is the request's idempotency key, which a refund is named after.
    pub fn parse(&self, key: &str) -> Result<Action, Vec<Violation>> {
        let mut faults = Vec::new();
        let action = self.read(key, &mut faults);
        action.filter(|_| faults.is_empty()).ok_or(faults)
    }

    fn read(&self, key: &str, faults: &mut Vec<Violation>) -> Option<Action> {
        match self {
            Self::Apply { parts: Some(parts), customer_id: None } => {
                Some(Action::Apply(parse_parts(parts, faults)))
            }
            Self::Apply { parts: None, customer_id: Some(customer) } => {
                parse_customer(customer, faults).map(Action::ApplyOldest)
            }
            Self::Apply { .. } => {
                let hint = "give either allocations, or the customer whose oldest debts it pays";
                faults.push(Violation::new("allocations", hint));
                None
            }
            Self::Release { invoice_id, instalment, amount, reason } => {
                let invoice = parse_invoice("invoice_id", invoice_id, faults);
                let amount = parse_positive("amount", amount, faults);
                let reason = parse_line("reason", reason, faults);
                let (invoice, amount, reason) = (invoice?, amount?, reason?);
                Some(Action::Release { invoice, instalment: *instalment, amount, reason })
            }
            Self::PutOnAccount { customer_id, amount } => {
                let customer = parse_customer(customer_id, faults);
                let parse = |raw: &String| parse_positive("amount", raw, faults);
                let amount = amount.as_ref().and_then(parse);
                Some(Action::PutOnAccount { customer: customer?, amount })
            }
            Self::TakeFromAccount { amount, reason } => {
                let amount = parse_positive("amount", amount, faults);
                let reason = parse_line("reason", reason, faults);
                Some(Action::TakeFromAccount { amount: amount?, reason: reason? })
            }
            Self::AskRefund { id, amount, reason } => {
                let id = refund_id(id.as_deref(), key, faults);
                let amount = parse_positive("amount", amount, faults);
                let reason = parse_line("reason", reason, faults);
                Some(Action::AskRefund { id: id?, amount: amount?, reason: reason? })
            }
            Self::Assign { to } => parse_line("to", to, faults).map(|to| Action::Assign { to }),
            Self::Dismiss { reason } => {
                parse_line("reason", reason, faults).map(|reason| Action::Dismiss { reason })
            }
        }
    }
}

/// Every part that can be read; what cannot is told by its path.
pub(crate) fn parse_parts(parts: &[PartDraft], faults: &mut Vec<Violation>) -> Vec<Part> {
    if parts.is_empty() || parts.len() > PARTS_MAX {
        let hint = format!("give 1 to {PARTS_MAX} allocations");
        faults.push(Violation::new("allocations", hint));
        return Vec::new();
    }
    let parse = |(nth, part): (usize, &PartDraft)| {
        let at = |name: &str| format!("allocations[{nth}].{name}");
        let invoice = parse_invoice(&at("invoice_id"), &part.invoice_id, faults);
        let amount = parse_positive(&at("amount"), &part.amount, faults);
        Some(Part { invoice: invoice?, instalment: part.instalment, amount: amount? })
    };
    parts.iter().enumerate().filter_map(parse).collect()
}

pub(crate) fn parse_customer(raw: &str, faults: &mut Vec<Violation>) -> Option<CustomerId> {
    let hint = "use the id of a customer of yours";
    let parsed = CustomerId::parse(raw);
    parsed.map_err(|_| faults.push(Violation::new("customer_id", hint))).ok()
}

fn parse_invoice(property: &str, raw: &str, faults: &mut Vec<Violation>) -> Option<InvoiceId> {
    let hint = "use the id of an invoice of yours";
    InvoiceId::parse(raw).map_err(|_| faults.push(Violation::new(property, hint))).ok()
}

/// An amount above zero.
pub(crate) fn parse_positive(
    property: &str,
    raw: &str,
    faults: &mut Vec<Violation>,
) -> Option<Money> {
    let amount = parse_money(property, raw, faults)?;
    if !amount.is_positive() {
        faults.push(Violation::new(property, "use a positive amount"));
        return None;
    }
    Some(amount)
}

/// One line of text, trimmed.
pub(crate) fn parse_line(property: &str, raw: &str, faults: &mut Vec<Violation>) -> Option<String> {
    let line = raw.trim();
    let chars = line.chars().count();
    if chars == 0 || chars > LINE_CHARS_MAX || line.chars().any(char::is_control) {
        let hint = format!("use 1 to {LINE_CHARS_MAX} characters, in one line");
        faults.push(Violation::new(property, hint));
        return None;
    }
    Some(line.to_owned())
}
