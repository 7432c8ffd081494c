//! A title as a return file tells of it, before it is called a payment, a fee or a notice.
//!
//! Owns: which of the three it is and what is too doubtful to be any. Does not own columns.
//! Invariant: a title becomes a payment only with an amount and a day.

use chrono::NaiveDate;
use quita_core::document::TaxId;
use quita_core::ids::Txid;
use quita_core::money::Money;

use super::occurrence::{Effect, Occurrence, occurrence};
use crate::entry::{Clues, Movement, TitlePayment};
use crate::fault::quoted;

/// The fields both layouts have.
#[derive(Clone, Debug)]
pub(super) struct Title {
    /// The line that names the title.
    pub(super) line: u64,
    /// The meanings of the bank's occurrences.
    pub(super) table: &'static [Occurrence],
    /// Two characters, as the file has them.
    pub(super) occurrence: String,
    /// Reason codes of the bank, as the file has them.
    pub(super) reasons: Option<String>,
    pub(super) our_number: Option<String>,
    pub(super) document_number: Option<String>,
    pub(super) payer: Option<TaxId>,
    pub(super) payer_name: Option<String>,
    pub(super) txid: Option<Txid>,
    pub(super) face: Money,
    pub(super) fee: Money,
    pub(super) paid: Paid,
}

/// What was paid, and when: the second record of CNAB 240, a part of the only one of CNAB 400.
#[derive(Clone, Debug, Default)]
pub(super) struct Paid {
    pub(super) interest: Money,
    pub(super) discount: Money,
    pub(super) rebate: Money,
    pub(super) amount: Money,
    /// Expenses of the bank beside its fee, such as those of a notary.
    pub(super) expenses: Money,
    pub(super) event_on: Option<NaiveDate>,
    pub(super) credited_on: Option<NaiveDate>,
}

/// A title that says what it is.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) movement: Movement,
    pub(super) booked_on: NaiveDate,
    /// Positive when money came, negative when it went, zero for a notice.
    pub(super) change: Money,
    pub(super) occurrence: u8,
    pub(super) memo: String,
    pub(super) clues: Clues,
}

impl Title {
    /// What the title tells; the reason when a person has to look.
    pub(super) fn told(self) -> Result<Told, String> {
        let digits = self.occurrence.bytes().all(|byte| byte.is_ascii_digit());
        let code = self.occurrence.parse::<u8>().ok().filter(|_| digits);
        let Some(code) = code else {
            return Err(format!("the occurrence {} is not a number", quoted(&self.occurrence)));
        };
        let entry = occurrence(self.table, code);
        let Some(booked_on) = self.paid.event_on else {
            return Err(format!("occurrence {code:02} ({}) has no day", entry.meaning));
        };
        let (movement, change) = self.movement(code, entry)?;
        Ok(Told {
            movement,
            booked_on,
            change,
            occurrence: code,
            memo: self.memo(code, entry),
            clues: Clues {
                end_to_end_id: None,
                txid: self.txid,
                our_number: self.our_number,
                document_number: self.document_number,
                payer: self.payer,
                payer_name: self.payer_name,
            },
        })
    }

    fn movement(&self, code: u8, entry: &Occurrence) -> Result<(Movement, Money), String> {
        let meaning = entry.meaning;
        match entry.effect {
            Effect::Paid | Effect::PaidUnexpected => {
                let payment = self.payment(entry.effect == Effect::PaidUnexpected);
                if !payment.paid.is_positive() {
                    return Err(format!("occurrence {code:02} ({meaning}) has the amount 0.00"));
                }
                let amount = payment.paid;
                Ok((Movement::TitlePaid(payment), amount))
            }
            Effect::Fee => {
                let charged = [self.fee, self.paid.expenses, self.paid.amount];
                let amount = charged.into_iter().find(|amount| amount.is_positive());
                let amount = amount
                    .ok_or_else(|| format!("occurrence {code:02} ({meaning}) has no amount"))?;
                Ok((Movement::Fee { amount }, -amount))
            }
            Effect::Unclear if self.paid.amount.is_positive() => Err(format!(
                "occurrence {code:02} ({meaning}) stands beside {}, and this reader cannot tell \
                 whether that money came",
                self.paid.amount
            )),
            Effect::Notice | Effect::Unclear => {
                Ok((Movement::TitleNotice { occurrence: code, meaning }, Money::ZERO))
            }
        }
    }

    fn payment(&self, after_write_off: bool) -> TitlePayment {
        TitlePayment {
            face: self.face,
            paid: self.paid.amount,
            interest: self.paid.interest,
            discount: self.paid.discount,
            rebate: self.paid.rebate,
            fee: self.fee,
            credited_on: self.paid.credited_on,
            after_write_off,
        }
    }

    /// The occurrence, the bank's reasons for it, and a fee that no other field would show.
    fn memo(&self, code: u8, entry: &Occurrence) -> String {
        let mut memo = format!("{code:02} {}", entry.meaning);
        if let Some(reasons) = &self.reasons {
            memo.push_str(&format!(", reasons {reasons}"));
        }
        if self.fee.is_positive() && matches!(entry.effect, Effect::Notice | Effect::Unclear) {
            memo.push_str(&format!(", fee {}", self.fee));
        }
        memo
    }
}
