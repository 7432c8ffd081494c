//! The minute's schedule -> one event a shard; `sweep.shard_due` -> everything due in a shard;
//! `charge.issued` and `payment.matched` (EventBridge) -> the first message and the receipt, at once;
//! `daily.due` -> the segments of a merchant's customers, and the digest for its team.
//!
//! Delivery is at-least-once. Every message is claimed in the ledger before it is sent, so two
//! sweeps, or a sweep and an event, send it once.

use quita_app::bus::{
    CARE_CHANGED, CustomerRef, DAILY_DUE, InvoiceRef, MerchantRef, SEGMENT_CHANGED, SHARD_DUE,
    ShardRef,
};
use quita_app::chase_invoice::chase_invoice;
use quita_app::customer_care::look_again;
use quita_app::rules::segments::resegment_after;
use quita_app::{Deps, Unknown, daily, sweep};
use quita_edge::trigger::Trigger;

/// After these the customer may be in another segment; they ask for no message.
const MOVES_SEGMENTS: [&str; 2] = ["invoice.paid.v1", "chase.ended.v1"];

pub async fn handle(deps: &Deps, trigger: Trigger) -> Result<(), Unknown> {
    match trigger {
        Trigger::Schedule => sweep::fan_out(deps).await,
        Trigger::Bus(event) if event.detail_type == SHARD_DUE => {
            let asked: ShardRef = serde_json::from_value(event.detail)
                .map_err(|error| Unknown::new("reading the event", error))?;
            let swept = sweep::sweep_shard(deps, &asked).await?;
            tracing::info!(?swept, "Swept shard {}", asked.shard);
            Ok(())
        }
        Trigger::Bus(event) if event.detail_type == DAILY_DUE => {
            let MerchantRef { merchant_id } = serde_json::from_value(event.detail)
                .map_err(|error| Unknown::new("reading the event", error))?;
            let ended = daily::carry_out(deps, &merchant_id, daily::TIME_BUDGET).await?;
            tracing::info!(merchant.id = %merchant_id, ?ended, "Day of `{merchant_id}`");
            Ok(())
        }
        Trigger::Bus(event) if [CARE_CHANGED, SEGMENT_CHANGED].contains(&&*event.detail_type) => {
            let CustomerRef { merchant_id, customer_id } = serde_json::from_value(event.detail)
                .map_err(|error| Unknown::new("reading the event", error))?;
            let looked = look_again(deps, &merchant_id, &customer_id).await?;
            tracing::info!(customer.id = %customer_id, looked, "Looked at `{customer_id}` again");
            Ok(())
        }
        Trigger::Bus(event) if MOVES_SEGMENTS.contains(&&*event.detail_type) => {
            let InvoiceRef { merchant_id, invoice_id } = serde_json::from_value(event.detail)
                .map_err(|error| Unknown::new("reading the event", error))?;
            resegment_after(deps, &merchant_id, &invoice_id).await
        }
        Trigger::Bus(event) => {
            let InvoiceRef { merchant_id, invoice_id } = serde_json::from_value(event.detail)
                .map_err(|error| Unknown::new("reading the event", error))?;
            let done = chase_invoice(deps, &merchant_id, &invoice_id).await?;
            tracing::info!(invoice.id = %invoice_id, ?done, "Looked at invoice `{invoice_id}`");
            Ok(())
        }
        Trigger::Http(_) => Err(Unknown::new("reading the event", "this function has no route")),
    }
}
