//! CNAB return files (*arquivo retorno*) of 240 and of 400 columns.
//!
//! Owns: lines of one length, what a wrong length tells, and turning titles into entries. Does not
//! own the order of records or the columns; those are the layouts and the banks.
//! Invariant: a file that lost a line, or a piece of one, is refused, never read in part.

mod banks240;
mod banks400;
mod layout240;
mod layout400;
mod occurrence;
mod record;
mod title;

use layout240::Layout240;
use layout400::Layout400;
use record::{Columns, Record, columns};
use title::{Title, Told};

use crate::entry::{Entry, FileAccount};
use crate::fault::{BadLine, FileRefused};
use crate::fingerprints::{Fingerprints, Identity};
use crate::lines::{Line, Lines};
use crate::reader::{Item, Parser};

/// Bytes of a record of either layout, its line end not counted.
const WIDTH_240: usize = 240;
const WIDTH_400: usize = 400;
/// UTF-8 needs this many bytes for a character at most. A longer line is not read to its end: what
/// is wrong with it is known by then.
const UTF8_BYTES_MAX: usize = 4;
/// What DOS programs put after the last line.
const END_OF_FILE: u8 = 0x1a;

/// Why a file of records that follow each other without line ends is refused: a byte that was lost
/// in it would move every later column, and nothing would show it.
const WITHOUT_LINE_ENDS: &str = "the records have no line ends, and such files are not read; ask \
                                 the bank for CR LF after each record";

/// Which of the two layouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CnabLayout {
    /// The standard of FEBRABAN, with lots and pairs of segments.
    Cnab240,
    /// The older one, which each bank wrote in its own way.
    Cnab400,
}

/// What a layout makes of a record.
#[derive(Debug)]
enum Read {
    Account(FileAccount),
    Title(Box<Title>),
    Bad { line: u64, reason: String },
}

#[derive(Debug)]
enum Layout {
    Of240(Layout240),
    Of400(Layout400),
}

/// Reads one return file.
#[derive(Debug)]
pub(crate) struct Cnab {
    width: usize,
    lines: Lines,
    layout: Layout,
    account: FileAccount,
    fingerprints: Fingerprints,
    /// Lines that were read.
    read: u64,
}

impl Cnab {
    /// A reader of a return file in `layout`.
    pub(crate) fn new(layout: CnabLayout) -> Self {
        let (width, layout) = match layout {
            CnabLayout::Cnab240 => (WIDTH_240, Layout::Of240(Layout240::default())),
            CnabLayout::Cnab400 => (WIDTH_400, Layout::Of400(Layout400::default())),
        };
        Self {
            width,
            lines: Lines::new(width * UTF8_BYTES_MAX),
            layout,
            account: FileAccount::default(),
            fingerprints: Fingerprints::default(),
            read: 0,
        }
    }

    fn line(&mut self, line: &Line, out: &mut Vec<Item>) -> Result<(), FileRefused> {
        self.read = line.number;
        let end = line.bytes.iter().rposition(|byte| *byte != END_OF_FILE);
        let bytes = &line.bytes[..end.map_or(0, |last| last + 1)];
        let refused = |reason| FileRefused::new(line.number, reason);
        if self.ended() {
            if bytes.iter().all(u8::is_ascii_whitespace) {
                return Ok(());
            }
            let reason = "something stands after the file trailer; send one file at a time";
            return Err(refused(reason.to_owned()));
        }
        if bytes.len() != self.width {
            return Err(refused(self.wrong_length(bytes)));
        }
        let record = Record { line: line.number, bytes };
        let mut reads = Vec::new();
        match &mut self.layout {
            Layout::Of240(layout) => layout.record(record, &mut reads),
            Layout::Of400(layout) => layout.record(record, &mut reads),
        }
        .map_err(refused)?;
        for read in reads {
            let item = self.item(read);
            out.push(item);
        }
        Ok(())
    }

    fn ended(&self) -> bool {
        match &self.layout {
            Layout::Of240(layout) => layout.ended(),
            Layout::Of400(layout) => layout.ended(),
        }
    }

    /// What a line of another length tells about the file.
    fn wrong_length(&self, bytes: &[u8]) -> String {
        let (width, length) = (self.width, bytes.len());
        let characters = std::str::from_utf8(bytes).ok().map(|text| text.chars().count());
        let hint = if characters == Some(width) {
            "it has the right number of characters in UTF-8, so somebody saved the file again; \
             send it as the bank made it"
        } else if length > width && length.is_multiple_of(width) {
            WITHOUT_LINE_ENDS
        } else if length == WIDTH_240 || length == WIDTH_400 {
            "that is the length of the other CNAB; name that format"
        } else if length < width {
            "the file was cut off, or its spaces were trimmed; send it as the bank made it"
        } else {
            "the file was changed, or it is another format; send it as the bank made it"
        };
        format!("the line has {length} bytes instead of {width}: {hint}")
    }

    fn item(&mut self, read: Read) -> Item {
        match read {
            Read::Account(account) => {
                self.account = account.clone();
                Item::Account(account)
            }
            Read::Bad { line, reason } => Item::BadLine(BadLine::new(line, reason)),
            Read::Title(title) => {
                let line = title.line;
                match title.told().and_then(|told| self.entry(line, told)) {
                    Ok(entry) => Item::Entry(Box::new(entry)),
                    Err(reason) => Item::BadLine(BadLine::new(line, reason)),
                }
            }
        }
    }

    fn entry(&mut self, line: u64, told: Told) -> Result<Entry, String> {
        let fingerprint = self.fingerprints.of(&Identity {
            account: &self.account,
            booked_on: told.booked_on,
            centavos: told.change.centavos(),
            bank_id: told.clues.our_number.as_deref(),
            memo: &told.memo,
            occurrence: Some(told.occurrence),
        })?;
        Ok(Entry {
            line,
            movement: told.movement,
            booked_on: told.booked_on,
            bank_id: told.clues.our_number.clone(),
            memo: told.memo,
            clues: told.clues,
            fingerprint,
        })
    }
}

impl Parser for Cnab {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<Item>) -> Result<(), FileRefused> {
        let mut rest = bytes;
        loop {
            let next = self.lines.next(&mut rest);
            match next.map_err(|long| FileRefused::new(long.line, WITHOUT_LINE_ENDS))? {
                Some(line) => self.line(&line, out)?,
                None => return Ok(()),
            }
        }
    }

    fn finish(&mut self, out: &mut Vec<Item>) -> Result<(), FileRefused> {
        let last = self.lines.finish();
        if let Some(line) = last.map_err(|long| FileRefused::new(long.line, WITHOUT_LINE_ENDS))? {
            self.line(&line, out)?;
        }
        if self.ended() {
            return Ok(());
        }
        let reason = "the file ends without its trailer: it was cut off; send it again";
        Err(FileRefused::new(self.read.max(1), reason))
    }
}

/// The account as the header spells it: the parts of its number, and its check digit after a
/// hyphen where there is one.
fn account_number(record: &Record<'_>, parts: &[Columns], check: usize) -> String {
    let number: String = parts.iter().map(|part| record.text(*part)).collect();
    match record.text(columns(check, check)) {
        check if check.is_empty() => number,
        check => format!("{number}-{check}"),
    }
}

#[cfg(test)]
mod tests;
