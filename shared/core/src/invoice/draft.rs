//! An invoice as someone typed it, and its opening with every violation at once.

use std::num::NonZeroU16;

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::period::{BillingPeriod, PeriodDraft};
use super::{Charge, ChargeState, Event, Handling, Instalment, Invoice, Lifecycle};
use crate::chase::ChaseState;
use crate::customer::{self, Customer};
use crate::debt::{Debt, LateCharges};
use crate::ids::{InvoiceId, Txid};
use crate::instalments::monthly_series;
use crate::merchant::Merchant;
use crate::money::Money;
use crate::terms::Terms;
use crate::terms_draft::{ParsedTerms, TermsDraft, parse_date, parse_money};
use crate::violation::Violation;

/// Longest invoice number, as `fat.nFat` of the NF-e allows.
pub const NUMBER_CHARS_MAX: usize = 60;
/// Longest description; it is shown to the payer (`solicitacaoPagador` of API Pix 2.9.0 takes 140).
pub const DESCRIPTION_CHARS_MAX: usize = 140;
/// Most instalments of one invoice: four years by month, and far below a table item's 400 KB.
pub const INSTALMENTS_MAX: usize = 48;
/// Furthest due date from today.
pub const DUE_DAYS_AHEAD_MAX: u64 = 5 * 366;

/// An invoice before it exists.
#[derive(Debug, Clone, Default)]
pub struct InvoiceDraft {
    pub number: String,
    pub description: String,
    pub po_number: Option<String>,
    pub billing_period: Option<PeriodDraft>,
    pub amount: String,
    /// Due date of the only or of the first instalment.
    pub due_date: String,
    pub terms: TermsDraft,
    pub instalments: InstalmentDraft,
}

/// How the amount is cut.
#[derive(Debug, Clone, Default)]
pub enum InstalmentDraft {
    #[default]
    Whole,
    /// Equal parts by month from the due date, the remainder on the first ones.
    Monthly(i64),
    /// Amount and due date of each; they add up to the invoice's amount.
    Listed(Vec<(String, String)>),
}

/// A draft without a fault, still without a customer.
#[derive(Debug, Clone)]
pub struct CheckedDraft {
    number: String,
    description: String,
    po_number: Option<String>,
    billing_period: Option<BillingPeriod>,
    terms: Vec<Terms>,
}

impl CheckedDraft {
    /// Opens the invoice. Late charges that wait on the customer's account go onto its first
    /// instalment; whoever writes the invoice takes them off the customer.
    pub fn open(
        self,
        id: InvoiceId,
        merchant: &Merchant,
        customer: &Customer,
        now: DateTime<Utc>,
    ) -> (Invoice, Vec<Event>) {
        let mut invoice = Invoice {
            merchant: merchant.merchant.clone(),
            version: 1,
            customer: customer.id.clone(),
            bill_to: customer.bill_to.clone(),
            number: self.number,
            description: self.description,
            po_number: self.po_number,
            billing_period: self.billing_period,
            opened_at: now,
            issuing: merchant.issuing_for(customer.care.segment_name()),
            lifecycle: Lifecycle::Active,
            link_generation: 0,
            handling: Handling::default(),
            instalments: instalments(&id, with_carried(self.terms, customer.carried), now),
            id,
        };
        if let Some(first) = invoice.instalments.first_mut() {
            first.carried_in = customer.carried;
        }
        let opened = Event::Opened {
            number: invoice.number.clone(),
            customer: invoice.customer.clone(),
            amount: invoice.amount(),
            instalments: invoice.instalments.iter().map(|i| i.terms.clone()).collect(),
            carried_in: customer.carried,
        };
        (invoice, vec![opened])
    }
}

impl InvoiceDraft {
    /// Checks everything that does not depend on the customer, and reports every violation at once.
    pub fn check(
        &self,
        merchant: &Merchant,
        now: DateTime<Utc>,
    ) -> Result<CheckedDraft, Vec<Violation>> {
        let mut faults = Vec::new();
        let number = customer::text("number", &self.number, NUMBER_CHARS_MAX, &mut faults);
        let description =
            customer::text("description", &self.description, DESCRIPTION_CHARS_MAX, &mut faults);
        let po_number = self
            .po_number
            .as_deref()
            .map(|raw| customer::text("po_number", raw, NUMBER_CHARS_MAX, &mut faults));
        let today = crate::zone::civil_date(now, merchant.issuing.zone);
        let period = self.billing_period.as_ref();
        let billing_period = period.and_then(|period| period.parse(today, &mut faults));
        let parsed = self.terms.parse(&mut faults);
        let parts = self.parts(&mut faults);
        let terms = check_parts(&parts, &parsed, today, merchant, &mut faults);
        if faults.is_empty() {
            Ok(CheckedDraft { number, description, po_number, billing_period, terms })
        } else {
            Err(faults)
        }
    }

    /// Amount, due date and path of each instalment, as far as they can be read.
    fn parts(&self, faults: &mut Vec<Violation>) -> Vec<Part> {
        let total = parse_money("amount", &self.amount, faults);
        match &self.instalments {
            InstalmentDraft::Whole => {
                let due = parse_date("due_date", &self.due_date, faults);
                vec![Part { path: String::new(), amount: total, due }]
            }
            InstalmentDraft::Monthly(count) => {
                let first = parse_date("due_date", &self.due_date, faults);
                monthly_parts(*count, total, first, faults)
            }
            InstalmentDraft::Listed(list) => listed_parts(list, total, faults),
        }
    }
}

/// One instalment before its terms are checked.
struct Part {
    /// Where its amount and due date stand in the request; empty for the invoice itself.
    path: String,
    /// `None` where it could not be read, which was reported.
    amount: Option<Money>,
    due: Option<NaiveDate>,
}

/// In place of an amount that could not be read, so that what does not depend on it is checked too.
const STAND_IN: Money = Money::from_centavos(100_000_000);

impl Part {
    /// Whether a fault can be told although amount or due date could not be read.
    fn can_tell(&self, property: &str) -> bool {
        match property {
            "amount" => self.amount.is_some(),
            "due_date" => self.due.is_some(),
            "late_fee.value" | "interest.value" | "payable_days_after_due" => true,
            _ => self.amount.is_some() && self.due.is_some(),
        }
    }
}

fn monthly_parts(
    count: i64,
    total: Option<Money>,
    first: Option<NaiveDate>,
    faults: &mut Vec<Violation>,
) -> Vec<Part> {
    let in_bounds = u16::try_from(count).ok().filter(|n| usize::from(*n) <= INSTALMENTS_MAX);
    let Some(count) = in_bounds.and_then(NonZeroU16::new) else {
        let reason = format!("use 1 to {INSTALMENTS_MAX} instalments");
        faults.push(Violation::new("instalments.count", reason));
        return Vec::new();
    };
    let part = |amount, due| Part { path: String::new(), amount, due };
    match (total, first) {
        (Some(total), Some(first)) => {
            let dates = monthly_series(first, count.get()).into_iter().map(Some);
            let amounts = total.split(count).into_iter().map(Some);
            amounts.zip(dates).map(|(amount, due)| part(amount, due)).collect()
        }
        (amount, due) => vec![part(amount, due)],
    }
}

fn listed_parts(
    list: &[(String, String)],
    total: Option<Money>,
    faults: &mut Vec<Violation>,
) -> Vec<Part> {
    if list.is_empty() || list.len() > INSTALMENTS_MAX {
        let reason = format!("give 1 to {INSTALMENTS_MAX} instalments");
        faults.push(Violation::new("instalments", reason));
        return Vec::new();
    }
    let part = |(i, (amount, due)): (usize, &(String, String))| {
        let path = format!("instalments[{i}].");
        let amount = parse_money(&format!("{path}amount"), amount, faults);
        let due = parse_date(&format!("{path}due_date"), due, faults);
        Part { path, amount, due }
    };
    let parts: Vec<Part> = list.iter().enumerate().map(part).collect();
    if let Some(amounts) = parts.iter().map(|part| part.amount).collect::<Option<Vec<Money>>>() {
        let sum: Money = amounts.into_iter().sum();
        if let Some(total) = total.filter(|total| *total != sum) {
            let reason = format!("the instalments add up to {sum}, the amount is {total}");
            faults.push(Violation::new("instalments", reason));
        }
    }
    let disordered = |i: &usize| {
        let dates = parts[i - 1].due.zip(parts[*i].due);
        dates.is_some_and(|(before, after)| after <= before)
    };
    if let Some(i) = (1..parts.len()).find(disordered) {
        let reason = "put the instalments in the order of their due dates";
        faults.push(Violation::new(format!("instalments[{i}].due_date"), reason));
    }
    parts
}

/// Checks each instalment's terms. Faults of shared terms are reported once.
fn check_parts(
    parts: &[Part],
    parsed: &ParsedTerms,
    today: NaiveDate,
    merchant: &Merchant,
    faults: &mut Vec<Violation>,
) -> Vec<Terms> {
    let calendar = merchant.issuing.calendar();
    let mut checked = Vec::with_capacity(parts.len());
    for part in parts {
        let terms = parsed.of(part.amount.unwrap_or(STAND_IN), part.due.unwrap_or(today));
        if terms.due_date > today + Days::new(DUE_DAYS_AHEAD_MAX) {
            let reason = format!("use a date within {DUE_DAYS_AHEAD_MAX} days");
            faults.push(Violation::new(format!("{}due_date", part.path), reason));
            continue;
        }
        let violations = terms.violations(today, &calendar, &merchant.issuing.policy);
        for mut fault in violations.into_iter().filter(|fault| part.can_tell(&fault.property)) {
            if matches!(fault.property.as_str(), "amount" | "due_date") {
                fault.property.insert_str(0, &part.path);
            }
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
        checked.push(terms);
    }
    checked
}

/// The terms with late charges of earlier invoices on the first instalment.
fn with_carried(mut terms: Vec<Terms>, carried: LateCharges) -> Vec<Terms> {
    if let Some(first) = terms.first_mut() {
        first.original += carried.total();
    }
    terms
}

fn instalments(id: &InvoiceId, terms: Vec<Terms>, now: DateTime<Utc>) -> Vec<Instalment> {
    let first_charge = |number, terms: &Terms| Charge {
        txid: Txid::for_charge(id, number, 0).expect("INSTALMENTS_MAX fits a txid"),
        revision: 0,
        terms: terms.clone(),
        carried: None,
        of_debt: 0,
        state: ChargeState::Pending { attempts: 0, reason: None, next_try_at: now },
    };
    let instalment = |(number, terms)| Instalment {
        number,
        charges: vec![first_charge(number, &terms)],
        debt: Debt::agreed(&terms),
        terms,
        payments: Vec::new(),
        doubts: Vec::new(),
        released_at: None,
        written_off: Money::ZERO,
        carried_in: LateCharges::default(),
        our_number: None,
        chase: ChaseState::default(),
    };
    (1u16..).zip(terms).map(instalment).collect()
}
