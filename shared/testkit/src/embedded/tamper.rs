//! The door of somebody who has the table itself: writes without a condition.
//!
//! For tests of what finds such a change; nothing of the product can do this.

use quita_table::Item;
use quita_table::keys::PrimaryKey;
use quita_table::schema::LOCAL_TABLE;
use serde_json::json;

use super::{Embedded, EmbeddedError, call};

impl Embedded {
    /// Puts an item in the place of whatever is there.
    pub fn overwrite(&self, item: &Item) -> Result<(), EmbeddedError> {
        let put = json!({ "TableName": LOCAL_TABLE, "Item": item });
        call(put, |request| self.engine.put_item(request))?;
        Ok(())
    }

    /// Takes an item away.
    pub fn remove(&self, key: &PrimaryKey) -> Result<(), EmbeddedError> {
        let delete = json!({ "TableName": LOCAL_TABLE, "Key": key.to_item() });
        call(delete, |request| self.engine.delete_item(request))?;
        Ok(())
    }
}
