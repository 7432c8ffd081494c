//! Settled Pix and their refunds.

use quita_core::ids::EndToEndId;

use super::PspClient;
use super::request::Call;
use crate::error::PixError;
use crate::wire::{Devolucao, DevolucaoId, DevolucaoSolicitada, Pix};

impl PspClient {
    /// `GET /pix/{e2eid}`: what the bank itself says of a payment. A callback is believed only
    /// after this.
    ///
    /// # Errors
    /// As [`PixError`] says.
    pub async fn get_pix(&self, payment: &EndToEndId) -> Result<Pix, PixError> {
        self.json(Call::get("get_pix", vec!["pix", payment.as_str()])).await
    }

    /// `PUT /pix/{e2eid}/devolucao/{id}`: asks for a refund under an id of ours, so it is repeated
    /// safely. See [`PspClient::ensure_devolucao`].
    ///
    /// # Errors
    /// As [`PixError`] says.
    pub async fn put_devolucao(
        &self,
        payment: &EndToEndId,
        id: &DevolucaoId,
        asked: &DevolucaoSolicitada,
    ) -> Result<Devolucao, PixError> {
        let path = vec!["pix", payment.as_str(), "devolucao", id.as_str()];
        self.json(Call::put("put_devolucao", path, asked)).await
    }

    /// `GET /pix/{e2eid}/devolucao/{id}`.
    ///
    /// # Errors
    /// As [`PixError`] says.
    pub async fn get_devolucao(
        &self,
        payment: &EndToEndId,
        id: &DevolucaoId,
    ) -> Result<Devolucao, PixError> {
        let path = vec!["pix", payment.as_str(), "devolucao", id.as_str()];
        self.json(Call::get("get_devolucao", path)).await
    }
}
