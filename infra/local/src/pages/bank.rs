//! `/_local/bank`: the payer's side. Every charge with what it costs today, and ways to pay it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use axum::extract::{Form, State};
use axum::response::Response;
use quita_core::customer::Customer;
use quita_core::ids::{CustomerId, InvoiceId, Txid};
use quita_psp_sandbox::{
    Bank, CallbackFault, Centavos, ChargeStatus, ChargeView, PayOptions, PixView, RefundStatus,
};
use quita_table::store::ItemRef;
use serde::{Deserialize, Serialize};

use super::start::pay_page;
use super::{ROWS_MAX, done, format, page};
use crate::app::App;
use crate::merchant;

const HERE: &str = "/_local/bank";
/// Customers to choose from.
const CUSTOMERS_MAX: usize = 50;

#[derive(Serialize)]
struct Content {
    has_sandbox: bool,
    charges: Vec<ChargeRow>,
    charges_hidden: usize,
    pixs: Vec<PixRow>,
    pixs_hidden: usize,
    payers: Vec<Payer>,
    received: String,
    returned: String,
    pending: usize,
}

#[derive(Serialize)]
struct ChargeRow {
    txid: String,
    invoice: Option<String>,
    debtor: String,
    status: &'static str,
    chip: &'static str,
    original: String,
    today: Option<String>,
    due: Option<String>,
    adjusted: Option<String>,
    last_day: Option<String>,
    code: Option<String>,
    page: Option<String>,
    is_open: bool,
}

/// Somebody who can pay with a code of their own, which names no charge.
#[derive(Serialize)]
struct Payer {
    id: String,
    name: String,
}

#[derive(Serialize)]
struct PixRow {
    e2eid: String,
    txid: Option<String>,
    amount: String,
    at: String,
    returned: Option<String>,
    page: Option<String>,
    can_return: bool,
}

pub async fn show(State(app): State<Arc<App>>) -> Response {
    let content = match &app.bank {
        Some(bank) => content(&app, bank).await,
        None => Content {
            has_sandbox: false,
            charges: Vec::new(),
            charges_hidden: 0,
            pixs: Vec::new(),
            pixs_hidden: 0,
            payers: Vec::new(),
            received: String::new(),
            returned: String::new(),
            pending: 0,
        },
    };
    page(&app, "bank.html", "bank", content)
}

async fn content(app: &App, bank: &Bank) -> Content {
    let (charges, pixs) = (bank.charges(), bank.pixs());
    let shown = charges.iter().rev().take(ROWS_MAX);
    let numbers = numbers(app, shown.clone()).await;
    Content {
        has_sandbox: true,
        charges_hidden: charges.len().saturating_sub(ROWS_MAX),
        charges: shown.map(|it| charge_row(app, it, &numbers)).collect(),
        pixs_hidden: pixs.len().saturating_sub(ROWS_MAX),
        pixs: pixs.iter().rev().take(ROWS_MAX).map(|it| pix_row(app, it)).collect(),
        payers: payers(app).await,
        received: format::amount(bank.total_received().0),
        returned: format::amount(bank.total_returned().0),
        pending: bank.pending_callbacks().len(),
    }
}

/// The merchant's numbers of the invoices behind charges, in one read.
async fn numbers<'a>(
    app: &App,
    charges: impl Iterator<Item = &'a ChargeView>,
) -> HashMap<InvoiceId, String> {
    let ids: BTreeSet<InvoiceId> = charges.filter_map(invoice_of).collect();
    let refs: Vec<ItemRef> = ids.iter().cloned().map(ItemRef::Invoice).collect();
    let Ok(mut found) = app.machine.deps().store.read(&merchant::id(), &refs).await else {
        return HashMap::new();
    };
    let number = |id| found.take_invoice(&id).map(|invoice| (id, invoice.number));
    ids.into_iter().filter_map(number).collect()
}

async fn payers(app: &App) -> Vec<Payer> {
    let store = &app.machine.deps().store;
    let found = store.customers(&merchant::id(), CUSTOMERS_MAX, None).await;
    let customers = found.map(|page| page.items).unwrap_or_default();
    let payer = |it: Customer| Payer { id: it.id.to_string(), name: it.bill_to.name };
    customers.into_iter().map(payer).collect()
}

fn invoice_of(charge: &ChargeView) -> Option<InvoiceId> {
    Some(Txid::parse(&charge.txid).ok()?.charge_ref()?.invoice)
}

fn charge_row(app: &App, charge: &ChargeView, numbers: &HashMap<InvoiceId, String>) -> ChargeRow {
    let (status, chip) = match charge.status {
        ChargeStatus::Ativa => ("open", "open"),
        ChargeStatus::Concluida => ("paid", "paid"),
        ChargeStatus::RemovidaPeloUsuarioRecebedor => ("removed by the receiver", "off"),
        ChargeStatus::RemovidaPeloPsp => ("removed by the bank", "off"),
    };
    let moved = charge.days.filter(|days| days.adjusted != days.due);
    ChargeRow {
        txid: charge.txid.clone(),
        invoice: invoice_of(charge).and_then(|id| numbers.get(&id).cloned()),
        debtor: charge.debtor.clone().unwrap_or_else(|| "unnamed".to_owned()),
        status,
        chip,
        original: format::amount(charge.original.0),
        today: charge.today.map(|today| format::amount(today.0)),
        due: charge.days.map(|days| format::day(days.due)),
        adjusted: moved.map(|days| format::day(days.adjusted)),
        last_day: charge.days.map(|days| format::day(days.last_payable)),
        code: charge.pix_copia_e_cola.clone(),
        page: pay_page(app, &charge.txid),
        is_open: charge.status == ChargeStatus::Ativa,
    }
}

fn pix_row(app: &App, pix: &PixView) -> PixRow {
    let returned = returned(pix);
    PixRow {
        e2eid: pix.e2eid.clone(),
        txid: pix.txid.clone(),
        amount: format::amount(pix.valor.0),
        at: format::moment(pix.horario),
        returned: (returned > 0).then(|| format::amount(returned)),
        page: pix.txid.as_deref().and_then(|txid| pay_page(app, txid)),
        can_return: returned < pix.valor.0,
    }
}

/// Centavos that went back or are on their way back.
fn returned(pix: &PixView) -> i64 {
    let counts = |status: RefundStatus| status != RefundStatus::NaoRealizado;
    pix.refunds.iter().filter(|it| counts(it.status)).map(|it| it.valor.0).sum()
}

/// What a button of the page asks for.
#[derive(Deserialize)]
pub struct Asked {
    action: Action,
    /// The charge's txid, the Pix's end-to-end id, or the customer who pays.
    #[serde(default)]
    id: String,
    /// As a person types it; empty for what the bank asks for.
    #[serde(default)]
    amount: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    Pay,
    PayTwice,
    PayAndDropCallback,
    PayOwnCode,
    PayKey,
    TakeBack,
    Remove,
}

pub async fn act(State(app): State<Arc<App>>, Form(asked): Form<Asked>) -> Response {
    let Some(bank) = &app.bank else {
        return done(&app, "Another bank is in use; pay there.", HERE);
    };
    let said = match asked.action {
        Action::Pay => pay(bank, &asked),
        Action::PayTwice => pay_twice(bank, &asked),
        Action::PayAndDropCallback => {
            bank.faults().next_callback(CallbackFault::Drop);
            pay(bank, &asked).map(|said| {
                format!("{said} The callback is lost; Quita finds the payment by asking the bank.")
            })
        }
        Action::PayOwnCode => pay_own_code(&app, bank, &asked),
        Action::PayKey => pay_key(&app, bank, &asked, None).map(|said| {
            format!("{said} No callback tells of it; the bank's list does, within a quarter hour.")
        }),
        Action::TakeBack => take_back(bank, &asked),
        Action::Remove => remove(&app, &asked.id).await,
    };
    done(&app, said.unwrap_or_else(|why| format!("Nothing was done: {why}.")), HERE)
}

/// Pays a charge: what the bank asks for today, or another amount.
fn pay(bank: &Bank, asked: &Asked) -> Result<String, String> {
    let charge = bank.charge(&asked.id).ok_or("there is no such charge")?;
    let due = charge.today.unwrap_or(charge.original);
    let amount = (!asked.amount.trim().is_empty()).then(|| format::typed_amount(&asked.amount));
    let options = PayOptions { amount, ..PayOptions::default() };
    let pix = bank.pay(&asked.id, options).map_err(|error| error.to_string())?;
    let told = match Centavos::parse(&pix.valor) {
        Some(paid) if paid < due => format!(" of R$ {due}. The rest is asked for anew."),
        Some(paid) if paid > due => {
            format!(", which is more than the R$ {due} due. The rest is the customer's.")
        }
        _ => ".".to_owned(),
    };
    Ok(format!("Paid R$ {}{told}", pix.valor))
}

fn pay_twice(bank: &Bank, asked: &Asked) -> Result<String, String> {
    let said = pay(bank, asked)?;
    let again = PayOptions { force: true, ..PayOptions::default() };
    bank.pay(&asked.id, again).map_err(|error| error.to_string())?;
    Ok(format!("{said} And once more; the second one waits for a person."))
}

/// Pays with the code that is the customer's own: it names the customer, and no charge.
fn pay_own_code(app: &App, bank: &Bank, asked: &Asked) -> Result<String, String> {
    let customer = CustomerId::parse(&asked.id).map_err(|_| "that is not a customer")?;
    let said = pay_key(app, bank, asked, Some(&Txid::for_customer(&customer)))?;
    Ok(format!("{said} It pays the customer's invoices, the oldest due first."))
}

fn pay_key(app: &App, bank: &Bank, asked: &Asked, txid: Option<&Txid>) -> Result<String, String> {
    let amount = format::typed_amount(&asked.amount);
    let paid = bank.pay_key(app.pix_key.as_str(), &amount, txid.map(Txid::as_str));
    let pix = paid.map_err(|error| error.to_string())?;
    Ok(format!("Paid R$ {} to the key.", pix.valor))
}

/// The bank takes back what is left of a Pix, as it does in a dispute.
fn take_back(bank: &Bank, asked: &Asked) -> Result<String, String> {
    let pix = bank.pix(&asked.id).ok_or("there is no such Pix")?;
    let left = Centavos(pix.valor.0 - returned(&pix));
    bank.return_pix(&asked.id, &left.to_string()).map_err(|error| error.to_string())?;
    Ok(format!("The bank took R$ {left} back. The invoice is owed again, and nobody is chased."))
}

/// Takes the charge out behind Quita's back, as someone at the bank's own screen could.
async fn remove(app: &App, txid: &str) -> Result<String, String> {
    let txid = Txid::parse(txid).map_err(|_| "that is not a txid")?;
    let deps = app.machine.deps();
    let bank = deps.banks.of(&merchant::id(), deps.secrets.as_ref(), deps.clock.now()).await;
    let bank = bank.map_err(|error| error.to_string())?;
    bank.remove_cobv(&txid).await.map_err(|error| error.to_string())?;
    Ok("The charge is removed at the bank.".to_owned())
}
