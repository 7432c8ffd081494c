//! Takes in one line of a bank file: with others in one transaction where it changes a payment
//! alone, in one of its own where it credits somebody.

use std::collections::HashMap;

use chrono::{DateTime, NaiveTime, Utc};
use quita_bank_files::{Entry, Movement as Moved};
use quita_core::audit::Changes;
use quita_core::bank_import::{BankLine, BoletoRef, FEE, Outcome, our_number};
use quita_core::ids::{ImportId, PaymentId};
use quita_core::journal;
use quita_core::matching::{self, Known, Line, Way};
use quita_core::merchant::Merchant;
use quita_core::money::Money;
use quita_core::payment::{Command, Method, ParkReason, Payer, Payment};
use quita_core::zone::instant_at;
use quita_table::items::{EventRow, Stored};
use quita_table::keys::Aggregate;
use quita_table::store::{Conflict, ItemRef, Part};
use quita_table::{Commit, CommitError, Expected};
use serde_json::json;

use crate::credit_line::{self, Credited};
use crate::deps::Deps;
use crate::error::Unknown;
use crate::import_bank_file::ACTOR;
use crate::metrics;
use crate::movement::{Movement, Refusal};

/// Times a line is decided anew because someone else wrote first.
const CONFLICTS_MAX: usize = 5;
/// Longest memo of a line that is kept.
const MEMO_CHARS_MAX: usize = 500;

/// Takes in the lines of one file.
pub(crate) struct Taker<'a> {
    pub(crate) deps: &'a Deps,
    pub(crate) settings: Merchant,
    import: ImportId,
    /// Whether the bank still answers; a bank that is down is not waited for at every line.
    pub(crate) asks_bank: bool,
}

/// What is stored of the lines of a batch and of what they name.
pub(crate) struct Facts {
    lines: HashMap<String, BankLine>,
    payments: HashMap<PaymentId, Payment>,
    boletos: HashMap<String, BoletoRef>,
}

/// What can be done with a line beside others.
pub(crate) enum Tried {
    /// It was taken in before.
    Known(Outcome),
    Planned(Plan),
    /// It credits somebody: [`Taker::take_alone`].
    Alone,
}

/// The writes of one line.
pub(crate) struct Plan {
    pub(crate) commit: Commit,
    pub(crate) outcome: Outcome,
    /// The payment it changes.
    pub(crate) payment: Option<PaymentId>,
}

impl<'a> Taker<'a> {
    pub(crate) fn new(deps: &'a Deps, settings: Merchant, import: ImportId) -> Self {
        Self { deps, settings, import, asks_bank: true }
    }

    /// One read of everything the lines name.
    pub(crate) async fn read(&self, batch: &[&Entry]) -> Result<Facts, Unknown> {
        let mut refs = Vec::with_capacity(batch.len() * 3);
        for entry in batch {
            refs.push(ItemRef::BankLine(entry.fingerprint.as_str().to_owned()));
            refs.push(ItemRef::Payment(payment_id(entry)?));
            refs.extend(boleto_of(entry).map(ItemRef::Boleto));
        }
        let mut found = self.deps.store.read(&self.settings.merchant, &refs).await?;
        let (mut lines, mut payments, mut boletos) =
            (HashMap::new(), HashMap::new(), HashMap::new());
        for item in refs {
            match item {
                ItemRef::BankLine(fingerprint) => {
                    lines.extend(found.take_bank_line(&fingerprint).map(|it| (fingerprint, it)));
                }
                ItemRef::Payment(id) => payments.extend(found.take_payment(&id).map(|it| (id, it))),
                ItemRef::Boleto(number) => {
                    boletos.extend(found.take_boleto(&number).map(|it| (number, it)));
                }
                _ => {}
            }
        }
        Ok(Facts { lines, payments, boletos })
    }

    /// Plans a line that changes a payment alone, or nothing.
    pub(crate) async fn try_together(
        &self,
        entry: &Entry,
        facts: &Facts,
    ) -> Result<Tried, Unknown> {
        if let Some(line) = facts.lines.get(entry.fingerprint.as_str()) {
            return Ok(Tried::Known(self.outcome_of(line)));
        }
        let id = payment_id(entry)?;
        let payment = facts.payments.get(&id);
        Ok(match way_of(entry, facts, payment) {
            Way::Note(outcome) => Tried::Planned(self.note(entry, outcome)),
            Way::Fee(_) => Tried::Planned(self.note(entry, Outcome::Fee)),
            Way::Settle => Tried::Planned(self.settle(entry, payment).await?),
            Way::Differs => Tried::Planned(self.differ(entry, payment).await?),
            Way::Unidentified(method, amount) => {
                let movement = self.unidentified(entry, id, method, amount)?;
                Tried::Planned(self.moved(entry, movement, Outcome::Unmatched).await?)
            }
            Way::Pix(..) | Way::OfTxid(..) | Way::Boleto(..) => Tried::Alone,
        })
    }

    /// Takes in a line that may credit somebody, in a transaction of its own.
    pub(crate) async fn take_alone(&mut self, entry: &Entry) -> Result<Outcome, Unknown> {
        for _ in 0..CONFLICTS_MAX {
            let facts = self.read(&[entry]).await?;
            let plan = match self.try_together(entry, &facts).await? {
                Tried::Known(outcome) => return Ok(outcome),
                Tried::Planned(plan) => plan,
                Tried::Alone => match self.credit(entry, &facts).await? {
                    Some(plan) => plan,
                    None => continue,
                },
            };
            let outcome = plan.outcome;
            match self.deps.store.commit(plan.commit).await {
                Ok(()) => {
                    metrics::lines_taken(&[outcome]);
                    return Ok(outcome);
                }
                Err(CommitError::Conflict(conflicts)) => {
                    if let Some(line) = line_in(&conflicts, entry) {
                        return Ok(self.outcome_of(&line));
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Unknown::new("taking in a line of a bank file", "others kept writing first"))
    }

    /// What the line credits; `None` where someone else was at it this very moment.
    async fn credit(&mut self, entry: &Entry, facts: &Facts) -> Result<Option<Plan>, Unknown> {
        let payment = facts.payments.get(&payment_id(entry)?);
        let credited = match way_of(entry, facts, payment) {
            Way::Pix(id, amount) => credit_line::pix(self, entry, id, amount, payment).await?,
            Way::OfTxid(txid, amount) => credit_line::of_txid(self, entry, txid, amount).await?,
            Way::Boleto(boleto, amount) => {
                credit_line::boleto(self, entry, &boleto, amount).await?
            }
            Way::Note(_) | Way::Fee(_) | Way::Settle | Way::Differs | Way::Unidentified(..) => {
                return Err(Unknown::new("taking in a line", "it credits nobody"));
            }
        };
        Ok(match credited {
            Credited::Moved(movement, outcome) => {
                Some(self.moved(entry, *movement, outcome).await?)
            }
            Credited::Shown => Some(self.note(entry, Outcome::AlreadyKnown)),
            Credited::Again => None,
        })
    }

    /// What a stored line counts as in this file.
    fn outcome_of(&self, line: &BankLine) -> Outcome {
        if line.import == self.import { line.outcome } else { Outcome::AlreadyKnown }
    }

    /// The line alone, with the bank's fee, where it has one.
    fn note(&self, entry: &Entry, outcome: Outcome) -> Plan {
        let commit = self.with_line(Commit::new(&self.settings.merchant), entry, outcome, None);
        Plan { commit, outcome, payment: None }
    }

    async fn settle(&self, entry: &Entry, payment: Option<&Payment>) -> Result<Plan, Unknown> {
        let mut movement = self.movement_of(payment)?;
        ask(&mut movement, Command::Settle { on: settled_on(entry) })?;
        self.moved(entry, movement, Outcome::Settled).await
    }

    async fn differ(&self, entry: &Entry, payment: Option<&Payment>) -> Result<Plan, Unknown> {
        let mut movement = self.movement_of(payment)?;
        ask(&mut movement, Command::Park { reason: ParkReason::AmountDiffers })?;
        self.moved(entry, movement, Outcome::AmountDiffers).await
    }

    fn movement_of(&self, payment: Option<&Payment>) -> Result<Movement, Unknown> {
        let payment = payment.ok_or_else(|| Unknown::new("settling a payment", "it is gone"))?;
        Ok(Movement::of(payment.clone(), false, ACTOR, self.deps.clock.now()))
    }

    /// Money that nothing identifies: it is there, and waits for a person.
    fn unidentified(
        &self,
        entry: &Entry,
        id: PaymentId,
        method: Method,
        amount: Money,
    ) -> Result<Movement, Unknown> {
        let mut movement = self.received(entry, id, method, amount)?;
        ask(&mut movement, Command::Park { reason: ParkReason::Unidentified })?;
        Ok(movement)
    }

    /// A new payment of the line, received and on the account.
    pub(crate) fn received(
        &self,
        entry: &Entry,
        id: PaymentId,
        method: Method,
        amount: Money,
    ) -> Result<Movement, Unknown> {
        let now = self.deps.clock.now();
        let (merchant, paid_at) = (&self.settings.merchant, self.paid_at(entry));
        let payment = Payment {
            txid: entry.clues.txid.clone(),
            payer: payer_of(entry),
            memo: Some(memo_of(entry).into()),
            ..Payment::told(merchant, id, method, amount, paid_at, now)
        };
        let mut movement = Movement::of(payment, true, ACTOR, now);
        ask(&mut movement, Command::Receive { in_full: None })?;
        ask(&mut movement, Command::Settle { on: settled_on(entry) })?;
        Ok(movement)
    }

    /// When money of the line was paid: the first instant of the day, which is all that is known.
    pub(crate) fn paid_at(&self, entry: &Entry) -> DateTime<Utc> {
        instant_at(entry.booked_on, NaiveTime::MIN, self.settings.issuing.zone)
    }

    /// The writes of a movement, with the line.
    async fn moved(
        &self,
        entry: &Entry,
        mut movement: Movement,
        outcome: Outcome,
    ) -> Result<Plan, Unknown> {
        let id = movement.payment().id.clone();
        movement.shown_by(entry.fingerprint.as_str());
        let commit = if movement.is_empty() {
            Commit::new(&self.settings.merchant)
        } else {
            movement.commit(self.deps).await?
        };
        let commit = self.with_line(commit, entry, outcome, Some(id.clone()));
        Ok(Plan { commit, outcome, payment: Some(id) })
    }

    fn with_line(
        &self,
        commit: Commit,
        entry: &Entry,
        outcome: Outcome,
        payment: Option<PaymentId>,
    ) -> Commit {
        let line = BankLine {
            merchant: self.settings.merchant.clone(),
            fingerprint: entry.fingerprint.as_str().to_owned(),
            version: 1,
            import: self.import.clone(),
            line: entry.line,
            booked_on: entry.booked_on,
            amount: signed(entry),
            memo: memo_of(entry).into(),
            outcome,
            payment,
        };
        let commit = commit.bank_line(&line, Expected::New);
        let fee = fee_of(entry);
        if fee.is_positive() { commit.event(&self.fee_row(entry, fee)) } else { commit }
    }

    fn fee_row(&self, entry: &Entry, fee: Money) -> EventRow {
        EventRow {
            aggregate: Aggregate::BankLine(entry.fingerprint.as_str().to_owned()),
            seq: 1,
            at: self.deps.clock.now(),
            actor: ACTOR.to_owned(),
            name: FEE.to_owned(),
            data: json!({
                "import_id": self.import,
                "line": entry.line,
                "booked_on": entry.booked_on,
                "amount": fee.to_string(),
                "memo": fee_memo(entry),
            }),
            postings: journal::of_fee(fee),
            changes: Changes::default(),
        }
    }
}

/// The line that made a commit fail, where that was the reason.
fn line_in(conflicts: &[Conflict], entry: &Entry) -> Option<BankLine> {
    let part = Part::BankLine(entry.fingerprint.as_str().to_owned());
    conflicts.iter().find_map(|conflict| match &conflict.found {
        Some(Stored::BankLine(line)) if conflict.part == part => Some((**line).clone()),
        _ => None,
    })
}

fn way_of(entry: &Entry, facts: &Facts, payment: Option<&Payment>) -> Way {
    let moved = match &entry.movement {
        Moved::Credit { amount } => matching::Moved::Came(*amount),
        Moved::Debit { amount } => matching::Moved::Went(*amount),
        Moved::Fee { amount } => matching::Moved::Charged(*amount),
        Moved::TitlePaid(title) => matching::Moved::Title(title.paid),
        Moved::TitleNotice { .. } => matching::Moved::Nothing,
    };
    let number = boleto_of(entry);
    let line = Line {
        moved,
        booked_on: entry.booked_on,
        end_to_end_id: entry.clues.end_to_end_id.clone(),
        txid: entry.clues.txid.clone(),
        our_number: number.clone(),
    };
    let boleto = number.and_then(|number| facts.boletos.get(&number));
    matching::way(&line, Known { payment, boleto })
}

/// The payment a line tells of: the Pix it names, or else the one that is made of it.
pub(crate) fn payment_id(entry: &Entry) -> Result<PaymentId, Unknown> {
    match &entry.clues.end_to_end_id {
        Some(id) => Ok(PaymentId::Pix(id.clone())),
        None => own_payment_id(entry),
    }
}

/// The payment that is made of a line.
pub(crate) fn own_payment_id(entry: &Entry) -> Result<PaymentId, Unknown> {
    let number = u128::from_str_radix(entry.fingerprint.as_str(), 16);
    let number = number.map_err(|error| Unknown::new("reading a fingerprint", error))?;
    Ok(PaymentId::of_fingerprint(number))
}

fn boleto_of(entry: &Entry) -> Option<String> {
    entry.clues.our_number.as_deref().and_then(our_number)
}

/// The day the money is on the account.
pub(crate) fn settled_on(entry: &Entry) -> chrono::NaiveDate {
    match &entry.movement {
        Moved::TitlePaid(title) => title.credited_on.unwrap_or(entry.booked_on),
        Moved::Credit { .. }
        | Moved::Debit { .. }
        | Moved::Fee { .. }
        | Moved::TitleNotice { .. } => entry.booked_on,
    }
}

fn signed(entry: &Entry) -> Money {
    match &entry.movement {
        Moved::Credit { amount } => *amount,
        Moved::Debit { amount } | Moved::Fee { amount } => -*amount,
        Moved::TitlePaid(title) => title.paid,
        Moved::TitleNotice { .. } => Money::ZERO,
    }
}

/// The bank's words beside its own charge. Those beside a title name who paid it, and a history is
/// never changed, so they stay in the line alone.
fn fee_memo(entry: &Entry) -> String {
    match &entry.movement {
        Moved::Fee { .. } => memo_of(entry),
        _ => String::new(),
    }
}

/// What the bank keeps for itself.
fn fee_of(entry: &Entry) -> Money {
    match &entry.movement {
        Moved::Fee { amount } => *amount,
        Moved::TitlePaid(title) => title.fee,
        Moved::Credit { .. } | Moved::Debit { .. } | Moved::TitleNotice { .. } => Money::ZERO,
    }
}

pub(crate) fn payer_of(entry: &Entry) -> Option<Payer> {
    let (document, name) = (entry.clues.payer.clone(), entry.clues.payer_name.clone());
    (document.is_some() || name.is_some()).then_some(Payer { name, document })
}

/// The bank's words, and the merchant's own number on a title.
pub(crate) fn memo_of(entry: &Entry) -> String {
    let number = entry.clues.document_number.as_deref();
    let parts = [Some(entry.memo.as_str()), number].into_iter().flatten();
    let parts: Vec<&str> = parts.map(str::trim).filter(|part| !part.is_empty()).collect();
    parts.join(" · ").chars().take(MEMO_CHARS_MAX).collect()
}

pub(crate) fn ask(movement: &mut Movement, command: Command) -> Result<(), Unknown> {
    movement.ask(command, "the bank's statement told so").map_err(refused)
}

/// A fact is never refused; where it is, something else is wrong and it comes again.
pub(crate) fn refused(refusal: Refusal) -> Unknown {
    Unknown::new("taking in a line of a bank file", refusal)
}
