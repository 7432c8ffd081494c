//! One event of each kind.

use chrono::{DateTime, NaiveDate, Utc};
use quita_core::calendar::BankCalendar;
use quita_core::chase::StepOutcome;
use quita_core::ids::{CustomerId, EndToEndId, InvoiceId, Txid};
use quita_core::invoice::Event;
use quita_core::message::Channel;
use quita_core::money::Money;
use quita_core::payment::ParkReason;
use quita_core::terms::{Policy, Terms};

const ULID: &str = "01JE6X7Q5M8Y2N4C9R0T3V6W8Z";

/// One event of each kind; [`place`] keeps it whole.
pub fn every_event() -> Vec<Event> {
    let (instalment, revision) = (1, 0);
    let reason = "why".to_owned();
    let step = "due_plus_1".to_owned();
    let amount = Money::from_centavos(150_000);
    let next_try_at = DateTime::<Utc>::from_timestamp(1_795_000_000, 0).unwrap();
    let txid = Txid::for_charge(&InvoiceId::from_ulid(ULID).unwrap(), 1, 0).unwrap();
    let e2eid = EndToEndId::parse("E18236120202612101345s0123456789").unwrap();
    let terms = terms(amount);
    let due = terms.amount_due(terms.due_date, &BankCalendar::default(), &Policy::default());
    let charge = (txid.clone(), "pix.example.com/qr/v2/1".to_owned(), "000201".to_owned());
    let events = vec![
        Event::Opened {
            number: "NF-1".to_owned(),
            customer: CustomerId::from_ulid(ULID).unwrap(),
            amount,
            instalments: vec![terms.clone()],
        },
        Event::ChargeIssued {
            instalment,
            revision,
            txid: charge.0,
            location: charge.1,
            br_code: charge.2,
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
        },
        Event::AccountFlagged { instalment, step },
        Event::AccountCleared { instalment },
        Event::ChaseEnded { instalment },
        Event::PaymentMatched {
            instalment,
            revision,
            e2eid: e2eid.clone(),
            amount,
            paid_at: next_try_at,
            due,
        },
        Event::PaymentInDoubt {
            instalment,
            revision,
            e2eid: e2eid.clone(),
            amount,
            reason: ParkReason::AlreadyPaid,
        },
        Event::Paid { amount },
        Event::ReceiptSent { instalment, e2eid: e2eid.clone(), outcome: StepOutcome::Sent },
        Event::PaymentReturned { instalment, e2eid, returned: amount },
        Event::CancelRequested { reason: reason.clone() },
        Event::CancelRefused { reason },
        Event::Canceled,
    ];
    let places: Vec<usize> = events.iter().map(place).collect();
    assert_eq!(places, (0..events.len()).collect::<Vec<_>>());
    events
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
        Event::Paid { .. } => 13,
        Event::ReceiptSent { .. } => 14,
        Event::PaymentReturned { .. } => 15,
        Event::CancelRequested { .. } => 16,
        Event::CancelRefused { .. } => 17,
        Event::Canceled => 18,
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
