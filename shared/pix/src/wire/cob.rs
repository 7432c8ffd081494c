//! Immediate charges (`cob`).

use chrono::{DateTime, Utc};
use quita_core::ids::Txid;
use quita_core::money::Money;
use serde::{Deserialize, Serialize};

use super::{CobrancaStatus, Devedor, Hidden, PayloadLocation, Pix, horario, valor};

/// A line shown to the payer. Source: API Pix 2.9.0, `CobBase.infoAdicionais`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InfoAdicional {
    pub nome: String,
    pub valor: String,
}

/// Names an existing location to use. Source: API Pix 2.9.0, `PayloadLocationCob`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocSolicitado {
    pub id: i64,
}

/// Lifetime asked for. `expiracao` is in seconds from creation; the bank's default is 86400.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CobCalendarioSolicitado {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiracao: Option<u32>,
}

/// Creation and lifetime as the bank stored them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CobCalendario {
    #[serde(with = "horario")]
    pub criacao: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiracao: Option<u32>,
}

/// Amount of an immediate charge. `modalidadeAlteracao` 1 lets the payer change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CobValor {
    #[serde(with = "valor")]
    pub original: Money,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modalidade_alteracao: Option<u8>,
}

/// Body of `PUT /cob/{txid}` and `POST /cob`. Source: API Pix 2.9.0, `CobSolicitada`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CobSolicitada {
    pub calendario: CobCalendarioSolicitado,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub devedor: Option<Devedor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loc: Option<LocSolicitado>,
    pub valor: CobValor,
    pub chave: Hidden,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solicitacao_pagador: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub info_adicionais: Vec<InfoAdicional>,
}

/// Body of `PATCH /cob/{txid}`. It has no `status`: a removal travels alone, so it is another
/// call. Source: API Pix 2.9.0, `CobRevisada`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CobRevisada {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calendario: Option<CobCalendarioSolicitado>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub devedor: Option<Devedor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valor: Option<CobValor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub solicitacao_pagador: Option<String>,
}

/// An immediate charge as the bank holds it, with the Pix it received.
/// Source: API Pix 2.9.0, `CobGerada` and `CobCompleta`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CobGerada {
    pub txid: Txid,
    #[serde(default)]
    pub revisao: u32,
    pub status: CobrancaStatus,
    pub calendario: CobCalendario,
    pub valor: CobValor,
    #[serde(default)]
    pub chave: Hidden,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub devedor: Option<Devedor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loc: Option<PayloadLocation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Hidden>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pix_copia_e_cola: Option<Hidden>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pix: Vec<Pix>,
}
