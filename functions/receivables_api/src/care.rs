//! How the chase treats a customer, and which rule it chases an invoice by.

use quita_app::customer_care::{self, change_care};
use quita_app::rules::move_invoice::{MoveDraft, move_invoice};
use quita_app::rules::publish;
use quita_app::rules::segments::{recompute_segments, set_segment};
use quita_core::care::{CareDraft, ContactDraft, PauseDraft};
use quita_core::ids::{CustomerId, InvoiceId};
use quita_edge::http::{answered, json};
use quita_edge::{ApiResponse, Problem, auth};
use serde::{Deserialize, Deserializer};

use crate::At;

/// A part that is left out stays; one that is `null` is taken away.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CareBody {
    contacts: Option<Vec<ContactBody>>,
    tier: Option<String>,
    #[serde(default, deserialize_with = "given")]
    excluded: Option<Option<ReasonBody>>,
    #[serde(default, deserialize_with = "given")]
    paused: Option<Option<PauseBody>>,
    whatsapp_consent: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContactBody {
    name: String,
    audience: String,
    email: Option<String>,
    phone: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReasonBody {
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PauseBody {
    reason: String,
    until: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SegmentBody {
    segment: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleBody {
    rule: Option<String>,
    version: Option<u32>,
}

/// A field that is there, be it `null`.
fn given<'de, D, T>(field: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(field).map(Some)
}

impl CareBody {
    fn draft(self) -> CareDraft {
        let contact = |body: ContactBody| {
            let ContactBody { name, audience, email, phone } = body;
            ContactDraft { name, audience, email, phone }
        };
        let pause = |body: PauseBody| PauseDraft { reason: body.reason, until: body.until };
        CareDraft {
            contacts: self.contacts.map(|list| list.into_iter().map(contact).collect()),
            tier: self.tier,
            excluded: self.excluded.map(|body| body.map(|body| body.reason)),
            paused: self.paused.map(|body| body.map(pause)),
            whatsapp_consent: self.whatsapp_consent,
        }
    }
}

pub(crate) async fn change(at: &At<'_>, id: &str) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("change_care")?;
    let id = CustomerId::parse(id).map_err(|_| Problem::NotFound)?;
    let draft = at.call.json::<CareBody>()?.draft();
    match change_care(at.deps, at.merchant, &id, &draft, &request).await? {
        Ok(answer) => Ok(answered(answer)),
        Err(customer_care::Refused::Invalid(violations)) => Err(Problem::Invalid(violations)),
        Err(customer_care::Refused::NotFound) => Err(Problem::NotFound),
        Err(customer_care::Refused::Conflict(detail)) => Err(Problem::Conflict { detail }),
        Err(customer_care::Refused::KeyReused) => Err(Problem::IdempotencyKeyReused),
    }
}

pub(crate) async fn segment(at: &At<'_>, id: &str) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("set_segment")?;
    let id = CustomerId::parse(id).map_err(|_| Problem::NotFound)?;
    let SegmentBody { segment } = at.call.json()?;
    let outcome = set_segment(at.deps, at.merchant, &id, segment.as_deref(), &request).await?;
    outcome.map(answered).map_err(refused)
}

pub(crate) async fn rule(at: &At<'_>, id: &str) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("move_invoice")?;
    let id = InvoiceId::parse(id).map_err(|_| Problem::NotFound)?;
    let RuleBody { rule, version } = at.call.json()?;
    let draft = MoveDraft { rule, version };
    let outcome = move_invoice(at.deps, at.merchant, &id, &draft, &request).await?;
    outcome.map(answered).map_err(refused)
}

/// Finds the segments of a page of customers anew; doing it twice is the same.
pub(crate) async fn recompute(at: &At<'_>) -> Result<ApiResponse, Problem> {
    let (_, cursor) = at.call.page()?;
    let actor = &auth::caller(at.call)?.principal;
    let view = recompute_segments(at.deps, at.merchant, cursor.as_ref(), actor).await?;
    Ok(json(200, &view))
}

fn refused(refused: publish::Refused) -> Problem {
    match refused {
        publish::Refused::Invalid(violations) => Problem::Invalid(violations),
        publish::Refused::NotFound => Problem::NotFound,
        publish::Refused::Conflict(detail) => Problem::Conflict { detail },
        publish::Refused::KeyReused => Problem::IdempotencyKeyReused,
    }
}
