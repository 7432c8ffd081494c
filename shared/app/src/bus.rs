//! Events on the bus: what leaves the table, and what falls due.
//!
//! An event of the table is published as `<name>.v1` with the stored facts; amounts become decimal
//! strings, as everywhere outside. Its JSON Schema stands under `infra/events/`.

use chrono::{DateTime, SecondsFormat, Utc};
use quita_core::ids::{
    CustomerId, DeliveryId, EndpointId, ImportId, InvoiceId, MerchantId, PaymentId,
};
use quita_table::Cursor;
use quita_table::items::EventRow;
use quita_table::keys::Aggregate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// `source` of every event.
pub const SOURCE: &str = "quita";

/// One event for the bus.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct BusEvent {
    /// Such as `invoice.paid.v1`.
    pub detail_type: String,
    pub at: DateTime<Utc>,
    pub detail: Value,
}

/// Without the detail, which holds what people and banks wrote.
impl std::fmt::Debug for BusEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BusEvent({} at {})", self.detail_type, self.at)
    }
}

/// What a subscriber of ours reads from a detail: enough to load the facts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct InvoiceRef {
    pub merchant_id: MerchantId,
    pub invoice_id: InvoiceId,
}

/// A payment to look at again.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PaymentRef {
    pub merchant_id: MerchantId,
    pub payment_id: PaymentId,
}

/// A customer whose open invoices are to be looked at again.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CustomerRef {
    pub merchant_id: MerchantId,
    pub customer_id: CustomerId,
}

/// A merchant whose bank's lists are to be compared with, or whose day has begun.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MerchantRef {
    pub merchant_id: MerchantId,
}

/// A bank file of which lines are left to take in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ImportRef {
    pub merchant_id: MerchantId,
    pub import_id: ImportId,
}

/// An event to post to an endpoint again.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DeliveryRef {
    pub merchant_id: MerchantId,
    pub endpoint_id: EndpointId,
    pub delivery_id: DeliveryId,
}

/// A shard of the work index to walk.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ShardRef {
    pub shard: u8,
    /// Where an earlier walk of this minute ended.
    #[serde(default)]
    pub after: Option<String>,
    /// When the minute ends that it is part of; the next one's walk begins at the front.
    #[serde(default)]
    pub until: Option<DateTime<Utc>>,
}

impl ShardRef {
    /// A whole shard.
    pub fn whole(shard: u8) -> Self {
        Self { shard, after: None, until: None }
    }
}

/// `charge.due.v1`: a charge has to be created or removed at the bank.
pub const CHARGE_DUE: &str = "charge.due.v1";
/// `customer.care_changed.v1`: the chase treats a customer otherwise.
pub const CARE_CHANGED: &str = "customer.care_changed.v1";
/// `customer.segment_changed.v1`: a customer is in another segment.
pub const SEGMENT_CHANGED: &str = "customer.segment_changed.v1";
/// `sweep.shard_due.v1`: a shard of the work index is to be walked.
pub const SHARD_DUE: &str = "sweep.shard_due.v1";
/// `payment.confirm_due.v1`: the bank is to be asked about a reported Pix, or about a refund.
pub const CONFIRM_DUE: &str = "payment.confirm_due.v1";
/// `reconciliation.due.v1`: the bank's lists are to be compared with ours.
pub const RECONCILE_DUE: &str = "reconciliation.due.v1";
/// `import.due.v1`: lines of a bank file are left to take in.
pub const IMPORT_DUE: &str = "import.due.v1";
/// `delivery.due.v1`: an event is to be posted to a merchant's endpoint again.
pub const DELIVERY_DUE: &str = "delivery.due.v1";
/// `daily.due.v1`: what time alone brings a merchant is to be done.
pub const DAILY_DUE: &str = "daily.due.v1";

impl BusEvent {
    pub fn charge_due(merchant: &MerchantId, invoice: &InvoiceId, at: DateTime<Utc>) -> Self {
        let detail = json!({ "merchant_id": merchant, "invoice_id": invoice });
        Self { detail_type: CHARGE_DUE.to_owned(), at, detail }
    }

    pub fn confirm_due(merchant: &MerchantId, payment: &PaymentId, at: DateTime<Utc>) -> Self {
        let detail = json!({ "merchant_id": merchant, "payment_id": payment });
        Self { detail_type: CONFIRM_DUE.to_owned(), at, detail }
    }

    pub fn reconcile_due(merchant: &MerchantId, at: DateTime<Utc>) -> Self {
        let detail = json!({ "merchant_id": merchant });
        Self { detail_type: RECONCILE_DUE.to_owned(), at, detail }
    }

    pub fn import_due(merchant: &MerchantId, import: &ImportId, at: DateTime<Utc>) -> Self {
        let detail = json!({ "merchant_id": merchant, "import_id": import });
        Self { detail_type: IMPORT_DUE.to_owned(), at, detail }
    }

    pub fn delivery_due(
        merchant: &MerchantId,
        endpoint: &EndpointId,
        delivery: &DeliveryId,
        at: DateTime<Utc>,
    ) -> Self {
        let detail = json!({
            "merchant_id": merchant, "endpoint_id": endpoint, "delivery_id": delivery,
        });
        Self { detail_type: DELIVERY_DUE.to_owned(), at, detail }
    }

    pub fn daily_due(merchant: &MerchantId, at: DateTime<Utc>) -> Self {
        let detail = json!({ "merchant_id": merchant });
        Self { detail_type: DAILY_DUE.to_owned(), at, detail }
    }

    pub fn shard_due(shard: u8, at: DateTime<Utc>) -> Self {
        Self { detail_type: SHARD_DUE.to_owned(), at, detail: json!({ "shard": shard }) }
    }

    /// Asks for the rest of a walk.
    pub fn shard_more(
        shard: u8,
        after: Option<&Cursor>,
        until: DateTime<Utc>,
        at: DateTime<Utc>,
    ) -> Self {
        let after = after.map(ToString::to_string);
        let detail = json!({ "shard": shard, "after": after, "until": until });
        Self { detail_type: SHARD_DUE.to_owned(), at, detail }
    }

    /// The event of a stored row.
    pub fn of_row(merchant: &MerchantId, row: &EventRow) -> Self {
        let mut detail = json!({
            "merchant_id": merchant,
            "sequence": row.seq,
            "at": instant(row.at),
            "actor": row.actor,
            "data": row.data,
        });
        match &row.aggregate {
            Aggregate::Invoice(id) => detail["invoice_id"] = json!(id),
            Aggregate::Payment(id) => detail["payment_id"] = json!(id),
            Aggregate::Reconciliation => {}
            Aggregate::Import(id) => detail["import_id"] = json!(id),
            Aggregate::BankLine(fingerprint) => detail["bank_line"] = json!(fingerprint),
            Aggregate::Merchant | Aggregate::Endpoints => {}
            Aggregate::Customer(id) => detail["customer_id"] = json!(id),
            Aggregate::ApiKey(id) => detail["api_key_id"] = json!(id),
            Aggregate::Person(id) => detail["person_id"] = json!(id),
            Aggregate::Approval(id) => detail["approval_id"] = json!(id),
        }
        Self { detail_type: format!("{}.v1", row.name), at: row.at, detail }
    }
}

/// RFC 3339 in UTC, to the second.
pub fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
