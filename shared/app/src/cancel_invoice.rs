//! Cancels an invoice. The chase stops at once; the charges are then removed at the bank by
//! `issue_charge`, and the invoice counts as canceled when the last one is gone.

use quita_core::ids::{InvoiceId, MerchantId};
use quita_core::invoice::{Command, Refusal};

use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{Answer, Request};
use crate::reissue_charge::{Refused, command};

pub async fn cancel_invoice(
    deps: &Deps,
    merchant: &MerchantId,
    invoice: &InvoiceId,
    reason: &str,
    request: &Request,
) -> Result<Result<Answer, Refused<Refusal>>, Unknown> {
    command(deps, merchant, invoice, Command::Cancel { reason: reason.to_owned() }, request).await
}
