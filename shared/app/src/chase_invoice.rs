//! Does whatever is due for one invoice: receipts, the step of the rule, a call for the bank.
//!
//! Everything is decided anew from facts, so it may be called at any time, by the sweep or by an
//! event, twice or late. Before a message asks for money the bank is asked whether the charge was
//! paid; if so the Pix is taken in and nothing is sent.
//!
//! ```text
//!   read merchant, invoice ──> is a step due at all? ──> read customer, rows, other invoices
//!                                                              │ decide with all of it
//!        record <── send <── claim rows, texts, touch <── bank ┴─> task, skip, wait, silence
//! ```

pub mod dry_run;
mod look;
mod reach;
mod receipt;
mod record;
mod say;
mod step;
mod tell;
mod verdict;
mod walk;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::chase;
use quita_core::ids::{InvoiceId, MerchantId};
use quita_core::invoice::{Instalment, Invoice};
use quita_core::merchant::Merchant;
use quita_core::work::{WorkDue, WorkKind};
use quita_table::store::ItemRef;
use quita_table::{Commit, CommitError};

use crate::bus::BusEvent;
use crate::charge_at_bank::{AtBank, held, reissue, reload};
use crate::deps::Deps;
use crate::error::Unknown;
use crate::handle_invoice::settle_handling;
use receipt::Receipted;
use record::record;
use step::{Stepped, Stepper};
use verdict::{Rows, Ruled};

pub(crate) use walk::Walk;

/// Who the rows name.
const ACTOR: &str = "sweep_reminders";
/// Things done for one invoice in one go; what is left is done by the next.
const ACTIONS_MAX: usize = 100;
/// Times a step is decided anew because someone else wrote to the same customer first.
const CONFLICTS_MAX: usize = 5;
/// Longest time until an invoice is looked at again that only a fact of the customer's holds back:
/// a change there does not move its invoices.
const LOOK_AGAIN: TimeDelta = TimeDelta::days(1);

/// What was done.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// Steps that were done, of this invoice and of those that went out with it.
    pub messages: usize,
    pub receipts: usize,
    /// The bank knew of a payment that we did not.
    pub healed: usize,
    /// Someone else is at it, or a provider takes nothing now.
    pub busy: usize,
}

/// What to do about an invoice now, at once and by itself.
pub async fn chase_invoice(
    deps: &Deps,
    merchant: &MerchantId,
    invoice: &InvoiceId,
) -> Result<Done, Unknown> {
    Ok(chase(deps, &Walk::default(), merchant, invoice).await?.done)
}

/// As [`chase_invoice`], for an invoice the work index says is due. Where that turns out not to be
/// so (its hour has passed, or quiet hours came, or the customer's facts hold it back), the entry
/// moves to what is next: left behind, it would be read by every sweep.
pub async fn chase_due_invoice(
    deps: &Deps,
    merchant: &MerchantId,
    invoice: &InvoiceId,
) -> Result<Done, Unknown> {
    chase_in_walk(deps, &Walk::default(), merchant, invoice).await
}

/// As [`chase_due_invoice`], one of many.
pub(crate) async fn chase_in_walk(
    deps: &Deps,
    walk: &Walk,
    merchant: &MerchantId,
    invoice: &InvoiceId,
) -> Result<Done, Unknown> {
    let chased = chase(deps, walk, merchant, invoice).await?;
    let now = deps.clock.now();
    let work = chased.work(now);
    if chased.of.invoice.version == chased.before && work.is_none_or(|work| work.at > now) {
        let commit = Commit::new(merchant).invoice_work(&chased.of.invoice, work.as_ref());
        match deps.store.commit(commit).await {
            // Whoever wrote first has moved the entry.
            Ok(()) | Err(CommitError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(chased.done)
}

/// What a chase did, and the invoice after it.
struct Chased {
    done: Done,
    /// Version of the invoice when it was read.
    before: u64,
    of: Ruled,
    /// Instalments of which nothing can be done before an instant, or until a fact changes.
    passed: BTreeMap<u16, Passed>,
}

/// Until when an instalment is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passed {
    /// The customer's facts hold it back.
    Until(DateTime<Utc>),
    /// Someone else is at it, or a provider takes nothing before then.
    Busy(DateTime<Utc>),
    /// Only a change of the customer's can bring it back.
    Silent,
    /// It is looked at anew by the next sweep.
    Now,
}

impl Chased {
    /// What falls due next, with what was learned on the way.
    fn work(&self, now: DateTime<Utc>) -> Option<WorkDue> {
        let Ruled { invoice, rule } = &self.of;
        let work = invoice.next_work(rule, now)?;
        let held = matches!(work.kind, WorkKind::Receipt | WorkKind::Reminder);
        if !held || self.passed.is_empty() || work.at > now {
            return Some(work);
        }
        let calendar = invoice.calendar();
        let of = |instalment: &Instalment| {
            let charge = instalment.charge_work().into_iter().chain(invoice.expires_at(instalment));
            let charge = charge.map(|at| WorkDue { at, kind: WorkKind::Charge });
            let facts = invoice.chase_facts(instalment, &calendar, now);
            let at = match self.passed.get(&instalment.number) {
                Some(Passed::Until(until) | Passed::Busy(until)) => {
                    Some((*until).min(now + LOOK_AGAIN))
                }
                Some(Passed::Silent) => Some(now + LOOK_AGAIN),
                Some(Passed::Now) => Some(now),
                None => chase::wakes_at(&facts, rule, now),
            };
            charge.chain(at.map(|at| WorkDue { at, kind: WorkKind::Reminder }))
        };
        let promise = invoice.handling.open_promise();
        let promise = promise.map(|it| WorkDue { at: it.checked_at, kind: WorkKind::Handling });
        let each = invoice.instalments.iter().flat_map(of);
        each.chain(promise).min_by_key(|work| (work.at, work.kind))
    }
}

#[tracing::instrument(skip_all, fields(merchant.id = %merchant, invoice.id = %invoice))]
async fn chase(
    deps: &Deps,
    walk: &Walk,
    merchant: &MerchantId,
    invoice: &InvoiceId,
) -> Result<Chased, Unknown> {
    let (settings, mut state) = load(deps, merchant, invoice).await?;
    let (_turn, waited) = walk.turn(merchant, &state.customer).await;
    if waited {
        // Whoever was at the customer may have told of this invoice too.
        state = reload(deps, merchant, invoice).await?;
    }
    let before = state.version;
    let state = settle_handling(deps, state, ACTOR).await?;
    let state = renew_expired(deps, state).await?;
    let rule = deps.rule_of(&state).await?;
    let mut of = Ruled { invoice: state, rule };
    let mut done = Done::default();
    let mut passed: BTreeMap<u16, Passed> = BTreeMap::new();
    let (mut in_the_way, mut contended) = (Rows::new(), 0);
    for _ in 0..ACTIONS_MAX {
        let over: Vec<u16> = passed.keys().copied().collect();
        if let Some(owed) = receipt::owed(&of.invoice, &over) {
            match receipt::send(deps, &settings, &of, owed).await? {
                Receipted::Later(at) => {
                    passed.insert(owed.0, Passed::Busy(at));
                    done.busy += 1;
                }
                Receipted::Over(outcome) => {
                    take(&mut of, record(deps, vec![*outcome]).await?);
                    done.receipts += 1;
                }
            }
            continue;
        }
        let settings = &settings;
        let in_the_way = &mut in_the_way;
        let mut stepper = Stepper { deps, walk, settings, of: &of, over: &over, in_the_way };
        match stepper.step().await? {
            Stepped::Nothing => break,
            Stepped::Passed(more) => {
                done.busy += more.values().filter(|it| matches!(it, Passed::Busy(_))).count();
                passed.extend(more);
                break;
            }
            Stepped::Did { after, steps } => {
                take(&mut of, after);
                done.messages += steps;
            }
            Stepped::Healed(number) => {
                done.healed += 1;
                of = reloaded(deps, of).await?;
                passed.insert(number, Passed::Now);
            }
            Stepped::Changed => of = reloaded(deps, of).await?,
            Stepped::Contended if contended < CONFLICTS_MAX => {
                contended += 1;
                of = reloaded(deps, of).await?;
            }
            Stepped::Contended => {
                done.busy += 1;
                break;
            }
        }
    }
    call_bank_if_due(deps, &of.invoice).await?;
    Ok(Chased { done, before, of, passed })
}

async fn load(
    deps: &Deps,
    merchant: &MerchantId,
    invoice: &InvoiceId,
) -> Result<(Merchant, Invoice), Unknown> {
    let refs = [ItemRef::Merchant, ItemRef::Invoice(invoice.clone())];
    let mut found = deps.store.read(merchant, &refs).await?;
    match (found.take_merchant(), found.take_invoice(invoice)) {
        (Some(settings), Some(state)) => Ok((settings, state)),
        _ => Err(Unknown::new("loading the invoice", "it is not there")),
    }
}

async fn reloaded(deps: &Deps, of: Ruled) -> Result<Ruled, Unknown> {
    let invoice = reload(deps, &of.invoice.merchant, &of.invoice.id).await?;
    let rule = deps.rule_of(&invoice).await?;
    Ok(Ruled { invoice, rule })
}

fn take(of: &mut Ruled, mut after: BTreeMap<InvoiceId, Invoice>) {
    if let Some(invoice) = after.remove(&of.invoice.id) {
        of.invoice = invoice;
    }
}

/// Asks for a new charge wherever the last payable day is over, unless it was paid in time and we
/// were not told.
async fn renew_expired(deps: &Deps, mut invoice: Invoice) -> Result<Invoice, Unknown> {
    let now = deps.clock.now();
    let expired = |invoice: &Invoice, instalment: &Instalment| {
        invoice.expires_at(instalment).is_some_and(|at| at <= now)
    };
    for number in 1..=u16::try_from(invoice.instalments.len()).unwrap_or(u16::MAX) {
        if !invoice.instalment(number).is_some_and(|known| expired(&invoice, known)) {
            continue;
        }
        invoice = match held(deps, &invoice, number, ACTOR).await? {
            AtBank::Paid { .. } => reload(deps, &invoice.merchant, &invoice.id).await?,
            AtBank::Unpaid | AtBank::Removed => {
                let reason = "the charge could no longer be paid";
                reissue(deps, invoice, number, reason, ACTOR).await?
            }
        };
    }
    Ok(invoice)
}

/// Creating and removing charges is `issue_charge`'s: it is called through the bus.
async fn call_bank_if_due(deps: &Deps, invoice: &Invoice) -> Result<(), Unknown> {
    let now = deps.clock.now();
    let due = invoice.charge_work().is_some_and(|at| at <= now);
    if !due {
        return Ok(());
    }
    tracing::info!(invoice.id = %invoice.id, work = WorkKind::Charge.as_str(), "Charge is due");
    let event = BusEvent::charge_due(&invoice.merchant, &invoice.id, now);
    deps.bus.publish(&[event]).await.into_iter().collect()
}
