//! When a call may be made again, and after how long.
//!
//! Only calls that end in the same state however often they arrive are repeated: GET, PUT under an
//! id this side chose (`txid`, refund id, key), DELETE, and the removal of a charge, whose end
//! state is final. POST lets the bank choose the id, so a repeat is a second charge, and an
//! ordinary PATCH makes a new `revisao` each time: neither is repeated.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::error::{PixError, UnknownCause};

/// Whether repeating a call can do harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// The same call again ends in the same state.
    Safe,
    /// A repeat may do it twice.
    Never,
}

/// How patient the client is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Calls in all, the first included.
    pub attempts_max: u32,
    /// Ceiling of the first random wait; it doubles with each attempt.
    pub backoff_base: Duration,
    /// Ceiling of any random wait.
    pub backoff_max: Duration,
    /// Longest `Retry-After` waited out; a longer one is handed to the caller.
    pub retry_after_max: Duration,
}

impl Patience {
    /// How long to wait before the next attempt, or `None` when `error` is the answer.
    /// `attempt` counts from 1.
    pub(crate) fn wait(&self, attempt: u32, error: &PixError) -> Option<Duration> {
        if attempt >= self.attempts_max {
            return None;
        }
        match error {
            PixError::Throttled { retry_after } => self.asked_or_random(attempt, *retry_after),
            PixError::Unknown { source } => match source {
                UnknownCause::Status { status, retry_after } if *status >= 500 => {
                    self.asked_or_random(attempt, *retry_after)
                }
                UnknownCause::Timeout | UnknownCause::Connection(_) => Some(self.random(attempt)),
                UnknownCause::Status { .. }
                | UnknownCause::TooLong { .. }
                | UnknownCause::Unreadable { .. } => None,
            },
            PixError::Refused(_)
            | PixError::NotFound
            | PixError::Unauthorized(_)
            | PixError::WindowTooLarge { .. }
            | PixError::QuirkNotAccepted(_) => None,
        }
    }

    fn asked_or_random(&self, attempt: u32, asked: Option<Duration>) -> Option<Duration> {
        match asked {
            Some(wait) if wait > self.retry_after_max => None,
            Some(wait) => Some(wait),
            None => Some(self.random(attempt)),
        }
    }

    /// Full jitter: anything from zero to the ceiling, so that callers do not return in step.
    fn random(&self, attempt: u32) -> Duration {
        let doubled = self.backoff_base.saturating_mul(1 << attempt.saturating_sub(1).min(16));
        let ceiling = doubled.min(self.backoff_max);
        let ceiling_ms = u64::try_from(ceiling.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(fastrand::u64(0..=ceiling_ms))
    }
}

/// Reads `Retry-After`: seconds, or an HTTP date (RFC 9110, section 10.2.3).
pub(crate) fn parse_retry_after(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = DateTime::parse_from_rfc2822(text.trim()).ok()?;
    Some((at.with_timezone(&Utc) - now).to_std().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests;
