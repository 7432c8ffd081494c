//! Erases a customer's personal data, in steps that each are one transaction.
//!
//! ```text
//!   check everything ── seal the identity, free the document ── page after page of invoices:
//!   payments with their bank lines, then the invoice ── nothing is left
//! ```
//!
//! A step that was done is skipped, so the same call goes on where another one ended: the answer is
//! an unknown outcome until nothing is left. The place in the list of invoices is kept with the
//! customer.

use chrono::NaiveDate;
use quita_core::audit;
use quita_core::bank_import::BankLine;
use quita_core::care::Care;
use quita_core::customer::{BillTo, Customer, Erasure};
use quita_core::erasure::{self, BEGAN, ERASED, Obstacle, SealedIdentity};
use quita_core::hidden::Hidden;
use quita_core::ids::{CustomerId, InvoiceId, MerchantId, PaymentId};
use quita_core::invoice::{Command, Invoice};
use quita_core::payment::{self, Payment};
use quita_core::retention::identity_retained_until;
use quita_core::task::Task;
use quita_core::zone;
use quita_table::items::EventRow;
use quita_table::keys::{Aggregate, RecordKey};
use quita_table::store::{ItemRef, READ_ITEMS_MAX};
use quita_table::{Commit, CommitError, Cursor, Expected};
use serde::Serialize;
use serde_json::{Value, json};

use crate::apply;
use crate::bus::instant;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{self, Answer, Request};
use crate::movement::Movement;
use crate::privacy::messages::forget_messages;
use crate::tasks::tasks_of;

/// Times a step is decided anew because someone else wrote first.
const CONFLICTS_MAX: usize = 3;
/// Transactions of one call. What is left is for the same call again.
pub const STEPS_MAX: usize = 200;
/// Invoices on a page of the list.
const PAGE: usize = 50;
/// Most invoices of a customer that are looked through before anything is erased.
pub const INVOICES_MAX: usize = 10_000;
/// Tasks in one transaction.
const TASKS_AT_ONCE: usize = 50;
/// Most obstacles that are told at once.
const OBSTACLES_TOLD: usize = 10;
const DONE: u16 = 200;

/// What is left of a customer.
#[derive(Debug, Serialize)]
pub struct ErasureView {
    customer_id: String,
    began_at: String,
    finished_at: Option<String>,
}

/// Why nothing was erased.
#[derive(Debug)]
pub enum Refused {
    NotFound,
    /// What stands in the way; the text says what.
    Conflict(String),
    KeyReused,
}

/// Erases everything personal of a customer but the sealed identity.
///
/// # Errors
/// [`Unknown`] also where more is left than one call erases: the same call goes on.
pub async fn erase_customer(
    deps: &Deps,
    merchant: &MerchantId,
    id: &CustomerId,
    reason: &str,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    if let Some(told) = idempotency::told_before(deps, merchant, request).await? {
        return Ok(told.map_err(|_| Refused::KeyReused));
    }
    let Some(customer) = load(deps, merchant, id).await? else { return Ok(Err(Refused::NotFound)) };
    let going_on = customer.erasure.as_ref().is_some_and(|it| it.finished_at.is_none());
    if !going_on {
        let closed_on = match check(deps, &customer).await? {
            Ok(closed_on) => closed_on,
            Err(obstacles) => return Ok(Err(Refused::Conflict(told(&obstacles)))),
        };
        begin(deps, &customer, closed_on, reason, request).await?;
    }
    let mut eraser = Eraser { deps, merchant, customer: id, actor: &request.actor, steps: 0 };
    eraser.run().await?;
    finish(deps, merchant, id, request).await
}

fn told(obstacles: &[Obstacle]) -> String {
    let first: Vec<String> =
        obstacles.iter().take(OBSTACLES_TOLD).map(ToString::to_string).collect();
    let more = obstacles.len().saturating_sub(OBSTACLES_TOLD);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!("not while something is open: {}{more}", first.join("; "))
}

async fn load(
    deps: &Deps,
    merchant: &MerchantId,
    id: &CustomerId,
) -> Result<Option<Customer>, Unknown> {
    let mut found = deps.store.read(merchant, &[ItemRef::Customer(id.clone())]).await?;
    Ok(found.take_customer(id))
}

/// Looks through everything the customer has; answers with the day the last of it was closed on.
async fn check(deps: &Deps, customer: &Customer) -> Result<Checked, Unknown> {
    let mut obstacles = erasure::of_customer(customer);
    let mut closed_on = zone::civil_date(customer.created_at, zone::SAO_PAULO);
    let (mut cursor, mut seen) = (None, 0);
    let mut payments: Vec<PaymentId> = customer.past_credits.clone();
    loop {
        let page = deps.store.invoices_of_customer(
            &customer.merchant,
            &customer.id,
            PAGE,
            cursor.as_ref(),
        );
        let page = page.await?;
        seen += page.items.len();
        for invoice in &page.items {
            obstacles.extend(erasure::of_invoice(invoice));
            closed_on = closed_on.max(erasure::closed_on(invoice));
            payments.extend(erasure::payments_of(invoice));
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
        if seen > INVOICES_MAX {
            return Ok(Err(vec![Obstacle::TooManyInvoices(INVOICES_MAX)]));
        }
    }
    payments.sort();
    payments.dedup();
    for payment in read_payments(deps, &customer.merchant, &payments).await? {
        obstacles.extend(erasure::of_payment(&payment));
    }
    Ok(if obstacles.is_empty() { Ok(closed_on) } else { Err(obstacles) })
}

type Checked = Result<NaiveDate, Vec<Obstacle>>;

async fn read_payments(
    deps: &Deps,
    merchant: &MerchantId,
    ids: &[PaymentId],
) -> Result<Vec<Payment>, Unknown> {
    let mut payments = Vec::with_capacity(ids.len());
    for some in ids.chunks(READ_ITEMS_MAX) {
        let refs: Vec<ItemRef> = some.iter().cloned().map(ItemRef::Payment).collect();
        let mut found = deps.store.read(merchant, &refs).await?;
        payments.extend(some.iter().filter_map(|id| found.take_payment(id)));
    }
    Ok(payments)
}

/// Seals who the customer is and takes it off the customer, in one transaction. Of one that was
/// erased before, whatever came since is erased as well, and the seal stays.
async fn begin(
    deps: &Deps,
    customer: &Customer,
    closed_on: NaiveDate,
    reason: &str,
    request: &Request,
) -> Result<(), Unknown> {
    let now = deps.clock.now();
    let merchant = &customer.merchant;
    let until = identity_retained_until(closed_on);
    let erasure = Erasure { began_at: now, done_to: None, finished_at: None };
    let after = Customer {
        version: customer.version + 1,
        bill_to: BillTo::erased(customer.bill_to.locale),
        // Names, addresses and what was said of them; when it was written to stays.
        care: Care { touches: customer.care.touches.clone(), ..Care::default() },
        erasure: Some(erasure),
        ..customer.clone()
    };
    let told = json!({ "reason": reason, "sealed_until": until });
    let mut commit = Commit::new(merchant)
        .customer(&after, Expected::Version(customer.version))
        .event(&row(customer, &after, &request.actor, BEGAN, told, now));
    if !customer.bill_to.document.is_erased() {
        let sealed = SealedIdentity::of(customer, until);
        commit = commit.record(&sealed, Expected::New).free_document(customer);
    }
    Ok(deps.store.commit(commit).await?)
}

fn row(
    before: &Customer,
    customer: &Customer,
    actor: &str,
    name: &'static str,
    data: Value,
    now: chrono::DateTime<chrono::Utc>,
) -> EventRow {
    EventRow {
        aggregate: Aggregate::Customer(customer.id.clone()),
        seq: customer.version,
        at: now,
        actor: actor.to_owned(),
        name: name.to_owned(),
        data,
        postings: Vec::new(),
        changes: audit::changes(Some(before), customer),
    }
}

/// Goes through the invoices of one customer.
struct Eraser<'a> {
    deps: &'a Deps,
    merchant: &'a MerchantId,
    customer: &'a CustomerId,
    actor: &'a str,
    /// Transactions so far.
    steps: usize,
}

impl Eraser<'_> {
    /// Until nothing is left, or for as many steps as one call takes.
    async fn run(&mut self) -> Result<(), Unknown> {
        let gone = || Unknown::new("erasing personal data", "the customer is gone");
        let customer = load(self.deps, self.merchant, self.customer).await?.ok_or_else(gone)?;
        for payment in &customer.past_credits {
            self.payment(payment).await?;
        }
        let done_to = customer.erasure.and_then(|erasure| erasure.done_to);
        let mut cursor = done_to.and_then(|text| Cursor::parse(&text).ok());
        loop {
            let store = &self.deps.store;
            let page =
                store.invoices_of_customer(self.merchant, self.customer, PAGE, cursor.as_ref());
            let page = page.await?;
            for invoice in page.items {
                self.invoice(invoice).await?;
            }
            let Some(next) = page.next else { return Ok(()) };
            self.keep_place(&next).await?;
            cursor = Some(next);
        }
    }

    /// Counts a step before it is taken.
    fn step(&mut self) -> Result<(), Unknown> {
        self.steps += 1;
        if self.steps > STEPS_MAX {
            return Err(Unknown::new(
                "erasing personal data",
                "more is left; the same call goes on",
            ));
        }
        Ok(())
    }

    /// The payments first: an invoice that is erased has none left that is not.
    async fn invoice(&mut self, invoice: Invoice) -> Result<(), Unknown> {
        if invoice.bill_to.document.is_erased() {
            return Ok(());
        }
        for payment in erasure::payments_of(&invoice) {
            self.payment(&payment).await?;
        }
        self.messages(&invoice.id).await?;
        self.tasks(&invoice).await?;
        let id = invoice.id.clone();
        let mut known = Some(invoice);
        for _ in 0..CONFLICTS_MAX {
            let Some(invoice) = known.take().or(self.reload(&id).await?) else { return Ok(()) };
            let now = self.deps.clock.now();
            let events = quita_core::invoice::decide(&invoice, Command::EraseParty, now);
            let events = events.map_err(|error| Unknown::new("erasing personal data", error))?;
            if events.is_empty() {
                return Ok(());
            }
            self.step()?;
            let commit = Commit::new(self.merchant);
            let rule = self.deps.rule_of(&invoice).await?;
            let (commit, _) = apply::apply(commit, invoice, &rule, &events, self.actor, now);
            match self.deps.store.commit(commit).await {
                Ok(()) => return Ok(()),
                Err(CommitError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Unknown::new("erasing personal data", "others kept writing first"))
    }

    /// What was said about an invoice, and to whom.
    async fn messages(&mut self, invoice: &InvoiceId) -> Result<(), Unknown> {
        for _ in 0..CONFLICTS_MAX {
            let commits = forget_messages(self.deps, self.merchant, invoice).await?;
            if self.all_done(commits).await? {
                return Ok(());
            }
        }
        Err(Unknown::new("erasing personal data", "others kept writing first"))
    }

    /// Whether all of them went through, none of them raced.
    async fn all_done(&mut self, commits: Vec<Commit>) -> Result<bool, Unknown> {
        for commit in commits {
            self.step()?;
            match self.deps.store.commit(commit).await {
                Ok(()) => {}
                Err(CommitError::Conflict(_)) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }

    /// What people wrote into tasks about an invoice.
    async fn tasks(&mut self, invoice: &Invoice) -> Result<(), Unknown> {
        let tasks = tasks_of(self.deps, invoice).await?;
        let after: Vec<Task> = tasks.iter().filter_map(Task::forgotten).collect();
        for some in after.chunks(TASKS_AT_ONCE) {
            self.step()?;
            let commit = some.iter().fold(Commit::new(self.merchant), |commit, task| {
                commit.record(task, Expected::Version(task.version - 1))
            });
            self.deps.store.commit(commit).await?;
        }
        Ok(())
    }

    async fn reload(&self, id: &InvoiceId) -> Result<Option<Invoice>, Unknown> {
        let refs = [ItemRef::Invoice(id.clone())];
        Ok(self.deps.store.read(self.merchant, &refs).await?.take_invoice(id))
    }

    /// Who paid, and the bank's words in the lines that told of it.
    async fn payment(&mut self, id: &PaymentId) -> Result<(), Unknown> {
        for _ in 0..CONFLICTS_MAX {
            let Some(payment) = self.read_payment(id).await? else { return Ok(()) };
            let lines = self.lines_of(&payment).await?;
            let now = self.deps.clock.now();
            let mut movement = Movement::of(payment, false, self.actor, now);
            let asked = movement.ask(payment::Command::ErasePayer, "personal data was erased");
            asked.map_err(|refusal| Unknown::new("erasing personal data", refusal))?;
            if movement.is_empty() && lines.is_empty() {
                return Ok(());
            }
            self.step()?;
            let mut commit = Commit::new(self.merchant);
            if !movement.is_empty() {
                commit = movement.commit(self.deps).await?;
            }
            for line in lines {
                let after =
                    BankLine { version: line.version + 1, memo: Hidden::default(), ..line.clone() };
                commit = commit.bank_line(&after, Expected::Version(line.version));
            }
            match self.deps.store.commit(commit).await {
                Ok(()) => return Ok(()),
                Err(CommitError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Unknown::new("erasing personal data", "others kept writing first"))
    }

    async fn read_payment(&self, id: &PaymentId) -> Result<Option<Payment>, Unknown> {
        let refs = [ItemRef::Payment(id.clone())];
        Ok(self.deps.store.read(self.merchant, &refs).await?.take_payment(id))
    }

    /// The lines that told of a payment and still have the bank's words.
    async fn lines_of(&self, payment: &Payment) -> Result<Vec<BankLine>, Unknown> {
        let lines = super::export::lines_of(self.deps, payment).await?;
        Ok(lines.into_iter().filter(|line| !line.memo.as_str().is_empty()).collect())
    }

    /// Keeps how far the list was gone through.
    async fn keep_place(&mut self, next: &Cursor) -> Result<(), Unknown> {
        self.step()?;
        let change = |customer: &mut Customer| {
            if let Some(erasure) = &mut customer.erasure {
                erasure.done_to = Some(next.to_string());
            }
        };
        for _ in 0..CONFLICTS_MAX {
            let customer = load(self.deps, self.merchant, self.customer).await?;
            let Some(mut customer) = customer else { return Ok(()) };
            let before = customer.version;
            customer.version += 1;
            change(&mut customer);
            let commit = Commit::new(self.merchant).customer(&customer, Expected::Version(before));
            match self.deps.store.commit(commit).await {
                Ok(()) => return Ok(()),
                Err(CommitError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Unknown::new("erasing personal data", "others kept writing first"))
    }
}

/// Says that nothing is left, with the answer in the same transaction.
async fn finish(
    deps: &Deps,
    merchant: &MerchantId,
    id: &CustomerId,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    for _ in 0..CONFLICTS_MAX {
        let sealed = RecordKey::SealedIdentity(id.clone());
        let refs = [ItemRef::Customer(id.clone()), ItemRef::Record(sealed.clone())];
        let mut found = deps.store.read(merchant, &refs).await?;
        let Some(customer) = found.take_customer(id) else { return Ok(Err(Refused::NotFound)) };
        let sealed = found.take_record::<SealedIdentity>(&sealed)?;
        let now = deps.clock.now();
        let mut after = Customer { version: customer.version + 1, ..customer.clone() };
        after.past_credits.clear();
        let Some(erasure) = &mut after.erasure else { return Ok(Err(Refused::NotFound)) };
        erasure.done_to = None;
        erasure.finished_at = Some(now);
        let view = ErasureView {
            customer_id: id.to_string(),
            began_at: instant(erasure.began_at),
            finished_at: Some(instant(now)),
        };
        let body = serde_json::to_string(&view)
            .map_err(|error| Unknown::new("writing the answer", error))?;
        let told = json!({ "sealed_until": sealed.map(|sealed| sealed.retained_until) });
        let commit = Commit::new(merchant)
            .customer(&after, Expected::Version(customer.version))
            .event(&row(&customer, &after, &request.actor, ERASED, told, now));
        let answer = (DONE, body);
        if let Some(told) = idempotency::write(deps, request, commit, answer, now).await? {
            return Ok(told.map_err(|_| Refused::KeyReused));
        }
    }
    Err(Unknown::new("erasing personal data", "others kept writing first"))
}
