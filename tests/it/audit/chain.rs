//! Whether a change of the trail is found, and whether the chain holds when relays race or die.

use chrono::TimeDelta;
use quita_app::audit::append::{Relayed, append};
use quita_app::audit::verify;
use quita_core::audit::Block;
use quita_core::ids::MerchantId;
use quita_table::Item;
use quita_table::items::{digest, event_from_image};
use quita_table::keys::PrimaryKey;
use quita_table::record::RecordItem;
use quita_testkit::embedded::Embedded;
use serde_dynamo::AttributeValue;
use serde_json::json;

use super::{check_chain, field, items, of_kind, world};
use crate::world::{MERCHANT, World, text, txid};

fn merchant() -> MerchantId {
    MerchantId::parse(MERCHANT).unwrap()
}

/// A life with some blocks: issued, changed, paid, and one that is open still.
async fn live(world: &World) {
    let invoice = world.issued().await;
    let path = format!("/v1/invoices/{}/instalments/1/rebate", text(&invoice, "id"));
    let rebate = json!({ "amount": "10.00", "reason": "a good customer" });
    assert_eq!(world.post(&path, &rebate).await.status, 202);
    world.settle().await;
    world.pay(&txid(&world.reload(&invoice).await, 1)).await;
    let other = world.customer_with(json!({ "document": "11222333000181" })).await;
    world.invoice(&other, json!({})).await;
    world.settle().await;
}

fn set(item: &mut Item, name: &str, value: &str) {
    item.insert(name.to_owned(), AttributeValue::S(value.to_owned()));
}

/// Blocks as they are stored, by number.
fn blocks(engine: &Embedded) -> Vec<Item> {
    of_kind(engine, "audit_block")
}

fn block_of(item: &Item) -> Block {
    match quita_table::items::decode(&merchant(), item.clone()).unwrap().1 {
        quita_table::items::Stored::Record(record) => {
            RecordItem::decode::<Block>(*record, &merchant()).unwrap()
        }
        other => panic!("{other:?}"),
    }
}

/// The stored form of a block: another one's, with this one's value.
fn item_of(like: &Item, block: &Block) -> Item {
    let mut item = like.clone();
    let value = serde_dynamo::to_attribute_value(block).unwrap();
    item.insert("value".to_owned(), value);
    item
}

#[tokio::test]
async fn a_change_of_the_trail_goes_unseen() {
    let (world, engine) = world().await;
    live(&world).await;
    let (faults, head) = check_chain(&world, "").await;
    assert_eq!((faults, head.is_some()), (Vec::new(), true));
    let before = items(&engine);
    type Tamper = Box<dyn Fn(&Embedded)>;
    let tampers: Vec<(&str, Tamper, &str)> = vec![
        ("a row says another actor", Box::new(|it| change_row(it, "actor", "ana")), "row_altered"),
        ("a row says another name", Box::new(|it| change_row(it, "name", "x.y")), "row_altered"),
        ("a row does not read", Box::new(|it| change_row(it, "at", "yesterday")), "row_altered"),
        ("a row is gone", Box::new(|it| remove(it, &rows_of_invoice(it)[1])), "row_missing"),
        ("a row comes after the last", Box::new(|it| insert(it, 90)), "row_beyond"),
        ("an aggregate is gone whole", Box::new(remove_aggregate), "aggregate_missing"),
        (
            "an aggregate alone is gone",
            Box::new(|it| remove(it, &of_kind(it, "customer")[0])),
            "aggregate_missing",
        ),
        ("a block is gone", Box::new(|it| remove(it, &blocks(it)[1])), "block_missing"),
        ("the first block is gone", Box::new(|it| remove(it, &blocks(it)[0])), "block_missing"),
        ("a block leaves a row out", Box::new(|it| change_block(it, false)), "block_altered"),
        ("a block is hashed again", Box::new(|it| change_block(it, true)), "link_broken"),
        ("a block does not read", Box::new(spoil_block), "block_altered"),
        ("two blocks change places", Box::new(swap_blocks), "link_broken"),
    ];
    for (name, tamper, expected) in tampers {
        tamper(&engine);
        let (faults, _) = check_chain(&world, "").await;
        let found = faults.iter().any(|fault| fault.starts_with(expected));
        assert!(found, "{name}: {faults:?}");
        restore(&engine, &before);
    }
    assert_eq!(check_chain(&world, "").await, (Vec::new(), head));
}

fn rows_of_invoice(engine: &Embedded) -> Vec<Item> {
    let mut rows = of_kind(engine, "event");
    let first = rows.iter().find(|row| field(row, "pk").contains("#I#")).unwrap().clone();
    rows.retain(|row| field(row, "pk") == field(&first, "pk"));
    rows
}

fn change_row(engine: &Embedded, name: &str, value: &str) {
    let mut row = rows_of_invoice(engine)[1].clone();
    set(&mut row, name, value);
    engine.overwrite(&row).unwrap();
}

fn insert(engine: &Embedded, seq: u64) {
    let mut row = rows_of_invoice(engine).pop().unwrap();
    set(&mut row, "sk", &format!("E#{seq:08}"));
    row.insert("seq".to_owned(), AttributeValue::N(seq.to_string()));
    engine.overwrite(&row).unwrap();
}

fn remove(engine: &Embedded, item: &Item) {
    engine.remove(&PrimaryKey::of_item(item).unwrap()).unwrap();
}

fn remove_aggregate(engine: &Embedded) {
    let pk = field(&rows_of_invoice(engine)[0], "pk").to_owned();
    for item in items(engine) {
        if field(&item, "pk") == pk {
            remove(engine, &item);
        }
    }
}

fn change_block(engine: &Embedded, hashed_again: bool) {
    let item = blocks(engine)[1].clone();
    let mut block = block_of(&item);
    block.entries.pop();
    if hashed_again {
        block.hash = block.reckoned();
    }
    engine.overwrite(&item_of(&item, &block)).unwrap();
}

fn spoil_block(engine: &Embedded) {
    let mut item = blocks(engine)[1].clone();
    set(&mut item, "value", "nothing");
    engine.overwrite(&item).unwrap();
}

fn swap_blocks(engine: &Embedded) {
    let (first, second) = (blocks(engine)[1].clone(), blocks(engine)[2].clone());
    let (mut one, mut other) = (block_of(&first), block_of(&second));
    (one.nth, other.nth) = (other.nth, one.nth);
    (one.hash, other.hash) = (one.reckoned(), other.reckoned());
    engine.overwrite(&item_of(&first, &other)).unwrap();
    engine.overwrite(&item_of(&second, &one)).unwrap();
}

fn restore(engine: &Embedded, before: &[Item]) {
    for item in items(engine) {
        remove(engine, &item);
    }
    before.iter().for_each(|item| engine.overwrite(item).unwrap());
}

#[tokio::test]
async fn a_chain_that_is_rewritten_whole_looks_like_the_one_that_was_noted() {
    let (world, engine) = world().await;
    live(&world).await;
    let (_, head) = check_chain(&world, "").await;
    let noted = format!("anchor={}", head.unwrap());
    assert_eq!(check_chain(&world, &noted).await.0, [""; 0]);
    // Every block anew, with one row less, all links right.
    let mut last: Option<Block> = None;
    for item in blocks(&engine) {
        let was = block_of(&item);
        let mut entries = was.entries.clone();
        if was.nth == 1 {
            entries.pop();
        }
        let block = Block::after(last.as_ref(), &was.merchant, entries, was.at);
        engine.overwrite(&item_of(&item, &block)).unwrap();
        last = Some(block);
    }
    let (faults, _) = check_chain(&world, &noted).await;
    assert!(faults.iter().any(|fault| fault.starts_with("not_anchored")), "{faults:?}");
    // Cut off at its end, and the noted block is not there.
    remove(&engine, blocks(&engine).last().unwrap());
    let (faults, _) = check_chain(&world, &noted).await;
    assert!(faults.iter().any(|fault| fault.starts_with("not_anchored")), "{faults:?}");
}

#[tokio::test]
async fn a_row_that_the_relay_lost_is_never_missed() {
    let (world, engine) = world().await;
    live(&world).await;
    // The last block of all is lost with the rows it names.
    remove(&engine, blocks(&engine).last().unwrap());
    world.clock.set(world.now() + TimeDelta::minutes(10)).unwrap();
    assert_eq!(check_chain(&world, "").await.0, [""; 0]);
    world.clock.set(world.now() + TimeDelta::hours(1)).unwrap();
    let (faults, _) = check_chain(&world, "").await;
    assert!(faults.iter().any(|fault| fault.starts_with("row_unlisted")), "{faults:?}");
}

/// Relays side by side.
const LANES: usize = 6;

/// The rows of the stream, as the relay is handed them.
fn relayed(engine: &Embedded) -> Vec<Relayed> {
    let rows = of_kind(engine, "event").into_iter();
    rows.map(|item| {
        let (merchant, row) = event_from_image(&item).unwrap().unwrap();
        Relayed { merchant, row, sha256: digest(&item) }
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_relays_at_once_make_two_chains() {
    let (world, engine) = world().await;
    live(&world).await;
    let rows = relayed(&engine);
    assert!(rows.len() > 8, "{}", rows.len());
    let mut expected = blocks(&engine).len();
    let mut relays = Vec::new();
    for lane in 0..LANES {
        // Each has rows of its own: two that made the very same block would take it for theirs.
        let rows: Vec<Relayed> = rows.iter().skip(lane).step_by(LANES).cloned().collect();
        expected += rows.len();
        let machine = world.machine.clone();
        relays.push(tokio::spawn(async move {
            for row in rows {
                assert_eq!(append(machine.deps(), &[row]).await, 1);
            }
        }));
    }
    for relay in relays {
        relay.await.unwrap();
    }
    assert_eq!(blocks(&engine).len(), expected);
    assert_eq!(check_chain(&world, "").await.0, [""; 0]);
}

#[tokio::test]
async fn a_relay_that_dies_at_some_step_loses_a_row() {
    for lands in [false, true] {
        for step in 0..6 {
            let (mut world, engine) = world().await;
            let customer = world.customer().await;
            let body = World::invoice_body(&customer);
            assert_eq!(world.post("/v1/invoices", &body).await.status, 201);
            if lands {
                world.faults.crash_during(step)
            } else {
                world.faults.crash_after(step)
            };
            world.machine.pump().await;
            world.restart();
            world.settle().await;
            world.settle().await;
            assert_eq!(check_chain(&world, "").await.0, [""; 0], "step {step}");
            let mut listed: Vec<(String, u64)> = blocks(&engine)
                .iter()
                .flat_map(|item| block_of(item).entries)
                .map(|entry| (entry.aggregate, entry.seq))
                .collect();
            listed.sort();
            listed.dedup();
            assert_eq!(listed.len(), of_kind(&engine, "event").len(), "step {step}");
        }
    }
}

#[tokio::test]
async fn a_long_chain_is_checked_in_one_go() {
    let (world, engine) = world().await;
    live(&world).await;
    let rows = relayed(&engine);
    for _ in 0..60 {
        append(world.machine.deps(), &rows).await;
    }
    let first = verify::verify(world.machine.deps(), &merchant(), 0, None).await.unwrap();
    assert!(first.next_cursor.is_some() && first.rows < 400, "{} rows", first.rows);
    assert_eq!(check_chain(&world, "").await.0, [""; 0]);
}
