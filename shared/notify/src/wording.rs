//! Facts put into words: breakdown rows, agreed terms, moved due dates, relative days.
//!
//! Owns the sentences that messages and pages share, so that both explain an amount alike. Does not
//! compute: every figure comes from `quita_core::terms`.

use chrono::{Datelike, NaiveDate, Weekday};
use quita_core::customer::Locale;
use quita_core::debt::Split;
use quita_core::invoice::{BillingPeriod, Principal};
use quita_core::money::Money;
use quita_core::terms::{AmountDue, DayBasis, Discount, Fine, Interest, InterestRate, Terms};
use serde::Serialize;

use crate::format::{date, days, money, percent};
use crate::labels::labels;

/// A label and what stands beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    pub label: String,
    pub value: String,
}

impl Row {
    pub(crate) fn new(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self { label: label.into(), value: value.into() }
    }
}

/// How the total came about: the original amount, then every part that is not zero, reductions with
/// a minus sign. The total itself is left out, since it is set apart from its parts.
pub fn breakdown(amount: &AmountDue, locale: Locale) -> Vec<Row> {
    let original = Row::new(labels(locale).original, money(amount.original, locale));
    std::iter::once(original).chain(parts_of_the_day(amount, locale)).collect()
}

/// As [`breakdown`], from what was agreed on: what was paid or taken off before stands between.
pub fn breakdown_of_rest(amount: &AmountDue, principal: &Principal, locale: Locale) -> Vec<Row> {
    let words = labels(locale);
    let was = principal.agreed - principal.carried_in;
    let earlier = [
        (words.carried_in, "", principal.carried_in),
        (words.paid_before, "- ", principal.received),
        (words.discount_before, "- ", principal.discount),
        (words.forgiven, "- ", principal.forgiven),
        (words.credited, "- ", principal.credited),
        (words.written_off, "- ", principal.written_off),
    ];
    let original = Row::new(words.original, money(was, locale));
    let earlier = signed(earlier, locale);
    std::iter::once(original).chain(earlier).chain(parts_of_the_day(amount, locale)).collect()
}

fn parts_of_the_day(amount: &AmountDue, locale: Locale) -> impl Iterator<Item = Row> {
    let words = labels(locale);
    let parts = [
        (words.rebate, "- ", amount.rebate),
        (words.discount, "- ", amount.discount),
        (words.late_fee, "", amount.fine),
        (words.interest, "", amount.interest),
    ];
    signed(parts, locale)
}

/// The parts that are not zero.
fn signed<const N: usize>(
    parts: [(&'static str, &'static str, Money); N],
    locale: Locale,
) -> impl Iterator<Item = Row> {
    let shown = parts.into_iter().filter(|(_, _, part)| !part.is_zero());
    shown.map(move |(label, sign, part)| Row::new(label, format!("{sign}{}", money(part, locale))))
}

/// A payment as it was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedPayment {
    pub paid: Money,
    /// What was due on the day it counts for.
    pub due: AmountDue,
    pub split: Split,
    /// What was agreed on for the instalment.
    pub agreed: Money,
    /// Whether it paid all that was due, rather than a part of it.
    pub closes: bool,
}

/// What a payment was made up of; the rows add up to what was paid. One that closed the debt is
/// explained by what was due, a part by what it was counted to.
pub fn counted(payment: &CountedPayment, locale: Locale) -> Vec<Row> {
    let (words, split, due) = (labels(locale), &payment.split, &payment.due);
    if !payment.closes {
        let parts = [
            (words.late_fee, "", split.fine),
            (words.interest, "", split.interest),
            (words.principal, "", split.principal),
        ];
        return signed(parts, locale).collect();
    }
    let mut rows = breakdown(due, locale);
    if let Some(first) = rows.first_mut().filter(|_| due.original != payment.agreed) {
        first.label = words.rest.to_owned();
    }
    let (waived, carried) = (split.waived.total(), split.carried.total());
    let missing = split.forgiven + waived + carried;
    let rounding = payment.paid + missing - due.total;
    let more = [
        (words.forgiven, "- ", split.forgiven),
        (words.waived, "- ", waived),
        (words.carried, "- ", carried),
        (words.rounding, "", rounding),
    ];
    rows.extend(signed(more, locale));
    rows
}

/// The agreed early discount, late fee and interest that can still matter on the day of `amount`;
/// empty when none can. A discount that was missed is left out, since it explains nothing any more.
pub fn terms(terms: &Terms, amount: &AmountDue, locale: Locale) -> Vec<Row> {
    let words = labels(locale);
    let fine = terms.fine.as_ref();
    let fine = fine.map(|fine| Row::new(words.terms_late_fee, fine_text(fine, locale)));
    let interest = terms.interest.as_ref();
    let interest = interest.map(|rate| Row::new(words.terms_interest, interest_text(rate, locale)));
    let discount = terms.discount.as_ref().filter(|_| amount.on <= amount.adjusted_due);
    let discount = discount.map(|it| discount_text(it, amount.on, locale));
    let discount = discount.filter(|text| !text.is_empty());
    let discount = discount.map(|text| Row::new(words.terms_discount, text));
    discount.into_iter().chain(fine).chain(interest).collect()
}

fn fine_text(fine: &Fine, locale: Locale) -> String {
    match fine {
        Fine::Fixed(amount) => money(*amount, locale),
        Fine::Percent(rate) => of_the_amount(&percent(*rate, locale), locale),
    }
}

fn of_the_amount(rate: &str, locale: Locale) -> String {
    match locale {
        Locale::PtBr => format!("{rate} do valor"),
        Locale::En => format!("{rate} of the amount"),
    }
}

fn interest_text(interest: &Interest, locale: Locale) -> String {
    let day = day_word(interest.basis, locale);
    let (rate, period) = match interest.rate {
        InterestRate::AmountPerDay(amount) => (money(amount, locale), None),
        InterestRate::PercentPerDay(rate) => (percent(rate, locale), None),
        InterestRate::PercentPerMonth(rate) => {
            (percent(rate, locale), Some(("ao mês", "per month")))
        }
        InterestRate::PercentPerYear(rate) => (percent(rate, locale), Some(("ao ano", "per year"))),
    };
    match (locale, period) {
        (Locale::PtBr, None) => format!("{rate} por {day} de atraso"),
        (Locale::PtBr, Some((pt, _))) => format!("{rate} {pt}, por {day} de atraso"),
        (Locale::En, None) => format!("{rate} per {day} late"),
        (Locale::En, Some((_, en))) => format!("{rate} {en}, accrued per {day} late"),
    }
}

fn discount_text(discount: &Discount, today: NaiveDate, locale: Locale) -> String {
    match discount {
        Discount::FixedUntil(steps) => {
            let steps = steps.iter().filter(|(day, _)| *day >= today);
            until(steps.map(|(day, amount)| (*day, money(*amount, locale))), locale)
        }
        Discount::PercentUntil(steps) => {
            let steps = steps.iter().filter(|(day, _)| *day >= today);
            until(steps.map(|(day, rate)| (*day, percent(*rate, locale))), locale)
        }
        Discount::AmountPerDay { basis, amount } => {
            per_day_early(&money(*amount, locale), *basis, locale)
        }
        Discount::PercentPerDay { basis, percent: rate } => {
            per_day_early(&percent(*rate, locale), *basis, locale)
        }
    }
}

fn until(steps: impl Iterator<Item = (NaiveDate, String)>, locale: Locale) -> String {
    let word = match locale {
        Locale::PtBr => "até",
        Locale::En => "until",
    };
    let steps = steps.map(|(day, value)| format!("{value} {word} {}", date(day, locale)));
    steps.collect::<Vec<_>>().join("; ")
}

fn per_day_early(value: &str, basis: DayBasis, locale: Locale) -> String {
    let day = day_word(basis, locale);
    match locale {
        Locale::PtBr => format!("{value} por {day} de antecipação"),
        Locale::En => format!("{value} per {day} early"),
    }
}

fn day_word(basis: DayBasis, locale: Locale) -> &'static str {
    match (locale, basis) {
        (Locale::PtBr, DayBasis::Calendar) => "dia corrido",
        (Locale::PtBr, DayBasis::Business) => "dia útil",
        (Locale::En, DayBasis::Calendar) => "calendar day",
        (Locale::En, DayBasis::Business) => "business day",
    }
}

/// Why the due date differs from the one agreed; `None` when it does not.
pub fn moved_due_date(amount: &AmountDue, locale: Locale) -> Option<String> {
    if amount.due_date == amount.adjusted_due {
        return None;
    }
    let (was, is) = (date(amount.due_date, locale), date(amount.adjusted_due, locale));
    let reason = match (amount.due_date.weekday(), locale) {
        (Weekday::Sat, Locale::PtBr) => "sábado",
        (Weekday::Sun, Locale::PtBr) => "domingo",
        (_, Locale::PtBr) => "feriado bancário",
        (Weekday::Sat, Locale::En) => "a Saturday",
        (Weekday::Sun, Locale::En) => "a Sunday",
        (_, Locale::En) => "a bank holiday",
    };
    Some(match locale {
        Locale::PtBr => format!("{was} é {reason}; por isso o vencimento passou para {is}."),
        Locale::En => format!("{was} is {reason}, so the due date moved to {is}."),
    })
}

/// `01/11/2026 a 30/11/2026` or `1 Nov 2026 to 30 Nov 2026`.
pub fn period(period: BillingPeriod, locale: Locale) -> String {
    let (from, to) = (date(period.from(), locale), date(period.to(), locale));
    match locale {
        Locale::PtBr => format!("{from} a {to}"),
        Locale::En => format!("{from} to {to}"),
    }
}

/// A day with its distance from `today`: `hoje, 10/12/2026`; `em 10/12/2026, daqui a 5 dias`;
/// `on 10 Dec 2026, 3 days ago`. Fits after "vence", "venceu", "is due", "was due".
pub fn relative_day(day: NaiveDate, today: NaiveDate, locale: Locale) -> String {
    let shown = date(day, locale);
    let ahead = day.signed_duration_since(today).num_days();
    let distance = days(ahead.unsigned_abs(), locale);
    match (locale, ahead) {
        (Locale::PtBr, 0) => format!("hoje, {shown}"),
        (Locale::PtBr, 1) => format!("amanhã, {shown}"),
        (Locale::PtBr, -1) => format!("ontem, {shown}"),
        (Locale::PtBr, 2..) => format!("em {shown}, daqui a {distance}"),
        (Locale::PtBr, _) => format!("em {shown}, há {distance}"),
        (Locale::En, 0) => format!("today, {shown}"),
        (Locale::En, 1) => format!("tomorrow, {shown}"),
        (Locale::En, -1) => format!("yesterday, {shown}"),
        (Locale::En, 2..) => format!("on {shown}, in {distance}"),
        (Locale::En, _) => format!("on {shown}, {distance} ago"),
    }
}

/// `2 de 3` or `2 of 3`.
pub fn one_of(number: u16, count: u16, locale: Locale) -> String {
    match locale {
        Locale::PtBr => format!("{number} de {count}"),
        Locale::En => format!("{number} of {count}"),
    }
}

/// The day an amount holds for.
pub(crate) fn computed_for(on: NaiveDate, locale: Locale) -> String {
    let day = date(on, locale);
    match locale {
        Locale::PtBr => format!("para pagamento em {day}"),
        Locale::En => format!("if paid on {day}"),
    }
}

/// `Olá, Padaria Pão Nosso Ltda.`
pub(crate) fn salutation(customer: &str, locale: Locale) -> String {
    full_stop(match locale {
        Locale::PtBr => format!("Olá, {customer}"),
        Locale::En => format!("Hello, {customer}"),
    })
}

/// Ends a sentence that may already end in an abbreviation, as in "S.A.".
fn full_stop(sentence: String) -> String {
    if sentence.ends_with('.') { sentence } else { sentence + "." }
}

/// What a payer should compare before confirming, against forged charges.
pub fn check_receiver(merchant: &str, cnpj: Option<&str>, locale: Locale) -> String {
    let receiver = match cnpj {
        Some(cnpj) => format!("{merchant} (CNPJ {cnpj})"),
        None => merchant.to_owned(),
    };
    full_stop(match locale {
        Locale::PtBr => {
            format!("Antes de confirmar o Pix, confira no aplicativo se quem recebe é {receiver}")
        }
        Locale::En => {
            format!("Before you confirm the Pix, check in the app that the payee is {receiver}")
        }
    })
}

/// What is open on the whole invoice after a payment.
pub(crate) fn after_payment(outstanding: Money, locale: Locale) -> Row {
    let words = labels(locale);
    if outstanding.is_positive() {
        Row::new(words.outstanding, money(outstanding, locale))
    } else {
        Row::new(words.settled, money(Money::ZERO, locale))
    }
}
