//! A settled Pix and its refunds.

use chrono::{DateTime, Utc};
use quita_core::document::TaxId;
use quita_core::ids::{EndToEndId, Txid};
use quita_core::money::Money;
use quita_core::payment::Payer;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::{
    Devedor, DevolucaoNatureza, DevolucaoStatus, Hidden, horario, horario_opcional, valor,
};

/// Longest refund id. Source: API Pix 2.9.0, `DevolucaoId`.
const DEVOLUCAO_ID_CHARS_MAX: usize = 35;

/// What banks write in `txid` when there is none.
const NO_TXID: [&str; 2] = ["", "***"];

/// A Pix that settled; API Pix never shows a pending one. `endToEndId` is the key of the payment,
/// `txid` only a link to a charge and absent when the payer used a bare key. Who paid is not
/// guaranteed (`pagador` is optional since 2.6.3), so nothing may depend on it.
/// Source: API Pix 2.9.0, `Pix`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pix {
    pub end_to_end_id: EndToEndId,
    #[serde(default, deserialize_with = "optional_txid", skip_serializing_if = "Option::is_none")]
    pub txid: Option<Txid>,
    #[serde(with = "valor")]
    pub valor: Money,
    /// The receiving key; check that it belongs to the merchant before believing a callback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chave: Option<Hidden>,
    /// When the money settled, in UTC.
    #[serde(with = "horario")]
    pub horario: DateTime<Utc>,
    /// Who paid, where the bank says so. What cannot be read is left out: a payment is never refused
    /// over it.
    #[serde(default, deserialize_with = "pagador", skip_serializing_if = "Option::is_none")]
    pub pagador: Option<Devedor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub info_pagador: Option<Hidden>,
    /// Refunds of this Pix. A later callback repeats the same `endToEndId` to report one.
    #[serde(
        default,
        deserialize_with = "one_or_many_devolucoes",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub devolucoes: Vec<Devolucao>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub componentes_valor: Option<ComponentesValor>,
}

impl Pix {
    /// Who paid, as far as the bank says so in a form that can be checked.
    #[must_use]
    pub fn payer(&self) -> Option<Payer> {
        let told = self.pagador.as_ref()?;
        let document = told.cnpj.as_ref().or(told.cpf.as_ref());
        let document = document.and_then(|text| TaxId::parse(text.as_str()).ok());
        let name = Some(told.nome.as_str().trim().to_owned()).filter(|name| !name.is_empty());
        (document.is_some() || name.is_some()).then_some(Payer { name, document })
    }
}

fn pagador<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Devedor>, D::Error> {
    let told = serde_json::Value::deserialize(input)?;
    Ok(serde_json::from_value(told).ok())
}

/// How the bank split the amount. Optional, so nothing may depend on it.
/// Source: API Pix 2.9.0, `Pix.componentesValor`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentesValor {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<ComponenteValor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub juros: Option<ComponenteValor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multa: Option<ComponenteValor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abatimento: Option<ComponenteValor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desconto: Option<ComponenteValor>,
}

/// One part of an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponenteValor {
    #[serde(with = "valor")]
    pub valor: Money,
}

/// A refund. Source: API Pix 2.9.0, `Devolucao`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Devolucao {
    pub id: DevolucaoId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtr_id: Option<String>,
    #[serde(with = "valor")]
    pub valor: Money,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub natureza: Option<DevolucaoNatureza>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub descricao: Option<String>,
    #[serde(default)]
    pub horario: DevolucaoHorario,
    pub status: DevolucaoStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub motivo: Option<String>,
}

/// When a refund was asked for and when it settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DevolucaoHorario {
    #[serde(default, with = "horario_opcional", skip_serializing_if = "Option::is_none")]
    pub solicitacao: Option<DateTime<Utc>>,
    #[serde(default, with = "horario_opcional", skip_serializing_if = "Option::is_none")]
    pub liquidacao: Option<DateTime<Utc>>,
}

/// Body of `PUT /pix/{e2eid}/devolucao/{id}`. Source: API Pix 2.9.0, `DevolucaoSolicitada`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DevolucaoSolicitada {
    #[serde(with = "valor")]
    pub valor: Money,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub natureza: Option<DevolucaoNatureza>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub descricao: Option<String>,
}

/// A refund id chosen by the receiver, unique per Pix: `[a-zA-Z0-9]{1,35}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DevolucaoId(String);

/// A refund id outside `[a-zA-Z0-9]{1,35}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("refund id must be 1 to 35 letters and digits")]
pub struct DevolucaoIdError;

impl DevolucaoId {
    /// Reads a refund id.
    ///
    /// # Errors
    /// Anything but 1 to 35 ASCII letters and digits.
    pub fn parse(text: &str) -> Result<Self, DevolucaoIdError> {
        let sized = (1..=DEVOLUCAO_ID_CHARS_MAX).contains(&text.len());
        if sized && text.bytes().all(|b| b.is_ascii_alphanumeric()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(DevolucaoIdError)
        }
    }

    /// The id as sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for DevolucaoId {
    type Error = DevolucaoIdError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<DevolucaoId> for String {
    fn from(id: DevolucaoId) -> Self {
        id.0
    }
}

/// Reads `txid`: absent, `null`, empty and `***` all mean the payer gave none.
fn optional_txid<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Txid>, D::Error> {
    match Option::<String>::deserialize(input)? {
        Some(text) if !NO_TXID.contains(&text.as_str()) => {
            Txid::parse(&text).map(Some).map_err(|_| serde::de::Error::custom("malformed txid"))
        }
        _ => Ok(None),
    }
}

/// Reads `devolucoes`: an array by the schema, a bare object in the specification's own callback
/// example, `null` in the wild.
fn one_or_many_devolucoes<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<Devolucao>, D::Error> {
    struct OneOrMany;
    impl<'de> Visitor<'de> for OneOrMany {
        type Value = Vec<Devolucao>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a list of refunds")
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut refunds = Vec::new();
            while let Some(refund) = seq.next_element()? {
                refunds.push(refund);
            }
            Ok(refunds)
        }
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            Devolucao::deserialize(MapAccessDeserializer::new(map)).map(|refund| vec![refund])
        }
    }
    input.deserialize_any(OneOrMany)
}
