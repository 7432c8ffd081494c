//! Promises of a commit: all or nothing, each item under its condition, every refusal explained.

use quita_core::message::{Message, MessageState};
use quita_table::dynamo::{ITEM_BYTES_MAX, TRANSACTION_ITEMS_MAX};
use quita_table::items::Stored;
use quita_table::keys::Aggregate;
use quita_table::store::{Commit, CommitError, Expected, ItemRef, Part, Store};
use serde_json::json;

use super::sample::{
    answer, changed, customer, event, invoice, merchant, merchant_id, message, minutes, now,
    payment, settled,
};
use super::{assert_refused, conflicts, parts, read_invoice, read_one, store_invoice};

pub(super) async fn new_means_nothing_was_there(store: &Store) {
    let first = invoice("a", 1);
    store_invoice(store, &first).await;
    let second = changed(&first, "another");
    let commit = Commit::new(&first.merchant).invoice(&second, Expected::New, None);
    let conflicts = conflicts(store.commit(commit).await);
    assert_eq!(parts(&conflicts), [Part::Invoice(first.id.clone())]);
    assert_eq!(conflicts[0].found, Some(Stored::Invoice(Box::new(first.clone()))));
    assert_eq!(read_invoice(store, &first).await, Some(first));
}

pub(super) async fn a_stale_version_changes_nothing(store: &Store) {
    let first = invoice("a", 1);
    let missing = Commit::new(&first.merchant);
    let missing = missing.invoice(&changed(&first, "x"), Expected::Version(1), None);
    let none = conflicts(store.commit(missing).await);
    assert_eq!(none[0].found, None, "there is nothing to change");

    store_invoice(store, &first).await;
    let winner = changed(&first, "winner");
    let commit = Commit::new(&first.merchant);
    store.commit(commit.invoice(&winner, Expected::Version(1), None)).await.unwrap();
    let late = Commit::new(&first.merchant);
    let late = late.invoice(&changed(&first, "late"), Expected::Version(1), None);
    let conflicts = conflicts(store.commit(late).await);
    assert_eq!(conflicts[0].found, Some(Stored::Invoice(Box::new(winner.clone()))));
    assert_eq!(read_invoice(store, &first).await, Some(winner));
}

pub(super) async fn one_failed_part_rolls_back_all(store: &Store) {
    let first = invoice("a", 1);
    let row = event(&first, 1);
    store.commit(Commit::new(&first.merchant).event(&row)).await.unwrap();
    let commit = Commit::new(&first.merchant)
        .invoice(&first, Expected::New, None)
        .payment(&payment("a", 1), Expected::New, None)
        .event(&row);
    let conflicts = conflicts(store.commit(commit).await);
    assert_eq!(parts(&conflicts), [Part::Event(row.aggregate.clone(), 1)]);
    assert_eq!(conflicts[0].found, Some(Stored::Event(Box::new(row))));
    assert_eq!(read_invoice(store, &first).await, None);
    let paid = payment("a", 1).id;
    let mut found = read_one(store, &first.merchant, ItemRef::Payment(paid.clone())).await;
    assert_eq!(found.take_payment(&paid), None);
}

pub(super) async fn every_failed_part_is_named(store: &Store) {
    let (first, paid) = (invoice("a", 1), payment("a", 1));
    let all = || {
        Commit::new(&first.merchant)
            .invoice(&first, Expected::New, None)
            .event(&event(&first, 1))
            .payment(&paid, Expected::New, None)
    };
    store.commit(all()).await.unwrap();
    let conflicts = conflicts(store.commit(all()).await);
    let aggregate = Aggregate::Invoice(first.id.clone());
    let expected = [
        Part::Invoice(first.id.clone()),
        Part::Event(aggregate, 1),
        Part::Payment(paid.id.clone()),
    ];
    assert_eq!(parts(&conflicts), expected);
    assert!(conflicts.iter().all(|conflict| conflict.found.is_some()));
}

pub(super) async fn a_document_has_one_customer(store: &Store) {
    let first = customer("a", 1);
    let mut twin = customer("a", 2);
    twin.bill_to.document = first.bill_to.document.clone();
    let new = |customer| Commit::new(&merchant_id("a")).customer(customer, Expected::New);
    store.commit(new(&first)).await.unwrap();
    let conflicts = conflicts(store.commit(new(&twin)).await);
    assert_eq!(parts(&conflicts), [Part::Document]);
    let document = first.bill_to.document.clone();
    let held = Stored::Document { document, customer: first.id.clone() };
    assert_eq!(conflicts[0].found, Some(held));
    let mut found = read_one(store, &twin.merchant, ItemRef::Customer(twin.id.clone())).await;
    assert_eq!(found.take_customer(&twin.id), None);

    let abroad = customer("b", 1);
    let other = Commit::new(&abroad.merchant).customer(&abroad, Expected::New);
    store.commit(other).await.expect("the same document at another merchant is another customer");

    frees_a_document(store).await;

    let mut renamed = first.clone();
    renamed.version = 2;
    renamed.bill_to.name = "Novo nome".to_owned();
    let commit = Commit::new(&first.merchant).customer(&renamed, Expected::Version(1));
    store.commit(commit).await.expect("a change does not meet its own guard");
}

pub(super) async fn a_payment_is_recorded_once(store: &Store) {
    let first = payment("a", 1);
    let new = |payment| Commit::new(&merchant_id("a")).payment(payment, Expected::New, None);
    store.commit(new(&first)).await.unwrap();
    let mut again = first.clone();
    again.seen_at = now() + minutes(9);
    let conflicts = conflicts(store.commit(new(&again)).await);
    assert_eq!(conflicts[0].found, Some(Stored::Payment(Box::new(first.clone()))));

    let matched = settled(&first, &invoice("a", 1));
    let commit = Commit::new(&first.merchant).payment(&matched, Expected::Version(1), None);
    store.commit(commit).await.unwrap();
    let mut found = read_one(store, &first.merchant, ItemRef::Payment(first.id.clone())).await;
    assert_eq!(found.take_payment(&first.id), Some(matched));
}

pub(super) async fn a_message_is_claimed_once(store: &Store) {
    let write =
        |message: &Message, expected| Commit::new(&merchant_id("a")).message(message, expected);
    let claim = message("a", 1, "reminder");
    store.commit(write(&claim, Expected::New)).await.unwrap();
    let mut rival = claim.clone();
    rival.attempts = 7;
    let held = conflicts(store.commit(write(&rival, Expected::New)).await);
    assert_eq!(parts(&held), [Part::Message(claim.invoice.clone(), claim.key.clone())]);
    assert_eq!(held[0].found, Some(Stored::Message(Box::new(claim.clone()))));

    let sent = MessageState::Sent { at: now(), evidence: "ses-1".to_owned() };
    let sent = Message { version: 2, state: sent, ..claim.clone() };
    store.commit(write(&sent, Expected::Version(1))).await.unwrap();
    rival.version = 2;
    let late = conflicts(store.commit(write(&rival, Expected::Version(1))).await);
    assert_eq!(late[0].found, Some(Stored::Message(Box::new(sent.clone()))));
    let item = ItemRef::Message(claim.invoice.clone(), claim.key.clone());
    let mut found = read_one(store, &claim.merchant, item).await;
    assert_eq!(found.take_message(&claim.invoice, &claim.key), Some(sent));
}

pub(super) async fn a_repeated_request_finds_its_answer(store: &Store) {
    let first = invoice("a", 1);
    let said = answer("key 1#é", "{\"id\":\"inv_1\"}");
    let commit = Commit::new(&first.merchant).invoice(&first, Expected::New, None);
    store.commit(commit.idempotency(&said)).await.unwrap();
    let second = invoice("a", 2);
    let again = answer("key 1#é", "{\"id\":\"inv_2\"}");
    let commit = Commit::new(&first.merchant).invoice(&second, Expected::New, None);
    let conflicts = conflicts(store.commit(commit.idempotency(&again)).await);
    assert_eq!(parts(&conflicts), [Part::Idempotency]);
    assert_eq!(conflicts[0].found, Some(Stored::Idempotency(Box::new(said.clone()))));
    assert_eq!(read_invoice(store, &second).await, None);
    let item = ItemRef::Idempotency { scope: said.scope.clone(), key: said.key.clone() };
    let mut found = read_one(store, &first.merchant, item).await;
    assert_eq!(found.take_idempotency(&said.scope, &said.key), Some(said));
}

pub(super) async fn a_merchant_changes_by_version(store: &Store) {
    let first = merchant("a");
    let write = |merchant, expected| Commit::new(&merchant_id("a")).merchant(merchant, expected);
    store.commit(write(&first, Expected::New)).await.unwrap();
    let mut renamed = first.clone();
    renamed.version = 2;
    renamed.name = "Outra".to_owned();
    store.commit(write(&renamed, Expected::Version(1))).await.unwrap();
    let late = conflicts(store.commit(write(&renamed, Expected::Version(1))).await);
    assert_eq!(late[0].found, Some(Stored::Merchant(Box::new(renamed.clone()))));
    let mut found = read_one(store, &first.merchant, ItemRef::Merchant).await;
    assert_eq!(found.take_merchant(), Some(renamed));
}

pub(super) async fn bugs_are_refused_before_the_table(store: &Store) {
    let (a, ours) = (merchant_id("a"), invoice("a", 1));
    let foreign = Commit::new(&a).invoice(&invoice("b", 1), Expected::New, None);
    assert_refused(store.commit(foreign).await, "another merchant");
    let unchanged = Commit::new(&a).invoice(&ours, Expected::Version(1), None);
    assert_refused(store.commit(unchanged).await, "without a new version");
    let twice = Commit::new(&a).event(&event(&ours, 1)).event(&event(&ours, 1));
    assert_refused(store.commit(twice).await, "twice");
    assert_refused(store.commit(Commit::new(&a)).await, "nothing");
    let step = message("a", 1, "a#email#1");
    let outcome = store.commit(Commit::new(&a).message(&step, Expected::New)).await;
    assert!(matches!(outcome, Err(CommitError::Item(_))), "{outcome:?}");
    assert_eq!(read_invoice(store, &ours).await, None);
}

pub(super) async fn limits_are_named(store: &Store) {
    let ours = invoice("a", 1);
    let events = |n: usize| {
        let new = Commit::new(&ours.merchant);
        (1..=n as u64).fold(new, |commit, seq| commit.event(&event(&ours, seq)))
    };
    let outcome = store.commit(events(TRANSACTION_ITEMS_MAX + 1)).await;
    assert!(matches!(outcome, Err(CommitError::TooManyItems { items: 101 })), "{outcome:?}");
    store.commit(events(TRANSACTION_ITEMS_MAX)).await.expect("a full transaction is taken");

    let mut big = event(&ours, 200);
    big.data = json!({ "text": "x".repeat(ITEM_BYTES_MAX) });
    let outcome = store.commit(Commit::new(&ours.merchant).event(&big)).await;
    assert!(matches!(outcome, Err(CommitError::ItemTooLarge { .. })), "{outcome:?}");
    // Just below the limit by our own count: the table takes it too.
    big.data = json!({ "text": "x".repeat(ITEM_BYTES_MAX - 500) });
    store.commit(Commit::new(&ours.merchant).event(&big)).await.expect("a large item is taken");

    let many = (0..11).fold(Commit::new(&ours.merchant), |commit, n| {
        let mut row = event(&ours, 300 + n);
        row.data = json!({ "text": "x".repeat(ITEM_BYTES_MAX - 500) });
        commit.event(&row)
    });
    let outcome = store.commit(many).await;
    assert!(matches!(outcome, Err(CommitError::CommitTooLarge { .. })), "{outcome:?}");
}

/// A guard that was deleted holds nobody up, and only the customer it is of deletes it.
async fn frees_a_document(store: &Store) {
    let merchant = merchant_id("a");
    let (first, mut second) = (customer("a", 41), customer("a", 42));
    let new = |customer| Commit::new(&merchant).customer(customer, Expected::New);
    store.commit(new(&first)).await.unwrap();
    second.bill_to.document = first.bill_to.document.clone();
    let foreign = Commit::new(&merchant).free_document(&second);
    let mut changed = first.clone();
    changed.version += 1;
    let foreign = foreign.customer(&changed, Expected::Version(first.version));
    let held = conflicts(store.commit(foreign).await);
    assert_eq!(parts(&held), [Part::Document], "another customer's guard");
    let freed = Commit::new(&merchant)
        .customer(&changed, Expected::Version(first.version))
        .free_document(&first);
    store.commit(freed).await.unwrap();
    store.commit(new(&second)).await.expect("the document is free");
}
