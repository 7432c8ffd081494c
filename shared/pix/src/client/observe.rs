//! Who watches over the calls is told of each request: which, how long, and how it ended.
//!
//! Owns the measuring. Does not own what is done with it: the client knows of no metric.
//! Invariant: every request is told once, one that is cut off by its caller as well.

use std::time::Duration;

use tokio::time::Instant;

/// Told of each request when it ended. It must not block.
pub type Observer = fn(BankCall);

/// A request that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BankCall {
    /// Which, such as `put_cobv`; `token` for a token.
    pub operation: &'static str,
    /// From sending it to its whole answer, or to the end of patience.
    pub took: Duration,
    /// How it ended.
    pub end: CallEnd,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallEnd {
    /// With a value or a final no: refused, or not there.
    Answered,
    /// Without an answer of use: no connection, no time, 5xx, too many calls, not let in.
    Failed,
    /// The caller stopped waiting.
    Abandoned,
}

/// Measures one request. Dropped before its end, the request was abandoned.
pub(crate) struct Watch {
    observer: Observer,
    operation: &'static str,
    started: Instant,
    end: CallEnd,
}

impl Watch {
    pub(crate) fn start(observer: Observer, operation: &'static str) -> Self {
        Self { observer, operation, started: Instant::now(), end: CallEnd::Abandoned }
    }

    pub(crate) fn end(mut self, end: CallEnd) {
        self.end = end;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let Self { observer, operation, started, end } = *self;
        observer(BankCall { operation, took: started.elapsed(), end });
    }
}

/// The observer of a client that nobody watches.
pub(crate) fn unobserved(_call: BankCall) {}
