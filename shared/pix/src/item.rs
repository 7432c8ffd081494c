//! Reading lists item by item, so that one bad item never hides the others.
//!
//! Invariant: a reason names a field, never its content.

use quita_core::ids::{EndToEndId, Txid};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::wire::{Pix, amount_from_json, parse_horario};

/// An item that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Position in the batch or page, from 0.
    pub index: usize,
    /// The payment it speaks of, when at least that much could be read: ask the bank about it.
    pub end_to_end_id: Option<EndToEndId>,
    /// What is wrong, without content.
    pub reason: &'static str,
}

/// Reads a Pix, or says which field stands in the way.
pub(crate) fn read_pix(index: usize, raw: &RawValue) -> Result<Pix, Malformed> {
    serde_json::from_str(raw.get()).map_err(|_| {
        let fields = serde_json::from_str::<Value>(raw.get()).unwrap_or(Value::Null);
        Malformed { index, end_to_end_id: end_to_end_id(&fields), reason: reason(&fields) }
    })
}

/// Reads any other item.
pub(crate) fn read_item<T: DeserializeOwned>(index: usize, raw: &RawValue) -> Result<T, Malformed> {
    serde_json::from_str(raw.get()).map_err(|_| Malformed {
        index,
        end_to_end_id: None,
        reason: "the item does not follow the schema",
    })
}

fn end_to_end_id(fields: &Value) -> Option<EndToEndId> {
    EndToEndId::parse(fields.get("endToEndId")?.as_str()?).ok()
}

/// The first field that stands in the way. Only explains; the reader above decides.
fn reason(fields: &Value) -> &'static str {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    if !fields.is_object() {
        return "the item is not an object";
    }
    if end_to_end_id(fields).is_none() {
        return "endToEndId is missing or not 32 letters and digits";
    }
    if fields.get("valor").is_none_or(|valor| amount_from_json(&valor.to_string()).is_none()) {
        return "valor is missing or not an amount like \"10.00\"";
    }
    if text("horario").and_then(parse_horario).is_none() {
        return "horario is missing or not an RFC 3339 instant";
    }
    if text("txid").is_some_and(|txid| Txid::parse(txid).is_err()) {
        return "txid is not 1 to 35 letters and digits";
    }
    if fields.get("devolucoes").is_some_and(|refunds| !refunds.is_null()) {
        return "devolucoes does not follow the schema";
    }
    "the item does not follow the schema"
}
