//! The way a line is taken in, by the strongest key it has.
//!
//! ```text
//!   endToEndId ── known, same amount ──> it is settled (paid and settled are kept apart)
//!              ├─ known, other amount ─> a person looks
//!              └─ not known ───────────> the bank is asked, else the statement is believed
//!   txid of ours ── a Pix of that charge not settled yet ──> it is settled
//!                └─ none ──> the bank is asked, else the charge is credited
//!   nosso número of ours ──> the instalment is credited
//!   nothing of these ──────> a payment that waits for a person
//! ```

use chrono::NaiveDate;

use crate::bank_import::{BoletoRef, Outcome};
use crate::ids::{EndToEndId, PaymentId, Txid};
use crate::invoice::Invoice;
use crate::money::Money;
use crate::payment::{Method, Payment};

/// What a line says, whatever its format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub moved: Moved,
    /// The day the bank booked it.
    pub booked_on: NaiveDate,
    pub end_to_end_id: Option<EndToEndId>,
    pub txid: Option<Txid>,
    /// *Nosso número*, as [`crate::bank_import::our_number`] spells it.
    pub our_number: Option<String>,
}

/// What moved. Amounts are positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    Came(Money),
    /// A collection title was paid.
    Title(Money),
    Went(Money),
    /// The bank's own charge.
    Charged(Money),
    Nothing,
}

/// What is known of what the line names.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// The payment under the line's endToEndId, or else under its fingerprint.
    pub payment: Option<&'a Payment>,
    pub boleto: Option<&'a BoletoRef>,
}

/// How a line is taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// It is recorded, and nothing else happens.
    Note(Outcome),
    Fee(Money),
    /// The known payment is on the account.
    Settle,
    /// The known payment has another amount.
    Differs,
    /// A Pix that is not recorded as received yet.
    Pix(EndToEndId, Money),
    /// A Pix for a charge, or a customer's own code, of ours.
    OfTxid(Txid, Money),
    /// A boleto for a debt of ours.
    Boleto(BoletoRef, Money),
    /// Nobody knows whose money it is.
    Unidentified(Method, Money),
}

/// Decides how a line is taken in.
pub fn way(line: &Line, known: Known<'_>) -> Way {
    let (amount, is_title) = match line.moved {
        Moved::Nothing => return Way::Note(Outcome::Notice),
        Moved::Went(_) => return Way::Note(Outcome::Debit),
        Moved::Charged(amount) if amount.is_positive() => return Way::Fee(amount),
        Moved::Came(amount) if amount.is_positive() => (amount, false),
        Moved::Title(amount) if amount.is_positive() => (amount, true),
        // Money is not there.
        Moved::Charged(_) | Moved::Came(_) | Moved::Title(_) => return Way::Note(Outcome::Notice),
    };
    if let Some(id) = &line.end_to_end_id {
        return match known.payment {
            Some(payment) if payment.state.is_received() => of_received(payment, amount),
            Some(_) | None => Way::Pix(id.clone(), amount),
        };
    }
    if known.payment.is_some() {
        return Way::Note(Outcome::AlreadyKnown);
    }
    let own = |txid: &&Txid| txid.charge_ref().is_some() || txid.customer_ref().is_some();
    if let Some(txid) = line.txid.as_ref().filter(own) {
        return Way::OfTxid(txid.clone(), amount);
    }
    match known.boleto {
        Some(boleto) => Way::Boleto(boleto.clone(), amount),
        None if is_title => Way::Unidentified(Method::Boleto, amount),
        None => Way::Unidentified(Method::Transfer, amount),
    }
}

/// A line about a payment that was received: it is on the account, it was there before, or the
/// statement says another amount.
fn of_received(payment: &Payment, amount: Money) -> Way {
    if payment.amount != amount {
        Way::Differs
    } else if payment.settled_on.is_some() {
        Way::Note(Outcome::AlreadyKnown)
    } else {
        Way::Settle
    }
}

/// Payments of which the invoice knows that they named this charge.
pub fn told_of_charge(invoice: &Invoice, instalment: u16, revision: u16) -> Vec<PaymentId> {
    let Some(instalment) = invoice.instalment(instalment) else { return Vec::new() };
    let credited = instalment.payments.iter();
    let credited = credited.filter(|it| it.revision == Some(revision)).map(|it| &it.payment);
    let doubted = instalment.doubts.iter();
    let doubted = doubted.filter(|it| it.revision == revision).map(|it| &it.payment);
    let mut ids: Vec<PaymentId> = credited.chain(doubted).cloned().collect();
    ids.sort();
    ids.dedup();
    ids
}

/// Which of the payments that named one txid a line without an endToEndId tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// This one, which no statement has shown yet.
    Settles(PaymentId),
    /// One that a statement has shown before, on this very day.
    Shown(PaymentId),
    None,
}

/// Finds the payment of `amount` that was booked on `on`; the one that was paid first.
pub fn fit(payments: &[Payment], amount: Money, on: NaiveDate) -> Fit {
    let same = |it: &&Payment| it.state.is_received() && it.amount == amount;
    let open = payments.iter().filter(same).filter(|it| it.settled_on.is_none());
    if let Some(first) = open.min_by_key(|it| (it.paid_at, it.id.clone())) {
        return Fit::Settles(first.id.clone());
    }
    let mut shown = payments.iter().filter(same).filter(|it| it.settled_on == Some(on));
    shown.next().map_or(Fit::None, |it| Fit::Shown(it.id.clone()))
}
