//! The example data, embedded in the binary. Its README tells where it comes from.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use quita_core::zone::{SAO_PAULO, instant_at};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::{Map, Value};

const CUSTOMERS: &str = include_str!("../../../../tests/fixtures/invoicing/customers.json");
const INVOICES: &str = include_str!("../../../../tests/fixtures/invoicing/invoices.json");
const SCENARIO: &str = include_str!("../../../../tests/fixtures/invoicing/scenario.json");

/// Everything a run is given.
pub struct Input {
    pub customers: Vec<Customer>,
    pub invoices: Vec<Invoice>,
    pub scenario: Scenario,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Customer {
    pub key: String,
    pub body: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invoice {
    pub customer: String,
    pub body: Map<String, Value>,
    pub story: Vec<Scene>,
    pub ends: String,
    pub bank_at_issue: Option<BankTrouble>,
}

impl Invoice {
    /// The merchant's own number.
    pub fn number(&self) -> &str {
        self.body.get("number").and_then(Value::as_str).unwrap_or_default()
    }
}

/// What is wrong with the bank while a charge is issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BankTrouble {
    Down,
    LosesAnAnswer,
}

/// One thing somebody does.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scene {
    #[serde(deserialize_with = "local")]
    pub at: DateTime<Utc>,
    pub r#do: Deed,
    pub instalment: u16,
    /// Reais; what is due where it is absent.
    pub amount: Option<String>,
    pub reason: Option<String>,
    /// Number of the invoice whose payment left money on the customer's account.
    pub from: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    Pay,
    PayWithDuplicateCallback,
    PayWithLostCallback,
    PayTwice,
    /// With the customer's own code, which names no charge.
    PayOwnCode,
    /// Past the charge, into the merchant's account; the merchant records it.
    Transfer,
    /// The merchant applies what lies on the customer's account.
    Apply,
    /// The merchant gives the last payment back.
    Refund,
    /// The bank takes the last payment back.
    TakeBack,
    Rebate,
    WriteOff,
    Cancel,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    #[serde(deserialize_with = "local")]
    pub starts: DateTime<Utc>,
    #[serde(deserialize_with = "local")]
    pub ends: DateTime<Utc>,
    pub strays: Vec<Stray>,
    /// How many payments have to wait for a person at the end, by reason.
    pub exceptions: BTreeMap<String, usize>,
}

/// Money that names no charge of ours.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stray {
    #[serde(deserialize_with = "local")]
    pub at: DateTime<Utc>,
    pub txid: String,
    pub amount: String,
}

pub fn load() -> Result<Input, serde_json::Error> {
    Ok(Input {
        customers: serde_json::from_str(CUSTOMERS)?,
        invoices: serde_json::from_str(INVOICES)?,
        scenario: serde_json::from_str(SCENARIO)?,
    })
}

/// A moment in São Paulo, `2026-09-01T10:15`.
fn local<'de, D: Deserializer<'de>>(input: D) -> Result<DateTime<Utc>, D::Error> {
    let text = String::deserialize(input)?;
    let at = NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M").map_err(D::Error::custom)?;
    Ok(instant_at(at.date(), at.time(), SAO_PAULO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_invoice_has_its_customer_and_a_number_of_its_own() {
        let input = load().unwrap();
        let mut numbers = std::collections::BTreeSet::new();
        for invoice in &input.invoices {
            let known = input.customers.iter().any(|customer| customer.key == invoice.customer);
            assert!(known, "{}", invoice.customer);
            assert!(numbers.insert(invoice.number().to_owned()), "{}", invoice.number());
            for scene in &invoice.story {
                let span = input.scenario.starts..input.scenario.ends;
                assert!(span.contains(&scene.at), "{} {}", invoice.number(), scene.at);
            }
        }
    }
}
