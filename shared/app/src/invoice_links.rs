//! Links to the payer's page of an invoice: gives one out, and takes all of them back.
//!
//! Owns which last days a link may have. Does not own what a link looks like ([`crate::links`]).

use quita_core::ids::{InvoiceId, MerchantId};
use quita_core::invoice::{Command, Refusal};
use quita_core::terms_draft::parse_date;
use quita_core::violation::Violation;
use quita_table::store::ItemRef;
use serde::Serialize;

use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{Answer, Request};
use crate::links::{PAGE_MONTHS_MAX, PageLink, Scope, last_day_after};
use crate::reissue_charge::{self, command_answering};

/// Status of the answer to a revocation.
const DONE: u16 = 200;

/// A link as asked for.
#[derive(Debug, Clone)]
pub struct LinkDraft {
    pub scope: String,
    pub expires_on: Option<String>,
}

/// A link. Whoever has the URL has what its scope lets do, so its `Debug` does not show it.
#[derive(Serialize)]
pub struct LinkView {
    url: String,
    scope: &'static str,
    expires_on: String,
    generation: u32,
}

/// Why there is no link.
#[derive(Debug)]
pub enum Refused {
    NotFound,
    Invalid(Vec<Violation>),
}

/// Gives a link out. It writes nothing: the link is its own record.
pub async fn give_link(
    deps: &Deps,
    merchant: &MerchantId,
    id: &InvoiceId,
    draft: &LinkDraft,
) -> Result<Result<LinkView, Refused>, Unknown> {
    let mut found = deps.store.read(merchant, &[ItemRef::Invoice(id.clone())]).await?;
    let Some(invoice) = found.take_invoice(id) else { return Ok(Err(Refused::NotFound)) };
    let now = deps.clock.now();
    let mut faults = Vec::new();
    let scope = Scope::parse(&draft.scope);
    if scope.is_none() {
        let names = Scope::ALL.map(Scope::as_str).join(", ");
        faults.push(Violation::new("scope", format!("use one of: {names}")));
    }
    let today = invoice.civil_date(now);
    let latest = last_day_after(today, PAGE_MONTHS_MAX);
    let asked = draft.expires_on.as_deref();
    let asked = asked.and_then(|raw| parse_date("expires_on", raw, &mut faults));
    if asked.is_some_and(|day| !(today..=latest).contains(&day)) {
        let reason = format!("use a date from {today} to {latest}");
        faults.push(Violation::new("expires_on", reason));
    }
    let Some(scope) = scope.filter(|_| faults.is_empty()) else {
        return Ok(Err(Refused::Invalid(faults)));
    };
    let link = match asked {
        Some(day) => PageLink::until(&invoice, scope, day),
        None => PageLink::to(&invoice, scope, now),
    };
    let path = deps.config.signing_key.page_path(&link);
    Ok(Ok(LinkView {
        url: format!("{}{path}", deps.config.public_url),
        scope: scope.as_str(),
        expires_on: link.expires_on.to_string(),
        generation: link.generation,
    }))
}

/// Takes back every link of an invoice that was given out so far. Its view has the new one.
pub async fn revoke_links(
    deps: &Deps,
    merchant: &MerchantId,
    id: &InvoiceId,
    reason: &str,
    request: &Request,
) -> Result<Result<Answer, reissue_charge::Refused<Refusal>>, Unknown> {
    let asked = Command::RevokeLinks { reason: reason.to_owned() };
    command_answering(deps, merchant, id, asked, DONE, request).await
}
