//! The books: every event about money as a double entry.
//!
//! Owns the accounts and what each event books. Does not own storage: the postings of an event are
//! kept on its row, so the journal is the events seen from the side of the books.
//! Invariants: the postings of one event add up to zero; the balance of each account equals what the
//! aggregates hold (receivables of invoices, money without a place, customers' accounts, money on its
//! way back).
//!
//! Late fee and interest are income when they are paid, or when they are carried onto a next invoice;
//! the price is income when the invoice is opened.
//!
//! ```text
//!   invoice opened       receivables         <- revenue (fines, interest: carried ones)
//!   payment received     clearing        <- unidentified, or at once what it is credited to
//!   credited             unidentified        <- receivables, fines, interest
//!                        discounts, rebates, write_offs <- receivables: what money did not close
//!   onto the account     unidentified        <- unapplied
//!   refund asked         unidentified        <- refunds
//!   refund returned      refunds             <- clearing
//!   on the statement     bank                <- clearing
//! ```

use serde::{Deserialize, Serialize};

use crate::debt::Split;
use crate::invoice::{self, Adjustment, Source};
use crate::money::Money;
use crate::payment;

/// An account of the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// Principal that customers owe.
    Receivables,
    /// Pix and other money received that no bank statement has shown yet.
    Clearing,
    /// Money a bank statement has shown.
    Bank,
    /// Money received that has no place yet.
    Unidentified,
    /// Money that lies on customers' accounts.
    Unapplied,
    /// Money on its way back to payers.
    Refunds,
    /// Sales.
    Revenue,
    /// Late fees.
    Fines,
    /// Interest for late payment.
    Interest,
    /// Given for paying early.
    Discounts,
    Rebates,
    CreditNotes,
    WriteOffs,
    /// What banks charge.
    Fees,
}

impl Account {
    pub const ALL: [Self; 14] = [
        Self::Receivables,
        Self::Clearing,
        Self::Bank,
        Self::Unidentified,
        Self::Unapplied,
        Self::Refunds,
        Self::Revenue,
        Self::Fines,
        Self::Interest,
        Self::Discounts,
        Self::Rebates,
        Self::CreditNotes,
        Self::WriteOffs,
        Self::Fees,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Receivables => "receivables",
            Self::Clearing => "clearing",
            Self::Bank => "bank",
            Self::Unidentified => "unidentified",
            Self::Unapplied => "unapplied",
            Self::Refunds => "refunds",
            Self::Revenue => "revenue",
            Self::Fines => "fines",
            Self::Interest => "interest",
            Self::Discounts => "discounts",
            Self::Rebates => "rebates",
            Self::CreditNotes => "credit_notes",
            Self::WriteOffs => "write_offs",
            Self::Fees => "fees",
        }
    }
}

/// One side of an entry: a debit when positive, a credit when negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    pub account: Account,
    pub amount: Money,
}

/// Builds an entry that is balanced or does not exist.
#[derive(Default)]
struct Entry(Vec<Posting>);

impl Entry {
    fn debit(mut self, account: Account, amount: Money) -> Self {
        if !amount.is_zero() {
            self.0.push(Posting { account, amount });
        }
        self
    }

    fn credit(self, account: Account, amount: Money) -> Self {
        self.debit(account, -amount)
    }

    /// From one account to another.
    fn moved(from: Account, to: Account, amount: Money) -> Vec<Posting> {
        Self::default().debit(to, amount).credit(from, amount).0
    }
}

/// What an event of an invoice books; nothing for most.
pub fn of_invoice(event: &invoice::Event) -> Vec<Posting> {
    use invoice::Event;
    match event {
        Event::Opened { amount, carried_in, .. } => {
            Entry::default()
                .debit(Account::Receivables, *amount)
                .credit(Account::Revenue, *amount - carried_in.total())
                .credit(Account::Fines, carried_in.fine)
                .credit(Account::Interest, carried_in.interest)
                .0
        }
        Event::PaymentMatched { source, split, .. } => {
            let from = match source {
                Source::Receipt => Account::Clearing,
                Source::Unidentified => Account::Unidentified,
            };
            credited(Entry::default().debit(from, split.received()), split)
        }
        Event::PaymentReleased { back, .. } => {
            let booked =
                credited(Entry::default().debit(Account::Unidentified, back.received()), back);
            booked.into_iter().map(|it| Posting { amount: -it.amount, ..it }).collect()
        }
        Event::Adjusted { kind, amount, rebate, .. } => {
            let (account, amount) = match kind {
                Adjustment::Rebate => (Account::Rebates, *amount),
                Adjustment::CreditNote => (Account::CreditNotes, *amount),
                Adjustment::WriteOff => (Account::WriteOffs, *amount),
                Adjustment::Reinstatement => (Account::WriteOffs, -*amount),
            };
            Entry::default()
                .debit(account, amount)
                .debit(Account::Rebates, *rebate)
                .credit(Account::Receivables, amount + *rebate)
                .0
        }
        Event::Canceled { principal } => {
            Entry::moved(Account::Receivables, Account::Revenue, *principal)
        }
        Event::ChargeIssued { .. }
        | Event::ChargeDelayed { .. }
        | Event::ChargeRejected { .. }
        | Event::ChargeReissued { .. }
        | Event::ChargeRemoved { .. }
        | Event::RemovalDelayed { .. }
        | Event::StepDone { .. }
        | Event::AccountFlagged { .. }
        | Event::AccountCleared { .. }
        | Event::ChaseEnded { .. }
        | Event::PaymentInDoubt { .. }
        | Event::DoubtSettled { .. }
        | Event::Paid { .. }
        | Event::ReceiptSent { .. }
        | Event::DueDateExtended { .. }
        | Event::BoletoNamed { .. }
        | Event::LinksRevoked { .. }
        | Event::Handled(_)
        | Event::RuleMoved { .. }
        | Event::PartyErased
        | Event::CancelRequested { .. }
        | Event::CancelRefused { .. } => Vec::new(),
    }
}

fn credited(entry: Entry, split: &Split) -> Vec<Posting> {
    entry
        .debit(Account::Discounts, split.discount)
        .debit(Account::Rebates, split.rebate)
        .debit(Account::WriteOffs, split.forgiven)
        .credit(Account::Receivables, split.off_principal())
        .credit(Account::Fines, split.fine)
        .credit(Account::Interest, split.interest)
        .0
}

/// What an event of a payment books; nothing for many. `payment` is as it was before the event, or
/// after it: that makes no difference.
pub fn of_payment(event: &payment::Event, payment: &payment::Payment) -> Vec<Posting> {
    use payment::Event;
    let refund = |id: &str| payment.refund(id).map_or(Money::ZERO, |refund| refund.amount);
    let booked = if payment.settled_on.is_some() { Account::Bank } else { Account::Clearing };
    match event {
        Event::Received => Entry::moved(Account::Unidentified, Account::Clearing, payment.amount),
        Event::PutOnAccount { amount, .. } => {
            Entry::moved(Account::Unapplied, Account::Unidentified, *amount)
        }
        Event::TakenFromAccount { amount, .. } => {
            Entry::moved(Account::Unidentified, Account::Unapplied, *amount)
        }
        Event::RefundAsked { amount, .. } => {
            Entry::moved(Account::Refunds, Account::Unidentified, *amount)
        }
        Event::RefundReturned { id } => Entry::moved(booked, Account::Refunds, refund(id)),
        Event::RefundFailed { id, .. } => {
            Entry::moved(Account::Unidentified, Account::Refunds, refund(id))
        }
        Event::TakenBack { amount, .. } => Entry::moved(booked, Account::Unidentified, *amount),
        Event::Settled { .. } => {
            let there = payment.amount - payment.returned();
            Entry::moved(Account::Clearing, Account::Bank, there)
        }
        Event::Reported { .. }
        | Event::NotConfirmed
        | Event::ReceivedInFull { .. }
        | Event::Parked { .. }
        | Event::Allocated { .. }
        | Event::Released { .. }
        | Event::Assigned { .. }
        | Event::Dismissed { .. }
        | Event::Resolved
        | Event::RefundDelayed { .. }
        | Event::RefundTaken { .. }
        | Event::PayerErased => Vec::new(),
    }
}

/// What a bank charged for itself.
pub fn of_fee(amount: Money) -> Vec<Posting> {
    Entry::moved(Account::Bank, Account::Fees, amount)
}

#[cfg(test)]
mod tests;
