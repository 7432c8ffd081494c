//! What the next sweep would do.

use chrono::{DateTime, Utc};
use quita_app::Deps;
use quita_app::chase_invoice::dry_run::{INVOICES_MAX, Which, dry_run};
use quita_core::ids::{CustomerId, InvoiceId, MerchantId};
use quita_core::violation::Violation;
use quita_edge::http::json;
use quita_edge::problem::of_list;
use quita_edge::{ApiResponse, Call, Problem};
use quita_table::Cursor;
use serde::Deserialize;

/// Invoices of an answer where nobody says how many.
const LIMIT: usize = 20;

/// `POST /v1/sweeps/dry_run`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DryRunBody {
    at: Option<String>,
    customer_id: Option<String>,
    invoice_ids: Option<Vec<String>>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// As it is asked for.
struct Asked {
    at: Option<DateTime<Utc>>,
    which: Which,
    limit: usize,
    cursor: Option<Cursor>,
}

impl DryRunBody {
    fn parse(self) -> Result<Asked, Problem> {
        let mut faults = Vec::new();
        let mut fault = |property: &str, hint: String| faults.push(Violation::new(property, hint));
        let at = self.at.as_deref().and_then(|text| {
            let parsed = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc());
            parsed
                .map_err(|_| fault("at", "use RFC 3339, such as 2026-12-10T12:00:00Z".into()))
                .ok()
        });
        let limit = self.limit.unwrap_or(LIMIT);
        if !(1..=INVOICES_MAX).contains(&limit) {
            fault("limit", format!("use 1 to {INVOICES_MAX}"));
        }
        let cursor = self.cursor.as_deref().and_then(|text| {
            let parsed = Cursor::parse(text);
            parsed.map_err(|error| fault("cursor", error.to_string())).ok()
        });
        let mut which = Which::Open;
        if let Some(text) = &self.customer_id {
            match CustomerId::parse(text) {
                Ok(id) => which = Which::OfCustomer(id),
                Err(error) => fault("customer_id", error.to_string()),
            }
        }
        if let Some(texts) = &self.invoice_ids {
            if self.customer_id.is_some() {
                fault("invoice_ids", "give either invoice_ids or customer_id".to_owned());
            }
            if texts.is_empty() || texts.len() > INVOICES_MAX {
                fault("invoice_ids", format!("give 1 to {INVOICES_MAX}"));
            }
            let mut ids: Vec<InvoiceId> = Vec::new();
            for (nth, text) in texts.iter().enumerate() {
                match InvoiceId::parse(text) {
                    Ok(id) if ids.contains(&id) => {}
                    Ok(id) => ids.push(id),
                    Err(error) => fault(&format!("invoice_ids[{nth}]"), error.to_string()),
                }
            }
            which = Which::Invoices(ids);
        }
        if faults.is_empty() {
            Ok(Asked { at, which, limit, cursor })
        } else {
            Err(Problem::Invalid(faults))
        }
    }
}

pub async fn dry(deps: &Deps, merchant: &MerchantId, call: &Call) -> Result<ApiResponse, Problem> {
    let Asked { at, which, limit, cursor } = call.json::<DryRunBody>()?.parse()?;
    let at = at.unwrap_or_else(|| deps.clock.now());
    let told = dry_run(deps, merchant, &which, at, limit, cursor.as_ref()).await?;
    Ok(json(200, &told.map_err(of_list)?))
}
