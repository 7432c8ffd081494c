//! Webhook registration: one address per Pix key.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Hidden, horario_opcional};

/// Source: API Pix 2.9.0, `WebhookSolicitado`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookSolicitado {
    pub webhook_url: Hidden,
}

/// A registration. The address may carry a secret path segment, so it is hidden.
/// Source: API Pix 2.9.0, `WebhookCompleto`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookCompleto {
    pub webhook_url: Hidden,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chave: Option<Hidden>,
    #[serde(default, with = "horario_opcional", skip_serializing_if = "Option::is_none")]
    pub criacao: Option<DateTime<Utc>>,
}
