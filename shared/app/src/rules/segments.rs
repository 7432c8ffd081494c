//! Segments of a merchant's customers: defined, set by hand, and found anew from facts when an
//! invoice of the customer is settled or its rule ends, once a day, or when somebody asks.
//!
//! Invariant: what a person set by hand stays until a person takes it back.

use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use quita_core::audit;
use quita_core::care::Segment;
use quita_core::chase::{
    RuleHead, RuleName, SegmentDraft, SegmentFacts, SegmentRule, check_segments, segment_for,
};
use quita_core::customer::Customer;
use quita_core::ids::{CustomerId, InvoiceId, MerchantId};
use quita_core::merchant::Merchant;
use quita_core::zone;
use quita_table::items::EventRow;
use quita_table::keys::{Aggregate, RecordKey};
use quita_table::store::ItemRef;
use quita_table::{Commit, CommitError, Cursor, Expected};
use serde::Serialize;
use serde_json::json;

use super::change::{Change, RefView, body, known, parse_name, write};
use super::publish::Refused;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{self, Answer, Request};
use crate::settings;
use crate::views::CustomerView;

/// Name of the event.
pub const SEGMENT_CHANGED: &str = "customer.segment_changed";
/// Who the rows of what follows from facts name.
pub(crate) const ACTOR: &str = "sweep_reminders";
/// Most invoices of a customer that are looked at, those due first.
const INVOICES_MAX: usize = 1_000;
const PAGE: usize = 100;
/// Customers that one request finds the segment of.
pub const RECOMPUTED_MAX: usize = 50;
/// Customers of a page that are looked at side by side.
const AT_ONCE: usize = 4;
/// Times a change is decided anew because someone else wrote first.
const CONFLICTS_MAX: usize = 3;
const OK: u16 = 200;

/// The segments, outside.
#[derive(Serialize)]
struct SegmentsView {
    segments: Vec<SegmentView>,
}

#[derive(Serialize)]
struct SegmentView {
    segment: String,
    /// The rule of its new invoices, with the version they get.
    rule: Option<RefView>,
    when: Option<quita_core::chase::SegmentConditionDraft>,
}

impl SegmentsView {
    fn of(rules: &[SegmentRule]) -> Self {
        let of = |rule: &SegmentRule| SegmentView {
            segment: rule.segment.clone(),
            rule: rule.rule.as_ref().map(RefView::of_ref),
            when: SegmentDraft::of(rule).when,
        };
        Self { segments: rules.iter().map(of).collect() }
    }
}

/// The segments of a merchant, as JSON.
pub async fn show_segments(deps: &Deps, merchant: &MerchantId) -> Result<String, Unknown> {
    let mut found = deps.store.read(merchant, &[ItemRef::Merchant]).await?;
    body(&SegmentsView::of(&known(found.take_merchant())?.segments))
}

/// Sets all segments. Customers keep theirs until they are looked at again.
pub async fn change_segments(
    deps: &Deps,
    merchant: &MerchantId,
    drafts: &[SegmentDraft],
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let mut names: Vec<RuleName> =
        drafts.iter().filter_map(|draft| parse_name(draft.rule.as_deref()?)).collect();
    names.sort();
    names.dedup();
    names.truncate(quita_core::chase::SEGMENTS_MAX);
    let beside: Vec<ItemRef> =
        names.iter().cloned().map(|name| ItemRef::Record(RecordKey::RuleHead(name))).collect();
    write(deps, merchant, request, &beside, |before, found, _| {
        let mut heads = Vec::new();
        for name in &names {
            let head: Option<RuleHead> = found.take_record(&RecordKey::RuleHead(name.clone()))?;
            heads.extend(head);
        }
        let latest =
            |name: &RuleName| heads.iter().find(|head| head.name == *name).map(|head| head.version);
        let segments = match check_segments(drafts, &latest) {
            Ok(segments) => segments,
            Err(faults) => return Ok(Err(Refused::Invalid(faults))),
        };
        let told = body(&SegmentsView::of(&segments))?;
        Ok(Ok(Change {
            commit: Commit::new(merchant),
            after: Merchant { segments, ..before.clone() },
            name: settings::CHANGED,
            data: json!({ "fields": ["segments"] }),
            status: OK,
            body: told,
            is_told: false,
        }))
    })
    .await
}

/// Puts a customer into a segment by hand, or with `None` back to where facts put it.
pub async fn set_segment(
    deps: &Deps,
    merchant: &MerchantId,
    id: &CustomerId,
    segment: Option<&str>,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let record = ItemRef::Idempotency { scope: request.scope.to_owned(), key: request.key.clone() };
    let refs = [ItemRef::Merchant, ItemRef::Customer(id.clone()), record];
    for _ in 0..CONFLICTS_MAX {
        let mut found = deps.store.read(merchant, &refs).await?;
        if let Some(record) = found.take_idempotency(request.scope, &request.key) {
            return Ok(request.replay(record).map_err(|_| Refused::KeyReused));
        }
        let settings = known(found.take_merchant())?;
        let Some(before) = found.take_customer(id) else { return Ok(Err(Refused::NotFound)) };
        let now = deps.clock.now();
        let to = match segment {
            Some(name) if settings.segments.iter().any(|known| known.segment == name) => {
                Some(Segment { name: name.to_owned(), by_hand: true })
            }
            Some(_) => {
                let reason = "use one of the segments of GET /v1/segments, or null";
                return Ok(Err(Refused::of("segment", reason)));
            }
            None => found_segment(deps, &settings, id, now).await?,
        };
        let changed = with_segment(&before, to, &request.actor, now);
        let body = body(&CustomerView::of(changed.as_ref().map_or(&before, |(after, _)| after)))?;
        let mut commit = Commit::new(merchant);
        if let Some((after, row)) = &changed {
            commit = commit.customer(after, Expected::Version(before.version)).event(row);
        }
        let answer = (OK, body);
        if let Some(told) = idempotency::write(deps, request, commit, answer, now).await? {
            return Ok(told.map_err(|_| Refused::KeyReused));
        }
    }
    Err(Unknown::new("setting a segment", "others kept writing first"))
}

/// What a page of customers came to.
#[derive(Serialize)]
pub struct RecomputedView {
    looked_at: usize,
    changed: usize,
    /// To go on with; `null` at the end.
    next_cursor: Option<String>,
}

/// Finds the segments of a page of customers anew. Doing it twice is the same.
pub async fn recompute_segments(
    deps: &Deps,
    merchant: &MerchantId,
    cursor: Option<&Cursor>,
    actor: &str,
) -> Result<RecomputedView, Unknown> {
    let mut found = deps.store.read(merchant, &[ItemRef::Merchant]).await?;
    let settings = known(found.take_merchant())?;
    let mut looked = resegment_page(deps, &settings, cursor, actor).await?;
    if let Some((_, error)) = looked.failed.pop() {
        return Err(error);
    }
    let Looked { looked_at, changed, next, .. } = looked;
    Ok(RecomputedView { looked_at, changed, next_cursor: next.map(|cursor| cursor.to_string()) })
}

/// A page of customers whose segments were found anew.
#[derive(Debug)]
pub(crate) struct Looked {
    pub(crate) looked_at: usize,
    pub(crate) changed: usize,
    /// Whose was not found. The others of the page are done all the same.
    pub(crate) failed: Vec<(CustomerId, Unknown)>,
    /// To go on with; `None` at the end.
    pub(crate) next: Option<Cursor>,
}

/// Finds the segments of a page of customers anew. Doing it twice is the same.
pub(crate) async fn resegment_page(
    deps: &Deps,
    settings: &Merchant,
    cursor: Option<&Cursor>,
    actor: &str,
) -> Result<Looked, Unknown> {
    let page = deps.store.customers(&settings.merchant, RECOMPUTED_MAX, cursor).await?;
    let mut looked =
        Looked { looked_at: page.items.len(), changed: 0, failed: Vec::new(), next: page.next };
    let each = futures::stream::iter(page.items).map(async |customer| {
        let id = customer.id.clone();
        (id, resegment(deps, settings, customer, actor).await)
    });
    let mut each = std::pin::pin!(each.buffer_unordered(AT_ONCE));
    while let Some((id, outcome)) = each.next().await {
        match outcome {
            Ok(changed) => looked.changed += usize::from(changed),
            Err(error) => looked.failed.push((id, error)),
        }
    }
    Ok(looked)
}

/// Finds the segment of an invoice's customer anew, after something that may have moved it. Costs
/// one read where the merchant has no condition.
pub async fn resegment_after(
    deps: &Deps,
    merchant: &MerchantId,
    invoice: &InvoiceId,
) -> Result<(), Unknown> {
    let mut found = deps.store.read(merchant, &[ItemRef::Merchant]).await?;
    let settings = known(found.take_merchant())?;
    if settings.segments.iter().all(|segment| segment.when.is_none()) {
        return Ok(());
    }
    let mut found = deps.store.read(merchant, &[ItemRef::Invoice(invoice.clone())]).await?;
    let Some(invoice) = found.take_invoice(invoice) else { return Ok(()) };
    let Some(customer) = customer(deps, merchant, &invoice.customer).await? else { return Ok(()) };
    resegment(deps, &settings, customer, ACTOR).await.map(|_| ())
}

async fn customer(
    deps: &Deps,
    merchant: &MerchantId,
    id: &CustomerId,
) -> Result<Option<Customer>, Unknown> {
    let mut found = deps.store.read(merchant, &[ItemRef::Customer(id.clone())]).await?;
    Ok(found.take_customer(id))
}

/// Whether the customer's segment is another one now; `known` is the customer as it was read.
async fn resegment(
    deps: &Deps,
    settings: &Merchant,
    known: Customer,
    actor: &str,
) -> Result<bool, Unknown> {
    let merchant = &settings.merchant;
    let mut before = known;
    for _ in 0..CONFLICTS_MAX {
        let by_hand = before.care.segment.as_ref().is_some_and(|segment| segment.by_hand);
        if by_hand || before.erasure.is_some() {
            return Ok(false);
        }
        let now = deps.clock.now();
        let to = found_segment(deps, settings, &before.id, now).await?;
        let Some((after, row)) = with_segment(&before, to, actor, now) else { return Ok(false) };
        let commit =
            Commit::new(merchant).customer(&after, Expected::Version(before.version)).event(&row);
        match deps.store.commit(commit).await {
            Ok(()) => return Ok(true),
            Err(CommitError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let Some(again) = customer(deps, merchant, &before.id).await? else { return Ok(false) };
        before = again;
    }
    Err(Unknown::new("finding a segment", "others kept writing first"))
}

/// The segment that facts put a customer into today.
async fn found_segment(
    deps: &Deps,
    settings: &Merchant,
    id: &CustomerId,
    now: DateTime<Utc>,
) -> Result<Option<Segment>, Unknown> {
    if settings.segments.iter().all(|segment| segment.when.is_none()) {
        return Ok(None);
    }
    let today = zone::civil_date(now, settings.issuing.zone);
    let mut facts = SegmentFacts::default();
    let (mut seen, mut cursor) = (0, None);
    while seen < INVOICES_MAX {
        let page =
            deps.store.invoices_of_customer(&settings.merchant, id, PAGE, cursor.as_ref()).await?;
        seen += page.items.len();
        page.items.iter().for_each(|invoice| facts.add(invoice, today));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let name = segment_for(&settings.segments, &facts);
    Ok(name.map(|name| Segment { name: name.to_owned(), by_hand: false }))
}

/// The customer in another segment, with its row; `None` where it is in that one already.
fn with_segment(
    before: &Customer,
    to: Option<Segment>,
    actor: &str,
    now: DateTime<Utc>,
) -> Option<(Customer, EventRow)> {
    if before.care.segment == to {
        return None;
    }
    let mut after = Customer { version: before.version + 1, ..before.clone() };
    after.care.segment = to;
    let segment = after.care.segment.as_ref();
    let row = EventRow {
        aggregate: Aggregate::Customer(after.id.clone()),
        seq: after.version,
        at: now,
        actor: actor.to_owned(),
        name: SEGMENT_CHANGED.to_owned(),
        data: json!({
            "segment": after.care.segment_name(),
            "before": before.care.segment_name(),
            "by_hand": segment.is_some_and(|segment| segment.by_hand),
        }),
        postings: Vec::new(),
        changes: audit::changes(Some(before), &after),
    };
    Some((after, row))
}
