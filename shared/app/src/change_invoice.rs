//! Changes what an instalment owes: rebate, credit note, write-off, a later due date.
//!
//! Owns the reading of what was typed, every violation at once. Does not own whether the invoice
//! allows it ([`quita_core::invoice`]); the charge for what is left follows from the same decision,
//! and `issue_charge` brings it to the bank.

use quita_core::ids::{InvoiceId, MerchantId};
use quita_core::invoice::{Command, NUMBER_CHARS_MAX, Reduction, Refusal};
use quita_core::money::Money;
use quita_core::terms_draft::{parse_date, parse_money};
use quita_core::violation::Violation;

use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{Answer, Request};
use crate::payment_drafts::parse_line;
use crate::reissue_charge::{self, command};

/// A change as typed.
#[derive(Debug, Clone)]
pub enum ChangeDraft {
    Rebate { amount: String, reason: String },
    CreditNote { amount: String, number: String, reason: String },
    WriteOff { reason: String },
    DueDate { due_date: String, reason: String },
}

/// Why nothing was changed.
#[derive(Debug)]
pub enum Refused {
    /// Everything that is wrong with the request, at once.
    Invalid(Vec<Violation>),
    NotFound,
    /// The state of the invoice forbids it.
    Forbidden(Refusal),
    KeyReused,
}

impl ChangeDraft {
    /// The amount it asks for, where it names one.
    ///
    /// # Errors
    /// Every violation at once: what cannot be read is never carried out.
    pub fn amount(&self) -> Result<Option<Money>, Vec<Violation>> {
        match self.parse(1)? {
            Command::Reduce { amount, .. } => Ok(Some(amount)),
            _ => Ok(None),
        }
    }

    fn parse(&self, instalment: u16) -> Result<Command<'static>, Vec<Violation>> {
        let mut faults = Vec::new();
        let command = self.read(instalment, &mut faults);
        command.filter(|_| faults.is_empty()).ok_or(faults)
    }

    fn read(&self, instalment: u16, faults: &mut Vec<Violation>) -> Option<Command<'static>> {
        match self {
            Self::Rebate { amount, reason } => {
                let amount = parse_money("amount", amount, faults);
                let (reason, kind) = (parse_line("reason", reason, faults)?, Reduction::Rebate);
                Some(Command::Reduce { instalment, kind, amount: amount?, reason })
            }
            Self::CreditNote { amount, number, reason } => {
                let amount = parse_money("amount", amount, faults);
                let number = parse_number(number, faults);
                let reason = parse_line("reason", reason, faults)?;
                let kind = Reduction::CreditNote(number?);
                Some(Command::Reduce { instalment, kind, amount: amount?, reason })
            }
            Self::WriteOff { reason } => {
                let reason = parse_line("reason", reason, faults)?;
                Some(Command::WriteOff { instalment, reason })
            }
            Self::DueDate { due_date, reason } => {
                let due_date = parse_date("due_date", due_date, faults);
                let reason = parse_line("reason", reason, faults)?;
                Some(Command::ExtendDueDate { instalment, due_date: due_date?, reason })
            }
        }
    }
}

fn parse_number(raw: &str, faults: &mut Vec<Violation>) -> Option<String> {
    let number = raw.trim();
    let fits = (1..=NUMBER_CHARS_MAX).contains(&number.chars().count());
    if !fits || number.chars().any(char::is_control) {
        let reason = format!("use 1 to {NUMBER_CHARS_MAX} characters, in one line");
        faults.push(Violation::new("number", reason));
        return None;
    }
    Some(number.to_owned())
}

/// Carries the change out, in one transaction with the new charge and the answer.
pub async fn change_invoice(
    deps: &Deps,
    merchant: &MerchantId,
    invoice: &InvoiceId,
    instalment: u16,
    draft: &ChangeDraft,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let asked = match draft.parse(instalment) {
        Ok(asked) => asked,
        Err(faults) => return Ok(Err(Refused::Invalid(faults))),
    };
    let answer = command(deps, merchant, invoice, asked, request).await?;
    Ok(answer.map_err(|refused| match refused {
        reissue_charge::Refused::NotFound => Refused::NotFound,
        reissue_charge::Refused::KeyReused => Refused::KeyReused,
        reissue_charge::Refused::Forbidden(refusal) => of_refusal(refusal),
    }))
}

/// What the caller can put right is told with its place; the rest is the invoice's state.
fn of_refusal(refusal: Refusal) -> Refused {
    let property = match &refusal {
        Refusal::NoSuchInstalment { .. } => return Refused::NotFound,
        Refusal::OverBalance { .. } => "amount",
        Refusal::DueDateOutOfRange { .. } => "due_date",
        Refusal::AlreadyPaid
        | Refusal::Canceled
        | Refusal::TooManyRevisions
        | Refusal::ChargePending
        | Refusal::TooManyCredits
        | Refusal::NotCredited { .. }
        | Refusal::Handling(_) => return Refused::Forbidden(refusal),
    };
    Refused::Invalid(vec![Violation::new(property, refusal.to_string())])
}
