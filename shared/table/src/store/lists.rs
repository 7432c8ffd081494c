//! Pages: lists of a merchant and histories.
//!
//! A list lives in several partitions of an index. Each is asked for a page after the cursor, the
//! answers are merged by sort key, and the first `limit` of them are read from the table:
//!
//! ```text
//!   shard 0  ──a────d──│          cursor = last key given out
//!   shard 1  ────b─────│──f       every shard is asked for sk > cursor, limit + 1 keys
//!   shard 2  ──────c───│────g     page = a b c d; the extra key says whether there is more
//! ```
//!
//! Indexes lag behind the table by some milliseconds, and an item may move while it is listed. What
//! a page shows is read from the table, strongly consistent; an item that has left the list by then
//! is dropped, so a page may be shorter than its limit. Only a missing `next` means the end.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDate, Utc};
use futures::future::try_join_all;
use quita_core::bank_import::BankImport;
use quita_core::customer::Customer;
use quita_core::ids::{CustomerId, MerchantId};
use quita_core::invoice::Invoice;
use quita_core::message::Message;
use quita_core::payment::Payment;
use serde_dynamo::AttributeValue;

use super::{Store, StoreError};
use crate::cursor::Cursor;
use crate::dynamo::{Item, QueryOutput, QueryRequest, ReturnConsumedCapacity};
use crate::items::{EventRow, ItemError, Stored, decode};
use crate::keys::{self, Aggregate, InvoiceState, Key, List, Place, PrimaryKey, STATE_SHARDS};
use crate::record::Record;
use crate::schema::{self, Index, SK};

/// Most items of one page; a larger limit gives pages of this size.
pub const PAGE_ITEMS_MAX: usize = 100;
/// A sort key below every other.
const FIRST: &str = "!";

/// A page of a list. `next` leads to what follows, `None` at the end.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<Cursor>,
}

/// A run of records in one partition: from one sort key to another, both included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub pk: String,
    pub from: String,
    pub to: String,
    /// What the sort keys are, for cursors.
    pub place: Place,
    pub newest_first: bool,
}

/// Sort keys to ask for in a partition, both ends included.
pub(super) struct Range {
    pub(super) from: String,
    pub(super) to: String,
}

impl Store {
    /// Invoices in any of `states`, by due date. All four states list all invoices.
    pub async fn invoices_by_status(
        &self,
        merchant: &MerchantId,
        states: &[InvoiceState],
        limit: usize,
        cursor: Option<&Cursor>,
    ) -> Result<Page<Invoice>, StoreError> {
        self.invoices_from(merchant, states, FIRST.to_owned(), limit, cursor).await
    }

    /// The same from a due date on. A cursor from before does not lead there.
    pub async fn invoices_due_from(
        &self,
        merchant: &MerchantId,
        states: &[InvoiceState],
        day: NaiveDate,
        limit: usize,
        cursor: Option<&Cursor>,
    ) -> Result<Page<Invoice>, StoreError> {
        self.invoices_from(merchant, states, keys::due_from(day), limit, cursor).await
    }

    async fn invoices_from(
        &self,
        merchant: &MerchantId,
        states: &[InvoiceState],
        mut from: String,
        limit: usize,
        cursor: Option<&Cursor>,
    ) -> Result<Page<Invoice>, StoreError> {
        let shards = states.iter().flat_map(|state| {
            let list = List::Invoices(*state);
            (0..STATE_SHARDS).map(move |shard| list.pk(merchant, shard))
        });
        let asked = Asked { merchant, index: &schema::BY_STATE, place: Place::Invoice };
        if let Some(cursor) = cursor {
            from = from.max(keys::just_above(cursor.sort_key(Place::Invoice)?));
        }
        let range = Range { from, to: keys::SK_MAX.to_owned() };
        let page = self.page_within(asked, shards.collect(), range, limit).await?;
        Ok(page.filter_map(|stored| match stored {
            Stored::Invoice(invoice) => {
                let now = InvoiceState::parse(invoice.state_name());
                now.is_some_and(|now| states.contains(&now)).then_some(*invoice)
            }
            _ => None,
        }))
    }

    /// The invoices of one customer, by due date.
    pub async fn invoices_of_customer(
        &self,
        merchant: &MerchantId,
        customer: &CustomerId,
        limit: usize,
        cursor: Option<&Cursor>,
    ) -> Result<Page<Invoice>, StoreError> {
        let asked = Asked { merchant, index: &schema::BY_CUSTOMER, place: Place::Invoice };
        let shards = vec![keys::by_customer_pk(merchant, customer)];
        let page = self.page(asked, shards, limit, cursor).await?;
        Ok(page.filter_map(|stored| match stored {
            Stored::Invoice(invoice) if invoice.customer == *customer => Some(*invoice),
            _ => None,
        }))
    }

    /// The same, those due last first. A cursor goes on in this order.
    pub async fn latest_invoices_of_customer(
        &self,
        merchant: &MerchantId,
        customer: &CustomerId,
        limit: usize,
        cursor: Option<&Cursor>,
    ) -> Result<Page<Invoice>, StoreError> {
        let to = match cursor {
            None => keys::SK_MAX.to_owned(),
            Some(cursor) => keys::just_below(cursor.sort_key(Place::Invoice)?),
        };
        let (index, range) = (&schema::BY_CUSTOMER, Range { from: FIRST.to_owned(), to });
        let limit = limit.clamp(1, PAGE_ITEMS_MAX);
        let pk = keys::by_customer_pk(merchant, customer);
        let mut request = self.range_request(Some(index), &pk, &range, limit + 1);
        request.scan_index_forward = false;
        let output = self.dynamo.query(request).await?;
        let entries: Result<Vec<_>, _> =
            output.items.iter().map(|item| index_entry(index, item)).collect();
        let page = self.read_entries(merchant, entries?, limit).await?;
        Ok(page.filter_map(|stored| match stored {
            Stored::Invoice(invoice) if invoice.customer == *customer => Some(*invoice),
            _ => None,
        }))
    }

    /// The invoices of a customer beside `but` whose first unpaid due date lies between two days,
    /// both included: the first of them, at most a page, in no order.
    pub async fn other_invoices_due(
        &self,
        but: &Invoice,
        days: RangeInclusive<NaiveDate>,
    ) -> Result<Vec<Invoice>, StoreError> {
        let Invoice { merchant, customer, id, .. } = but;
        let range = Range { from: keys::due_from(*days.start()), to: keys::due_until(*days.end()) };
        let pk = keys::by_customer_pk(merchant, customer);
        let index = &schema::BY_CUSTOMER;
        let output = self.query_range(Some(index), &pk, &range, PAGE_ITEMS_MAX).await?;
        let own = Key::Invoice(id).of(merchant);
        let mut others = BTreeSet::new();
        for item in &output.items {
            let (_, key) = index_entry(index, item)?;
            if key != own {
                others.insert(key);
            }
        }
        let mut invoices = Vec::with_capacity(others.len());
        for item in self.read_keys(&others).await? {
            match decode(merchant, item)?.1 {
                Stored::Invoice(invoice) if invoice.customer == *customer => {
                    invoices.push(*invoice)
                }
                _ => {}
            }
        }
        Ok(invoices)
    }

    /// Payments that wait for a person, oldest first.
    pub async fn parked_payments(
        &self,
        merchant: &MerchantId,
        limit: usize,
        cursor: Option<&Cursor>,
    ) -> Result<Page<Payment>, StoreError> {
        let asked = Asked { merchant, index: &schema::BY_STATE, place: Place::ParkedPayment };
        let shards = shards_of(List::ParkedPayments, merchant);
        let page = self.page(asked, shards, limit, cursor).await?;
        Ok(page.filter_map(|stored| match stored {
            Stored::Payment(payment) => payment.attention.is_some().then_some(*payment),
            _ => None,
        }))
    }

    /// Messages that are known since `from` or later not to have arrived, oldest first. A cursor
    /// from before does not lead there.
    pub async fn undelivered_messages(
        &self,
        merchant: &MerchantId,
        from: DateTime<Utc>,
        limit: usize,
        cursor: Option<&Cursor>,
    ) -> Result<Page<Message>, StoreError> {
        let asked = Asked { merchant, index: &schema::BY_STATE, place: Place::Undelivered };
        let mut first = keys::undelivered_from(from);
        if let Some(cursor) = cursor {
            first = first.max(keys::just_above(cursor.sort_key(Place::Undelivered)?));
        }
        let range = Range { from: first, to: keys::SK_MAX.to_owned() };
        let shards = shards_of(List::Undelivered, merchant);
        let page = self.page_within(asked, shards, range, limit).await?;
        Ok(page.filter_map(|stored| match stored {
            Stored::Message(message) => {
                message.state.undelivered_at().is_some().then_some(*message)
            }
            _ => None,
        }))
    }

    /// Uploaded bank files, in the order they came.
    pub async fn imports(
        &self,
        merchant: &MerchantId,
        limit: usize,
        cursor: Option<&Cursor>,
    ) -> Result<Page<BankImport>, StoreError> {
        let asked = Asked { merchant, index: &schema::BY_STATE, place: Place::Import };
        let page = self.page(asked, shards_of(List::Imports, merchant), limit, cursor).await?;
        Ok(page.filter_map(|stored| match stored {
            Stored::Import(import) => Some(*import),
            _ => None,
        }))
    }

    /// The events that booked something from `from` to `until`, both included, by the second they
    /// happened in. A cursor of another range stays within this one.
    pub async fn journal(
        &self,
        merchant: &MerchantId,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
        cursor: Option<&Cursor>,
    ) -> Result<Page<EventRow>, StoreError> {
        self.listed_rows(merchant, List::Journal, (from, until), limit, cursor).await
    }

    /// The steps, promises and work of a span, as [`Self::journal`] lists what was booked.
    pub async fn chase_rows(
        &self,
        merchant: &MerchantId,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
        cursor: Option<&Cursor>,
    ) -> Result<Page<EventRow>, StoreError> {
        self.listed_rows(merchant, List::Chase, (from, until), limit, cursor).await
    }

    async fn listed_rows(
        &self,
        merchant: &MerchantId,
        list: List,
        (from, until): (DateTime<Utc>, DateTime<Utc>),
        limit: usize,
        cursor: Option<&Cursor>,
    ) -> Result<Page<EventRow>, StoreError> {
        let asked = Asked { merchant, index: &schema::BY_STATE, place: Place::Row };
        let mut first = keys::rows_from(from);
        if let Some(cursor) = cursor {
            first = first.max(keys::just_above(cursor.sort_key(Place::Row)?));
        }
        let range = Range { from: first, to: keys::rows_until(until) };
        if range.from > range.to {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let page = self.page_within(asked, shards_of(list, merchant), range, limit).await?;
        Ok(page.filter_map(|stored| match stored {
            // The keys are cut to the second, the range is not.
            Stored::Event(row) => (from..=until).contains(&row.at).then_some(*row),
            _ => None,
        }))
    }

    /// The customers of a merchant, in the order they were created.
    pub async fn customers(
        &self,
        merchant: &MerchantId,
        limit: usize,
        cursor: Option<&Cursor>,
    ) -> Result<Page<Customer>, StoreError> {
        let asked = Asked { merchant, index: &schema::BY_STATE, place: Place::Customer };
        let shards = shards_of(List::Customers, merchant);
        let page = self.page(asked, shards, limit, cursor).await?;
        Ok(page.filter_map(|stored| match stored {
            Stored::Customer(customer) => Some(*customer),
            _ => None,
        }))
    }

    /// The history of an aggregate, in order, strongly consistent.
    pub async fn timeline(
        &self,
        merchant: &MerchantId,
        aggregate: &Aggregate,
        limit: usize,
        cursor: Option<&Cursor>,
    ) -> Result<Page<EventRow>, StoreError> {
        let from = match cursor {
            None => keys::event_sk(0),
            Some(cursor) => keys::just_above(cursor.sort_key(Place::Event)?),
        };
        let range = Range { from, to: keys::event_sk(keys::EVENT_SEQ_MAX) };
        if range.from > range.to {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let limit = limit.clamp(1, PAGE_ITEMS_MAX);
        let pk = keys::aggregate_pk(merchant, aggregate);
        let output = self.query_range(None, &pk, &range, limit + 1).await?;
        let more = output.items.len() > limit || output.last_evaluated_key.is_some();
        let mut page = Page { items: Vec::new(), next: None };
        for item in output.items.into_iter().take(limit) {
            let (key, stored) = decode(merchant, item)?;
            page.next = more.then(|| Cursor::after(&key.sk));
            match stored {
                Stored::Event(row) => page.items.push(*row),
                _ => return Err(ItemError::Misplaced { key: key.sk }.into()),
            }
        }
        Ok(page)
    }

    /// The records of a list, in the order they were created.
    pub async fn records<R: Record>(
        &self,
        merchant: &MerchantId,
        list: List,
        limit: usize,
        cursor: Option<&Cursor>,
    ) -> Result<Page<R>, StoreError> {
        let asked = Asked { merchant, index: &schema::BY_STATE, place: Place::Record };
        let Page { items, next } =
            self.page(asked, shards_of(list, merchant), limit, cursor).await?;
        let mut page = Page { items: Vec::with_capacity(items.len()), next };
        for stored in items {
            if let Stored::Record(item) = stored {
                let value: R = item.decode(merchant)?;
                // What has left the list since is dropped.
                if value.list().is_some_and(|(now, _)| now == list) {
                    page.items.push(value);
                }
            }
        }
        Ok(page)
    }

    /// Records of one partition of the table, strongly consistent, in the order of their sort keys
    /// or against it: one query.
    pub async fn records_in<R: Record>(
        &self,
        merchant: &MerchantId,
        run: &Run,
        limit: usize,
        cursor: Option<&Cursor>,
    ) -> Result<Page<R>, StoreError> {
        let mut range = Range { from: run.from.clone(), to: run.to.clone() };
        if let Some(cursor) = cursor {
            let given = cursor.sort_key(run.place)?;
            if run.newest_first {
                range.to = range.to.min(keys::just_below(given));
            } else {
                range.from = range.from.max(keys::just_above(given));
            }
        }
        if range.from > range.to {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let limit = limit.clamp(1, PAGE_ITEMS_MAX);
        let mut request = self.range_request(None, &run.pk, &range, limit + 1);
        request.scan_index_forward = !run.newest_first;
        let output = self.dynamo.query(request).await?;
        let more = output.items.len() > limit || output.last_evaluated_key.is_some();
        let mut page = Page { items: Vec::new(), next: None };
        for item in output.items.into_iter().take(limit) {
            let (key, stored) = decode(merchant, item)?;
            page.next = more.then(|| Cursor::after(&key.sk));
            match stored {
                Stored::Record(item) => page.items.push(item.decode(merchant)?),
                _ => return Err(ItemError::Misplaced { key: key.sk }.into()),
            }
        }
        Ok(page)
    }

    /// Merges one page over `shards` and reads its items from the table, in order.
    async fn page(
        &self,
        asked: Asked<'_>,
        shards: Vec<String>,
        limit: usize,
        cursor: Option<&Cursor>,
    ) -> Result<Page<Stored>, StoreError> {
        let from = match cursor {
            None => FIRST.to_owned(),
            Some(cursor) => keys::just_above(cursor.sort_key(asked.place)?),
        };
        let range = Range { from, to: keys::SK_MAX.to_owned() };
        self.page_within(asked, shards, range, limit).await
    }

    async fn page_within(
        &self,
        asked: Asked<'_>,
        shards: Vec<String>,
        range: Range,
        limit: usize,
    ) -> Result<Page<Stored>, StoreError> {
        let Asked { merchant, index, .. } = asked;
        let limit = limit.clamp(1, PAGE_ITEMS_MAX);
        let queries = shards.iter().map(|pk| self.query_range(Some(index), pk, &range, limit + 1));
        let mut entries: BTreeMap<String, PrimaryKey> = BTreeMap::new();
        for output in try_join_all(queries).await? {
            for item in &output.items {
                let (sk, key) = index_entry(index, item)?;
                entries.insert(sk, key);
            }
        }
        self.read_entries(merchant, entries.into_iter().collect(), limit).await
    }

    /// Reads the items of the first `limit` entries of an index, in their order.
    async fn read_entries(
        &self,
        merchant: &MerchantId,
        mut entries: Vec<(String, PrimaryKey)>,
        limit: usize,
    ) -> Result<Page<Stored>, StoreError> {
        let more = entries.len() > limit;
        entries.truncate(limit);
        let next = entries.last().filter(|_| more).map(|(sk, _)| Cursor::after(sk));
        let keys: BTreeSet<PrimaryKey> = entries.iter().map(|(_, key)| key.clone()).collect();
        let mut found = HashMap::with_capacity(keys.len());
        for item in self.read_keys(&keys).await? {
            let (key, stored) = decode(merchant, item)?;
            found.insert(key, stored);
        }
        let items = entries.iter().filter_map(|(_, key)| found.remove(key)).collect();
        Ok(Page { items, next })
    }

    pub(super) async fn query_range(
        &self,
        index: Option<&Index>,
        pk: &str,
        range: &Range,
        limit: usize,
    ) -> Result<QueryOutput, StoreError> {
        Ok(self.dynamo.query(self.range_request(index, pk, range, limit)).await?)
    }

    pub(super) fn range_request(
        &self,
        index: Option<&Index>,
        pk: &str,
        range: &Range,
        limit: usize,
    ) -> QueryRequest {
        let (pk_name, sk_name) =
            index.map_or((schema::PK, schema::SK), |index| (index.pk, index.sk));
        let text = |value: &str| AttributeValue::S(value.to_owned());
        QueryRequest {
            table_name: self.table.clone(),
            index_name: index.map(|index| index.name.to_owned()),
            key_condition_expression: "#pk = :pk AND #sk BETWEEN :from AND :to".to_owned(),
            expression_attribute_names: BTreeMap::from([
                ("#pk".to_owned(), pk_name.to_owned()),
                ("#sk".to_owned(), sk_name.to_owned()),
            ]),
            expression_attribute_values: BTreeMap::from([
                (":pk".to_owned(), text(pk)),
                (":from".to_owned(), text(&range.from)),
                (":to".to_owned(), text(&range.to)),
            ]),
            limit: u32::try_from(limit).unwrap_or(u32::MAX),
            scan_index_forward: true,
            consistent_read: index.is_none(),
            return_consumed_capacity: ReturnConsumedCapacity::Total,
        }
    }
}

/// Which list is asked for.
#[derive(Clone, Copy)]
struct Asked<'a> {
    merchant: &'a MerchantId,
    index: &'a Index,
    place: Place,
}

impl Page<Stored> {
    /// Keeps what still belongs to the list.
    fn filter_map<T>(self, keep: impl FnMut(Stored) -> Option<T>) -> Page<T> {
        let Self { items, next } = self;
        Page { items: items.into_iter().filter_map(keep).collect(), next }
    }
}

fn shards_of(list: List, merchant: &MerchantId) -> Vec<String> {
    (0..STATE_SHARDS).map(|shard| list.pk(merchant, shard)).collect()
}

fn index_entry(index: &Index, item: &Item) -> Result<(String, PrimaryKey), ItemError> {
    let malformed = || ItemError::Malformed {
        key: keys::text(item, SK).unwrap_or("without key").to_owned(),
        kind: index.name.to_owned(),
        why: "index entry without its keys".to_owned(),
    };
    let sk = keys::text(item, index.sk).ok_or_else(malformed)?;
    Ok((sk.to_owned(), PrimaryKey::of_item(item).ok_or_else(malformed)?))
}
