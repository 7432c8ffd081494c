//! `/`: where everything is, the key, and what to try.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Days, Utc};
use quita_app::links::{PAGE_MONTHS, PageLink, Scope, last_day_after};
use quita_app::ports::Clock;
use quita_core::ids::{InvoiceId, Txid};
use quita_core::invoice::Invoice;
use quita_core::zone::{SAO_PAULO, civil_date};
use quita_table::keys::InvoiceState;
use serde::Serialize;
use serde_json::json;

use super::api::call;
use super::{done, page};
use crate::app::App;
use crate::merchant;

/// Invoices shown.
const INVOICES_MAX: usize = 12;
/// Days until the example invoice is due.
const EXAMPLE_DUE_DAYS: u64 = 10;

#[derive(Serialize)]
struct Start {
    url: String,
    api_key: String,
    has_sandbox: bool,
    example_due: String,
    invoices: Vec<Row>,
    messages: u64,
    dead_letters: Vec<Letter>,
}

#[derive(Serialize)]
struct Row {
    number: String,
    customer: String,
    amount: String,
    status: &'static str,
    page: String,
}

#[derive(Serialize)]
struct Letter {
    event: String,
    function: String,
    error: String,
}

pub async fn show(State(app): State<Arc<App>>) -> Response {
    let deps = app.machine.deps();
    let now = app.clock.now();
    let states = InvoiceState::ALL;
    let found = deps.store.invoices_by_status(&merchant::id(), &states, INVOICES_MAX, None).await;
    let invoices = found.map(|page| page.items).unwrap_or_default();
    let letters = app.machine.dead_letters();
    let content = Start {
        url: app.public_url.clone(),
        api_key: app.api_key.clone(),
        has_sandbox: app.bank.is_some(),
        example_due: example_due(now),
        invoices: invoices.iter().map(|invoice| row(&app, invoice, now)).collect(),
        messages: app.mailbox.last_number(),
        dead_letters: letters
            .into_iter()
            .map(|letter| Letter {
                event: letter.event.detail_type,
                function: letter.function,
                error: letter.error,
            })
            .collect(),
    };
    page(&app, "start.html", "start", content)
}

fn row(app: &App, invoice: &Invoice, now: DateTime<Utc>) -> Row {
    let link = PageLink::to(invoice, Scope::Act, now);
    let path = app.machine.deps().config.signing_key.page_path(&link);
    Row {
        number: invoice.number.clone(),
        customer: invoice.bill_to.name.clone(),
        amount: invoice.amount().in_english(),
        status: invoice.status(invoice.civil_date(now)).as_str(),
        page: path,
    }
}

fn example_due(now: DateTime<Utc>) -> String {
    let today = civil_date(now, SAO_PAULO);
    today.checked_add_days(Days::new(EXAMPLE_DUE_DAYS)).unwrap_or(today).to_string()
}

/// Creates a customer, when there is none, and an invoice, through the API itself.
pub async fn example(State(app): State<Arc<App>>) -> Response {
    match create_example(&app).await {
        Ok(number) => {
            app.wake.notify_one();
            done(&app, format!("Invoice {number} is created; its first e-mail is on its way."), "/")
        }
        Err(why) => done(&app, format!("No invoice was created: {why}"), "/"),
    }
}

async fn create_example(app: &App) -> Result<String, String> {
    let known = call(app, "GET", "/v1/customers?limit=1", None).await?;
    let customer = match known["items"][0]["id"].as_str() {
        Some(id) => id.to_owned(),
        None => {
            let body = json!({
                "name": "Padaria Três Irmãos Ltda",
                "document": "11.444.777/0001-61",
                "emails": ["financeiro@tresirmaos.example.com"],
                "address": {
                    "street": "Rua Augusta, 1500",
                    "city": "São Paulo",
                    "state": "SP",
                    "postal_code": "01304-001",
                },
            });
            let created = call(app, "POST", "/v1/customers", Some(body)).await?;
            created["id"].as_str().unwrap_or_default().to_owned()
        }
    };
    let now = app.clock.now();
    let number = format!("EX-{}", now.with_timezone(&SAO_PAULO).format("%m%d-%H%M%S"));
    let body = json!({
        "customer_id": customer,
        "number": number,
        "description": "Manutenção mensal de equipamentos",
        "amount": "1500.00",
        "due_date": example_due(now),
        "late_fee": { "type": "percent", "value": "2.00" },
        "interest": { "type": "percent_per_month", "value": "1.00" },
    });
    call(app, "POST", "/v1/invoices", Some(body)).await?;
    Ok(number)
}

/// Hands the events that were given up to their functions again.
pub async fn redrive(State(app): State<Arc<App>>) -> Response {
    let count = app.machine.redrive();
    app.wake.notify_one();
    done(&app, format!("{count} events are handled again."), "/")
}

/// For other pages: the pay page of an invoice by the charge's txid.
pub fn pay_page(app: &App, txid: &str) -> Option<String> {
    let charge = Txid::parse(txid).ok()?.charge_ref()?;
    page_of(app, charge.invoice.as_str())
}

/// For other pages: the pay page of an invoice whose links were never revoked.
pub fn page_of(app: &App, invoice: &str) -> Option<String> {
    let id = InvoiceId::parse(invoice).ok()?;
    let deps = app.machine.deps();
    let today = civil_date(deps.clock.now(), SAO_PAULO);
    let link = PageLink {
        merchant: merchant::id(),
        invoice: id,
        scope: Scope::Act,
        expires_on: last_day_after(today, PAGE_MONTHS),
        generation: 0,
    };
    Some(deps.config.signing_key.page_path(&link))
}
