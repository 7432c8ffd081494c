//! What the outside sees of the domain: the JSON of the API, built from stored facts and `now`.
//!
//! Amounts are strings such as `"1234.56"`, dates `YYYY-MM-DD`, instants RFC 3339 in UTC. Lives
//! beside the use cases because an idempotent answer is stored in the same transaction as its effect.

use chrono::{DateTime, NaiveDate, Utc};
use quita_core::chase::{self, Decision, Rule};
use quita_core::customer::Customer;
use quita_core::invoice::{ChargeState, Instalment, Invoice};
use quita_core::payment::{ParkReason, Payment, PaymentState, RefundState};
use quita_core::terms::AmountDue;
use quita_table::items::EventRow;
use serde::Serialize;
use serde_json::Value;

use crate::bus::instant;
use crate::deps::Config;

/// The breakdown of an amount due on a day.
#[derive(Debug, Serialize)]
pub struct Breakdown {
    on: NaiveDate,
    due_date: NaiveDate,
    adjusted_due_date: NaiveDate,
    original: String,
    rebate: String,
    discount: String,
    interest: String,
    late_fee: String,
    total: String,
    calendar_days_late: u32,
    business_days_late: u32,
    payable: bool,
}

impl Breakdown {
    pub fn of(due: &AmountDue) -> Self {
        Self {
            on: due.on,
            due_date: due.due_date,
            adjusted_due_date: due.adjusted_due,
            original: due.original.to_string(),
            rebate: due.rebate.to_string(),
            discount: due.discount.to_string(),
            interest: due.interest.to_string(),
            late_fee: due.fine.to_string(),
            total: due.total.to_string(),
            calendar_days_late: due.calendar_days_late,
            business_days_late: due.business_days_late,
            payable: due.payable,
        }
    }
}

/// An invoice.
#[derive(Debug, Serialize)]
pub struct InvoiceView {
    id: String,
    number: String,
    customer_id: String,
    description: String,
    po_number: Option<String>,
    status: &'static str,
    amount: String,
    /// What is owed today, over all instalments.
    outstanding: String,
    issued_at: String,
    version: u64,
    portal_url: String,
    next_action: Option<NextAction>,
    instalments: Vec<InstalmentView>,
}

/// What happens next by itself, or why nothing does.
#[derive(Debug, Serialize)]
pub struct NextAction {
    what: String,
    instalment: u16,
    at: Option<String>,
    why: &'static str,
}

#[derive(Debug, Serialize)]
struct InstalmentView {
    number: u16,
    amount: String,
    due_date: NaiveDate,
    adjusted_due_date: NaiveDate,
    last_payable_date: NaiveDate,
    status: &'static str,
    amount_due: Breakdown,
    flagged: bool,
    charge: ChargeView,
    payments: Vec<MatchedView>,
}

#[derive(Debug, Serialize)]
struct ChargeView {
    txid: String,
    revision: u16,
    status: &'static str,
    reason: Option<String>,
    next_try_at: Option<String>,
    pix_copia_e_cola: Option<String>,
    qr_svg: Option<String>,
    qr_png: Option<String>,
}

#[derive(Debug, Serialize)]
struct MatchedView {
    end_to_end_id: String,
    amount: String,
    paid_at: String,
    refunded: String,
}

impl InvoiceView {
    pub fn of(invoice: &Invoice, config: &Config, now: DateTime<Utc>) -> Self {
        let today = invoice.civil_date(now);
        let page = config.signing_key.page_path(&invoice.merchant, &invoice.id);
        let instalment = |instalment| InstalmentView::of(invoice, instalment, config, today);
        Self {
            id: invoice.id.to_string(),
            number: invoice.number.clone(),
            customer_id: invoice.customer.to_string(),
            description: invoice.description.clone(),
            po_number: invoice.po_number.clone(),
            status: invoice.status(today).as_str(),
            amount: invoice.amount().to_string(),
            outstanding: invoice.outstanding(today).to_string(),
            issued_at: instant(invoice.opened_at),
            version: invoice.version,
            portal_url: format!("{}{page}", config.public_url),
            next_action: next_action(invoice, now),
            instalments: invoice.instalments.iter().map(instalment).collect(),
        }
    }
}

impl InstalmentView {
    fn of(invoice: &Invoice, instalment: &Instalment, config: &Config, today: NaiveDate) -> Self {
        let calendar = invoice.calendar();
        let matched = |payment: &quita_core::invoice::Matched| MatchedView {
            end_to_end_id: payment.e2eid.to_string(),
            amount: payment.amount.to_string(),
            paid_at: instant(payment.paid_at),
            refunded: payment.refunded.to_string(),
        };
        Self {
            number: instalment.number,
            amount: instalment.terms.original.to_string(),
            due_date: instalment.terms.due_date,
            adjusted_due_date: instalment.terms.adjusted_due(&calendar),
            last_payable_date: instalment.charge().terms.last_payable_day(&calendar),
            status: invoice.instalment_status(instalment, today).as_str(),
            amount_due: Breakdown::of(&invoice.amount_due(instalment, today)),
            flagged: instalment.chase.flagged,
            charge: ChargeView::of(invoice, instalment, config),
            payments: instalment.payments.iter().map(matched).collect(),
        }
    }
}

impl ChargeView {
    fn of(invoice: &Invoice, instalment: &Instalment, config: &Config) -> Self {
        let charge = instalment.charge();
        let (status, reason, next_try_at, code) = match &charge.state {
            ChargeState::Pending { reason, next_try_at, .. } => {
                ("pending", reason.clone(), Some(instant(*next_try_at)), None)
            }
            ChargeState::Active { br_code, .. } => ("active", None, None, Some(br_code.clone())),
            ChargeState::Rejected { reason } => ("rejected", Some(reason.clone()), None, None),
            ChargeState::Removing { .. } | ChargeState::Removed => ("removed", None, None, None),
        };
        let picture = |format: &str| {
            code.as_ref().map(|_| {
                let (origin, id, number) = (&config.public_url, &invoice.id, instalment.number);
                format!("{origin}/v1/invoices/{id}/instalments/{number}/qr.{format}")
            })
        };
        Self {
            txid: charge.txid.as_str().to_owned(),
            revision: charge.revision,
            status,
            reason,
            next_try_at,
            qr_svg: picture("svg"),
            qr_png: picture("png"),
            pix_copia_e_cola: code,
        }
    }
}

/// The soonest next step over all instalments, by the same decision the sweep takes.
pub fn next_action(invoice: &Invoice, now: DateTime<Utc>) -> Option<NextAction> {
    let rule = Rule::of_version(invoice.issuing.rule_version)?;
    let calendar = invoice.calendar();
    let of = |instalment: &Instalment| {
        let facts = invoice.chase_facts(instalment, &calendar);
        let (what, at, why) = match chase::decide(&facts, &rule, now) {
            Decision::Send { step, .. } => (step.id.to_owned(), Some(now), "due"),
            Decision::Wait { step, until, why } => (step.id.to_owned(), Some(until), why.code()),
            Decision::Silent { why } => ("nothing".to_owned(), None, why.code()),
        };
        (at, NextAction { what, instalment: instalment.number, at: at.map(instant), why })
    };
    let soonest = |(at, _): &(Option<DateTime<Utc>>, NextAction)| {
        (at.is_none(), at.unwrap_or(DateTime::<Utc>::MAX_UTC))
    };
    invoice.instalments.iter().map(of).min_by_key(soonest).map(|(_, action)| action)
}

/// A customer.
#[derive(Debug, Serialize)]
pub struct CustomerView {
    id: String,
    name: String,
    document: String,
    emails: Vec<String>,
    phone: Option<String>,
    chat_webhook_url: Option<String>,
    address: Option<AddressView>,
    locale: &'static str,
    account_owner: Option<String>,
    created_at: String,
}

#[derive(Debug, Serialize)]
struct AddressView {
    street: String,
    city: String,
    state: String,
    postal_code: String,
}

impl CustomerView {
    pub fn of(customer: &Customer) -> Self {
        let party = &customer.bill_to;
        Self {
            id: customer.id.to_string(),
            name: party.name.clone(),
            document: party.document.as_str().to_owned(),
            emails: party.emails.iter().map(|email| email.as_str().to_owned()).collect(),
            phone: party.phone.as_ref().map(|phone| phone.as_str().to_owned()),
            chat_webhook_url: party.chat_webhook.clone(),
            address: party.address.as_ref().map(|address| AddressView {
                street: address.street.clone(),
                city: address.city.clone(),
                state: address.state.clone(),
                postal_code: address.postal_code.as_str().to_owned(),
            }),
            locale: party.locale.as_str(),
            account_owner: party.account_owner.as_ref().map(|email| email.as_str().to_owned()),
            created_at: instant(customer.created_at),
        }
    }
}

/// A received Pix.
#[derive(Debug, Serialize)]
pub struct PaymentView {
    end_to_end_id: String,
    txid: Option<String>,
    amount: String,
    paid_at: String,
    seen_at: String,
    status: &'static str,
    reason: Option<&'static str>,
    /// For `wrong_amount`: what was due on the day.
    expected: Option<String>,
    invoice_id: Option<String>,
    refunds: Vec<RefundView>,
}

#[derive(Debug, Serialize)]
struct RefundView {
    id: String,
    amount: String,
    status: &'static str,
}

impl PaymentView {
    pub fn of(payment: &Payment) -> Self {
        let (reason, expected) = match &payment.state {
            PaymentState::Parked { reason: why @ ParkReason::WrongAmount { expected }, .. } => {
                (Some(why.code()), Some(expected.to_string()))
            }
            PaymentState::Parked { reason, .. } => (Some(reason.code()), None),
            PaymentState::Reported { .. } | PaymentState::Matched { .. } => (None, None),
        };
        let linked = payment.txid.as_ref().and_then(|txid| txid.charge_ref());
        Self {
            end_to_end_id: payment.e2eid.to_string(),
            txid: payment.txid.as_ref().map(|txid| txid.as_str().to_owned()),
            amount: payment.amount.to_string(),
            paid_at: instant(payment.paid_at),
            seen_at: instant(payment.seen_at),
            status: payment.state.name(),
            reason,
            expected,
            invoice_id: linked.map(|charge| charge.invoice.to_string()),
            refunds: payment
                .refunds
                .iter()
                .map(|refund| RefundView {
                    id: refund.id.clone(),
                    amount: refund.amount.to_string(),
                    status: match refund.state {
                        RefundState::Processing => "processing",
                        RefundState::Returned => "returned",
                        RefundState::Failed => "failed",
                    },
                })
                .collect(),
        }
    }
}

/// A row of a timeline.
#[derive(Debug, Serialize)]
pub struct TimelineView {
    sequence: u64,
    at: String,
    actor: String,
    event: String,
    data: Value,
}

impl TimelineView {
    pub fn of(row: EventRow) -> Self {
        Self {
            sequence: row.seq,
            at: instant(row.at),
            actor: row.actor,
            event: row.name,
            data: row.data,
        }
    }
}
