//! What is posted of an event: a stable id and a body.
//!
//! The id is a function of the row that the event was: whoever brings it, and however often, it is
//! the same one. It sorts by the second in which the event happened.

use chrono::{DateTime, Utc};
use quita_core::endpoint::delivery::Message;
use quita_core::ids::{DeliveryId, MerchantId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::bus::BusEvent;
use crate::error::Unknown;
use crate::ports::ulid_of;

/// What the first version of an event ends with on the bus, and not outside.
const FIRST_VERSION: &str = ".v1";
/// Where a detail tells whose history its row is of. Rows of other histories are told apart by
/// their names.
const SUBJECTS: [&str; 8] = [
    "invoice_id",
    "payment_id",
    "import_id",
    "bank_line",
    "customer_id",
    "api_key_id",
    "person_id",
    "approval_id",
];

/// What every fact on the bus says of itself.
#[derive(Deserialize)]
struct Fact {
    merchant_id: MerchantId,
    sequence: u64,
    at: DateTime<Utc>,
}

/// What is posted.
#[derive(Serialize)]
struct Body<'a> {
    r#type: &'a str,
    timestamp: &'a Value,
    data: &'a Value,
}

/// The name of an event outside: `invoice.paid.v1` of the bus is `invoice.paid`.
pub fn outer_name(detail_type: &str) -> &str {
    detail_type.strip_suffix(FIRST_VERSION).unwrap_or(detail_type)
}

/// The message of a fact, and whose it is.
pub fn message_of(event: &BusEvent) -> Result<(MerchantId, Message), Unknown> {
    let Fact { merchant_id, sequence, at } = Fact::deserialize(&event.detail)
        .map_err(|error| Unknown::new("reading the event", error))?;
    let name = outer_name(&event.detail_type);
    let subject = SUBJECTS.iter().find_map(|field| event.detail.get(field)?.as_str());
    let id = delivery_id(&merchant_id, name, subject.unwrap_or_default(), sequence, at)?;
    let body = Body { r#type: name, timestamp: &event.detail["at"], data: &event.detail };
    let body = serde_json::to_string(&body)
        .map_err(|error| Unknown::new("writing the event's body", error))?;
    Ok((merchant_id, Message { id, event: name.to_owned(), at, body }))
}

/// The id of a row's delivery: its second, and 80 bits of a digest of what names the row.
pub(super) fn delivery_id(
    merchant: &MerchantId,
    name: &str,
    subject: &str,
    sequence: u64,
    at: DateTime<Utc>,
) -> Result<DeliveryId, Unknown> {
    let mut hash = Sha256::new();
    for part in [merchant.as_str(), name, subject, &sequence.to_string()] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let bits =
        hash.finalize().iter().take(10).fold(0, |bits: u128, b| (bits << 8) | u128::from(*b));
    let second = DateTime::from_timestamp(at.timestamp(), 0).unwrap_or(at);
    DeliveryId::from_ulid(&ulid_of(second, bits))
        .map_err(|error| Unknown::new("naming a delivery", error))
}

#[cfg(test)]
mod tests;
