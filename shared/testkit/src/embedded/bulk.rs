//! Writing a large table quickly, before anything looks at it.

use std::sync::Arc;

use async_trait::async_trait;
use dynoxide::{Database, ImportOptions, types};
use quita_table::dynamo::{
    BatchGetItemOutput, BatchGetItemRequest, Capacity, Dynamo, DynamoError, GetItemOutput,
    GetItemRequest, Item, PutItemOutput, PutItemRequest, QueryOutput, QueryRequest,
    TransactWriteItem, TransactWriteItemsOutput, TransactWriteItemsRequest, Units,
};
use quita_table::schema::LOCAL_TABLE;

use super::{Embedded, EmbeddedError, Failure, engine_error};

/// The table, written without asking what is there and without a word in its stream. What a crash
/// leaves of it is lost. Ends with [`Bulk::finish`].
pub struct Bulk(Embedded);

impl Embedded {
    /// For laying out what a test or a benchmark begins with.
    pub fn bulk(&self) -> Result<Arc<Bulk>, EmbeddedError> {
        self.engine.enable_bulk_loading().map_err(engine_error)?;
        Ok(Arc::new(Bulk(self.clone())))
    }
}

impl Bulk {
    /// From here on the table keeps what it is told as before.
    pub fn finish(&self) -> Result<(), EmbeddedError> {
        self.0.engine.disable_bulk_loading().map_err(engine_error)
    }
}

#[async_trait]
impl Dynamo for Bulk {
    async fn get_item(&self, request: GetItemRequest) -> Result<GetItemOutput, DynamoError> {
        self.0.get_item(request).await
    }

    async fn batch_get_item(
        &self,
        request: BatchGetItemRequest,
    ) -> Result<BatchGetItemOutput, DynamoError> {
        self.0.batch_get_item(request).await
    }

    async fn put_item(&self, request: PutItemRequest) -> Result<PutItemOutput, DynamoError> {
        import(&self.0.engine, vec![request.item])?;
        Ok(PutItemOutput { capacity: Capacity::write(Units::ZERO) })
    }

    /// # Errors
    /// [`DynamoError::Invalid`] when something is to be deleted: a new table has nothing to delete.
    async fn transact_write_items(
        &self,
        request: TransactWriteItemsRequest,
    ) -> Result<TransactWriteItemsOutput, DynamoError> {
        let items = request.transact_items.into_iter().map(|action| match action {
            TransactWriteItem::Put(put) => Ok(put.item),
            TransactWriteItem::Delete(_) => {
                Err(DynamoError::Invalid("a bulk load deletes nothing".to_owned()))
            }
        });
        import(&self.0.engine, items.collect::<Result<_, _>>()?)?;
        Ok(TransactWriteItemsOutput { capacity: Capacity::write(Units::ZERO) })
    }

    async fn query(&self, request: QueryRequest) -> Result<QueryOutput, DynamoError> {
        self.0.query(request).await
    }
}

fn import(engine: &Database, items: Vec<Item>) -> Result<(), Failure> {
    let malformed = |why: serde_json::Error| Failure::Malformed(why.to_string());
    let items = serde_json::to_value(items).map_err(malformed)?;
    let items: Vec<types::Item> = serde_json::from_value(items).map_err(malformed)?;
    let imported = engine.import_items(LOCAL_TABLE, items, ImportOptions::default());
    imported.map(drop).map_err(Failure::Engine)
}
