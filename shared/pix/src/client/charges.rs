//! `cob` and `cobv`: one method per call of the specification.

use quita_core::ids::Txid;
use serde::Serialize;
use serde_json::value::RawValue;

use super::PspClient;
use super::request::{Call, read_json};
use crate::error::PixError;
use crate::retry::Repeat;
use crate::wire::{
    CobGerada, CobRevisada, CobSolicitada, CobVGerada, CobVRevisada, CobVSolicitada, CobrancaStatus,
};

/// Body of a removal: `status` and nothing else, as the specification demands.
#[derive(Serialize)]
pub(super) struct Remocao {
    status: CobrancaStatus,
}

impl Remocao {
    pub(super) const BY_RECEIVER: Self =
        Self { status: CobrancaStatus::RemovidaPeloUsuarioRecebedor };
}

impl PspClient {
    /// `PUT /cob/{txid}`: creates an immediate charge. Repeated safely, since the txid is ours.
    ///
    /// # Errors
    /// As [`PixError`] says.
    pub async fn put_cob(&self, txid: &Txid, cob: &CobSolicitada) -> Result<CobGerada, PixError> {
        self.json(Call::put("put_cob", vec!["cob", txid.as_str()], cob)).await
    }

    /// `POST /cob`: the bank chooses the txid, so this is never repeated; an unknown outcome may
    /// have left a charge behind. Prefer [`PspClient::put_cob`].
    ///
    /// # Errors
    /// As [`PixError`] says.
    pub async fn post_cob(&self, cob: &CobSolicitada) -> Result<CobGerada, PixError> {
        self.json(Call::post("post_cob", vec!["cob"], cob)).await
    }

    /// `PATCH /cob/{txid}`: revises. Not repeated: each success is a new `revisao`.
    ///
    /// # Errors
    /// As [`PixError`] says.
    pub async fn revise_cob(&self, txid: &Txid, to: &CobRevisada) -> Result<CobGerada, PixError> {
        let path = vec!["cob", txid.as_str()];
        self.json(Call::patch("revise_cob", path, to, Repeat::Never)).await
    }

    /// `GET /cob/{txid}`.
    ///
    /// # Errors
    /// As [`PixError`] says.
    pub async fn get_cob(&self, txid: &Txid) -> Result<CobGerada, PixError> {
        let body = self.bytes(Call::get("get_cob", vec!["cob", txid.as_str()])).await?;
        read_json(self.single(&body))
    }

    /// `PUT /cobv/{txid}`: creates a charge with a due date. Repeated safely, since the txid is
    /// ours. See [`PspClient::ensure_cobv`] for a create that survives lost answers.
    ///
    /// # Errors
    /// As [`PixError`] says.
    pub async fn put_cobv(
        &self,
        txid: &Txid,
        cobv: &CobVSolicitada,
    ) -> Result<CobVGerada, PixError> {
        self.json(Call::put("put_cobv", vec!["cobv", txid.as_str()], cobv)).await
    }

    /// `PATCH /cobv/{txid}`: revises. Not repeated: each success is a new `revisao`.
    ///
    /// # Errors
    /// As [`PixError`] says.
    pub async fn revise_cobv(
        &self,
        txid: &Txid,
        to: &CobVRevisada,
    ) -> Result<CobVGerada, PixError> {
        let path = vec!["cobv", txid.as_str()];
        self.json(Call::patch("revise_cobv", path, to, Repeat::Never)).await
    }

    /// `GET /cobv/{txid}`.
    ///
    /// # Errors
    /// As [`PixError`] says.
    pub async fn get_cobv(&self, txid: &Txid) -> Result<CobVGerada, PixError> {
        let body = self.bytes(Call::get("get_cobv", vec!["cobv", txid.as_str()])).await?;
        read_json(self.single(&body))
    }

    /// The only item of a list, for banks whose GET of one charge answers a list of one.
    fn single<'a>(&self, body: &'a [u8]) -> &'a [u8] {
        if !self.inner.profile.traits.get_may_be_list {
            return body;
        }
        match serde_json::from_slice::<[&'a RawValue; 1]>(body) {
            Ok([only]) => only.get().as_bytes(),
            Err(_) => body,
        }
    }
}
