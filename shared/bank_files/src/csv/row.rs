//! One row of a CSV: its fields, and the entry they make.
//!
//! Owns: what an empty, doubled or strange field means. Does not own which column is what.
//! Invariant: a row that is not blank becomes an entry or a bad line.

use chrono::NaiveDate;
use quita_core::document::TaxId;

use super::mapping::Plan;
use crate::amount;
use crate::charset::{Charset, cleaned, guess, windows_1252};
use crate::clues::clues_in;
use crate::draft::Draft;
use crate::fault::{BadLine, FileRefused, quoted};
use crate::fingerprints::Fingerprints;
use crate::reader::Item;

/// What a memo of a balance starts with, in lower case. Banks put balances between movements, in
/// the column of the amounts.
const BALANCES: [&str; 8] = [
    "saldo anterior",
    "saldo do dia",
    "saldo final",
    "saldo inicial",
    "saldo total",
    "saldo dispon",
    "saldo em conta",
    "s a l d o",
];

/// Which field is what, from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Places {
    /// Columns of the header, when there is one: a row that has others is shifted somewhere.
    pub(super) width: Option<usize>,
    pub(super) date: usize,
    pub(super) amount: Option<usize>,
    pub(super) credit: Option<usize>,
    pub(super) debit: Option<usize>,
    pub(super) memo: usize,
    pub(super) id: Option<usize>,
    pub(super) document: Option<usize>,
    pub(super) name: Option<usize>,
}

/// The fields of one row, still bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    text: &'a [u8],
    ends: &'a [usize],
}

impl<'a> Fields<'a> {
    /// Fields one after another in `text`, each up to its place in `ends`.
    pub(super) fn new(text: &'a [u8], ends: &'a [usize]) -> Self {
        Self { text, ends }
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn are_blank(&self) -> bool {
        self.width() == 0
    }

    /// How many there are without blank ones at the end: some banks end rows with a delimiter.
    pub(super) fn width(&self) -> usize {
        let filled = |nth: &usize| !self.bytes(*nth).trim_ascii().is_empty();
        (0..self.len()).rev().find(filled).map_or(0, |last| last + 1)
    }

    /// A field cleaned; otherwise why the file has another encoding than the mapping says.
    pub(super) fn text(&self, nth: usize, charset: Charset) -> Result<String, &'static str> {
        let bytes = self.bytes(nth);
        let text = match (charset, std::str::from_utf8(bytes)) {
            (Charset::Utf8, Ok(text)) => text.to_owned(),
            (Charset::Utf8, Err(_)) => {
                return Err("the file is not in UTF-8; set encoding to windows-1252, or save it \
                            in UTF-8");
            }
            (Charset::Windows1252, _) if guess(bytes) == Some(Charset::Utf8) => {
                return Err("the file is in UTF-8; set encoding to utf-8");
            }
            (Charset::Windows1252, _) => windows_1252(bytes),
        };
        Ok(cleaned(&text))
    }

    fn bytes(&self, nth: usize) -> &'a [u8] {
        let from =
            nth.checked_sub(1).map_or(0, |before| self.ends.get(before).copied().unwrap_or(0));
        self.ends.get(nth).and_then(|end| self.text.get(from..*end)).unwrap_or_default()
    }
}

/// The texts of a row that count.
struct Row {
    date: String,
    amount: String,
    credit: String,
    debit: String,
    memo: String,
    id: String,
    document: String,
    name: String,
}

/// The entry of a row, or what is wrong with it. The file is refused when it has another encoding.
pub(super) fn item(
    fields: &Fields<'_>,
    places: &Places,
    plan: &Plan,
    line: u64,
    prints: &mut Fingerprints,
) -> Result<Item, FileRefused> {
    let text = |nth: usize| {
        fields.text(nth, plan.charset).map_err(|reason| FileRefused::new(line, reason))
    };
    let optional = |nth: Option<usize>| nth.map_or(Ok(String::new()), text);
    let row = Row {
        date: text(places.date)?,
        amount: optional(places.amount)?,
        credit: optional(places.credit)?,
        debit: optional(places.debit)?,
        memo: text(places.memo)?,
        id: optional(places.id)?,
        document: optional(places.document)?,
        name: optional(places.name)?,
    };
    if let Some(width) =
        places.width.filter(|width| fields.width() > *width || fields.len() < *width)
    {
        let reason = format!(
            "it has {} columns, but the header {width}; a text or amount with the delimiter in it \
             needs quotes, and a total needs nothing",
            fields.len()
        );
        return Ok(Item::BadLine(BadLine::new(line, reason)));
    }
    Ok(match draft(row, places, plan, line) {
        Ok(draft) => draft.into_item(&plan.account, prints),
        Err(reason) => Item::BadLine(BadLine::new(line, reason)),
    })
}

fn draft(row: Row, places: &Places, plan: &Plan, line: u64) -> Result<Draft, String> {
    let memo = row.memo.to_lowercase();
    if memo == "saldo" || BALANCES.iter().any(|start| memo.starts_with(start)) {
        return Err("it is a balance, not a movement; nothing to do".to_owned());
    }
    let day = row.date.split([' ', 'T']).next().unwrap_or_default();
    let booked_on = NaiveDate::parse_from_str(day, &plan.date_format).map_err(|_| {
        let (shown, format) = (quoted(&row.date), &plan.date_format);
        format!("its date {shown} is not {format}; a total has none and needs nothing")
    })?;
    let centavos = centavos(&row, places, plan)?;
    let mut clues = clues_in(&format!("{} {}", row.memo, row.name), &row.id);
    if let Ok(document) = TaxId::parse(&row.document) {
        clues.payer = Some(document);
    }
    if !row.name.is_empty() {
        clues.payer_name = Some(row.name);
    }
    let bank_id = (!row.id.is_empty()).then_some(row.id);
    Ok(Draft { line, centavos, fee: false, booked_on, bank_id, memo: row.memo, clues })
}

/// The signed amount of a row.
fn centavos(row: &Row, places: &Places, plan: &Plan) -> Result<i64, String> {
    let read = |text: &str| {
        amount::centavos(text, Some(plan.decimal))
            .map_err(|fault| format!("its amount {} {fault}", quoted(text)))
    };
    if places.amount.is_some() {
        return read(&row.amount);
    }
    let given = |text: &str| if text.is_empty() { Ok(0) } else { read(text) };
    let (credit, debit) = (given(&row.credit)?, given(&row.debit)?);
    if credit != 0 && debit != 0 {
        return Err("it has both a credit and a debit; give one of them".to_owned());
    }
    if credit < 0 {
        return Err("its credit is negative; check the columns of the mapping".to_owned());
    }
    // Some banks write debits with a minus, some without; the column says it already.
    Ok(credit - debit.abs())
}
