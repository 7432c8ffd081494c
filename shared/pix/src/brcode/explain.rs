//! A BR Code told to a person, field by field.
//!
//! Owns the English meaning of each field and the layout of the report. Does not decide what is
//! right: the outcome is that of the lenient reader. Invariant: whatever the text holds, the
//! report prints no control character. It shows keys and locations, so it is for whoever
//! brought the text, not for logs.

use std::borrow::Cow;
use std::fmt;

use super::fault::{Fault, FaultKind, Path};
use super::parse::{ParseMode, Parsed, parse};
use super::rules;
use super::tlv::{Cursor, length_unit};
use super::{
    ACCOUNT_TEMPLATE, ACCOUNT_TEMPLATE_LAST, MerchantAccount, NO_TXID, PointOfInitiation,
    RECURRENCE_TEMPLATE, RECURRENCE_TEMPLATE_LAST, is_pix_gui,
};

/// Characters of the text shown on each side of a fault.
const CONTEXT_CHARS: usize = 30;

/// What a text says, as far as it can be read, and whether it is a BR Code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation<'a> {
    text: &'a str,
    /// Every field up to the first place where the structure breaks.
    pub rows: Vec<Row<'a>>,
    /// The code with its tolerated deviations, or the first fault that is not tolerable.
    pub outcome: Result<Parsed<'a>, Fault>,
}

/// One field of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<'a> {
    /// Which field.
    pub path: Path,
    /// Byte offset of its id in the text, from 0.
    pub position: usize,
    /// Its length in characters.
    pub length: usize,
    /// Its value as written; of a template, the fields inside.
    pub value: &'a str,
    /// What it means.
    pub meaning: Cow<'static, str>,
}

/// Reads a text leniently and tells what each field means.
pub fn explain(text: &str) -> Explanation<'_> {
    let outcome = parse(text, ParseMode::Lenient);
    let is_too_long = matches!(outcome, Err(Fault { kind: FaultKind::TextTooLong { .. }, .. }));
    let rows = if is_too_long { Vec::new() } else { rows(text, &outcome) };
    Explanation { text, rows, outcome }
}

fn rows<'a>(text: &'a str, outcome: &Result<Parsed<'a>, Fault>) -> Vec<Row<'a>> {
    let range = text.len() - text.trim_start().len()..text.trim_end().len();
    if range.is_empty() {
        return Vec::new();
    }
    let unit = length_unit(text, &range);
    let mut cursor = Cursor::new(text, range, unit);
    let mut rows = Vec::new();
    while let Ok(Some(field)) = cursor.next_field() {
        let row = |path, position, value: &'a str, meaning| {
            let length = value.chars().count();
            Row { path, position, length, value, meaning }
        };
        let meaning = root_meaning(field.id, field.value, outcome);
        rows.push(row(Path::Root(field.id), field.at, field.value, meaning));
        if !is_template(field.id) {
            continue;
        }
        let mut inside = cursor.inside(&field);
        let mut is_pix = field.id == 62;
        while let Ok(Some(sub)) = inside.next_field() {
            is_pix |= sub.id == 0 && is_pix_gui(sub.value);
            let meaning = sub_meaning(field.id, sub.id, sub.value, is_pix);
            rows.push(row(Path::Sub(field.id, sub.id), sub.at, sub.value, meaning));
        }
    }
    rows
}

fn is_template(id: u8) -> bool {
    matches!(
        id,
        ACCOUNT_TEMPLATE..=ACCOUNT_TEMPLATE_LAST
            | 62
            | RECURRENCE_TEMPLATE..=RECURRENCE_TEMPLATE_LAST
    )
}

fn root_meaning(id: u8, value: &str, outcome: &Result<Parsed<'_>, Fault>) -> Cow<'static, str> {
    Cow::Borrowed(match id {
        0 => "payload format, always 01",
        1 if value == PointOfInitiation::Reusable.as_str() => "may be paid more than once",
        1 if value == PointOfInitiation::OneTime.as_str() => "for one payment",
        1 => "point of initiation: 11 or 12",
        2..=25 => "account of a card scheme, not read by Pix",
        ACCOUNT_TEMPLATE..=ACCOUNT_TEMPLATE_LAST => "merchant account",
        52 if value == super::MCC_NOT_INFORMED => "merchant category: not informed",
        52 => "merchant category code",
        53 => "currency: 986 is the Brazilian real",
        54 => return amount_meaning(value),
        55..=57 => "tip, not read by Pix",
        58 => "country",
        59 => "merchant name",
        60 => "merchant city",
        61 => "merchant CEP",
        62 => "additional data",
        63 => match outcome {
            Err(Fault { kind: FaultKind::CrcMismatch { computed, .. }, .. }) => {
                return Cow::Owned(format!("checksum, should be {computed:04X}"));
            }
            Err(_) => "checksum",
            Ok(_) => "checksum, right",
        },
        RECURRENCE_TEMPLATE..=RECURRENCE_TEMPLATE_LAST => "unreserved template",
        _ => "not read by Pix",
    })
}

fn amount_meaning(value: &str) -> Cow<'static, str> {
    match rules::amount(value) {
        Ok(amount) if amount.money.is_zero() => Cow::Borrowed("amount: typed by the payer"),
        Ok(amount) => Cow::Owned(format!("amount: {}", amount.money.in_english())),
        Err(_) => Cow::Borrowed("amount"),
    }
}

fn sub_meaning(template: u8, id: u8, value: &str, is_pix: bool) -> Cow<'static, str> {
    let is_account = (ACCOUNT_TEMPLATE..=ACCOUNT_TEMPLATE_LAST).contains(&template);
    Cow::Borrowed(match (template, id) {
        (62, 5) if value == NO_TXID => "txid: none",
        (62, 5) => "txid",
        (62, 50) => "version of the BR Code rules (legacy)",
        (62, _) => "not read by Pix",
        (_, 0) if is_pix => "identifier of Pix",
        (_, 0) => "identifier of another scheme",
        _ if !is_pix => "belongs to another scheme",
        (_, 25) if !is_account => "location of the recurrence (Pix Automático)",
        (_, 25) => match rules::host(rules::without_scheme(value)) {
            Some(host) if host.chars().all(is_shown) => {
                return Cow::Owned(format!("location of the charge, served by {host}"));
            }
            _ => "location of the charge",
        },
        (_, 1) if is_account => "Pix key",
        (_, 2) if is_account => "message to the payer",
        (_, 3) if is_account => "ISPB of the withdrawal agent",
        _ => "not read by Pix",
    })
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A template's fields follow on their own lines, so its value is not repeated.
        let shown = |row: &Row<'_>| match row.path {
            Path::Root(id) if is_template(id) => String::new(),
            Path::Root(_) | Path::Sub(..) | Path::Text => printable(row.value),
        };
        let width = self.rows.iter().map(|row| shown(row).chars().count()).max().unwrap_or(0);
        let width = width.max("value".len());
        if !self.rows.is_empty() {
            writeln!(f, "field  byte  length  {:width$}  meaning", "value")?;
        }
        for row in &self.rows {
            let Row { path, position, length, meaning, .. } = row;
            let value = shown(row);
            writeln!(f, "{path:5}  {position:4}  {length:6}  {value:width$}  {meaning}")?;
        }
        if !self.rows.is_empty() {
            writeln!(f)?;
        }
        match &self.outcome {
            Ok(parsed) => self.fmt_verdict(f, parsed),
            Err(fault) => {
                writeln!(f, "not a BR Code: {fault}")?;
                self.fmt_caret(f, fault)
            }
        }
    }
}

impl Explanation<'_> {
    fn fmt_verdict(&self, f: &mut fmt::Formatter<'_>, parsed: &Parsed<'_>) -> fmt::Result {
        let kind = match (&parsed.code.account, &parsed.code.recurrence) {
            (MerchantAccount::Static { .. }, None) => "static",
            (MerchantAccount::Static { .. }, Some(_)) => "static with recurrence",
            (MerchantAccount::Dynamic { .. }, None) => "dynamic",
            (MerchantAccount::Dynamic { .. }, Some(_)) => "dynamic with recurrence",
            (MerchantAccount::GuiOnly, _) => "recurrence only",
        };
        if parsed.warnings.is_empty() {
            return writeln!(f, "valid BR Code, {kind}");
        }
        writeln!(f, "BR Code, {kind}, with deviations some banks refuse:")?;
        for warning in &parsed.warnings {
            writeln!(f, "- {warning}")?;
            self.fmt_caret(f, warning)?;
        }
        Ok(())
    }

    /// The text around a fault with a caret under its position.
    fn fmt_caret(&self, f: &mut fmt::Formatter<'_>, fault: &Fault) -> fmt::Result {
        let (before, after) = self.text.split_at_checked(fault.position).unwrap_or((self.text, ""));
        let skipped = before.char_indices().rev().nth(CONTEXT_CHARS - 1).map_or(0, |(at, _)| at);
        let end = after.char_indices().nth(CONTEXT_CHARS).map_or(after.len(), |(at, _)| at);
        let head = if skipped > 0 { "..." } else { "" };
        let tail = if end < after.len() { "..." } else { "" };
        let before = printable(&before[skipped..]);
        writeln!(f, "  {head}{before}{}{tail}", printable(&after[..end]))?;
        writeln!(f, "  {:1$}^", "", head.len() + before.chars().count())
    }
}

/// The text with every character that could move the cursor or hide others made visible.
fn printable(text: &str) -> String {
    text.chars()
        .map(|character| if is_shown(character) { character } else { char::REPLACEMENT_CHARACTER })
        .collect()
}

fn is_shown(character: char) -> bool {
    matches!(character, ' '..='~') || (!character.is_ascii() && character.is_alphanumeric())
}
