//! Fears: a customer in the wrong group, a group that nobody can be in, a rule that is not there.

use serde_json::{Value, json};

use super::*;

fn facts() -> SegmentFacts {
    SegmentFacts {
        open: 3,
        overdue: 1,
        worst_days_late: 12,
        overdue_amount: Money::from_centavos(10_000),
        paid: 3,
        paid_on_time: 2,
    }
}

fn checked(json: Value) -> Result<Vec<SegmentRule>, Vec<String>> {
    let drafts: Vec<SegmentDraft> = serde_json::from_value(json).unwrap();
    let latest = |name: &RuleName| (name.as_str() == "gentle").then_some(4);
    let places = |faults: Vec<crate::violation::Violation>| {
        faults.into_iter().map(|fault| fault.property).collect()
    };
    check_segments(&drafts, &latest).map_err(places)
}

/// Whether a condition holds of the facts.
fn holds(condition: Value) -> bool {
    let rules = checked(json!([{ "segment": "s", "when": condition }])).unwrap();
    segment_for(&rules, &facts()) == Some("s")
}

#[test]
fn a_condition_holds_beside_its_bound() {
    assert!(holds(json!({ "open_from": 3 })) && !holds(json!({ "open_from": 4 })));
    assert!(holds(json!({ "overdue_from": 1 })) && !holds(json!({ "overdue_from": 2 })));
    assert!(holds(json!({ "days_late_from": 12 })) && !holds(json!({ "days_late_from": 13 })));
    assert!(holds(json!({ "overdue_amount_from": "100.00" })));
    assert!(!holds(json!({ "overdue_amount_from": "100.01" })));
    // Two of three are 66 %, rounded down.
    assert!(holds(json!({ "on_time_percent_from": 66 })));
    assert!(!holds(json!({ "on_time_percent_from": 67 })));
    assert!(
        holds(json!({ "on_time_percent_to": 66 })) && !holds(json!({ "on_time_percent_to": 65 }))
    );
    assert!(!holds(json!({ "open_from": 3, "overdue_from": 2 })), "one of two is not enough");
}

#[test]
fn who_has_paid_nothing_yet_pays_on_time_or_late() {
    for percent in [json!({ "on_time_percent_from": 0 }), json!({ "on_time_percent_to": 100 })] {
        let rules = checked(json!([{ "segment": "s", "when": percent }])).unwrap();
        assert_eq!(segment_for(&rules, &SegmentFacts::default()), None);
    }
}

#[test]
fn a_later_segment_wins_over_the_first() {
    let rules = checked(json!([
        { "segment": "by_hand" },
        { "segment": "late", "rule": "gentle", "when": { "overdue_from": 1 } },
        { "segment": "open", "when": { "open_from": 1 } },
    ]));
    let rules = rules.unwrap();
    assert_eq!(segment_for(&rules, &facts()), Some("late"));
    let gentle = RuleRef { name: RuleName::parse("gentle").unwrap(), version: 4 };
    assert_eq!(rule_for(&rules, Some("late")), Some(&gentle));
    assert_eq!(rule_for(&rules, Some("open")), None);
    assert_eq!(rule_for(&rules, None), None);
    let shown: Vec<SegmentDraft> = rules.iter().map(SegmentDraft::of).collect();
    assert_eq!(checked(serde_json::to_value(shown).unwrap()).unwrap(), rules);
}

#[test]
fn a_segment_that_makes_no_sense_is_taken() {
    let faults = checked(json!([
        { "segment": "Late Payers", "rule": "nobody_wrote_it" },
        { "segment": "a", "when": {} },
        { "segment": "a", "when": { "open_from": 0, "on_time_percent_from": 101 } },
        {
            "segment": "b",
            "when": {
                "overdue_amount_from": "1,00", "on_time_percent_from": 9, "on_time_percent_to": 8,
            },
        },
    ]));
    assert_eq!(
        faults.unwrap_err(),
        [
            "segments[0].segment",
            "segments[0].rule",
            "segments[1].when",
            "segments[2].when.open_from",
            "segments[2].when.on_time_percent_from",
            "segments[2].segment",
            "segments[3].when.on_time_percent_to",
            "segments[3].when.overdue_amount_from",
        ]
    );
}

/// What one invoice says on a day.
fn said_by(invoice: &crate::invoice::Invoice, today: &str) -> SegmentFacts {
    let mut facts = SegmentFacts::default();
    facts.add(invoice, day(today));
    facts
}

#[test]
fn an_invoice_counts_for_what_it_is_not() {
    use crate::invoice::Command;
    use crate::sample::{draft, issued, paid, run};
    let invoice = issued(&draft());
    let open = SegmentFacts { open: 1, ..SegmentFacts::default() };
    assert_eq!(said_by(&invoice, "2026-12-10"), open, "on its day it is not late");
    let overdue_amount = invoice.outstanding(day("2026-12-14"));
    let late = SegmentFacts { overdue: 1, worst_days_late: 4, overdue_amount, ..open };
    assert_eq!(said_by(&invoice, "2026-12-14"), late);

    let in_time = paid(invoice.clone(), 1, 1, 100_000, "2026-12-10 23:00");
    let kept = SegmentFacts { paid: 1, paid_on_time: 1, ..SegmentFacts::default() };
    assert_eq!(said_by(&in_time, "2027-01-01"), kept);
    let owed = invoice.outstanding(day("2026-12-11")).centavos();
    let too_late = paid(invoice.clone(), 1, 1, owed, "2026-12-11 08:00");
    assert_eq!(said_by(&too_late, "2027-01-01"), SegmentFacts { paid_on_time: 0, ..kept });
    let canceled = run(invoice, Command::Cancel { reason: "error".into() }, "2026-12-01 10:00");
    assert_eq!(said_by(&canceled, "2027-01-01"), SegmentFacts::default());
}
