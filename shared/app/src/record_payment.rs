//! Records money that came another way than by Pix: a transfer, cash, a cheque, a card.
//!
//! A person says that it came, so it is received at once. It is given to the instalments the person
//! names, or to what the customer owes, the oldest due first; the rest lies on the customer's account.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use quita_core::customer::NAME_CHARS_MAX;
use quita_core::document::TaxId;
use quita_core::hidden::Hidden;
use quita_core::ids::{CustomerId, MerchantId, OtherPaymentId, PaymentId};
use quita_core::merchant::Merchant;
use quita_core::money::Money;
use quita_core::payment::{Command, Method, Payer, Payment};
use quita_core::terms_draft::parse_date;
use quita_core::violation::Violation;
use quita_core::zone::{civil_date, instant_at};
use quita_table::store::{Found, ItemRef};

use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{Answer, Request};
use crate::move_money::{Part, Refused, apply_parts, invoices_of, refused, write};
use crate::movement::Movement;
use crate::pay_oldest::{owing, pay_oldest};
use crate::payment_drafts::{PartDraft, parse_customer, parse_line, parse_parts, parse_positive};

/// Times it is decided anew because someone else wrote first.
const CONFLICTS_MAX: usize = 5;
/// Status of a payment that was recorded.
const CREATED: u16 = 201;
/// How long ago a payment may have been made, in days.
const PAID_DAYS_BACK_MAX: u64 = 1_830;

/// A payment as someone typed it. Not `Debug`: it names people.
#[derive(Clone, Default)]
pub struct PaymentDraft {
    pub method: String,
    pub amount: String,
    /// A date in the merchant's zone, or an instant.
    pub paid_at: String,
    pub customer_id: String,
    pub payer: Option<PayerDraft>,
    pub memo: Option<String>,
    /// What the other side calls it, such as the number of a transfer; kept before the memo.
    pub reference: Option<String>,
    /// Without them, what the customer owes is paid, the oldest due first.
    pub allocations: Option<Vec<PartDraft>>,
    /// Where the rest goes: only `account` is known.
    pub on_rest: Option<String>,
}

/// Who paid, as typed.
#[derive(Clone, Default)]
pub struct PayerDraft {
    pub name: Option<String>,
    pub document: Option<String>,
}

/// When it was paid.
#[derive(Debug, Clone, Copy)]
enum When {
    On(NaiveDate),
    At(DateTime<Utc>),
}

/// What could be read of a draft.
struct Read {
    method: Option<Method>,
    amount: Option<Money>,
    when: Option<When>,
    customer: Option<CustomerId>,
    payer: Option<Payer>,
    memo: Option<String>,
    parts: Option<Vec<Part>>,
}

pub async fn record_payment(
    deps: &Deps,
    merchant: &MerchantId,
    draft: &PaymentDraft,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let mut faults = Vec::new();
    let read = draft.read(&mut faults);
    let record = ItemRef::Idempotency { scope: request.scope.to_owned(), key: request.key.clone() };
    let invoices = read.parts.as_deref().map(invoices_of).unwrap_or_default();
    let refs: Vec<ItemRef> = [ItemRef::Merchant, record]
        .into_iter()
        .chain(read.customer.clone().map(ItemRef::Customer))
        .chain(invoices)
        .collect();
    for _ in 0..CONFLICTS_MAX {
        let mut found = deps.store.read(merchant, &refs).await?;
        if let Some(record) = found.take_idempotency(request.scope, &request.key) {
            return Ok(request.replay(record).map_err(|_| Refused::KeyReused));
        }
        let settings = found
            .take_merchant()
            .ok_or_else(|| Unknown::new("loading the merchant", "the merchant is not set up"))?;
        let planned =
            plan(deps, &settings, &read, faults.clone(), &mut found, &request.actor).await?;
        let movement = match planned {
            Ok(movement) => movement,
            Err(refused) => return Ok(Err(refused)),
        };
        if let Some(answer) = write(deps, movement, CREATED, request).await? {
            return Ok(answer);
        }
    }
    Err(Unknown::new("recording a payment", "others kept writing first"))
}

/// The payment with its places, or everything that is wrong.
async fn plan(
    deps: &Deps,
    settings: &Merchant,
    read: &Read,
    mut faults: Vec<Violation>,
    found: &mut Found,
    actor: &str,
) -> Result<Result<Movement, Refused>, Unknown> {
    let now = deps.clock.now();
    let paid_at = read.when.and_then(|when| paid_at(when, settings, now, &mut faults));
    let customer = read.customer.as_ref().and_then(|id| found.take_customer(id));
    if read.customer.is_some() && customer.is_none() {
        faults.push(Violation::new("customer_id", "use the id of a customer of yours"));
    }
    let (Some(method), Some(amount), Some(paid_at), Some(customer), true) =
        (read.method, read.amount, paid_at, customer, faults.is_empty())
    else {
        return Ok(Err(Refused::Invalid(faults)));
    };
    let id = OtherPaymentId::from_ulid(&deps.ids.ulid(now))
        .map_err(|error| Unknown::new("making an id", error))?;
    let id = PaymentId::Other(id);
    let payment = Payment {
        payer: read.payer.clone(),
        memo: read.memo.clone().map(Hidden::from),
        ..Payment::told(&settings.merchant, id, method, amount, paid_at, now)
    };
    let customer_id = customer.id.clone();
    let mut movement = Movement::of(payment, true, actor, now);
    movement.add_customer(Some(customer));
    let mut owed = Vec::new();
    match &read.parts {
        Some(parts) => add_invoices(&mut movement, parts, found),
        None => owed = owing(deps, &settings.merchant, &customer_id).await?,
    }
    movement.load_carrying(deps).await?;
    let placed = place(&mut movement, read.parts.as_deref(), owed, &customer_id);
    Ok(placed.map(|()| movement))
}

fn add_invoices(movement: &mut Movement, parts: &[Part], found: &mut Found) {
    for item in invoices_of(parts) {
        if let ItemRef::Invoice(id) = item {
            movement.add_invoice(found.take_invoice(&id));
        }
    }
}

fn place(
    movement: &mut Movement,
    parts: Option<&[Part]>,
    owed: Vec<quita_core::invoice::Invoice>,
    customer: &CustomerId,
) -> Result<(), Refused> {
    movement.ask(Command::Receive { in_full: None }, "a person recorded it").map_err(refused)?;
    if let Some(parts) = parts {
        let of_others = others(movement, parts, customer);
        let applied = apply_parts(movement, parts);
        match applied {
            Err(Refused::Invalid(faults)) => {
                return Err(Refused::Invalid(of_others.into_iter().chain(faults).collect()));
            }
            applied => applied?,
        }
        if !of_others.is_empty() {
            return Err(Refused::Invalid(of_others));
        }
    }
    pay_oldest(movement, owed, customer).map_err(refused)
}

/// Invoices of other customers: more often mistyped than meant. What is meant is allocated later.
fn others(movement: &Movement, parts: &[Part], customer: &CustomerId) -> Vec<Violation> {
    let other = |(nth, part): (usize, &Part)| {
        let invoice = movement.invoice(&part.invoice)?;
        let hint = "this invoice is of another customer; leave it out, and allocate to it later";
        let at = format!("allocations[{nth}].invoice_id");
        (invoice.customer != *customer).then(|| Violation::new(at, hint))
    };
    parts.iter().enumerate().filter_map(other).collect()
}

/// The instant it counts for: the first one of the day where only that is known.
fn paid_at(
    when: When,
    settings: &Merchant,
    now: DateTime<Utc>,
    faults: &mut Vec<Violation>,
) -> Option<DateTime<Utc>> {
    let zone = settings.issuing.zone;
    let at = match when {
        When::On(date) => instant_at(date, NaiveTime::MIN, zone),
        When::At(at) => at,
    };
    let today = civil_date(now, zone);
    let earliest = today.checked_sub_days(Days::new(PAID_DAYS_BACK_MAX)).unwrap_or(NaiveDate::MIN);
    if at > now || civil_date(at, zone) < earliest {
        let hint = format!("use a day or an instant from {earliest} to now");
        faults.push(Violation::new("paid_at", hint));
        return None;
    }
    Some(at)
}

impl PaymentDraft {
    fn read(&self, faults: &mut Vec<Violation>) -> Read {
        if self.on_rest.as_deref().is_some_and(|place| place != "account") {
            faults.push(Violation::new("on_rest", "use account"));
        }
        Read {
            method: parse_method(&self.method, faults),
            amount: parse_positive("amount", &self.amount, faults),
            when: parse_when(&self.paid_at, faults),
            customer: parse_customer(&self.customer_id, faults),
            payer: self.payer.as_ref().map(|payer| payer.read(faults)),
            memo: self.note(faults),
            parts: self.allocations.as_ref().map(|parts| parse_parts(parts, faults)),
        }
    }

    /// Reference and memo in one line.
    fn note(&self, faults: &mut Vec<Violation>) -> Option<String> {
        let mut line = |property, raw: &Option<String>| {
            raw.as_ref().and_then(|raw| parse_line(property, raw, faults))
        };
        let parts = [line("reference", &self.reference), line("memo", &self.memo)];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" · "))
    }
}

impl PayerDraft {
    fn read(&self, faults: &mut Vec<Violation>) -> Payer {
        let name = self.name.as_ref().and_then(|raw| parse_line("payer.name", raw, faults));
        if name.as_ref().is_some_and(|name| name.chars().count() > NAME_CHARS_MAX) {
            let hint = format!("use 1 to {NAME_CHARS_MAX} characters");
            faults.push(Violation::new("payer.name", hint));
        }
        let parse = |raw: &String| {
            let parsed = TaxId::parse(raw);
            parsed
                .map_err(|why| faults.push(Violation::new("payer.document", why.to_string())))
                .ok()
        };
        Payer { name, document: self.document.as_ref().and_then(parse) }
    }
}

fn parse_method(raw: &str, faults: &mut Vec<Violation>) -> Option<Method> {
    let known = Method::ALL.into_iter().filter(|method| *method != Method::Pix);
    let method = known.clone().find(|method| method.as_str() == raw);
    if method.is_none() {
        let names: Vec<&str> = known.map(Method::as_str).collect();
        let hint = format!("use one of: {}; a Pix is told by the bank", names.join(", "));
        faults.push(Violation::new("method", hint));
    }
    method
}

fn parse_when(raw: &str, faults: &mut Vec<Violation>) -> Option<When> {
    if let Some(date) = parse_date("paid_at", raw, &mut Vec::new()) {
        return Some(When::On(date));
    }
    let instant = DateTime::parse_from_rfc3339(raw).ok();
    if instant.is_none() {
        let hint = "use a date as YYYY-MM-DD, or an instant as YYYY-MM-DDTHH:MM:SSZ";
        faults.push(Violation::new("paid_at", hint));
    }
    instant.map(|at| When::At(at.with_timezone(&Utc)))
}
