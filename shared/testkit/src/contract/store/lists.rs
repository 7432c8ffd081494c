//! Promises of a list: everything once, in order, whatever shard it lies in.

use quita_core::invoice::{Invoice, Lifecycle};
use quita_table::Cursor;
use quita_table::keys::InvoiceState;
use quita_table::store::{Commit, Expected, PAGE_ITEMS_MAX, Page, Store};

use super::sample::{changed, customer, import, invoice, merchant_id, now, payment, settled};
use super::{assert_bad_cursor, store_invoice};

const OPEN: [InvoiceState; 1] = [InvoiceState::Open];

/// Follows a list to its end and checks that every page but the last is full.
pub(super) async fn all_pages<T>(
    limit: usize,
    list: impl AsyncFn(Option<&Cursor>) -> Page<T>,
) -> Vec<T> {
    let mut all = Vec::new();
    let mut cursor: Option<Cursor> = None;
    loop {
        let page = list(cursor.as_ref()).await;
        assert!(page.items.len() == limit || page.next.is_none(), "a short page is the last");
        all.extend(page.items);
        // As a client keeps it: as text.
        let Some(next) = page.next else { return all };
        cursor = Some(Cursor::parse(&next.to_string()).unwrap());
    }
}

fn by_due_date(mut invoices: Vec<Invoice>) -> Vec<Invoice> {
    invoices.sort_by_key(|invoice| (invoice.first_unpaid_due(), invoice.id.clone()));
    invoices
}

pub(super) async fn invoices_page_across_shards(store: &Store) {
    let a = merchant_id("a");
    let invoices: Vec<Invoice> = (1..=23).map(|n| invoice("a", n)).collect();
    for one in &invoices {
        store_invoice(store, one).await;
    }
    let expected = by_due_date(invoices);
    for limit in [1, 4, 22, 23, 24] {
        let list = async |cursor: Option<&Cursor>| {
            store.invoices_by_status(&a, &OPEN, limit, cursor).await.unwrap()
        };
        assert_eq!(all_pages(limit, list).await, expected, "limit {limit}");
    }
    let list = async |cursor: Option<&Cursor>| {
        store.invoices_by_status(&a, &InvoiceState::ALL, 5, cursor).await.unwrap()
    };
    assert_eq!(all_pages(5, list).await, expected);
    let paid = store.invoices_by_status(&a, &[InvoiceState::Paid], 5, None).await.unwrap();
    assert_eq!((paid.items, paid.next), (vec![], None));
}

pub(super) async fn a_page_has_a_limit(store: &Store) {
    for n in 1..=PAGE_ITEMS_MAX as u32 + 3 {
        store_invoice(store, &invoice("a", n)).await;
    }
    let a = merchant_id("a");
    let page = store.invoices_by_status(&a, &OPEN, 100_000, None).await.unwrap();
    assert_eq!(page.items.len(), PAGE_ITEMS_MAX);
    let rest = store.invoices_by_status(&a, &OPEN, 100_000, page.next.as_ref()).await.unwrap();
    assert_eq!((rest.items.len(), rest.next), (3, None));
    let least = store.invoices_by_status(&a, &OPEN, 0, None).await.unwrap();
    assert_eq!(least.items.len(), 1, "a limit of nothing still moves on");
}

pub(super) async fn an_invoice_moves_between_lists(store: &Store) {
    let first = invoice("a", 1);
    store_invoice(store, &first).await;
    let mut canceled = changed(&first, "gone");
    canceled.lifecycle = Lifecycle::Canceled { reason: "duplicate".to_owned(), at: now() };
    let commit = Commit::new(&first.merchant);
    store.commit(commit.invoice(&canceled, Expected::Version(1), None)).await.unwrap();
    for (states, expected) in [
        (&OPEN[..], vec![]),
        (&[InvoiceState::Canceled][..], vec![canceled.clone()]),
        (&InvoiceState::ALL[..], vec![canceled.clone()]),
    ] {
        let page = store.invoices_by_status(&first.merchant, states, 10, None).await.unwrap();
        assert_eq!(page.items, expected, "{states:?}");
    }
    let theirs = store.invoices_of_customer(&first.merchant, &first.customer, 10, None).await;
    assert_eq!(theirs.unwrap().items, [canceled], "a customer keeps every invoice");
}

pub(super) async fn invoices_of_a_customer(store: &Store) {
    let mut expected = Vec::new();
    for n in 1..=9 {
        let mut one = invoice("a", n);
        if n % 3 == 0 {
            one.customer = customer("a", 2).id;
        } else {
            expected.push(one.clone());
        }
        store_invoice(store, &one).await;
    }
    let (a, who) = (merchant_id("a"), customer("a", 1).id);
    let list = async |cursor: Option<&Cursor>| {
        store.invoices_of_customer(&a, &who, 4, cursor).await.unwrap()
    };
    let mut expected = by_due_date(expected);
    assert_eq!(all_pages(4, list).await, expected);
    let latest = async |cursor: Option<&Cursor>| {
        store.latest_invoices_of_customer(&a, &who, 4, cursor).await.unwrap()
    };
    expected.reverse();
    assert_eq!(all_pages(4, latest).await, expected);
    let forged = Cursor::after_event(1);
    assert_bad_cursor(store.latest_invoices_of_customer(&a, &who, 4, Some(&forged)).await);
}

pub(super) async fn invoices_from_a_due_date(store: &Store) {
    let a = merchant_id("a");
    let mut invoices: Vec<Invoice> = (1..=9).map(|n| invoice("a", n)).collect();
    for one in &invoices {
        store_invoice(store, one).await;
    }
    let before = store.invoices_by_status(&a, &OPEN, 1, None).await.unwrap();
    invoices = by_due_date(invoices);
    let day = invoices[4].first_unpaid_due();
    let expected: Vec<Invoice> =
        invoices.iter().filter(|it| it.first_unpaid_due() >= day).cloned().collect();
    assert!(expected.len() < invoices.len(), "some are due before");
    let list = async |cursor: Option<&Cursor>| {
        store.invoices_due_from(&a, &OPEN, day, 2, cursor).await.unwrap()
    };
    assert_eq!(all_pages(2, list).await, expected);
    let early = store.invoices_due_from(&a, &OPEN, day, 9, before.next.as_ref()).await.unwrap();
    assert_eq!(early.items, expected, "a cursor from before leads no further back");
}

pub(super) async fn parked_payments_wait_until_settled(store: &Store) {
    let a = merchant_id("a");
    for n in 1..=7 {
        let commit = Commit::new(&a).payment(&payment("a", n), Expected::New, None);
        store.commit(commit).await.unwrap();
    }
    let done = settled(&payment("a", 4), &invoice("a", 1));
    let commit = Commit::new(&a).payment(&done, Expected::Version(1), None);
    store.commit(commit).await.unwrap();
    let list = async |cursor: Option<&Cursor>| store.parked_payments(&a, 2, cursor).await.unwrap();
    let oldest_first: Vec<_> = [7, 6, 5, 3, 2, 1].map(|n| payment("a", n)).into();
    assert_eq!(all_pages(2, list).await, oldest_first);
}

pub(super) async fn customers_in_order_of_creation(store: &Store) {
    let a = merchant_id("a");
    for n in [3, 1, 5, 2, 4] {
        let commit = Commit::new(&a).customer(&customer("a", n), Expected::New);
        store.commit(commit).await.unwrap();
    }
    let list = async |cursor: Option<&Cursor>| store.customers(&a, 2, cursor).await.unwrap();
    let expected: Vec<_> = (1..=5).map(|n| customer("a", n)).collect();
    assert_eq!(all_pages(2, list).await, expected);
}

pub(super) async fn imports_in_order_of_upload(store: &Store) {
    let a = merchant_id("a");
    for n in [3, 1, 5, 2, 4] {
        let commit = Commit::new(&a).import(&import("a", n), Expected::New, None);
        store.commit(commit).await.unwrap();
    }
    let mut done = import("a", 2);
    done.version = 2;
    store.commit(Commit::new(&a).import(&done, Expected::Version(1), None)).await.unwrap();
    let list = async |cursor: Option<&Cursor>| store.imports(&a, 2, cursor).await.unwrap();
    let mut expected: Vec<_> = (1..=5).map(|n| import("a", n)).collect();
    expected[1] = done;
    assert_eq!(all_pages(2, list).await, expected, "one that is done stays listed");
}

pub(super) async fn a_cursor_serves_its_own_list_only(store: &Store) {
    let a = merchant_id("a");
    for n in 1..=3 {
        store_invoice(store, &invoice("a", n)).await;
        store_invoice(store, &invoice("b", n + 10)).await;
    }
    let page = store.invoices_by_status(&a, &OPEN, 1, None).await.unwrap();
    let cursor = page.next.expect("there is more");
    assert_bad_cursor(store.customers(&a, 1, Some(&cursor)).await);
    assert_bad_cursor(store.parked_payments(&a, 1, Some(&cursor)).await);
    assert_bad_cursor(store.imports(&a, 1, Some(&cursor)).await);
    assert_bad_cursor(store.journal(&a, now(), now(), 1, Some(&cursor)).await);
    let of = quita_table::keys::Aggregate::Invoice(invoice("a", 1).id);
    assert_bad_cursor(store.timeline(&a, &of, 1, Some(&cursor)).await);
    // Used by another tenant it moves within that tenant's own list.
    let theirs =
        store.invoices_by_status(&merchant_id("b"), &OPEN, 10, Some(&cursor)).await.unwrap();
    assert!(theirs.items.iter().all(|invoice| invoice.merchant == merchant_id("b")));
    for text in ["", "%%%", "bm90IGEga2V5", &"A".repeat(999)] {
        if let Ok(cursor) = Cursor::parse(text) {
            assert_bad_cursor(store.invoices_by_status(&a, &OPEN, 1, Some(&cursor)).await);
        }
    }
}
