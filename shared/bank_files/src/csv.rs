//! Separated values with a mapping.
//!
//! Owns: rows out of chunks, quotes, the header. Does not own what a row means (`row`) or what the
//! mapping may say (`mapping`).
//! Invariant: a row that swallowed others, through a quote that was never closed, is never an
//! entry.

mod mapping;
mod quotes;
mod row;

use csv_core::ReadRecordResult;

pub use mapping::{CsvColumn, CsvColumns, CsvMapping, MappingFault};

use crate::fault::{BadLine, FileRefused};
use crate::fingerprints::Fingerprints;
use crate::reader::{Item, Parser};
use mapping::{COLUMNS_MAX, Plan};
use quotes::Quotes;
use row::{Fields, Places};

/// Bytes of the longest row, without its quotes.
const ROW_BYTES_MAX: usize = 65_536;
/// Lines of the longest row: a text in quotes may have line ends.
const ROW_LINES_MAX: u64 = 32;

/// A CSV file that is being read.
pub(crate) struct Csv {
    plan: Result<Plan, MappingFault>,
    rows: csv_core::Reader,
    quotes: Quotes,
    /// The line that is being read, from 1.
    line: u64,
    /// Where the row that is being read begins.
    row_line: Option<u64>,
    /// The fields of that row one after another, and how much of it is filled.
    text: Vec<u8>,
    text_filled: usize,
    ends: Vec<usize>,
    ends_filled: usize,
    /// Which field is what; `None` until the header was read.
    places: Option<Places>,
    announced: bool,
    prints: Fingerprints,
}

impl Csv {
    pub(crate) fn new(mapping: CsvMapping) -> Self {
        let plan = Plan::of(mapping);
        let delimiter = plan.as_ref().map_or(b',', |plan| plan.delimiter);
        let (mut text, mut ends) = (vec![0; ROW_BYTES_MAX], vec![0; COLUMNS_MAX]);
        let mut rows = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
        // The row reader drops a byte order mark from what it is given first, if that holds it
        // whole, so a cut would decide. The mark of the file is gone already: an empty line goes
        // first, which it passes over.
        rows.read_record(b"\n", &mut text, &mut ends);
        Self {
            places: plan.as_ref().ok().and_then(|plan| plan.places_without_header()),
            plan,
            rows,
            quotes: Quotes::new(delimiter),
            line: 1,
            row_line: None,
            text,
            text_filled: 0,
            ends,
            ends_filled: 0,
            announced: false,
            prints: Fingerprints::default(),
        }
    }

    /// Takes a piece of the line that is being read, with its line end if that is in it.
    fn take_piece(&mut self, piece: &[u8], out: &mut Vec<Item>) -> Result<(), FileRefused> {
        let mut rest = piece;
        while !rest.is_empty() {
            if self.row_line.is_none() && rest.iter().any(|byte| !b"\r\n".contains(byte)) {
                self.row_line = Some(self.line);
            }
            let taken = self.read(rest, out)?;
            rest = &rest[taken..];
        }
        Ok(())
    }

    /// Hands bytes to the row reader, empty ones at the end of the file; gives how many it took.
    fn read(&mut self, bytes: &[u8], out: &mut Vec<Item>) -> Result<usize, FileRefused> {
        let (result, taken, written, ended) = self.rows.read_record(
            bytes,
            &mut self.text[self.text_filled..],
            &mut self.ends[self.ends_filled..],
        );
        self.quotes.watch(&bytes[..taken]);
        self.text_filled += written;
        self.ends_filled += ended;
        let start = self.row_line.unwrap_or(self.line);
        match result {
            ReadRecordResult::InputEmpty | ReadRecordResult::End => Ok(taken),
            ReadRecordResult::Record => {
                self.take_row(start, out)?;
                Ok(taken)
            }
            ReadRecordResult::OutputFull => {
                let reason = format!(
                    "the row is over {ROW_BYTES_MAX} bytes; a quote may be open, or this is not \
                     CSV with this delimiter"
                );
                Err(FileRefused::new(start, reason))
            }
            ReadRecordResult::OutputEndsFull => {
                let reason = format!("the row is over {COLUMNS_MAX} columns; check the delimiter");
                Err(FileRefused::new(start, reason))
            }
        }
    }

    /// A row is whole.
    fn take_row(&mut self, start: u64, out: &mut Vec<Item>) -> Result<(), FileRefused> {
        let plan = match &self.plan {
            Ok(plan) => plan,
            Err(fault) => return Err(fault.refusal()),
        };
        let fields = Fields::new(&self.text, &self.ends[..self.ends_filled]);
        let sound = self.quotes.end_row();
        self.row_line = None;
        self.text_filled = 0;
        self.ends_filled = 0;
        if fields.are_blank() {
            return Ok(());
        }
        if !sound && self.line > start {
            let reason = format!(
                "a quote is not closed, so the lines {start} to {} run together; none of them is \
                 read, close the quote and send the file again",
                self.line
            );
            out.push(Item::BadLine(BadLine::new(start, reason)));
            return Ok(());
        }
        let Some(places) = &self.places else {
            self.places = Some(plan.places_in_header(&fields, start)?);
            return Ok(());
        };
        let item = row::item(&fields, places, plan, start, &mut self.prints)?;
        out.push(item);
        Ok(())
    }
}

impl Parser for Csv {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<Item>) -> Result<(), FileRefused> {
        let plan = match &self.plan {
            Ok(plan) => plan,
            Err(fault) => return Err(fault.refusal()),
        };
        let skip_lines = plan.skip_lines;
        if !self.announced {
            out.push(Item::Account(plan.account.clone()));
            self.announced = true;
        }
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.line > skip_lines {
                self.take_piece(piece, out)?;
            }
            if piece.ends_with(b"\n") {
                self.line += 1;
            }
            let start = self.row_line.unwrap_or(self.line);
            if self.line - start > ROW_LINES_MAX {
                let reason = format!("a quote is open for over {ROW_LINES_MAX} lines; close it");
                return Err(FileRefused::new(start, reason));
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<Item>) -> Result<(), FileRefused> {
        self.quotes.end_file();
        self.read(&[], out)?;
        if self.places.is_none() {
            let reason = "the file ends before its header; check skip_lines";
            return Err(FileRefused::new(self.line, reason));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
