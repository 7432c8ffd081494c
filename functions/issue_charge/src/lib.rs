//! `invoice.opened`, `charge.reissued`, `invoice.cancel_requested`, `charge.due` (EventBridge) ->
//! the bank in line with the invoice.
//!
//! Delivery is at-least-once and unordered. What to do is read from the invoice, and the `txid` is
//! derived from it, so a repeat asks the bank for the charge it already holds.

use quita_app::bus::{BusEvent, InvoiceRef};
use quita_app::issue_charge::issue_charge;
use quita_app::{Deps, Unknown};

/// `Ok` is final, even when the bank said no. `Err` means "outcome unknown": the event comes again
/// and, after the last attempt, lands in the dead-letter queue; the sweep finds the charge as well.
pub async fn handle(deps: &Deps, event: BusEvent) -> Result<(), Unknown> {
    let InvoiceRef { merchant_id, invoice_id } = serde_json::from_value(event.detail)
        .map_err(|error| Unknown::new("reading the event", error))?;
    let outcome = issue_charge(deps, &merchant_id, &invoice_id).await?;
    tracing::info!(
        invoice.id = %invoice_id,
        charges.issued = outcome.issued,
        charges.removed = outcome.removed,
        charges.delayed = outcome.delayed,
        charges.rejected = outcome.rejected,
        "Brought the bank in line with invoice `{invoice_id}`"
    );
    Ok(())
}
