//! What a start prints: addresses and the key, for a person or as JSON.

use std::path::Path;

use quita_app::links::{PageLink, Scope};
use quita_table::keys::InvoiceState;
use serde_json::{Value, json};

use crate::app::App;
use crate::merchant;

/// For a person.
pub fn plain(app: &App, data: &Path) -> String {
    let App { public_url: url, api_key, operator_key, .. } = app;
    let bank = match &app.bank {
        Some(_) => format!("{url}/_local/bank   the sandbox: pay, underpay, refund"),
        None => "another bank, as given with --psp-url".to_owned(),
    };
    format!(
        "Quita runs on this machine. Data: {}\n\n  \
         Start here   {url}/\n  \
         API          {url}/v1\n  \
         API key      {api_key}\n  \
         Operator     {operator_key}   creates merchants: POST /v1/merchants\n  \
         Bank         {bank}\n  \
         Mail         {url}/_local/mail   every message as the customer sees it\n  \
         Exceptions   {url}/_local/exceptions   money that waits for a person, and the books\n  \
         Clock        {url}/_local/clock   move time; sweeps run as they would\n\n\
         Stop with Ctrl-C; the data stays.\n",
        data.display()
    )
}

/// For a program: one line.
pub async fn json(app: &App) -> String {
    let url = &app.public_url;
    let mut line = json!({
        "api": url,
        "api_key": app.api_key,
        "operator_key": app.operator_key,
        "bank": format!("{url}/_local/bank"),
        "mail": format!("{url}/_local/mail"),
        "clock": format!("{url}/_local/clock"),
    });
    if let Some(page) = some_page(app).await {
        line["portal_example"] = Value::String(page);
    }
    format!("{line}\n")
}

/// The pay page of an invoice, when there is one.
pub async fn some_page(app: &App) -> Option<String> {
    let deps = app.machine.deps();
    let states = InvoiceState::ALL;
    let page = deps.store.invoices_by_status(&merchant::id(), &states, 1, None).await;
    let invoice = page.ok()?.items.into_iter().next()?;
    let link = PageLink::to(&invoice, Scope::Act, deps.clock.now());
    let path = deps.config.signing_key.page_path(&link);
    Some(format!("{}{path}", app.public_url))
}
