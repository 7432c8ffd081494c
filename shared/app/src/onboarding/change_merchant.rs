//! The merchant as its own people see it, and what payers see of it.
//!
//! Invoices keep the calendar they were issued under; everything else shows at once.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use quita_core::customer::Locale;
use quita_core::ids::MerchantId;
use quita_core::merchant::{Merchant, Mode, ProfileDraft};
use serde::Serialize;
use serde_json::json;

use super::{Refused, Step, load, what_to_do, write};
use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{Answer, Request};
use crate::settings;

const OK: u16 = 200;

/// A merchant, outside. The chat's address opens the chat, so only whether there is one is told.
#[derive(Serialize)]
pub struct MerchantView<'a> {
    id: &'a MerchantId,
    name: &'a str,
    document: &'a str,
    city: &'a str,
    mode: Mode,
    locale: Locale,
    brand_colour: Option<&'a str>,
    logo_url: Option<&'a str>,
    sender_name: Option<&'a str>,
    signature: Option<&'a str>,
    chat_webhook_set: bool,
    daily_digest: bool,
    extra_holidays: &'a BTreeSet<NaiveDate>,
    from: Option<&'a str>,
    reply_to: Option<&'a str>,
    /// Whether an invoice can be issued.
    can_issue: bool,
    /// What to do first where it cannot.
    what_to_do: Vec<&'static str>,
}

impl<'a> MerchantView<'a> {
    pub(super) fn of(merchant: &'a Merchant) -> Self {
        let lacks = merchant.lacks();
        Self {
            id: &merchant.merchant,
            name: &merchant.name,
            document: merchant.document.as_str(),
            city: &merchant.city,
            mode: merchant.mode,
            locale: merchant.locale,
            brand_colour: merchant.brand_colour.as_deref(),
            logo_url: merchant.brand.logo.as_deref(),
            sender_name: merchant.brand.sender_name.as_deref(),
            signature: merchant.brand.signature.as_deref(),
            chat_webhook_set: merchant.chat_webhook.is_some(),
            daily_digest: merchant.daily_digest,
            extra_holidays: &merchant.issuing.extra_holidays,
            from: merchant.from.as_ref().map(|from| from.as_str()),
            reply_to: merchant.reply_to.as_ref().map(|to| to.as_str()),
            can_issue: lacks.is_empty(),
            what_to_do: lacks.into_iter().map(what_to_do).collect(),
        }
    }
}

/// The merchant, as JSON.
pub async fn show_merchant(deps: &Deps, merchant: &MerchantId) -> Result<String, Unknown> {
    let merchant = load(deps, merchant).await?;
    super::body(&MerchantView::of(&merchant))
}

/// Changes the fields that the draft names.
pub async fn change_merchant(
    deps: &Deps,
    merchant: &MerchantId,
    draft: &ProfileDraft,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    write(deps, merchant, request, OK, |before, now| {
        let after = match draft.apply(before) {
            Ok(after) => after,
            Err(faults) => return Ok(Err(Refused::Invalid(faults))),
        };
        let row = settings::changed(before, &after, &request.actor, now);
        let fields = row.data.get("fields").cloned().unwrap_or_default();
        let view = MerchantView::of(&after);
        let step = Step::new(after.clone(), settings::CHANGED, json!({ "fields": fields }), &view);
        Ok(Ok(step?))
    })
    .await
}
