//! The targets by name. Each panics when a property does not hold, and only then.

use std::sync::LazyLock;

use quita_bank_files::{CsvMapping, Format};
use serde_json::{Value, json};

use crate::{bank_file, br_code, callback};

/// What became of an input whose properties hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was understood.
    Read,
    /// It was refused with a reason.
    Refused,
}

/// A reader of foreign bytes.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// As in `targets.json`, `bins/` and `found/`.
    pub name: &'static str,
    pub run: fn(&[u8]) -> Answer,
}

/// Every target.
pub const ALL: [Target; 6] = [
    Target { name: "ofx", run: ofx },
    Target { name: "cnab240", run: cnab240 },
    Target { name: "cnab400", run: cnab400 },
    Target { name: "csv", run: csv },
    Target { name: "callback", run: callback },
    Target { name: "br_code", run: br_code },
];

/// One mapping for each file among the seeds.
static MAPPINGS: LazyLock<[Format; 4]> = LazyLock::new(|| {
    [
        json!({
            "account": {"bank": "260", "number": "1234567-8"}, "encoding": "utf-8",
            "delimiter": ",", "decimal": ".", "date_format": "%d/%m/%Y", "has_header": true,
            "columns": {"date": "Data", "amount": "Valor", "memo": "Descrição",
                        "id": "Identificador"},
        }),
        json!({
            "account": {"number": "98765-X"}, "encoding": "windows-1252", "delimiter": ";",
            "decimal": ",", "date_format": "%d/%m/%Y", "has_header": true,
            "columns": {"date": 1, "amount": "Valor", "memo": "Histórico",
                        "id": "Número do documento"},
        }),
        json!({
            "account": {"number": "45678-9"}, "encoding": "windows-1252", "delimiter": ";",
            "decimal": ",", "date_format": "%d/%m/%y", "has_header": true, "skip_lines": 3,
            "columns": {"date": "Data", "credit": "Crédito (R$)", "debit": "Débito (R$)",
                        "memo": "Histórico", "id": "Docto."},
        }),
        json!({
            "account": {"number": "1"}, "encoding": "utf-8", "delimiter": "|", "decimal": ".",
            "date_format": "%Y%m%d", "has_header": false,
            "columns": {"date": 1, "amount": 3, "memo": 2, "document": 4, "name": 5},
        }),
    ]
    .map(mapping)
});

fn mapping(value: Value) -> Format {
    let mapping: CsvMapping = serde_json::from_value(value).expect("the mapping has every field");
    assert_eq!(mapping.check(), Ok(()), "the mapping reads files");
    Format::Csv(mapping)
}

/// An OFX statement.
pub fn ofx(bytes: &[u8]) -> Answer {
    bank_file::check(&Format::Ofx, bytes)
}

/// A return file of 240 columns.
pub fn cnab240(bytes: &[u8]) -> Answer {
    bank_file::check(&Format::Cnab240, bytes)
}

/// A return file of 400 columns.
pub fn cnab400(bytes: &[u8]) -> Answer {
    bank_file::check(&Format::Cnab400, bytes)
}

/// A table, read with each of a few mappings.
pub fn csv(bytes: &[u8]) -> Answer {
    let answers = MAPPINGS.each_ref().map(|format| bank_file::check(format, bytes));
    if answers.contains(&Answer::Read) { Answer::Read } else { Answer::Refused }
}

/// What a bank posts to a callback address.
pub fn callback(bytes: &[u8]) -> Answer {
    callback::check(bytes)
}

/// The text behind a Pix QR picture.
pub fn br_code(bytes: &[u8]) -> Answer {
    br_code::check(bytes)
}
