use proptest::prelude::*;

use super::*;
use crate::sample::{at, cents, day, draft, issued, monthly, opened, paid, run, taken_in};

#[test]
fn a_debt_slips_into_the_bucket_beside_its_own() {
    let check = |days: u32, bucket| assert_eq!(Bucket::of(days), bucket, "{days}");
    check(0, Bucket::NotDue);
    check(1, Bucket::UpTo30);
    check(30, Bucket::UpTo30);
    check(31, Bucket::UpTo60);
    check(60, Bucket::UpTo60);
    check(61, Bucket::UpTo90);
    check(90, Bucket::UpTo90);
    check(91, Bucket::Over90);
    check(u32::MAX, Bucket::Over90);
}

/// Bucket and outstanding of each line on a day.
fn lines(invoice: &Invoice, on: &str) -> Vec<(Bucket, Money)> {
    receivables(invoice, day(on)).iter().map(|line| (line.bucket, line.due.total)).collect()
}

#[test]
fn a_debt_is_late_on_a_day_on_which_nobody_can_pay_it() {
    // Due on Thursday, 10 December 2026.
    let invoice = issued(&draft());
    assert_eq!(lines(&invoice, "2026-12-10"), [(Bucket::NotDue, cents(100_000))]);
    // 2 % and a day of 1 % a month.
    assert_eq!(lines(&invoice, "2026-12-11"), [(Bucket::UpTo30, cents(102_033))]);
    // 10 January 2027 is a Sunday, so Monday is still on time.
    let instalments = issued(&monthly(3));
    let due: Vec<Bucket> = lines(&instalments, "2027-01-11").into_iter().map(|it| it.0).collect();
    assert_eq!(due, [Bucket::UpTo60, Bucket::NotDue, Bucket::NotDue]);
}

#[test]
fn what_is_paid_canceled_or_given_up_is_shown_to_a_lender() {
    let open = issued(&monthly(2));
    let (first, _) = taken_in(open.clone(), 1, 1, 50_000, "2026-12-10 12:00");
    let shown: Vec<u16> =
        receivables(&first, day("2026-12-11")).iter().map(|it| it.instalment.number).collect();
    assert_eq!(shown, [2]);
    let cancel = crate::invoice::Command::Cancel { reason: "duplicate".to_owned() };
    let canceled = run(open, cancel, "2026-12-01 10:00");
    assert_eq!(lines(&canceled, "2026-12-11"), []);
    let mut issued_in = Issued::default();
    issued_in.add(&canceled);
    assert_eq!(issued_in, Issued::default());
}

#[test]
fn a_prompt_payer_hides_one_who_does_not_pay() {
    let prompt = paid(issued(&draft()), 1, 1, 100_000, "2026-12-08 12:00");
    let late = paid(issued(&draft()), 1, 2, 102_333, "2026-12-20 12:00");
    let mut history = Issued::default();
    [&prompt, &late, &opened(&draft())].into_iter().for_each(|invoice| history.add(invoice));
    assert_eq!((history.invoices, history.invoiced), (3, cents(300_000)));
    assert_eq!(history.received, cents(202_333));
    // Two days early and ten late, which is four on average; nothing of the open one.
    assert_eq!((history.closed, history.days_beyond_terms), (2, 8));
    assert_eq!(history.average_days_beyond_terms(), Some(4));
    assert_eq!(Issued::default().average_days_beyond_terms(), None);
}

/// An invoice of some instalments, with some of it paid at some time.
fn any_invoice() -> impl Strategy<Value = Invoice> {
    (1..=6_i64, 0..=3_u8, 1..60_000_i64, 0..150_i64).prop_map(|(count, parts, centavos, days)| {
        (0..parts).fold(issued(&monthly(count)), |invoice, nth| {
            let number = u16::try_from(i64::from(nth) % count + 1).unwrap_or(1);
            let when = at("2026-11-24 12:00") + chrono::TimeDelta::days(days);
            let when = when.with_timezone(&crate::zone::SAO_PAULO).format("%Y-%m-%d %H:%M");
            match crate::sample::pay(&invoice, number, nth.into(), centavos, &when.to_string()) {
                crate::invoice::Credit::Matched { events, .. } => {
                    crate::sample::applied(invoice, &events, at(&when.to_string()))
                }
                _ => invoice,
            }
        })
    })
}

proptest! {
    #[test]
    fn a_centavo_is_in_no_bucket_or_in_two(
        invoices in prop::collection::vec(any_invoice(), 0..6),
        days in 0..400_u64,
    ) {
        let on = day("2026-11-24") + chrono::Days::new(days);
        let mut ageing = Ageing::default();
        let mut owed = Money::ZERO;
        for invoice in &invoices {
            let lines = receivables(invoice, on);
            let open = invoice.instalments.iter().filter(|it| !it.is_settled()).count();
            prop_assert_eq!(lines.len(), open);
            for line in &lines {
                let due = &line.due;
                let parts = due.original - due.rebate - due.discount + due.fine + due.interest;
                prop_assert_eq!(due.total, parts);
                prop_assert_eq!(line.bucket == Bucket::NotDue, on <= due.adjusted_due);
                ageing.add(line);
            }
            let of_invoice: Money = lines.iter().map(|line| line.due.total).sum();
            prop_assert_eq!(of_invoice, invoice.outstanding(on));
            owed += of_invoice;
        }
        let total = ageing.total();
        prop_assert_eq!(total.outstanding, owed);
        let buckets: Vec<Sum> = ageing.buckets().map(|(_, sum)| sum).collect();
        prop_assert_eq!(buckets.iter().map(|sum| sum.count).sum::<usize>(), total.count);
        let outstanding: Money = buckets.iter().map(|sum| sum.outstanding).sum();
        let late: Money = buckets.iter().map(|sum| sum.late_charges).sum();
        prop_assert_eq!((outstanding, late), (total.outstanding, total.late_charges));
    }
}
