//! Pays what a customer owes with one amount: the oldest due first, the rest onto the account.

use quita_core::allocation::oldest_first;
use quita_core::ids::{CustomerId, MerchantId};
use quita_core::invoice::Invoice;
use quita_core::payment::{Command, ParkReason};
use quita_table::Cursor;
use quita_table::store::PAGE_ITEMS_MAX;

use crate::deps::Deps;
use crate::error::Unknown;
use crate::movement::{INVOICES_MAX, Moved, Movement, Refusal};

/// Pages of a customer's invoices that are looked through for open ones.
const PAGES_MAX: usize = 20;

/// The customer's open invoices by due date, as many as one movement changes.
pub async fn owing(
    deps: &Deps,
    merchant: &MerchantId,
    customer: &CustomerId,
) -> Result<Vec<Invoice>, Unknown> {
    let mut open = Vec::new();
    let mut cursor: Option<Cursor> = None;
    for _ in 0..PAGES_MAX {
        let page = deps
            .store
            .invoices_of_customer(merchant, customer, PAGE_ITEMS_MAX, cursor.as_ref())
            .await?;
        open.extend(page.items.into_iter().filter(|it| it.is_active() && !it.is_settled()));
        cursor = page.next;
        if cursor.is_none() || open.len() >= INVOICES_MAX {
            break;
        }
    }
    open.truncate(INVOICES_MAX);
    Ok(open)
}

/// Allocates what is free of the payment, then what lies on the account, and puts the rest of what
/// is free onto the customer's account.
pub fn pay_oldest(
    movement: &mut Movement,
    invoices: Vec<Invoice>,
    customer: &CustomerId,
) -> Moved<()> {
    let amount = movement.payment().unidentified() + movement.payment().account_amount();
    let paid_at = movement.payment().paid_at;
    let Some(on) = invoices.first().map(|invoice| invoice.civil_date(paid_at)) else {
        return put_rest(movement, customer);
    };
    let (shares, _) = oldest_first(&invoices, amount, on, INVOICES_MAX);
    for invoice in invoices {
        if shares.iter().any(|share| share.invoice == invoice.id) {
            movement.add_invoice(Some(invoice));
        }
    }
    for share in shares {
        // What an invoice cannot take lies on the account: money is never refused.
        if movement.allocate(&share.invoice, share.instalment, share.amount).is_err() {
            break;
        }
    }
    put_rest(movement, customer)
}

/// Puts what is free of the payment onto the customer's account. An account that is full leaves it to
/// a person: money is never refused.
pub(crate) fn put_rest(movement: &mut Movement, customer: &CustomerId) -> Moved<()> {
    let amount = movement.payment().unidentified();
    if amount.is_zero() {
        return Ok(());
    }
    let command = Command::PutOnAccount { customer: customer.clone(), amount };
    match movement.ask(command, "it is more than was owed") {
        Err(Refusal::AccountFull) => {
            let full = Command::Park { reason: ParkReason::AccountFull };
            movement.ask(full, "the account is full")
        }
        moved => moved,
    }
}
