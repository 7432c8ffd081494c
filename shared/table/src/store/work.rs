//! What falls due, shard by shard: the one query a sweep is made of.

use chrono::{DateTime, Utc};
use quita_core::ids::{InvoiceId, MerchantId};
use quita_core::work::WorkKind;

use super::lists::Range;
use super::{Store, StoreError};
use crate::cursor::Cursor;
use crate::keys::{self, Place, WORK_SHARDS, WorkKey, WorkSubject};
use crate::schema;

/// Most entries of one page of work.
pub const WORK_PAGE_MAX: usize = 100;

/// The ULID after which there is none.
const ULID_LAST: &str = "7ZZZZZZZZZZZZZZZZZZZZZZZZZ";

/// Something that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkEntry {
    pub merchant: MerchantId,
    pub subject: WorkSubject,
    /// To the second, rounded up.
    pub due_at: DateTime<Utc>,
    /// What it was when it was written; whoever works on it decides anew from facts.
    pub kind: WorkKind,
}

impl WorkEntry {
    /// The place after it in its shard.
    pub fn cursor(&self) -> Cursor {
        self.cursor_at(self.subject.clone())
    }

    /// The place after every invoice of its merchant that is due at the same second for the same
    /// reason, so that one merchant's many do not stand before the others'; `None` where it is no
    /// invoice.
    pub fn past_merchant(&self) -> Option<Cursor> {
        let WorkSubject::Invoice(_) = self.subject else { return None };
        let last = InvoiceId::from_ulid(ULID_LAST).ok()?;
        Some(self.cursor_at(WorkSubject::Invoice(last)))
    }

    fn cursor_at(&self, subject: WorkSubject) -> Cursor {
        let (due_at, kind, merchant) = (self.due_at, self.kind, self.merchant.clone());
        Cursor::after(&WorkKey { due_at, kind, merchant, subject }.index_key().sk)
    }
}

/// A page of what is due, soonest first.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkPage {
    pub entries: Vec<WorkEntry>,
    /// Entries that could not be read, such as a kind only a newer release knows. They are skipped:
    /// one of them must not keep the rest of the shard waiting.
    pub unreadable: usize,
    pub next: Option<Cursor>,
}

impl Store {
    /// What is due in one shard of [`WORK_SHARDS`] at `now`: exactly one query on `work`.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a shard that does not exist.
    pub async fn due_work(
        &self,
        shard: u8,
        now: DateTime<Utc>,
        limit: usize,
        cursor: Option<&Cursor>,
    ) -> Result<WorkPage, StoreError> {
        if shard >= WORK_SHARDS {
            return Err(StoreError::Refused(format!("there is no work shard {shard}")));
        }
        let from = match cursor {
            None => keys::WORK_FROM.to_owned(),
            Some(cursor) => keys::just_above(cursor.sort_key(Place::Work)?),
        };
        let range = Range { from, to: keys::work_until(now) };
        if range.from > range.to {
            return Ok(WorkPage { entries: Vec::new(), unreadable: 0, next: None });
        }
        let limit = limit.clamp(1, WORK_PAGE_MAX);
        let pk = keys::work_pk(shard);
        let output = self.query_range(Some(&schema::WORK), &pk, &range, limit + 1).await?;
        let more = output.items.len() > limit || output.last_evaluated_key.is_some();
        let mut page = WorkPage { entries: Vec::new(), unreadable: 0, next: None };
        for item in output.items.iter().take(limit) {
            let sk = keys::text(item, schema::WORK.sk).unwrap_or_default();
            page.next = more.then(|| Cursor::after(sk));
            match WorkKey::parse(sk) {
                Some(WorkKey { due_at, kind, merchant, subject }) => {
                    page.entries.push(WorkEntry { merchant, subject, due_at, kind });
                }
                None => {
                    tracing::error!(work.sk = sk, "Entry of the work index is not understood");
                    page.unreadable += 1;
                }
            }
        }
        Ok(page)
    }
}
