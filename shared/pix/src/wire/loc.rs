//! Locations: the address a dynamic QR points to.

use chrono::{DateTime, Utc};
use quita_core::ids::Txid;
use serde::{Deserialize, Serialize};

use super::{Hidden, TipoCob, horario_opcional};

/// Asks for a free location. Source: API Pix 2.9.0, `PayloadLocationSolicitada`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PayloadLocationSolicitada {
    pub tipo_cob: TipoCob,
}

/// A location. `location` has no scheme and opens the charge to whoever holds it.
/// Source: API Pix 2.9.0, `PayloadLocationCompleta`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PayloadLocation {
    pub id: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub txid: Option<Txid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Hidden>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tipo_cob: Option<TipoCob>,
    #[serde(default, with = "horario_opcional", skip_serializing_if = "Option::is_none")]
    pub criacao: Option<DateTime<Utc>>,
}
