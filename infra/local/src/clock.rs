//! A clock that is moved by hand, forward only.
//!
//! Owns how far this machine's time is ahead of the world's. Invariant: it never goes back, and
//! what was saved is what a restart goes on from.

use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use quita_app::ports::{Clock, SystemClock};

use crate::files;

/// The clock.
pub struct MovableClock {
    state: Mutex<State>,
    file: Option<PathBuf>,
}

enum State {
    /// Runs with the machine's clock, ahead of it by this much.
    Ahead(TimeDelta),
    /// Stands still until it is moved.
    Standing(DateTime<Utc>),
}

/// Why the clock was not moved.
#[derive(Debug, thiserror::Error)]
pub enum ClockError {
    #[error("time moves forward only")]
    Backwards,
    #[error("the date is out of range")]
    OutOfRange,
    #[error("the clock's place cannot be saved")]
    Save(#[from] io::Error),
    #[error("the clock's file does not hold a number of milliseconds")]
    Malformed,
}

impl MovableClock {
    /// The machine's time, to be moved from.
    pub fn running() -> Self {
        Self { state: Mutex::new(State::Ahead(TimeDelta::zero())), file: None }
    }

    /// Stands at an instant until it is moved: for runs that must repeat.
    pub fn standing_at(now: DateTime<Utc>) -> Self {
        Self { state: Mutex::new(State::Standing(now)), file: None }
    }

    /// As [`Self::running`], ahead by what the file says; it is created at the first move.
    pub fn in_file(path: PathBuf) -> Result<Self, ClockError> {
        let ahead = match files::read(&path)? {
            None => TimeDelta::zero(),
            Some(text) => text
                .trim()
                .parse()
                .ok()
                .and_then(TimeDelta::try_milliseconds)
                .filter(|ahead| *ahead >= TimeDelta::zero())
                .ok_or(ClockError::Malformed)?,
        };
        Ok(Self { state: Mutex::new(State::Ahead(ahead)), file: Some(path) })
    }

    /// Moves forward by `by`.
    pub fn advance(&self, by: TimeDelta) -> Result<(), ClockError> {
        let mut state = self.lock();
        let to = now_of(&state).checked_add_signed(by).ok_or(ClockError::OutOfRange)?;
        self.moved(&mut state, by, to)
    }

    /// Moves forward to `to`; a moment already past is an error and changes nothing.
    pub fn set(&self, to: DateTime<Utc>) -> Result<(), ClockError> {
        let mut state = self.lock();
        let by = to - now_of(&state);
        self.moved(&mut state, by, to)
    }

    fn moved(&self, state: &mut State, by: TimeDelta, to: DateTime<Utc>) -> Result<(), ClockError> {
        if by < TimeDelta::zero() {
            return Err(ClockError::Backwards);
        }
        *state = match &*state {
            State::Standing(_) => State::Standing(to),
            State::Ahead(ahead) => {
                let ahead = ahead.checked_add(&by).and_then(whole).ok_or(ClockError::OutOfRange)?;
                if let Some(path) = &self.file {
                    files::replace(path, ahead.num_milliseconds().to_string().as_bytes())?;
                }
                State::Ahead(ahead)
            }
        };
        Ok(())
    }

    /// How far ahead of the machine's clock it is.
    pub fn ahead(&self) -> TimeDelta {
        match *self.lock() {
            State::Ahead(ahead) => ahead,
            State::Standing(at) => at - SystemClock.now(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Up to whole milliseconds, as the file keeps them: a restart must not go back by a fraction.
fn whole(ahead: TimeDelta) -> Option<TimeDelta> {
    let down = TimeDelta::try_milliseconds(ahead.num_milliseconds())?;
    if down == ahead { Some(down) } else { down.checked_add(&TimeDelta::milliseconds(1)) }
}

fn now_of(state: &State) -> DateTime<Utc> {
    match *state {
        State::Ahead(ahead) => SystemClock.now() + ahead,
        State::Standing(at) => at,
    }
}

impl Clock for MovableClock {
    fn now(&self) -> DateTime<Utc> {
        now_of(&self.lock())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moved_clock_survives_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clock");
        let clock = MovableClock::in_file(path.clone()).unwrap();
        clock.advance(TimeDelta::days(40)).unwrap();
        let (before, again) = (clock.now(), MovableClock::in_file(path).unwrap());
        let gap = again.now() - before;
        assert!(gap >= TimeDelta::zero() && gap < TimeDelta::minutes(1), "{gap}");
        assert_eq!(again.ahead(), TimeDelta::days(40));
    }

    #[test]
    fn time_never_goes_back() {
        let start = "2026-03-02T12:00:00Z".parse().unwrap();
        let clock = MovableClock::standing_at(start);
        let back = clock.set(start - TimeDelta::seconds(1));
        assert!(matches!(back, Err(ClockError::Backwards)));
        assert_eq!(clock.now(), start);
        clock.set(start + TimeDelta::days(1)).unwrap();
        assert_eq!(clock.now(), start + TimeDelta::days(1));
    }

    #[test]
    fn a_spoilt_file_is_an_error_and_not_another_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clock");
        for text in ["soon", "-5", "1.5", ""] {
            std::fs::write(&path, text).unwrap();
            let opened = MovableClock::in_file(path.clone());
            assert!(matches!(opened, Err(ClockError::Malformed)), "{text}");
        }
    }
}
