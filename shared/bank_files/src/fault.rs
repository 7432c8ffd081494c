//! What is wrong with a bank file: one line of it, or the whole.
//!
//! Owns: the two answers and the limit of what a reason repeats from the file. Does not own which
//! rule was broken; each format says that.
//! Invariant: every fault has a line and says what to do; none carries more than a few words of
//! the file, and none of its control characters.

/// Characters of the file that a reason repeats at most.
const QUOTED_CHARS_MAX: usize = 40;

/// One movement that cannot be read. The others of the file can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// First line of what cannot be read, from 1.
    pub line: u64,
    /// What is wrong and what to do, for people.
    pub reason: String,
}

/// The file cannot be trusted as a whole: nothing of it may be applied, also not what was read
/// before.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct FileRefused {
    /// Where it was noticed, from 1.
    pub line: u64,
    /// What is wrong and what to do, for people.
    pub reason: String,
}

impl BadLine {
    pub(crate) fn new(line: u64, reason: impl Into<String>) -> Self {
        Self { line, reason: reason.into() }
    }
}

impl FileRefused {
    pub(crate) fn new(line: u64, reason: impl Into<String>) -> Self {
        Self { line, reason: reason.into() }
    }
}

/// A piece of the file as a reason may repeat it: in quotes, short, without control characters.
pub(crate) fn quoted(text: &str) -> String {
    let shown = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut short: String = shown.take(QUOTED_CHARS_MAX + 1).collect();
    if short.chars().count() > QUOTED_CHARS_MAX {
        short = short.chars().take(QUOTED_CHARS_MAX).chain("..".chars()).collect();
    }
    format!("'{short}'")
}
