//! How a customer is treated by the chase, as a person sets it: contacts, tier, exclusion, pause,
//! consent. And the second look at its open invoices that follows.

use quita_core::audit;
use quita_core::care::{Care, CareDraft};
use quita_core::customer::Customer;
use quita_core::ids::{CustomerId, MerchantId};
use quita_core::violation::Violation;
use quita_core::zone;
use quita_table::items::EventRow;
use quita_table::keys::Aggregate;
use quita_table::store::ItemRef;
use quita_table::{Commit, Expected};
use serde::Serialize;
use serde_json::json;

use crate::bus::instant;
use crate::chase_invoice::chase_due_invoice;
use crate::deps::Deps;
use crate::error::{Unknown, chain};
use crate::idempotency::{self, Answer, Request};
use crate::views::CustomerView;

/// Name of the event.
pub const CARE_CHANGED: &str = "customer.care_changed";
/// Times a change is decided anew because someone else wrote first.
const CONFLICTS_MAX: usize = 3;
/// Invoices read at a time.
const PAGE: usize = 100;
/// Invoices that are looked at again at once. The sweep finds the others when they fall due.
const INVOICES_MAX: usize = 1_000;
const OK: u16 = 200;

/// Why nothing was changed.
#[derive(Debug)]
pub enum Refused {
    /// Everything that is wrong with what was typed.
    Invalid(Vec<Violation>),
    NotFound,
    /// The state forbids it; the text says what to do.
    Conflict(String),
    KeyReused,
}

/// How a customer is treated, outside.
#[derive(Debug, Serialize)]
pub struct CareView {
    contacts: Vec<ContactView>,
    tier: &'static str,
    segment: Option<SegmentView>,
    excluded: Option<ExclusionView>,
    paused: Option<PauseView>,
    whatsapp_consent: Option<ConsentView>,
    /// Addresses that nobody writes to any more.
    suppressed: Vec<SuppressedView>,
}

#[derive(Debug, Serialize)]
struct ContactView {
    name: String,
    audience: &'static str,
    email: Option<String>,
    phone: Option<String>,
}

#[derive(Debug, Serialize)]
struct SegmentView {
    name: String,
    by_hand: bool,
}

#[derive(Debug, Serialize)]
struct ExclusionView {
    reason: String,
    at: String,
}

#[derive(Debug, Serialize)]
struct PauseView {
    reason: String,
    until: Option<String>,
}

#[derive(Debug, Serialize)]
struct ConsentView {
    given: bool,
    at: String,
}

#[derive(Debug, Serialize)]
struct SuppressedView {
    channel: &'static str,
    address: String,
    reason: &'static str,
    at: String,
}

impl CareView {
    pub fn of(care: &Care) -> Self {
        let contacts = care.contacts.iter().map(|contact| ContactView {
            name: contact.name.clone(),
            audience: contact.audience.as_str(),
            email: contact.email.as_ref().map(|email| email.as_str().to_owned()),
            phone: contact.phone.as_ref().map(|phone| phone.as_str().to_owned()),
        });
        let suppressed = care.suppressed.iter().map(|entry| SuppressedView {
            channel: entry.channel.as_str(),
            address: entry.address.as_str().to_owned(),
            reason: entry.reason.as_str(),
            at: instant(entry.at),
        });
        Self {
            contacts: contacts.collect(),
            tier: care.tier.as_str(),
            segment: care.segment.as_ref().map(|segment| SegmentView {
                name: segment.name.clone(),
                by_hand: segment.by_hand,
            }),
            excluded: care.excluded.as_ref().map(|excluded| ExclusionView {
                reason: excluded.reason.clone(),
                at: instant(excluded.at),
            }),
            paused: care.paused.as_ref().map(|pause| PauseView {
                reason: pause.reason.clone(),
                until: pause.until.map(|day| day.to_string()),
            }),
            whatsapp_consent: care
                .whatsapp
                .map(|consent| ConsentView { given: consent.given, at: instant(consent.at) }),
            suppressed: suppressed.collect(),
        }
    }
}

/// Changes the parts that the draft names.
pub async fn change_care(
    deps: &Deps,
    merchant: &MerchantId,
    id: &CustomerId,
    draft: &CareDraft,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let record = ItemRef::Idempotency { scope: request.scope.to_owned(), key: request.key.clone() };
    let refs = [ItemRef::Merchant, ItemRef::Customer(id.clone()), record];
    for _ in 0..CONFLICTS_MAX {
        let mut found = deps.store.read(merchant, &refs).await?;
        if let Some(record) = found.take_idempotency(request.scope, &request.key) {
            return Ok(request.replay(record).map_err(|_| Refused::KeyReused));
        }
        let settings = found.take_merchant();
        let settings = settings
            .ok_or_else(|| Unknown::new("loading the merchant", "the merchant is not set up"))?;
        let Some(before) = found.take_customer(id) else { return Ok(Err(Refused::NotFound)) };
        if before.erasure.is_some() {
            let why = "the customer's personal data was erased; create the customer again";
            return Ok(Err(Refused::Conflict(why.to_owned())));
        }
        let now = deps.clock.now();
        let today = zone::civil_date(now, settings.issuing.zone);
        let care = match draft.apply(&before.care, today, now) {
            Ok(care) => care,
            Err(faults) => return Ok(Err(Refused::Invalid(faults))),
        };
        let fields = changed_fields(&before.care, &care);
        let after = match fields.is_empty() {
            true => before.clone(),
            false => Customer { version: before.version + 1, care, ..before.clone() },
        };
        let body = serde_json::to_string(&CustomerView::of(&after))
            .map_err(|error| Unknown::new("writing the answer", error))?;
        let mut commit = Commit::new(merchant);
        if !fields.is_empty() {
            let row = EventRow {
                aggregate: Aggregate::Customer(id.clone()),
                seq: after.version,
                at: now,
                actor: request.actor.clone(),
                name: CARE_CHANGED.to_owned(),
                // Who and why stand in the customer alone: a row is never erased.
                data: json!({ "fields": fields }),
                postings: Vec::new(),
                changes: audit::changes(Some(&before), &after),
            };
            commit = commit.customer(&after, Expected::Version(before.version)).event(&row);
        }
        let answer = (OK, body);
        if let Some(told) = idempotency::write(deps, request, commit, answer, now).await? {
            return Ok(told.map_err(|_| Refused::KeyReused));
        }
    }
    Err(Unknown::new("changing how a customer is treated", "others kept writing first"))
}

fn changed_fields(before: &Care, after: &Care) -> Vec<&'static str> {
    let parts = [
        ("contacts", before.contacts != after.contacts),
        ("tier", before.tier != after.tier),
        ("excluded", before.excluded != after.excluded),
        ("paused", before.paused != after.paused),
        ("whatsapp_consent", before.whatsapp != after.whatsapp),
    ];
    parts.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name).collect()
}

/// Looks at the customer's open invoices again: what was silent may speak, and the other way round.
///
/// # Errors
/// Of the first invoice that failed, once all were looked at: the same call may be made again.
pub async fn look_again(
    deps: &Deps,
    merchant: &MerchantId,
    customer: &CustomerId,
) -> Result<usize, Unknown> {
    let (mut seen, mut looked, mut cursor, mut failed) = (0, 0, None, None);
    while seen < INVOICES_MAX {
        let page =
            deps.store.invoices_of_customer(merchant, customer, PAGE, cursor.as_ref()).await?;
        seen += page.items.len();
        let open = page.items.iter().filter(|it| it.is_active() && !it.is_settled());
        for invoice in open {
            match chase_due_invoice(deps, merchant, &invoice.id).await {
                Ok(_) => looked += 1,
                Err(error) => {
                    tracing::error!(
                        invoice.id = %invoice.id, error = chain(&error),
                        "Invoice `{}` could not be looked at again", invoice.id
                    );
                    failed = failed.or(Some(error));
                }
            }
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    failed.map_or(Ok(looked), Err)
}
