//! `import.accepted`, `import.due` (EventBridge) -> the entries of a bank file in the books.
//!
//! Delivery is at-least-once. A run goes on from the checkpoint of the one before, and ends when
//! somebody else is at the same file.

use quita_app::bus::{BusEvent, ImportRef};
use quita_app::import_bank_file::import_bank_file;
use quita_app::{Deps, Unknown};

/// `Ok` is final for this event; what the time did not suffice for, the sweep finds. `Err` means
/// "outcome unknown": the event comes again.
pub async fn handle(deps: &Deps, event: BusEvent) -> Result<(), Unknown> {
    let ImportRef { merchant_id, import_id } = serde_json::from_value(event.detail)
        .map_err(|error| Unknown::new("reading the event", error))?;
    let ran = import_bank_file(deps, &merchant_id, &import_id).await?;
    tracing::info!(import.id = %import_id, ?ran, "Worked on bank file `{import_id}`");
    Ok(())
}
