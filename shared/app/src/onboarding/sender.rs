//! Who messages come from: an address of a domain that the merchant proves to be its own in DNS.
//!
//! Owns the records to publish and what each still lacks. Does not own how the mail provider checks
//! them ([`SenderDomains`](crate::ports::SenderDomains)). Invoices wait until the domain is
//! verified: a message refused for its sender would be refused for good.

use chrono::{DateTime, Utc};
use quita_core::contact::Email;
use quita_core::ids::MerchantId;
use quita_core::merchant::{Merchant, SenderDomain, Setup};
use quita_core::violation::Violation;
use serde::Serialize;
use serde_json::json;

use super::{Refused, SENDER_SET, SENDER_VERIFIED, Step, load, told_before, write};
use crate::bus::instant;
use crate::deps::Deps;
use crate::error::{Unknown, chain};
use crate::idempotency::{Answer, Request};
use crate::ports::{Claim, DnsRecord, DomainState, RecordState};

const OK: u16 = 200;
/// Longest domain. Source: RFC 1035, section 2.3.4.
const DOMAIN_BYTES_MAX: usize = 253;

/// A sender as typed.
#[derive(Clone, Default)]
pub struct SenderDraft {
    pub domain: String,
    pub from: String,
    pub reply_to: String,
}

/// The sender, outside.
#[derive(Debug, Serialize)]
pub struct SenderView {
    domain: Option<String>,
    from: Option<String>,
    reply_to: Option<String>,
    /// `verified`, `pending`, `failed`, or `not_set`.
    status: &'static str,
    verified_at: Option<String>,
    records: Vec<RecordView>,
    what_to_do: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct RecordView {
    purpose: &'static str,
    name: String,
    r#type: &'static str,
    value: String,
    status: &'static str,
    what_to_do: &'static str,
}

impl RecordView {
    fn of(record: DnsRecord) -> Self {
        Self {
            purpose: record.purpose.as_str(),
            name: record.name,
            r#type: record.kind,
            value: record.value,
            status: record.state.as_str(),
            what_to_do: match record.state {
                RecordState::Verified => "nothing",
                RecordState::Pending => {
                    "publish it at your DNS provider; it can take hours until it is seen"
                }
                RecordState::Failed => {
                    "it was looked for too long: publish it as it stands here, then send PUT \
                     /v1/sender_domain again"
                }
                RecordState::NotChecked => {
                    "publish it, or keep a stricter one you have; it is not looked up from here"
                }
            },
        }
    }
}

impl SenderView {
    fn of(merchant: &Merchant, state: Option<DomainState>) -> Self {
        let sender = merchant.setup.sender.as_ref();
        let verified_at = sender.and_then(|sender| sender.verified_at);
        let failed = |state: &DomainState| {
            state.records.iter().any(|record| record.state == RecordState::Failed)
        };
        let (status, what_to_do) = match (sender, &state) {
            (None, _) => ("not_set", Some("say who messages come from with PUT /v1/sender_domain")),
            (Some(_), Some(state)) if failed(state) => {
                ("failed", Some("publish the records, then send PUT /v1/sender_domain again"))
            }
            (Some(_), Some(state)) if state.can_send && verified_at.is_some() => ("verified", None),
            (Some(_), None) if verified_at.is_some() => ("verified", None),
            _ => (
                "pending",
                Some("publish the records at your DNS provider, then POST /v1/sender_domain/check"),
            ),
        };
        let dmarc = sender.map(|sender| DnsRecord::dmarc(&sender.domain));
        let records = state.into_iter().flat_map(|state| state.records).chain(dmarc);
        Self {
            domain: sender.map(|sender| sender.domain.clone()),
            from: merchant.from.as_ref().map(|from| from.as_str().to_owned()),
            reply_to: merchant.reply_to.as_ref().map(|to| to.as_str().to_owned()),
            status,
            verified_at: verified_at.map(instant),
            records: records.map(RecordView::of).collect(),
            what_to_do,
        }
    }
}

/// A sender without a fault.
#[derive(Clone)]
struct Checked {
    domain: String,
    from: Email,
    reply_to: Email,
}

impl SenderDraft {
    fn check(&self) -> Result<Checked, Vec<Violation>> {
        let mut faults = Vec::new();
        let domain = self.domain.trim().to_ascii_lowercase();
        // A domain is what may stand after the @ of an address.
        let fits = domain.len() <= DOMAIN_BYTES_MAX && Email::parse(&format!("a@{domain}")).is_ok();
        if !fits {
            let reason = "use the part after the @, such as acme.com.br";
            faults.push(Violation::new("domain", reason));
        }
        let mut address = |property: &str, raw: &str| {
            Email::parse(raw.trim())
                .map_err(|why| faults.push(Violation::new(property, why.to_string())))
                .ok()
        };
        let (from, reply_to) = (address("from", &self.from), address("reply_to", &self.reply_to));
        let on_domain = |from: &Email| {
            let host = from.as_str().rsplit_once('@').map_or("", |(_, host)| host);
            host == domain || host.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'))
        };
        if fits && from.as_ref().is_some_and(|from| !on_domain(from)) {
            faults.push(Violation::new("from", "use an address of the domain"));
        }
        match (from, reply_to) {
            (Some(from), Some(reply_to)) if faults.is_empty() => {
                Ok(Checked { domain, from, reply_to })
            }
            _ => Err(faults),
        }
    }
}

/// Sets the sender and makes its domain known to the mail provider.
pub async fn set_sender(
    deps: &Deps,
    merchant: &MerchantId,
    draft: &SenderDraft,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let checked = match draft.check() {
        Ok(checked) => checked,
        Err(faults) => return Ok(Err(Refused::Invalid(faults))),
    };
    if let Some(told) = told_before(deps, merchant, request).await? {
        return Ok(told);
    }
    let state = match deps.senders.claim(merchant, &checked.domain).await {
        Ok(Claim::Own(state)) => state,
        Ok(Claim::Taken) => {
            let reason = "another merchant of this installation sends from it";
            return Ok(Err(Refused::of("domain", reason)));
        }
        Err(error) => return Ok(Err(provider_silent(&error))),
    };
    write(deps, merchant, request, OK, |before, now| Ok(Ok(set(before, &checked, &state, now)?)))
        .await
}

fn set(
    before: &Merchant,
    checked: &Checked,
    state: &DomainState,
    now: DateTime<Utc>,
) -> Result<Step, Unknown> {
    let known = before.setup.sender.as_ref().filter(|known| known.domain == checked.domain);
    let known = known.and_then(|known| known.verified_at);
    let verified_at = state.can_send.then(|| known.unwrap_or(now));
    let sender = Some(SenderDomain { domain: checked.domain.clone(), verified_at });
    let setup = Setup { sender, ..before.setup.clone() };
    let after = Merchant {
        from: Some(checked.from.clone()),
        reply_to: Some(checked.reply_to.clone()),
        setup,
        ..before.clone()
    };
    let view = SenderView::of(&after, Some(state.clone()));
    let data = json!({ "domain": checked.domain, "verified": verified_at.is_some() });
    Step::new(after, SENDER_SET, data, &view)
}

/// The sender with its records as the mail provider sees them now.
pub async fn show_sender(
    deps: &Deps,
    merchant: &MerchantId,
) -> Result<Result<SenderView, Refused>, Unknown> {
    let merchant = load(deps, merchant).await?;
    let state = match &merchant.setup.sender {
        None => None,
        Some(sender) => match deps.senders.look(&sender.domain).await {
            Ok(state) => state,
            Err(error) => return Ok(Err(provider_silent(&error))),
        },
    };
    Ok(Ok(SenderView::of(&merchant, state)))
}

/// Looks whether the domain is verified by now, and remembers it.
pub async fn check_sender(
    deps: &Deps,
    merchant: &MerchantId,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    if let Some(told) = told_before(deps, merchant, request).await? {
        return Ok(told);
    }
    let settings = load(deps, merchant).await?;
    let Some(sender) = settings.setup.sender else {
        let why = "no sender is set; say who messages come from with PUT /v1/sender_domain first";
        return Ok(Err(Refused::Conflict(why.to_owned())));
    };
    let state = match deps.senders.look(&sender.domain).await {
        Ok(state) => state,
        Err(error) => return Ok(Err(provider_silent(&error))),
    };
    let can_send = state.as_ref().is_some_and(|state| state.can_send);
    write(deps, merchant, request, OK, |before, now| {
        let mut after = before.clone();
        if let Some(known) = &mut after.setup.sender
            && known.domain == sender.domain
            && can_send
        {
            known.verified_at = known.verified_at.or(Some(now));
        }
        let view = SenderView::of(&after, state.clone());
        Ok(Ok(Step::new(after, SENDER_VERIFIED, json!({ "domain": sender.domain }), &view)?))
    })
    .await
}

fn provider_silent(error: &Unknown) -> Refused {
    tracing::error!(error = chain(error), "The mail provider was asked for a domain in vain");
    let why = "asking the mail provider for the domain: it does not answer now; repeat the request";
    Refused::NotNow(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_of_another_domain_is_taken() {
        let check = |domain: &str, from: &str, expected: &[&str]| {
            let draft = SenderDraft {
                domain: domain.to_owned(),
                from: from.to_owned(),
                reply_to: "financeiro@gmail.com".to_owned(),
            };
            let faults = draft.check().err().unwrap_or_default();
            let found: Vec<&str> = faults.iter().map(|fault| fault.property.as_str()).collect();
            assert_eq!(found, expected, "{domain} {from}");
        };
        check("acme.com.br", "cobranca@acme.com.br", &[]);
        check("ACME.com.br ", "Cobranca@Acme.com.br", &[]);
        check("acme.com.br", "cobranca@mail.acme.com.br", &[]);
        check("acme.com.br", "cobranca@notacme.com.br", &["from"]);
        check("acme.com.br", "cobranca@acme.com.br.evil.com", &["from"]);
        check("mail.acme.com.br", "cobranca@acme.com.br", &["from"]);
        check("https://acme.com.br", "cobranca@acme.com.br", &["domain"]);
        check("localhost", "cobranca@acme.com.br", &["domain"]);
        check("", "cobranca", &["domain", "from"]);
    }
}
