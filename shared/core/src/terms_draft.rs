//! Payment terms as someone typed them, and their parsing with every violation at once.
//!
//! Shared by invoice creation and by quotes, so that both accept and refuse the same terms.

use chrono::NaiveDate;

use crate::money::Money;
use crate::percent::Percent;
use crate::terms::{
    DEFAULT_VALIDITY_DAYS, DISCOUNT_STEPS_MAX, DayBasis, Discount, Fine, Interest, InterestRate,
    PAYABLE_DAYS_MAX, Rebate, Terms,
};
use crate::violation::Violation;

/// Terms beside amount and due date.
#[derive(Debug, Clone, Default)]
pub struct TermsDraft {
    pub late_fee: Option<ValueDraft>,
    pub interest: Option<ValueDraft>,
    pub rebate: Option<ValueDraft>,
    pub discount: Option<DiscountDraft>,
    pub payable_days_after_due: Option<i64>,
}

/// A value with its kind, such as `percent` / `2.00`.
#[derive(Debug, Clone, Default)]
pub struct ValueDraft {
    pub kind: String,
    pub value: String,
    /// `calendar` or `business`, where days are counted; calendar when absent.
    pub days: Option<String>,
}

/// An early-payment discount: dated, or by day of anticipation.
#[derive(Debug, Clone, Default)]
pub struct DiscountDraft {
    pub kind: String,
    pub value: Option<String>,
    pub days: Option<String>,
    pub until: Vec<DatedDraft>,
}

/// One dated discount.
#[derive(Debug, Clone, Default)]
pub struct DatedDraft {
    pub date: String,
    pub value: String,
}

/// Terms that parsed, still without amount and due date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedTerms {
    fine: Option<Fine>,
    interest: Option<Interest>,
    rebate: Option<Rebate>,
    discount: Option<Discount>,
    validity_days: u16,
}

impl ParsedTerms {
    /// The terms of one instalment.
    pub fn of(&self, original: Money, due_date: NaiveDate) -> Terms {
        Terms {
            original,
            due_date,
            validity_days: self.validity_days,
            fine: self.fine.clone(),
            interest: self.interest.clone(),
            rebate: self.rebate.clone(),
            discount: self.discount.clone(),
        }
    }
}

impl TermsDraft {
    /// Parses what can be parsed and adds a violation for each part that cannot.
    pub fn parse(&self, faults: &mut Vec<Violation>) -> ParsedTerms {
        ParsedTerms {
            fine: self.late_fee.as_ref().and_then(|draft| parse_fine(draft, faults)),
            interest: self.interest.as_ref().and_then(|draft| parse_interest(draft, faults)),
            rebate: self.rebate.as_ref().and_then(|draft| parse_rebate(draft, faults)),
            discount: self.discount.as_ref().and_then(|draft| draft.parse(faults)),
            validity_days: self.parse_validity(faults),
        }
    }

    fn parse_validity(&self, faults: &mut Vec<Violation>) -> u16 {
        let Some(days) = self.payable_days_after_due else {
            return DEFAULT_VALIDITY_DAYS;
        };
        u16::try_from(days).unwrap_or_else(|_| {
            let reason = format!("use whole days from 0 to {PAYABLE_DAYS_MAX}");
            faults.push(Violation::new("payable_days_after_due", reason));
            DEFAULT_VALIDITY_DAYS
        })
    }
}

fn parse_fine(draft: &ValueDraft, faults: &mut Vec<Violation>) -> Option<Fine> {
    match draft.kind.as_str() {
        "percent" => parse_percent("late_fee.value", &draft.value, faults).map(Fine::Percent),
        "amount" => parse_money("late_fee.value", &draft.value, faults).map(Fine::Fixed),
        _ => unknown("late_fee.type", "percent, amount", faults),
    }
}

fn parse_rebate(draft: &ValueDraft, faults: &mut Vec<Violation>) -> Option<Rebate> {
    match draft.kind.as_str() {
        "percent" => parse_percent("rebate.value", &draft.value, faults).map(Rebate::Percent),
        "amount" => parse_money("rebate.value", &draft.value, faults).map(Rebate::Fixed),
        _ => unknown("rebate.type", "percent, amount", faults),
    }
}

fn parse_interest(draft: &ValueDraft, faults: &mut Vec<Violation>) -> Option<Interest> {
    const AT: &str = "interest.value";
    const KINDS: &str = "percent_per_month, percent_per_day, percent_per_year, amount_per_day";
    let basis = parse_basis("interest.days", draft.days.as_deref(), faults);
    let mut percent = || parse_percent(AT, &draft.value, faults);
    let rate = match draft.kind.as_str() {
        "percent_per_month" => percent().map(InterestRate::PercentPerMonth),
        "percent_per_day" => percent().map(InterestRate::PercentPerDay),
        "percent_per_year" => percent().map(InterestRate::PercentPerYear),
        "amount_per_day" => parse_money(AT, &draft.value, faults).map(InterestRate::AmountPerDay),
        _ => unknown("interest.type", KINDS, faults),
    };
    Some(Interest { basis: basis?, rate: rate? })
}

impl DiscountDraft {
    fn parse(&self, faults: &mut Vec<Violation>) -> Option<Discount> {
        const KINDS: &str = "amount_until, percent_until, amount_per_day, percent_per_day";
        match self.kind.as_str() {
            "amount_until" => self.dated(parse_money, faults).map(Discount::FixedUntil),
            "percent_until" => self.dated(parse_percent, faults).map(Discount::PercentUntil),
            "amount_per_day" => {
                let (basis, amount) = self.daily(parse_money, faults)?;
                Some(Discount::AmountPerDay { basis, amount })
            }
            "percent_per_day" => {
                let (basis, percent) = self.daily(parse_percent, faults)?;
                Some(Discount::PercentPerDay { basis, percent })
            }
            _ => unknown("discount.type", KINDS, faults),
        }
    }

    fn dated<T>(
        &self,
        parse: fn(&str, &str, &mut Vec<Violation>) -> Option<T>,
        faults: &mut Vec<Violation>,
    ) -> Option<Vec<(NaiveDate, T)>> {
        if self.until.is_empty() || self.until.len() > DISCOUNT_STEPS_MAX {
            let reason = format!("give 1 to {DISCOUNT_STEPS_MAX} dates with their values");
            faults.push(Violation::new("discount.until", reason));
            return None;
        }
        if self.value.is_some() {
            faults.push(Violation::new("discount.value", "give the values inside \"until\""));
        }
        let items = self.until.iter().enumerate().map(|(i, item)| {
            let date = parse_date(&format!("discount.until[{i}].date"), &item.date, faults);
            let value = parse(&format!("discount.until[{i}].value"), &item.value, faults);
            Some((date?, value?))
        });
        // Every item is parsed before the first failure counts, so that all faults are reported.
        let items: Vec<_> = items.collect();
        items.into_iter().collect()
    }

    fn daily<T>(
        &self,
        parse: fn(&str, &str, &mut Vec<Violation>) -> Option<T>,
        faults: &mut Vec<Violation>,
    ) -> Option<(DayBasis, T)> {
        if !self.until.is_empty() {
            faults.push(Violation::new("discount.until", "remove the dates: it counts by day"));
        }
        let basis = parse_basis("discount.days", self.days.as_deref(), faults);
        let value = parse("discount.value", self.value.as_deref().unwrap_or_default(), faults);
        Some((basis?, value?))
    }
}

fn parse_basis(property: &str, raw: Option<&str>, faults: &mut Vec<Violation>) -> Option<DayBasis> {
    match raw {
        None | Some("calendar") => Some(DayBasis::Calendar),
        Some("business") => Some(DayBasis::Business),
        Some(_) => unknown(property, "calendar, business", faults),
    }
}

/// Parses an amount such as `"1500.00"`.
pub fn parse_money(property: &str, raw: &str, faults: &mut Vec<Violation>) -> Option<Money> {
    Money::parse(raw).map_err(|why| faults.push(Violation::new(property, why.to_string()))).ok()
}

/// Parses a calendar date such as `"2026-12-10"`.
pub fn parse_date(property: &str, raw: &str, faults: &mut Vec<Violation>) -> Option<NaiveDate> {
    let parsed = NaiveDate::parse_from_str(raw, "%Y-%m-%d").ok();
    let canonical = parsed.filter(|date| date.to_string() == raw);
    if canonical.is_none() {
        faults.push(Violation::new(property, "use a calendar date as YYYY-MM-DD"));
    }
    canonical
}

fn parse_percent(property: &str, raw: &str, faults: &mut Vec<Violation>) -> Option<Percent> {
    Percent::parse(raw).map_err(|why| faults.push(Violation::new(property, why.to_string()))).ok()
}

fn unknown<T>(property: &str, known: &str, faults: &mut Vec<Violation>) -> Option<T> {
    faults.push(Violation::new(property, format!("use one of: {known}")));
    None
}
