//! The outside form of a bank file: where it stands, what it holds, what became of its lines.

use chrono::NaiveDate;
use quita_core::bank_import::{
    BankImport, Counts, FileSummary, ImportState, LineFault, PART_BYTES_MAX,
};
use serde::Serialize;

use crate::bus::instant;

/// A bank file.
#[derive(Debug, Serialize)]
pub struct BankFileView {
    id: String,
    name: String,
    format: &'static str,
    account: AccountView,
    status: &'static str,
    created_at: String,
    /// Most bytes of one part.
    part_bytes_max: usize,
    parts: Vec<PartView>,
    summary: Option<SummaryView>,
    progress: ProgressView,
    counts: CountsView,
    refusal: Option<RefusalView>,
    /// Why the rest cannot be taken in.
    stopped_because: Option<String>,
}

#[derive(Debug, Serialize)]
struct AccountView {
    bank: String,
    branch: Option<String>,
    number: String,
}

#[derive(Debug, Serialize)]
struct PartView {
    number: u16,
    bytes: u64,
    sha256: String,
}

#[derive(Debug, Serialize)]
struct SummaryView {
    entries: u64,
    lines: u64,
    bytes: u64,
    from: Option<NaiveDate>,
    until: Option<NaiveDate>,
}

/// Entries taken in, of those there are.
#[derive(Debug, Serialize)]
struct ProgressView {
    done: u64,
    entries: Option<u64>,
}

/// Entries by what became of them.
#[derive(Debug, Serialize)]
struct CountsView {
    settled: u64,
    matched: u64,
    unmatched: u64,
    amount_differs: u64,
    fees: u64,
    debits: u64,
    notices: u64,
    already_known: u64,
}

#[derive(Debug, Serialize)]
struct RefusalView {
    faults: Vec<FaultView>,
    /// Faults beside those listed.
    more: u64,
}

#[derive(Debug, Serialize)]
struct FaultView {
    line: u64,
    reason: String,
}

impl BankFileView {
    pub fn of(import: &BankImport) -> Self {
        let account = &import.account;
        let parts = (1..).zip(&import.parts);
        let part = |(number, part): (u16, &quita_core::bank_import::FilePart)| PartView {
            number,
            bytes: part.bytes,
            sha256: part.digest.clone(),
        };
        let (refusal, stopped_because) = match &import.state {
            ImportState::Refused { faults, more, .. } => {
                (Some(RefusalView::of(faults, *more)), None)
            }
            ImportState::Stopped { why, .. } => (None, Some(why.clone())),
            ImportState::Uploading
            | ImportState::Importing { .. }
            | ImportState::Imported { .. } => (None, None),
        };
        Self {
            id: import.id.to_string(),
            name: import.name.clone(),
            format: import.format.as_str(),
            account: AccountView {
                bank: account.bank.clone(),
                branch: account.branch.clone(),
                number: account.number.clone(),
            },
            status: import.state.as_str(),
            created_at: instant(import.created_at),
            part_bytes_max: PART_BYTES_MAX,
            parts: parts.map(part).collect(),
            summary: import.summary.as_ref().map(SummaryView::of),
            progress: ProgressView {
                done: import.done,
                entries: import.summary.as_ref().map(|summary| summary.entries),
            },
            counts: CountsView::of(&import.counts),
            refusal,
            stopped_because,
        }
    }
}

impl SummaryView {
    fn of(summary: &FileSummary) -> Self {
        Self {
            entries: summary.entries,
            lines: summary.lines,
            bytes: summary.bytes,
            from: summary.from,
            until: summary.until,
        }
    }
}

impl CountsView {
    fn of(counts: &Counts) -> Self {
        Self {
            settled: counts.settled,
            matched: counts.matched,
            unmatched: counts.unmatched,
            amount_differs: counts.amount_differs,
            fees: counts.fees,
            debits: counts.debits,
            notices: counts.notices,
            already_known: counts.already_known,
        }
    }
}

impl RefusalView {
    fn of(faults: &[LineFault], more: u64) -> Self {
        let view = |fault: &LineFault| FaultView { line: fault.line, reason: fault.reason.clone() };
        Self { faults: faults.iter().map(view).collect(), more }
    }
}
