//! Charges with a due date (`cobv`).

use chrono::{DateTime, NaiveDate, Utc};
use quita_core::ids::Txid;
use quita_core::money::Money;
use serde::{Deserialize, Deserializer, Serialize};

use super::{
    CobrancaStatus, Devedor, Hidden, InfoAdicional, LocSolicitado, PayloadLocation, Pix, Recebedor,
    ValorPerc, horario_opcional, valor,
};

/// `multa`, `juros` or `abatimento`: what `valorPerc` means depends on `modalidade`.
/// Source: API Pix 2.9.0, `CobVValor`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Encargo {
    #[serde(deserialize_with = "modalidade")]
    pub modalidade: u8,
    pub valor_perc: ValorPerc,
}

/// `desconto`: modalidades 1 and 2 carry dates and no `valorPerc`; 3 to 6 the reverse.
/// Source: API Pix 2.9.0, `CobVValor.desconto`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Desconto {
    #[serde(deserialize_with = "modalidade")]
    pub modalidade: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valor_perc: Option<ValorPerc>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub desconto_data_fixa: Vec<DescontoDataFixa>,
}

/// A discount that holds for payment up to `data`, inclusive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescontoDataFixa {
    pub data: NaiveDate,
    pub valor_perc: ValorPerc,
}

/// Reads `modalidade`: the schema says integer, its own examples show a string.
fn modalidade<'de, D: Deserializer<'de>>(input: D) -> Result<u8, D::Error> {
    struct Either;
    impl serde::de::Visitor<'_> for Either {
        type Value = u8;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a modalidade from 1 to 8")
        }
        fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<u8, E> {
            u8::try_from(number).map_err(|_| E::custom("modalidade out of range"))
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<u8, E> {
            text.trim().parse().map_err(|_| E::custom("modalidade is not a number"))
        }
    }
    input.deserialize_any(Either)
}

/// Amount of a charge with a due date. Source: API Pix 2.9.0, `CobVValor`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CobVValor {
    #[serde(with = "valor")]
    pub original: Money,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multa: Option<Encargo>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub juros: Option<Encargo>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abatimento: Option<Encargo>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desconto: Option<Desconto>,
}

/// Dates asked for. `validadeAposVencimento` counts calendar days after the business-day
/// adjusted due date. Source: API Pix 2.9.0, `CobDataDeVencimento`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CobVCalendarioSolicitado {
    pub data_de_vencimento: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validade_apos_vencimento: Option<u16>,
}

/// Dates as the bank stored them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CobVCalendario {
    #[serde(default, with = "horario_opcional", skip_serializing_if = "Option::is_none")]
    pub criacao: Option<DateTime<Utc>>,
    pub data_de_vencimento: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validade_apos_vencimento: Option<u16>,
}

/// Body of `PUT /cobv/{txid}`. Source: API Pix 2.9.0, `CobVSolicitada`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CobVSolicitada {
    pub calendario: CobVCalendarioSolicitado,
    pub devedor: Devedor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loc: Option<LocSolicitado>,
    pub valor: CobVValor,
    pub chave: Hidden,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solicitacao_pagador: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub info_adicionais: Vec<InfoAdicional>,
}

/// Body of `PATCH /cobv/{txid}`. It has no `status`: a removal travels alone, so it is another
/// call. Source: API Pix 2.9.0, `CobVRevisada`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CobVRevisada {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calendario: Option<CobVCalendarioSolicitado>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub devedor: Option<Devedor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valor: Option<CobVValor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub solicitacao_pagador: Option<String>,
}

/// A charge with a due date as the bank holds it, with the Pix it received.
/// Source: API Pix 2.9.0, `CobVGerada` and `CobVCompleta`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CobVGerada {
    pub txid: Txid,
    #[serde(default)]
    pub revisao: u32,
    pub status: CobrancaStatus,
    pub calendario: CobVCalendario,
    pub valor: CobVValor,
    #[serde(default)]
    pub chave: Hidden,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub devedor: Option<Devedor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recebedor: Option<Recebedor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loc: Option<PayloadLocation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Hidden>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pix_copia_e_cola: Option<Hidden>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pix: Vec<Pix>,
}

impl CobVGerada {
    /// The address the QR points to, wherever the bank wrote it: beside the charge or inside `loc`.
    #[must_use]
    pub fn location(&self) -> Option<&Hidden> {
        self.location.as_ref().or_else(|| self.loc.as_ref().and_then(|loc| loc.location.as_ref()))
    }
}
