//! Merchants: created by the operator, looked at and changed by their own people.

use quita_app::Deps;
use quita_app::onboarding::Refused;
use quita_app::onboarding::change_merchant::{change_merchant, show_merchant};
use quita_app::onboarding::create_merchant::{CreateDraft, create_merchant};
use quita_core::merchant::{BrandDraft, MerchantDraft, ProfileDraft};
use quita_edge::http::{answered, text};
use quita_edge::{ApiResponse, Call, Problem};
use serde::{Deserialize, Deserializer};

use crate::At;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MerchantBody {
    id: String,
    name: String,
    document: String,
    city: String,
    mode: String,
    locale: Option<String>,
    admin: AdminBody,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdminBody {
    name: String,
    email: String,
}

/// A field that is left out stays; one that is `null` is taken away.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileBody {
    name: Option<String>,
    city: Option<String>,
    locale: Option<String>,
    #[serde(default, deserialize_with = "given")]
    brand_colour: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    logo_url: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    sender_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    signature: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    chat_webhook_url: Option<Option<String>>,
    daily_digest: Option<bool>,
    extra_holidays: Option<Vec<String>>,
}

/// A field that is there, be it `null`.
fn given<'de, D: Deserializer<'de>>(field: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(field).map(Some)
}

pub(crate) async fn create(deps: &Deps, call: &Call) -> Result<ApiResponse, Problem> {
    let request = call.idempotency("create_merchant")?;
    let MerchantBody { id, name, document, city, mode, locale, admin } = call.json()?;
    let draft = CreateDraft {
        merchant: MerchantDraft { id, name, document, city, mode, locale },
        admin_name: admin.name,
        admin_email: admin.email,
    };
    create_merchant(deps, &draft, &request).await?.map(answered).map_err(refused)
}

pub(crate) async fn show(at: &At<'_>) -> Result<ApiResponse, Problem> {
    Ok(text(200, "application/json", show_merchant(at.deps, at.merchant).await?))
}

pub(crate) async fn change(at: &At<'_>) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("change_merchant")?;
    let body: ProfileBody = at.call.json()?;
    let brand = BrandDraft {
        logo_url: body.logo_url,
        sender_name: body.sender_name,
        signature: body.signature,
    };
    let draft = ProfileDraft {
        name: body.name,
        city: body.city,
        locale: body.locale,
        brand_colour: body.brand_colour,
        brand,
        chat_webhook_url: body.chat_webhook_url,
        daily_digest: body.daily_digest,
        extra_holidays: body.extra_holidays,
    };
    let outcome = change_merchant(at.deps, at.merchant, &draft, &request).await?;
    outcome.map(answered).map_err(refused)
}

/// What a refusal of a step of the set-up is, outside.
pub(crate) fn refused(refused: Refused) -> Problem {
    match refused {
        Refused::Invalid(violations) => Problem::Invalid(violations),
        Refused::Conflict(detail) => Problem::Conflict { detail },
        Refused::NotNow(detail) => Problem::NotNow { detail },
        Refused::KeyReused => Problem::IdempotencyKeyReused,
    }
}
