//! Tells the bank where to call back, and begins the reconciliation that finds what callbacks miss.
//!
//! Repeating it is right whenever callbacks stay away: the bank simply takes the address again.

use quita_core::ids::MerchantId;
use quita_core::merchant::{Merchant, Setup};
use quita_pix::client::WebhookAuth;
use serde::Serialize;
use serde_json::json;

use super::{
    CALLBACK_REGISTERED, Refused, Step, load, not_connected, refused_by_bank, told_before, write,
};
use crate::bus::instant;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{Answer, Request};
use crate::reconcile_payments::callback_url;

const OK: u16 = 200;

/// The registration, outside. The address itself lets whoever has it call us, so it is not shown.
#[derive(Serialize)]
struct CallbackView {
    status: &'static str,
    registered_at: String,
}

pub async fn register_callback(
    deps: &Deps,
    merchant: &MerchantId,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    if let Some(told) = told_before(deps, merchant, request).await? {
        return Ok(told);
    }
    let settings = load(deps, merchant).await?;
    let Ok(key) = settings.collecting_key() else { return Ok(Err(not_connected())) };
    let url = callback_url(&deps.config, merchant)?;
    let bank = deps.banks.of(merchant, deps.secrets.as_ref(), deps.clock.now()).await?;
    if let Err(error) = bank.put_webhook(key, &url, WebhookAuth::MutualTls).await {
        return Ok(Err(refused_by_bank("registering the callback", &error)));
    }
    write(deps, merchant, request, OK, |before, now| {
        if before.pix_key.as_ref() != Some(key) {
            return Ok(Err(Refused::Conflict(
                "the bank connection was changed meanwhile; do it again".to_owned(),
            )));
        }
        let setup = Setup { callback_at: Some(now), ..before.setup.clone() };
        let after = Merchant { setup, ..before.clone() };
        let view = CallbackView { status: "registered", registered_at: instant(now) };
        let data = json!({ "first": before.setup.callback_at.is_none() });
        let step = Step::new(after, CALLBACK_REGISTERED, data, &view)?;
        Ok(Ok(Step { reconciles: true, ..step }))
    })
    .await
}
