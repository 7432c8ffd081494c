//! Laws that hold for any terms, and an oracle in fractions.

use chrono::Days;
use proptest::prelude::*;

use super::*;

/// A fraction of centavos, unreduced.
#[derive(Clone, Copy)]
struct Fraction(i128, i128);

impl Fraction {
    /// To whole centavos by comparing with both neighbours, not by remainders.
    fn rounded(self, how: Rounding) -> i128 {
        let Self(top, bottom) = self;
        let below = top / bottom;
        let twice_over = 2 * (top - below * bottom);
        let up = match how {
            Rounding::Down => false,
            Rounding::HalfUp => twice_over >= bottom,
            Rounding::HalfEven => twice_over > bottom || (twice_over == bottom && below % 2 == 1),
        };
        below + i128::from(up)
    }
}

/// Counts days one by one.
fn days(basis: DayBasis, after: NaiveDate, until: NaiveDate) -> i128 {
    let calendar = BankCalendar::default();
    let counted = |day: &NaiveDate| basis == DayBasis::Calendar || calendar.is_business_day(*day);
    let later = after.iter_days().skip(1).take_while(|day| *day <= until);
    i128::try_from(later.filter(counted).count()).unwrap()
}

/// The total in fractions, written from the equations without the code under test.
fn oracle(terms: &Terms, on: NaiveDate, policy: &Policy) -> i128 {
    let how = policy.rounding;
    let part = |base: i128, percent: &Percent, times: i128, per: i128| {
        Fraction(base * i128::from(percent.hundredths()) * times, 10_000 * per).rounded(how)
    };
    let fixed = |amount: &Money| i128::from(amount.centavos());
    let original = fixed(&terms.original);
    let base = original
        - match &terms.rebate {
            None => 0,
            Some(Rebate::Fixed(amount)) => fixed(amount),
            Some(Rebate::Percent(percent)) => part(original, percent, 1, 1),
        };
    let mut adjusted = terms.due_date;
    while !BankCalendar::default().is_business_day(adjusted) {
        adjusted = adjusted.succ_opt().unwrap();
    }
    if on <= adjusted {
        return match &terms.discount {
            Some(Discount::PercentPerDay { basis, percent }) => {
                base - part(base, percent, days(*basis, on, adjusted), 1)
            }
            Some(Discount::AmountPerDay { basis, amount }) => {
                base - fixed(amount) * days(*basis, on, adjusted)
            }
            Some(Discount::FixedUntil(_) | Discount::PercentUntil(_)) | None => base,
        };
    }
    let fined = policy.fine_trigger == FineTrigger::CalendarDay
        || days(DayBasis::Business, adjusted, on) > 0;
    let fine = match &terms.fine {
        Some(Fine::Fixed(amount)) if fined => fixed(amount),
        Some(Fine::Percent(percent)) if fined => part(base, percent, 1, 1),
        Some(_) | None => 0,
    };
    let interest = terms.interest.as_ref().map_or(0, |interest| {
        let retroactive = policy.interest_from == InterestFrom::OriginalDue;
        let from = if retroactive { terms.due_date } else { adjusted };
        let late = days(interest.basis, from, on);
        let business = interest.basis == DayBasis::Business;
        match &interest.rate {
            InterestRate::AmountPerDay(amount) => fixed(amount) * late,
            InterestRate::PercentPerDay(percent) => part(base, percent, late, 1),
            InterestRate::PercentPerMonth(percent) => {
                part(base, percent, late, if business { 21 } else { 30 })
            }
            InterestRate::PercentPerYear(percent) => {
                part(base, percent, late, if business { 252 } else { 365 })
            }
        }
    });
    base + interest + fine
}

prop_compose! {
    /// Terms in which each part is small against the amount, so that they are mostly faultless.
    fn any_terms()(
        original in 1_000_i64..=900_000_000_000,
        due in 0_u64..20_000,
        fine in (0_u8..3, 1_u64..=1_000),
        interest in (0_u8..9, 1_u64..=300),
        rebate in (0_u8..3, 1_u64..=500),
        discount in (0_u8..5, 1_u64..=20),
        validity_days in 0_u16..400,
    ) -> Terms {
        let code = |letter: char, (modality, value): (u8, u64), last: u8| match modality {
            0 => String::new(),
            _ if modality > last => String::new(),
            _ => format!("{letter}{modality} {}.{:02} ", value / 100, value % 100),
        };
        let per_day = match discount.0 { 0 => 0, other => other + 2 };
        let notation = code('m', fine, 2) + &code('j', interest, 8) + &code('a', rebate, 2)
            + &code('d', (per_day, discount.1), 6);
        let mut terms = terms("1.00", "2000-01-01", &notation);
        terms.original = Money::from_centavos(original);
        terms.due_date = day("2000-01-01") + Days::new(due);
        terms.validity_days = validity_days;
        terms
    }
}

fn any_policy() -> impl Strategy<Value = Policy> {
    let rounding =
        prop_oneof![Just(Rounding::HalfUp), Just(Rounding::HalfEven), Just(Rounding::Down)];
    let trigger = prop_oneof![Just(FineTrigger::BusinessDay), Just(FineTrigger::CalendarDay)];
    let from = prop_oneof![Just(InterestFrom::AdjustedDue), Just(InterestFrom::OriginalDue)];
    (rounding, trigger, from).prop_map(|(rounding, fine_trigger, interest_from)| Policy {
        rounding,
        fine_trigger,
        interest_from,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_total_equals_the_oracle_in_fractions(
        terms in any_terms(), policy in any_policy(), offset in -20_i64..400,
    ) {
        let on = terms.due_date + chrono::Duration::days(offset);
        let expected = oracle(&terms, on, &policy);
        prop_assume!(expected > 0);
        let due = terms.amount_due(on, &BankCalendar::default(), &policy);
        prop_assert_eq!(i128::from(due.total.centavos()), expected);
        prop_assert_eq!(
            due.total,
            due.original - due.rebate - due.discount + due.interest + due.fine
        );
    }

    #[test]
    fn waiting_never_makes_it_cheaper(
        terms in any_terms(), policy in any_policy(), offset in -60_i64..200,
    ) {
        let calendar = BankCalendar::default();
        let on = terms.due_date + chrono::Duration::days(offset);
        let next = on + chrono::Duration::days(1);
        let today = terms.amount_due(on, &calendar, &policy);
        let tomorrow = terms.amount_due(next, &calendar, &policy);
        prop_assert!(today.total <= tomorrow.total);
        prop_assert!(today.total >= Money::ZERO);
        prop_assert!(today.calendar_days_late >= today.business_days_late);
    }

    #[test]
    fn faultless_terms_are_payable_every_day_up_to_the_last(
        terms in any_terms(), policy in any_policy(), before in 0_u64..200, pick in 0_u64..900,
    ) {
        let calendar = BankCalendar::default();
        let issued_on = terms.due_date - Days::new(before);
        let last = terms.last_payable_day(&calendar);
        let span = (last - issued_on).num_days().unsigned_abs();
        let on = issued_on + Days::new(pick % (span + 1));
        if terms.violations(issued_on, &calendar, &policy).is_empty() {
            let due = terms.amount_due(on, &calendar, &policy);
            prop_assert!(due.payable, "{:?}", due);
            prop_assert!(due.total.is_positive() && due.total <= Money::MAX_API_PIX);
        }
        prop_assert!(!terms.amount_due(last + Days::new(1), &calendar, &policy).payable);
        prop_assert!(calendar.is_business_day(last));
    }
}
