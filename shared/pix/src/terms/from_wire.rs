//! `cobv` to terms.

use chrono::NaiveDate;
use quita_core::terms::{
    DEFAULT_VALIDITY_DAYS, DayBasis, Discount, Fine, Interest, InterestRate, Rebate, Terms,
};

use crate::wire::{CobVCalendario, CobVValor, Desconto, Encargo, ValorPercError};

/// Why a charge held by a bank cannot be read as terms.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// A code outside the table.
    #[error("modalidade {modalidade} of {property} is not in API Pix 2.9.0")]
    Modalidade {
        /// `multa`, `juros`, `abatimento` or `desconto`.
        property: &'static str,
        /// The code.
        modalidade: u8,
    },
    /// A number that does not fit.
    #[error("{property}: {source}")]
    ValorPerc {
        /// `multa`, `juros`, `abatimento` or `desconto`.
        property: &'static str,
        /// What is wrong with it.
        source: ValorPercError,
    },
    /// `desconto` with both or neither of dates and a daily value.
    #[error("desconto needs dates for modalidades 1 and 2, valorPerc for 3 to 6, never both")]
    DescontoShape,
}

/// Reads the terms of a charge as the bank holds it.
///
/// # Errors
/// When a modalidade is unknown, a number does not fit, or `desconto` is contradictory.
pub fn from_cobv(calendario: &CobVCalendario, valor: &CobVValor) -> Result<Terms, TermsError> {
    Ok(Terms {
        original: valor.original,
        due_date: calendario.data_de_vencimento,
        validity_days: calendario.validade_apos_vencimento.unwrap_or(DEFAULT_VALIDITY_DAYS),
        fine: valor.multa.as_ref().map(fine).transpose()?,
        interest: valor.juros.as_ref().map(interest).transpose()?,
        rebate: valor.abatimento.as_ref().map(rebate).transpose()?,
        discount: valor.desconto.as_ref().map(discount).transpose()?,
    })
}

fn number(property: &'static str) -> impl Fn(ValorPercError) -> TermsError {
    move |source| TermsError::ValorPerc { property, source }
}

fn fine(multa: &Encargo) -> Result<Fine, TermsError> {
    match multa.modalidade {
        1 => Ok(Fine::Fixed(multa.valor_perc.money().map_err(number("multa"))?)),
        2 => Ok(Fine::Percent(multa.valor_perc.percent().map_err(number("multa"))?)),
        modalidade => Err(TermsError::Modalidade { property: "multa", modalidade }),
    }
}

fn interest(juros: &Encargo) -> Result<Interest, TermsError> {
    let basis = match juros.modalidade {
        1..=4 => DayBasis::Calendar,
        5..=8 => DayBasis::Business,
        modalidade => return Err(TermsError::Modalidade { property: "juros", modalidade }),
    };
    let percent = || juros.valor_perc.percent().map_err(number("juros"));
    let rate = match juros.modalidade {
        1 | 5 => InterestRate::AmountPerDay(juros.valor_perc.money().map_err(number("juros"))?),
        2 | 6 => InterestRate::PercentPerDay(percent()?),
        3 | 7 => InterestRate::PercentPerMonth(percent()?),
        _ => InterestRate::PercentPerYear(percent()?),
    };
    Ok(Interest { basis, rate })
}

fn rebate(abatimento: &Encargo) -> Result<Rebate, TermsError> {
    let value = &abatimento.valor_perc;
    match abatimento.modalidade {
        1 => Ok(Rebate::Fixed(value.money().map_err(number("abatimento"))?)),
        2 => Ok(Rebate::Percent(value.percent().map_err(number("abatimento"))?)),
        modalidade => Err(TermsError::Modalidade { property: "abatimento", modalidade }),
    }
}

fn discount(desconto: &Desconto) -> Result<Discount, TermsError> {
    let dates = &desconto.desconto_data_fixa;
    match (desconto.modalidade, &desconto.valor_perc) {
        (1, None) if !dates.is_empty() => {
            Ok(Discount::FixedUntil(steps(desconto, crate::wire::ValorPerc::money)?))
        }
        (2, None) if !dates.is_empty() => {
            Ok(Discount::PercentUntil(steps(desconto, crate::wire::ValorPerc::percent)?))
        }
        (modalidade @ 3..=4, Some(value)) if dates.is_empty() => Ok(Discount::AmountPerDay {
            basis: if modalidade == 3 { DayBasis::Calendar } else { DayBasis::Business },
            amount: value.money().map_err(number("desconto"))?,
        }),
        (modalidade @ 5..=6, Some(value)) if dates.is_empty() => Ok(Discount::PercentPerDay {
            basis: if modalidade == 5 { DayBasis::Calendar } else { DayBasis::Business },
            percent: value.percent().map_err(number("desconto"))?,
        }),
        (1..=6, _) => Err(TermsError::DescontoShape),
        (modalidade, _) => Err(TermsError::Modalidade { property: "desconto", modalidade }),
    }
}

fn steps<V>(
    desconto: &Desconto,
    read: impl Fn(&crate::wire::ValorPerc) -> Result<V, ValorPercError>,
) -> Result<Vec<(NaiveDate, V)>, TermsError> {
    desconto
        .desconto_data_fixa
        .iter()
        .map(|step| Ok((step.data, read(&step.valor_perc).map_err(number("desconto"))?)))
        .collect()
}
