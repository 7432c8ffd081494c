//! Terms of a charge that takes the place of one that can no longer be used.
//!
//! A bank takes no charge whose due date is past, so a late debt is asked for again as of today:
//! what had come together by then becomes the amount, and interest goes on by the day, on the
//! principal only, never on interest.

use super::{AmountDue, Interest, InterestRate, Policy, Terms};

impl Terms {
    /// The terms to ask for a debt again that was agreed under `self` and of which `due` is due
    /// today.
    ///
    /// On time, only a due date that has passed moves to today, which is then not after the
    /// adjusted one. Late, the late fee is inside the new amount, and interest by percentage becomes
    /// an amount a day, rounded as `policy` says.
    #[must_use]
    pub fn asked_again(&self, due: &AmountDue, policy: &Policy) -> Self {
        if due.calendar_days_late == 0 {
            return Self { due_date: self.due_date.max(due.on), ..self.clone() };
        }
        Self {
            original: due.total,
            due_date: due.on,
            validity_days: self.validity_days,
            fine: None,
            interest: self.interest_a_day(due, policy),
            rebate: None,
            discount: None,
        }
    }

    fn interest_a_day(&self, due: &AmountDue, policy: &Policy) -> Option<Interest> {
        let interest = self.interest.as_ref()?;
        let amount = interest.amount_of_one_day(due.original - due.rebate, policy.rounding);
        let rate = InterestRate::AmountPerDay(amount);
        amount.is_positive().then_some(Interest { basis: interest.basis, rate })
    }
}

impl AmountDue {
    /// The breakdown on a later day of a debt that was asked for again when `self` was due: those
    /// components stay, and what the new charge adds is interest.
    ///
    /// `charged` is due by the new charge's terms, `agreed` by the debt's own.
    #[must_use]
    pub fn carried_to(&self, charged: &Self, agreed: &Self) -> Self {
        Self {
            on: charged.on,
            interest: self.interest + charged.interest,
            total: charged.total,
            calendar_days_late: agreed.calendar_days_late,
            business_days_late: agreed.business_days_late,
            payable: charged.payable,
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::calendar::BankCalendar;
    use crate::money::Money;
    use crate::percent::Percent;
    use crate::terms::{DayBasis, Fine};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn agreed() -> Terms {
        Terms {
            original: Money::from_centavos(100_000),
            due_date: day("2026-03-10"),
            validity_days: 5,
            fine: Some(Fine::Percent(Percent::parse("2.00").unwrap())),
            interest: Some(Interest {
                basis: DayBasis::Calendar,
                rate: InterestRate::PercentPerMonth(Percent::parse("1.00").unwrap()),
            }),
            rebate: None,
            discount: None,
        }
    }

    #[test]
    fn a_late_debt_asked_again_charges_the_fine_once_and_no_interest_on_interest() {
        let (calendar, policy) = (BankCalendar::default(), Policy::default());
        let carried = agreed().amount_due(day("2026-03-20"), &calendar, &policy);
        let renewed = agreed().asked_again(&carried, &policy);
        assert_eq!(renewed.original.to_string(), "1023.33");
        let later = day("2026-03-24");
        let charged = renewed.amount_due(later, &calendar, &policy);
        let due = carried.carried_to(&charged, &agreed().amount_due(later, &calendar, &policy));
        // Four more days at 0.33, of the principal alone.
        assert_eq!(due.total.to_string(), "1024.65");
        assert_eq!([due.fine, due.interest].map(|part| part.to_string()), ["20.00", "4.65"]);
        assert_eq!(due.original + due.interest + due.fine, due.total);
        assert_eq!(due.calendar_days_late, 14, "since the agreed date, not the renewal");
    }

    #[test]
    fn a_debt_on_time_keeps_its_terms_and_only_a_past_date_moves() {
        let (calendar, policy) = (BankCalendar::default(), Policy::default());
        let ask = |terms: &Terms, on: &str| {
            terms.asked_again(&terms.amount_due(day(on), &calendar, &policy), &policy)
        };
        assert_eq!(ask(&agreed(), "2026-03-01"), agreed());
        // Due on a Saturday and asked again on Sunday: Monday is still on time.
        let saturday = Terms { due_date: day("2026-03-14"), ..agreed() };
        let sunday = Terms { due_date: day("2026-03-15"), ..agreed() };
        assert_eq!(ask(&saturday, "2026-03-15"), sunday);
    }
}
