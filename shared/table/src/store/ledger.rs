//! The message ledger of an invoice, whole.

use quita_core::ids::{InvoiceId, MerchantId};
use quita_core::message::Message;

use super::lists::Range;
use super::read::checked;
use super::{Store, StoreError};
use crate::items::{ItemError, Stored};
use crate::keys;

/// Most rows of one ledger that are read. An invoice has some ten steps and a few charges.
pub const LEDGER_ROWS_MAX: usize = 1_000;

impl Store {
    /// Every message about an invoice, by instalment and step, strongly consistent.
    ///
    /// # Errors
    /// [`StoreError::TooManyItems`] above [`LEDGER_ROWS_MAX`]: a part of a ledger is never taken for
    /// the whole.
    pub async fn messages(
        &self,
        merchant: &MerchantId,
        invoice: &InvoiceId,
    ) -> Result<Vec<Message>, StoreError> {
        let (pk, [from, to]) = keys::messages(merchant, invoice);
        let mut range = Range { from: from.to_owned(), to: to.to_owned() };
        let mut messages = Vec::new();
        loop {
            let output = self.query_range(None, &pk, &range, LEDGER_ROWS_MAX + 1).await?;
            for item in &output.items {
                let (key, stored) = checked(merchant, item)?;
                range.from = keys::just_above(&key.sk);
                match stored {
                    Stored::Message(message) => messages.push(*message),
                    _ => return Err(ItemError::Misplaced { key: key.sk }.into()),
                }
            }
            if messages.len() > LEDGER_ROWS_MAX {
                return Err(StoreError::TooManyItems { asked: messages.len() });
            }
            if output.last_evaluated_key.is_none() {
                return Ok(messages);
            }
        }
    }
}
