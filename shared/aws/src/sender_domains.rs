//! Domains that e-mail is sent from, as identities of Amazon SES, API version 2.
//!
//! Owns which records SES wants in DNS and what its states mean. Does not own who may claim a
//! domain: the identity carries the merchant as a tag, and one without it is nobody's to claim, so
//! an identity that was made by hand is tagged by hand first.

use async_trait::async_trait;
use http::Method;
use quita_app::Unknown;
use quita_app::ports::{Claim, DnsRecord, DomainState, Purpose, RecordState, SenderDomains};
use quita_core::ids::MerchantId;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::calls::{Caller, Failed, PATIENCE};
use crate::clients::Clients;
use crate::mailer::SERVICE;

/// Tag that says whose an identity is.
const OWNER: &str = "quita:merchant";
/// What stands before the domain where bounces go. Source: SES developer guide, "Using a custom MAIL
/// FROM domain": it must be a subdomain that no mail is received at.
const BOUNCES: &str = "bounce";
const IDENTITIES: &str = "/v2/email/identities";
/// Source: SES API reference, GetEmailIdentity and CreateEmailIdentity.
const NOT_FOUND: &str = "NotFoundException";
const EXISTS: &str = "AlreadyExistsException";

/// How SES says that a record is there, or is not any more; anything else is on its way.
const SUCCESS: &str = "SUCCESS";
const FAILED: &str = "FAILED";

/// SES in one region.
#[derive(Debug, Clone)]
pub struct SesSenderDomains {
    caller: Caller,
}

/// An identity as `GetEmailIdentity` tells it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Identity {
    #[serde(default)]
    verified_for_sending_status: bool,
    dkim_attributes: Option<Dkim>,
    mail_from_attributes: Option<MailFrom>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Dkim {
    status: Option<String>,
    #[serde(default)]
    tokens: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MailFrom {
    mail_from_domain: String,
    mail_from_domain_status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    key: String,
    value: String,
}

impl SesSenderDomains {
    pub fn new(clients: &Clients) -> Self {
        Self { caller: Caller::new(clients, SERVICE, PATIENCE) }
    }

    async fn identity(&self, domain: &str) -> Result<Option<Identity>, Unknown> {
        match self.caller.rest(Method::GET, &path(domain), Vec::new()).await {
            Ok(identity) => Ok(Some(identity)),
            Err(failed) if failed.fault.code == NOT_FOUND => Ok(None),
            Err(failed) => Err(Unknown::new("looking at a sender's domain", failed.fault)),
        }
    }

    /// Creates the identity, as this merchant's. One that is there by now stays as it is.
    async fn create(&self, merchant: &MerchantId, domain: &str) -> Result<(), Unknown> {
        let tags = json!([{ "Key": OWNER, "Value": merchant.as_str() }]);
        let body = json!({ "EmailIdentity": domain, "Tags": tags });
        match self.write(Method::POST, IDENTITIES, &body).await {
            Err(failed) if failed.fault.code != EXISTS => Err(claiming(failed)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Has bounces come by the merchant's own domain, so that SPF is aligned with the sender. Until
    /// the records are there SES sends with its own.
    async fn set_mail_from(&self, domain: &str) -> Result<(), Unknown> {
        let body = json!({
            "MailFromDomain": format!("{BOUNCES}.{domain}"),
            "BehaviorOnMxFailure": "USE_DEFAULT_VALUE",
        });
        let path = format!("{}/mail-from", path(domain));
        self.write(Method::PUT, &path, &body).await.map_err(claiming)
    }

    async fn write(&self, method: Method, path: &str, body: &Value) -> Result<(), Failed> {
        let done = self.caller.rest(method, path, body.to_string().into_bytes()).await;
        done.map(|IgnoredAny| ())
    }

    fn state(&self, domain: &str, identity: &Identity) -> DomainState {
        let dkim = identity.dkim_attributes.as_ref();
        let signed = dkim.and_then(|dkim| dkim.status.as_deref());
        let tokens = dkim.map(|dkim| dkim.tokens.as_slice()).unwrap_or_default();
        let keys = tokens.iter().map(|token| DnsRecord {
            purpose: Purpose::Dkim,
            name: format!("{token}._domainkey.{domain}"),
            kind: "CNAME",
            value: format!("{token}.dkim.amazonses.com"),
            state: state_of(signed),
        });
        let bounces = identity.mail_from_attributes.as_ref();
        let bounces = bounces.map(|it| it.mail_from_domain_status.as_str());
        let name = format!("{BOUNCES}.{domain}");
        let mail_from = DnsRecord {
            purpose: Purpose::MailFrom,
            name: name.clone(),
            kind: "MX",
            value: format!("10 feedback-smtp.{}.amazonses.com", self.caller.region()),
            state: state_of(bounces),
        };
        let spf = DnsRecord {
            purpose: Purpose::Spf,
            name,
            kind: "TXT",
            value: "v=spf1 include:amazonses.com ~all".to_owned(),
            state: RecordState::NotChecked,
        };
        DomainState {
            // Signed by keys under this very domain: not only because a domain above it is.
            can_send: identity.verified_for_sending_status && signed == Some(SUCCESS),
            records: keys.chain([mail_from, spf]).collect(),
        }
    }
}

#[async_trait]
impl SenderDomains for SesSenderDomains {
    async fn claim(&self, merchant: &MerchantId, domain: &str) -> Result<Claim, Unknown> {
        if self.identity(domain).await?.is_none() {
            self.create(merchant, domain).await?;
        }
        let gone = || Unknown::new("claiming a sender's domain", "it is not there yet");
        let identity = self.identity(domain).await?.ok_or_else(gone)?;
        let is_owner = |tag: &Tag| tag.key == OWNER && tag.value == merchant.as_str();
        if !identity.tags.iter().any(is_owner) {
            return Ok(Claim::Taken);
        }
        let bounces = identity.mail_from_attributes.as_ref();
        if bounces.is_some_and(|it| it.mail_from_domain == format!("{BOUNCES}.{domain}")) {
            return Ok(Claim::Own(self.state(domain, &identity)));
        }
        self.set_mail_from(domain).await?;
        let identity = self.identity(domain).await?.ok_or_else(gone)?;
        Ok(Claim::Own(self.state(domain, &identity)))
    }

    async fn look(&self, domain: &str) -> Result<Option<DomainState>, Unknown> {
        let identity = self.identity(domain).await?;
        Ok(identity.map(|identity| self.state(domain, &identity)))
    }
}

fn claiming(failed: Failed) -> Unknown {
    Unknown::new("claiming a sender's domain", failed.fault)
}

fn path(domain: &str) -> String {
    format!("{IDENTITIES}/{domain}")
}

fn state_of(status: Option<&str>) -> RecordState {
    match status {
        Some(SUCCESS) => RecordState::Verified,
        Some(FAILED) => RecordState::Failed,
        _ => RecordState::Pending,
    }
}

#[cfg(test)]
mod tests;
