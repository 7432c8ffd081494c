//! The API Pix wire: one struct per Bacen schema, spelt exactly as Bacen spells it.
//!
//! Owns: serde shapes of API Pix 2.9.0 for `cob`, `cobv`, `loc`, `pix`, `devolucao` and `webhook`.
//! Does not own: HTTP, retries, or what any of this means for an invoice.
//! Invariant: reading is tolerant (unknown fields are ignored, unknown enum values become
//! `Other`), writing is exact; text that identifies a person or opens a payment page is
//! [`Hidden`] and never appears in `Debug`.

mod amount;
mod cob;
mod cobv;
mod loc;
mod open_enum;
mod paginacao;
mod pessoa;
mod pix;
mod time;
mod webhook;

pub use amount::{ValorPerc, ValorPercError};
pub(crate) use amount::{amount_from_json, valor};
pub use cob::{
    CobCalendario, CobCalendarioSolicitado, CobGerada, CobRevisada, CobSolicitada, CobValor,
    InfoAdicional, LocSolicitado,
};
pub use cobv::{
    CobVCalendario, CobVCalendarioSolicitado, CobVGerada, CobVRevisada, CobVSolicitada, CobVValor,
    Desconto, DescontoDataFixa, Encargo,
};
pub use loc::{PayloadLocation, PayloadLocationSolicitada};
pub use open_enum::{CobrancaStatus, DevolucaoNatureza, DevolucaoStatus, TipoCob};
pub use paginacao::{Paginacao, Parametros};
pub use pessoa::{Devedor, Recebedor};
pub use pix::{
    ComponenteValor, ComponentesValor, Devolucao, DevolucaoHorario, DevolucaoId, DevolucaoIdError,
    DevolucaoSolicitada, Pix,
};
pub use quita_core::hidden::Hidden;
pub use time::parse_horario;
pub(crate) use time::{format_horario, horario, horario_opcional};
pub use webhook::{WebhookCompleto, WebhookSolicitado};

#[cfg(test)]
mod tests;
