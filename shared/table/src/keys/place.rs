//! What a cursor may point at.

use chrono::NaiveDate;
use quita_core::chase::RuleName;
use quita_core::ids::{
    ApiKeyId, ApprovalId, CustomerId, DeliveryId, ImportId, InvoiceId, MerchantId, PaymentId,
    PersonId, TaskId,
};
use quita_core::message::Channel;

use super::index::{DAY, parse_instant};
use super::{is_aggregate, is_step, parse_audit_sk, parse_event_sk, parse_seq, parts};

/// A place in a list or a history: what a cursor may point at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// `{due}#{invoice}` in `by_customer` and `by_state`.
    Invoice,
    /// `{customer}` in `by_state`.
    Customer,
    /// `{paid_at}#{endToEndId}` in `by_state`.
    ParkedPayment,
    /// `{at}#{aggregate}#{seq}` in `by_state`.
    Row,
    /// `{import}` in `by_state`.
    Import,
    /// `{at}#{invoice}#{instalment}#{step}#{channel}#{revision}` in `by_state`.
    Undelivered,
    /// `{id}` of a record in `by_state` or in the partition of its endpoint.
    Record,
    /// `B#{nth}` in the audit chain.
    AuditBlock,
    /// `E#{seq}` in the partition of an aggregate.
    Event,
    /// An entry of `work`.
    Work,
}

impl Place {
    /// Whether `sk` is a sort key of this place. It names no partition, so a cursor that passes can
    /// lead to no other tenant.
    pub fn holds(self, sk: &str) -> bool {
        match self {
            Self::Invoice => {
                parts(sk).is_some_and(|[due, id]| is_day(due) && InvoiceId::parse(id).is_ok())
            }
            Self::Customer => CustomerId::parse(sk).is_ok(),
            Self::ParkedPayment => parts(sk).is_some_and(|[paid_at, id]| {
                parse_instant(paid_at).is_some() && PaymentId::parse(id).is_ok()
            }),
            Self::Row => parts(sk).is_some_and(|[at, id, seq]| {
                parse_instant(at).is_some() && is_aggregate(id) && parse_seq(seq).is_some()
            }),
            Self::Import => ImportId::parse(sk).is_ok(),
            Self::Undelivered => {
                parts(sk).is_some_and(|[at, id, instalment, step, channel, nth]| {
                    parse_instant(at).is_some()
                        && InvoiceId::parse(id).is_ok()
                        && instalment.parse::<u16>().is_ok()
                        && is_step(step)
                        && Channel::parse(channel).is_some()
                        && nth.parse::<u16>().is_ok()
                })
            }
            Self::Record => is_record_id(sk),
            Self::AuditBlock => parse_audit_sk(sk).is_some(),
            Self::Event => parse_event_sk(sk).is_some(),
            // Of any kind, since a page may end with one that only a newer release knows.
            Self::Work => parts(sk).is_some_and(|[due, _, merchant, _]| {
                parse_instant(due).is_some() && MerchantId::parse(merchant).is_ok()
            }),
        }
    }
}

fn is_record_id(text: &str) -> bool {
    ApiKeyId::parse(text).is_ok()
        || PersonId::parse(text).is_ok()
        || ApprovalId::parse(text).is_ok()
        || TaskId::parse(text).is_ok()
        || DeliveryId::parse(text).is_ok()
        || RuleName::parse(text).is_ok()
        || parse_rule_sk(text).is_some()
}

/// Reads the number out of the sort key of a version of a rule.
fn parse_rule_sk(sk: &str) -> Option<u32> {
    let digits = sk.strip_prefix("V#")?;
    let plain = digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}

fn is_day(text: &str) -> bool {
    NaiveDate::parse_from_str(text, DAY).is_ok_and(|day| day.format(DAY).to_string() == text)
}
