//! Terms to `cobv`.

use quita_core::pix_key::PixKey;
use quita_core::terms::{DayBasis, Discount, Fine, Interest, InterestRate, Rebate, Terms};

use crate::wire::{
    CobVCalendarioSolicitado, CobVSolicitada, CobVValor, Desconto, DescontoDataFixa, Devedor,
    Encargo, ValorPerc,
};

/// Longest text shown to the payer. Source: API Pix 2.9.0, `CobBase.solicitacaoPagador`.
pub(crate) const SOLICITACAO_CHARS_MAX: usize = 140;

/// The whole request for a charge under `terms`, payable to `chave` by `devedor`. A longer
/// `solicitacao_pagador` is cut to the 140 characters of the specification.
#[must_use]
pub fn charge_request(
    terms: &Terms,
    chave: &PixKey,
    devedor: Devedor,
    solicitacao_pagador: Option<&str>,
) -> CobVSolicitada {
    CobVSolicitada {
        calendario: to_calendario(terms),
        devedor,
        loc: None,
        valor: to_valor(terms),
        chave: chave.as_str().into(),
        solicitacao_pagador: solicitacao_pagador
            .map(|text| text.chars().take(SOLICITACAO_CHARS_MAX).collect()),
        info_adicionais: Vec::new(),
    }
}

/// The dates of `terms`.
#[must_use]
pub fn to_calendario(terms: &Terms) -> CobVCalendarioSolicitado {
    CobVCalendarioSolicitado {
        data_de_vencimento: terms.due_date,
        validade_apos_vencimento: Some(terms.validity_days),
    }
}

/// The amounts and rates of `terms`.
#[must_use]
pub fn to_valor(terms: &Terms) -> CobVValor {
    CobVValor {
        original: terms.original,
        multa: terms.fine.as_ref().map(multa),
        juros: terms.interest.as_ref().map(juros),
        abatimento: terms.rebate.as_ref().map(abatimento),
        desconto: terms.discount.as_ref().map(desconto),
    }
}

fn encargo(modalidade: u8, valor_perc: impl Into<ValorPerc>) -> Encargo {
    Encargo { modalidade, valor_perc: valor_perc.into() }
}

fn multa(fine: &Fine) -> Encargo {
    match fine {
        Fine::Fixed(amount) => encargo(1, *amount),
        Fine::Percent(percent) => encargo(2, *percent),
    }
}

fn juros(interest: &Interest) -> Encargo {
    /// Modalidades 5 to 8 repeat 1 to 4 over business days.
    const BUSINESS_OFFSET: u8 = 4;
    let offset = match interest.basis {
        DayBasis::Calendar => 0,
        DayBasis::Business => BUSINESS_OFFSET,
    };
    match &interest.rate {
        InterestRate::AmountPerDay(amount) => encargo(1 + offset, *amount),
        InterestRate::PercentPerDay(percent) => encargo(2 + offset, *percent),
        InterestRate::PercentPerMonth(percent) => encargo(3 + offset, *percent),
        InterestRate::PercentPerYear(percent) => encargo(4 + offset, *percent),
    }
}

fn abatimento(rebate: &Rebate) -> Encargo {
    match rebate {
        Rebate::Fixed(amount) => encargo(1, *amount),
        Rebate::Percent(percent) => encargo(2, *percent),
    }
}

fn desconto(discount: &Discount) -> Desconto {
    let by_date = |modalidade, desconto_data_fixa| Desconto {
        modalidade,
        valor_perc: None,
        desconto_data_fixa,
    };
    let by_day = |modalidade, valor_perc| Desconto {
        modalidade,
        valor_perc: Some(valor_perc),
        desconto_data_fixa: Vec::new(),
    };
    match discount {
        Discount::FixedUntil(steps) => by_date(1, steps.iter().copied().map(data_fixa).collect()),
        Discount::PercentUntil(steps) => by_date(2, steps.iter().copied().map(data_fixa).collect()),
        Discount::AmountPerDay { basis: DayBasis::Calendar, amount } => by_day(3, (*amount).into()),
        Discount::AmountPerDay { basis: DayBasis::Business, amount } => by_day(4, (*amount).into()),
        Discount::PercentPerDay { basis: DayBasis::Calendar, percent } => {
            by_day(5, (*percent).into())
        }
        Discount::PercentPerDay { basis: DayBasis::Business, percent } => {
            by_day(6, (*percent).into())
        }
    }
}

fn data_fixa<V: Into<ValorPerc>>((data, value): (chrono::NaiveDate, V)) -> DescontoDataFixa {
    DescontoDataFixa { data, valor_perc: value.into() }
}
