//! Lines out of chunks that are cut anywhere.
//!
//! Owns: line ends (LF, CRLF), line numbers and the longest line that is held. Does not own what a
//! line means or how it is encoded.
//! Invariant: at most one line is in memory, and its number is the one an editor shows.

use crate::fault::FileRefused;

/// A line without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// From 1.
    pub(crate) number: u64,
    pub(crate) bytes: Vec<u8>,
}

/// The line that is being read.
#[derive(Debug)]
pub(crate) struct Lines {
    held: Vec<u8>,
    /// Lines that ended so far.
    ended: u64,
    line_bytes_max: usize,
}

impl Lines {
    /// Splits lines of at most `line_bytes_max` bytes, the line end not counted.
    pub(crate) fn new(line_bytes_max: usize) -> Self {
        Self { held: Vec::new(), ended: 0, line_bytes_max }
    }

    /// Takes bytes off the front of `bytes`, and gives the line that they end; `None` when all were
    /// taken and the line goes on.
    ///
    /// Call it until it gives `None`. The file is refused when a line is too long.
    pub(crate) fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<Line>, FileRefused> {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let (taken, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
        // One more than the limit is for the CR of a line that is exactly as long as allowed.
        if self.held.len() + taken.len() > self.line_bytes_max + 1 {
            return Err(self.too_long());
        }
        self.held.extend_from_slice(taken);
        *bytes = rest.get(1..).unwrap_or_default();
        if end.is_some() { self.end().map(Some) } else { Ok(None) }
    }

    /// The last line, when the file does not end with a line end.
    pub(crate) fn finish(&mut self) -> Result<Option<Line>, FileRefused> {
        if self.held.is_empty() { Ok(None) } else { self.end().map(Some) }
    }

    fn end(&mut self) -> Result<Line, FileRefused> {
        if self.held.last() == Some(&b'\r') {
            self.held.pop();
        }
        if self.held.len() > self.line_bytes_max {
            return Err(self.too_long());
        }
        self.ended += 1;
        Ok(Line { number: self.ended, bytes: std::mem::take(&mut self.held) })
    }

    fn too_long(&self) -> FileRefused {
        let max = self.line_bytes_max;
        let reason = format!("the line is longer than {max} bytes; is this the right format?");
        FileRefused::new(self.ended + 1, reason)
    }
}

#[cfg(test)]
mod tests;
