//! A decorator that counts what a use case asks of the table.
//!
//! Owns the count. Invariant: a request is counted when it is made, answered or not; capacity is
//! what DynamoDB reported, so a failed request adds none (AWS bills a failed condition, but does not
//! say how much).

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use quita_table::dynamo::{
    BatchGetItemOutput, BatchGetItemRequest, Capacity, Dynamo, DynamoError, GetItemOutput,
    GetItemRequest, PutItemOutput, PutItemRequest, QueryOutput, QueryRequest,
    TransactWriteItemsOutput, TransactWriteItemsRequest,
};

/// Requests by kind, and what they cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// `GetItem` and `BatchGetItem`.
    pub reads: u64,
    /// Keys asked for by them.
    pub keys_read: u64,
    pub puts: u64,
    pub transactions: u64,
    /// Items of the transactions.
    pub items_written: u64,
    pub queries: u64,
    /// As reported. DynamoDB counts each write of a transaction twice.
    pub capacity: Capacity,
}

impl Usage {
    /// All requests.
    pub fn requests(&self) -> u64 {
        self.reads + self.puts + self.transactions + self.queries
    }
}

/// Compact, for snapshots: `1 get(3 keys) 1 transaction(4 items) | 1.5 RCU 12 WCU`.
impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.reads > 0 {
            write!(f, "{} read({} keys) ", self.reads, self.keys_read)?;
        }
        if self.queries > 0 {
            write!(f, "{} query ", self.queries)?;
        }
        if self.puts > 0 {
            write!(f, "{} put ", self.puts)?;
        }
        if self.transactions > 0 {
            write!(f, "{} transaction({} items) ", self.transactions, self.items_written)?;
        }
        let Capacity { read_units, write_units } = self.capacity;
        write!(f, "| {read_units} RCU {write_units} WCU")
    }
}

/// Counts the calls of the transport beneath. Clones share the count.
#[derive(Clone)]
pub struct Metered<D> {
    inner: D,
    usage: Arc<Mutex<Usage>>,
}

impl<D> Metered<D> {
    pub fn new(inner: D) -> Self {
        Self { inner, usage: Arc::default() }
    }

    /// What was used since the last `take`; the count starts again.
    pub fn take(&self) -> Usage {
        std::mem::take(&mut *self.lock())
    }

    /// What was used since the last `take`.
    pub fn usage(&self) -> Usage {
        *self.lock()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Usage> {
        // A count is whole at any moment, so a panic elsewhere does not spoil it.
        self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, add: impl FnOnce(&mut Usage)) {
        add(&mut self.lock());
    }

    fn cost(&self, capacity: Capacity) {
        self.lock().capacity += capacity;
    }
}

#[async_trait]
impl<D: Dynamo> Dynamo for Metered<D> {
    async fn get_item(&self, request: GetItemRequest) -> Result<GetItemOutput, DynamoError> {
        self.count(|usage| {
            usage.reads += 1;
            usage.keys_read += 1;
        });
        let output = self.inner.get_item(request).await?;
        self.cost(output.capacity);
        Ok(output)
    }

    async fn batch_get_item(
        &self,
        request: BatchGetItemRequest,
    ) -> Result<BatchGetItemOutput, DynamoError> {
        let keys = request.keys_len() as u64;
        self.count(|usage| {
            usage.reads += 1;
            usage.keys_read += keys;
        });
        let output = self.inner.batch_get_item(request).await?;
        self.cost(output.capacity);
        Ok(output)
    }

    async fn put_item(&self, request: PutItemRequest) -> Result<PutItemOutput, DynamoError> {
        self.count(|usage| usage.puts += 1);
        let output = self.inner.put_item(request).await?;
        self.cost(output.capacity);
        Ok(output)
    }

    async fn transact_write_items(
        &self,
        request: TransactWriteItemsRequest,
    ) -> Result<TransactWriteItemsOutput, DynamoError> {
        let items = request.transact_items.len() as u64;
        self.count(|usage| {
            usage.transactions += 1;
            usage.items_written += items;
        });
        let output = self.inner.transact_write_items(request).await?;
        self.cost(output.capacity);
        Ok(output)
    }

    async fn query(&self, request: QueryRequest) -> Result<QueryOutput, DynamoError> {
        self.count(|usage| usage.queries += 1);
        let output = self.inner.query(request).await?;
        self.cost(output.capacity);
        Ok(output)
    }
}

#[cfg(test)]
mod tests;
