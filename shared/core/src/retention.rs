//! How long the law wants each kind of record kept, and from when.
//!
//! Owns the table below and its arithmetic. Does not own what is erased meanwhile: an erasure takes
//! a person's data out of the records and leaves the records (see [`crate::erasure`]).
//!
//! | kind | kept for | from | basis |
//! |---|---|---|---|
//! | fiscal: invoices, charges, credits, credit notes | 5 years | 1 January after it was closed | CTN (Lei 5.172/1966) art. 173 I, 174 and 195, sole paragraph |
//! | debt: who owed and who paid | 5 years | the day it was closed | Código Civil (Lei 10.406/2002) art. 206 § 5 I |
//! | message: what was sent to whom | 5 years | the day the debt was closed | Código Civil art. 206 § 5 I |
//! | access: who used the service | 6 months | the day of the use | Marco Civil (Lei 12.965/2014) art. 15 |
//!
//! LGPD (Lei 13.709/2018) art. 16 I lets personal data stay for as long as such a duty lasts, and no
//! longer.
//!
//! Invariant: a record is never kept for less than its law says; where two apply, the later day
//! counts.

use chrono::{Datelike, Months, NaiveDate};

/// What a record is to the law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// What taxes are reckoned from.
    Fiscal,
    /// A liquid debt on a document, and its payment.
    Debt,
    /// That somebody was asked to pay.
    Message,
    /// A use of the service.
    Access,
}

/// How long, and by which law.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    pub kind: Kind,
    pub months: u32,
    /// Whether it counts from the first day of the following year.
    pub from_next_year: bool,
    /// The article that asks for it.
    pub basis: &'static str,
}

/// The table.
pub const RULES: [Rule; 4] = [
    Rule {
        kind: Kind::Fiscal,
        months: 60,
        from_next_year: true,
        basis: "CTN art. 173 I, 174, 195; LGPD art. 16 I",
    },
    Rule {
        kind: Kind::Debt,
        months: 60,
        from_next_year: false,
        basis: "Código Civil art. 206 § 5 I; LGPD art. 16 I",
    },
    Rule {
        kind: Kind::Message,
        months: 60,
        from_next_year: false,
        basis: "Código Civil art. 206 § 5 I; LGPD art. 16 I",
    },
    Rule {
        kind: Kind::Access,
        months: 6,
        from_next_year: false,
        basis: "Marco Civil da Internet art. 15; LGPD art. 16 I",
    },
];

impl Kind {
    pub const ALL: [Self; 4] = [Self::Fiscal, Self::Debt, Self::Message, Self::Access];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fiscal => "fiscal",
            Self::Debt => "debt",
            Self::Message => "message",
            Self::Access => "access",
        }
    }

    /// Its line of the table.
    pub fn rule(self) -> &'static Rule {
        match self {
            Self::Fiscal => &RULES[0],
            Self::Debt => &RULES[1],
            Self::Message => &RULES[2],
            Self::Access => &RULES[3],
        }
    }
}

/// The last day on which a record has to be kept that was closed on a day.
#[must_use]
pub fn retained_until(kind: Kind, closed_on: NaiveDate) -> NaiveDate {
    let Rule { months, from_next_year, .. } = *kind.rule();
    let from = if from_next_year {
        NaiveDate::from_ymd_opt(closed_on.year().saturating_add(1), 1, 1).unwrap_or(NaiveDate::MAX)
    } else {
        closed_on
    };
    from.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX)
}

/// The last day on which anything of a party has to be kept whose last record was closed on a day.
#[must_use]
pub fn identity_retained_until(closed_on: NaiveDate) -> NaiveDate {
    let kinds = [Kind::Fiscal, Kind::Debt, Kind::Message];
    let days = kinds.map(|kind| retained_until(kind, closed_on));
    days.into_iter().max().unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_record_that_is_let_go_of_a_day_early_breaks_the_law() {
        let check = |kind: Kind, closed: &str, until: &str| {
            assert_eq!(retained_until(kind, day(closed)), day(until), "{kind:?} {closed}");
        };
        check(Kind::Fiscal, "2026-12-10", "2032-01-01");
        check(Kind::Fiscal, "2026-01-01", "2032-01-01");
        check(Kind::Fiscal, "2026-12-31", "2032-01-01");
        check(Kind::Debt, "2026-12-10", "2031-12-10");
        check(Kind::Debt, "2024-02-29", "2029-02-28");
        check(Kind::Message, "2026-12-10", "2031-12-10");
        check(Kind::Access, "2026-08-31", "2027-02-28");
        assert_eq!(identity_retained_until(day("2026-12-10")), day("2032-01-01"));
    }

    #[test]
    fn every_kind_has_a_line_with_its_law() {
        for kind in Kind::ALL {
            assert_eq!(kind.rule().kind, kind);
            assert!(kind.rule().basis.contains("LGPD"), "{kind:?}");
        }
    }

    proptest! {
        #[test]
        fn a_later_day_is_never_let_go_of_earlier(one in 0_i32..4_000_000, more in 0_i32..4_000) {
            let date = |days: i32| NaiveDate::from_num_days_from_ce_opt(days).unwrap();
            for kind in Kind::ALL {
                let (first, second) = (date(one), date(one + more));
                prop_assert!(retained_until(kind, first) <= retained_until(kind, second));
                prop_assert!(retained_until(kind, first) > first);
            }
        }
    }
}
