//! How far a merchant's set-up has come: the bank, its callback, a first charge, the sender.
//!
//! Owns what is remembered of each step and when a step has to be made anew. Does not own secrets,
//! nor what bank and mail provider say today.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::Txid;

/// How long before its end a bank's certificate is warned of: renewing one takes days.
pub const CERTIFICATE_WARNING: TimeDelta = TimeDelta::days(30);

/// The steps of a merchant's set-up that were made.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Setup {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank: Option<BankConnection>,
    /// When the bank took our callback's address for the present key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_at: Option<DateTime<Utc>>,
    /// The last charge made to try the present connection out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_charge: Option<TestCharge>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<SenderDomain>,
}

/// The bank that answered a test call with the credentials kept in the merchant's secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankConnection {
    /// Name of the bank's profile, such as `efi`, or `custom`.
    pub bank: String,
    pub sandbox: bool,
    /// Since when the present credentials are in force.
    pub connected_at: DateTime<Utc>,
    /// When the client certificate ends; `None` where the bank wants none.
    pub certificate_expires_at: Option<DateTime<Utc>>,
}

/// A charge of one centavo that belongs to no invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestCharge {
    pub txid: Txid,
    pub at: DateTime<Utc>,
    /// When it was taken out at the bank.
    pub removed_at: Option<DateTime<Utc>>,
}

/// The domain that messages are sent from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SenderDomain {
    /// In lower case.
    pub domain: String,
    /// When the mail provider was first seen to take it for verified.
    pub verified_at: Option<DateTime<Utc>>,
}

impl Setup {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The set-up after the bank took credentials. With `same_account`, when bank and key are what
    /// they were, as for a renewed certificate, the callback and the test charge stand.
    #[must_use]
    pub fn connected(self, bank: BankConnection, same_account: bool) -> Self {
        let keep = same_account && self.bank.is_some();
        Self {
            bank: Some(bank),
            callback_at: self.callback_at.filter(|_| keep),
            test_charge: self.test_charge.filter(|_| keep),
            ..self
        }
    }
}

impl BankConnection {
    /// Whole days until the certificate ends, negative once it has; `None` without a certificate.
    pub fn certificate_days_left(&self, now: DateTime<Utc>) -> Option<i64> {
        self.certificate_expires_at.map(|end| (end - now).num_seconds().div_euclid(86_400))
    }

    /// Whether the certificate ends within [`CERTIFICATE_WARNING`], or has ended.
    pub fn certificate_ends_soon(&self, now: DateTime<Utc>) -> bool {
        self.certificate_expires_at.is_some_and(|end| end - now < CERTIFICATE_WARNING)
    }
}
