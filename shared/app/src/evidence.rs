//! What providers tell of messages, onto the rows of the ledger.
//!
//! Owns the order: read the row, let it hear, and in the same transaction take a bad address out of
//! use at its customer. Does not own what a sign means ([`quita_core::message`]) nor how a provider
//! spells it ([`ses`], [`whatsapp`]).
//!
//! Invariants: the merchant comes from the tag or from the signed address that was called, and both
//! agree; what is told twice is written once; what is told of a message nobody knows is counted and
//! forgotten.

mod consent;
pub mod ses;
mod view;
pub mod whatsapp;

use quita_core::audit;
use quita_core::care::{SuppressReason, Suppressed};
use quita_core::contact::{Email, Phone};
use quita_core::customer::Customer;
use quita_core::hidden::{Hidden, masked};
use quita_core::ids::CustomerId;
use quita_core::invoice::Invoice;
use quita_core::message::{
    About, Channel, Correspondent, LedgerKey, Message, Noted, ProviderTag, Sign,
};
use quita_core::task::TaskKind;
use quita_table::items::EventRow;
use quita_table::keys::{Aggregate, RecordKey};
use quita_table::store::ItemRef;
use quita_table::{Commit, CommitError, Expected};
use serde_json::json;

use crate::apply;
use crate::credentials::hash;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::metrics;
use crate::tasks::{self, Opening};

pub use consent::CONSENT_CHANGED;
pub use view::{MessageView, invoice_messages};

/// Times evidence is recorded anew because someone else wrote first.
const CONFLICTS_MAX: usize = 5;
/// Who the rows name.
const ACTOR: &str = "record_evidence";
/// Name of the event: an address of a customer is not written to any more.
pub const ADDRESS_SUPPRESSED: &str = "customer.address_suppressed";

/// Events of a customer that come of evidence.
pub const EVENTS: [&str; 2] = [ADDRESS_SUPPRESSED, CONSENT_CHANGED];

/// What a provider told of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub tag: ProviderTag,
    pub notes: Vec<Noted>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    Written,
    /// It was known.
    Known,
    /// The ledger has no such message.
    NoSuchMessage,
}

/// Records what was told of a message.
///
/// # Errors
/// [`Unknown`] when the table does not answer, or others kept writing first; the same evidence may be
/// told again.
pub async fn record_evidence(deps: &Deps, told: &Told) -> Result<Recorded, Unknown> {
    let recorded = record(deps, told).await?;
    metrics::evidence_heard(match recorded {
        Recorded::Written => "written",
        Recorded::Known => "known",
        Recorded::NoSuchMessage => "no_such_message",
    });
    Ok(recorded)
}

async fn record(deps: &Deps, told: &Told) -> Result<Recorded, Unknown> {
    let ProviderTag { merchant, invoice, key } = &told.tag;
    let phone = correspondent_of(told);
    let mut refs =
        vec![ItemRef::Message(invoice.clone(), key.clone()), ItemRef::Invoice(invoice.clone())];
    refs.extend(phone.iter().map(|hash| ItemRef::Record(RecordKey::Correspondent(hash.clone()))));
    for _ in 0..CONFLICTS_MAX {
        let mut found = deps.store.read(merchant, &refs).await?;
        let row = found.take_message(invoice, key);
        let (Some(row), Some(about)) = (row, found.take_invoice(invoice)) else {
            return Ok(Recorded::NoSuchMessage);
        };
        let notes = permitted(&about, &told.notes);
        let Some(after) = row.hear(&notes) else { return Ok(Recorded::Known) };
        let mut commit = Commit::new(merchant).message(&after, Expected::Version(row.version));
        if let Some(hash) = &phone {
            let known = found.take_record(&RecordKey::Correspondent(hash.clone()))?;
            commit = meet(deps, commit, &about, hash, known);
        }
        let commit = match bad_addresses(&row, &notes) {
            None => commit,
            Some(bad) => suppress(deps, commit, &about, key, &bad).await?,
        };
        match deps.store.commit(commit).await {
            Ok(()) => return Ok(Recorded::Written),
            Err(CommitError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Unknown::new("recording what became of a message", "others kept writing first"))
}

/// Without whom it went to, once that was erased.
fn permitted(invoice: &Invoice, notes: &[Noted]) -> Vec<Noted> {
    let erased = invoice.bill_to.document.is_erased();
    let note = |noted: &Noted| match erased {
        true => Noted { recipient: None, ..noted.clone() },
        false => noted.clone(),
    };
    notes.iter().map(note).collect()
}

/// The phone a WhatsApp message went to, by the digest that what it answers is found by.
fn correspondent_of(told: &Told) -> Option<String> {
    if told.tag.key.channel != Channel::WhatsApp {
        return None;
    }
    let phone = told.notes.iter().find_map(|noted| noted.recipient.as_ref())?;
    Some(phone_hash(phone))
}

/// The digest of a phone, of its digits alone: providers leave the `+` out.
fn phone_hash(phone: &Hidden) -> String {
    let digits: String = phone.as_str().chars().filter(char::is_ascii_digit).collect();
    hash(&digits)
}

/// Remembers what a phone was written to about.
fn meet(
    deps: &Deps,
    commit: Commit,
    invoice: &Invoice,
    hash: &str,
    known: Option<Correspondent>,
) -> Commit {
    if invoice.bill_to.document.is_erased() {
        return commit;
    }
    let about = About { customer: invoice.customer.clone(), invoice: invoice.id.clone() };
    let now = deps.clock.now();
    match known {
        None => {
            let merchant = invoice.merchant.clone();
            let new = Correspondent::new(merchant, hash.to_owned(), about, now);
            commit.record(&new, Expected::New)
        }
        Some(known) => match known.met(&about, now) {
            Some(after) => commit.record(&after, Expected::Version(known.version)),
            None => commit,
        },
    }
}

/// Addresses that are not to be written to again, and why.
struct Bad {
    reason: SuppressReason,
    addresses: Vec<String>,
}

/// The addresses that the row learns are bad.
fn bad_addresses(row: &Message, notes: &[Noted]) -> Option<Bad> {
    let of = |sign: Sign, reason: SuppressReason| {
        let is_new = |noted: &&Noted| {
            let is_same = |known: &Noted| known.sign == sign && known.recipient == noted.recipient;
            noted.sign == sign && !row.heard.iter().any(is_same)
        };
        let address = |noted: &Noted| Some(canonical(noted.recipient.as_ref()?));
        let addresses: Vec<String> = notes.iter().filter(is_new).filter_map(address).collect();
        (!addresses.is_empty()).then_some(Bad { reason, addresses })
    };
    of(Sign::Complained, SuppressReason::Complaint)
        .or_else(|| of(Sign::HardBounce, SuppressReason::HardBounce))
}

/// An address as a contact of ours has it.
fn canonical(address: &Hidden) -> String {
    let text = address.as_str();
    let phone = Phone::parse(text).or_else(|_| Phone::parse(&format!("+{text}")));
    let email = || Email::parse(text).map(|email| email.as_str().to_owned());
    match phone {
        Ok(phone) => phone.as_str().to_owned(),
        Err(_) => email().unwrap_or_else(|_| text.to_ascii_lowercase()),
    }
}

/// The address as the customer's record has it. WhatsApp may name a Brazilian mobile without its
/// ninth digit; area code and the last eight say which is meant.
fn as_known(customer: &Customer, channel: Channel, address: &str) -> String {
    if channel != Channel::WhatsApp {
        return address.to_owned();
    }
    let contacts = customer.care.contacts.iter().filter_map(|contact| contact.phone.as_ref());
    let mut phones = customer.bill_to.phone.iter().chain(contacts).map(Phone::as_str);
    let is_same = |phone: &&str| {
        let (area, last) = (phone.get(..5), |text: &str| text.len().checked_sub(8));
        area.is_some()
            && area == address.get(..5)
            && last(phone).map(|at| &phone[at..]) == last(address).and_then(|at| address.get(at..))
    };
    phones.find(is_same).unwrap_or(address).to_owned()
}

/// Takes addresses out of use at their customer, says so in its history, and asks a person to mend
/// the contact.
async fn suppress(
    deps: &Deps,
    commit: Commit,
    invoice: &Invoice,
    key: &LedgerKey,
    bad: &Bad,
) -> Result<Commit, Unknown> {
    let Some(customer) = load(deps, invoice, &invoice.customer).await? else { return Ok(commit) };
    let mut after = Customer { version: customer.version + 1, ..customer.clone() };
    let now = deps.clock.now();
    for address in &bad.addresses {
        let (channel, reason) = (key.channel, bad.reason);
        let address = as_known(&customer, channel, address);
        after.care.suppress(Suppressed { channel, address: address.into(), reason, at: now });
    }
    if after.care == customer.care || customer.bill_to.document.is_erased() {
        return Ok(commit);
    }
    let told: Vec<String> = bad.addresses.iter().map(|address| masked(address)).collect();
    let row = EventRow {
        aggregate: Aggregate::Customer(customer.id.clone()),
        seq: after.version,
        at: now,
        actor: ACTOR.to_owned(),
        name: ADDRESS_SUPPRESSED.to_owned(),
        data: json!({
            "channel": key.channel.as_str(),
            "reason": bad.reason.as_str(),
            "addresses": told,
            "invoice_id": invoice.id,
            "instalment": key.instalment,
            "step": key.step,
        }),
        postings: Vec::new(),
        changes: audit::changes(Some(&customer), &after),
    };
    let commit = commit.customer(&after, Expected::Version(customer.version)).event(&row);
    let mut events = Vec::new();
    let asked = Opening::of(TaskKind::FixContact, Some(&key.step));
    let commit = tasks::add(deps, commit, invoice, &mut events, asked, now)?;
    if events.is_empty() {
        return Ok(commit);
    }
    let rule = deps.rule_of(invoice).await?;
    let (commit, _) = apply::apply(commit, invoice.clone(), &rule, &events, ACTOR, now);
    Ok(commit)
}

async fn load(
    deps: &Deps,
    invoice: &Invoice,
    id: &CustomerId,
) -> Result<Option<Customer>, Unknown> {
    let refs = [ItemRef::Customer(id.clone())];
    Ok(deps.store.read(&invoice.merchant, &refs).await?.take_customer(id))
}

#[cfg(test)]
mod tests;
