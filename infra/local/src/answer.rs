//! Values in answers of the API, as demo and pages read them: absent reads as empty.

use quita_core::money::Money;
use serde_json::Value;

/// An amount, which may be below zero in the books.
pub fn money(value: &Value) -> Money {
    let text = value.as_str().unwrap_or_default();
    let parsed = Money::parse(text.trim_start_matches('-')).unwrap_or(Money::ZERO);
    if text.starts_with('-') { -parsed } else { parsed }
}

pub fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
