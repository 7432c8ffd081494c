//! Does whatever is due for one invoice: receipts, the step of the rule, a call for the bank.
//!
//! Everything is decided anew from facts, so it may be called at any time, by the sweep or by an
//! event, twice or late. Before a message asks for money the bank is asked whether the charge was
//! paid; if so the Pix is taken in and nothing is sent.

use chrono::{DateTime, Utc};
use quita_core::chase::{self, Decision, Rule, Step, StepOutcome};
use quita_core::hidden::Hidden;
use quita_core::ids::{InvoiceId, MerchantId};
use quita_core::invoice::{Command, Instalment, Invoice, decide};
use quita_core::merchant::Merchant;
use quita_core::message::{Channel, LedgerKey, Message, MessageState};
use quita_core::money::Money;
use quita_core::work::WorkKind;
use quita_notify::{Facts, MessageKind, render_chat, render_email};
use quita_table::store::ItemRef;
use quita_table::{Commit, CommitError, Expected};

use crate::apply::{self, rule_of};
use crate::bus::BusEvent;
use crate::charge_at_bank::{AtBank, REMOVED, held, reissue, reload};
use crate::deliver::{Attempt, Delivered, Payload, deliver};
use crate::deps::Deps;
use crate::error::Unknown;
use crate::facts::{self, Unsayable};
use crate::metrics::{self, MessageOutcome};

/// Who the rows name.
const ACTOR: &str = "sweep_reminders";
/// Step name of a receipt in the message ledger; its revision is the ordinal of the payment.
const RECEIPT: &str = "receipt";
/// Things done for one invoice in one go; what is left is done by the next.
const ACTIONS_MAX: usize = 100;
/// Times a record is decided anew because someone else wrote first.
const CONFLICTS_MAX: usize = 3;

/// What was done.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    pub messages: usize,
    pub receipts: usize,
    /// The bank knew of a payment that we did not.
    pub healed: usize,
    /// Someone else is at it.
    pub busy: usize,
}

/// One thing to do, with what is needed to do it.
enum Action {
    Receipt { instalment: u16, ordinal: u16 },
    Step { instalment: u16, step: Step, covered: Vec<String> },
}

pub async fn chase_invoice(
    deps: &Deps,
    merchant: &MerchantId,
    invoice: &InvoiceId,
) -> Result<Done, Unknown> {
    Ok(chase(deps, merchant, invoice).await?.done)
}

/// As [`chase_invoice`], for an invoice the work index says is due. Where that turns out not to be
/// so (its hour has passed, or quiet hours came), the entry moves to what is next: left behind, it
/// would be read by every sweep.
pub async fn chase_due_invoice(
    deps: &Deps,
    merchant: &MerchantId,
    invoice: &InvoiceId,
) -> Result<Done, Unknown> {
    let Chased { done, before, state } = chase(deps, merchant, invoice).await?;
    let now = deps.clock.now();
    let work = state.next_work(&rule_of(&state)?, now);
    if state.version == before && work.is_none_or(|work| work.at > now) {
        let commit = Commit::new(merchant).invoice_work(&state, work.as_ref());
        match deps.store.commit(commit).await {
            // Whoever wrote first has moved the entry.
            Ok(()) | Err(CommitError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(done)
}

/// What a chase did, and the invoice after it.
struct Chased {
    done: Done,
    /// Version of the invoice when it was read.
    before: u64,
    state: Invoice,
}

#[tracing::instrument(skip_all, fields(merchant.id = %merchant, invoice.id = %invoice))]
async fn chase(deps: &Deps, merchant: &MerchantId, invoice: &InvoiceId) -> Result<Chased, Unknown> {
    let refs = [ItemRef::Merchant, ItemRef::Invoice(invoice.clone())];
    let mut found = deps.store.read(merchant, &refs).await?;
    let (Some(settings), Some(mut state)) = (found.take_merchant(), found.take_invoice(invoice))
    else {
        return Err(Unknown::new("loading the invoice", "it is not there"));
    };
    let before = state.version;
    state = renew_expired(deps, state).await?;
    let mut done = Done::default();
    let mut passed = Vec::new();
    for _ in 0..ACTIONS_MAX {
        let Some(action) = next_action(&state, &passed, deps.clock.now())? else { break };
        let (number, is_step) = match &action {
            Action::Receipt { instalment, .. } => (*instalment, false),
            Action::Step { instalment, .. } => (*instalment, true),
        };
        match if is_step { held(deps, &state, number).await? } else { AtBank::Unpaid } {
            AtBank::Unpaid => {}
            AtBank::Paid { .. } => {
                done.healed += 1;
                state = reload(deps, merchant, invoice).await?;
                passed.push(number);
                continue;
            }
            AtBank::Removed => {
                state = reissue(deps, state, number, REMOVED, ACTOR).await?;
                continue;
            }
        }
        match act(deps, &settings, state.clone(), action).await? {
            Some(after) => {
                *(if is_step { &mut done.messages } else { &mut done.receipts }) += 1;
                state = after;
            }
            None => {
                done.busy += 1;
                passed.push(number);
            }
        }
    }
    call_bank_if_due(deps, &state).await?;
    Ok(Chased { done, before, state })
}

/// The next thing to do among the instalments that were not passed over.
fn next_action(
    invoice: &Invoice,
    passed: &[u16],
    now: DateTime<Utc>,
) -> Result<Option<Action>, Unknown> {
    let rule = rule_of(invoice)?;
    let open = invoice.instalments.iter().filter(|i| !passed.contains(&i.number));
    Ok(open.into_iter().find_map(|instalment| {
        receipt_due(instalment).or_else(|| step_due(invoice, instalment, &rule, now))
    }))
}

fn receipt_due(instalment: &Instalment) -> Option<Action> {
    let ordinal = instalment.receipt_owed()?.ordinal;
    Some(Action::Receipt { instalment: instalment.number, ordinal })
}

fn step_due(
    invoice: &Invoice,
    instalment: &Instalment,
    rule: &Rule,
    now: DateTime<Utc>,
) -> Option<Action> {
    let calendar = invoice.calendar();
    match chase::decide(&invoice.chase_facts(instalment, &calendar), rule, now) {
        Decision::Send { step, covers } => Some(Action::Step {
            instalment: instalment.number,
            step: step.clone(),
            covered: covers.iter().map(|step| step.id.to_owned()).collect(),
        }),
        Decision::Wait { .. } | Decision::Silent { .. } => None,
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
        invoice = match held(deps, &invoice, number).await? {
            AtBank::Paid { .. } => reload(deps, &invoice.merchant, &invoice.id).await?,
            AtBank::Unpaid | AtBank::Removed => {
                let reason = "the charge could no longer be paid";
                reissue(deps, invoice, number, reason, ACTOR).await?
            }
        };
    }
    Ok(invoice)
}

/// Carries an action out and records it; `None` when someone else is at it.
async fn act(
    deps: &Deps,
    settings: &Merchant,
    invoice: Invoice,
    action: Action,
) -> Result<Option<Invoice>, Unknown> {
    let (channels, number) = match &action {
        Action::Receipt { instalment, .. } => (vec![Channel::Email], *instalment),
        Action::Step { instalment, step, .. } => (step.channels.clone(), *instalment),
    };
    let Some(instalment) = invoice.instalment(number) else { return Ok(None) };
    let mut rows = Vec::new();
    for channel in channels {
        let Some(attempt) = attempt(deps, settings, &invoice, instalment, &action, channel) else {
            continue;
        };
        match deliver(deps, attempt).await? {
            Delivered::Busy => return Ok(None),
            Delivered::Settled { row, replaces } => rows.push((row, replaces)),
        }
    }
    record(deps, invoice, &action, rows).await.map(Some)
}

/// The attempt on one channel; `None` when the payer has no such channel.
fn attempt<'a>(
    deps: &Deps,
    settings: &Merchant,
    invoice: &'a Invoice,
    instalment: &Instalment,
    action: &Action,
    channel: Channel,
) -> Option<Attempt<'a>> {
    let chat_url = invoice.bill_to.chat_webhook.as_ref().or(settings.chat_webhook.as_ref());
    if channel == Channel::Chat && chat_url.is_none() {
        return None;
    }
    let (step, revision) = match action {
        Action::Receipt { ordinal, .. } => (RECEIPT.to_owned(), *ordinal),
        Action::Step { step, .. } => (step.id.to_owned(), instalment.charge().revision),
    };
    let key = LedgerKey { instalment: instalment.number, step, channel, revision };
    let payload = payload(deps, settings, invoice, instalment, action, &key, chat_url);
    Some(Attempt { merchant: &invoice.merchant, invoice: &invoice.id, key, payload })
}

fn payload(
    deps: &Deps,
    settings: &Merchant,
    invoice: &Invoice,
    instalment: &Instalment,
    action: &Action,
    key: &LedgerKey,
    chat_url: Option<&Hidden>,
) -> Result<Payload, Unsayable> {
    let now = deps.clock.now();
    match action {
        Action::Receipt { ordinal, .. } => {
            let payment = instalment.payments.iter().find(|known| known.ordinal == *ordinal);
            let payment = payment.ok_or_else(|| Unsayable::new("the payment is gone"))?;
            let facts =
                facts::receipt(settings, invoice, instalment, payment, key, &deps.config, now)?;
            say(MessageKind::Receipt, (&facts).into(), invoice, key.channel, chat_url)
        }
        Action::Step { step, .. } => {
            let template = step.template.ok_or_else(|| Unsayable::new("the step says nothing"))?;
            let facts = facts::payable(settings, invoice, instalment, key, &deps.config, now)?;
            say(template.into(), (&facts).into(), invoice, key.channel, chat_url)
        }
    }
}

fn say(
    kind: MessageKind,
    facts: Facts<'_>,
    invoice: &Invoice,
    channel: Channel,
    chat_url: Option<&Hidden>,
) -> Result<Payload, Unsayable> {
    let locale = invoice.bill_to.locale;
    match channel {
        Channel::Email => {
            let email = render_email(kind, locale, facts).map_err(Unsayable::new)?;
            Ok(Payload::Email(Box::new(email)))
        }
        Channel::Chat => {
            let message = render_chat(kind, locale, facts).map_err(Unsayable::new)?;
            let url = chat_url.cloned().ok_or_else(|| Unsayable::new("there is no chat"))?;
            Ok(Payload::Chat { url, message: Box::new(message) })
        }
    }
}

/// Writes invoice, event rows and ledger rows in one transaction; when someone wrote first, the
/// same facts are decided on the invoice as it is now.
async fn record(
    deps: &Deps,
    mut invoice: Invoice,
    action: &Action,
    rows: Vec<(Message, Option<u64>)>,
) -> Result<Invoice, Unknown> {
    for _ in 0..CONFLICTS_MAX {
        let now = deps.clock.now();
        let events = decide(&invoice, command(&invoice, action, &rows, now), now)
            .map_err(|refusal| Unknown::new("recording a message", refusal))?;
        if events.is_empty() {
            return Ok(invoice);
        }
        let (merchant, id) = (invoice.merchant.clone(), invoice.id.clone());
        let changed = rows.iter().filter_map(|(row, replaces)| Some((row, (*replaces)?)));
        let commit = changed.fold(Commit::new(&merchant), |commit, (row, replaces)| {
            commit.message(row, Expected::Version(replaces))
        });
        let (commit, after) = apply::apply(commit, invoice, &events, ACTOR, now)?;
        match deps.store.commit(commit).await {
            Ok(()) => {
                rows.iter().filter(|(_, replaces)| replaces.is_some()).for_each(count);
                return Ok(after);
            }
            Err(CommitError::Conflict(_)) => invoice = reload(deps, &merchant, &id).await?,
            Err(error) => return Err(error.into()),
        }
    }
    Err(Unknown::new("recording a message", "others kept writing first"))
}

/// Counts a message whose fate is recorded.
fn count((row, _): &(Message, Option<u64>)) {
    match row.state {
        MessageState::Sent { .. } => metrics::message_settled(MessageOutcome::Sent),
        MessageState::Failed { .. } => metrics::message_settled(MessageOutcome::Failed),
        MessageState::Claimed { .. } | MessageState::Released { .. } => {}
    }
}

fn command<'a>(
    invoice: &Invoice,
    action: &'a Action,
    rows: &[(Message, Option<u64>)],
    now: DateTime<Utc>,
) -> Command<'a> {
    let sent = |row: &Message| matches!(row.state, MessageState::Sent { .. });
    let channels: Vec<Channel> =
        rows.iter().filter(|(row, _)| sent(row)).map(|(row, _)| row.key.channel).collect();
    let outcome = if !channels.is_empty() { StepOutcome::Sent } else { StepOutcome::Failed };
    match action {
        Action::Receipt { instalment, ordinal } => {
            Command::RecordReceipt { instalment: *instalment, ordinal: *ordinal, outcome }
        }
        Action::Step { instalment, step, covered } => {
            let silent = step.channels.is_empty();
            let shown = invoice.instalment(*instalment).filter(|_| !channels.is_empty());
            let amount: Option<Money> =
                shown.map(|known| invoice.amount_due(known, invoice.civil_date(now)).total);
            Command::RecordStep {
                instalment: *instalment,
                step,
                outcome: if silent { StepOutcome::Done } else { outcome },
                channels,
                covered: covered.clone(),
                amount,
            }
        }
    }
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
