use proptest::prelude::*;

use super::{FILE_BYTES_MAX, Format, Item, LINES_MAX, Reader, Summary};
use crate::csv::CsvMapping;
use crate::entry::Movement;
use crate::fault::FileRefused;

/// A file as it comes out: its items and what it held.
pub(crate) type Outcome = Result<(Vec<Item>, Summary), FileRefused>;

/// Reads `bytes` in pieces of at most `chunk`.
pub(crate) fn read_in(format: &Format, bytes: &[u8], chunk: usize) -> Outcome {
    let (mut reader, mut items) = (Reader::new(format.clone()), Vec::new());
    for piece in bytes.chunks(chunk.max(1)) {
        reader.push(piece, &mut items)?;
    }
    let summary = reader.finish(&mut items)?;
    Ok((items, summary))
}

pub(crate) fn read(format: &Format, bytes: &[u8]) -> Outcome {
    read_in(format, bytes, bytes.len())
}

/// Each item on a line: `account bank/branch/number`, `day amount [id] memo`, `line reason`.
pub(crate) fn shown(items: &[Item]) -> Vec<String> {
    items.iter().map(shown_item).collect()
}

fn shown_item(item: &Item) -> String {
    match item {
        Item::Account(account) => {
            let part = |part: &Option<String>| part.clone().unwrap_or_default();
            format!("account {}/{}/{}", part(&account.bank), part(&account.branch), account.number)
        }
        Item::BadLine(bad) => format!("{} {}", bad.line, bad.reason),
        Item::Entry(entry) => {
            let moved = match &entry.movement {
                Movement::Credit { amount } => format!("+{amount}"),
                Movement::Debit { amount } => format!("-{amount}"),
                Movement::Fee { amount } => format!("fee {amount}"),
                other => format!("{other:?}"),
            };
            let id = entry.bank_id.clone().unwrap_or_default();
            format!("{} {moved} [{id}] {}", entry.booked_on, entry.memo)
        }
    }
}

pub(crate) fn prints(items: &[Item]) -> Vec<String> {
    let print = |item: &Item| match item {
        Item::Entry(entry) => Some(entry.fingerprint.as_str().to_owned()),
        Item::Account(_) | Item::BadLine(_) => None,
    };
    items.iter().filter_map(print).collect()
}

/// A mapping over `date;memo;amount` without a header.
pub(crate) fn plain_mapping() -> CsvMapping {
    serde_json::from_value(serde_json::json!({
        "account": {"number": "45678-9"},
        "encoding": "utf-8",
        "delimiter": ";",
        "decimal": ",",
        "date_format": "%Y-%m-%d",
        "has_header": false,
        "columns": {"date": 1, "memo": 2, "amount": 3},
    }))
    .unwrap()
}

fn all_formats() -> [Format; 4] {
    [Format::Ofx, Format::Cnab240, Format::Cnab400, Format::Csv(plain_mapping())]
}

#[test]
fn a_file_that_is_not_what_it_says_is_read() {
    let strangers: [&[u8]; 11] = [
        b"%PDF-1.7 ...........",
        b"PK\x03\x04xlsx.........",
        b"\x1f\x8b\x08gzip.........",
        b"\xd0\xcf\x11\xe0xls.........",
        b"\xff\xfe<\x00O\x00F\x00X\x00>\x00",
        b"\xfe\xff\x00<",
        b"{\\rtf1 ........",
        b"\x89PNG\r\n\x1a\n......",
        b"OFX\x00X",
        b"PK\x03\x04",
        b"",
    ];
    for format in all_formats() {
        for stranger in strangers {
            for chunk in [1, 3, 100] {
                let outcome = read_in(&format, stranger, chunk);
                assert!(outcome.is_err(), "{} took {stranger:?}", format.name());
            }
        }
    }
}

#[test]
fn a_refused_file_is_taken_up_again() {
    let mut reader = Reader::new(Format::Csv(plain_mapping()));
    let mut items = Vec::new();
    let first = reader.push(b"2026-11-01;a;1,00\n\0", &mut items).unwrap_err();
    assert_eq!((first.line, items.len()), (2, 0));
    assert_eq!(reader.push(b"2026-11-01;a;1,00\n", &mut items), Err(first.clone()));
    assert_eq!(reader.finish(&mut items), Err(first));
}

#[test]
fn a_file_over_the_limits_is_read() {
    let mut reader = Reader::new(Format::Csv(plain_mapping()));
    let lines = "\n".repeat(100_000);
    let refused = (0..=LINES_MAX / 100_000)
        .find_map(|_| reader.push(lines.as_bytes(), &mut Vec::new()).err())
        .unwrap();
    assert_eq!(refused.line, LINES_MAX + 1);

    let mut skipping = plain_mapping();
    skipping.skip_lines = 1_000;
    let mut reader = Reader::new(Format::Csv(skipping));
    let line = format!("{}\n", "x".repeat(67_107));
    for _ in 0..FILE_BYTES_MAX / 67_108 {
        reader.push(line.as_bytes(), &mut Vec::new()).unwrap();
    }
    let refused = reader.push(line.as_bytes(), &mut Vec::new()).unwrap_err();
    assert!(refused.reason.contains("export fewer days"), "{refused}");
}

#[test]
fn the_tally_is_not_what_came_out() {
    let text = "2026-11-09;b;-2,00\nx;y;z\n2026-11-02;a;1,00";
    let (items, summary) = read(&Format::Csv(plain_mapping()), text.as_bytes()).unwrap();
    assert_eq!(items.len(), 4);
    assert_eq!((summary.entries, summary.bad_lines, summary.lines), (2, 1, 3));
    assert_eq!(summary.bytes, u64::try_from(text.len()).unwrap());
    let day = |day| chrono::NaiveDate::from_ymd_opt(2026, 11, day);
    assert_eq!((summary.from, summary.until), (day(2), day(9)));
    assert_eq!(summary.account.unwrap().number, "45678-9");
}

proptest! {
    #[test]
    fn any_bytes_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        format in 0..4_usize,
        chunk in 1..50_usize,
    ) {
        let format = &all_formats()[format];
        let whole = read(format, &bytes);
        let pieces = read_in(format, &bytes, chunk);
        prop_assert_eq!(whole.is_ok(), pieces.is_ok());
    }
}
