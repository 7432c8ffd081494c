//! What a person does with the money of a payment: gives it to invoices, takes it back, puts it
//! onto a customer's account, sends it back to the payer, or says that nothing is left to do.
//!
//! Owns the shape of every such command: read, decide on a [`Movement`], one transaction with the
//! answer inside. Does not own the rules (`quita_core::payment`, `quita_core::invoice`) nor the call
//! to the bank that follows a refund.
//!
//! ```text
//!   unidentified <── Release ──────────── an instalment
//!      │  │  ^                                ^
//!      │  │  └── TakeFromAccount ── account   │
//!      │  └───── PutOnAccount ───────>│       │
//!      └──────── Apply, ApplyOldest ──┴───────┘        AskRefund: from any of them, to the payer
//! ```

use quita_core::ids::{CustomerId, InvoiceId, MerchantId, PaymentId};
use quita_core::invoice::{self, Invoice};
use quita_core::money::Money;
use quita_core::payment::{self, Command};
use quita_core::violation::Violation;
use quita_table::store::{Found, ItemRef};
use quita_table::{Commit, CommitError};

use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{self, Answer, Request};
use crate::movement::{INVOICES_MAX, Moved, Movement, Refusal};
use crate::other_payer;
use crate::pay_oldest::{owing, pay_oldest};
use crate::payment_view::PaymentView;

/// Times a command is decided anew because someone else wrote first.
const CONFLICTS_MAX: usize = 5;
/// Most parts that money is given in at once: with their rows they fit one transaction.
pub const PARTS_MAX: usize = INVOICES_MAX;
/// What to do where all of a payment has its place.
const NOTHING_FREE: &str = "nothing of the payment is free; take it off an invoice first";

/// What is asked of a payment.
#[derive(Debug, Clone)]
pub enum Action {
    /// Money that is nowhere else goes to instalments; what is missing comes from the account.
    Apply(Vec<Part>),
    /// All of that money goes to what the customer owes, the oldest due first; the rest of it onto
    /// the customer's account.
    ApplyOldest(CustomerId),
    /// An instalment gives money back.
    Release {
        invoice: InvoiceId,
        instalment: u16,
        amount: Money,
        reason: String,
    },
    /// Money that is nowhere else goes onto the account: all of it without an amount.
    PutOnAccount {
        customer: CustomerId,
        amount: Option<Money>,
    },
    TakeFromAccount {
        amount: Money,
        reason: String,
    },
    AskRefund {
        id: String,
        amount: Money,
        reason: String,
    },
    Assign {
        to: String,
    },
    Dismiss {
        reason: String,
    },
}

/// A part of the money, for one instalment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub invoice: InvoiceId,
    /// May be left out where the invoice has only one.
    pub instalment: Option<u16>,
    pub amount: Money,
}

/// Why it was not done. Final: repeating it changes nothing.
#[derive(Debug)]
pub enum Refused {
    NotFound,
    /// The state forbids it; the text says what to do.
    Conflict(String),
    /// Everything that is wrong, at once.
    Invalid(Vec<Violation>),
    KeyReused,
}

impl Refused {
    pub(crate) fn invalid(property: &str, reason: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation::new(property, reason)])
    }
}

/// Does it and answers with the payment as it is then, under `status`.
pub async fn move_money(
    deps: &Deps,
    merchant: &MerchantId,
    id: &PaymentId,
    action: &Action,
    status: u16,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let record = ItemRef::Idempotency { scope: request.scope.to_owned(), key: request.key.clone() };
    let refs: Vec<ItemRef> =
        [ItemRef::Payment(id.clone()), record].into_iter().chain(action.refs()).collect();
    for _ in 0..CONFLICTS_MAX {
        let mut found = deps.store.read(merchant, &refs).await?;
        if let Some(record) = found.take_idempotency(request.scope, &request.key) {
            return Ok(request.replay(record).map_err(|_| Refused::KeyReused));
        }
        let Some(payment) = found.take_payment(id) else { return Ok(Err(Refused::NotFound)) };
        let mut movement = Movement::of(payment, false, &request.actor, deps.clock.now());
        let owed = action.load(deps, &mut movement, &mut found).await?;
        if let Err(refused) = action.carry_out(&mut movement, owed) {
            return Ok(Err(refused));
        }
        if let Some(answer) = write(deps, movement, status, request).await? {
            return Ok(answer);
        }
    }
    Err(Unknown::new("moving money of a payment", "others kept writing first"))
}

/// For a request that is wrong in itself: what its key was answered before, or else every fault.
pub async fn refuse(
    deps: &Deps,
    merchant: &MerchantId,
    faults: Vec<Violation>,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let told = idempotency::told_before(deps, merchant, request).await?;
    let refused = || Err(Refused::Invalid(faults));
    Ok(told.map_or_else(refused, |told| told.map_err(|_| Refused::KeyReused)))
}

/// Writes the movement with the answer; `None` when someone else wrote first.
pub(crate) async fn write(
    deps: &Deps,
    movement: Movement,
    status: u16,
    request: &Request,
) -> Result<Option<Result<Answer, Refused>>, Unknown> {
    let (now, merchant) = (movement.now(), movement.payment().merchant.clone());
    let body = serde_json::to_string(&view(&movement))
        .map_err(|error| Unknown::new("writing the answer", error))?;
    let commit =
        if movement.is_empty() { Commit::new(&merchant) } else { movement.commit(deps).await? };
    let commit = commit.idempotency(&request.record(status, &body, now));
    match deps.store.commit(commit).await {
        Ok(()) => Ok(Some(Ok(Answer { status, body, replayed: false }))),
        Err(CommitError::Conflict(conflicts)) => {
            let record = idempotency::record_in(&conflicts);
            let told = record.map(|record| request.replay(record));
            Ok(told.map(|told| told.map_err(|_| Refused::KeyReused)))
        }
        Err(CommitError::TooManyItems { .. } | CommitError::CommitTooLarge { .. }) => {
            let hint = "this changes more invoices than fit at once; do it in smaller amounts";
            Ok(Some(Err(Refused::Conflict(hint.to_owned()))))
        }
        Err(error) => Err(error.into()),
    }
}

/// The payment with what its invoices tell of who paid.
fn view(movement: &Movement) -> PaymentView {
    let payment = movement.payment();
    let invoices = payment.allocations.iter().filter_map(|it| movement.invoice(&it.invoice));
    PaymentView::of(payment).with_payer_differing(other_payer::differs(payment, invoices))
}

impl Action {
    /// What it names.
    fn refs(&self) -> Vec<ItemRef> {
        match self {
            Self::Apply(parts) => invoices_of(parts),
            Self::ApplyOldest(customer) | Self::PutOnAccount { customer, .. } => {
                vec![ItemRef::Customer(customer.clone())]
            }
            Self::Release { .. }
            | Self::TakeFromAccount { .. }
            | Self::AskRefund { .. }
            | Self::Assign { .. }
            | Self::Dismiss { .. } => Vec::new(),
        }
    }

    /// Reads whatever it may touch; answers with what the customer owes, where that is paid.
    async fn load(
        &self,
        deps: &Deps,
        movement: &mut Movement,
        found: &mut Found,
    ) -> Result<Vec<Invoice>, Unknown> {
        for item in self.refs() {
            match item {
                ItemRef::Invoice(id) => movement.add_invoice(found.take_invoice(&id)),
                ItemRef::Customer(id) => movement.add_customer(found.take_customer(&id)),
                _ => {}
            }
        }
        load_doubted(deps, movement).await?;
        if !matches!(self, Self::Assign { .. } | Self::Dismiss { .. }) {
            movement.load_places(deps).await?;
        }
        if matches!(self, Self::Apply(_)) {
            movement.load_carrying(deps).await?;
        }
        match self {
            Self::ApplyOldest(customer) => {
                owing(deps, &movement.payment().merchant, customer).await
            }
            _ => Ok(Vec::new()),
        }
    }

    fn carry_out(&self, movement: &mut Movement, owed: Vec<Invoice>) -> Result<(), Refused> {
        let why = |reason: &str| reason.to_owned();
        match self.clone() {
            Self::Apply(parts) => apply_parts(movement, &parts)?,
            Self::ApplyOldest(customer) => apply_oldest(movement, owed, &customer)?,
            Self::Release { invoice, instalment, amount, reason } => {
                let command = Command::Release { invoice, instalment, amount };
                movement.ask(command, &reason).map_err(refused)?;
            }
            Self::PutOnAccount { customer, amount } => {
                let free = movement.payment().unidentified();
                if amount.is_none() && free.is_zero() && movement.payment().state.is_received() {
                    return Err(Refused::Conflict(NOTHING_FREE.to_owned()));
                }
                let amount = amount.unwrap_or(free);
                let command = Command::PutOnAccount { customer, amount };
                movement.ask(command, "a person put it there").map_err(refused)?;
            }
            Self::TakeFromAccount { amount, reason } => {
                movement.ask(Command::TakeFromAccount { amount }, &reason).map_err(refused)?;
            }
            Self::AskRefund { id, amount, reason } => {
                let why = why(&reason);
                movement.ask(Command::AskRefund { id, amount, reason }, &why).map_err(refused)?;
            }
            Self::Assign { to } => {
                movement.ask(Command::Assign { to }, "").map_err(refused)?;
            }
            Self::Dismiss { reason } => {
                let why = why(&reason);
                movement.ask(Command::Dismiss { reason }, &why).map_err(refused)?;
            }
        }
        settle_doubt(movement).map_err(refused)
    }
}

/// The invoices that parts name, each once.
pub(crate) fn invoices_of(parts: &[Part]) -> Vec<ItemRef> {
    let mut ids: Vec<&InvoiceId> = parts.iter().map(|part| &part.invoice).collect();
    ids.sort();
    ids.dedup();
    ids.into_iter().cloned().map(ItemRef::Invoice).collect()
}

/// Gives each part to its instalment; everything that is wrong is told at once, by path.
pub(crate) fn apply_parts(movement: &mut Movement, parts: &[Part]) -> Result<(), Refused> {
    if !movement.payment().state.is_received() {
        return Err(refused(payment::Refusal::NotReceived.into()));
    }
    let mut faults = Vec::new();
    for (nth, part) in parts.iter().enumerate() {
        if let Err(fault) = apply_part(movement, part) {
            faults.push(fault.under(&format!("allocations[{nth}]")));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Refused::Invalid(faults)) }
}

fn apply_part(movement: &mut Movement, part: &Part) -> Result<(), Violation> {
    let unknown = || Violation::new("invoice_id", "use the id of an invoice of yours");
    let invoice = movement.invoice(&part.invoice).ok_or_else(unknown)?;
    let count = invoice.instalments.len();
    let number = part.instalment.or((count == 1).then_some(1));
    let number = number.ok_or_else(|| {
        Violation::new("instalment", format!("say which of its {count} instalments"))
    })?;
    movement.allocate(&part.invoice, number, part.amount).map_err(|refusal| {
        let property = match refusal {
            Refusal::Invoice(invoice::Refusal::NoSuchInstalment { .. }) => "instalment",
            Refusal::Invoice(
                invoice::Refusal::AlreadyPaid
                | invoice::Refusal::Canceled
                | invoice::Refusal::TooManyCredits,
            ) => "invoice_id",
            _ => "amount",
        };
        Violation::new(property, refusal.to_string())
    })
}

fn apply_oldest(
    movement: &mut Movement,
    owed: Vec<Invoice>,
    customer: &CustomerId,
) -> Result<(), Refused> {
    let payment = movement.payment();
    if !payment.state.is_received() {
        return Err(refused(payment::Refusal::NotReceived.into()));
    }
    let elsewhere = payment.on_account.as_ref().is_some_and(|there| there.customer != *customer);
    if elsewhere {
        return Err(refused(payment::Refusal::OtherAccount.into()));
    }
    if (payment.unidentified() + payment.account_amount()).is_zero() {
        return Err(Refused::Conflict(NOTHING_FREE.to_owned()));
    }
    pay_oldest(movement, owed, customer).map_err(refused)
}

/// The invoice that a Pix which waits for a person may have put in doubt.
async fn load_doubted(deps: &Deps, movement: &mut Movement) -> Result<(), Unknown> {
    let payment = movement.payment();
    let named = payment.txid.as_ref().and_then(|txid| txid.charge_ref());
    let Some(named) = named.filter(|_| payment.attention.is_some()) else { return Ok(()) };
    if movement.invoice(&named.invoice).is_none() {
        let merchant = payment.merchant.clone();
        let item = ItemRef::Invoice(named.invoice.clone());
        let mut found = deps.store.read(&merchant, &[item]).await?;
        movement.add_invoice(found.take_invoice(&named.invoice));
    }
    Ok(())
}

/// Once a person has decided about a Pix, the instalment it named is no longer in doubt. The bank
/// counts the named charge as paid, so what is still owed is asked for by a new one.
fn settle_doubt(movement: &mut Movement) -> Moved<()> {
    let payment = movement.payment();
    let named = payment.txid.as_ref().and_then(|txid| txid.charge_ref());
    let Some(named) = named.filter(|_| payment.attention.is_none()) else { return Ok(()) };
    let Some(state) = movement.invoice(&named.invoice) else { return Ok(()) };
    let number = named.instalment;
    let settle = invoice::Command::SettleDoubt { instalment: number, payment: payment.id.clone() };
    let mut events = invoice::decide(state, settle, movement.now()).unwrap_or_default();
    let Some(settled) = events.first() else { return Ok(()) };
    let held = |invoice: &Invoice| invoice.instalment(number).and_then(|known| known.hold());
    let after = invoice::evolve(state.clone(), settled, movement.now());
    if held(state).is_some() && held(&after).is_none() {
        let reason = "the Pix that had paid the charge was given another place".to_owned();
        let reissue = invoice::Command::Reissue { instalment: number, reason };
        // Refused where nothing is owed any more, or a new charge is on its way already.
        events.extend(invoice::decide(&after, reissue, movement.now()).unwrap_or_default());
    }
    movement.extend_invoice(&named.invoice, events)
}

/// What a refusal means to the caller.
pub(crate) fn refused(refusal: Refusal) -> Refused {
    use invoice::Refusal as OfInvoice;
    use payment::Refusal as OfPayment;
    let why = refusal.to_string();
    match refusal {
        Refusal::NoPayment => Refused::NotFound,
        Refusal::NoInvoice => Refused::invalid("invoice_id", "use the id of an invoice of yours"),
        Refusal::NoCustomer => Refused::invalid("customer_id", "use the id of a customer of yours"),
        Refusal::Payment(
            OfPayment::OverBalance { .. } | OfPayment::NotPositive | OfPayment::NotThere { .. },
        )
        | Refusal::Invoice(OfInvoice::NotCredited { .. } | OfInvoice::OverBalance { .. }) => {
            Refused::invalid("amount", why)
        }
        Refusal::Payment(OfPayment::NotPix | OfPayment::TooLate { .. }) => {
            Refused::invalid("payment_id", why)
        }
        Refusal::Invoice(OfInvoice::NoSuchInstalment { .. }) => Refused::invalid("instalment", why),
        Refusal::Payment(_)
        | Refusal::Invoice(_)
        | Refusal::AccountFull
        | Refusal::TooManyInvoices => Refused::Conflict(why),
    }
}
