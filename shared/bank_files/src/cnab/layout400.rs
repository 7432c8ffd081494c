//! CNAB 400: a header, one record a title, a trailer, and a sequence number on every line.
//!
//! Owns: the order of the records and whether any is missing. Does not own columns.
//! Invariant: a line that was lost or doubled breaks the count, and the file is refused.

use super::banks400::{Bank, bank, common};
use super::record::{Columns, Record, columns};
use super::title::{Paid, Title};
use super::{Read, account_number};
use crate::entry::FileAccount;

const SIGNATURE: Columns = columns(1, 19);
const RETURN: &[u8] = b"02RETORNO01COBRANCA";
const REMITTANCE: &[u8] = b"01REMESSA";
const BANK: Columns = columns(77, 79);
/// Place of the record type.
const KIND: usize = 1;

/// What has been read of a file.
#[derive(Debug, Default)]
pub(super) struct Layout400 {
    bank: Option<&'static Bank>,
    records: u64,
    account_told: bool,
    pending: Option<Title>,
    ended: bool,
}

impl Layout400 {
    /// Whether the trailer was read.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Takes one record; the reason when the file as a whole cannot be believed.
    pub(super) fn record(&mut self, record: Record<'_>, out: &mut Vec<Read>) -> Result<(), String> {
        self.records += 1;
        let Some(bank) = self.bank else { return self.header(record, out) };
        self.counted(&record)?;
        match record.byte(KIND) {
            b'0' => return Err("a second header stands inside the file".to_owned()),
            b'9' => {
                self.flush(out);
                self.ended = true;
            }
            kind if kind == bank.detail => self.detail(bank, &record, out),
            kind => match (bank.unread, bank.pix) {
                (Some((unread, reason)), _) if kind == unread => {
                    self.flush(out);
                    out.push(Read::Bad { line: record.line, reason: reason.to_owned() });
                }
                (_, Some((pix, txid))) if kind == pix => self.pix(&record, txid, out),
                _ => {}
            },
        }
        Ok(())
    }

    fn counted(&self, record: &Record<'_>) -> Result<(), String> {
        let sequence = record.number(common::SEQUENCE)?;
        if sequence == self.records {
            return Ok(());
        }
        Err(format!(
            "the record counts itself as {sequence} (columns 395 to 400) and is number {}: a line \
             is missing, doubled or out of order",
            self.records
        ))
    }

    fn header(&mut self, record: Record<'_>, out: &mut Vec<Read>) -> Result<(), String> {
        let signature = record.field(SIGNATURE);
        if signature != RETURN {
            return Err(if signature.starts_with(REMITTANCE) {
                "this is a file for the bank (remessa), not its return".to_owned()
            } else {
                "the first record does not begin with 02RETORNO01COBRANCA".to_owned()
            });
        }
        let bank = bank(&record.text(BANK))?;
        self.counted(&record)?;
        self.bank = Some(bank);
        if !bank.account.in_detail {
            self.tell_account(bank, &record, out);
        }
        Ok(())
    }

    fn tell_account(&mut self, bank: &Bank, record: &Record<'_>, out: &mut Vec<Read>) {
        self.account_told = true;
        let place = &bank.account;
        out.push(Read::Account(FileAccount {
            bank: Some(bank.code.to_owned()),
            branch: record.said(place.branch),
            number: account_number(record, place.number, place.check),
        }));
    }

    fn detail(&mut self, bank: &'static Bank, record: &Record<'_>, out: &mut Vec<Read>) {
        self.flush(out);
        if !self.account_told {
            self.tell_account(bank, record, out);
        }
        match title(bank, record) {
            Ok(title) => self.pending = Some(title),
            Err(reason) => out.push(Read::Bad { line: record.line, reason }),
        }
    }

    fn pix(&mut self, record: &Record<'_>, at: Columns, out: &mut Vec<Read>) {
        let bad = |reason| Read::Bad { line: record.line, reason };
        match (record.txid(at), &mut self.pending) {
            (Ok(None), _) => {}
            (Ok(txid), Some(title)) => title.txid = txid,
            (Ok(Some(_)), None) => {
                out.push(bad("a Pix record follows no title that was read".to_owned()));
            }
            (Err(reason), _) => out.push(bad(reason)),
        }
    }

    fn flush(&mut self, out: &mut Vec<Read>) {
        out.extend(self.pending.take().map(|title| Read::Title(Box::new(title))));
    }
}

fn title(bank: &'static Bank, record: &Record<'_>) -> Result<Title, String> {
    let document = record.said(common::DOCUMENT_NUMBER);
    let expenses = bank.expenses.map(|at| record.money(at)).transpose()?;
    Ok(Title {
        line: record.line,
        table: bank.occurrences,
        occurrence: record.text(common::OCCURRENCE),
        reasons: record.said(bank.reasons),
        our_number: record.numbering(bank.our_number),
        document_number: document.or_else(|| record.said(bank.company_use)),
        payer: None,
        payer_name: bank.payer_name.and_then(|at| record.said(at)),
        txid: None,
        face: record.money(common::FACE)?,
        fee: record.money(bank.fee)?,
        paid: Paid {
            interest: record.money(common::INTEREST)?,
            discount: record.money(common::DISCOUNT)?,
            rebate: record.money(common::REBATE)?,
            amount: record.money(common::PAID)?,
            expenses: expenses.unwrap_or_default(),
            event_on: record.date(common::EVENT_ON)?,
            credited_on: record.date(bank.credited_on)?,
        },
    })
}
