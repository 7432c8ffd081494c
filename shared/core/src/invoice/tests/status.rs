//! One word for every surface, as a function of balances, dates and the merchant's will.

use super::*;

#[test]
fn trap_56_overdue_is_told_by_instalment_and_rolls_up() {
    let invoice = issued(&monthly(2));
    let on = |invoice: &Invoice, day_text: &str| invoice.status(day(day_text));
    assert_eq!(on(&invoice, "2026-12-10"), Status::Open);
    assert_eq!(on(&invoice, "2026-12-11"), Status::Overdue);
    let invoice = paid(invoice, 1, 1, 50_000, "2026-12-10 10:00");
    assert_eq!(on(&invoice, "2026-12-11"), Status::PartiallyPaid);
    // The second falls on Sunday 10 January 2027: Monday is still in time.
    assert_eq!(on(&invoice, "2027-01-11"), Status::PartiallyPaid);
    assert_eq!(on(&invoice, "2027-01-12"), Status::Overdue);
    let invoice = paid(invoice, 2, 2, 50_000, "2027-01-11 10:00");
    assert_eq!(on(&invoice, "2027-01-12"), Status::Paid);
    assert_eq!(invoice.outstanding(day("2027-02-01")), Money::ZERO);
}

#[test]
fn trap_51_a_small_credit_does_not_pass_for_payment() {
    let note = |centavos| reduce(1, Reduction::CreditNote("NC-7".into()), centavos);
    let opened = || issued(&draft());
    let cancel = Command::Cancel { reason: "mistake".into() };
    let gone = Command::RecordRemoval { instalment: 1, revision: 0 };
    let canceling = run(opened(), cancel, "2026-12-01 10:00");
    let part = || paid(opened(), 1, 1, 40_000, "2026-12-01 10:00");
    let whole = || paid(opened(), 1, 1, 100_000, "2026-12-01 10:00");
    let at_once = |invoice, command| run(invoice, command, "2026-12-02 10:00");
    let cases = [
        ("untouched", opened(), "open", "overdue"),
        ("a credit note for a part", at_once(opened(), note(1_000)), "open", "overdue"),
        ("a part", part(), "partially_paid", "overdue"),
        ("paid", whole(), "paid", "paid"),
        ("all of it went back", released(whole(), 1, 100_000, "2026-12-02 10:00"), "open", {
            "overdue"
        }),
        ("some went back", released(whole(), 1, 1, "2026-12-02 10:00"), "partially_paid", {
            "overdue"
        }),
        ("credited whole", at_once(opened(), note(100_000)), "credited", "credited"),
        ("a part and a credit note", at_once(part(), note(60_000)), "paid", "paid"),
        ("written off", at_once(opened(), write_off(1)), "written_off", "written_off"),
        ("a part, then written off", at_once(part(), write_off(1)), "written_off", "written_off"),
        ("canceling", canceling.clone(), "canceling", "canceling"),
        ("canceled", at_once(canceling, gone), "canceled", "canceled"),
    ];
    for (what, invoice, before, after) in cases {
        for (day_text, expected) in [("2026-12-10", before), ("2026-12-11", after)] {
            let status = invoice.status(day(day_text));
            assert_eq!(status.as_str(), expected, "{what} on {day_text}");
            let only = invoice.instalment_status(&invoice.instalments[0], day(day_text));
            assert_eq!(only, status, "{what} on {day_text}: its one instalment");
        }
        let settled = ["paid", "credited", "written_off"].contains(&before);
        assert_eq!(invoice.is_settled(), settled, "{what}");
    }
}

#[test]
fn what_closed_the_instalments_names_the_invoice() {
    let paid_first = || paid(issued(&monthly(2)), 1, 1, 50_000, "2026-12-01 10:00");
    let note = reduce(2, Reduction::CreditNote("NC-7".into()), 50_000);
    let status = |invoice: Invoice| invoice.status(day("2026-12-02"));
    assert_eq!(status(run(paid_first(), note, "2026-12-01 10:00")), Status::Paid);
    assert_eq!(status(run(paid_first(), write_off(2), "2026-12-01 10:00")), Status::WrittenOff);
}
