//! Which instalments an amount pays when it names none: the oldest due first.
//!
//! Owns the order and the cutting of the amount. Does not own how a part is counted ([`crate::debt`]).
//! Invariant: no instalment gets more than it owes, and the parts and the rest add up to the amount.

use chrono::NaiveDate;

use crate::ids::InvoiceId;
use crate::invoice::Invoice;
use crate::money::Money;

/// A part of an amount, for one instalment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    pub invoice: InvoiceId,
    pub instalment: u16,
    pub amount: Money,
}

/// Cuts `amount` over what the invoices owe on `on`: the earliest due date first, then the older
/// invoice, then the lower instalment. At most `shares_max` parts; answers with the rest.
pub fn oldest_first(
    invoices: &[Invoice],
    amount: Money,
    on: NaiveDate,
    shares_max: usize,
) -> (Vec<Share>, Money) {
    let mut owing: Vec<_> = invoices
        .iter()
        .filter(|invoice| invoice.is_active())
        .flat_map(|invoice| invoice.instalments.iter().map(move |it| (invoice, it)))
        .filter(|(_, instalment)| !instalment.is_settled())
        .collect();
    owing.sort_by_key(|(invoice, it)| (it.terms.due_date, invoice.id.clone(), it.number));
    let mut left = amount;
    let mut shares = Vec::new();
    for (invoice, instalment) in owing {
        if left.is_zero() || shares.len() == shares_max {
            break;
        }
        let amount = left.min(invoice.outstanding_of(instalment, on));
        if !amount.is_positive() {
            continue;
        }
        left -= amount;
        let (invoice, instalment) = (invoice.id.clone(), instalment.number);
        shares.push(Share { invoice, instalment, amount });
    }
    (shares, left)
}

#[cfg(test)]
mod tests;
