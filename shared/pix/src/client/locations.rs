//! Locations: reusable addresses for dynamic QR codes.

use super::PspClient;
use super::request::Call;
use crate::error::PixError;
use crate::wire::{PayloadLocation, PayloadLocationSolicitada, TipoCob};

impl PspClient {
    /// `POST /loc`. Never repeated: each success is another location.
    ///
    /// # Errors
    /// As [`PixError`] says.
    pub async fn post_loc(&self, tipo_cob: TipoCob) -> Result<PayloadLocation, PixError> {
        let body = PayloadLocationSolicitada { tipo_cob };
        self.json(Call::post("post_loc", vec!["loc"], &body)).await
    }

    /// `GET /loc/{id}`.
    ///
    /// # Errors
    /// As [`PixError`] says.
    pub async fn get_loc(&self, id: i64) -> Result<PayloadLocation, PixError> {
        let id = id.to_string();
        self.json(Call::get("get_loc", vec!["loc", &id])).await
    }

    /// `DELETE /loc/{id}/txid`: frees the location from its charge.
    ///
    /// # Errors
    /// As [`PixError`] says.
    pub async fn detach_loc(&self, id: i64) -> Result<PayloadLocation, PixError> {
        let id = id.to_string();
        self.json(Call::delete("detach_loc", vec!["loc", &id, "txid"])).await
    }
}
