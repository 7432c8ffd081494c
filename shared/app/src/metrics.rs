//! What is counted and timed, as data: names, units and dimensions, and one function a place that
//! counts.
//!
//! A measurement is a tracing event under [`TARGET`]; its number fields are named for metrics, its
//! text field for the dimension. `quita-aws` prints such events in CloudWatch's embedded metric
//! format and adds the dimension [`FUNCTION`]; the local runner leaves them out of its log; a test
//! listens. Owns what is measured and what a figure means. Does not own where it is sent.
//!
//! Invariants: every field is a metric or a dimension listed here; a dimension takes values of a
//! fixed set, since each value is a metric that is paid for.
//!
//! | metric | unit | dimension | means |
//! |---|---|---|---|
//! | `PaymentsMatched` | count | | payments that found their place by themselves |
//! | `PaymentsUnmatched` | count | | payments that wait for a person |
//! | `MessagesSettled` | count | `Outcome` | messages `sent`, `failed`, or given back `not_now` |
//! | `BankCalls` | count | `Operation` | requests to a bank, each attempt and each token |
//! | `BankErrors` | count | `Operation` | 1 for a request without a usable answer, else 0 |
//! | `BankLatency` | milliseconds | `Operation` | from sending a request to the whole answer |
//! | `CallbackToPaid` | milliseconds | | from a callback's arrival to its payment being recorded |
//! | `SweepLag` | seconds | | age of the oldest due work of a shard when it is walked |
//! | `CredentialsRefused` | count | `Reason` | keys, sessions and links that were turned away |
//! | `WebhooksDelivered` | count | `Outcome` | attempts to post an event to a merchant |
//! | `AuditBlocks` | count | | blocks appended to audit chains |
//! | `EvidenceHeard` | count | `Outcome` | what providers told of messages, and callbacks that were not taken |

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::bank_import::Outcome;
use quita_pix::client::{BankCall, CallEnd};

/// Target of the events that are measurements.
pub const TARGET: &str = "metric";
/// Namespace of every metric in CloudWatch.
pub const NAMESPACE: &str = "Quita";
/// The dimension that whoever prints a measurement adds: the function it was taken in.
pub const FUNCTION: &str = "Function";

/// What a figure counts. The names are those of CloudWatch, `MetricDatum.Unit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    Count,
    Milliseconds,
    Seconds,
}

impl Unit {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
            Self::Seconds => "Seconds",
        }
    }
}

/// A metric. Beside its own dimension each has [`FUNCTION`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Metric {
    pub name: &'static str,
    pub unit: Unit,
    pub dimension: Option<&'static str>,
}

impl Metric {
    const fn new(name: &'static str, unit: Unit, dimension: Option<&'static str>) -> Self {
        Self { name, unit, dimension }
    }
}

/// Dimension: which call of API Pix, such as `put_cobv`, or `token`.
pub const OPERATION: &str = "Operation";
/// Dimension: how it ended.
pub const OUTCOME: &str = "Outcome";
/// Dimension: why not.
pub const REASON: &str = "Reason";

pub const PAYMENTS_MATCHED: Metric = Metric::new("PaymentsMatched", Unit::Count, None);
pub const PAYMENTS_UNMATCHED: Metric = Metric::new("PaymentsUnmatched", Unit::Count, None);
pub const MESSAGES_SETTLED: Metric = Metric::new("MessagesSettled", Unit::Count, Some(OUTCOME));
pub const BANK_CALLS: Metric = Metric::new("BankCalls", Unit::Count, Some(OPERATION));
pub const BANK_ERRORS: Metric = Metric::new("BankErrors", Unit::Count, Some(OPERATION));
pub const BANK_LATENCY: Metric = Metric::new("BankLatency", Unit::Milliseconds, Some(OPERATION));
pub const CALLBACK_TO_PAID: Metric = Metric::new("CallbackToPaid", Unit::Milliseconds, None);
pub const SWEEP_LAG: Metric = Metric::new("SweepLag", Unit::Seconds, None);
pub const CREDENTIALS_REFUSED: Metric =
    Metric::new("CredentialsRefused", Unit::Count, Some(REASON));
pub const WEBHOOKS_DELIVERED: Metric = Metric::new("WebhooksDelivered", Unit::Count, Some(OUTCOME));
pub const AUDIT_BLOCKS: Metric = Metric::new("AuditBlocks", Unit::Count, None);
pub const EVIDENCE_HEARD: Metric = Metric::new("EvidenceHeard", Unit::Count, Some(OUTCOME));

/// Every metric.
pub const ALL: [Metric; 12] = [
    PAYMENTS_MATCHED,
    PAYMENTS_UNMATCHED,
    MESSAGES_SETTLED,
    BANK_CALLS,
    BANK_ERRORS,
    BANK_LATENCY,
    CALLBACK_TO_PAID,
    SWEEP_LAG,
    CREDENTIALS_REFUSED,
    WEBHOOKS_DELIVERED,
    AUDIT_BLOCKS,
    EVIDENCE_HEARD,
];

/// The metric of a field's name; `None` for a field that is none.
pub fn metric(field: &str) -> Option<Metric> {
    ALL.into_iter().find(|metric| metric.name == field)
}

/// How a message was settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageOutcome {
    Sent,
    /// It will not be sent any more.
    Failed,
    /// The provider does not take messages now; it is tried again.
    NotNow,
}

impl MessageOutcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::NotNow => "not_now",
        }
    }
}

/// Payments that were recorded and found their place.
pub fn payments_matched(payments: u64) {
    tracing::info!(target: TARGET, PaymentsMatched = payments);
}

/// Payments that were recorded and wait for a person.
pub fn payments_unmatched(payments: u64) {
    tracing::info!(target: TARGET, PaymentsUnmatched = payments);
}

/// What became of the money of lines of a bank file that were taken in just now.
pub fn lines_taken(outcomes: &[Outcome]) {
    let (mut matched, mut unmatched) = (0, 0);
    for outcome in outcomes {
        match outcome {
            Outcome::Matched => matched += 1,
            Outcome::Unmatched | Outcome::AmountDiffers => unmatched += 1,
            _ => {}
        }
    }
    if matched > 0 {
        payments_matched(matched);
    }
    if unmatched > 0 {
        payments_unmatched(unmatched);
    }
}

/// A message of the ledger was settled, or given back.
pub fn message_settled(outcome: MessageOutcome) {
    tracing::info!(target: TARGET, MessagesSettled = 1_u64, Outcome = outcome.as_str());
}

/// A request to a bank ended. Being told no, or that there is nothing, is an answer; an error is
/// what gives none: no connection, no time, 5xx, too many calls, and credentials that do not let in.
pub fn bank_call(call: BankCall) {
    tracing::info!(
        target: TARGET,
        BankCalls = 1_u64,
        BankErrors = u64::from(call.end != CallEnd::Answered),
        BankLatency = u64::try_from(call.took.as_millis()).unwrap_or(u64::MAX),
        Operation = call.operation,
    );
}

/// A payment that a callback told of was recorded as received. `told_at` is when the callback
/// arrived, not when the payer paid: what lies between is the bank's, and its clock as well.
pub fn callback_to_paid(told_at: DateTime<Utc>, now: DateTime<Utc>) {
    let took = (now - told_at).max(TimeDelta::zero()).num_milliseconds();
    tracing::info!(target: TARGET, CallbackToPaid = took.unsigned_abs());
}

/// A shard is about to be walked; `oldest` is when the first of its due work fell due.
pub fn sweep_lag(oldest: Option<DateTime<Utc>>, now: DateTime<Utc>) {
    let lag = oldest.map_or(TimeDelta::zero(), |due| now - due).max(TimeDelta::zero());
    tracing::info!(target: TARGET, SweepLag = lag.num_seconds().unsigned_abs());
}

/// A credential was turned away. `reason` is a word of a fixed set, never a part of the credential.
pub fn credentials_refused(reason: &'static str) {
    tracing::info!(target: TARGET, CredentialsRefused = 1_u64, Reason = reason);
}

/// An attempt to post an event to a merchant's address ended. `outcome` is a word of a fixed set.
pub fn webhook_delivered(outcome: &'static str) {
    tracing::info!(target: TARGET, WebhooksDelivered = 1_u64, Outcome = outcome);
}

/// Blocks were appended to audit chains.
pub fn audit_blocks(blocks: u64) {
    tracing::info!(target: TARGET, AuditBlocks = blocks);
}

/// Something was told of a message, or a callback was not taken. `outcome` is a word of a fixed set.
pub fn evidence_heard(outcome: &'static str) {
    tracing::info!(target: TARGET, EvidenceHeard = 1_u64, Outcome = outcome);
}
