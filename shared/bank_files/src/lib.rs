//! Bank files as Brazilian banks write them: OFX 1.x and 2.x, CNAB 240 and 400 returns, CSV with a
//! mapping, read as a stream.
//!
//! Owns: formats, encodings, limits, the faults of a file with their lines. Does not own: what an
//! entry is matched with, or where it is stored.
//! Invariant: memory does not grow with the file, and no input panics.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test's panic is its report"))]

mod amount;
mod charset;
mod clues;
mod cnab;
mod csv;
mod draft;
mod entry;
mod fault;
mod fingerprints;
mod lines;
mod ofx;
mod reader;

pub use csv::{CsvColumn, CsvColumns, CsvMapping, MappingFault};
pub use entry::{Clues, Entry, FileAccount, Fingerprint, Movement, TitlePayment};
pub use fault::{BadLine, FileRefused};
pub use reader::{FILE_BYTES_MAX, Format, Item, LINES_MAX, Reader, Summary};
