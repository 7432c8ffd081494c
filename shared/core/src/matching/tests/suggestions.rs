//! What is suggested, why, and what never is.

use proptest::prelude::*;

use crate::customer::Customer;
use crate::document::TaxId;
use crate::ids::{CustomerId, InvoiceId, PaymentId};
use crate::invoice::{Invoice, InvoiceDraft};
use crate::matching::suggest::Reason::{self, *};
use crate::matching::{
    CANDIDATES_MAX, Candidate, PRESELECT_MIN, candidates, candidates_for_group, preselected,
};
use crate::money::Money;
use crate::payment::{Method, Payer, Payment, PaymentState};
use crate::sample::{at, cents, customer, draft, merchant, opened_by, paid, taken_by_bank};

const CPF: &str = "52998224725";
const OTHER: &str = "11144477735";

/// A ULID that ends in a number.
fn ulid(nth: u32) -> String {
    format!("01JD5X2B9QKZ3V7M8N{nth:08}")
}

/// The nth customer.
fn party(nth: u32, name: &str, document: &str) -> Customer {
    let mut party = customer();
    party.id = CustomerId::from_ulid(&ulid(nth)).unwrap();
    party.bill_to.name = name.to_owned();
    party.bill_to.document = TaxId::parse(document).unwrap();
    party
}

fn aurora() -> Customer {
    party(1, "Padaria Aurora Ltda", CPF)
}

fn zenith() -> Customer {
    party(2, "Oficina Zênite ME", OTHER)
}

/// The nth invoice, of one instalment.
fn owed(nth: u32, of: &Customer, amount: &str) -> Invoice {
    let number = format!("NF-{nth:04}");
    let draft = InvoiceDraft { number, amount: amount.into(), ..draft() };
    opened_by(&draft, &merchant(), of, &ulid(nth))
}

/// A transfer paid on the first of December, nine days before what the samples owe is due.
fn came(centavos: i64) -> Payment {
    let when = at("2026-12-01 10:00");
    Payment {
        merchant: merchant().merchant,
        id: PaymentId::of_fingerprint(u128::from(centavos.unsigned_abs())),
        version: 1,
        method: Method::Transfer,
        txid: None,
        amount: cents(centavos),
        paid_at: when,
        seen_at: when,
        payer: None,
        memo: None,
        state: PaymentState::Received,
        allocations: Vec::new(),
        on_account: None,
        refunds: Vec::new(),
        attention: None,
        settled_on: None,
        bank_lines: Vec::new(),
    }
}

fn by(document: &str, payment: Payment) -> Payment {
    let document = TaxId::parse(document).ok();
    Payment { payer: Some(Payer { name: None, document }), ..payment }
}

fn saying(memo: &str, payment: Payment) -> Payment {
    Payment { memo: Some(memo.into()), ..payment }
}

fn best(found: &[Candidate]) -> (u8, &[Reason]) {
    found.first().map_or((0, &[]), |best| (best.score, best.reasons.as_slice()))
}

#[test]
fn every_reason_has_its_points_and_no_score_is_over_a_hundred() {
    let most: u8 = [ExactDue, PayerDocument, InvoiceNumber, PoNumber, PayerName, DateNear]
        .iter()
        .map(|reason| reason.points())
        .sum();
    assert_eq!(most, 100);
    for amount in [ExactPrincipal, AddsUp] {
        assert!(amount.points() < ExactDue.points());
    }
    let codes: std::collections::BTreeSet<&str> = Reason::ALL.iter().map(|it| it.code()).collect();
    assert_eq!(codes.len(), Reason::ALL.len());
}

#[test]
fn what_points_to_a_debt_is_told_with_its_reasons() {
    let open = [owed(1, &aurora(), "1000.00")];
    let check = |payment: Payment, score: u8, reasons: &[Reason]| {
        assert_eq!(best(&candidates(&payment, &open)), (score, reasons), "{:?}", payment.memo);
    };
    check(came(100_000), 40, &[ExactDue]);
    check(by(CPF, came(100_000)), 70, &[ExactDue, PayerDocument]);
    check(
        saying("TED NF-0001 PADARIA AURORA", came(100_000)),
        60,
        &[ExactDue, InvoiceNumber, PayerName],
    );
    // A part of what is owed, where the payer is known.
    check(by(CPF, came(40_000)), 30, &[PayerDocument]);
    check(saying("nf-0001", came(40_000)), 15, &[InvoiceNumber]);
    // Nothing points anywhere.
    check(came(40_000), 0, &[]);
    check(saying("PADARIA AURORA", came(40_000)), 0, &[]);
    check(saying("NF-00011", came(40_000)), 0, &[]);
    check(by(OTHER, came(40_000)), 0, &[]);
    // More than is owed.
    check(by(CPF, came(100_001)), 0, &[]);
}

#[test]
fn a_late_payer_who_leaves_the_fine_out_is_found() {
    let open = [owed(1, &aurora(), "1000.00")];
    let late = Payment { paid_at: at("2026-12-14 10:00"), ..came(100_000) };
    assert_eq!(best(&candidates(&late, &open)), (35, [ExactPrincipal, DateNear].as_slice()));
}

#[test]
fn a_po_number_is_a_hint_too() {
    let mut invoice = owed(1, &aurora(), "1000.00");
    invoice.po_number = Some("PO-77".to_owned());
    let found = candidates(&saying("PAGTO PO-77", came(30_000)), &[invoice]);
    assert_eq!(best(&found), (5, [PoNumber].as_slice()));
}

#[test]
fn one_transfer_for_several_invoices_is_found() {
    let open = [
        owed(1, &aurora(), "100.00"),
        owed(2, &aurora(), "250.00"),
        owed(3, &aurora(), "400.00"),
        owed(4, &zenith(), "400.00"),
    ];
    let found = candidates(&by(CPF, came(50_000)), &open);
    let ids: Vec<&InvoiceId> = found[0].invoices.iter().map(|(id, _)| id).collect();
    assert_eq!(ids, [&open[0].id, &open[2].id]);
    assert_eq!(found[0].reasons, [AddsUp, PayerDocument]);
    assert_eq!(found[0].score, 55);
    // Among the debts of strangers some sum always fits: none is suggested.
    assert_eq!(candidates(&came(50_000), &open), []);
}

#[test]
fn several_transfers_for_one_invoice_are_found() {
    let open = [owed(1, &aurora(), "1000.00")];
    let parts = [by(CPF, came(30_000)), by(CPF, came(70_000)), by(OTHER, came(70_001))];
    let found = candidates_for_group(&parts, &open);
    assert_eq!(found.len(), 1);
    let mut both = [parts[0].id.clone(), parts[1].id.clone()];
    both.sort();
    let mut told = found[0].payments.clone();
    told.sort();
    assert_eq!((told.as_slice(), found[0].instalment), (both.as_slice(), 1));
    assert_eq!((found[0].score, found[0].is_tie), (55, false));
    // Two payers, or one that nobody knows, are no group.
    assert_eq!(candidates_for_group(&[by(OTHER, came(30_000)), by(CPF, came(70_000))], &open), []);
    assert_eq!(candidates_for_group(&[came(30_000), came(70_000)], &open), []);
}

/// Five debts alike: nothing tells which, so none is selected.
#[test]
fn a_tie_is_never_selected_beforehand() {
    let open: Vec<Invoice> = (1..=5).map(|nth| owed(nth, &aurora(), "1000.00")).collect();
    let found = candidates(&by(CPF, came(100_000)), &open);
    assert_eq!(found.len(), 5);
    assert!(found.iter().all(|it| it.is_tie && it.score == 70), "{found:?}");
    assert_eq!(preselected(&found), None);
    let alone = candidates(&by(CPF, came(100_000)), &open[..1]);
    assert_eq!(preselected(&alone), alone.first());
    let weak = candidates(&came(100_000), &open[..1]);
    assert!(weak[0].score < PRESELECT_MIN);
    assert_eq!(preselected(&weak), None);
    assert_eq!(preselected(&[]), None);
}

#[test]
fn what_is_settled_or_has_its_place_is_not_suggested() {
    let settled = taken_by_bank(owed(1, &aurora(), "1000.00"), "2026-11-23 10:01");
    let settled = paid(settled, 1, 1, 100_000, "2026-12-01 10:00");
    assert_eq!(candidates(&by(CPF, came(100_000)), &[settled]), []);
    let mut canceled = owed(1, &aurora(), "1000.00");
    canceled.lifecycle =
        crate::invoice::Lifecycle::Canceled { reason: "x".into(), at: at("2026-12-01 10:00") };
    assert_eq!(candidates(&by(CPF, came(100_000)), &[canceled]), []);
    let mut placed = by(CPF, came(100_000));
    placed.allocations.push(crate::payment::Allocation {
        invoice: InvoiceId::from_ulid(&ulid(9)).unwrap(),
        instalment: 1,
        amount: cents(100_000),
    });
    assert_eq!(candidates(&placed, &[owed(1, &aurora(), "1000.00")]), []);
}

/// The fear: a question about one payment that never ends.
#[test]
fn a_thousand_debts_alike_are_answered_with_a_few() {
    let open: Vec<Invoice> = (1..=1_200).map(|nth| owed(nth, &aurora(), "10.00")).collect();
    let found = candidates(&by(CPF, came(5_000)), &open);
    assert_eq!(found.len(), CANDIDATES_MAX);
    assert!(found.iter().all(|it| it.is_tie));
    let parts: Vec<Payment> = (1..=60).map(|nth| by(CPF, came(nth))).collect();
    assert!(candidates_for_group(&parts, &open).len() <= CANDIDATES_MAX);
}

fn amounts() -> impl Strategy<Value = Vec<(u8, i64)>> {
    prop::collection::vec((0..3_u8, 1..8_i64), 1..10)
}

fn open_of(amounts: &[(u8, i64)]) -> Vec<Invoice> {
    let parties = [aurora(), zenith(), party(3, "Mercado Sol", "15350946056")];
    let invoice = |(nth, (of, tens)): (u32, &(u8, i64))| {
        owed(nth, &parties[usize::from(*of)], &cents(tens * 1_000).to_string())
    };
    (1..).zip(amounts).map(invoice).collect()
}

proptest! {
    #[test]
    fn the_order_of_the_lists_changes_nothing(
        amounts in amounts(), tens in 1..30_i64, turn in 0..10_usize, known in any::<bool>(),
    ) {
        let open = open_of(&amounts);
        let mut turned = open.clone();
        turned.rotate_left(turn % open.len());
        turned.reverse();
        let payment = came(tens * 1_000);
        let payment = if known { by(CPF, payment) } else { payment };
        prop_assert_eq!(candidates(&payment, &open), candidates(&payment, &turned));
        let mut parts: Vec<Payment> =
            (1..=4).map(|nth| by(CPF, came(tens * 100 * nth + nth))).collect();
        let straight = candidates_for_group(&parts, &open);
        parts.reverse();
        prop_assert_eq!(straight, candidates_for_group(&parts, &turned));
    }

    #[test]
    fn nothing_is_suggested_for_more_than_is_owed(
        amounts in amounts(), centavos in 1..40_000_i64, late in 0..60_i64,
    ) {
        let open = open_of(&amounts);
        let mut payment = by(CPF, came(centavos));
        payment.paid_at += chrono::TimeDelta::days(late);
        let find = |id: &InvoiceId| open.iter().find(|it| it.id == *id).unwrap();
        for candidate in candidates(&payment, &open) {
            let owed: Money = candidate.invoices.iter().map(|(id, number)| {
                let invoice = find(id);
                let on = invoice.civil_date(payment.paid_at);
                invoice.outstanding_of(invoice.instalment(*number).unwrap(), on)
            }).sum();
            prop_assert!(payment.amount <= owed, "{candidate:?} owes {owed}");
            let customers: std::collections::BTreeSet<_> =
                candidate.invoices.iter().map(|(id, _)| find(id).customer.clone()).collect();
            prop_assert_eq!(customers.len(), 1, "one customer's debts");
        }
    }

    #[test]
    fn equal_scores_are_ties_and_others_are_not(amounts in amounts(), tens in 1..30_i64) {
        let found = candidates(&by(CPF, came(tens * 1_000)), &open_of(&amounts));
        prop_assert!(found.windows(2).all(|pair| pair[0].score >= pair[1].score));
        if found.len() < CANDIDATES_MAX {
            for candidate in &found {
                let same = found.iter().filter(|it| it.score == candidate.score).count();
                prop_assert_eq!(candidate.is_tie, same > 1, "{:?}", candidate);
            }
        }
    }
}
