//! The bank's memory on disk: one SQLite table of JSON documents.
//!
//! Owns durability and nothing else. Invariant: a [`Store::write`] that returned is on disk (WAL,
//! `synchronous = FULL`) and survives a killed process.

use std::path::Path;

use rusqlite::{Connection, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::state::Change;

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS documents (
        kind TEXT NOT NULL,
        id   TEXT NOT NULL,
        seq  INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (kind, id)
    ) WITHOUT ROWID;
";

/// The disk refused, or what it gave back cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite failed.
    #[error("the bank's database failed")]
    Sqlite(#[from] rusqlite::Error),
    /// A stored document has another shape.
    #[error("a stored document cannot be read")]
    Document(#[from] serde_json::Error),
}

pub(crate) struct Store {
    connection: Connection,
}

impl Store {
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = Connection::open(path)?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self { connection })
    }

    /// Every stored document, in the order the bank first wrote its kind of record.
    pub fn load(&self) -> Result<Vec<Change>, StoreError> {
        let mut statement =
            self.connection.prepare("SELECT kind, body FROM documents ORDER BY seq, kind")?;
        let mut rows = statement.query([])?;
        let mut changes = Vec::new();
        while let Some(row) = rows.next()? {
            let (kind, body): (String, String) = (row.get(0)?, row.get(1)?);
            changes.push(match kind.as_str() {
                "charge" => Change::Charge(read(&body)?),
                "loc" => Change::Loc(read(&body)?),
                "pix" => Change::Pix(read(&body)?),
                "webhook" => Change::Webhook(read(&body)?),
                "callback" => Change::Callback(read(&body)?),
                _ => Change::Sequence(read(&body)?),
            });
        }
        Ok(changes)
    }

    /// Writes all of `changes`, or none.
    pub fn write(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        for change in changes {
            match change {
                Change::Charge(it) => put(&transaction, "charge", &it.txid, it.seq, it)?,
                Change::Loc(it) => {
                    let seq = u64::try_from(it.id).unwrap_or(0);
                    put(&transaction, "loc", &it.id.to_string(), seq, it)?;
                }
                Change::Pix(it) => put(&transaction, "pix", &it.e2eid, it.seq, it)?,
                Change::Webhook(it) => put(&transaction, "webhook", &it.chave, 0, it)?,
                Change::WebhookRemoved(chave) => delete(&transaction, "webhook", chave)?,
                Change::Callback(it) => {
                    put(&transaction, "callback", &it.id.to_string(), it.id, it)?;
                }
                Change::CallbackDone(id) => delete(&transaction, "callback", &id.to_string())?,
                Change::Sequence(last) => put(&transaction, "sequence", "last", 0, last)?,
            }
        }
        transaction.commit()?;
        Ok(())
    }
}

fn put(
    connection: &Connection,
    kind: &str,
    id: &str,
    seq: u64,
    document: &impl Serialize,
) -> Result<(), StoreError> {
    let body = serde_json::to_string(document)?;
    let seq = i64::try_from(seq).unwrap_or(i64::MAX);
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO documents (kind, id, seq, body) VALUES (?1,?2,?3,?4)",
        )?
        .execute(params![kind, id, seq, body])?;
    Ok(())
}

fn delete(connection: &Connection, kind: &str, id: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM documents WHERE kind = ?1 AND id = ?2")?
        .execute(params![kind, id])?;
    Ok(())
}

fn read<T: DeserializeOwned>(body: &str) -> Result<T, StoreError> {
    Ok(serde_json::from_str(body)?)
}
