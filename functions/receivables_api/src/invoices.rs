//! Invoices: list, show, cancel, history, re-issue of a charge, QR pictures.

use std::collections::{BTreeSet, HashMap};

use quita_app::Deps;
use quita_app::cancel_invoice::cancel_invoice;
use quita_app::reissue_charge::{Refused, reissue_charge};
use quita_app::views::{InvoiceView, TimelineView};
use quita_core::customer::Customer;
use quita_core::ids::{CustomerId, InvoiceId, MerchantId};
use quita_core::invoice::{ChargeState, Invoice, Refusal};
use quita_edge::bodies::ReasonBody;
use quita_edge::http::{answered, binary, json, text};
use quita_edge::problem::of_list;
use quita_edge::{ApiResponse, Call, ListView, Problem};
use quita_pix::qr;
use quita_table::keys::{Aggregate, InvoiceState};
use quita_table::store::ItemRef;

/// Format of a QR picture.
#[derive(Clone, Copy)]
pub enum Picture {
    Svg,
    Png,
}

pub async fn list(deps: &Deps, merchant: &MerchantId, call: &Call) -> Result<ApiResponse, Problem> {
    let (limit, cursor) = call.page()?;
    let page = match (call.query("customer_id"), call.query("status")) {
        (Some(_), Some(_)) => {
            return Err(Problem::invalid("status", "filter by status or by customer_id"));
        }
        (Some(customer), None) => {
            let unknown = |_| Problem::invalid("customer_id", "use the id of a customer of yours");
            let customer = CustomerId::parse(customer).map_err(unknown)?;
            deps.store.invoices_of_customer(merchant, &customer, limit, cursor.as_ref()).await
        }
        (None, status) => {
            let states = states(status)?;
            deps.store.invoices_by_status(merchant, &states, limit, cursor.as_ref()).await
        }
    };
    let now = deps.clock.now();
    let page = page.map_err(of_list)?;
    let mut rules = HashMap::new();
    for invoice in &page.items {
        rules.insert(invoice.id.clone(), deps.rule_of(invoice).await?);
    }
    let customers: BTreeSet<CustomerId> =
        page.items.iter().map(|invoice| invoice.customer.clone()).collect();
    let customers = customers_of(deps, merchant, customers).await?;
    let view = |invoice: Invoice| {
        let customer = customers.get(&invoice.customer);
        InvoiceView::knowing(&invoice, &rules[&invoice.id], customer, &deps.config, now)
    };
    Ok(json(200, &ListView::of(page, view)))
}

/// The stored states a filter asks for; all of them without one. `overdue` is computed, so it is
/// found among the open ones by whoever reads the list.
fn states(status: Option<&str>) -> Result<Vec<InvoiceState>, Problem> {
    match status {
        None => Ok(InvoiceState::ALL.to_vec()),
        Some(name) => InvoiceState::parse(name).map(|state| vec![state]).ok_or_else(|| {
            Problem::invalid("status", "use one of: open, paid, canceling, canceled")
        }),
    }
}

pub async fn show(deps: &Deps, merchant: &MerchantId, id: &str) -> Result<ApiResponse, Problem> {
    let invoice = load(deps, merchant, id).await?;
    let rule = deps.rule_of(&invoice).await?;
    let customers = customers_of(deps, merchant, [invoice.customer.clone()].into()).await?;
    let customer = customers.get(&invoice.customer);
    let now = deps.clock.now();
    Ok(json(200, &InvoiceView::knowing(&invoice, &rule, customer, &deps.config, now)))
}

/// The customers of some invoices, by one read.
async fn customers_of(
    deps: &Deps,
    merchant: &MerchantId,
    ids: BTreeSet<CustomerId>,
) -> Result<HashMap<CustomerId, Customer>, Problem> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let refs: Vec<ItemRef> = ids.iter().cloned().map(ItemRef::Customer).collect();
    let mut found = deps.store.read(merchant, &refs).await.map_err(of_list)?;
    let known = |id: CustomerId| Some((id.clone(), found.take_customer(&id)?));
    Ok(ids.into_iter().filter_map(known).collect())
}

pub async fn cancel(
    deps: &Deps,
    merchant: &MerchantId,
    id: &str,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let request = call.idempotency("cancel_invoice")?;
    let reason = call.json::<ReasonBody>()?.reason()?;
    let id = parse(id)?;
    match cancel_invoice(deps, merchant, &id, &reason, &request).await? {
        Ok(answer) => Ok(answered(answer)),
        Err(refused) => Err(problem_of(refused)),
    }
}

pub async fn reissue(
    deps: &Deps,
    merchant: &MerchantId,
    id: &str,
    number: &str,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let request = call.idempotency("reissue_charge")?;
    let reason = call.json::<ReasonBody>()?.reason()?;
    let id = parse(id)?;
    let number = number.parse().map_err(|_| Problem::NotFound)?;
    match reissue_charge(deps, merchant, &id, number, &reason, &request).await? {
        Ok(answer) => Ok(answered(answer)),
        Err(refused) => Err(problem_of(refused)),
    }
}

fn problem_of(refused: Refused<Refusal>) -> Problem {
    match refused {
        Refused::NotFound | Refused::Forbidden(Refusal::NoSuchInstalment { .. }) => {
            Problem::NotFound
        }
        Refused::Forbidden(refusal) => Problem::Conflict { detail: refusal.to_string() },
        Refused::KeyReused => Problem::IdempotencyKeyReused,
    }
}

pub async fn timeline(
    deps: &Deps,
    merchant: &MerchantId,
    id: &str,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let (limit, cursor) = call.page()?;
    let aggregate = Aggregate::Invoice(parse(id)?);
    let page = deps.store.timeline(merchant, &aggregate, limit, cursor.as_ref()).await;
    let page = page.map_err(of_list)?;
    if page.items.is_empty() && cursor.is_none() {
        return Err(Problem::NotFound);
    }
    Ok(json(200, &ListView::of(page, TimelineView::of)))
}

pub async fn qr(
    deps: &Deps,
    merchant: &MerchantId,
    id: &str,
    number: &str,
    picture: Picture,
) -> Result<ApiResponse, Problem> {
    let invoice = load(deps, merchant, id).await?;
    let number = number.parse().map_err(|_| Problem::NotFound)?;
    let instalment = invoice.instalment(number).ok_or(Problem::NotFound)?;
    let ChargeState::Active { br_code, .. } = &instalment.charge().state else {
        let detail = "there is no charge that can be paid; see its status".to_owned();
        return Err(Problem::Conflict { detail });
    };
    let failed = |error: qr::QrError| {
        tracing::error!(%error, invoice.id = %invoice.id, "QR picture cannot be drawn");
        Problem::Internal
    };
    match picture {
        Picture::Svg => Ok(text(200, "image/svg+xml", qr::svg(br_code.as_str()).map_err(failed)?)),
        Picture::Png => Ok(binary(200, "image/png", qr::png(br_code.as_str()).map_err(failed)?)),
    }
}

async fn load(deps: &Deps, merchant: &MerchantId, id: &str) -> Result<Invoice, Problem> {
    let id = parse(id)?;
    let refs = [ItemRef::Invoice(id.clone())];
    let mut found = deps.store.read(merchant, &refs).await.map_err(quita_app::Unknown::from)?;
    found.take_invoice(&id).ok_or(Problem::NotFound)
}

fn parse(id: &str) -> Result<InvoiceId, Problem> {
    InvoiceId::parse(id).map_err(|_| Problem::NotFound)
}
