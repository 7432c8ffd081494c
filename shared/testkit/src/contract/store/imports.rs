//! Promises of bank files: each piece and each line once, and the bytes as they came.

use quita_core::bank_import::CHUNK_BYTES;
use quita_core::reconciliation::Reconciliation;
use quita_table::items::Stored;
use quita_table::store::{Commit, Expected, ItemRef, Part, Store};

use super::sample::{
    bank_line, boleto, chunk, import, invoice, merchant_id, minutes, payment, reconciliation,
};
use super::{conflicts, parts, read_invoice, read_one};

pub(super) async fn a_file_comes_back_byte_for_byte_and_in_order(store: &Store) {
    let file = import("a", 1);
    let pieces: Vec<_> = (0..11).map(|nth| chunk(&file, nth, CHUNK_BYTES)).collect();
    let all = pieces.iter().rev().fold(Commit::new(&file.merchant), Commit::import_chunk);
    store.commit(all).await.expect("eleven pieces fit one transaction");
    for piece in &pieces {
        let item = ItemRef::ImportChunk(file.id.clone(), piece.nth);
        let mut found = read_one(store, &file.merchant, item).await;
        let bytes = found.take_import_chunk(&file.id, piece.nth).expect("the piece is there");
        assert!(bytes == piece.bytes, "piece {} was changed", piece.nth);
    }
    let past = read_one(store, &file.merchant, ItemRef::ImportChunk(file.id.clone(), 11)).await;
    assert_eq!({ past }.take_import_chunk(&file.id, 11), None);
    for len in [0, 1] {
        let odd = chunk(&import("a", 2), len, len as usize);
        store.commit(Commit::new(&file.merchant).import_chunk(&odd)).await.unwrap();
        let item = ItemRef::ImportChunk(odd.import.clone(), odd.nth);
        let mut found = read_one(store, &file.merchant, item).await;
        assert_eq!(found.take_import_chunk(&odd.import, odd.nth), Some(odd.bytes));
    }
}

pub(super) async fn a_piece_is_stored_once(store: &Store) {
    let file = import("a", 1);
    let first = chunk(&file, 0, 10);
    store.commit(Commit::new(&file.merchant).import_chunk(&first)).await.unwrap();
    let mut other = first.clone();
    other.bytes = b"another file".to_vec();
    let held = conflicts(store.commit(Commit::new(&file.merchant).import_chunk(&other)).await);
    assert_eq!(parts(&held), [Part::ImportChunk(file.id.clone(), 0)]);
    assert_eq!(held[0].found, Some(Stored::ImportChunk(Box::new(first))));
}

/// The fear: a statement that overlaps the last one books its lines a second time.
pub(super) async fn a_line_is_taken_in_once(store: &Store) {
    let (january, again) = (import("a", 1), import("a", 2));
    let first = bank_line(&january, 7);
    let paid = payment("a", 1);
    let taken = Commit::new(&january.merchant).bank_line(&first, Expected::New).payment(
        &paid,
        Expected::New,
        None,
    );
    store.commit(taken).await.unwrap();
    let other = payment("a", 2);
    let repeated = Commit::new(&again.merchant)
        .import(&again, Expected::New, None)
        .bank_line(&bank_line(&again, 7), Expected::New)
        .payment(&other, Expected::New, None);
    let held = conflicts(store.commit(repeated).await);
    assert_eq!(parts(&held), [Part::BankLine(first.fingerprint.clone())]);
    assert_eq!(held[0].found, Some(Stored::BankLine(Box::new(first.clone()))));
    let refs = [ItemRef::Payment(other.id.clone()), ItemRef::Import(again.id.clone())];
    let mut found = store.read(&again.merchant, &refs).await.unwrap();
    assert_eq!((found.take_payment(&other.id), found.take_import(&again.id)), (None, None));

    let mut changed = first.clone();
    changed.version = 2;
    changed.line = 8;
    let write = |expected| Commit::new(&january.merchant).bank_line(&changed, expected);
    store.commit(write(Expected::Version(1))).await.unwrap();
    let late = conflicts(store.commit(write(Expected::Version(1))).await);
    assert_eq!(late[0].found, Some(Stored::BankLine(Box::new(changed.clone()))));
    let abroad = bank_line(&import("b", 1), 7);
    let other = Commit::new(&abroad.merchant).bank_line(&abroad, Expected::New);
    store.commit(other).await.expect("the same line at another merchant is another line");
}

pub(super) async fn a_boleto_number_leads_to_one_debt(store: &Store) {
    let a = merchant_id("a");
    let first = boleto("109000123", 1);
    store.commit(Commit::new(&a).boleto(&first)).await.unwrap();
    let second = invoice("a", 2);
    let taken =
        Commit::new(&a).invoice(&second, Expected::New, None).boleto(&boleto("109000123", 2));
    let held = conflicts(store.commit(taken).await);
    assert_eq!(parts(&held), [Part::Boleto("109000123".to_owned())]);
    assert_eq!(held[0].found, Some(Stored::Boleto(first.clone())));
    assert_eq!(read_invoice(store, &second).await, None);
    let other = Commit::new(&merchant_id("b")).boleto(&boleto("109000123", 2));
    store.commit(other).await.expect("another merchant numbers its own boletos");
    let item = ItemRef::Boleto("109000123".to_owned());
    assert_eq!(read_one(store, &a, item.clone()).await.take_boleto("109000123"), Some(first));
    let unknown = ItemRef::Boleto("1#2".to_owned());
    assert_eq!(read_one(store, &a, unknown).await.take_boleto("1#2"), None);
}

/// The fear: two runs go on from one checkpoint, and the slower one moves it back.
pub(super) async fn a_checkpoint_moves_by_version(store: &Store) {
    let first = reconciliation("a");
    let write = |known: &Reconciliation, expected| {
        store.commit(Commit::new(&merchant_id("a")).reconciliation(known, expected))
    };
    write(&first, Expected::New).await.unwrap();
    let next_at = first.next_at + minutes(15);
    let moved = Reconciliation { version: 2, next_at, ..first.clone() };
    write(&moved, Expected::Version(1)).await.unwrap();
    let slow = Reconciliation { next_at: first.next_at - minutes(15), ..moved.clone() };
    let late = conflicts(write(&slow, Expected::Version(1)).await);
    assert_eq!(parts(&late), [Part::Reconciliation]);
    assert_eq!(late[0].found, Some(Stored::Reconciliation(Box::new(moved.clone()))));
    let again = conflicts(write(&first, Expected::New).await);
    assert_eq!(again[0].found, Some(Stored::Reconciliation(Box::new(moved.clone()))));
    let mut found = read_one(store, &first.merchant, ItemRef::Reconciliation).await;
    assert_eq!(found.take_reconciliation(), Some(moved));
}
