//! What the outside sees of the domain: the JSON of the API, built from stored facts and `now`.
//!
//! Amounts are strings such as `"1234.56"`, dates `YYYY-MM-DD`, instants RFC 3339 in UTC. Lives
//! beside the use cases because an idempotent answer is stored in the same transaction as its effect.

use chrono::{DateTime, NaiveDate, Utc};
use quita_core::chase::{self, CustomerFacts, Decision, Rule};
use quita_core::customer::Customer;
use quita_core::debt::Split;
use quita_core::hidden::Hidden;
use quita_core::invoice::{BillingPeriod, ChargeState, Instalment, Invoice, Principal};
use quita_core::terms::AmountDue;
use quita_table::items::EventRow;
use serde::Serialize;
use serde_json::Value;

use crate::bus::instant;
use crate::customer_care::CareView;
use crate::deps::Config;
use crate::handle_invoice::HandlingView;
use crate::links::{PageLink, Scope};

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
#[derive(Serialize)]
pub struct InvoiceView {
    id: String,
    number: String,
    customer_id: String,
    description: String,
    po_number: Option<String>,
    billing_period: Option<BillingPeriod>,
    status: &'static str,
    amount: String,
    /// What is owed today, over all instalments.
    outstanding: String,
    issued_at: String,
    version: u64,
    portal_url: String,
    next_action: Option<NextAction>,
    handling: HandlingView,
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

#[derive(Serialize)]
struct InstalmentView {
    number: u16,
    amount: String,
    due_date: NaiveDate,
    adjusted_due_date: NaiveDate,
    last_payable_date: NaiveDate,
    status: &'static str,
    amount_due: Breakdown,
    /// How the agreed amount came to what is left of it.
    principal: PrincipalView,
    /// What was credited and is still here.
    received: String,
    written_off: String,
    carried_late_charges: String,
    our_number: Option<String>,
    flagged: bool,
    charge: ChargeView,
    payments: Vec<MatchedView>,
}

/// `agreed` less all that was taken off is `left`, the `original` of the amount due.
#[derive(Debug, Serialize)]
struct PrincipalView {
    agreed: String,
    received: String,
    discount: String,
    forgiven: String,
    credited: String,
    written_off: String,
    left: String,
}

impl PrincipalView {
    fn of(principal: &Principal) -> Self {
        Self {
            agreed: principal.agreed.to_string(),
            received: principal.received.to_string(),
            discount: principal.discount.to_string(),
            forgiven: principal.forgiven.to_string(),
            credited: principal.credited.to_string(),
            written_off: principal.written_off.to_string(),
            left: principal.left.to_string(),
        }
    }
}

#[derive(Serialize)]
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
    payment_id: String,
    amount: String,
    paid_at: String,
    counted: CountedView,
    /// What went away from here since.
    released: String,
}

/// How a payment was counted.
#[derive(Debug, Serialize)]
struct CountedView {
    late_fee: String,
    interest: String,
    principal: String,
    discount: String,
    rebate: String,
    forgiven: String,
    waived: String,
    carried: String,
}

impl CountedView {
    fn of(split: &Split) -> Self {
        Self {
            late_fee: split.fine.to_string(),
            interest: split.interest.to_string(),
            principal: split.principal.to_string(),
            discount: split.discount.to_string(),
            rebate: split.rebate.to_string(),
            forgiven: split.forgiven.to_string(),
            waived: split.waived.total().to_string(),
            carried: split.carried.total().to_string(),
        }
    }
}

impl InvoiceView {
    /// `rule` is the one the invoice is under.
    pub fn of(invoice: &Invoice, rule: &Rule, config: &Config, now: DateTime<Utc>) -> Self {
        let today = invoice.civil_date(now);
        let page = config.signing_key.page_path(&PageLink::to(invoice, Scope::Act, now));
        let instalment = |instalment| InstalmentView::of(invoice, instalment, config, today);
        Self {
            id: invoice.id.to_string(),
            number: invoice.number.clone(),
            customer_id: invoice.customer.to_string(),
            description: invoice.description.clone(),
            po_number: invoice.po_number.clone(),
            billing_period: invoice.billing_period,
            status: invoice.status(today).as_str(),
            amount: invoice.amount().to_string(),
            outstanding: invoice.outstanding(today).to_string(),
            issued_at: instant(invoice.opened_at),
            version: invoice.version,
            portal_url: format!("{}{page}", config.public_url),
            next_action: next_action(invoice, rule, None, now),
            handling: HandlingView::of(&invoice.handling),
            instalments: invoice.instalments.iter().map(instalment).collect(),
        }
    }

    /// As [`Self::of`], with the customer in view: what comes next may be held back by it.
    pub fn knowing(
        invoice: &Invoice,
        rule: &Rule,
        customer: Option<&Customer>,
        config: &Config,
        now: DateTime<Utc>,
    ) -> Self {
        let next_action = next_action(invoice, rule, customer, now);
        Self { next_action, ..Self::of(invoice, rule, config, now) }
    }
}

impl InstalmentView {
    fn of(invoice: &Invoice, instalment: &Instalment, config: &Config, today: NaiveDate) -> Self {
        let calendar = invoice.calendar();
        let matched = |payment: &quita_core::invoice::Matched| MatchedView {
            payment_id: payment.payment.to_string(),
            amount: payment.amount.to_string(),
            paid_at: instant(payment.paid_at),
            counted: CountedView::of(&payment.split),
            released: payment.released.to_string(),
        };
        Self {
            number: instalment.number,
            amount: instalment.terms.original.to_string(),
            due_date: instalment.terms.due_date,
            adjusted_due_date: instalment.terms.adjusted_due(&calendar),
            last_payable_date: instalment.charge().terms.last_payable_day(&calendar),
            status: invoice.instalment_status(instalment, today).as_str(),
            amount_due: Breakdown::of(&invoice.amount_due(instalment, today)),
            principal: PrincipalView::of(&instalment.principal()),
            received: instalment.received().to_string(),
            written_off: instalment.written_off.to_string(),
            carried_late_charges: instalment.carried_in.total().to_string(),
            our_number: instalment.our_number.clone(),
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
            ChargeState::Active { br_code, .. } => {
                ("active", None, None, Some(br_code.as_str().to_owned()))
            }
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
/// Without the customer it is no later than with it.
pub fn next_action(
    invoice: &Invoice,
    rule: &Rule,
    customer: Option<&Customer>,
    now: DateTime<Utc>,
) -> Option<NextAction> {
    soonest_action(invoice, rule, customer, now).map(|(_, action)| action)
}

/// The same, with when it is; `None` for an invoice for which nothing happens by itself.
pub(crate) fn soonest_action(
    invoice: &Invoice,
    rule: &Rule,
    customer: Option<&Customer>,
    now: DateTime<Utc>,
) -> Option<(Option<DateTime<Utc>>, NextAction)> {
    let calendar = invoice.calendar();
    let of = |instalment: &Instalment| {
        let mut facts = invoice.chase_facts(instalment, &calendar, now);
        facts.customer = customer
            .map(|customer| CustomerFacts { care: &customer.care, credit: customer.balance() });
        let (what, at, why) = match chase::decide(&facts, rule, now) {
            Decision::Send { step, .. }
            | Decision::Task { step, .. }
            | Decision::Escalate { step, .. } => (step.id.clone(), Some(now), "due"),
            Decision::Skip { step, why, .. } => (step.id.clone(), Some(now), why.code()),
            Decision::Wait { step, until, why } => (step.id.clone(), Some(until), why.code()),
            Decision::Silent { why } => ("nothing".to_owned(), None, why.code()),
        };
        (at, NextAction { what, instalment: instalment.number, at: at.map(instant), why })
    };
    let soonest = |(at, _): &(Option<DateTime<Utc>>, NextAction)| {
        (at.is_none(), at.unwrap_or(DateTime::<Utc>::MAX_UTC))
    };
    invoice.instalments.iter().map(of).min_by_key(soonest)
}

/// A customer.
#[derive(Serialize)]
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
    /// Money of the customer that no invoice has.
    balance: String,
    /// Late charges that go onto the next invoice.
    carried_late_charges: String,
    flag: Option<&'static str>,
    /// How the chase treats it.
    care: CareView,
}

#[derive(Serialize)]
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
            chat_webhook_url: party.chat_webhook.clone().map(Hidden::into_inner),
            address: party.address.as_ref().map(|address| AddressView {
                street: address.street.clone(),
                city: address.city.clone(),
                state: address.state.clone(),
                postal_code: address.postal_code.as_str().to_owned(),
            }),
            locale: party.locale.as_str(),
            account_owner: party.account_owner.as_ref().map(|email| email.as_str().to_owned()),
            created_at: instant(customer.created_at),
            balance: customer.balance().to_string(),
            carried_late_charges: customer.carried.total().to_string(),
            flag: customer.flag.as_ref().map(|flag| flag.reason.code()),
            care: CareView::of(&customer.care),
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
