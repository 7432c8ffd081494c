//! OFX 1.x (SGML) and 2.x (XML) as Brazilian banks write them.
//!
//! Owns: the elements of a bank or card statement and their order. Does not own tags (`markup`),
//! one movement (`transaction`), or any other OFX service (investments, loans, payments).
//! Invariant: every `TRNAMT` of a file that is read becomes an entry or a bad line.
//!
//! Both versions go one road: tags and the text before each. A leaf ends at the next tag, closed or
//! not; only aggregates nest, and only known ones, so neither an unclosed tag nor a strange one
//! makes memory grow. The crate ofx-rs 0.2.0 was tried instead: its SGML path mangles accented
//! letters, a bare `&` or a header on one line fails the whole file, and its caller has to decode
//! Windows-1252 first, which needs the whole file.

mod date;
mod header;
mod markup;
mod transaction;

use header::Header;
use markup::{Mark, Markup, Tag};
use transaction::Transaction;

use crate::charset::{Decoder, cleaned};
use crate::entry::FileAccount;
use crate::fault::{BadLine, FileRefused, quoted};
use crate::fingerprints::Fingerprints;
use crate::reader::{Item, Parser};

/// Aggregates inside one another. A statement needs seven.
const DEPTH_MAX: usize = 16;
/// The currency of every account that is read.
const REAL: &str = "BRL";
/// Digits of a COMPE bank code.
const BANK_CODE_LENGTH: usize = 3;
/// Elements with elements inside that statements have. Any other opening tag is a leaf.
/// Source: OFX 1.6, sections 2.5, 3, 11.3 and 11.4.
const AGGREGATES: [&str; 27] = [
    "OFX",
    "SIGNONMSGSRSV1",
    "SONRS",
    "STATUS",
    "FI",
    "BANKMSGSRSV1",
    "CREDITCARDMSGSRSV1",
    "STMTTRNRS",
    "CCSTMTTRNRS",
    "STMTRS",
    "CCSTMTRS",
    "BANKACCTFROM",
    "CCACCTFROM",
    "BANKACCTTO",
    "CCACCTTO",
    "BANKTRANLIST",
    "BANKTRANLISTP",
    "STMTTRN",
    "STMTTRNP",
    "PAYEE",
    "CURRENCY",
    "ORIGCURRENCY",
    "IMAGEDATA",
    "LEDGERBAL",
    "AVAILBAL",
    "BALLIST",
    "BAL",
];

/// An aggregate that is open: its place in [`AGGREGATES`].
type Aggregate = &'static str;

/// An opening tag whose text is still to come.
#[derive(Clone, Debug)]
struct Leaf {
    name: String,
    line: u64,
}

/// How far the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Before the root; `header` says whether one was seen.
    Before {
        header: bool,
    },
    Inside,
    /// Behind `</OFX>`.
    After,
}

/// An OFX file that is being read.
#[derive(Debug)]
pub(crate) struct Ofx {
    markup: Markup,
    decoder: Decoder,
    stage: Stage,
    open: Vec<Aggregate>,
    /// The last opening tag, when it is no aggregate: what follows is its text.
    leaf: Option<Leaf>,
    account: Option<FileAccount>,
    /// The account whose aggregate is open.
    naming: FileAccount,
    transaction: Option<Transaction>,
    prints: Fingerprints,
}

impl Ofx {
    pub(crate) fn new() -> Self {
        Self {
            markup: Markup::new(),
            decoder: Decoder::default(),
            stage: Stage::Before { header: false },
            open: Vec::new(),
            leaf: None,
            account: None,
            naming: FileAccount::default(),
            transaction: None,
            prints: Fingerprints::default(),
        }
    }

    fn take(&mut self, tag: Tag, out: &mut Vec<Item>) -> Result<(), FileRefused> {
        match self.stage {
            Stage::Before { header } => self.take_before_root(header, &tag),
            Stage::Inside => self.take_inside(tag, out),
            Stage::After => match tag.mark {
                Mark::Close(_) => Ok(()),
                Mark::Open(_) | Mark::Instruction(_) => {
                    let reason = "a second OFX file begins here; send each file by itself";
                    Err(FileRefused::new(tag.line, reason))
                }
            },
        }
    }

    fn take_before_root(&mut self, header: bool, tag: &Tag) -> Result<(), FileRefused> {
        let refused = |reason: String| FileRefused::new(tag.line, reason);
        let mut header = header || header::block(&tag.text).map_err(refused)? == Header::Ofx;
        match &tag.mark {
            Mark::Instruction(text) => {
                header |= header::instruction(text).map_err(refused)? == Header::Ofx;
                self.stage = Stage::Before { header };
                Ok(())
            }
            Mark::Open(name) if name == "OFX" && header => {
                self.stage = Stage::Inside;
                self.open.push("OFX");
                Ok(())
            }
            Mark::Open(_) | Mark::Close(_) => Err(refused(no_header())),
        }
    }

    fn take_inside(&mut self, tag: Tag, out: &mut Vec<Item>) -> Result<(), FileRefused> {
        if let Some(leaf) = self.leaf.take() {
            self.take_leaf(&leaf, &tag.text, out)?;
        }
        match tag.mark {
            Mark::Instruction(_) => Ok(()),
            Mark::Open(name) => match aggregate(&name) {
                Some(aggregate) => self.enter(aggregate, tag.line, out),
                None => {
                    self.leaf = Some(Leaf { name, line: tag.line });
                    Ok(())
                }
            },
            Mark::Close(name) => {
                // A closing tag of a leaf has said its thing already, and one of an aggregate that
                // is not open closes nothing.
                match self.open.iter().rposition(|open| *open == name) {
                    Some(depth) => self.leave(depth, tag.line, out),
                    None => Ok(()),
                }
            }
        }
    }

    /// An aggregate opens.
    fn enter(
        &mut self,
        aggregate: Aggregate,
        line: u64,
        out: &mut Vec<Item>,
    ) -> Result<(), FileRefused> {
        if aggregate == "OFX" {
            let reason = "a second <OFX> begins inside the first; send each file by itself";
            return Err(FileRefused::new(line, reason));
        }
        // Closing tags that some banks leave out.
        let ends = |open: &Aggregate| match *open {
            "BANKACCTFROM" | "CCACCTFROM" | "LEDGERBAL" | "AVAILBAL" => true,
            "STMTTRN" => aggregate == "STMTTRN",
            _ => false,
        };
        if let Some(depth) = self.open.iter().rposition(ends) {
            self.leave(depth, line, out)?;
        }
        if self.open.len() >= DEPTH_MAX {
            let reason = format!("more than {DEPTH_MAX} elements inside one another; export again");
            return Err(FileRefused::new(line, reason));
        }
        match aggregate {
            "BANKACCTFROM" | "CCACCTFROM" => self.naming = FileAccount::default(),
            "STMTTRN" => self.transaction = Some(Transaction::new(line)),
            _ => {}
        }
        self.open.push(aggregate);
        Ok(())
    }

    /// The aggregate at `depth` closes, and with it those inside it that did not.
    fn leave(&mut self, depth: usize, line: u64, out: &mut Vec<Item>) -> Result<(), FileRefused> {
        while self.open.len() > depth {
            match self.open.pop() {
                Some("STMTTRN") => self.end_transaction(line, out)?,
                Some("BANKACCTFROM" | "CCACCTFROM") => self.end_account(line, out)?,
                Some("OFX") => self.stage = Stage::After,
                _ => {}
            }
        }
        Ok(())
    }

    fn end_transaction(&mut self, line: u64, out: &mut Vec<Item>) -> Result<(), FileRefused> {
        let Some(transaction) = self.transaction.take() else { return Ok(()) };
        let Some(account) = &self.account else {
            let reason = "a movement stands before any <BANKACCTFROM> or <CCACCTFROM>; only bank \
                          and card statements are read";
            return Err(FileRefused::new(line, reason));
        };
        out.push(transaction.into_item(account, &mut self.prints));
        Ok(())
    }

    fn end_account(&mut self, line: u64, out: &mut Vec<Item>) -> Result<(), FileRefused> {
        let named = std::mem::take(&mut self.naming);
        if FileAccount::bare(&named.number).is_empty() {
            let reason = "the account has no <ACCTID>; export the statement again";
            return Err(FileRefused::new(line, reason));
        }
        match &self.account {
            None => {
                out.push(Item::Account(named.clone()));
                self.account = Some(named);
                Ok(())
            }
            Some(known) if known.is(&named) => Ok(()),
            Some(known) => {
                let (known, other) = (quoted(&known.number), quoted(&named.number));
                let reason = format!(
                    "the file is about account {known} and account {other}; \
                                      export each account by itself"
                );
                Err(FileRefused::new(line, reason))
            }
        }
    }

    /// The text of a leaf is whole.
    fn take_leaf(
        &mut self,
        leaf: &Leaf,
        text: &[u8],
        out: &mut Vec<Item>,
    ) -> Result<(), FileRefused> {
        if text.trim_ascii().is_empty() {
            return Ok(());
        }
        let inside = self.open.last().copied().unwrap_or_default();
        let value = cleaned(&without_entities(&self.decoder.text(text)));
        if let ("STMTTRN" | "CURRENCY" | "PAYEE", Some(transaction)) =
            (inside, &mut self.transaction)
        {
            transaction.take(inside, &leaf.name, value);
            return Ok(());
        }
        match (inside, leaf.name.as_str()) {
            ("STMTTRNP", "TRNAMT") => {
                let reason = "the bank has not booked it yet; it comes with a later statement";
                out.push(Item::BadLine(BadLine::new(leaf.line, reason)));
            }
            (_, "TRNAMT") => {
                let reason = "an amount stands outside of <STMTTRN>; export the statement again";
                out.push(Item::BadLine(BadLine::new(leaf.line, reason)));
            }
            ("BANKACCTFROM", "BANKID") => self.naming.bank = bank_code(&value),
            ("BANKACCTFROM", "BRANCHID") => self.naming.branch = Some(value),
            ("BANKACCTFROM" | "CCACCTFROM", "ACCTID") => self.naming.number = value,
            ("STMTRS" | "CCSTMTRS", "CURDEF") if !value.eq_ignore_ascii_case(REAL) => {
                let shown = quoted(&value);
                let reason =
                    format!("the statement is in {shown}; only accounts in {REAL} are read");
                return Err(FileRefused::new(leaf.line, reason));
            }
            _ => {}
        }
        Ok(())
    }
}

impl Parser for Ofx {
    fn push(&mut self, mut bytes: &[u8], out: &mut Vec<Item>) -> Result<(), FileRefused> {
        let next = |ofx: &mut Self, bytes: &mut &[u8]| match ofx.markup.next(bytes) {
            // A long text without any tag, or an HTML page, is another kind of file.
            Err(refused) if ofx.stage == (Stage::Before { header: false }) => {
                Err(FileRefused::new(refused.line, no_header()))
            }
            other => other,
        };
        while let Some(tag) = next(self, &mut bytes)? {
            self.take(tag, out)?;
        }
        Ok(())
    }

    fn finish(&mut self, _out: &mut Vec<Item>) -> Result<(), FileRefused> {
        let line = self.markup.line;
        match self.stage {
            Stage::Before { .. } => Err(FileRefused::new(line, no_header())),
            Stage::Inside => {
                let reason = "the file ends before </OFX>, so a part of it is missing; export it \
                              again";
                Err(FileRefused::new(line, reason))
            }
            Stage::After if self.account.is_none() => {
                let reason = "the file has no bank or card statement; export the statement again";
                Err(FileRefused::new(line, reason))
            }
            Stage::After => {
                let text = self.markup.finish();
                // Some DOS programs end a file with Ctrl-Z.
                let blank = text.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0x1a);
                let reason = "more text stands behind </OFX>; send each file by itself";
                if blank { Ok(()) } else { Err(FileRefused::new(line, reason)) }
            }
        }
    }
}

fn no_header() -> String {
    "this is no OFX file: <OFX> with an OFX header before it was expected; export the statement \
     as OFX (Money)"
        .to_owned()
}

fn aggregate(name: &str) -> Option<Aggregate> {
    AGGREGATES.iter().find(|known| **known == name).copied()
}

/// The COMPE code of a `BANKID`: banks write `341`, `0341`, or something else that is none.
fn bank_code(text: &str) -> Option<String> {
    let bare = text.trim().trim_start_matches('0');
    let digits = bare.bytes().all(|byte| byte.is_ascii_digit());
    let code = digits && (1..=BANK_CODE_LENGTH).contains(&bare.len());
    code.then(|| format!("{bare:0>BANK_CODE_LENGTH$}"))
}

/// Replaces the five entities of XML and numeric ones. Any other `&` is itself, as banks write it.
fn without_entities(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        plain.push_str(before);
        let entity = behind.split_once(';').and_then(|(name, tail)| Some((entity(name)?, tail)));
        let (c, tail) = entity.unwrap_or(('&', behind));
        plain.push(c);
        rest = tail;
    }
    plain.push_str(rest);
    plain
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests;
