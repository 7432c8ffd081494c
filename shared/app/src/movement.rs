//! A payment and everything its money touches, changed together.
//!
//! Money lies in a payment, is owed on invoices and stands on customers' accounts. A movement reads
//! what it needs, takes commands, and writes all of it in one transaction with its event rows, so the
//! three can never disagree.
//!
//! ```text
//!   payment ── Allocated ────> invoice is credited        (asked of the invoice first)
//!           ── Released ─────> invoice owes it again
//!           ── PutOnAccount ─> customer's account grows
//!           ── TakenBack ────> customer is flagged
//! ```

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use quita_core::audit::{Audited, Changes, Summary};
use quita_core::customer::{ACCOUNT_CREDITS_MAX, Customer, CustomerFlag, FlagReason};
use quita_core::debt::LateShortfall;
use quita_core::ids::{CustomerId, InvoiceId, MerchantId, PaymentId};
use quita_core::invoice::{self, Invoice, Received, Source};
use quita_core::journal;
use quita_core::money::Money;
use quita_core::payment::{self, BANK_LINES_MAX, Payer, Payment};
use quita_core::work::{WorkDue, WorkKind};
use quita_table::items::EventRow;
use quita_table::keys::Aggregate;
use quita_table::store::ItemRef;
use quita_table::{Commit, Expected};

use crate::apply;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::event_data::payment_data;

/// Most invoices one movement changes: with their rows they stay far below what a transaction takes.
pub const INVOICES_MAX: usize = 12;

/// Why money does not move. Final: repeating it changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error(transparent)]
    Payment(#[from] payment::Refusal),
    #[error(transparent)]
    Invoice(#[from] invoice::Refusal),
    #[error("there is no such payment")]
    NoPayment,
    #[error("there is no such invoice")]
    NoInvoice,
    #[error("there is no such customer")]
    NoCustomer,
    #[error(
        "the customer's account holds money of {ACCOUNT_CREDITS_MAX} payments, the most there can be"
    )]
    AccountFull,
    #[error("at most {INVOICES_MAX} invoices are changed at once")]
    TooManyInvoices,
}

/// A payment with the invoices and customers it may touch, as read, and what was decided so far.
pub struct Movement {
    merchant: MerchantId,
    actor: String,
    now: DateTime<Utc>,
    /// The version the payment was read at; `None` for a new one.
    before: Option<u64>,
    /// How the payment stood then.
    stood: Summary,
    payment: Payment,
    payment_rows: Vec<EventRow>,
    invoices: BTreeMap<InvoiceId, Tracked>,
    customers: BTreeMap<CustomerId, Account>,
}

struct Tracked {
    /// How it was read.
    before: apply::Before,
    events: Vec<invoice::Event>,
    after: Invoice,
}

struct Account {
    before: u64,
    /// How it stood when it was read.
    stood: Summary,
    customer: Customer,
}

/// How a movement ends.
pub type Moved<T> = Result<T, Refusal>;

impl Movement {
    /// A movement of a payment as it is stored, or of a new one.
    pub fn of(payment: Payment, is_new: bool, actor: &str, now: DateTime<Utc>) -> Self {
        Self {
            merchant: payment.merchant.clone(),
            actor: actor.to_owned(),
            now,
            before: (!is_new).then_some(payment.version),
            stood: if is_new { Summary::new() } else { payment.summary() },
            payment,
            payment_rows: Vec::new(),
            invoices: BTreeMap::new(),
            customers: BTreeMap::new(),
        }
    }

    /// Reads a payment and whatever holds money of it, and the invoices and customers that money may
    /// go to. `None` where there is no such payment.
    pub async fn load(
        deps: &Deps,
        merchant: &MerchantId,
        id: &PaymentId,
        also: &[ItemRef],
        actor: &str,
    ) -> Result<Option<Self>, Unknown> {
        let refs: Vec<ItemRef> =
            std::iter::once(ItemRef::Payment(id.clone())).chain(also.iter().cloned()).collect();
        let mut found = deps.store.read(merchant, &refs).await?;
        let Some(payment) = found.take_payment(id) else { return Ok(None) };
        let mut movement = Self::of(payment, false, actor, deps.clock.now());
        for item in also {
            match item {
                ItemRef::Invoice(id) => movement.add_invoice(found.take_invoice(id)),
                ItemRef::Customer(id) => movement.add_customer(found.take_customer(id)),
                _ => {}
            }
        }
        movement.load_places(deps).await?;
        movement.load_carrying(deps).await?;
        Ok(Some(movement))
    }

    /// Reads the customers onto whose next invoice late charges may go.
    pub async fn load_carrying(&mut self, deps: &Deps) -> Result<(), Unknown> {
        let carries =
            |invoice: &Invoice| invoice.issuing.settling.late_shortfall == LateShortfall::Carry;
        let invoices = self.invoices.values().map(|tracked| &tracked.after);
        let customers: Vec<CustomerId> =
            invoices.filter(|it| carries(it)).map(|it| it.customer.clone()).collect();
        for customer in customers {
            self.load_customer(deps, &customer).await?;
        }
        Ok(())
    }

    /// Reads what holds money of the payment and is not here yet, and the customers of its invoices.
    pub async fn load_places(&mut self, deps: &Deps) -> Result<(), Unknown> {
        let invoices = self.payment.allocations.iter().map(|it| &it.invoice);
        let missing = invoices.filter(|id| !self.invoices.contains_key(*id));
        let mut refs: Vec<ItemRef> = missing.cloned().map(ItemRef::Invoice).collect();
        refs.dedup();
        self.read(deps, &refs).await?;
        let account = self.payment.on_account.as_ref().map(|it| it.customer.clone());
        let missing = account.filter(|id| !self.customers.contains_key(id));
        let refs: Vec<ItemRef> = missing.into_iter().map(ItemRef::Customer).collect();
        self.read(deps, &refs).await
    }

    /// Reads the customer that owes an invoice of this movement, to put money on the account of.
    pub async fn load_customer(&mut self, deps: &Deps, id: &CustomerId) -> Result<(), Unknown> {
        if self.customers.contains_key(id) {
            return Ok(());
        }
        self.read(deps, &[ItemRef::Customer(id.clone())]).await
    }

    async fn read(&mut self, deps: &Deps, refs: &[ItemRef]) -> Result<(), Unknown> {
        if refs.is_empty() {
            return Ok(());
        }
        let mut found = deps.store.read(&self.merchant, refs).await?;
        for item in refs {
            match item {
                ItemRef::Invoice(id) => self.add_invoice(found.take_invoice(id)),
                ItemRef::Customer(id) => self.add_customer(found.take_customer(id)),
                _ => {}
            }
        }
        Ok(())
    }

    pub fn add_invoice(&mut self, invoice: Option<Invoice>) {
        if let Some(invoice) = invoice {
            let before = apply::Before::of(&invoice);
            let tracked = Tracked { before, events: Vec::new(), after: invoice };
            self.invoices.entry(tracked.after.id.clone()).or_insert(tracked);
        }
    }

    pub fn add_customer(&mut self, customer: Option<Customer>) {
        if let Some(customer) = customer {
            let (before, stood) = (customer.version, customer.summary());
            let account = Account { before, stood, customer };
            self.customers.entry(account.customer.id.clone()).or_insert(account);
        }
    }

    /// The payment as it is after what was decided so far.
    pub fn payment(&self) -> &Payment {
        &self.payment
    }

    /// An invoice as it is after what was decided so far.
    pub fn invoice(&self, id: &InvoiceId) -> Option<&Invoice> {
        self.invoices.get(id).map(|tracked| &tracked.after)
    }

    /// Whether a customer was found.
    pub(crate) fn has_customer(&self, id: &CustomerId) -> bool {
        self.customers.contains_key(id)
    }

    /// Keeps what a statement says beside a payment of which less was known. It is written with
    /// whatever else changes.
    pub(crate) fn remember(&mut self, payer: Option<Payer>, memo: &str) {
        if self.payment.payer.is_none() {
            self.payment.payer = payer;
        }
        if self.payment.memo.is_none() && !memo.is_empty() {
            self.payment.memo = Some(memo.into());
        }
    }

    /// Keeps which line of a bank file told of the payment, so that the line is found again from
    /// it. A payment keeps the first [`BANK_LINES_MAX`].
    pub(crate) fn shown_by(&mut self, fingerprint: &str) {
        let lines = &mut self.payment.bank_lines;
        if lines.len() >= BANK_LINES_MAX || lines.iter().any(|known| known == fingerprint) {
            return;
        }
        lines.push(fingerprint.to_owned());
        if self.before == Some(self.payment.version) {
            self.payment.version += 1;
        }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Carries out a command on the payment, with everything that follows from its events.
    pub fn ask(&mut self, command: payment::Command, why: &str) -> Moved<()> {
        let events = payment::decide(&self.payment, command, self.now)?;
        for event in events {
            self.follow(&event, why)?;
            self.record(&event, why);
        }
        Ok(())
    }

    /// Gives an instalment money of the payment: what is free first, then what is on the account.
    pub fn allocate(&mut self, invoice: &InvoiceId, instalment: u16, amount: Money) -> Moved<()> {
        let to = (invoice.clone(), instalment);
        let tracked = self.invoices.get(invoice).ok_or(Refusal::NoInvoice)?;
        let given = Received {
            instalment,
            revision: None,
            payment: &self.payment.id,
            amount,
            paid_at: self.payment.paid_at,
            source: Source::Unidentified,
        };
        let events = invoice::allocate(&tracked.after, &given, self.now)?;
        let (invoice, instalment) = to;
        let why = "it was applied to an invoice";
        self.ask(payment::Command::Allocate { invoice: invoice.clone(), instalment, amount }, why)?;
        self.extend_invoice(&invoice, events)
    }

    /// Adds events that an invoice decided by itself.
    pub fn extend_invoice(&mut self, id: &InvoiceId, events: Vec<invoice::Event>) -> Moved<()> {
        let tracked = self.invoices.get_mut(id).ok_or(Refusal::NoInvoice)?;
        for event in events {
            if let invoice::Event::PaymentMatched { split, .. } = &event
                && !split.carried.is_zero()
            {
                let account = self.customers.get_mut(&tracked.after.customer);
                let account = account.ok_or(Refusal::NoCustomer)?;
                account.customer.carried += split.carried;
                account.touch();
            }
            tracked.after = invoice::evolve(tracked.after.clone(), &event, self.now);
            tracked.events.push(event);
        }
        Ok(())
    }

    /// What an event of the payment does to an invoice or a customer.
    fn follow(&mut self, event: &payment::Event, why: &str) -> Moved<()> {
        match event {
            payment::Event::Released { invoice, instalment, amount } => {
                let tracked = self.invoices.get(invoice).ok_or(Refusal::NoInvoice)?;
                let release = invoice::Command::Release {
                    instalment: *instalment,
                    payment: self.payment.id.clone(),
                    amount: *amount,
                    reason: why.to_owned(),
                };
                let events = invoice::decide(&tracked.after, release, self.now)?;
                self.extend_invoice(&invoice.clone(), events)
            }
            payment::Event::PutOnAccount { customer, amount } => {
                let amount = self.payment.account_amount() + *amount;
                self.set_credit(customer, amount)
            }
            payment::Event::TakenFromAccount { customer, amount } => {
                let amount = self.payment.account_amount() - *amount;
                self.set_credit(customer, amount)
            }
            payment::Event::TakenBack { .. } => {
                self.flag_customers();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn set_credit(&mut self, id: &CustomerId, amount: Money) -> Moved<()> {
        let account = self.customers.get_mut(id).ok_or(Refusal::NoCustomer)?;
        let credits = &account.customer.on_account;
        let is_new = !credits.iter().any(|credit| credit.payment == self.payment.id);
        if is_new && credits.len() >= ACCOUNT_CREDITS_MAX {
            return Err(Refusal::AccountFull);
        }
        account.customer.set_credit(&self.payment.id, amount);
        account.touch();
        Ok(())
    }

    /// Whoever's money the bank took back is to be looked at.
    fn flag_customers(&mut self) {
        let flag = CustomerFlag {
            reason: FlagReason::TakenBack,
            at: self.now,
            payment: self.payment.id.clone(),
        };
        for account in self.customers.values_mut() {
            account.customer.flag = Some(flag.clone());
            account.touch();
        }
    }

    fn record(&mut self, event: &payment::Event, why: &str) {
        let postings = journal::of_payment(event, &self.payment);
        let before = self.payment.clone();
        self.payment = payment::evolve(before, event, self.now);
        if let Some(name) = event.name() {
            let mut data = payment_data(event, &self.payment);
            if let payment::Event::TakenFromAccount { .. } = event {
                data["reason"] = why.into();
            }
            self.payment_rows.push(EventRow {
                aggregate: Aggregate::Payment(self.payment.id.clone()),
                seq: self.payment.version,
                at: self.now,
                actor: self.actor.clone(),
                name: name.to_owned(),
                data,
                postings,
                changes: Changes::default(),
            });
        }
    }

    /// Whether anything was decided.
    pub fn is_empty(&self) -> bool {
        self.before == Some(self.payment.version)
            && self.invoices.values().all(|tracked| tracked.events.is_empty())
    }

    /// Has the payment's last row say what changed of it and of the customers. Where the payment has
    /// no row, the invoice that tells of it is to say so: the answer is for its row. What a new
    /// payment is then stands in that row's data.
    fn tell_changes(&mut self) -> Changes {
        let of_payment = Changes::between(&self.stood, &self.payment.summary());
        let touched = self.customers.iter().filter(|(_, it)| it.customer.version != it.before);
        let of_customers = touched.fold(Changes::default(), |all, (id, account)| {
            let changes = Changes::between(&account.stood, &account.customer.summary());
            all.and(changes.under(&format!("customers.{id}")))
        });
        match self.payment_rows.last_mut() {
            Some(last) => {
                last.changes = of_payment.and(of_customers);
                Changes::default()
            }
            None if self.before.is_some() => of_payment.under("payment").and(of_customers),
            None => of_customers,
        }
    }

    /// The one transaction. It must not be empty.
    pub async fn commit(mut self, deps: &Deps) -> Result<Commit, Unknown> {
        let mut beside = self.tell_changes();
        let Self {
            merchant, actor, now, before, payment, payment_rows, invoices, customers, ..
        } = self;
        let mut commit = Commit::new(&merchant);
        if before != Some(payment.version) {
            let work = payment.work_at().map(|at| WorkDue { at, kind: WorkKind::Confirm });
            let expected = before.map_or(Expected::New, Expected::Version);
            commit = commit.payment(&payment, expected, work.as_ref());
        }
        for row in &payment_rows {
            commit = commit.event(row);
        }
        for tracked in invoices.into_values().filter(|tracked| !tracked.events.is_empty()) {
            let Tracked { before, events, after } = tracked;
            let beside = std::mem::take(&mut beside);
            let rows = apply::Rows { events: &events, actor: &actor, now, beside };
            let rule = deps.rule_of(&after).await?;
            commit = apply::changed(commit, &after, &rule, &before, rows);
        }
        for account in customers.into_values() {
            if account.customer.version != account.before {
                commit = commit.customer(&account.customer, Expected::Version(account.before));
            }
        }
        Ok(commit)
    }
}

impl Account {
    /// However often it changes, it is written once.
    fn touch(&mut self) {
        self.customer.version = self.before + 1;
    }
}
