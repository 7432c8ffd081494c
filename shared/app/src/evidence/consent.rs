//! What payers answer by WhatsApp: that they want no more messages, or something a person reads.
//!
//! A phone may be several customers': its word counts for all of them. Invariant: the latest word
//! counts, whenever it is told; a callback that comes again changes nothing.

use chrono::{DateTime, Utc};
use quita_core::audit;
use quita_core::care;
use quita_core::customer::Customer;
use quita_core::hidden::Hidden;
use quita_core::ids::{CustomerId, InvoiceId, MerchantId};
use quita_core::invoice::Invoice;
use quita_core::message::Correspondent;
use quita_table::items::EventRow;
use quita_table::keys::{Aggregate, RecordKey};
use quita_table::store::ItemRef;
use quita_table::{Commit, CommitError, Expected};
use serde_json::json;

use super::{ACTOR, CONFLICTS_MAX, phone_hash};
use crate::credentials::hash;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::tasks::{ask_question, parse_question};

/// Name of the event: a payer said whether it wants WhatsApp messages.
pub const CONSENT_CHANGED: &str = "customer.consent_changed";

/// What stands for a picture, a voice message and the like.
const WITHOUT_WORDS: &str = "(sem texto)";
const DOING: &str = "recording what a payer answered";

/// A payer's word.
#[derive(Debug, Clone, Copy)]
pub(super) struct Consent {
    pub given: bool,
    pub at: DateTime<Utc>,
}

/// Records a payer's word; `false` when nobody was written to at that phone.
pub(super) async fn set(
    deps: &Deps,
    merchant: &MerchantId,
    from: &Hidden,
    said: Consent,
) -> Result<bool, Unknown> {
    let Some(known) = correspondent(deps, merchant, from).await? else { return Ok(false) };
    for about in &known.about {
        set_of(deps, merchant, &about.customer, said).await?;
    }
    Ok(true)
}

async fn set_of(
    deps: &Deps,
    merchant: &MerchantId,
    id: &CustomerId,
    said: Consent,
) -> Result<(), Unknown> {
    for _ in 0..CONFLICTS_MAX {
        let found = deps.store.read(merchant, &[ItemRef::Customer(id.clone())]).await?;
        let Some(customer) = { found }.take_customer(id) else { return Ok(()) };
        let known = customer.care.whatsapp;
        let is_old = known.is_some_and(|known| known.at >= said.at);
        if is_old || customer.bill_to.document.is_erased() {
            return Ok(());
        }
        let mut after = Customer { version: customer.version + 1, ..customer.clone() };
        after.care.whatsapp = Some(care::Consent { given: said.given, at: said.at });
        let mut commit =
            Commit::new(merchant).customer(&after, Expected::Version(customer.version));
        if known.is_none_or(|known| known.given != said.given) {
            commit = commit.event(&row(deps, &customer, &after, said));
        }
        match deps.store.commit(commit).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Unknown::new(DOING, "others kept writing first"))
}

fn row(deps: &Deps, before: &Customer, after: &Customer, said: Consent) -> EventRow {
    EventRow {
        aggregate: Aggregate::Customer(after.id.clone()),
        seq: after.version,
        at: deps.clock.now(),
        actor: ACTOR.to_owned(),
        name: CONSENT_CHANGED.to_owned(),
        data: json!({ "channel": "whatsapp", "given": said.given, "said_by": "payer" }),
        postings: Vec::new(),
        changes: audit::changes(Some(before), after),
    }
}

/// Puts what a payer wrote before a person; `false` when nobody was written to at that phone.
pub(super) async fn ask(
    deps: &Deps,
    merchant: &MerchantId,
    from: &Hidden,
    id: &str,
    text: &str,
) -> Result<bool, Unknown> {
    let Some(known) = correspondent(deps, merchant, from).await? else { return Ok(false) };
    let Some(after) = known.answered(&hash(id)) else { return Ok(true) };
    let invoice = match known.about.last() {
        Some(about) => load(deps, merchant, &about.invoice).await?,
        None => None,
    };
    let Some(invoice) = invoice.filter(|it| !it.bill_to.document.is_erased()) else {
        return Ok(false);
    };
    let words = parse_question(text).unwrap_or_else(|_| WITHOUT_WORDS.to_owned());
    let asked = ask_question(deps, invoice, &words).await?;
    tracing::info!(?asked, "A payer wrote");
    // Taken first: an answer that is told again is better than one that is lost.
    let commit = Commit::new(merchant).record(&after, Expected::Version(known.version));
    match deps.store.commit(commit).await {
        Ok(()) | Err(CommitError::Conflict(_)) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

async fn load(
    deps: &Deps,
    merchant: &MerchantId,
    id: &InvoiceId,
) -> Result<Option<Invoice>, Unknown> {
    let refs = [ItemRef::Invoice(id.clone())];
    Ok(deps.store.read(merchant, &refs).await?.take_invoice(id))
}

/// What a phone was written to about.
async fn correspondent(
    deps: &Deps,
    merchant: &MerchantId,
    from: &Hidden,
) -> Result<Option<Correspondent>, Unknown> {
    let key = RecordKey::Correspondent(phone_hash(from));
    let mut found = deps.store.read(merchant, &[ItemRef::Record(key.clone())]).await?;
    Ok(found.take_record(&key)?)
}
