//! The message ledger of an invoice, whole, and the texts that were sent.

use quita_core::ids::{InvoiceId, MerchantId};
use quita_core::message::{Message, SentText};

use super::lists::Range;
use super::{Store, StoreError};
use crate::items::{ItemError, Stored, decode};
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
        let rows = self.rows_of(merchant, keys::messages(merchant, invoice)).await?;
        let message = |(sk, stored)| match stored {
            Stored::Message(message) => Ok(*message),
            _ => Err(ItemError::Misplaced { key: sk }.into()),
        };
        rows.into_iter().map(message).collect()
    }

    /// Every text that was sent about an invoice, by message and attempt, strongly consistent.
    ///
    /// # Errors
    /// As [`Store::messages`].
    pub async fn sent_texts(
        &self,
        merchant: &MerchantId,
        invoice: &InvoiceId,
    ) -> Result<Vec<SentText>, StoreError> {
        let rows = self.rows_of(merchant, keys::sent_texts(merchant, invoice)).await?;
        let text = |(sk, stored)| match stored {
            Stored::Record(record) => Ok(record.decode(merchant)?),
            _ => Err(ItemError::Misplaced { key: sk }.into()),
        };
        rows.into_iter().map(text).collect()
    }

    /// Every item of a stretch of a partition, with its sort key.
    async fn rows_of(
        &self,
        merchant: &MerchantId,
        (pk, [from, to]): (String, [&'static str; 2]),
    ) -> Result<Vec<(String, Stored)>, StoreError> {
        let mut range = Range { from: from.to_owned(), to: to.to_owned() };
        let mut rows = Vec::new();
        loop {
            let output = self.query_range(None, &pk, &range, LEDGER_ROWS_MAX + 1).await?;
            for item in output.items {
                let (key, stored) = decode(merchant, item)?;
                range.from = keys::just_above(&key.sk);
                rows.push((key.sk, stored));
            }
            if rows.len() > LEDGER_ROWS_MAX {
                return Err(StoreError::TooManyItems { asked: rows.len() });
            }
            if output.last_evaluated_key.is_none() {
                return Ok(rows);
            }
        }
    }
}
