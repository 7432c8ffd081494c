//! What happened to a payment, beside its being credited to an invoice, which the invoice tells.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Allocation, Attention, OnAccount, ParkReason, Payment, PaymentState, Refund, RefundOrigin,
    RefundState,
};
use crate::ids::{CustomerId, InvoiceId};
use crate::money::Money;

/// A fact about a payment. When it happened stands on the row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A callback told of it; the bank has not confirmed it yet.
    Reported {
        next_try_at: DateTime<Utc>,
        attempts: u32,
    },
    /// The bank does not know it.
    NotConfirmed,
    /// The money is there, and not all of it was credited to one instalment at once.
    Received,
    /// As [`Event::Received`], and one instalment has all of it at once, as its invoice tells.
    ReceivedInFull {
        invoice: InvoiceId,
        instalment: u16,
    },
    /// A person has to look.
    Parked {
        reason: ParkReason,
    },
    /// An instalment was credited, as its invoice tells.
    Allocated {
        invoice: InvoiceId,
        instalment: u16,
        amount: Money,
    },
    /// An instalment gave money back, as its invoice tells.
    Released {
        invoice: InvoiceId,
        instalment: u16,
        amount: Money,
    },
    PutOnAccount {
        customer: CustomerId,
        amount: Money,
    },
    TakenFromAccount {
        customer: CustomerId,
        amount: Money,
    },
    Assigned {
        to: String,
    },
    /// A person looked: nothing is left to do, for this reason.
    Dismissed {
        reason: String,
    },
    /// The matter of a person's attention is settled.
    Resolved,
    RefundAsked {
        id: String,
        amount: Money,
        reason: String,
    },
    /// The bank's answer to a refund is not known; asked again at `next_try_at`.
    RefundDelayed {
        id: String,
        attempts: u32,
        why: String,
        next_try_at: DateTime<Utc>,
    },
    /// The bank has the refund under way.
    RefundTaken {
        id: String,
        looks: u32,
        next_look_at: DateTime<Utc>,
    },
    RefundReturned {
        id: String,
    },
    RefundFailed {
        id: String,
        why: String,
    },
    /// Money went back that Quita did not send.
    TakenBack {
        id: String,
        amount: Money,
        origin: RefundOrigin,
    },
    /// A bank statement shows the money on the account.
    Settled {
        on: NaiveDate,
    },
    /// Who paid, and what was written beside it, was erased.
    PayerErased,
}

impl Event {
    /// Name on the bus and in the history; `None` for what another history tells.
    pub fn name(&self) -> Option<&'static str> {
        Some(match self {
            Self::ReceivedInFull { .. } | Self::Allocated { .. } | Self::Released { .. } => {
                return None;
            }
            Self::Reported { attempts, .. } => {
                // The first report is asked about at once, each further one when its time comes: an
                // event for it would ask at once again, for as long as the bank is down.
                return (*attempts == 0).then_some("payment.reported");
            }
            Self::RefundDelayed { .. } | Self::RefundTaken { looks: 1.., .. } => return None,
            Self::NotConfirmed => "payment.not_confirmed",
            Self::Received => "payment.received",
            Self::Parked { .. } => "payment.parked",
            Self::PutOnAccount { .. } => "payment.put_on_account",
            Self::TakenFromAccount { .. } => "payment.taken_from_account",
            Self::Assigned { .. } => "payment.assigned",
            Self::Dismissed { .. } => "payment.dismissed",
            Self::Resolved => "payment.resolved",
            Self::RefundAsked { .. } => "refund.asked",
            Self::RefundTaken { .. } => "refund.taken",
            Self::RefundReturned { .. } => "refund.returned",
            Self::RefundFailed { .. } => "refund.failed",
            Self::TakenBack { .. } => "payment.taken_back",
            Self::Settled { .. } => "payment.settled",
            Self::PayerErased => "payment.payer_erased",
        })
    }
}

/// The payment after `event`, which happened at `at`: total and free of rules. `version` grows by one.
pub fn evolve(mut payment: Payment, event: &Event, at: DateTime<Utc>) -> Payment {
    payment.version += 1;
    match event {
        Event::Reported { next_try_at, attempts } => {
            payment.state =
                PaymentState::Reported { attempts: *attempts, next_try_at: *next_try_at };
        }
        Event::NotConfirmed => payment.state = PaymentState::Unknown,
        Event::Received => payment.state = PaymentState::Received,
        Event::ReceivedInFull { invoice, instalment } => {
            payment.state = PaymentState::Received;
            let amount = payment.amount;
            allocate(&mut payment, invoice, *instalment, amount);
        }
        Event::Parked { reason } => {
            let assignee = payment.attention.take().and_then(|before| before.assignee);
            payment.attention = Some(Attention { reason: *reason, since: at, assignee });
        }
        Event::Allocated { invoice, instalment, amount } => {
            allocate(&mut payment, invoice, *instalment, *amount);
        }
        Event::Released { invoice, instalment, amount } => {
            release(&mut payment, invoice, *instalment, *amount);
        }
        Event::PutOnAccount { customer, amount } => {
            let amount = payment.account_amount() + *amount;
            payment.on_account = Some(OnAccount { customer: customer.clone(), amount });
        }
        Event::TakenFromAccount { customer, amount } => {
            let left = payment.account_amount() - *amount;
            let customer = customer.clone();
            payment.on_account = left.is_positive().then_some(OnAccount { customer, amount: left });
        }
        Event::Assigned { to } => {
            if let Some(attention) = &mut payment.attention {
                attention.assignee = Some(to.clone());
            }
        }
        Event::Dismissed { .. } | Event::Resolved => payment.attention = None,
        Event::Settled { on } => payment.settled_on = Some(*on),
        Event::PayerErased => {
            payment.payer = None;
            payment.memo = None;
        }
        Event::RefundAsked { .. }
        | Event::RefundDelayed { .. }
        | Event::RefundTaken { .. }
        | Event::RefundReturned { .. }
        | Event::RefundFailed { .. }
        | Event::TakenBack { .. } => evolve_refunds(&mut payment, event, at),
    }
    payment
}

fn evolve_refunds(payment: &mut Payment, event: &Event, at: DateTime<Utc>) {
    match event {
        Event::RefundAsked { id, amount, reason } => payment.refunds.push(Refund {
            id: id.clone(),
            amount: *amount,
            state: RefundState::Asked { attempts: 0, next_try_at: at },
            origin: RefundOrigin::Merchant,
            reason: Some(reason.clone()),
            asked_at: at,
        }),
        Event::RefundDelayed { id, attempts, next_try_at, .. } => {
            let state = RefundState::Asked { attempts: *attempts, next_try_at: *next_try_at };
            set(payment, id, state);
        }
        Event::RefundTaken { id, looks, next_look_at } => {
            let state = RefundState::Processing { looks: *looks, next_look_at: *next_look_at };
            set(payment, id, state);
        }
        Event::RefundReturned { id } => set(payment, id, RefundState::Returned),
        Event::RefundFailed { id, .. } => set(payment, id, RefundState::Failed),
        Event::TakenBack { id, amount, origin } => payment.refunds.push(Refund {
            id: id.clone(),
            amount: *amount,
            state: RefundState::Returned,
            origin: *origin,
            reason: None,
            asked_at: at,
        }),
        _ => {}
    }
}

fn set(payment: &mut Payment, id: &str, state: RefundState) {
    if let Some(refund) = payment.refunds.iter_mut().find(|refund| refund.id == id) {
        refund.state = state;
    }
}

fn allocate(payment: &mut Payment, invoice: &InvoiceId, instalment: u16, amount: Money) {
    let there = |it: &&mut Allocation| it.invoice == *invoice && it.instalment == instalment;
    match payment.allocations.iter_mut().find(there) {
        Some(known) => known.amount += amount,
        None => {
            payment.allocations.push(Allocation { invoice: invoice.clone(), instalment, amount });
        }
    }
}

fn release(payment: &mut Payment, invoice: &InvoiceId, instalment: u16, amount: Money) {
    for known in &mut payment.allocations {
        if known.invoice == *invoice && known.instalment == instalment {
            known.amount -= amount;
        }
    }
    payment.allocations.retain(|known| known.amount.is_positive());
}
