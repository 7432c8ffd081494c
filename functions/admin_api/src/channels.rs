//! Which channels a merchant writes by beside e-mail, and the tokens of them.

use std::collections::BTreeMap;

use quita_app::onboarding::set_channels::{TokensDraft, set_channels, show_channels};
use quita_core::hidden::Hidden;
use quita_core::merchant::{ChannelsDraft, SmsDraft, WhatsAppDraft};
use quita_edge::http::{answered, text};
use quita_edge::{ApiResponse, Problem};
use serde::Deserialize;

use crate::At;
use crate::merchants::refused;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChannelsBody {
    whatsapp: Option<WhatsAppBody>,
    sms: Option<SmsBody>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WhatsAppBody {
    phone_number_id: String,
    #[serde(default)]
    templates: BTreeMap<String, TemplateBody>,
    access_token: Option<Hidden>,
    app_secret: Option<Hidden>,
    verify_token: Option<Hidden>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplateBody {
    name: String,
    language: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SmsBody {
    origination: String,
}

pub(crate) async fn show(at: &At<'_>) -> Result<ApiResponse, Problem> {
    Ok(text(200, "application/json", show_channels(at.deps, at.merchant).await?))
}

pub(crate) async fn set(at: &At<'_>) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("set_channels")?;
    let ChannelsBody { whatsapp, sms } = at.call.json()?;
    let mut tokens = TokensDraft::default();
    let whatsapp = whatsapp.map(|body| {
        tokens = TokensDraft {
            access_token: body.access_token,
            app_secret: body.app_secret,
            verify_token: body.verify_token,
        };
        let template = |(kind, it): (String, TemplateBody)| (kind, (it.name, it.language));
        let templates = body.templates.into_iter().map(template).collect();
        WhatsAppDraft { phone_number_id: body.phone_number_id, templates }
    });
    let sms = sms.map(|body| SmsDraft { origination: body.origination });
    let draft = ChannelsDraft { whatsapp, sms };
    let outcome = set_channels(at.deps, at.merchant, &draft, &tokens, &request).await?;
    outcome.map(answered).map_err(refused)
}
