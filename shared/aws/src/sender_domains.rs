//! Domains that e-mail is sent from, as identities of Amazon SES, API version 2.
//!
//! Owns which records SES wants in DNS and what its states mean. Does not own who may claim a
//! domain: the identity carries the merchant as a tag, and one without it is nobody's to claim, so
//! an identity that was made by hand is tagged by hand first.

use async_trait::async_trait;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::BuildError;
use aws_sdk_sesv2::operation::get_email_identity::GetEmailIdentityOutput;
use aws_sdk_sesv2::types::{BehaviorOnMxFailure, DkimStatus, MailFromDomainStatus, Tag};
use quita_app::Unknown;
use quita_app::ports::{Claim, DnsRecord, DomainState, Purpose, RecordState, SenderDomains};
use quita_core::ids::MerchantId;

use crate::clients::Clients;
use crate::fault::Fault;

/// Tag that says whose an identity is.
const OWNER: &str = "quita:merchant";
/// What stands before the domain where bounces go. Source: SES developer guide, "Using a custom MAIL
/// FROM domain": it must be a subdomain that no mail is received at.
const BOUNCES: &str = "bounce";
/// Source: SES API reference, GetEmailIdentity and CreateEmailIdentity.
const NOT_FOUND: &str = "NotFoundException";
const EXISTS: &str = "AlreadyExistsException";

/// SES in one region.
#[derive(Debug, Clone)]
pub struct SesSenderDomains {
    client: Client,
    region: String,
}

impl SesSenderDomains {
    pub fn new(clients: &Clients) -> Self {
        let region = clients.sdk.region().map(ToString::to_string).unwrap_or_default();
        Self { client: Client::new(&clients.sdk), region }
    }

    async fn identity(&self, domain: &str) -> Result<Option<GetEmailIdentityOutput>, Unknown> {
        match self.client.get_email_identity().email_identity(domain).send().await {
            Ok(identity) => Ok(Some(identity)),
            Err(error) => {
                let fault = Fault::of(&error);
                if fault.code == NOT_FOUND {
                    return Ok(None);
                }
                Err(Unknown::new("looking at a sender's domain", fault))
            }
        }
    }

    /// Creates the identity, as this merchant's. One that is there by now stays as it is.
    async fn create(&self, merchant: &MerchantId, domain: &str) -> Result<(), Unknown> {
        let tag = owner(merchant).map_err(|error| Unknown::new("tagging a domain", error))?;
        match self.client.create_email_identity().email_identity(domain).tags(tag).send().await {
            Ok(_) => Ok(()),
            Err(error) => {
                let fault = Fault::of(&error);
                if fault.code == EXISTS { Ok(()) } else { Err(claiming(fault)) }
            }
        }
    }

    /// Has bounces come by the merchant's own domain, so that SPF is aligned with the sender. Until
    /// the records are there SES sends with its own.
    async fn set_mail_from(&self, domain: &str) -> Result<(), Unknown> {
        let call = self.client.put_email_identity_mail_from_attributes().email_identity(domain);
        let call = call
            .mail_from_domain(format!("{BOUNCES}.{domain}"))
            .behavior_on_mx_failure(BehaviorOnMxFailure::UseDefaultValue);
        call.send().await.map(drop).map_err(|error| claiming(Fault::of(&error)))
    }

    fn state(&self, domain: &str, identity: &GetEmailIdentityOutput) -> DomainState {
        let dkim = identity.dkim_attributes();
        let signed = dkim.and_then(|dkim| dkim.status());
        let tokens = dkim.map(|dkim| dkim.tokens()).unwrap_or_default();
        let keys = tokens.iter().map(|token| DnsRecord {
            purpose: Purpose::Dkim,
            name: format!("{token}._domainkey.{domain}"),
            kind: "CNAME",
            value: format!("{token}.dkim.amazonses.com"),
            state: of_dkim(signed),
        });
        let bounces = identity.mail_from_attributes().map(|it| it.mail_from_domain_status());
        let name = format!("{BOUNCES}.{domain}");
        let mail_from = DnsRecord {
            purpose: Purpose::MailFrom,
            name: name.clone(),
            kind: "MX",
            value: format!("10 feedback-smtp.{}.amazonses.com", self.region),
            state: of_mail_from(bounces),
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
            can_send: identity.verified_for_sending_status()
                && signed == Some(&DkimStatus::Success),
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
        let is_owner = |tag: &Tag| (tag.key(), tag.value()) == (OWNER, merchant.as_str());
        if !identity.tags().iter().any(is_owner) {
            return Ok(Claim::Taken);
        }
        let bounces = identity.mail_from_attributes().map(|it| it.mail_from_domain());
        if bounces == Some(format!("{BOUNCES}.{domain}").as_str()) {
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

fn claiming(fault: Fault) -> Unknown {
    Unknown::new("claiming a sender's domain", fault)
}

fn owner(merchant: &MerchantId) -> Result<Tag, BuildError> {
    Tag::builder().key(OWNER).value(merchant.as_str()).build()
}

fn of_dkim(status: Option<&DkimStatus>) -> RecordState {
    match status {
        Some(DkimStatus::Success) => RecordState::Verified,
        Some(DkimStatus::Failed) => RecordState::Failed,
        _ => RecordState::Pending,
    }
}

fn of_mail_from(status: Option<&MailFromDomainStatus>) -> RecordState {
    match status {
        Some(MailFromDomainStatus::Success) => RecordState::Verified,
        Some(MailFromDomainStatus::Failed) => RecordState::Failed,
        _ => RecordState::Pending,
    }
}

#[cfg(test)]
mod tests;
