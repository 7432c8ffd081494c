//! What a payment without a key may be for: suggestions for a person, with their reasons.
//!
//! A suggestion is never carried out by itself. Its score is the sum of the points of its reasons:
//!
//! | reason | points | when |
//! |---|---|---|
//! | exact due | 40 | the amount is what one instalment owes on the day it was paid |
//! | exact principal | 30 | the amount is what is left of its principal, without late charges |
//! | adds up | 25 | several instalments of one customer, or several payments of one payer, add up |
//! | payer document | 30 | the payer's CPF or CNPJ is the customer's |
//! | invoice number | 15 | it stands in the bank's words |
//! | PO number | 5 | it stands in the bank's words |
//! | payer name | 5 | half of the telling words of the customer's name stand in the payer's |
//! | date near | 5 | due within five days of the payment |
//!
//! One of the first three rules the others out, so the most is 100. An amount that fits nothing is
//! suggested where the payer or a number points to the debt, and never for more than is owed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::text::{names, plain, shares_words};
use crate::document::TaxId;
use crate::hidden::Hidden;
use crate::ids::{CustomerId, InvoiceId, PaymentId};
use crate::invoice::{Instalment, Invoice};
use crate::money::Money;
use crate::payment::Payment;

/// Most suggestions of one question.
pub const CANDIDATES_MAX: usize = 20;
/// Score from which a suggestion may be selected beforehand, unless it is a tie.
pub const PRESELECT_MIN: u8 = 70;
/// Invoices that are looked at, the first by their ids.
const INVOICES_MAX: usize = 1_000;
/// Instalments of one customer of which sums are tried, the earliest due.
const SUM_PARTS_MAX: usize = 12;
/// Most instalments, or payments, of one sum.
const SUM_LENGTH_MAX: usize = 6;
/// Customers of whom sums are tried.
const SUM_CUSTOMERS_MAX: usize = 20;
/// Sums of one customer that are kept.
const SUMS_MAX: usize = CANDIDATES_MAX;
/// How near a due date has to be, in days.
const NEAR_DAYS: i64 = 5;

/// Why a debt is suggested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    ExactDue,
    ExactPrincipal,
    AddsUp,
    PayerDocument,
    InvoiceNumber,
    PoNumber,
    PayerName,
    DateNear,
}

impl Reason {
    pub const ALL: [Self; 8] = [
        Self::ExactDue,
        Self::ExactPrincipal,
        Self::AddsUp,
        Self::PayerDocument,
        Self::InvoiceNumber,
        Self::PoNumber,
        Self::PayerName,
        Self::DateNear,
    ];

    /// Stable code for the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::ExactDue => "exact_due",
            Self::ExactPrincipal => "exact_principal",
            Self::AddsUp => "adds_up",
            Self::PayerDocument => "payer_document",
            Self::InvoiceNumber => "invoice_number",
            Self::PoNumber => "po_number",
            Self::PayerName => "payer_name",
            Self::DateNear => "date_near",
        }
    }

    /// What it adds to the score.
    pub fn points(self) -> u8 {
        match self {
            Self::ExactDue => 40,
            Self::ExactPrincipal | Self::PayerDocument => 30,
            Self::AddsUp => 25,
            Self::InvoiceNumber => 15,
            Self::PoNumber | Self::PayerName | Self::DateNear => 5,
        }
    }

    /// Whether it points to the debt whatever the amount.
    fn identifies(self) -> bool {
        matches!(self, Self::PayerDocument | Self::InvoiceNumber | Self::PoNumber)
    }
}

/// Instalments a payment may be for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub invoices: Vec<(InvoiceId, u16)>,
    /// 0 to 100.
    pub score: u8,
    pub reasons: Vec<Reason>,
    /// Another one has the same score: nothing here tells which is right.
    pub is_tie: bool,
}

/// Payments of one payer that may be for one instalment together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupCandidate {
    pub payments: Vec<PaymentId>,
    pub invoice: InvoiceId,
    pub instalment: u16,
    /// 0 to 100.
    pub score: u8,
    pub reasons: Vec<Reason>,
    /// Another one has the same score: nothing here tells which is right.
    pub is_tie: bool,
}

/// What may be selected for a person beforehand: the best, when it is good and no tie.
pub fn preselected(candidates: &[Candidate]) -> Option<&Candidate> {
    candidates.first().filter(|best| best.score >= PRESELECT_MIN && !best.is_tie)
}

/// What the money of a payment that has no place may be for, the best first, whatever the order of
/// `open`.
pub fn candidates(payment: &Payment, open: &[Invoice]) -> Vec<Candidate> {
    let amount = payment.unidentified();
    if !amount.is_positive() {
        return Vec::new();
    }
    let hints = Hints::of([payment]);
    let debts = debts(open, payment);
    let mut found: Vec<Scored<Vec<(InvoiceId, u16)>>> = Vec::new();
    for debt in &debts {
        let mut reasons = debt.reasons(&hints);
        let identified = reasons.iter().any(|reason| reason.identifies());
        let exact = debt.exact(amount);
        if amount > debt.due || (exact.is_none() && !identified) {
            continue;
        }
        reasons.extend(exact);
        found.push(Scored::of(vec![debt.place()], debt.instalment.terms.due_date, reasons));
    }
    found.extend(sums(&debts, &hints, amount));
    let candidate = |scored: Scored<Vec<(InvoiceId, u16)>>, is_tie| Candidate {
        invoices: scored.what,
        score: scored.score,
        reasons: scored.reasons,
        is_tie,
    };
    ranked(found).into_iter().map(|(scored, is_tie)| candidate(scored, is_tie)).collect()
}

/// Payments of one payer, known by its document, that add up to what one instalment owes on the day
/// of the last of them; the best first, whatever the order of both lists.
pub fn candidates_for_group(payments: &[Payment], open: &[Invoice]) -> Vec<GroupCandidate> {
    let mut payers: BTreeMap<&str, Vec<&Payment>> = BTreeMap::new();
    for payment in payments.iter().filter(|it| it.unidentified().is_positive()) {
        let document = payment.payer.as_ref().and_then(|payer| payer.document.as_ref());
        if let Some(document) = document {
            payers.entry(document.as_str()).or_default().push(payment);
        }
    }
    let mut found = Vec::new();
    for of_payer in payers.into_values().take(SUM_CUSTOMERS_MAX) {
        found.extend(group_sums(of_payer, open));
    }
    let candidate = |scored: Scored<GroupPlace>, is_tie| GroupCandidate {
        payments: scored.what.0,
        invoice: scored.what.1,
        instalment: scored.what.2,
        score: scored.score,
        reasons: scored.reasons,
        is_tie,
    };
    ranked(found).into_iter().map(|(scored, is_tie)| candidate(scored, is_tie)).collect()
}

type GroupPlace = (Vec<PaymentId>, InvoiceId, u16);

fn group_sums(mut payments: Vec<&Payment>, open: &[Invoice]) -> Vec<Scored<GroupPlace>> {
    payments.sort_by_key(|it| (it.paid_at, it.id.clone()));
    payments.truncate(SUM_PARTS_MAX);
    let Some(last) = payments.last() else { return Vec::new() };
    let amounts: Vec<Money> = payments.iter().map(|it| it.unidentified()).collect();
    let mut found = Vec::new();
    for debt in debts(open, last) {
        let goals: BTreeSet<Money> = [debt.due, debt.principal].into();
        for goal in goals.into_iter().filter(|goal| *goal <= debt.due) {
            for sum in adding_up(&amounts, goal) {
                let chosen: Vec<&Payment> = sum.iter().map(|nth| payments[*nth]).collect();
                let mut reasons = debt.reasons(&Hints::of(chosen.iter().copied()));
                reasons.push(Reason::AddsUp);
                let ids = chosen.iter().map(|it| it.id.clone()).collect();
                let (invoice, instalment) = debt.place();
                let due = debt.instalment.terms.due_date;
                found.push(Scored::of((ids, invoice, instalment), due, reasons));
            }
        }
    }
    found
}

/// Several instalments of one customer that add up, where something beside the amount points to the
/// customer: among many debts some sum always fits.
fn sums(debts: &[Open<'_>], hints: &Hints, amount: Money) -> Vec<Scored<Vec<(InvoiceId, u16)>>> {
    let mut customers: BTreeMap<&CustomerId, Vec<&Open<'_>>> = BTreeMap::new();
    for debt in debts {
        customers.entry(&debt.invoice.customer).or_default().push(debt);
    }
    let pointed = |parts: &Vec<&Open<'_>>| {
        let of_party = |reason: &Reason| reason.identifies() || *reason == Reason::PayerName;
        parts.len() > 1 && parts.iter().any(|it| it.reasons(hints).iter().any(of_party))
    };
    let mut found = Vec::new();
    for mut parts in customers.into_values().filter(pointed).take(SUM_CUSTOMERS_MAX) {
        parts.truncate(SUM_PARTS_MAX);
        let owed: Vec<Money> = parts.iter().map(|it| it.due).collect();
        let principal: Vec<Money> = parts.iter().map(|it| it.principal.min(it.due)).collect();
        let sums: BTreeSet<Vec<usize>> =
            adding_up(&owed, amount).into_iter().chain(adding_up(&principal, amount)).collect();
        for sum in sums {
            let chosen: Vec<&Open<'_>> = sum.iter().map(|nth| parts[*nth]).collect();
            let all = chosen.iter().flat_map(|it| it.reasons(hints));
            let mut reasons: Vec<Reason> = all.collect();
            reasons.push(Reason::AddsUp);
            let due = chosen.iter().map(|it| it.instalment.terms.due_date).min();
            let places = chosen.iter().map(|it| it.place()).collect();
            found.push(Scored::of(places, due.unwrap_or(NaiveDate::MAX), reasons));
        }
    }
    found
}

/// Places of 2 to [`SUM_LENGTH_MAX`] amounts that add up to `goal`, at most [`SUMS_MAX`] of them.
fn adding_up(amounts: &[Money], goal: Money) -> Vec<Vec<usize>> {
    fn walk(
        amounts: &[Money],
        from: usize,
        left: Money,
        chosen: &mut Vec<usize>,
        found: &mut Vec<Vec<usize>>,
    ) {
        if found.len() >= SUMS_MAX {
            return;
        }
        if left.is_zero() && chosen.len() > 1 {
            found.push(chosen.clone());
            return;
        }
        if chosen.len() == SUM_LENGTH_MAX {
            return;
        }
        for nth in from..amounts.len() {
            if amounts[nth].is_positive() && amounts[nth] <= left {
                chosen.push(nth);
                walk(amounts, nth + 1, left - amounts[nth], chosen, found);
                chosen.pop();
            }
        }
    }
    let mut found = Vec::new();
    walk(amounts, 0, goal, &mut Vec::new(), &mut found);
    found
}

/// What payments say of who sent them and what for.
struct Hints {
    documents: Vec<TaxId>,
    /// The bank's words and the payer's names, plain.
    words: String,
    /// The payer's names alone, plain; the words, where the bank gives no name.
    name: String,
    paid_at: Vec<chrono::DateTime<chrono::Utc>>,
}

impl Hints {
    fn of<'a>(payments: impl IntoIterator<Item = &'a Payment>) -> Self {
        let (mut documents, mut words, mut name) = (Vec::new(), String::new(), String::new());
        let mut paid_at = Vec::new();
        for payment in payments {
            let payer = payment.payer.as_ref();
            documents.extend(payer.and_then(|payer| payer.document.clone()));
            let memo = plain(payment.memo.as_ref().map_or("", Hidden::as_str));
            let named = payer.and_then(|payer| payer.name.as_deref()).map(plain);
            name.push_str(named.as_deref().unwrap_or(&memo));
            name.push(' ');
            words.push_str(&memo);
            words.push(' ');
            paid_at.push(payment.paid_at);
        }
        Self { documents, words, name, paid_at }
    }
}

/// An instalment that is owed, with what it owes on the day of the payment.
struct Open<'a> {
    invoice: &'a Invoice,
    instalment: &'a Instalment,
    due: Money,
    principal: Money,
}

/// What is owed, the earliest due first, whatever the order of `open`.
fn debts<'a>(open: &'a [Invoice], payment: &Payment) -> Vec<Open<'a>> {
    let mut invoices: Vec<&Invoice> = open.iter().filter(|it| it.is_active()).collect();
    invoices.sort_by(|a, b| a.id.cmp(&b.id));
    invoices.dedup_by(|a, b| a.id == b.id);
    invoices.truncate(INVOICES_MAX);
    let of = |invoice: &'a Invoice| {
        let on = invoice.civil_date(payment.paid_at);
        let owed = invoice.instalments.iter().filter(|it| !it.is_settled());
        owed.map(move |instalment| Open {
            invoice,
            instalment,
            due: invoice.outstanding_of(instalment, on),
            principal: instalment.debt.principal,
        })
    };
    let mut debts: Vec<Open<'a>> = invoices.into_iter().flat_map(of).collect();
    debts.sort_by_key(|it| {
        (it.instalment.terms.due_date, it.invoice.id.clone(), it.instalment.number)
    });
    debts
}

impl Open<'_> {
    fn place(&self) -> (InvoiceId, u16) {
        (self.invoice.id.clone(), self.instalment.number)
    }

    /// How the amount fits.
    fn exact(&self, amount: Money) -> Option<Reason> {
        if amount == self.due {
            Some(Reason::ExactDue)
        } else {
            (amount == self.principal).then_some(Reason::ExactPrincipal)
        }
    }

    /// What beside the amount points here.
    fn reasons(&self, hints: &Hints) -> Vec<Reason> {
        let party = &self.invoice.bill_to;
        let po_number = self.invoice.po_number.as_deref().map(plain);
        let near = |at: &chrono::DateTime<chrono::Utc>| {
            let days = self.instalment.terms.due_date - self.invoice.civil_date(*at);
            days.num_days().abs() <= NEAR_DAYS
        };
        let holds = [
            (Reason::PayerDocument, hints.documents.contains(&party.document)),
            (Reason::InvoiceNumber, names(&hints.words, &plain(&self.invoice.number))),
            (Reason::PoNumber, po_number.is_some_and(|number| names(&hints.words, &number))),
            (Reason::PayerName, shares_words(&hints.name, &plain(&party.name))),
            (Reason::DateNear, hints.paid_at.iter().any(near)),
        ];
        holds.into_iter().filter(|(_, holds)| *holds).map(|(reason, _)| reason).collect()
    }
}

/// A suggestion with its score.
struct Scored<T> {
    what: T,
    due: NaiveDate,
    score: u8,
    reasons: Vec<Reason>,
}

impl<T> Scored<T> {
    fn of(what: T, due: NaiveDate, reasons: Vec<Reason>) -> Self {
        let reasons: BTreeSet<Reason> = reasons.into_iter().collect();
        let score = reasons.iter().map(|reason| reason.points()).sum();
        Self { what, due, score, reasons: reasons.into_iter().collect() }
    }
}

/// The best first and the earlier due among equals, with whether another has the same score.
fn ranked<T: Ord>(mut found: Vec<Scored<T>>) -> Vec<(Scored<T>, bool)> {
    found.sort_by(|a, b| (b.score, a.due, &a.what).cmp(&(a.score, b.due, &b.what)));
    let mut times: BTreeMap<u8, usize> = BTreeMap::new();
    found.iter().for_each(|scored| *times.entry(scored.score).or_default() += 1);
    let is_tie = |score: u8| times.get(&score).is_some_and(|times| *times > 1);
    found
        .into_iter()
        .take(CANDIDATES_MAX)
        .map(|it| {
            let tie = is_tie(it.score);
            (it, tie)
        })
        .collect()
}
