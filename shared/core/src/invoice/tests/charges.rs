//! Charges by revision: what is asked again, when, and for how much.

use super::*;

#[test]
fn a_reissued_charge_leaves_the_old_txid_a_home_and_tells_the_payer_anew() {
    let issue = Rule::shipped().steps.remove(0);
    let told = |instalment| Command::RecordStep {
        instalment,
        step: &issue,
        outcome: chase::StepOutcome::Sent,
        channels: vec![],
        covered: vec![],
        amount: None,
    };
    let invoice = run(issued(&draft()), told(1), "2026-11-23 10:02");
    let invoice = run(invoice, reissue(1), "2026-12-01 10:00");
    let instalment = &invoice.instalments[0];
    assert_eq!(instalment.charge().revision, 1);
    assert!(matches!(instalment.charges[0].state, ChargeState::Removing { .. }));
    assert!(instalment.chase.done.is_empty(), "the new code is sent to the payer");
    // A payer who had the old code at hand pays it before the bank removed it.
    let Credit::Matched { events, .. } =
        pay_charge(&invoice, (1, 0), 1, 100_000, "2026-12-01 10:00")
    else {
        panic!("the old charge has no home");
    };
    let invoice = applied(invoice, &events, at("2026-12-01 10:00"));
    assert!(
        matches!(invoice.instalments[0].charges[1].state, ChargeState::Removing { .. }),
        "nobody can pay the new charge as well"
    );
}

#[test]
fn a_late_charge_asked_again_takes_what_is_due_today_and_matches_later_to_the_cent() {
    let invoice = run(issued(&draft()), reissue(1), "2026-12-20 10:00");
    let charge = invoice.instalments[0].charge();
    assert_eq!(charge.terms.original.to_string(), "1023.33");
    assert_eq!(charge.terms.due_date.to_string(), "2026-12-20");
    let settles = |revision, centavos| {
        let credit = pay_charge(&invoice, (1, revision), 1, centavos, "2026-12-24 10:00");
        let Credit::Matched { events, excess } = credit else { panic!("{credit:?}") };
        let after = applied(invoice.clone(), &events, at("2026-12-24 10:00"));
        after.is_settled() && excess.is_zero()
    };
    // Sunday 20 December moves to Monday, from which three days at 0.33 are counted.
    assert!(settles(1, 102_432));
    // Who still pays the old code is asked by the bank for what the old charge comes to.
    assert!(settles(0, 102_467));
}

#[test]
fn an_expired_charge_is_work_as_soon_as_its_last_day_is_over() {
    let terms = TermsDraft { payable_days_after_due: Some(2), ..TermsDraft::default() };
    let invoice = issued(&InvoiceDraft { terms, ..draft() });
    // Due on Thursday the 10th; two days later is a Saturday, so Monday the 14th is the last day.
    let expires = invoice.expires_at(&invoice.instalments[0]).unwrap();
    assert_eq!(expires, at("2026-12-15 00:00"));
    let paid = paid(invoice, 1, 1, 100_000, "2026-12-14 23:00");
    assert_eq!(paid.expires_at(&paid.instalments[0]), None);
}

#[test]
fn a_charge_refused_because_its_date_passed_is_asked_again_as_of_today() {
    let invoice = opened(&draft());
    let reason = "due date in the past".to_owned();
    let refused = Command::RecordRejection { instalment: 1, revision: 0, reason };
    let on_time = run(invoice.clone(), refused.clone(), "2026-12-01 10:00");
    assert!(matches!(on_time.instalments[0].charge().state, ChargeState::Rejected { .. }));
    let late = run(invoice, refused, "2026-12-14 10:00");
    let charge = late.instalments[0].charge();
    assert_eq!((charge.revision, charge.terms.due_date.to_string()), (1, "2026-12-14".to_owned()));
    assert!(matches!(charge.state, ChargeState::Pending { .. }));
}

#[test]
fn the_last_revision_of_a_txid_is_not_passed() {
    let mut invoice = issued(&draft());
    let last = invoice.instalments[0].charges.last_mut().unwrap();
    last.revision = crate::ids::Txid::REVISION_MAX;
    let refused = decide(&invoice, reissue(1), at("2026-12-01 10:00"));
    assert_eq!(refused, Err(Refusal::TooManyRevisions));
    // Money is a fact all the same: it is credited, and a person sees that no charge is left.
    let invoice = paid(invoice, 1, 1, 40_000, "2026-12-01 10:00");
    assert_eq!(invoice.receivable(), cents(60_000));
}
