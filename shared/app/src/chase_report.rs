//! What the chase brought in a span of days: by step, by version of the rule, by owner; and how
//! soon the owners took up what came to them.
//!
//! Derived from the rows of steps, promises and work and from the invoices as they are now; nothing
//! is counted up beside them, so it cannot drift. Shares are hundredths of a percent.

mod first_touch;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use quita_core::chase::{RuleName, StepOutcome};
use quita_core::ids::{InvoiceId, MerchantId};
use quita_core::invoice::Invoice;
use quita_core::outcome::{
    Arm, CASES_MIN, Comparison, Comparisons, FOLLOWS_WITHIN_DAYS, Followed, Tally, Touch, Touched,
    days_beyond_terms, followed,
};
use quita_core::terms_draft::parse_date;
use quita_core::violation::Violation;
use quita_core::zone::instant_at;
use quita_table::Cursor;
use quita_table::items::EventRow;
use quita_table::keys::Aggregate;
use quita_table::store::{ItemRef, PAGE_ITEMS_MAX};
use serde::{Deserialize, Serialize};

use crate::deps::Deps;
use crate::error::Unknown;
use crate::invoices_by_id::invoices_by_id;
use first_touch::{FirstTouch, Histories};

/// Most days of one report.
pub const REPORT_DAYS_MAX: i64 = 92;
/// Rows that are looked at; a report of more says that it is not complete.
pub const ROWS_MAX: usize = 10_000;
/// Name of the rule every merchant starts with.
const SHIPPED: &str = "shipped";

/// The report.
#[derive(Debug, Serialize)]
pub struct ChaseReport {
    from: NaiveDate,
    to: NaiveDate,
    /// `false` when there was more than is looked at; narrow the days.
    complete: bool,
    /// Days in which a payment counts as following a step.
    follows_within_days: i64,
    /// Fewer cases than this say nothing.
    cases_min: u32,
    steps: Vec<StepRow>,
    /// Before and after: each version of each rule, in order.
    versions: Vec<VersionRow>,
    owners: Vec<OwnerRow>,
}

#[derive(Debug, Serialize)]
struct StepRow {
    rule: String,
    version: u32,
    step: String,
    #[serde(flatten)]
    compared: Compared,
}

#[derive(Debug, Serialize)]
struct VersionRow {
    rule: String,
    version: u32,
    #[serde(flatten)]
    compared: Compared,
    /// Invoices of the version that the span touched and money closed since.
    closed: u32,
    /// Their days from adjusted due date to payment, added up; early ones count below zero.
    days_beyond_terms: i64,
}

#[derive(Debug, Serialize)]
struct OwnerRow {
    /// E-mail of the owner; null for what nobody looks after.
    owner: Option<String>,
    #[serde(flatten)]
    compared: Compared,
    promises_kept: u32,
    promises_broken: u32,
    first_touch: FirstTouch,
}

#[derive(Debug, Serialize)]
struct Compared {
    sent: Shown,
    held_out: Shown,
    /// Paid share of what was sent less that of what was held out; null while either says nothing.
    brought: Option<i64>,
}

#[derive(Debug, Serialize)]
struct Shown {
    cases: u32,
    paid: u32,
    paid_share: Option<u32>,
    amount: String,
    too_soon: u32,
}

impl From<&Comparison> for Compared {
    fn from(comparison: &Comparison) -> Self {
        let shown = |tally: &Tally| Shown {
            cases: tally.cases,
            paid: tally.paid,
            paid_share: tally.paid_share(),
            amount: tally.amount.to_string(),
            too_soon: tally.too_soon,
        };
        Self {
            sent: shown(&comparison.sent),
            held_out: shown(&comparison.held_out),
            brought: comparison.brought(),
        }
    }
}

/// The report, or what is wrong with the days.
pub async fn chase_report(
    deps: &Deps,
    merchant: &MerchantId,
    from: &str,
    to: &str,
) -> Result<Result<ChaseReport, Vec<Violation>>, Unknown> {
    let mut faults = Vec::new();
    let (from, to) = (parse_date("from", from, &mut faults), parse_date("to", to, &mut faults));
    let (Some(from), Some(to)) = (from, to) else { return Ok(Err(faults)) };
    if !(0..REPORT_DAYS_MAX).contains(&(to - from).num_days()) {
        let hint = format!("use a day from `from` on, of at most {REPORT_DAYS_MAX} days in all");
        return Ok(Err(vec![Violation::new("to", hint)]));
    }
    let mut found = deps.store.read(merchant, &[ItemRef::Merchant]).await?;
    let settings = found
        .take_merchant()
        .ok_or_else(|| Unknown::new("loading the merchant", "the merchant is not set up"))?;
    let zone = settings.issuing.zone;
    let start = instant_at(from, NaiveTime::MIN, zone);
    let next = to.succ_opt().unwrap_or(to);
    let end = instant_at(next, NaiveTime::MIN, zone) - TimeDelta::nanoseconds(1);
    // What came on the last day has as long to be taken up as a step has to be followed.
    let heard = end.checked_add_signed(TimeDelta::days(FOLLOWS_WITHIN_DAYS)).unwrap_or(end);
    let (rows, complete) = rows(deps, merchant, start, heard).await?;
    let histories = Histories::of(deps, merchant, &rows).await?;
    let of_span = rows.into_iter().filter(|row| row.at <= end);
    let told: Vec<(InvoiceId, Told)> = of_span.filter_map(told).collect();
    let ids: BTreeSet<&InvoiceId> = told.iter().map(|(id, _)| id).chain(histories.ids()).collect();
    let invoices = invoices_by_id(deps, merchant, &ids).await?;
    let touched = histories.by_owner(&invoices, end);
    let sums = Sums { touched, ..Sums::of(&told, &invoices, deps.clock.now()) };
    Ok(Ok(sums.report((from, to), complete)))
}

/// What a row tells.
enum Told {
    Step(Touch),
    Promise { kept: bool },
}

/// The part of a step's data that is looked at.
#[derive(Deserialize)]
struct StepData {
    instalment: u16,
    step: String,
    outcome: StepOutcome,
    #[serde(default)]
    rule: Option<RuleName>,
    #[serde(default)]
    rule_version: u32,
}

/// `None` for a row that is no part of the comparison.
fn told(row: EventRow) -> Option<(InvoiceId, Told)> {
    let Aggregate::Invoice(invoice) = row.aggregate else { return None };
    let told = match row.name.as_str() {
        "promise.kept" => Told::Promise { kept: true },
        "promise.broken" => Told::Promise { kept: false },
        "reminder.done" => {
            let data: StepData = serde_json::from_value(row.data).ok()?;
            let arm = Arm::of(data.outcome)?;
            let StepData { instalment, step, rule, rule_version, .. } = data;
            Told::Step(Touch { instalment, rule, rule_version, step, arm, at: row.at })
        }
        _ => return None,
    };
    Some((invoice, told))
}

type Version = (String, u32);

#[derive(Default)]
struct Sums {
    steps: Comparisons<(Version, String)>,
    versions: Comparisons<Version>,
    /// Invoices that money closed, and their days beyond terms, by version.
    closed: BTreeMap<Version, (u32, i64)>,
    owners: Comparisons<Option<String>>,
    promises: BTreeMap<Option<String>, (u32, u32)>,
    touched: BTreeMap<Option<String>, Touched>,
}

impl Sums {
    fn of(
        told: &[(InvoiceId, Told)],
        invoices: &BTreeMap<InvoiceId, Invoice>,
        now: DateTime<Utc>,
    ) -> Self {
        let mut sums = Self::default();
        let mut closed = BTreeSet::new();
        for (id, told) in told {
            let Some(invoice) = invoices.get(id) else { continue };
            let owner = owner_of(invoice);
            match told {
                Told::Promise { kept } => {
                    let (held, broken) = sums.promises.entry(owner).or_default();
                    *(if *kept { held } else { broken }) += 1;
                }
                Told::Step(touch) => {
                    let followed = followed(touch, invoice, now);
                    let version = sums.count(touch, owner, followed);
                    if closed.insert((version.clone(), id, touch.instalment)) {
                        sums.close(version, invoice, touch.instalment);
                    }
                }
            }
        }
        sums
    }

    fn count(&mut self, touch: &Touch, owner: Option<String>, followed: Followed) -> Version {
        let rule = touch.rule.as_ref().map_or(SHIPPED, |name| name.as_str());
        let version = (rule.to_owned(), touch.rule_version);
        let step = (version.clone(), touch.step.clone());
        self.steps.entry(step).or_default().count(touch.arm, followed);
        self.versions.entry(version.clone()).or_default().count(touch.arm, followed);
        self.owners.entry(owner).or_default().count(touch.arm, followed);
        version
    }

    fn close(&mut self, version: Version, invoice: &Invoice, number: u16) {
        let instalment = invoice.instalment(number);
        if let Some(days) = instalment.and_then(|it| days_beyond_terms(it, invoice)) {
            let (count, sum) = self.closed.entry(version).or_default();
            *count += 1;
            *sum += days;
        }
    }

    fn report(mut self, (from, to): (NaiveDate, NaiveDate), complete: bool) -> ChaseReport {
        let steps = self.steps.iter().map(|(((rule, version), step), comparison)| StepRow {
            rule: rule.clone(),
            version: *version,
            step: step.clone(),
            compared: comparison.into(),
        });
        let versions = self.versions.iter().map(|((rule, version), comparison)| {
            let closed = self.closed.get(&(rule.clone(), *version)).copied();
            let (closed, days_beyond_terms) = closed.unwrap_or_default();
            let (rule, version, compared) = (rule.clone(), *version, comparison.into());
            VersionRow { rule, version, compared, closed, days_beyond_terms }
        });
        let (steps, versions) = (steps.collect(), versions.collect());
        for owner in self.promises.keys().chain(self.touched.keys()) {
            self.owners.entry(owner.clone()).or_default();
        }
        let owners = self.owners.iter().map(|(owner, comparison)| {
            let promises = self.promises.get(owner).copied().unwrap_or_default();
            OwnerRow {
                owner: owner.clone(),
                compared: comparison.into(),
                promises_kept: promises.0,
                promises_broken: promises.1,
                first_touch: FirstTouch::of(self.touched.get(owner)),
            }
        });
        ChaseReport {
            from,
            to,
            complete,
            follows_within_days: FOLLOWS_WITHIN_DAYS,
            cases_min: CASES_MIN,
            steps,
            versions,
            owners: owners.collect(),
        }
    }
}

fn owner_of(invoice: &Invoice) -> Option<String> {
    let owner = invoice.handling.owner.as_ref().or(invoice.bill_to.account_owner.as_ref());
    owner.map(|email| email.as_str().to_owned())
}

async fn rows(
    deps: &Deps,
    merchant: &MerchantId,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<(Vec<EventRow>, bool), Unknown> {
    let mut rows = Vec::new();
    let mut cursor: Option<Cursor> = None;
    while rows.len() < ROWS_MAX {
        let (limit, after) = (PAGE_ITEMS_MAX, cursor.as_ref());
        let page = deps.store.chase_rows(merchant, from, until, limit, after).await?;
        rows.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    Ok((rows, cursor.is_none()))
}
