//! What an erasure leaves of messages: the rows of the ledger without names, and of each text its
//! digest.

use quita_core::ids::{InvoiceId, MerchantId};
use quita_table::{Commit, Expected};

use crate::deps::Deps;
use crate::error::Unknown;

/// Rows of the ledger, or texts, in one transaction.
const AT_ONCE: usize = 50;

/// The writes that take everything personal out of the messages about an invoice; none when that was
/// done.
pub(super) async fn forget_messages(
    deps: &Deps,
    merchant: &MerchantId,
    invoice: &InvoiceId,
) -> Result<Vec<Commit>, Unknown> {
    let now = deps.clock.now();
    let rows = deps.store.messages(merchant, invoice).await?;
    let rows = rows.iter().filter_map(|row| Some((row.version, row.without_recipients()?)));
    let texts = deps.store.sent_texts(merchant, invoice).await?;
    let texts = texts.iter().filter_map(|text| Some((text.version, text.erased(now)?)));
    let (rows, texts): (Vec<_>, Vec<_>) = (rows.collect(), texts.collect());
    let of_rows = rows.chunks(AT_ONCE).map(|rows| {
        rows.iter().fold(Commit::new(merchant), |commit, (before, row)| {
            commit.message(row, Expected::Version(*before))
        })
    });
    let of_texts = texts.chunks(AT_ONCE).map(|texts| {
        texts.iter().fold(Commit::new(merchant), |commit, (before, text)| {
            commit.record(text, Expected::Version(*before))
        })
    });
    Ok(of_rows.chain(of_texts).collect())
}
