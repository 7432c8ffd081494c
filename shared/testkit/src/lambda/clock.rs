//! A time that a function's process takes for the real one.
//!
//! Owns the file that `tests/e2e/clock.c`, loaded before the C library, reads the time of day from.
//! Elapsed time stays real, so that timeouts and waits do. Invariant: the file holds one whole
//! number, written at once, so no reader sees half of a move.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

/// Names the file to the shim.
const FILE: &str = "QUITA_TEST_CLOCK";
/// Names libraries that are loaded before all others. Source: ld.so(8).
const PRELOAD: &str = "LD_PRELOAD";

/// The time of day of some processes. It stands until it is set again.
#[derive(Debug)]
pub struct ClockFile {
    file: File,
    path: PathBuf,
    shim: PathBuf,
}

impl ClockFile {
    /// A clock in a new file. `shim` is the compiled `tests/e2e/clock.c`.
    pub fn create(path: &Path, shim: &Path, now: DateTime<Utc>) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
        let clock = Self { file, path: path.to_owned(), shim: shim.to_owned() };
        clock.set(now)?;
        Ok(clock)
    }

    /// Moves the processes that run and those that start.
    pub fn set(&self, now: DateTime<Utc>) -> io::Result<()> {
        let nanoseconds = now
            .timestamp_nanos_opt()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "beyond the year 2262"))?;
        self.file.write_all_at(&nanoseconds.to_ne_bytes(), 0)
    }

    /// What a function has to be told so that it lives by this clock.
    pub fn environment(&self) -> [(String, String); 2] {
        let text = |path: &Path| path.display().to_string();
        [(PRELOAD.to_owned(), text(&self.shim)), (FILE.to_owned(), text(&self.path))]
    }
}
