//! Whether the bank still calls back here, and the registration again where it does not.
//!
//! Banks drop registrations by themselves, as when a key moves. What stands there instead is not
//! kept: an address may hold a secret.

use quita_core::ids::MerchantId;
use quita_core::reconciliation::{CallbackFault, CallbackState, Step};
use quita_pix::client::{WebhookAuth, WebhookUrl};
use quita_pix::error::PixError;

use super::{Place, Taken, cut};
use crate::deps::Config;
use crate::error::{Unknown, chain};

/// What the bank appends to a registered address; some tell the address with it.
const SUFFIX: &str = "/pix";

/// The address the bank is to call back for a merchant.
///
/// # Errors
/// When the public address is none a bank would call.
pub fn callback_url(config: &Config, merchant: &MerchantId) -> Result<WebhookUrl, Unknown> {
    let path = config.signing_key.hook_path(merchant);
    WebhookUrl::parse(&format!("{}{path}", config.callback_url))
        .map_err(|error| Unknown::new("making the callback's address", error))
}

/// Looks where the bank calls back.
///
/// # Errors
/// While the bank does not answer; after some tries that is what there is to say of it.
pub(super) async fn check(at: &Place<'_>) -> Result<Taken, Unknown> {
    let state = match look(at).await {
        Ok(state) => state,
        Err(error) if at.state.passes_over() => {
            CallbackState::Unclear { reason: cut(&chain(&error)) }
        }
        Err(error) => return Err(error),
    };
    Ok(Taken::step(Step::Callback(state)))
}

async fn look(at: &Place<'_>) -> Result<CallbackState, Unknown> {
    let own = callback_url(&at.deps.config, &at.state.merchant)?;
    let key = at.settings.collecting_key();
    let key = key.map_err(|lack| Unknown::new("looking after the callback", lack))?;
    let was = match at.bank.get_webhook(key).await {
        Ok(known) if leads_to(known.webhook_url.as_str(), own.as_str()) => {
            return Ok(CallbackState::Ours);
        }
        Ok(_) => CallbackFault::Elsewhere,
        Err(PixError::NotFound) => CallbackFault::Missing,
        Err(error) => return Err(error.into()),
    };
    match at.bank.put_webhook(key, &own, WebhookAuth::MutualTls).await {
        Ok(()) => Ok(CallbackState::Repaired { was }),
        Err(PixError::Refused(problem)) => {
            tracing::error!(
                merchant.id = %at.state.merchant, error = %problem,
                "The bank does not take the callback's address of merchant `{}`", at.state.merchant
            );
            Ok(CallbackState::Unclear { reason: cut(&problem.to_string()) })
        }
        Err(error) => Err(error.into()),
    }
}

fn leads_to(registered: &str, own: &str) -> bool {
    let bare = registered.trim_end_matches('/');
    bare == own || bare.strip_suffix(SUFFIX) == Some(own)
}
