//! Events of Amazon SES (EventBridge) and `POST /whatsapp/{hook}` (Meta's callback) -> what became of
//! a message, on its row of the ledger; `GET /whatsapp/{hook}` -> the answer by which Meta knows the
//! address for the merchant's.
//!
//! Both deliver at least once and in any order; a row takes each sign once and never moves back. An
//! event that cannot be recorded is given again by the bus, a callback by Meta.

mod wake;

use http::Method;
use quita_app::evidence::whatsapp::{BODY_BYTES_MAX, NotTaken, challenge, take_callback};
use quita_app::evidence::{record_evidence, ses};
use quita_app::{Deps, Unknown, metrics};
use quita_core::ids::MerchantId;
use quita_edge::http::text;
use quita_edge::{ApiRequest, ApiResponse, Call, Problem};
use serde_json::Value;

pub use wake::{UnknownWake, Wake};

/// The signature of a callback.
const SIGNATURE: &str = "x-hub-signature-256";
const PLAIN: &str = "text/plain; charset=utf-8";

pub async fn handle(deps: &Deps, wake: Wake) -> Result<Option<ApiResponse>, Unknown> {
    match wake {
        Wake::Http(request) => Ok(Some(answer(deps, *request).await)),
        Wake::Mail(detail) => hear_mail(deps, detail).await.map(|()| None),
    }
}

async fn hear_mail(deps: &Deps, detail: Value) -> Result<(), Unknown> {
    let Some(told) = ses::read(detail)? else {
        metrics::evidence_heard("ignored");
        return Ok(());
    };
    let recorded = record_evidence(deps, &told).await?;
    tracing::info!(invoice.id = %told.tag.invoice, ?recorded, "Heard of a message");
    Ok(())
}

async fn answer(deps: &Deps, request: ApiRequest) -> ApiResponse {
    Call::serve(request, BODY_BYTES_MAX, |call| async move { of_whatsapp(deps, &call).await }).await
}

async fn of_whatsapp(deps: &Deps, call: &Call) -> Result<ApiResponse, Problem> {
    let merchant = receiver(deps, call)?;
    tracing::Span::current().record("merchant.id", merchant.as_str());
    if call.method() == Method::GET {
        return verify(deps, &merchant, call).await;
    }
    let taken = take_callback(deps, &merchant, call.body(), call.header(SIGNATURE)).await?;
    match taken {
        Ok(taken) => {
            tracing::info!(?taken, "Took a callback of WhatsApp");
            Ok(text(200, PLAIN, String::new()))
        }
        Err(NotTaken::Forged) => Err(Problem::Unauthorized),
        Err(NotTaken::Malformed) => {
            Err(Problem::Malformed { detail: "this is no callback of the Cloud API".to_owned() })
        }
    }
}

/// The merchant whose secret address was called.
fn receiver(deps: &Deps, call: &Call) -> Result<MerchantId, Problem> {
    let segments = call.segments();
    let ["whatsapp", hook] = segments.as_slice() else { return Err(Problem::NotFound) };
    if call.method() != Method::POST && call.method() != Method::GET {
        return Err(Problem::MethodNotAllowed);
    }
    deps.config.signing_key.open_whatsapp(hook).ok_or(Problem::Unauthorized)
}

async fn verify(deps: &Deps, merchant: &MerchantId, call: &Call) -> Result<ApiResponse, Problem> {
    let asked = |name: &str| call.query(name).unwrap_or_default();
    let (mode, token) = (asked("hub.mode"), asked("hub.verify_token"));
    match challenge(deps, merchant, mode, token, asked("hub.challenge")).await? {
        Some(challenge) => Ok(text(200, PLAIN, challenge.to_owned())),
        None => Err(Problem::Unauthorized),
    }
}
