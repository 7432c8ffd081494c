use proptest::prelude::*;

use super::*;
use crate::invoice::Invoice;
use crate::money::Money;
use crate::sample::{cents, day, draft, issued, monthly, opened_by, paid, taken_by_bank, taken_in};

const TODAY: &str = "2027-02-01";

/// Facts of so many invoices paid early, on time and late, by ten days each where late or early.
fn pays(early: u32, on_time: u32, late: u32) -> HealthFacts {
    let sum = 10 * (i64::from(late) - i64::from(early));
    let paid = Days { count: early + on_time + late, sum };
    HealthFacts { early, on_time, late, paid, ..HealthFacts::default() }
}

fn overdue(facts: HealthFacts, days_late: u32) -> HealthFacts {
    let debt = Debt {
        invoice: opened_by(
            &draft(),
            &crate::sample::merchant(),
            &crate::sample::customer(),
            crate::sample::ULID,
        )
        .id,
        number: "1".to_owned(),
        instalment: 1,
        due_date: day("2026-12-10"),
        adjusted_due: day("2026-12-10"),
        days_late,
        outstanding: cents(100),
    };
    HealthFacts { open: 1, overdue: 1, oldest: Some(debt), ..facts }
}

fn check(facts: &HealthFacts, health: Health, reasons: &[Reason], advice: Advice) {
    let told = judge(facts);
    assert_eq!((told.health, told.reasons.as_slice(), told.advice), (health, reasons, advice));
}

#[test]
fn who_has_just_come_is_called_good_or_bad() {
    check(&pays(0, 0, 0), Health::Unknown, &[Reason::FewPaid], Advice::LearnMore);
    check(&pays(2, 0, 0), Health::Unknown, &[Reason::FewPaid], Advice::LearnMore);
    check(&pays(0, 0, 2), Health::Unknown, &[Reason::FewPaid], Advice::LearnMore);
    let late = overdue(pays(0, 0, 0), 3);
    check(&late, Health::Watch, &[Reason::Overdue, Reason::FewPaid], Advice::AskWhenItComes);
}

#[test]
fn longer_terms_are_offered_to_who_does_not_need_them_or_does_not_deserve_them() {
    check(&pays(3, 0, 0), Health::Good, &[Reason::PaysEarly], Advice::OfferLongerTerms);
    // Early, but by a day or two.
    let barely = HealthFacts { paid: Days { count: 3, sum: -6 }, ..pays(3, 0, 0) };
    check(&barely, Health::Good, &[Reason::PaysEarly], Advice::GoOn);
    check(&pays(3, 1, 0), Health::Good, &[Reason::PaysOnTime], Advice::GoOn);
    let disputed = HealthFacts { disputes_open: 1, ..pays(5, 0, 0) };
    let reasons = [Reason::Disputed, Reason::PaysEarly];
    check(&disputed, Health::Watch, &reasons, Advice::SettleDispute);
    let late = overdue(pays(5, 0, 0), 1);
    let reasons = [Reason::Overdue, Reason::PaysEarly];
    check(&late, Health::Watch, &reasons, Advice::AskWhenItComes);
}

#[test]
fn one_late_invoice_of_many_is_a_habit_or_every_second_is_none() {
    check(&pays(0, 9, 1), Health::Good, &[Reason::PaysOnTime], Advice::GoOn);
    check(&pays(0, 4, 1), Health::Watch, &[Reason::OftenLate], Advice::FitTheDueDate);
    check(&pays(0, 2, 2), Health::Poor, &[Reason::MostlyLate], Advice::FitTheDueDate);
}

#[test]
fn what_is_overdue_for_long_or_lost_passes_for_a_delay() {
    let reasons = [Reason::Overdue, Reason::PaysOnTime];
    check(&overdue(pays(0, 5, 0), 30), Health::Watch, &reasons, Advice::AskWhenItComes);
    let reasons = [Reason::LongOverdue, Reason::PaysOnTime];
    check(&overdue(pays(0, 5, 0), 31), Health::Poor, &reasons, Advice::AgreeHowToPay);
    let lost = HealthFacts { written_off: 1, ..pays(0, 5, 0) };
    let reasons = [Reason::WrittenOff, Reason::PaysOnTime];
    check(&lost, Health::Poor, &reasons, Advice::CheckBeforeCredit);
    let back = HealthFacts { money_taken_back: true, ..pays(0, 5, 0) };
    let reasons = [Reason::MoneyTakenBack, Reason::PaysOnTime];
    check(&back, Health::Watch, &reasons, Advice::FindOutWhyTakenBack);
}

#[test]
fn a_word_that_is_kept_weighs_as_one_that_is_broken() {
    let with = |kept, broken| HealthFacts {
        promises_kept: kept,
        promises_broken: broken,
        ..pays(0, 5, 0)
    };
    let kept = [Reason::PaysOnTime, Reason::KeepsPromises];
    check(&with(2, 0), Health::Good, &kept, Advice::GoOn);
    let once = [Reason::PromiseBroken, Reason::PaysOnTime];
    check(&with(0, 1), Health::Watch, &once, Advice::GoOn);
    check(&with(2, 2), Health::Watch, &once, Advice::GoOn);
    let habit = [Reason::PromisesBroken, Reason::PaysOnTime];
    check(&with(1, 2), Health::Poor, &habit, Advice::CheckBeforeCredit);
    let open = overdue(with(0, 1), 4);
    assert_eq!(judge(&open).advice, Advice::AskForNewDay);
}

#[test]
fn a_change_of_a_day_or_of_one_invoice_is_a_trend() {
    let trend = |last: (u32, i64), before: (u32, i64)| {
        let days = |(count, sum)| Days { count, sum };
        let facts =
            HealthFacts { last_quarter: days(last), quarter_before: days(before), ..pays(0, 5, 0) };
        judge(&facts).trend
    };
    assert_eq!(trend((1, 50), (5, 0)), Trend::Unknown);
    assert_eq!(trend((5, 50), (1, 0)), Trend::Unknown);
    assert_eq!(trend((2, 9), (3, 0)), Trend::Steady);
    assert_eq!(trend((2, 10), (3, 0)), Trend::Slower);
    assert_eq!(trend((3, -15), (2, 0)), Trend::Faster);
    assert_eq!(trend((3, -14), (2, 0)), Trend::Steady);
    assert_eq!(trend((u32::MAX, i64::MAX), (2, i64::MIN)), Trend::Slower);
}

fn facts_of<'a>(invoices: impl IntoIterator<Item = &'a Invoice>, today: &str) -> HealthFacts {
    let mut facts = HealthFacts::default();
    invoices.into_iter().for_each(|invoice| facts.add(invoice, day(today)));
    facts
}

#[test]
fn the_due_date_and_the_day_it_moves_to_are_taken_for_each_other() {
    let check = |when: &str, early, on_time, late| {
        // Due on Sunday, 13 December 2026, which Monday is on time for.
        let draft = crate::invoice::InvoiceDraft { due_date: "2026-12-13".into(), ..draft() };
        let closed = taken_in(issued(&draft), 1, 1, 110_000, when).0;
        let facts = facts_of([&closed], TODAY);
        assert_eq!((facts.early, facts.on_time, facts.late), (early, on_time, late), "{when}");
    };
    check("2026-12-12 23:59", 1, 0, 0);
    check("2026-12-13 00:00", 0, 1, 0);
    check("2026-12-14 23:59", 0, 1, 0);
    check("2026-12-15 00:00", 0, 0, 1);
}

#[test]
fn an_invoice_in_parts_counts_more_than_once_or_as_its_best_part() {
    let first = paid(issued(&monthly(2)), 1, 1, 50_000, "2026-12-01 12:00");
    let facts = facts_of([&first], "2027-01-15");
    assert_eq!((facts.paid.count, facts.open, facts.overdue), (0, 1, 1));
    let last = facts.last_payment.as_ref().unwrap();
    assert_eq!(last.amount, cents(50_000));
    // Due on Sunday, 10 January 2027, and so four days after Monday.
    let oldest = facts.oldest.as_ref().unwrap();
    assert_eq!((oldest.instalment, oldest.days_late), (2, 4));
    assert_eq!(facts.last_quarter, Days { count: 1, sum: 4 });
    let (both, _) = taken_in(first, 2, 2, 60_000, "2027-01-15 12:00");
    let facts = facts_of([&both], TODAY);
    assert_eq!((facts.early, facts.on_time, facts.late), (0, 0, 1));
    assert_eq!(facts.paid, Days { count: 1, sum: 4 });
}

#[test]
fn a_quarter_takes_what_belongs_to_the_other() {
    let closed = paid(issued(&draft()), 1, 1, 100_000, "2026-12-10 12:00");
    let check = |today: &str, last, before| {
        let facts = facts_of([&closed], today);
        assert_eq!((facts.last_quarter.count, facts.quarter_before.count), (last, before));
    };
    check("2027-03-10", 1, 0);
    check("2027-03-11", 0, 1);
    check("2027-06-09", 0, 1);
    check("2027-06-10", 0, 0);
}

#[test]
fn a_part_payment_a_credit_or_a_write_off_counts_as_paid() {
    let part =
        taken_by_bank(paid(issued(&draft()), 1, 1, 1, "2026-12-01 12:00"), "2026-12-01 12:01");
    assert_eq!(facts_of([&part], TODAY).paid.count, 0);
    assert_eq!(facts_of([&part], TODAY).overdue, 1);
    let mut lost = part.clone();
    lost.instalments[0].written_off = lost.instalments[0].debt.principal;
    lost.instalments[0].debt = lost.instalments[0].debt.closed();
    let facts = facts_of([&lost], TODAY);
    assert_eq!((facts.paid.count, facts.written_off, facts.open), (0, 1, 0));
    let mut credited = issued(&draft());
    credited.instalments[0].debt = credited.instalments[0].debt.closed();
    let facts = facts_of([&credited], TODAY);
    assert_eq!(facts, HealthFacts::default());
}

#[test]
fn the_words_tell_another_threshold_than_the_code() {
    let told = |reason: Reason, figure: String| assert!(reason.words().contains(&figure));
    told(Reason::LongOverdue, format!("more than {LONG_OVERDUE_DAYS} days"));
    told(Reason::FewPaid, format!("Fewer than {PAID_MIN} "));
    assert_eq!((MOSTLY_LATE_PERCENT, OFTEN_LATE_PERCENT), (50, 20), "a half and a fifth");
}

fn any_facts() -> impl Strategy<Value = HealthFacts> {
    let paid = (0..8_u32, 0..8_u32, 0..8_u32);
    let quarters = ((0..6_u32, -90..90_i64), (0..6_u32, -90..90_i64));
    let words = (0..4_u32, 0..4_u32, 0..3_u32, any::<bool>());
    (paid, quarters, words, 0..90_u32).prop_map(|(paid, quarters, words, days_late)| {
        let facts = HealthFacts {
            last_quarter: Days { count: quarters.0.0, sum: quarters.0.1 },
            quarter_before: Days { count: quarters.1.0, sum: quarters.1.1 },
            promises_kept: words.0,
            promises_broken: words.1,
            disputes_open: words.2,
            money_taken_back: words.3,
            ..pays(paid.0, paid.1, paid.2)
        };
        if days_late > 0 { overdue(facts, days_late) } else { facts }
    })
}

/// An invoice, open or paid by some time.
fn any_invoice() -> impl Strategy<Value = Invoice> {
    (0..60_i64, any::<bool>(), 1..=3_i64).prop_map(|(days, is_paid, count)| {
        let invoice = issued(&monthly(count));
        let when = crate::sample::at("2026-11-24 12:00") + chrono::TimeDelta::days(days);
        let when = when.with_timezone(&crate::zone::SAO_PAULO).format("%Y-%m-%d %H:%M").to_string();
        if is_paid {
            taken_in(invoice, 1, u32::try_from(days).unwrap(), 200_000, &when).0
        } else {
            invoice
        }
    })
}

proptest! {
    #[test]
    fn a_word_stands_without_a_reason_or_against_one(facts in any_facts()) {
        let told = judge(&facts);
        prop_assert!(!told.reasons.is_empty());
        let heaviest = told.reasons.iter().map(|reason| reason.weight()).max();
        prop_assert_eq!(heaviest, Some(told.health));
        prop_assert!(told.reasons.is_sorted());
        let offered = told.advice == Advice::OfferLongerTerms;
        prop_assert!(!offered || (told.health == Health::Good && facts.late == 0));
        prop_assert_eq!(told.advice == Advice::LearnMore, told.health == Health::Unknown);
    }

    #[test]
    fn one_thing_more_against_a_customer_makes_it_look_better(facts in any_facts()) {
        let before = judge(&facts).health;
        let worse = [
            HealthFacts { promises_broken: facts.promises_broken + 1, ..facts.clone() },
            HealthFacts { disputes_open: facts.disputes_open + 1, ..facts.clone() },
            HealthFacts { written_off: facts.written_off + 1, ..facts.clone() },
            HealthFacts { money_taken_back: true, ..facts.clone() },
            overdue(facts.clone(), facts.oldest_overdue_days() + 1),
        ];
        for facts in worse {
            let after = judge(&facts).health;
            // That too little is known is no praise.
            let known = before.max(Health::Good);
            prop_assert!(after >= known, "{before:?} became {after:?}: {facts:?}");
        }
    }

    #[test]
    fn the_order_of_invoices_matters_or_one_is_counted_twice(
        invoices in prop::collection::vec(any_invoice(), 0..6),
        days in 0..300_u64,
    ) {
        let mut invoices = invoices;
        for (nth, invoice) in invoices.iter_mut().enumerate() {
            let ulid = format!("{}{nth}", &crate::sample::ULID[..25]);
            invoice.id = crate::ids::InvoiceId::from_ulid(&ulid).unwrap();
        }
        let today = (day("2026-11-24") + chrono::Days::new(days)).to_string();
        let facts = facts_of(&invoices, &today);
        prop_assert_eq!(&facts, &facts_of(invoices.iter().rev(), &today));
        prop_assert_eq!(facts.early + facts.on_time + facts.late, facts.paid.count);
        prop_assert!(facts.paid.count + facts.open <= u32::try_from(invoices.len()).unwrap());
        let owed: Money = invoices.iter().map(|it| it.outstanding(day(&today))).sum();
        prop_assert!(facts.overdue_amount <= owed);
        prop_assert_eq!(facts.overdue > 0, facts.oldest_overdue_days() > 0);
    }
}
