//! Sender's domains on one machine: every one is verified at once, unless a test says otherwise.
//!
//! Owns the local end of the port. Nothing is looked up in DNS and no mail leaves the machine, so
//! there is nothing to verify. Invariant: a domain stays with the merchant that claimed it first.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use quita_app::Unknown;
use quita_app::ports::{Claim, DnsRecord, DomainState, Purpose, RecordState, SenderDomains};
use quita_core::ids::MerchantId;

/// What DNS says of every domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dns {
    /// It has the records.
    #[default]
    Published,
    /// It has none of them yet.
    Empty,
    /// It had none for too long.
    GivenUp,
    /// It does not answer.
    Silent,
}

/// The domains.
#[derive(Default)]
pub struct LocalSenderDomains {
    owners: Mutex<BTreeMap<String, MerchantId>>,
    dns: Mutex<Dns>,
}

impl LocalSenderDomains {
    /// Sets what DNS says from now on.
    pub fn set(&self, dns: Dns) {
        *lock(&self.dns) = dns;
    }

    fn state(&self, domain: &str) -> Result<DomainState, Unknown> {
        let state = match *lock(&self.dns) {
            Dns::Published => RecordState::Verified,
            Dns::Empty => RecordState::Pending,
            Dns::GivenUp => RecordState::Failed,
            Dns::Silent => return Err(Unknown::new("looking at a sender's domain", "no answer")),
        };
        let bounces = format!("bounce.{domain}");
        let record = |purpose, name: String, kind, value: &str, state| DnsRecord {
            purpose,
            name,
            kind,
            value: value.to_owned(),
            state,
        };
        let dkim = format!("local._domainkey.{domain}");
        let spf = "v=spf1 include:mail.localhost ~all";
        Ok(DomainState {
            can_send: state == RecordState::Verified,
            records: vec![
                record(Purpose::Dkim, dkim, "CNAME", "local.dkim.localhost", state),
                record(Purpose::MailFrom, bounces.clone(), "MX", "10 mail.localhost", state),
                record(Purpose::Spf, bounces, "TXT", spf, RecordState::NotChecked),
            ],
        })
    }
}

#[async_trait]
impl SenderDomains for LocalSenderDomains {
    async fn claim(&self, merchant: &MerchantId, domain: &str) -> Result<Claim, Unknown> {
        let state = self.state(domain)?;
        let mut owners = lock(&self.owners);
        let owner = owners.entry(domain.to_owned()).or_insert_with(|| merchant.clone());
        Ok(if owner == merchant { Claim::Own(state) } else { Claim::Taken })
    }

    async fn look(&self, domain: &str) -> Result<Option<DomainState>, Unknown> {
        self.state(domain).map(Some)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
