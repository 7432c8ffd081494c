//! Where the bank calls back: one address per Pix key.

use quita_core::pix_key::PixKey;
use reqwest::Url;

use super::PspClient;
use super::request::Call;
use super::setup::is_loopback;
use crate::error::PixError;
use crate::profile::Quirk;
use crate::wire::{Hidden, WebhookCompleto, WebhookSolicitado};

/// An address fit for registration. The bank appends `/pix` to it, literally.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookUrl(Hidden);

/// Why an address cannot be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookUrlError {
    /// Not an absolute address.
    #[error("the webhook address is not a URL")]
    NotAUrl,
    /// Banks call over TLS only.
    #[error("the webhook address must be https")]
    NotHttps,
    /// The bank would call `.../pix/pix`.
    #[error("the webhook address must not end in /pix; the bank appends it")]
    EndsInPix,
    /// The bank would append `/pix` behind the query.
    #[error("the webhook address must have no query or fragment; the bank appends /pix behind it")]
    HasQuery,
}

impl WebhookUrl {
    /// Checks an address before any bank sees it. Plain HTTP is taken on loopback only.
    ///
    /// # Errors
    /// As [`WebhookUrlError`] says.
    pub fn parse(text: &str) -> Result<Self, WebhookUrlError> {
        let url = Url::parse(text).map_err(|_| WebhookUrlError::NotAUrl)?;
        if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(&url)) {
            return Err(WebhookUrlError::NotHttps);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(WebhookUrlError::HasQuery);
        }
        let path = url.path().trim_end_matches('/');
        if path.to_ascii_lowercase().ends_with("/pix") {
            return Err(WebhookUrlError::EndsInPix);
        }
        // A trailing slash would make it `//pix`.
        Ok(Self(text.trim_end_matches('/').into()))
    }

    /// The address. It may hold a secret segment.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// How the bank proves itself when it calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookAuth {
    /// With its client certificate, as the specification demands.
    MutualTls,
    /// Without; needs [`Quirk::WebhookWithoutMtls`] from the bank and from the operator.
    WithoutMtls,
}

impl PspClient {
    /// `PUT /webhook/{chave}`: registers or replaces.
    ///
    /// # Errors
    /// [`PixError::QuirkNotAccepted`], before anything is sent, when `auth` needs an opt-in that
    /// is missing; otherwise as [`PixError`] says.
    pub async fn put_webhook(
        &self,
        chave: &PixKey,
        url: &WebhookUrl,
        auth: WebhookAuth,
    ) -> Result<(), PixError> {
        let body = WebhookSolicitado { webhook_url: url.0.clone() };
        let mut call = Call::put("put_webhook", vec!["webhook", chave.as_str()], &body);
        // Source: API Pix 2.9.0 answers this PUT with 200; some banks say 201 or 204.
        call.done = Some(&[200, 201, 204]);
        if auth == WebhookAuth::WithoutMtls {
            self.check_quirk(Quirk::WebhookWithoutMtls)?;
            call.header = Some(("x-skip-mtls-checking", "true"));
        }
        self.bytes(call).await.map(drop)
    }

    /// `GET /webhook/{chave}`. Worth asking daily: a bank may drop a registration by itself.
    ///
    /// # Errors
    /// As [`PixError`] says.
    pub async fn get_webhook(&self, chave: &PixKey) -> Result<WebhookCompleto, PixError> {
        self.json(Call::get("get_webhook", vec!["webhook", chave.as_str()])).await
    }

    /// `DELETE /webhook/{chave}`. A registration already gone is a success.
    ///
    /// # Errors
    /// As [`PixError`] says.
    pub async fn delete_webhook(&self, chave: &PixKey) -> Result<(), PixError> {
        let call = Call::delete("delete_webhook", vec!["webhook", chave.as_str()]);
        match self.bytes(call).await {
            Ok(_) | Err(PixError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn check_quirk(&self, quirk: Quirk) -> Result<(), PixError> {
        let offered = self.inner.profile.quirks().contains(&quirk);
        if offered && self.inner.options.accepted_quirks.contains(&quirk) {
            Ok(())
        } else {
            Err(PixError::QuirkNotAccepted(quirk))
        }
    }
}
