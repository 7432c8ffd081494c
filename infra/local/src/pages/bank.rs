//! `/_local/bank`: the payer's side. Every charge with what it costs today, and ways to pay it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use axum::extract::{Form, State};
use axum::response::Response;
use quita_core::ids::{InvoiceId, Txid};
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
/// What an underpayment leaves out.
const SHORT_BY: Centavos = Centavos(100);

#[derive(Serialize)]
struct Content {
    has_sandbox: bool,
    charges: Vec<ChargeRow>,
    charges_hidden: usize,
    pixs: Vec<PixRow>,
    pixs_hidden: usize,
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
    /// The charge's txid, or the Pix's end-to-end id for a refund.
    id: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    Pay,
    Underpay,
    PayTwice,
    PayAndDropCallback,
    Refund,
    Remove,
}

pub async fn act(State(app): State<Arc<App>>, Form(asked): Form<Asked>) -> Response {
    let Some(bank) = &app.bank else {
        return done(&app, "Another bank is in use; pay there.", HERE);
    };
    let said = match asked.action {
        Action::Pay => pay(bank, &asked.id),
        Action::Underpay => underpay(bank, &asked.id),
        Action::PayTwice => pay_twice(bank, &asked.id),
        Action::PayAndDropCallback => {
            bank.faults().next_callback(CallbackFault::Drop);
            pay(bank, &asked.id).map(|said| {
                format!("{said} The callback is lost; the next reminder finds the payment.")
            })
        }
        Action::Refund => refund(bank, &asked.id),
        Action::Remove => remove(&app, &asked.id).await,
    };
    done(&app, said.unwrap_or_else(|why| format!("Nothing was done: {why}.")), HERE)
}

fn pay(bank: &Bank, txid: &str) -> Result<String, String> {
    let pix = bank.pay(txid, PayOptions::default()).map_err(|error| error.to_string())?;
    Ok(format!("Paid R$ {}.", pix.valor))
}

fn underpay(bank: &Bank, txid: &str) -> Result<String, String> {
    let charge = bank.charge(txid).ok_or("there is no such charge")?;
    let today = charge.today.unwrap_or(charge.original);
    let short = if today > SHORT_BY { Centavos(today.0 - SHORT_BY.0) } else { Centavos(1) };
    let options = PayOptions { amount: Some(short.to_string()), ..PayOptions::default() };
    let pix = bank.pay(txid, options).map_err(|error| error.to_string())?;
    Ok(format!("Paid R$ {} of R$ {today}. It is parked for a person.", pix.valor))
}

fn pay_twice(bank: &Bank, txid: &str) -> Result<String, String> {
    let said = pay(bank, txid)?;
    let again = PayOptions { force: true, ..PayOptions::default() };
    bank.pay(txid, again).map_err(|error| error.to_string())?;
    Ok(format!("{said} And once more; the second one is parked."))
}

fn refund(bank: &Bank, e2eid: &str) -> Result<String, String> {
    let pix = bank.pix(e2eid).ok_or("there is no such Pix")?;
    let left = Centavos(pix.valor.0 - returned(&pix));
    bank.return_pix(e2eid, &left.to_string()).map_err(|error| error.to_string())?;
    Ok(format!("R$ {left} went back to the payer."))
}

/// Takes the charge out behind Quita's back, as someone at the bank's own screen could.
async fn remove(app: &App, txid: &str) -> Result<String, String> {
    let txid = Txid::parse(txid).map_err(|_| "that is not a txid")?;
    let deps = app.machine.deps();
    let bank = deps.banks.of(&merchant::id(), deps.secrets.as_ref()).await;
    let bank = bank.map_err(|error| error.to_string())?;
    bank.remove_cobv(&txid).await.map_err(|error| error.to_string())?;
    Ok("The charge is removed at the bank.".to_owned())
}
