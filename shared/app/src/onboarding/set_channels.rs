//! WhatsApp and SMS: whose number writes, and the tokens of it.
//!
//! ```text
//!   check all ──> tokens into the secret ──> merchant's row
//! ```
//!
//! Owns the order of the two writes: the secret is written before the row, so a channel that is set
//! up has its tokens; if the row then fails, a repeat writes the same secret again and the row. Does
//! not own what a channel needs ([`ChannelsDraft`]). No answer, row or log repeats a token.

use std::collections::BTreeMap;

use quita_core::hidden::Hidden;
use quita_core::ids::MerchantId;
use quita_core::merchant::{ApprovedTemplateRef, Channels, ChannelsDraft, Merchant};
use quita_core::violation::Violation;
use serde::Serialize;
use serde_json::json;

use super::{Refused, Step, load, told_before, write};
use crate::channels::whatsapp::{WhatsAppAccess, secret_name};
use crate::deps::{Config, Deps};
use crate::error::{Unknown, chain};
use crate::idempotency::{Answer, Request};
use crate::settings;

const OK: u16 = 200;
/// Longest token; Meta's have some hundred characters.
const TOKEN_BYTES_MAX: usize = 1024;

/// The tokens of a number on WhatsApp as typed: all three, or none to keep those there are.
#[derive(Clone, Default)]
pub struct TokensDraft {
    pub access_token: Option<Hidden>,
    pub app_secret: Option<Hidden>,
    pub verify_token: Option<Hidden>,
}

/// The channels, outside: nothing that opens one.
#[derive(Debug, Serialize)]
pub struct ChannelsView<'a> {
    whatsapp: Option<WhatsAppView<'a>>,
    sms: Option<SmsView<'a>>,
    /// Whether the team's own chat is set, which is part of the profile.
    chat_webhook_set: bool,
}

#[derive(Debug, Serialize)]
struct WhatsAppView<'a> {
    phone_number_id: &'a str,
    /// What Meta's webhook is pointed at. Who has it cannot use it without the app secret.
    callback_url: String,
    templates: &'a BTreeMap<String, ApprovedTemplateRef>,
}

#[derive(Debug, Serialize)]
struct SmsView<'a> {
    origination: &'a str,
}

impl<'a> ChannelsView<'a> {
    fn of(merchant: &'a Merchant, config: &Config) -> Self {
        let Channels { whatsapp, sms } = &merchant.channels;
        let path = config.signing_key.whatsapp_path(&merchant.merchant);
        Self {
            whatsapp: whatsapp.as_ref().map(|sender| WhatsAppView {
                phone_number_id: &sender.phone_number_id,
                callback_url: format!("{}{path}", config.public_url),
                templates: &sender.templates,
            }),
            sms: sms.as_ref().map(|sender| SmsView { origination: &sender.origination }),
            chat_webhook_set: merchant.chat_webhook.is_some(),
        }
    }
}

impl TokensDraft {
    /// The tokens to keep, if any were given.
    fn check(&self, faults: &mut Vec<Violation>) -> Option<WhatsAppAccess> {
        let fields = [
            ("access_token", &self.access_token),
            ("app_secret", &self.app_secret),
            ("verify_token", &self.verify_token),
        ];
        if fields.iter().all(|(_, token)| token.is_none()) {
            return None;
        }
        for (name, token) in fields {
            let property = format!("whatsapp.{name}");
            match token.as_ref().map(|token| token.as_str()) {
                None => {
                    let reason = "give all three tokens together, or none to keep those there are";
                    faults.push(Violation::new(property, reason));
                }
                Some(token) if !is_token(token) => {
                    let reason = format!(
                        "use it as Meta shows it, without spaces, at most {TOKEN_BYTES_MAX} \
                         characters"
                    );
                    faults.push(Violation::new(property, reason));
                }
                Some(_) => {}
            }
        }
        let Self { access_token, app_secret, verify_token } = self.clone();
        Some(WhatsAppAccess {
            access_token: access_token?,
            app_secret: app_secret?,
            verify_token: verify_token?,
        })
    }
}

fn is_token(text: &str) -> bool {
    (1..=TOKEN_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The channels, as JSON.
pub async fn show_channels(deps: &Deps, merchant: &MerchantId) -> Result<String, Unknown> {
    let merchant = load(deps, merchant).await?;
    super::body(&ChannelsView::of(&merchant, &deps.config))
}

/// Sets every channel; one that the draft leaves out is not used any more.
pub async fn set_channels(
    deps: &Deps,
    merchant: &MerchantId,
    draft: &ChannelsDraft,
    tokens: &TokensDraft,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let mut faults = Vec::new();
    let access = tokens.check(&mut faults);
    let channels = match draft.check() {
        Ok(channels) if faults.is_empty() => channels,
        Ok(_) => return Ok(Err(Refused::Invalid(faults))),
        Err(more) => {
            return Ok(Err(Refused::Invalid(more.into_iter().chain(faults).collect())));
        }
    };
    if let Some(told) = told_before(deps, merchant, request).await? {
        return Ok(told);
    }
    let is_new = load(deps, merchant).await?.channels.whatsapp.is_none();
    match access {
        Some(access) => {
            if let Err(refused) = keep(deps, merchant, &access).await? {
                return Ok(Err(refused));
            }
        }
        None if is_new && channels.whatsapp.is_some() => {
            let reason = "give the three tokens of the number when WhatsApp is set up";
            return Ok(Err(Refused::of("whatsapp.access_token", reason)));
        }
        None => {}
    }
    write(deps, merchant, request, OK, |before, now| {
        let after = Merchant { channels: channels.clone(), ..before.clone() };
        let row = settings::changed(before, &after, &request.actor, now);
        let fields = row.data.get("fields").cloned().unwrap_or_default();
        let view = ChannelsView::of(&after, &deps.config);
        let step = Step::new(after.clone(), settings::CHANGED, json!({ "fields": fields }), &view);
        Ok(Ok(step?))
    })
    .await
}

async fn keep(
    deps: &Deps,
    merchant: &MerchantId,
    access: &WhatsAppAccess,
) -> Result<Result<(), Refused>, Unknown> {
    let secret = access.to_secret()?;
    Ok(deps.secrets.put(&secret_name(merchant), &secret).await.map_err(|error| {
        tracing::error!(
            merchant.id = %merchant, error = chain(&error),
            "The WhatsApp tokens of merchant `{merchant}` were not kept"
        );
        let why = "the tokens could not be kept; repeat the request with the same key";
        Refused::NotNow(why.to_owned())
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(access: Option<&str>, app: Option<&str>, verify: Option<&str>) -> TokensDraft {
        let token = |text: Option<&str>| text.map(Hidden::from);
        TokensDraft {
            access_token: token(access),
            app_secret: token(app),
            verify_token: token(verify),
        }
    }

    #[test]
    fn tokens_are_kept_in_part_or_with_a_line_break() {
        let check = |draft: TokensDraft, expected: &[&str]| {
            let mut faults = Vec::new();
            let kept = draft.check(&mut faults);
            let found: Vec<&str> = faults.iter().map(|fault| fault.property.as_str()).collect();
            assert_eq!(found, expected);
            kept
        };
        assert_eq!(check(tokens(None, None, None), &[]), None);
        assert!(check(tokens(Some("a"), Some("b"), Some("c")), &[]).is_some());
        let rest = ["whatsapp.app_secret", "whatsapp.verify_token"];
        check(tokens(Some("a"), None, None), &rest);
        check(
            tokens(Some("a\n"), Some("b"), Some("")),
            &["whatsapp.access_token", "whatsapp.verify_token"],
        );
    }
}
