//! Pages: which queries they are made of, and what becomes of rows that do not belong to them.

use quita_core::ids::InvoiceId;
use quita_core::invoice::Lifecycle;
use serde_json::json;

use super::{Reply, Script, batch, key_of, query, store};
use crate::dynamo::{Capacity, GetItemOutput, Item};
use crate::items::EventRow;
use crate::keys::{Aggregate, InvoiceState};
use crate::store::{Page, WorkPage};
use crate::{Cursor, items, sample};

fn work_row(sk: &str) -> Item {
    let text = |value: &str| serde_dynamo::AttributeValue::S(value.to_owned());
    Item::from([("work_pk".to_owned(), text("W#03")), ("work_sk".to_owned(), text(sk))])
}

#[tokio::test]
async fn a_page_of_work_is_one_query_up_to_now() {
    let script = Script::new([query(vec![], false)]);
    let now = sample::at("2026-12-10T12:00:00.9Z");
    let page = store(&script).due_work(3, now, 25, None).await.unwrap();
    assert_eq!(page, WorkPage { entries: vec![], unreadable: 0, next: None });
    let expected = json!({
        "TableName": "quita", "IndexName": "work",
        "KeyConditionExpression": "#pk = :pk AND #sk BETWEEN :from AND :to",
        "ExpressionAttributeNames": { "#pk": "work_pk", "#sk": "work_sk" },
        "ExpressionAttributeValues": {
            ":pk": { "S": "W#03" }, ":from": { "S": "0" }, ":to": { "S": "2026-12-10T12:00:00Z$" },
        },
        "Limit": 26, "ScanIndexForward": true, "ConsistentRead": false,
        "ReturnConsumedCapacity": "TOTAL",
    });
    assert_eq!(script.asked(), [expected]);
}

/// The fear: one entry that cannot be read keeps a shard from ever being swept.
#[tokio::test]
async fn an_unreadable_entry_does_not_stop_the_shard() {
    let id = sample::invoice().id;
    let readable = format!("2026-12-10T11:00:00Z#reminder#mer_acme#{id}");
    let newer = format!("2026-12-10T11:30:00Z#dance#mer_acme#{id}");
    let now = sample::at("2026-12-10T12:00:00Z");
    let script = Script::new([
        query(vec![work_row(&readable), work_row(&newer)], true),
        query(vec![], false),
    ]);
    let page = store(&script).due_work(3, now, 25, None).await.unwrap();
    assert_eq!((page.entries.len(), page.unreadable), (1, 1));
    // The page ended with the unreadable one; the next begins after it.
    let next = page.next.expect("the answer said there is more");
    store(&script).due_work(3, now, 25, Some(&next)).await.unwrap();
    let from = &script.asked()[1]["ExpressionAttributeValues"][":from"]["S"];
    assert_eq!(from, &json!(format!("{newer}!")));
}

/// The indexes lag: a page shows what is true now, and goes on although it came out short.
#[tokio::test]
async fn an_item_that_left_the_list_is_dropped_and_the_list_goes_on() {
    let mut gone = sample::invoice();
    let at = sample::at("2026-12-10T12:00:00Z");
    gone.lifecycle = Lifecycle::Canceled { reason: "late".to_owned(), at };
    let gone = items::invoice(&gone, None).unwrap();
    let row = |n: u32| {
        let sk = serde_dynamo::AttributeValue::S(format!("2026-12-10#inv_{n:026}"));
        let mut row = key_of(&gone);
        row.insert("state_sk".to_owned(), sk);
        row
    };
    let read = GetItemOutput { item: Some(gone.clone()), capacity: Capacity::default() };
    let script = Script::new([
        query(vec![row(1), row(2)], true),
        query(vec![], false),
        query(vec![], false),
        query(vec![], false),
        Ok(Reply::Get(read)),
    ]);
    let open = [InvoiceState::Open];
    let store = store(&script);
    let page = store.invoices_by_status(&sample::merchant_id(), &open, 1, None).await.unwrap();
    assert_eq!(page.items, []);
    assert_eq!(page.next, Some(Cursor::after(&format!("2026-12-10#inv_{:026}", 1))));
    assert_eq!(script.asked().len(), 5, "four shards and one read");
}

/// Rows of the journal lie in four partitions by the aggregate, and are asked for by the second.
#[tokio::test]
async fn the_journal_is_four_queries_of_the_range_and_one_read() {
    let range = (sample::at("2026-11-20T13:00:00.1Z"), sample::at("2026-11-20T13:00:00.2Z"));
    let row = |ms: u32| {
        let at = sample::at(&format!("2026-11-20T13:00:00.{ms:03}Z"));
        let aggregate = Aggregate::Invoice(InvoiceId::parse(&format!("inv_{ms:026}")).unwrap());
        let row = EventRow { aggregate, at, ..sample::event() };
        (items::event(&sample::merchant_id(), &row).unwrap(), row)
    };
    // One just before the range, two on its ends, one just after: all within the same second.
    let rows = [99, 100, 200, 201].map(row);
    let all: Vec<Item> = rows.iter().map(|(item, _)| item.clone()).collect();
    let script = Script::new([
        query(all.clone(), false),
        query(vec![], false),
        query(vec![], false),
        query(vec![], false),
        batch(all, vec![]),
    ]);
    let merchant = sample::merchant_id();
    let page = store(&script).journal(&merchant, range.0, range.1, 10, None).await.unwrap();
    assert_eq!(page.items, [rows[1].1.clone(), rows[2].1.clone()]);
    assert_eq!(page.next, None);
    let asked = script.asked();
    assert_eq!(asked.len(), 5, "four shards and one read");
    for (shard, query) in asked[..4].iter().enumerate() {
        let expected = json!({
            ":pk": { "S": format!("M#mer_acme#journal#{shard}") },
            ":from": { "S": "2026-11-20T13:00:00Z" }, ":to": { "S": "2026-11-20T13:00:00Z$" },
        });
        assert_eq!(query["ExpressionAttributeValues"], expected);
        assert_eq!(query["IndexName"], "by_state");
    }
}

/// The fear: a cursor made in another range leads out of the one that is asked for.
#[tokio::test]
async fn a_cursor_does_not_widen_the_range_of_the_journal() {
    let from = sample::at("2026-11-20T13:00:00Z");
    let entry = |at: &str| Cursor::after(&format!("{at}#{}#00000001", sample::invoice_id()));
    let earlier = entry("2026-11-01T00:00:00Z");
    let script = Script::new((0..4).map(|_| query(vec![], false)));
    let merchant = sample::merchant_id();
    let store = store(&script);
    store.journal(&merchant, from, from, 10, Some(&earlier)).await.unwrap();
    let lowest = &script.asked()[0]["ExpressionAttributeValues"][":from"]["S"];
    assert_eq!(lowest, "2026-11-20T13:00:00Z");
    let later = entry("2026-11-21T00:00:00Z");
    let nothing = Page { items: vec![], next: None };
    assert_eq!(store.journal(&merchant, from, from, 10, Some(&later)).await.unwrap(), nothing);
    let before = from - chrono::TimeDelta::seconds(1);
    assert_eq!(store.journal(&merchant, from, before, 10, None).await.unwrap(), nothing);
    assert_eq!(script.asked().len(), 4, "an empty range asks nothing");
}
