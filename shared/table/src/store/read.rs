//! Reading items by identity, strongly consistent, in one request.

use std::collections::{BTreeSet, HashMap};

use quita_core::ids::MerchantId;

use super::{Found, ItemRef, Store, StoreError};
use crate::dynamo::{
    BATCH_GET_KEYS_MAX, BatchGetItemRequest, DynamoError, GetItemRequest, Item,
    ReturnConsumedCapacity,
};
use crate::items::decode;
use crate::keys::PrimaryKey;

/// Most items of one read.
pub const READ_ITEMS_MAX: usize = BATCH_GET_KEYS_MAX;
/// Requests a batch may take when DynamoDB leaves keys unprocessed. The rounds follow at once: keys
/// are left over mostly for size (16 MB an answer), and throttling is waited out by the transport.
pub const BATCH_ATTEMPTS_MAX: usize = 4;

impl Store {
    /// Reads items of one merchant: `GetItem` for one, otherwise one `BatchGetItem`. Both are
    /// strongly consistent for each item; a batch is not a snapshot across items, so a decision on
    /// two of them is guarded by the conditions of its commit.
    ///
    /// # Errors
    /// [`StoreError::TooManyItems`] above [`READ_ITEMS_MAX`], [`StoreError::Unavailable`] when some
    /// item was still unread after [`BATCH_ATTEMPTS_MAX`] rounds: an item is never taken for absent
    /// because it was not read.
    pub async fn read(&self, merchant: &MerchantId, refs: &[ItemRef]) -> Result<Found, StoreError> {
        let keys: BTreeSet<PrimaryKey> = refs.iter().map(|item| item.key(merchant)).collect();
        let items = self.read_keys(&keys).await?;
        let mut found = HashMap::with_capacity(items.len());
        for item in items {
            let (key, stored) = decode(merchant, item)?;
            found.insert(key, stored);
        }
        Ok(Found::new(merchant, found))
    }

    /// Reads items by key, in no particular order; what is not there is left out.
    pub(super) async fn read_keys(
        &self,
        keys: &BTreeSet<PrimaryKey>,
    ) -> Result<Vec<Item>, StoreError> {
        if keys.len() > READ_ITEMS_MAX {
            return Err(StoreError::TooManyItems { asked: keys.len() });
        }
        let mut keys: Vec<Item> = keys.iter().map(PrimaryKey::to_item).collect();
        if keys.len() <= 1 {
            return match keys.pop() {
                None => Ok(Vec::new()),
                Some(key) => self.get(key).await,
            };
        }
        let mut items = Vec::with_capacity(keys.len());
        for _ in 0..BATCH_ATTEMPTS_MAX {
            let request = BatchGetItemRequest::new(&self.table, keys);
            let output = self.dynamo.batch_get_item(request).await?;
            items.extend(output.items);
            keys = output.unprocessed;
            if keys.is_empty() {
                return Ok(items);
            }
        }
        Err(StoreError::Unavailable(DynamoError::Throttled))
    }

    async fn get(&self, key: Item) -> Result<Vec<Item>, StoreError> {
        let request = GetItemRequest {
            table_name: self.table.clone(),
            key,
            consistent_read: true,
            return_consumed_capacity: ReturnConsumedCapacity::Total,
        };
        let output = self.dynamo.get_item(request).await?;
        Ok(output.item.into_iter().collect())
    }
}
