//! The promises of the store, kept by every transport it runs on.
//!
//! Owns the cases. Each starts on an empty table and fails by panicking, with the promise in its
//! name. They use the public store only, so they hold for the embedded engine and for the SDK alike.

mod imports;
mod journal;
mod lists;
mod reads;
pub mod sample;
mod work;
mod writes;

use quita_core::ids::MerchantId;
use quita_core::invoice::Invoice;
use quita_table::store::{
    Commit, CommitError, Conflict, Expected, Found, ItemRef, Part, Store, StoreError,
};

/// Runs the suite. `make` gives a store on an empty table, each time it is called.
///
/// # Panics
/// When a promise is broken.
pub async fn run(make: impl AsyncFn() -> Store) {
    writes::new_means_nothing_was_there(&make().await).await;
    writes::a_stale_version_changes_nothing(&make().await).await;
    writes::one_failed_part_rolls_back_all(&make().await).await;
    writes::every_failed_part_is_named(&make().await).await;
    writes::a_document_has_one_customer(&make().await).await;
    writes::a_payment_is_recorded_once(&make().await).await;
    writes::a_message_is_claimed_once(&make().await).await;
    writes::a_repeated_request_finds_its_answer(&make().await).await;
    writes::a_merchant_changes_by_version(&make().await).await;
    writes::bugs_are_refused_before_the_table(&make().await).await;
    writes::limits_are_named(&make().await).await;
    imports::a_file_comes_back_byte_for_byte_and_in_order(&make().await).await;
    imports::a_piece_is_stored_once(&make().await).await;
    imports::a_line_is_taken_in_once(&make().await).await;
    imports::a_boleto_number_leads_to_one_debt(&make().await).await;
    imports::a_checkpoint_moves_by_version(&make().await).await;
    reads::one_request_reads_many_kinds(&make().await).await;
    reads::a_read_has_a_limit(&make().await).await;
    reads::tenants_never_meet(&make().await).await;
    reads::a_timeline_pages_in_order(&make().await).await;
    reads::a_history_shows_its_own_rows_only(&make().await).await;
    work::open_means_indexed(&make().await).await;
    work::a_reconciliation_falls_due_again(&make().await).await;
    work::a_day_falls_due_again(&make().await).await;
    work::an_import_waits_until_it_is_done(&make().await).await;
    work::due_work_comes_in_order_and_pages(&make().await).await;
    work::nothing_falls_due_early(&make().await).await;
    lists::invoices_page_across_shards(&make().await).await;
    lists::a_page_has_a_limit(&make().await).await;
    lists::an_invoice_moves_between_lists(&make().await).await;
    lists::invoices_of_a_customer(&make().await).await;
    lists::invoices_from_a_due_date(&make().await).await;
    lists::parked_payments_wait_until_settled(&make().await).await;
    lists::customers_in_order_of_creation(&make().await).await;
    lists::imports_in_order_of_upload(&make().await).await;
    journal::it_merges_every_aggregate_in_order(&make().await).await;
    journal::its_range_includes_both_ends(&make().await).await;
    journal::a_row_that_books_nothing_is_not_listed(&make().await).await;
    lists::a_cursor_serves_its_own_list_only(&make().await).await;
}

/// Stores a new invoice with nothing due.
async fn store_invoice(store: &Store, invoice: &Invoice) {
    let commit = Commit::new(&invoice.merchant).invoice(invoice, Expected::New, None);
    store.commit(commit).await.expect("a new invoice is stored");
}

async fn read_one(store: &Store, merchant: &MerchantId, item: ItemRef) -> Found {
    store.read(merchant, &[item]).await.expect("the table answers")
}

async fn read_invoice(store: &Store, of: &Invoice) -> Option<Invoice> {
    read_one(store, &of.merchant, ItemRef::Invoice(of.id.clone())).await.take_invoice(&of.id)
}

/// The conflicts of a commit that was too late.
fn conflicts(outcome: Result<(), CommitError>) -> Vec<Conflict> {
    match outcome {
        Err(CommitError::Conflict(conflicts)) => conflicts,
        other => panic!("expected a conflict, got {other:?}"),
    }
}

fn parts(conflicts: &[Conflict]) -> Vec<Part> {
    conflicts.iter().map(|conflict| conflict.part.clone()).collect()
}

fn assert_refused(outcome: Result<(), CommitError>, why: &str) {
    match outcome {
        Err(CommitError::Refused(said)) => assert!(said.contains(why), "{said}"),
        other => panic!("expected a refusal for `{why}`, got {other:?}"),
    }
}

fn assert_bad_cursor<T: std::fmt::Debug>(outcome: Result<T, StoreError>) {
    match outcome {
        Err(StoreError::BadCursor(_)) => {}
        other => panic!("expected a bad cursor, got {other:?}"),
    }
}
