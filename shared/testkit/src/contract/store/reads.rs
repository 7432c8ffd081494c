//! Promises of a read: one request, everything typed, nothing of another tenant.

use quita_table::Cursor;
use quita_table::keys::Aggregate;
use quita_table::store::{Commit, Expected, ItemRef, READ_ITEMS_MAX, Store, StoreError};

use super::sample::{
    answer, bank_line, boleto, booked, chunk, customer, event, import, invoice, merchant,
    merchant_id, message, now, payment, reconciliation,
};
use super::{read_invoice, store_invoice};

pub(super) async fn one_request_reads_many_kinds(store: &Store) {
    let (owner, who, what) = (merchant("a"), customer("a", 1), invoice("a", 1));
    let (paid, said, told) = (payment("a", 1), message("a", 1, "issued"), answer("k", "{}"));
    let (known, file, owed) = (reconciliation("a"), import("a", 1), boleto("7", 1));
    let (piece, line) = (chunk(&file, 0, 300), bank_line(&file, 1));
    let commit = Commit::new(&owner.merchant)
        .merchant(&owner, Expected::New)
        .customer(&who, Expected::New)
        .invoice(&what, Expected::New, None)
        .payment(&paid, Expected::New, None)
        .reconciliation(&known, Expected::New)
        .import(&file, Expected::New, None)
        .import_chunk(&piece)
        .bank_line(&line, Expected::New)
        .boleto(&owed)
        .message(&said, Expected::New)
        .idempotency(&told);
    store.commit(commit).await.unwrap();
    let absent = invoice("a", 9).id;
    let refs = [
        ItemRef::Merchant,
        ItemRef::Customer(who.id.clone()),
        ItemRef::Invoice(what.id.clone()),
        ItemRef::Payment(paid.id.clone()),
        ItemRef::Reconciliation,
        ItemRef::Import(file.id.clone()),
        ItemRef::ImportChunk(file.id.clone(), 0),
        ItemRef::BankLine(line.fingerprint.clone()),
        ItemRef::Boleto(owed.our_number.clone()),
        ItemRef::Message(said.invoice.clone(), said.key.clone()),
        ItemRef::Idempotency { scope: told.scope.clone(), key: told.key.clone() },
        ItemRef::Invoice(absent.clone()),
        // Asked for twice: read once.
        ItemRef::Merchant,
    ];
    let mut found = store.read(&owner.merchant, &refs).await.unwrap();
    assert_eq!(found.take_merchant(), Some(owner.clone()));
    assert_eq!(found.take_merchant(), None, "taken already");
    assert_eq!(found.take_customer(&who.id), Some(who));
    assert_eq!(found.take_invoice(&what.id), Some(what));
    assert_eq!(found.take_payment(&paid.id), Some(paid));
    assert_eq!(found.take_reconciliation(), Some(known));
    assert_eq!(found.take_import_chunk(&file.id, 0), Some(piece.bytes));
    assert_eq!(found.take_import(&file.id), Some(file));
    assert_eq!(found.take_bank_line(&line.fingerprint), Some(line));
    assert_eq!(found.take_boleto("7"), Some(owed));
    assert_eq!(found.take_message(&said.invoice, &said.key), Some(said));
    assert_eq!(found.take_idempotency(&told.scope, &told.key), Some(told));
    assert_eq!(found.take_invoice(&absent), None);
    assert_eq!(store.read(&owner.merchant, &[]).await.unwrap().take_merchant(), None);
}

pub(super) async fn a_read_has_a_limit(store: &Store) {
    let last = invoice("a", READ_ITEMS_MAX as u32);
    store_invoice(store, &last).await;
    let refs = |n: usize| -> Vec<ItemRef> {
        (1..=n as u32).map(|n| ItemRef::Invoice(invoice("a", n).id)).collect()
    };
    let mut full = store.read(&last.merchant, &refs(READ_ITEMS_MAX)).await.unwrap();
    assert_eq!(full.take_invoice(&last.id), Some(last.clone()));
    let outcome = store.read(&last.merchant, &refs(READ_ITEMS_MAX + 1)).await;
    assert!(matches!(outcome, Err(StoreError::TooManyItems { asked: 101 })), "{outcome:?}");
}

pub(super) async fn tenants_never_meet(store: &Store) {
    // Two merchants with the same ids throughout.
    for owner in ["a", "b"] {
        let what = invoice(owner, 1);
        let commit = Commit::new(&what.merchant)
            .customer(&customer(owner, 1), Expected::New)
            .invoice(&what, Expected::New, None)
            .event(&booked(&Aggregate::Invoice(what.id.clone()), 1, now()))
            .payment(&payment(owner, 1), Expected::New, None)
            .reconciliation(&reconciliation(owner), Expected::New)
            .import(&import(owner, 1), Expected::New, None)
            .import_chunk(&chunk(&import(owner, 1), 0, owner.len()))
            .bank_line(&bank_line(&import(owner, 1), 1), Expected::New)
            .boleto(&boleto("7", 1))
            .idempotency(&answer("k", owner));
        store.commit(commit).await.expect("no key is shared");
    }
    for owner in ["a", "b"] {
        let id = merchant_id(owner);
        let what = invoice(owner, 1);
        assert_eq!(read_invoice(store, &what).await, Some(what.clone()));
        let open = [quita_table::keys::InvoiceState::Open];
        let open = store.invoices_by_status(&id, &open, 10, None).await.unwrap();
        assert_eq!(open.items, std::slice::from_ref(&what));
        let theirs = store.invoices_of_customer(&id, &what.customer, 10, None).await.unwrap();
        assert_eq!(theirs.items, std::slice::from_ref(&what));
        let parked = store.parked_payments(&id, 10, None).await.unwrap();
        assert_eq!(parked.items, [payment(owner, 1)]);
        let customers = store.customers(&id, 10, None).await.unwrap();
        assert_eq!(customers.items, [customer(owner, 1)]);
        let imports = store.imports(&id, 10, None).await.unwrap();
        assert_eq!(imports.items, [import(owner, 1)]);
        let journal = store.journal(&id, now(), now(), 10, None).await.unwrap();
        assert_eq!(journal.items.len(), 1);
    }
    let stranger = merchant_id("c");
    let file = import("a", 1).id;
    let refs = [
        ItemRef::Invoice(invoice("a", 1).id),
        ItemRef::Reconciliation,
        ItemRef::Import(file.clone()),
        ItemRef::ImportChunk(file.clone(), 0),
        ItemRef::Boleto("7".to_owned()),
    ];
    let mut found = store.read(&stranger, &refs).await.unwrap();
    assert_eq!(found.take_invoice(&invoice("a", 1).id), None);
    assert_eq!(found.take_reconciliation(), None);
    assert_eq!(found.take_import(&file), None);
    assert_eq!(found.take_import_chunk(&file, 0), None);
    assert_eq!(found.take_boleto("7"), None);
    let journal = store.journal(&stranger, now(), now(), 10, None).await.unwrap();
    assert_eq!(journal.items, []);
    assert_eq!(store.customers(&stranger, 10, None).await.unwrap().items, []);
}

pub(super) async fn a_timeline_pages_in_order(store: &Store) {
    let what = invoice("a", 1);
    store_invoice(store, &what).await;
    // Written out of order, beside the invoice and a message in the same partition.
    let said = message("a", 1, "issued");
    store.commit(Commit::new(&said.merchant).message(&said, Expected::New)).await.unwrap();
    for seq in [11, 2, 10, 1, 3] {
        store.commit(Commit::new(&what.merchant).event(&event(&what, seq))).await.unwrap();
    }
    let of = Aggregate::Invoice(what.id.clone());
    let mut seen = Vec::new();
    let mut cursor: Option<Cursor> = None;
    for _ in 0..3 {
        let page = store.timeline(&what.merchant, &of, 2, cursor.as_ref()).await.unwrap();
        seen.extend(page.items.iter().map(|row| row.seq));
        cursor = page.next;
    }
    assert_eq!((seen, cursor), (vec![1, 2, 3, 10, 11], None));
    let after = Cursor::after_event(3);
    let page = store.timeline(&what.merchant, &of, 10, Some(&after)).await.unwrap();
    assert_eq!(page.items, [event(&what, 10), event(&what, 11)]);

    let paid = payment("a", 1);
    let mut row = event(&what, 1);
    row.aggregate = Aggregate::Payment(paid.id.clone());
    let commit = Commit::new(&what.merchant).payment(&paid, Expected::New, None).event(&row);
    store.commit(commit).await.unwrap();
    let page = store.timeline(&what.merchant, &row.aggregate, 10, None).await.unwrap();
    assert_eq!(page.items, [row]);
}

/// The fear: a history shows what else lies in its partition, such as the pieces of its file.
pub(super) async fn a_history_shows_its_own_rows_only(store: &Store) {
    let file = import("a", 1);
    let line = bank_line(&file, 1);
    let of = [
        Aggregate::Reconciliation,
        Aggregate::Import(file.id.clone()),
        Aggregate::BankLine(line.fingerprint.clone()),
    ];
    let rows = of.map(|aggregate| booked(&aggregate, 1, now()));
    let commit = Commit::new(&file.merchant)
        .reconciliation(&reconciliation("a"), Expected::New)
        .import(&file, Expected::New, None)
        .import_chunk(&chunk(&file, 0, 10))
        .bank_line(&line, Expected::New);
    store.commit(rows.iter().fold(commit, Commit::event)).await.unwrap();
    for row in rows {
        let page = store.timeline(&file.merchant, &row.aggregate, 10, None).await.unwrap();
        assert_eq!(page.items, [row]);
    }
}
