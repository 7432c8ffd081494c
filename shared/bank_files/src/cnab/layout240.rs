//! CNAB 240: file header, lots with their titles in pairs of segments, trailers that count.
//!
//! Owns: which records belong together and whether any is missing. Does not own columns.
//! Invariant: two segments become one title only by lot and sequence number, and at most one title
//! is held at a time.

use super::banks240::{Bank, bank, segment_u, segment_y03};
use super::record::{Columns, Record, columns};
use super::title::{Paid, Title};
use super::{Read, account_number};
use crate::entry::FileAccount;
use crate::fault::quoted;

const BANK: Columns = columns(1, 3);
const LOT: Columns = columns(4, 7);
const SEQUENCE: Columns = columns(9, 13);
const OCCURRENCE: Columns = columns(16, 17);
/// Lot trailer: records of the lot. File trailer: lots of the file.
const FIRST_COUNT: Columns = columns(18, 23);
/// File trailer: records of the file.
const SECOND_COUNT: Columns = columns(24, 29);
/// Place of the record type.
const KIND: usize = 8;
const KIND_FIELD: Columns = columns(KIND, KIND);
/// Place of the segment letter.
const SEGMENT: usize = 14;
/// Place of the file's direction: 1 to the bank, 2 from it.
const DIRECTION: usize = 143;

/// What has been read of a file.
#[derive(Debug, Default)]
pub(super) struct Layout240 {
    bank: Option<&'static Bank>,
    lot: Option<Lot>,
    lots: u64,
    records: u64,
    /// Records of types 2 and 4, which not every bank counts in the file trailer.
    extras: u64,
    pending: Option<Pending>,
    ended: bool,
}

#[derive(Debug)]
struct Lot {
    number: u64,
    records: u64,
}

/// A segment T and what has joined it so far.
#[derive(Debug)]
struct Pending {
    line: u64,
    /// Sequence number that the next record of this title has.
    next: u64,
    /// `None` once a fault of one of its records has been told.
    title: Option<Title>,
    has_u: bool,
}

impl Layout240 {
    /// Whether the file trailer was read.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Takes one record; the reason when the file as a whole cannot be believed.
    pub(super) fn record(&mut self, record: Record<'_>, out: &mut Vec<Read>) -> Result<(), String> {
        self.records += 1;
        if let Some(lot) = &mut self.lot {
            lot.records += 1;
        }
        let Some(bank) = self.bank else { return self.file_header(record, out) };
        match record.byte(KIND) {
            b'0' => Err("a second file header stands inside the file".to_owned()),
            b'1' => self.lot_header(record),
            b'2' | b'4' if self.lot.is_some() => {
                self.extras += 1;
                Ok(())
            }
            b'3' if self.lot.is_some() => {
                self.detail(bank, record, out);
                Ok(())
            }
            b'5' => self.lot_trailer(record, out),
            b'9' => self.file_trailer(record),
            b'2'..=b'4' => Err("a record stands outside of any lot".to_owned()),
            _ => Err(format!("record type {} is not known", quoted(&record.text(KIND_FIELD)))),
        }
    }

    fn file_header(&mut self, record: Record<'_>, out: &mut Vec<Read>) -> Result<(), String> {
        if record.byte(KIND) != b'0' {
            return Err("the first record is not a file header (type 0 in column 8)".to_owned());
        }
        match record.byte(DIRECTION) {
            b'2' => {}
            b'1' => {
                return Err("this is a file for the bank (remessa), not its return; \
                            column 143 says 1"
                    .to_owned());
            }
            _ => return Err("column 143 of the header does not say 2, a return".to_owned()),
        }
        let code = record.field(BANK);
        let bank = bank(code);
        self.bank = Some(bank);
        out.push(Read::Account(FileAccount {
            bank: record.said(BANK),
            branch: record.said(bank.branch),
            number: account_number(&record, &[bank.account], bank.account_check),
        }));
        Ok(())
    }

    fn lot_header(&mut self, record: Record<'_>) -> Result<(), String> {
        let number = record.number(LOT)?;
        if let Some(open) = &self.lot {
            return Err(format!("lot {number} begins before lot {} has ended", open.number));
        }
        self.lots += 1;
        self.lot = Some(Lot { number, records: 1 });
        Ok(())
    }

    fn lot_trailer(&mut self, record: Record<'_>, out: &mut Vec<Read>) -> Result<(), String> {
        self.flush(out);
        let Some(lot) = self.lot.take() else {
            return Err("a lot ends that has not begun".to_owned());
        };
        let number = record.number(LOT)?;
        if number != lot.number {
            return Err(format!("lot {} ends as lot {number}", lot.number));
        }
        let told = record.number(FIRST_COUNT)?;
        if told != lot.records {
            return Err(format!(
                "the trailer of lot {number} counts {told} records, and {} were read",
                lot.records
            ));
        }
        Ok(())
    }

    fn file_trailer(&mut self, record: Record<'_>) -> Result<(), String> {
        if let Some(open) = &self.lot {
            return Err(format!("the file ends before lot {} has ended", open.number));
        }
        let lots = record.number(FIRST_COUNT)?;
        if lots != self.lots {
            return Err(format!(
                "the file trailer counts {lots} lots, and {} were read",
                self.lots
            ));
        }
        let records = record.number(SECOND_COUNT)?;
        if records != self.records && records != self.records - self.extras {
            return Err(format!(
                "the file trailer counts {records} records, and {} were read",
                self.records
            ));
        }
        self.ended = true;
        Ok(())
    }

    fn detail(&mut self, bank: &'static Bank, record: Record<'_>, out: &mut Vec<Read>) {
        let open = self.lot.as_ref().map_or(0, |lot| lot.number);
        let place = record.number(LOT).and_then(|lot| Ok((lot, record.number(SEQUENCE)?)));
        let sequence = match place {
            Ok((lot, sequence)) if lot == open => sequence,
            Ok((lot, _)) => {
                let reason = format!("the record names lot {lot} and stands in lot {open}");
                return out.push(Read::Bad { line: record.line, reason });
            }
            Err(reason) => return out.push(Read::Bad { line: record.line, reason }),
        };
        match record.byte(SEGMENT) {
            b'T' => {
                self.flush(out);
                let title = kept(segment_t(bank, &record), record.line, out);
                let (line, next) = (record.line, sequence + 1);
                self.pending = Some(Pending { line, next, title, has_u: false });
            }
            b'U' => self.segment_u(&record, sequence, out),
            b'Y' if record.field(segment_y03::OPTION) == b"03" => {
                self.segment_y03(&record, sequence, out);
            }
            _ => {
                if let Some(pending) = self.joined(sequence) {
                    pending.next += 1;
                }
            }
        }
    }

    /// The title that a record with this sequence number goes on with.
    fn joined(&mut self, sequence: u64) -> Option<&mut Pending> {
        self.pending.as_mut().filter(|pending| pending.next == sequence)
    }

    fn segment_u(&mut self, record: &Record<'_>, sequence: u64, out: &mut Vec<Read>) {
        let Some(pending) = self.joined(sequence).filter(|pending| !pending.has_u) else {
            let reason = format!("segment U with sequence {sequence} has no segment T before it");
            return out.push(Read::Bad { line: record.line, reason });
        };
        pending.next += 1;
        pending.has_u = true;
        let Some(mut title) = pending.title.take() else { return };
        if let Some(paid) = kept(paid(record), record.line, out) {
            title.paid = paid;
            pending.title = Some(title);
        }
    }

    fn segment_y03(&mut self, record: &Record<'_>, sequence: u64, out: &mut Vec<Read>) {
        let Some(pending) = self.joined(sequence) else {
            let reason = format!("segment Y-03 with sequence {sequence} follows no title");
            return out.push(Read::Bad { line: record.line, reason });
        };
        pending.next += 1;
        let Some(title) = &mut pending.title else { return };
        if let Some(Some(txid)) = kept(record.txid(segment_y03::TXID), record.line, out) {
            title.txid = Some(txid);
        }
    }

    /// Gives away the title that nothing more can join.
    fn flush(&mut self, out: &mut Vec<Read>) {
        let Some(pending) = self.pending.take() else { return };
        match pending.title {
            Some(title) if pending.has_u => out.push(Read::Title(Box::new(title))),
            Some(_) => {
                let reason = "segment T has no segment U after it, so what was paid is missing";
                out.push(Read::Bad { line: pending.line, reason: reason.to_owned() });
            }
            None => {}
        }
    }
}

/// What was read, or nothing after its fault was told.
fn kept<T>(read: Result<T, String>, line: u64, out: &mut Vec<Read>) -> Option<T> {
    read.map_err(|reason| out.push(Read::Bad { line, reason })).ok()
}

fn segment_t(bank: &'static Bank, record: &Record<'_>) -> Result<Title, String> {
    let document = record.said(bank.document_number);
    Ok(Title {
        line: record.line,
        table: bank.occurrences,
        occurrence: record.text(OCCURRENCE),
        reasons: record.said(bank.reasons),
        our_number: record.numbering(bank.our_number),
        document_number: document.or_else(|| record.said(bank.company_use)),
        payer: record.tax_id(bank.payer_kind, bank.payer),
        payer_name: record.said(bank.payer_name),
        txid: None,
        face: record.money(bank.face)?,
        fee: record.money(bank.fee)?,
        paid: Paid::default(),
    })
}

fn paid(record: &Record<'_>) -> Result<Paid, String> {
    Ok(Paid {
        interest: record.money(segment_u::INTEREST)?,
        discount: record.money(segment_u::DISCOUNT)?,
        rebate: record.money(segment_u::REBATE)?,
        amount: record.money(segment_u::PAID)?,
        expenses: record.money(segment_u::EXPENSES)?,
        event_on: record.date(segment_u::EVENT_ON)?,
        credited_on: record.date(segment_u::CREDITED_ON)?,
    })
}
