//! An invoice that has seen everything.

use quita_core::chase::StepOutcome;
use quita_core::debt::{Arrears, Debt, LateCharges, Split};
use quita_core::ids::Txid;
use quita_core::invoice::{
    BillingPeriod, Charge, ChargeState, Doubt, InstalmentDraft, Invoice, InvoiceDraft, Matched,
};
use quita_core::money::Money;
use quita_core::terms_draft::{DatedDraft, DiscountDraft, TermsDraft, ValueDraft};

use super::{at, cents, customer, day, invoice_id, merchant, payment_id, transfer_id};

/// Three instalments with every term: one paid in two parts, one paid in part and late, one waiting
/// for the bank.
pub fn invoice() -> Invoice {
    let id = invoice_id();
    let now = at("2026-11-20T13:00:00Z");
    let checked = draft().check(&merchant(), now).unwrap();
    let (mut invoice, _) = checked.open(id, &merchant(), &customer(), now);
    invoice.version = 6;
    let first = matched(&invoice, 0, cents(20_000), "2026-12-10T15:00:00Z");
    let closing = matched(&invoice, 0, cents(13_350), "2026-12-15T12:00:00Z");
    let part = matched(&invoice, 1, cents(10_000), "2027-01-20T12:00:00Z");
    pay_in_full(&mut invoice, first, closing);
    pay_in_part(&mut invoice, part);
    let waiting = &mut invoice.instalments[2];
    waiting.our_number = Some("109000123".to_owned());
    waiting.charges[0].state = ChargeState::Pending {
        attempts: 2,
        reason: Some("the bank did not answer".to_owned()),
        next_try_at: at("2026-11-20T13:05:00Z"),
    };
    invoice
}

/// The same, of a period.
pub fn billed_invoice() -> Invoice {
    let period = BillingPeriod::new(day("2026-11-01"), day("2026-11-30"));
    Invoice { billing_period: period.ok(), ..invoice() }
}

fn draft() -> InvoiceDraft {
    let value = |kind: &str, value: &str, days: Option<&str>| ValueDraft {
        kind: kind.to_owned(),
        value: value.to_owned(),
        days: days.map(str::to_owned),
    };
    let dated = |date: &str, value: &str| DatedDraft { date: date.into(), value: value.into() };
    InvoiceDraft {
        number: "NF-1001".to_owned(),
        description: "Consultoria de novembro".to_owned(),
        po_number: Some("PO-7".to_owned()),
        billing_period: None,
        amount: "1000.00".to_owned(),
        due_date: "2026-12-10".to_owned(),
        terms: TermsDraft {
            late_fee: Some(value("percent", "2.00", None)),
            interest: Some(value("percent_per_month", "1.00", Some("calendar"))),
            rebate: Some(value("amount", "5.00", None)),
            discount: Some(DiscountDraft {
                kind: "percent_until".to_owned(),
                value: None,
                days: None,
                until: vec![dated("2026-12-01", "3.00"), dated("2026-12-05", "1.50")],
            }),
            payable_days_after_due: Some(60),
        },
        instalments: InstalmentDraft::Monthly(3),
    }
}

fn matched(invoice: &Invoice, nth: usize, amount: Money, paid_at: &str) -> Matched {
    let paid_at = at(paid_at);
    Matched {
        payment: payment_id(),
        ordinal: 0,
        revision: Some(0),
        amount,
        paid_at,
        due: invoice.amount_due(&invoice.instalments[nth], paid_at.date_naive()),
        split: Split { principal: amount, rebate: cents(500), ..Split::default() },
        released: Money::ZERO,
        receipt_sent: true,
    }
}

/// By a Pix and a transfer, with every part of a split.
fn pay_in_full(invoice: &mut Invoice, first: Matched, closing: Matched) {
    let paid = &mut invoice.instalments[0];
    paid.charges[0].state = ChargeState::Active {
        location: "pix.example.com/qr/v2/cobv/9d36b84f".into(),
        br_code: "00020101021226".into(),
        at: at("2026-11-20T13:00:05Z"),
    };
    let closing = Matched {
        payment: transfer_id(),
        ordinal: 1,
        revision: None,
        split: Split {
            fine: cents(260),
            interest: cents(91),
            principal: cents(12_999),
            discount: cents(7),
            rebate: Money::ZERO,
            forgiven: cents(3),
            waived: LateCharges { fine: cents(2), interest: Money::ZERO },
            carried: LateCharges { fine: Money::ZERO, interest: cents(1) },
        },
        receipt_sent: false,
        ..closing
    };
    paid.payments = vec![first, closing];
    paid.debt = Debt { principal: Money::ZERO, net: true, arrears: None, changes: 2 };
    paid.chase.done.insert("issued".to_owned(), StepOutcome::Sent);
    paid.chase.last_touch_at = Some(at("2026-11-20T13:00:09Z"));
}

/// Some of it went back, the charge was asked for again, and another Pix is in doubt.
fn pay_in_part(invoice: &mut Invoice, part: Matched) {
    let late = &mut invoice.instalments[1];
    let owed = LateCharges { fine: cents(467), interest: cents(78) };
    let carried = part.due.clone();
    late.payments = vec![Matched { released: cents(1_500), ..part }];
    late.debt = Debt {
        principal: cents(24_333),
        net: true,
        arrears: Some(Arrears { on: day("2027-01-20"), owed }),
        changes: 2,
    };
    late.doubts = vec![Doubt { payment: payment_id(), revision: 1 }];
    late.released_at = Some(2);
    late.written_off = cents(1_000);
    let charge = |revision, state| Charge {
        txid: Txid::for_charge(&invoice.id, 2, revision).unwrap(),
        revision,
        terms: late.terms.clone(),
        carried: None,
        of_debt: revision,
        state,
    };
    let removing = ChargeState::Removing { next_try_at: at("2027-01-20T12:02:00Z") };
    let rejected = ChargeState::Rejected { reason: "calendario.dataDeVencimento".to_owned() };
    let current = Charge { carried: Some(carried), ..charge(2, rejected) };
    late.charges = vec![charge(0, ChargeState::Removed), charge(1, removing), current];
}
