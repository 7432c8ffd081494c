//! One event of each kind, of an invoice and of a payment.

use chrono::{DateTime, NaiveDate, Utc};
use quita_core::calendar::BankCalendar;
use quita_core::chase::{RuleName, StepOutcome};
use quita_core::debt::{Debt, LateCharges, Settling, count};
use quita_core::ids::{CustomerId, InvoiceId, MerchantId, PaymentId, Txid};
use quita_core::invoice::{Adjustment, Event, Source};
use quita_core::message::Channel;
use quita_core::money::Money;
use quita_core::payment::{
    self, Method, ParkReason, Payment, PaymentState, Refund, RefundOrigin, RefundState,
};
use quita_core::terms::{Policy, Terms};

const ULID: &str = "01JE6X7Q5M8Y2N4C9R0T3V6W8Z";
const PIX: &str = "E18236120202612101345s0123456789";
const REFUND: &str = "refund-1";

/// One event of each kind; [`place`] keeps it whole.
pub fn every_event() -> Vec<Event> {
    let (instalment, revision) = (1, 0);
    let reason = "why".to_owned();
    let step = "due_plus_1".to_owned();
    let amount = Money::from_centavos(150_000);
    let next_try_at = DateTime::<Utc>::from_timestamp(1_795_000_000, 0).unwrap();
    let txid = Txid::for_charge(&InvoiceId::from_ulid(ULID).unwrap(), 1, 0).unwrap();
    let payment = PaymentId::parse(PIX).unwrap();
    let terms = terms(amount);
    let due = terms.amount_due(terms.due_date, &BankCalendar::default(), &Policy::default());
    let debt = Debt::agreed(&terms).closed();
    let split = count(amount, &due, &Settling::default()).split;
    let charge = (txid.clone(), "pix.example.com/qr/v2/1".to_owned(), "000201".to_owned());
    let events = vec![
        Event::Opened {
            number: "NF-1".to_owned(),
            customer: CustomerId::from_ulid(ULID).unwrap(),
            amount,
            instalments: vec![terms.clone()],
            carried_in: LateCharges::default(),
        },
        Event::ChargeIssued {
            instalment,
            revision,
            txid: charge.0,
            location: charge.1.into(),
            br_code: charge.2.into(),
        },
        Event::ChargeDelayed { instalment, revision, reason: reason.clone(), next_try_at },
        Event::ChargeRejected { instalment, revision, reason: reason.clone() },
        Event::ChargeReissued {
            instalment,
            revision,
            txid,
            reason: reason.clone(),
            terms,
            carried: Some(due.clone()),
        },
        Event::ChargeRemoved { instalment, revision },
        Event::RemovalDelayed { instalment, revision, reason: reason.clone(), next_try_at },
        Event::StepDone {
            instalment,
            step: step.clone(),
            outcome: StepOutcome::Sent,
            channels: vec![Channel::Email, Channel::Chat],
            covered: vec!["due_today".to_owned()],
            amount: Some(amount),
            rule: None,
            rule_version: 1,
        },
        Event::AccountFlagged { instalment, step },
        Event::AccountCleared { instalment },
        Event::ChaseEnded { instalment },
        Event::PaymentMatched {
            instalment,
            revision: Some(revision),
            payment: payment.clone(),
            source: Source::Receipt,
            amount,
            paid_at: next_try_at,
            due,
            split,
            debt: debt.clone(),
        },
        Event::PaymentInDoubt {
            instalment,
            revision,
            payment: payment.clone(),
            amount,
            reason: ParkReason::ForeignKey,
        },
        Event::DoubtSettled { instalment, payment: payment.clone() },
        Event::Paid { amount },
        Event::ReceiptSent {
            instalment,
            ordinal: 0,
            payment: payment.clone(),
            outcome: StepOutcome::Sent,
        },
        Event::PaymentReleased {
            instalment,
            ordinal: 0,
            payment,
            amount,
            reason: reason.clone(),
            back: split,
            debt: debt.clone(),
        },
        adjusted(Adjustment::Rebate, &debt),
        adjusted(Adjustment::CreditNote, &debt),
        adjusted(Adjustment::WriteOff, &debt),
        adjusted(Adjustment::Reinstatement, &debt),
        Event::DueDateExtended {
            instalment,
            due_date: NaiveDate::from_ymd_opt(2027, 1, 10).unwrap(),
            reason: reason.clone(),
            debt,
        },
        Event::BoletoNamed { instalment, our_number: "109/00012345-6".to_owned() },
        Event::LinksRevoked { generation: 1, reason: reason.clone() },
        Event::PartyErased,
        Event::CancelRequested { reason: reason.clone() },
        Event::CancelRefused { reason },
        Event::Canceled { principal: amount },
        Event::RuleMoved {
            rule: Some(RuleName::parse("big_accounts").unwrap()),
            version: 2,
            resumes: Some("end".to_owned()),
        },
    ];
    let places: Vec<usize> = events.iter().map(place).collect();
    assert_eq!(places, (0..events.len()).collect::<Vec<_>>());
    let handled = crate::sample_handling::every_handled();
    events.into_iter().chain(handled.into_iter().map(Event::Handled)).collect()
}

/// Where a kind stands in [`every_event`]. A new kind stops the compiler here: add it to both.
fn place(event: &Event) -> usize {
    match event {
        Event::Opened { .. } => 0,
        Event::ChargeIssued { .. } => 1,
        Event::ChargeDelayed { .. } => 2,
        Event::ChargeRejected { .. } => 3,
        Event::ChargeReissued { .. } => 4,
        Event::ChargeRemoved { .. } => 5,
        Event::RemovalDelayed { .. } => 6,
        Event::StepDone { .. } => 7,
        Event::AccountFlagged { .. } => 8,
        Event::AccountCleared { .. } => 9,
        Event::ChaseEnded { .. } => 10,
        Event::PaymentMatched { .. } => 11,
        Event::PaymentInDoubt { .. } => 12,
        Event::DoubtSettled { .. } => 13,
        Event::Paid { .. } => 14,
        Event::ReceiptSent { .. } => 15,
        Event::PaymentReleased { .. } => 16,
        Event::Adjusted { kind: Adjustment::Rebate, .. } => 17,
        Event::Adjusted { kind: Adjustment::CreditNote, .. } => 18,
        Event::Adjusted { kind: Adjustment::WriteOff, .. } => 19,
        Event::Adjusted { kind: Adjustment::Reinstatement, .. } => 20,
        Event::DueDateExtended { .. } => 21,
        Event::BoletoNamed { .. } => 22,
        Event::LinksRevoked { .. } => 23,
        Event::PartyErased => 24,
        Event::CancelRequested { .. } => 25,
        Event::CancelRefused { .. } => 26,
        Event::Canceled { .. } => 27,
        Event::Handled(_) => usize::MAX,
        Event::RuleMoved { .. } => 28,
    }
}

fn adjusted(kind: Adjustment, debt: &Debt) -> Event {
    Event::Adjusted {
        instalment: 1,
        kind,
        amount: Money::from_centavos(1_000),
        rebate: Money::ZERO,
        reason: "why".to_owned(),
        document: (kind == Adjustment::CreditNote).then(|| "NC-7".to_owned()),
        debt: debt.clone(),
    }
}

/// A received Pix of R$ 1,500.00 with one refund under way.
pub fn payment() -> Payment {
    let at = DateTime::<Utc>::from_timestamp(1_795_000_000, 0).unwrap();
    let refund = Refund {
        id: REFUND.to_owned(),
        amount: Money::from_centavos(1_000),
        state: RefundState::Asked { attempts: 0, next_try_at: at },
        origin: RefundOrigin::Merchant,
        reason: Some("why".to_owned()),
        asked_at: at,
    };
    Payment {
        merchant: MerchantId::parse("mer_acme").unwrap(),
        id: PaymentId::parse(PIX).unwrap(),
        version: 1,
        method: Method::Pix,
        txid: None,
        amount: Money::from_centavos(150_000),
        paid_at: at,
        seen_at: at,
        payer: None,
        memo: None,
        state: PaymentState::Received,
        allocations: Vec::new(),
        on_account: None,
        refunds: vec![refund],
        attention: None,
        settled_on: None,
        bank_lines: Vec::new(),
    }
}

/// One event of each kind of a payment; [`payment_place`] keeps it whole.
pub fn every_payment_event() -> Vec<payment::Event> {
    use payment::Event;
    let next_try_at = DateTime::<Utc>::from_timestamp(1_795_000_000, 0).unwrap();
    let (id, amount, why) = (REFUND.to_owned(), Money::from_centavos(1_000), "why".to_owned());
    let customer = CustomerId::from_ulid(ULID).unwrap();
    let (invoice, instalment) = (InvoiceId::from_ulid(ULID).unwrap(), 1);
    let events = vec![
        Event::Reported { next_try_at, attempts: 0 },
        Event::NotConfirmed,
        Event::Received,
        Event::ReceivedInFull { invoice: invoice.clone(), instalment },
        Event::Parked { reason: ParkReason::Unidentified },
        Event::Allocated { invoice: invoice.clone(), instalment, amount },
        Event::Released { invoice, instalment, amount },
        Event::PutOnAccount { customer: customer.clone(), amount },
        Event::TakenFromAccount { customer, amount },
        Event::Assigned { to: "ana".to_owned() },
        Event::Dismissed { reason: why.clone() },
        Event::Resolved,
        Event::RefundAsked { id: id.clone(), amount, reason: why.clone() },
        Event::RefundDelayed { id: id.clone(), attempts: 1, why: why.clone(), next_try_at },
        Event::RefundTaken { id: id.clone(), looks: 0, next_look_at: next_try_at },
        Event::RefundReturned { id: id.clone() },
        Event::RefundFailed { id, why },
        Event::TakenBack { id: "med-1".to_owned(), amount, origin: RefundOrigin::Dispute },
        Event::Settled { on: NaiveDate::from_ymd_opt(2026, 12, 10).unwrap() },
        Event::PayerErased,
    ];
    let places: Vec<usize> = events.iter().map(payment_place).collect();
    assert_eq!(places, (0..events.len()).collect::<Vec<_>>());
    events
}

/// Where a kind stands in [`every_payment_event`]. A new kind stops the compiler here: add it to both.
fn payment_place(event: &payment::Event) -> usize {
    use payment::Event;
    match event {
        Event::Reported { .. } => 0,
        Event::NotConfirmed => 1,
        Event::Received => 2,
        Event::ReceivedInFull { .. } => 3,
        Event::Parked { .. } => 4,
        Event::Allocated { .. } => 5,
        Event::Released { .. } => 6,
        Event::PutOnAccount { .. } => 7,
        Event::TakenFromAccount { .. } => 8,
        Event::Assigned { .. } => 9,
        Event::Dismissed { .. } => 10,
        Event::Resolved => 11,
        Event::RefundAsked { .. } => 12,
        Event::RefundDelayed { .. } => 13,
        Event::RefundTaken { .. } => 14,
        Event::RefundReturned { .. } => 15,
        Event::RefundFailed { .. } => 16,
        Event::TakenBack { .. } => 17,
        Event::Settled { .. } => 18,
        Event::PayerErased => 19,
    }
}

fn terms(original: Money) -> Terms {
    Terms {
        original,
        due_date: NaiveDate::from_ymd_opt(2026, 12, 10).unwrap(),
        validity_days: 30,
        fine: None,
        interest: None,
        rebate: None,
        discount: None,
    }
}
