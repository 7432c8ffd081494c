//! Promises of the journal: every row that books something, once, by time, whosever it is.

use chrono::{DateTime, TimeDelta, Utc};
use quita_table::Cursor;
use quita_table::items::EventRow;
use quita_table::keys::Aggregate;
use quita_table::store::{Commit, Expected, Page, Store};

use super::lists::all_pages;
use super::sample::{
    bank_line, booked, event, import, invoice, merchant_id, minutes, now, payment,
};
use super::store_invoice;

async fn store_rows(store: &Store, owner: &str, rows: &[EventRow]) {
    for row in rows {
        store.commit(Commit::new(&merchant_id(owner)).event(row)).await.unwrap();
    }
}

/// One page of everything in a range.
async fn range(store: &Store, from: DateTime<Utc>, until: DateTime<Utc>) -> Page<EventRow> {
    store.journal(&merchant_id("a"), from, until, 100, None).await.unwrap()
}

fn aggregates() -> Vec<Aggregate> {
    let line = bank_line(&import("a", 1), 1).fingerprint;
    let few = [
        Aggregate::Reconciliation,
        Aggregate::Import(import("a", 1).id),
        Aggregate::BankLine(line),
    ];
    let invoices = (1..=7).map(|n| Aggregate::Invoice(invoice("a", n).id));
    let payments = (1..=7).map(|n| Aggregate::Payment(payment("a", n).id));
    few.into_iter().chain(invoices).chain(payments).collect()
}

pub(super) async fn it_merges_every_aggregate_in_order(store: &Store) {
    let rows: Vec<EventRow> = (0..)
        .zip(aggregates())
        // Not in the order of their ids, and never two in the same second.
        .map(|(n, of)| booked(&of, 1, now() + minutes(n * 7 % 17)))
        .collect();
    store_rows(store, "a", &rows).await;
    let other = booked(&Aggregate::Invoice(invoice("b", 1).id), 1, now());
    store_rows(store, "b", std::slice::from_ref(&other)).await;
    let mut expected = rows;
    expected.sort_by_key(|row| row.at);
    let a = merchant_id("a");
    let until = now() + minutes(9999);
    for limit in [1, 4, 16, 17, 18] {
        let list = async |cursor: Option<&Cursor>| {
            store.journal(&a, now(), until, limit, cursor).await.unwrap()
        };
        assert_eq!(all_pages(limit, list).await, expected, "limit {limit}");
    }
    let theirs = store.journal(&merchant_id("b"), now(), until, 10, None).await.unwrap();
    assert_eq!(theirs.items, [other]);

    // A cursor goes on after its row, and stays within the range.
    let first = store.journal(&a, now(), until, 5, None).await.unwrap();
    let cursor = first.next.expect("there is more");
    let rest = store.journal(&a, now(), until, 100, Some(&cursor)).await.unwrap();
    assert_eq!(rest.items, expected[5..]);
    let third = expected[2].at;
    let none = store.journal(&a, now(), third, 100, Some(&cursor)).await.unwrap();
    assert_eq!((none.items, none.next), (vec![], None));
    let last = expected[16].at;
    let only = store.journal(&a, last, until, 100, Some(&cursor)).await.unwrap();
    assert_eq!(only.items, expected[16..]);
}

pub(super) async fn its_range_includes_both_ends(store: &Store) {
    let of = Aggregate::Invoice(invoice("a", 1).id);
    let ms = |n| now() + TimeDelta::milliseconds(n);
    let rows: Vec<EventRow> =
        (1..).zip([0, 499, 500, 501, 1000]).map(|(seq, n)| booked(&of, seq, ms(n))).collect();
    store_rows(store, "a", &rows).await;
    for (from, until, seqs) in [
        (0, 1000, vec![1, 2, 3, 4, 5]),
        (0, 0, vec![1]),
        (1, 499, vec![2]),
        (499, 500, vec![2, 3]),
        (500, 999, vec![3, 4]),
        (1000, 9000, vec![5]),
        (1001, 9000, vec![]),
        (-9000, -1, vec![]),
        (1000, 0, vec![]),
    ] {
        let page = range(store, ms(from), ms(until)).await;
        let found: Vec<u64> = page.items.iter().map(|row| row.seq).collect();
        assert_eq!((found, page.next), (seqs, None), "{from}..={until}");
    }
    let always = range(store, DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC).await;
    assert_eq!(always.items, rows);
}

pub(super) async fn a_row_that_books_nothing_is_not_listed(store: &Store) {
    let what = invoice("a", 1);
    store_invoice(store, &what).await;
    let of = Aggregate::Invoice(what.id.clone());
    let opened = booked(&of, 1, now());
    let issued = event(&what, 2);
    let commit = Commit::new(&what.merchant).event(&opened).event(&issued).payment(
        &payment("a", 1),
        Expected::New,
        None,
    );
    store.commit(commit).await.unwrap();
    assert_eq!(range(store, now(), now()).await.items, std::slice::from_ref(&opened));
    let history = store.timeline(&what.merchant, &of, 10, None).await.unwrap();
    assert_eq!(history.items, [opened, issued]);
}
