//! The answers of a bank that are not a value, one variant per decision a caller makes.

use std::time::Duration;

use crate::problem::Problem;
use crate::profile::Quirk;

/// Why a call gave no value.
#[derive(Debug, thiserror::Error)]
pub enum PixError {
    /// Final: the bank read the request and said no. Asking again with the same content is vain.
    #[error("the bank refused: {0}")]
    Refused(Box<Problem>),
    /// Final: the bank does not hold what was asked for.
    #[error("the bank does not know it")]
    NotFound,
    /// A person must act: credentials, certificate or contracted scope are not accepted.
    #[error("the bank does not accept the credentials, certificate or scope: {0}")]
    Unauthorized(Box<Problem>),
    /// Nothing happened: too many calls. Ask again after `retry_after`.
    #[error("the bank asks for fewer calls")]
    Throttled {
        /// What `Retry-After` said, if anything.
        retry_after: Option<Duration>,
    },
    /// It may have happened. Ask again with the same key, never with a new one.
    #[error("outcome unknown")]
    Unknown {
        /// What went wrong on the way.
        #[source]
        source: UnknownCause,
    },
    /// Nothing was asked: the list would take more than the page limit. Narrow the window.
    #[error("the window holds {pages} pages, above the limit; ask for a shorter one")]
    WindowTooLarge {
        /// Pages the bank announced.
        pages: u32,
    },
    /// Nothing was asked: the call weakens security and the operator has not opted in.
    #[error("{0} is refused by default; add it to ClientOptions::accepted_quirks to allow it")]
    QuirkNotAccepted(Quirk),
}

impl PixError {
    /// Whether the same call may be repeated later in the hope of another answer.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unknown { .. } | Self::Throttled { .. })
    }

    pub(crate) fn unknown(source: UnknownCause) -> Self {
        Self::Unknown { source }
    }

    pub(crate) fn refused(problem: Problem) -> Self {
        Self::Refused(Box::new(problem))
    }
}

/// What stood between the request and a clear answer. Addresses are stripped: they carry keys.
#[derive(Debug, thiserror::Error)]
pub enum UnknownCause {
    /// No answer within the named timeouts.
    #[error("no answer in time")]
    Timeout,
    /// The connection failed or broke.
    #[error("connection failed")]
    Connection(#[source] reqwest::Error),
    /// A status that says nothing certain: 5xx, 3xx, 408, or a 2xx this call does not expect.
    #[error("unexpected HTTP status {status}")]
    Status {
        /// The status.
        status: u16,
        /// What `Retry-After` said, if anything.
        retry_after: Option<Duration>,
    },
    /// The answer was longer than the limit.
    #[error("answer longer than {limit} bytes")]
    TooLong {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The answer could not be read as what was asked for.
    #[error("unreadable answer: {reason}")]
    Unreadable {
        /// Where it stopped making sense; never content.
        reason: String,
    },
}

impl UnknownCause {
    pub(crate) fn from_transport(error: reqwest::Error) -> Self {
        if error.is_timeout() { Self::Timeout } else { Self::Connection(error.without_url()) }
    }

    pub(crate) fn from_json(error: &serde_json::Error) -> Self {
        Self::Unreadable {
            reason: format!(
                "{:?} error at line {} column {}",
                error.classify(),
                error.line(),
                error.column()
            ),
        }
    }
}
