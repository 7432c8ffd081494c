//! A bank file half taken in, one that was refused, and what else its lines leave behind.

use quita_core::bank_import::{
    Account, BankImport, BankLine, BoletoRef, Counts, FileFormat, FilePart, FileSummary,
    ImportState, LineFault, Outcome,
};

use super::{at, cents, day, import_id, invoice_id, merchant_id, transfer_id};
use crate::items::ImportChunk;

pub fn import() -> BankImport {
    BankImport {
        merchant: merchant_id(),
        id: import_id(),
        version: 2,
        created_at: at("2026-12-12T08:00:00Z"),
        name: "extrato dezembro.csv".to_owned(),
        format: FileFormat::Csv,
        account: Account {
            bank: "341".to_owned(),
            branch: Some("1234".to_owned()),
            number: "56789-0".to_owned(),
        },
        csv: Some("{\"separator\":\";\"}".to_owned()),
        parts: vec![FilePart { bytes: 400_000, digest: "9f86d081884c7d65".repeat(4) }],
        summary: Some(FileSummary {
            entries: 40,
            lines: 42,
            bytes: 400_000,
            from: Some(day("2026-12-01")),
            until: Some(day("2026-12-11")),
        }),
        done: 36,
        counts: Counts {
            settled: 1,
            matched: 2,
            unmatched: 3,
            amount_differs: 4,
            fees: 5,
            debits: 6,
            notices: 7,
            already_known: 8,
        },
        state: ImportState::Importing { next_at: at("2026-12-12T08:05:00Z") },
    }
}

pub fn refused_import() -> BankImport {
    let fault = LineFault { line: 7, reason: "valor cannot be read".to_owned() };
    let at = at("2026-12-12T08:00:03Z");
    BankImport {
        csv: None,
        summary: None,
        state: ImportState::Refused { at, faults: vec![fault], more: 2 },
        ..import()
    }
}

/// Bytes that are no text.
pub fn chunk() -> ImportChunk {
    ImportChunk {
        import: import_id(),
        nth: 1,
        bytes: vec![0x4f, 0x46, 0x58, 0x00, 0xe7, 0xff, 0x0d, 0x0a],
        expires_at: at("2026-12-19T08:00:00Z"),
    }
}

pub fn bank_line() -> BankLine {
    BankLine {
        merchant: merchant_id(),
        fingerprint: "0123456789abcdef0123456789abcdef".to_owned(),
        version: 1,
        import: import_id(),
        line: 100_000,
        booked_on: day("2026-12-11"),
        amount: cents(13_350),
        memo: "TED 341 PADARIA SAO JOAO".into(),
        outcome: Outcome::Matched,
        payment: Some(transfer_id()),
    }
}

pub fn boleto() -> BoletoRef {
    BoletoRef { our_number: "109000123".to_owned(), invoice: invoice_id(), instalment: 3 }
}
