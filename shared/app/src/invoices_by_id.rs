//! Invoices that are known by name, read as many at a time as one request holds.

use std::collections::{BTreeMap, BTreeSet};

use quita_core::ids::{InvoiceId, MerchantId};
use quita_core::invoice::Invoice;
use quita_table::store::{ItemRef, READ_ITEMS_MAX};

use crate::deps::Deps;
use crate::error::Unknown;

/// Those of `ids` that are there.
pub(crate) async fn invoices_by_id(
    deps: &Deps,
    merchant: &MerchantId,
    ids: &BTreeSet<&InvoiceId>,
) -> Result<BTreeMap<InvoiceId, Invoice>, Unknown> {
    let ids: Vec<&InvoiceId> = ids.iter().copied().collect();
    let mut invoices = BTreeMap::new();
    for ids in ids.chunks(READ_ITEMS_MAX) {
        let refs: Vec<ItemRef> = ids.iter().copied().cloned().map(ItemRef::Invoice).collect();
        let mut found = deps.store.read(merchant, &refs).await?;
        let read = ids.iter().filter_map(|id| found.take_invoice(id));
        invoices.extend(read.map(|invoice| (invoice.id.clone(), invoice)));
    }
    Ok(invoices)
}
