//! A bank file pushed in chunks, items coming out.
//!
//! Owns: the limits of the whole file, what it plainly is not, and the tally. Does not own any
//! format; each is a [`Parser`].
//! Invariant: memory is bounded by the longest element a format allows, and a file that was refused
//! once stays refused.

use chrono::NaiveDate;

use crate::cnab::{Cnab, CnabLayout};
use crate::csv::{Csv, CsvMapping};
use crate::entry::{Entry, FileAccount};
use crate::fault::{BadLine, FileRefused};
use crate::ofx::Ofx;

/// Bytes of the largest file that is read: 64 MiB.
pub const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Lines of the longest file that is read.
pub const LINES_MAX: u64 = 1_000_000;
/// Bytes looked at before the first is parsed; no signature below is longer.
const SIGNATURE_BYTES: usize = 8;
/// What a file that is none of ours starts with, and what it then is.
const STRANGERS: [(&[u8], &str); 8] = [
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive or an XLSX sheet"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"\xd0\xcf\x11\xe0", "an XLS sheet"),
    (b"\xff\xfe", "in UTF-16"),
    (b"\xfe\xff", "in UTF-16"),
    (b"{\\rtf", "an RTF text"),
    (b"\x89PNG", "a picture"),
];
/// What editors put before a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What a file says it is.
#[expect(clippy::large_enum_variant, reason = "there is one of them for a file")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// OFX 1.x (SGML) or 2.x (XML).
    Ofx,
    /// A return file of 240 columns.
    Cnab240,
    /// A return file of 400 columns.
    Cnab400,
    /// Separated values, with what its columns mean.
    Csv(CsvMapping),
}

impl Format {
    /// The name in lower case: `ofx`, `cnab240`, `cnab400`, `csv`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Ofx => "ofx",
            Self::Cnab240 => "cnab240",
            Self::Cnab400 => "cnab400",
            Self::Csv(_) => "csv",
        }
    }
}

/// What comes out of a file, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// Whose account it is: once, before any entry.
    Account(FileAccount),
    Entry(Box<Entry>),
    BadLine(BadLine),
}

/// What a whole file held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub account: Option<FileAccount>,
    pub entries: u64,
    pub bad_lines: u64,
    /// Lines as an editor counts them.
    pub lines: u64,
    pub bytes: u64,
    /// The first day of an entry.
    pub from: Option<NaiveDate>,
    /// The last day of an entry.
    pub until: Option<NaiveDate>,
}

/// One format. Chunks are cut anywhere, also inside a character; none holds a NUL, and a byte order
/// mark is gone before the first.
pub(crate) trait Parser: Send {
    /// Takes the next bytes; what is whole by now goes to the end of `out`.
    fn push(&mut self, bytes: &[u8], out: &mut Vec<Item>) -> Result<(), FileRefused>;

    /// The file ended.
    fn finish(&mut self, out: &mut Vec<Item>) -> Result<(), FileRefused>;
}

/// Reads one file.
pub struct Reader {
    parser: Box<dyn Parser>,
    /// The first bytes, until there are enough to know a stranger by; `None` from then on.
    opening: Option<Vec<u8>>,
    /// Whether the last byte so far was not a line end.
    inside_line: bool,
    refused: Option<FileRefused>,
    summary: Summary,
}

impl Reader {
    /// A reader of `format`. A mapping with faults refuses the file: ask [`CsvMapping::check`]
    /// first.
    #[must_use]
    pub fn new(format: Format) -> Self {
        let parser: Box<dyn Parser> = match format {
            Format::Ofx => Box::new(Ofx::new()),
            Format::Cnab240 => Box::new(Cnab::new(CnabLayout::Cnab240)),
            Format::Cnab400 => Box::new(Cnab::new(CnabLayout::Cnab400)),
            Format::Csv(mapping) => Box::new(Csv::new(mapping)),
        };
        Self {
            parser,
            opening: Some(Vec::new()),
            inside_line: false,
            refused: None,
            summary: Summary::default(),
        }
    }

    /// Takes the next bytes of the file, cut anywhere; what they complete goes to the end of `out`.
    ///
    /// A refusal is of the whole file: the caller drops what came before it, too. Every later call
    /// repeats it.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<Item>) -> Result<(), FileRefused> {
        let before = out.len();
        let pushed = self.take(bytes, out);
        self.tally(&out[before..]);
        self.remember(pushed)
    }

    /// The file ended. Gives what it held, when it is whole.
    pub fn finish(mut self, out: &mut Vec<Item>) -> Result<Summary, FileRefused> {
        let before = out.len();
        self.end(out)?;
        self.tally(&out[before..]);
        self.summary.lines += u64::from(self.inside_line);
        Ok(self.summary)
    }

    fn take(&mut self, bytes: &[u8], out: &mut Vec<Item>) -> Result<(), FileRefused> {
        if let Some(refused) = &self.refused {
            return Err(refused.clone());
        }
        self.measure(bytes)?;
        let Some(opening) = &mut self.opening else {
            return self.parser.push(bytes, out);
        };
        opening.extend_from_slice(bytes);
        if opening.len() < SIGNATURE_BYTES {
            return Ok(());
        }
        self.open(out)
    }

    fn end(&mut self, out: &mut Vec<Item>) -> Result<(), FileRefused> {
        if let Some(refused) = &self.refused {
            return Err(refused.clone());
        }
        if self.summary.bytes == 0 {
            return Err(FileRefused::new(1, "the file is empty; export it again"));
        }
        self.open(out)?;
        self.parser.finish(out)
    }

    /// Hands the first bytes on, once they are known not to be a stranger's.
    fn open(&mut self, out: &mut Vec<Item>) -> Result<(), FileRefused> {
        let Some(opening) = self.opening.take() else { return Ok(()) };
        if let Some((_, what)) = STRANGERS.iter().find(|(start, _)| opening.starts_with(start)) {
            let reason = format!("the file is {what}; export the statement in the named format");
            return Err(FileRefused::new(1, reason));
        }
        let text = opening.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&opening);
        self.parser.push(text, out)
    }

    /// Counts bytes and lines, and refuses what has too many, or is no text.
    fn measure(&mut self, bytes: &[u8]) -> Result<(), FileRefused> {
        let line_ends = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        if let Some(place) = bytes.iter().position(|byte| *byte == 0) {
            let before = bytes[..place].iter().filter(|byte| **byte == b'\n').count() as u64;
            let reason = "the file has binary zeros, so it is no text in UTF-8 or Windows-1252; \
                          export it again";
            return Err(FileRefused::new(self.summary.lines + before + 1, reason));
        }
        self.summary.bytes = self.summary.bytes.saturating_add(bytes.len() as u64);
        self.summary.lines += line_ends;
        self.inside_line = bytes.last().map_or(self.inside_line, |last| *last != b'\n');
        let line = self.summary.lines;
        if self.summary.bytes > FILE_BYTES_MAX {
            let reason = format!("the file is over {FILE_BYTES_MAX} bytes; export fewer days");
            return Err(FileRefused::new(line, reason));
        }
        if line + u64::from(self.inside_line) > LINES_MAX {
            let reason = format!("the file is over {LINES_MAX} lines; export fewer days");
            return Err(FileRefused::new(LINES_MAX + 1, reason));
        }
        Ok(())
    }

    fn tally(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Account(account) => self.summary.account = Some(account.clone()),
                Item::BadLine(_) => self.summary.bad_lines += 1,
                Item::Entry(entry) => {
                    let day = entry.booked_on;
                    self.summary.entries += 1;
                    self.summary.from = Some(self.summary.from.map_or(day, |from| from.min(day)));
                    self.summary.until = Some(self.summary.until.map_or(day, |to| to.max(day)));
                }
            }
        }
    }

    fn remember(&mut self, pushed: Result<(), FileRefused>) -> Result<(), FileRefused> {
        if let Err(refused) = &pushed {
            self.refused = Some(refused.clone());
        }
        pushed
    }
}

#[cfg(test)]
pub(crate) mod tests;
