//! What a charge with a due date costs on a given day.
//!
//! Owns the arithmetic of `multa`, `juros`, `abatimento` and `desconto` (API Pix 2.9.0,
//! `CobVValor`, with the equations of the Manual de Padrões para Iniciação do Pix). Does not read
//! JSON: see [`crate::terms`]. Invariant: exact integers; each component is rounded once, half-up,
//! and every multiplication comes before its division.
//!
//! Where the norm is silent this bank chose: percentages of `multa` and `desconto` apply to the
//! original less the rebate; `multa` needs at least one business day of delay; `juros` count from
//! the due date moved to a business day; a discount per day of anticipation counts up to that same
//! moved date (`CobDataDeVencimento` says `desconto` takes it too), while a dated discount ends on
//! its own date.

use chrono::{Days, NaiveDate};

use crate::calendar;
use crate::money::{Centavos, round_half_up};

/// Percentages are kept in hundredths, so a percent of an amount divides by this.
const PERCENT_SCALE: i128 = 100 * 100;

/// A fixed amount or a percentage, in hundredths, under an API Pix `modalidade`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub modalidade: u8,
    pub hundredths: i64,
}

/// The two shapes of `valor.desconto`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Desconto {
    /// Modalidades 1 and 2: up to three dates, ascending, each with its own value.
    UntilDates { modalidade: u8, items: Vec<(NaiveDate, i64)> },
    /// Modalidades 3 to 6: so much for each day of anticipation.
    PerDay(Rule),
}

/// Everything the amount of a `cobv` depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    pub original: Centavos,
    pub due: NaiveDate,
    /// `validadeAposVencimento`, calendar days.
    pub validity_days: u32,
    pub multa: Option<Rule>,
    pub juros: Option<Rule>,
    pub abatimento: Option<Rule>,
    pub desconto: Option<Desconto>,
}

/// What the bank charges on one day, component by component.
///
/// `total = original - abatimento - desconto + juros + multa`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// `valor.original`.
    pub original: Centavos,
    /// Rebate.
    pub abatimento: Centavos,
    /// Discount for early payment.
    pub desconto: Centavos,
    /// Interest for delay.
    pub juros: Centavos,
    /// Late fee.
    pub multa: Centavos,
    /// `valor.final`.
    pub total: Centavos,
}

/// The terms give an amount that API Pix cannot carry on that day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OutOfRange {
    /// Nothing, or less, would be left to pay.
    NotPositive,
    /// More than [`Centavos::MAX`].
    TooLarge,
}

impl Terms {
    /// The due date moved to a business day.
    pub fn adjusted_due(&self) -> NaiveDate {
        calendar::on_or_after(self.due)
    }

    /// The last day the charge accepts a payment (`CobDataDeVencimento`, examples A to G).
    pub fn last_payable_day(&self) -> NaiveDate {
        let last = self.adjusted_due() + Days::new(u64::from(self.validity_days));
        calendar::on_or_after(last)
    }

    /// The amount due on `day`, whether or not the charge still accepts a payment then.
    pub fn on(&self, day: NaiveDate) -> Result<Quote, OutOfRange> {
        let original = i128::from(self.original.0);
        let abatimento = self.abatimento.map_or(0, |rule| fixed_or_percent(rule, original));
        let base = (original - abatimento).max(0);
        let adjusted = self.adjusted_due();
        let (desconto, juros, multa) = if day <= adjusted {
            (self.desconto_on(day, adjusted, base), 0, 0)
        } else {
            (0, self.juros_on(day, adjusted, base), self.multa_on(day, adjusted, base))
        };
        let total = original - abatimento - desconto + juros + multa;
        if total <= 0 {
            return Err(OutOfRange::NotPositive);
        }
        Ok(Quote {
            original: self.original,
            abatimento: centavos(abatimento)?,
            desconto: centavos(desconto)?,
            juros: centavos(juros)?,
            multa: centavos(multa)?,
            total: centavos(total)?,
        })
    }

    fn desconto_on(&self, day: NaiveDate, adjusted: NaiveDate, base: i128) -> i128 {
        match &self.desconto {
            None => 0,
            Some(Desconto::UntilDates { modalidade, items }) => {
                let first = items.iter().find(|(until, _)| *until >= day);
                first.map_or(0, |(_, hundredths)| {
                    fixed_or_percent(
                        Rule { modalidade: *modalidade, hundredths: *hundredths },
                        base,
                    )
                })
            }
            Some(Desconto::PerDay(rule)) => {
                let calendar_days = (adjusted - day).num_days();
                let business_days = calendar::business_days(day, adjusted);
                let value = i128::from(rule.hundredths);
                match rule.modalidade {
                    3 => value * i128::from(calendar_days),
                    4 => value * i128::from(business_days),
                    5 => round_half_up(base * value * i128::from(calendar_days), PERCENT_SCALE),
                    _ => round_half_up(base * value * i128::from(business_days), PERCENT_SCALE),
                }
            }
        }
    }

    fn juros_on(&self, day: NaiveDate, adjusted: NaiveDate, base: i128) -> i128 {
        let Some(rule) = self.juros else { return 0 };
        let days = match rule.modalidade {
            1..=4 => (day - adjusted).num_days(),
            _ => calendar::business_days(adjusted, day),
        };
        let accrued = i128::from(rule.hundredths) * i128::from(days);
        // Days that one period of the rate holds: a day, a month, a year (Manual de Padrões).
        let period_days = match rule.modalidade {
            1 | 5 => return accrued,
            2 | 6 => 1,
            3 => 30,
            4 => 365,
            7 => 21,
            _ => 252,
        };
        round_half_up(base * accrued, PERCENT_SCALE * period_days)
    }

    fn multa_on(&self, day: NaiveDate, adjusted: NaiveDate, base: i128) -> i128 {
        match self.multa {
            Some(rule) if calendar::business_days(adjusted, day) > 0 => {
                fixed_or_percent(rule, base)
            }
            _ => 0,
        }
    }
}

/// Modalidade 1 is an amount, 2 a percentage of `base`.
fn fixed_or_percent(rule: Rule, base: i128) -> i128 {
    match rule.modalidade {
        1 => i128::from(rule.hundredths),
        _ => round_half_up(base * i128::from(rule.hundredths), PERCENT_SCALE),
    }
}

fn centavos(value: i128) -> Result<Centavos, OutOfRange> {
    match i64::try_from(value) {
        Ok(value) if value <= Centavos::MAX.0 => Ok(Centavos(value)),
        _ => Err(OutOfRange::TooLarge),
    }
}
