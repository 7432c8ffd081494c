//! `/_local/exceptions`: payments that wait for a person, with what to post, and the books.
//!
//! Owns nothing: it shows what the API answers. Deciding is left to the API, which is what a
//! merchant's system calls.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use quita_app::ports::Clock;
use quita_core::money::Money;
use serde::Serialize;
use serde_json::Value;

use super::api::call;
use super::start::page_of;
use super::{format, page};
use crate::answer::{list, money as amount, text};
use crate::app::App;

/// Exceptions shown.
const EXCEPTIONS_MAX: usize = 25;

#[derive(Serialize)]
struct Content {
    url: String,
    api_key: String,
    exceptions: Vec<Exception>,
    has_more: bool,
    accounts: Vec<Account>,
    debits: String,
    credits: String,
    /// What the API said when it could not answer.
    fault: Option<String>,
}

#[derive(Serialize)]
struct Exception {
    id: String,
    reason: String,
    amount: String,
    /// What still has no place, as people read it and as it is posted; `None` for nothing.
    free: Option<Free>,
    paid_at: String,
    waits: String,
    payer: Option<String>,
    txid: Option<String>,
    assignee: Option<String>,
    invoice_id: Option<String>,
    expected: Option<Expected>,
    page: Option<String>,
    is_pix: bool,
}

#[derive(Serialize)]
struct Free {
    shown: String,
    plain: String,
}

/// What the charge that it names asked for, and how that debt stands.
#[derive(Serialize)]
struct Expected {
    amount: String,
    status: String,
}

#[derive(Serialize)]
struct Account {
    name: String,
    debit: Option<String>,
    credit: Option<String>,
}

pub async fn show(State(app): State<Arc<App>>) -> Response {
    let now = app.clock.now();
    let queue = format!("/v1/exceptions?limit={EXCEPTIONS_MAX}");
    let waiting = call(&app, "GET", &queue, None).await;
    let trial = call(&app, "GET", "/v1/trial_balance", None).await;
    let fault = [&waiting, &trial].into_iter().find_map(|answer| answer.clone().err());
    let (waiting, trial) = (waiting.unwrap_or_default(), trial.unwrap_or_default());
    let balances: Vec<(String, Money)> = list(&trial["accounts"])
        .iter()
        .map(|account| (text(&account["account"]), amount(&account["balance"])))
        .filter(|(_, balance)| !balance.is_zero())
        .collect();
    let debits = balances.iter().map(|it| it.1).filter(|it| it.is_positive()).sum::<Money>();
    let credits = balances.iter().map(|it| -it.1).filter(|it| it.is_positive()).sum::<Money>();
    let content = Content {
        url: app.public_url.clone(),
        api_key: app.api_key.clone(),
        exceptions: list(&waiting["items"]).iter().map(|it| exception(&app, it, now)).collect(),
        has_more: waiting["next_cursor"].is_string(),
        accounts: balances.into_iter().map(account).collect(),
        debits: debits.in_english(),
        credits: credits.in_english(),
        fault,
    };
    page(&app, "exceptions.html", "exceptions", content)
}

fn exception(app: &App, exception: &Value, now: DateTime<Utc>) -> Exception {
    let instant = |value: &Value| value.as_str().and_then(|it| it.parse::<DateTime<Utc>>().ok());
    let payment = &exception["payment"];
    let since = instant(&exception["since"]).unwrap_or(now);
    let invoice_id = payment["invoice_id"].as_str().map(str::to_owned);
    Exception {
        id: text(&payment["id"]),
        reason: text(&exception["reason"]).replace('_', " "),
        amount: amount(&payment["amount"]).in_english(),
        free: Some(amount(&payment["unidentified"]))
            .filter(|free| free.is_positive())
            .map(|free| Free { shown: free.in_english(), plain: free.to_string() }),
        paid_at: instant(&payment["paid_at"]).map(format::moment).unwrap_or_default(),
        waits: format::ahead(now - since).unwrap_or_else(|| "a moment".to_owned()),
        payer: payment["payer"]["name"].as_str().map(str::to_owned),
        txid: payment["txid"].as_str().map(str::to_owned),
        assignee: exception["assignee"].as_str().map(str::to_owned),
        expected: exception["expected"]["amount"].as_str().map(|_| Expected {
            amount: amount(&exception["expected"]["amount"]).in_english(),
            status: text(&exception["expected"]["status"]).replace('_', " "),
        }),
        page: invoice_id.as_deref().and_then(|id| page_of(app, id)),
        invoice_id,
        is_pix: payment["method"] == "pix",
    }
}

fn account((name, balance): (String, Money)) -> Account {
    let is_debit = balance.is_positive();
    Account {
        name: name.replace('_', " "),
        debit: is_debit.then(|| balance.in_english()),
        credit: (!is_debit).then(|| (-balance).in_english()),
    }
}
