//! Shows one payment, with whether somebody else than the customer paid.

use std::collections::BTreeSet;

use quita_core::ids::{InvoiceId, MerchantId, PaymentId};
use quita_core::invoice::Invoice;
use quita_table::store::ItemRef;

use crate::deps::Deps;
use crate::error::Unknown;
use crate::other_payer;
use crate::payment_view::PaymentView;

/// `None` where there is no such payment.
pub async fn show_payment(
    deps: &Deps,
    merchant: &MerchantId,
    id: &PaymentId,
) -> Result<Option<PaymentView>, Unknown> {
    let mut found = deps.store.read(merchant, &[ItemRef::Payment(id.clone())]).await?;
    let Some(payment) = found.take_payment(id) else { return Ok(None) };
    let view = PaymentView::of(&payment);
    let named = payment.payer.as_ref().is_some_and(|payer| payer.document.is_some());
    if !named || payment.allocations.is_empty() {
        return Ok(Some(view));
    }
    let ids: BTreeSet<&InvoiceId> = payment.allocations.iter().map(|it| &it.invoice).collect();
    let refs: Vec<ItemRef> = ids.iter().copied().cloned().map(ItemRef::Invoice).collect();
    let mut found = deps.store.read(merchant, &refs).await?;
    let invoices: Vec<Invoice> = ids.iter().filter_map(|id| found.take_invoice(id)).collect();
    Ok(Some(view.with_payer_differing(other_payer::differs(&payment, invoices.iter()))))
}
