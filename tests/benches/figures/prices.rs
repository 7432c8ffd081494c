//! What a use costs in US$, from `infra/prices.json`. Pure: uses come from whoever measured them.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;

/// The published prices.
const FILE: &str = include_str!("../../../infra/prices.json");
/// Milliseconds of a second times megabytes of a gigabyte.
const MB_MS_IN_GB_S: i64 = 1024 * 1000;
/// Bytes of a gigabyte of logs.
const BYTES_IN_GB: i64 = 1_000_000_000;

/// What is paid for each unit of use.
pub struct Prices {
    pub region: String,
    pub checked: String,
    units: BTreeMap<String, Price>,
}

#[derive(Deserialize)]
struct File {
    region: String,
    checked: String,
    prices: BTreeMap<String, Price>,
}

#[derive(Deserialize)]
struct Price {
    usd: Decimal,
    per: i64,
    verified: bool,
}

/// What was used; every count may be a fraction, since a use may be shared.
#[derive(Debug, Clone, Default)]
pub struct Used {
    pub invocations: Decimal,
    /// Of all invocations together, in megabytes times milliseconds.
    pub megabyte_millis: Decimal,
    pub read_units: Decimal,
    pub write_units: Decimal,
    pub http_requests: Decimal,
    pub events: Decimal,
    pub mails: Decimal,
    pub secret_calls: Decimal,
    pub log_bytes: Decimal,
}

impl Prices {
    /// Reads the file.
    pub fn published() -> Self {
        let file: File = serde_json::from_str(FILE).unwrap();
        Self { region: file.region, checked: file.checked, units: file.prices }
    }

    /// Names of prices nobody could confirm.
    pub fn unverified(&self) -> Vec<&str> {
        let doubtful = self.units.iter().filter(|(_, price)| !price.verified);
        doubtful.map(|(name, _)| name.as_str()).collect()
    }

    /// What a use costs, in US$.
    pub fn of(&self, used: &Used) -> Decimal {
        let gb_seconds = used.megabyte_millis / Decimal::from(MB_MS_IN_GB_S);
        let log_gb = used.log_bytes / Decimal::from(BYTES_IN_GB);
        let parts = [
            ("lambda_request", used.invocations),
            ("lambda_gb_second", gb_seconds),
            ("table_read_unit", used.read_units),
            ("table_write_unit", used.write_units),
            ("http_request", used.http_requests),
            ("event", used.events),
            ("mail", used.mails),
            ("secret_call", used.secret_calls),
            ("log_gb", log_gb),
        ];
        parts.into_iter().map(|(unit, count)| self.unit(unit) * count).sum()
    }

    fn unit(&self, name: &str) -> Decimal {
        let price = &self.units[name];
        price.usd / Decimal::from(price.per)
    }
}

impl Used {
    /// The same use so many times.
    pub fn times(&self, count: Decimal) -> Self {
        Self {
            invocations: self.invocations * count,
            megabyte_millis: self.megabyte_millis * count,
            read_units: self.read_units * count,
            write_units: self.write_units * count,
            http_requests: self.http_requests * count,
            events: self.events * count,
            mails: self.mails * count,
            secret_calls: self.secret_calls * count,
            log_bytes: self.log_bytes * count,
        }
    }
}
