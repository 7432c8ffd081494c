//! What the columns of a merchant's CSV mean.
//!
//! Owns: the mapping as it is stored and sent, its faults, and the plan it becomes. Does not own
//! reading rows.
//! Invariant: a plan exists only for a mapping without faults.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::row::{Fields, Places};
use crate::charset::Charset;
use crate::entry::FileAccount;
use crate::fault::{FileRefused, quoted};

/// Columns of the widest file.
pub(super) const COLUMNS_MAX: usize = 256;
/// Lines before the header at most.
const SKIP_LINES_MAX: u64 = 1_000;
/// Characters of the longest header name.
const NAME_CHARS_MAX: usize = 100;
/// Forms of a date.
const DATE_FORMATS: [&str; 4] = ["%d/%m/%Y", "%Y-%m-%d", "%d/%m/%y", "%Y%m%d"];
/// Delimiters, by what a mapping may call them.
const DELIMITERS: [(&str, u8); 5] =
    [(",", b','), (";", b';'), ("\t", b'\t'), ("tab", b'\t'), ("|", b'|')];
const DECIMALS: [(&str, char); 2] = [(",", ','), (".", '.')];
const ENCODINGS: [(&str, Charset); 2] =
    [("utf-8", Charset::Utf8), ("windows-1252", Charset::Windows1252)];

/// How a CSV file is read. Texts are checked by [`CsvMapping::check`], which names every fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvMapping {
    /// Whose account it is: a CSV does not say.
    pub account: FileAccount,
    /// `utf-8` or `windows-1252`.
    pub encoding: String,
    /// `,`, `;`, `|` or a tab (also as the word `tab`).
    pub delimiter: String,
    /// The decimal sign of amounts, `,` or `.`; the other one may part thousands.
    pub decimal: String,
    /// `%d/%m/%Y`, `%Y-%m-%d`, `%d/%m/%y` or `%Y%m%d`; a time behind it is ignored.
    pub date_format: String,
    /// Lines before the header, or before the first row; 0 to 1000.
    #[serde(default)]
    pub skip_lines: u64,
    /// Whether a row of names comes first.
    pub has_header: bool,
    pub columns: CsvColumns,
}

/// Which column is what: either `amount`, with its sign, or `credit` and `debit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvColumns {
    pub date: CsvColumn,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<CsvColumn>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<CsvColumn>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debit: Option<CsvColumn>,
    pub memo: CsvColumn,
    /// The bank's own id of the movement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<CsvColumn>,
    /// CPF or CNPJ of the other side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<CsvColumn>,
    /// Name of the other side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<CsvColumn>,
}

/// A column by its place, from 1, or by its name in the header, in either case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CsvColumn {
    Place(u64),
    Named(String),
}

/// What is wrong with a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingFault {
    /// Where, such as `columns.amount`.
    pub path: String,
    /// What to write instead.
    pub reason: String,
}

impl Serialize for CsvColumn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Place(place) => serializer.serialize_u64(*place),
            Self::Named(name) => serializer.serialize_str(name),
        }
    }
}

impl<'de> Deserialize<'de> for CsvColumn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PlaceOrName;

        impl serde::de::Visitor<'_> for PlaceOrName {
            type Value = CsvColumn;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the place of a column, from 1, or its name in the header")
            }

            fn visit_u64<E: serde::de::Error>(self, place: u64) -> Result<CsvColumn, E> {
                Ok(CsvColumn::Place(place))
            }

            fn visit_i64<E: serde::de::Error>(self, place: i64) -> Result<CsvColumn, E> {
                u64::try_from(place).map(CsvColumn::Place).map_err(E::custom)
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<CsvColumn, E> {
                Ok(CsvColumn::Named(name.to_owned()))
            }
        }

        deserializer.deserialize_any(PlaceOrName)
    }
}

impl MappingFault {
    fn new(path: &str, reason: impl Into<String>) -> Self {
        Self { path: path.to_owned(), reason: reason.into() }
    }

    /// The answer to a file that is read with a mapping nobody checked.
    pub(super) fn refusal(&self) -> FileRefused {
        FileRefused::new(1, format!("the mapping is wrong at {}: {}", self.path, self.reason))
    }
}

impl CsvMapping {
    /// Every fault with its path; none when files can be read with it.
    pub fn check(&self) -> Result<(), Vec<MappingFault>> {
        let mut faults = Vec::new();
        let mut known = |path: &str, known: bool, reason: &str| {
            if !known {
                faults.push(MappingFault::new(path, reason));
            }
        };
        let numbered = self.account.number.chars().any(|c| c.is_ascii_digit());
        known("account.number", numbered, "must be the number of the account");
        known(
            "encoding",
            named(&ENCODINGS, &self.encoding).is_some(),
            "must be utf-8 or windows-1252",
        );
        known("delimiter", named(&DELIMITERS, &self.delimiter).is_some(), "must be , ; tab or |");
        known("decimal", named(&DECIMALS, &self.decimal).is_some(), "must be , or .");
        known(
            "date_format",
            DATE_FORMATS.contains(&self.date_format.as_str()),
            "must be %d/%m/%Y, %Y-%m-%d, %d/%m/%y or %Y%m%d",
        );
        // Without a header nothing tells `10,50` from two columns.
        let apart = self.has_header || self.delimiter != self.decimal;
        known("decimal", apart, "is the delimiter too, which needs a header");
        known("skip_lines", self.skip_lines <= SKIP_LINES_MAX, "must be 0 to 1000");
        faults.extend(self.columns.faults(self.has_header));
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }
}

impl CsvColumns {
    /// All columns with their names in the mapping.
    fn all(&self) -> [(&'static str, Option<&CsvColumn>); 8] {
        [
            ("columns.date", Some(&self.date)),
            ("columns.amount", self.amount.as_ref()),
            ("columns.credit", self.credit.as_ref()),
            ("columns.debit", self.debit.as_ref()),
            ("columns.memo", Some(&self.memo)),
            ("columns.id", self.id.as_ref()),
            ("columns.document", self.document.as_ref()),
            ("columns.name", self.name.as_ref()),
        ]
    }

    fn faults(&self, has_header: bool) -> Vec<MappingFault> {
        let mut faults = Vec::new();
        let mut fault = |path: &str, reason: &str| faults.push(MappingFault::new(path, reason));
        match (&self.amount, &self.credit, &self.debit) {
            (Some(_), None, None) | (None, Some(_), Some(_)) => {}
            (None, None, None) => fault("columns.amount", "is missing; or give credit and debit"),
            (None, None, Some(_)) => fault("columns.credit", "is missing beside debit"),
            (None, Some(_), None) => fault("columns.debit", "is missing beside credit"),
            (Some(_), _, _) => {
                fault(
                    "columns.amount",
                    "cannot stand beside credit or debit; give one or the other",
                );
            }
        }
        for (path, column) in self.all() {
            match column {
                Some(CsvColumn::Place(place)) if !(1..=COLUMNS_MAX as u64).contains(place) => {
                    fault(path, "must be 1 to 256, or a name in the header");
                }
                Some(CsvColumn::Named(_)) if !has_header => {
                    fault(path, "is a name, but has_header is false; give its place from 1");
                }
                Some(CsvColumn::Named(name))
                    if name.trim().is_empty() || name.chars().count() > NAME_CHARS_MAX =>
                {
                    fault(path, "must be a name of 1 to 100 characters, or a place from 1");
                }
                Some(_) | None => {}
            }
        }
        // One column cannot be two of the things that decide what moved and when.
        let deciding = &self.all()[..4];
        for (nth, (path, column)) in deciding.iter().enumerate() {
            if column.is_some() && deciding[..nth].iter().any(|(_, other)| other == column) {
                fault(path, "is a column that already means something else");
            }
        }
        faults
    }
}

/// A mapping without faults, ready to be used.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) account: FileAccount,
    pub(super) charset: Charset,
    pub(super) delimiter: u8,
    pub(super) decimal: char,
    pub(super) date_format: String,
    pub(super) skip_lines: u64,
    has_header: bool,
    columns: CsvColumns,
}

impl Plan {
    /// The plan, or the first fault.
    pub(super) fn of(mapping: CsvMapping) -> Result<Self, MappingFault> {
        let unknown = |path: &str| MappingFault::new(path, "is not known");
        if let Err(faults) = mapping.check() {
            return Err(faults.into_iter().next().unwrap_or_else(|| unknown("columns")));
        }
        Ok(Self {
            charset: named(&ENCODINGS, &mapping.encoding).ok_or_else(|| unknown("encoding"))?,
            delimiter: named(&DELIMITERS, &mapping.delimiter)
                .ok_or_else(|| unknown("delimiter"))?,
            decimal: named(&DECIMALS, &mapping.decimal).ok_or_else(|| unknown("decimal"))?,
            account: mapping.account,
            date_format: mapping.date_format,
            skip_lines: mapping.skip_lines,
            has_header: mapping.has_header,
            columns: mapping.columns,
        })
    }

    /// The places of all columns, when no header has to be read first.
    pub(super) fn places_without_header(&self) -> Option<Places> {
        let place = |column: &CsvColumn| match column {
            CsvColumn::Place(place) => index_of(*place),
            CsvColumn::Named(_) => None,
        };
        if self.has_header {
            return None;
        }
        self.places(None, |_, column| place(column).ok_or(())).ok()
    }

    /// The places of all columns, by the header that stands on `line`.
    pub(super) fn places_in_header(
        &self,
        header: &Fields<'_>,
        line: u64,
    ) -> Result<Places, FileRefused> {
        let names: Vec<String> = (0..header.len())
            .map(|nth| header.text(nth, self.charset).map(|name| name.to_lowercase()))
            .collect::<Result<_, _>>()
            .map_err(|reason| FileRefused::new(line, reason))?;
        self.places(Some(header.width()), |path, column| match column {
            CsvColumn::Place(place) => index_of(*place)
                .ok_or_else(|| FileRefused::new(line, format!("{path} is no place"))),
            CsvColumn::Named(name) => {
                let wanted = name.trim().to_lowercase();
                let mut found = (0..names.len()).filter(|nth| names[*nth] == wanted);
                match (found.next(), found.next()) {
                    (Some(nth), None) => Ok(nth),
                    (None, _) => {
                        let (name, names) = (quoted(name), quoted(&names.join(", ")));
                        let reason = format!(
                            "the header has no column {name} ({path} of the mapping), it has \
                             {names}; check delimiter and skip_lines"
                        );
                        Err(FileRefused::new(line, reason))
                    }
                    (Some(_), Some(_)) => {
                        let name = quoted(name);
                        let reason = format!(
                            "the header has several columns {name}; give {path} of the mapping by \
                             its place"
                        );
                        Err(FileRefused::new(line, reason))
                    }
                }
            }
        })
    }

    fn places<E>(
        &self,
        width: Option<usize>,
        place: impl Fn(&'static str, &CsvColumn) -> Result<usize, E>,
    ) -> Result<Places, E> {
        let columns = self.columns.all();
        let at = |nth: usize| {
            let (path, column) = columns[nth];
            column.map(|column| place(path, column)).transpose()
        };
        Ok(Places {
            width,
            date: place("columns.date", &self.columns.date)?,
            amount: at(1)?,
            credit: at(2)?,
            debit: at(3)?,
            memo: place("columns.memo", &self.columns.memo)?,
            id: at(5)?,
            document: at(6)?,
            name: at(7)?,
        })
    }
}

fn index_of(place: u64) -> Option<usize> {
    usize::try_from(place).ok()?.checked_sub(1)
}

fn named<T: Copy>(known: &[(&str, T)], name: &str) -> Option<T> {
    known.iter().find(|(text, _)| *text == name).map(|(_, value)| *value)
}

#[cfg(test)]
mod tests;
