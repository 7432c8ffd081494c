//! An event bus in the process: one queue, in order.
//!
//! Owns what was published and not yet delivered. Does not own who hears of it: see
//! [`crate::machine`]. What it holds ends with the process; the table's stream and the next sweep
//! bring back whatever mattered.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use quita_app::Unknown;
use quita_app::bus::BusEvent;
use quita_app::ports::Bus;

/// Delivered events that are remembered, for pages and tests.
const HISTORY_MAX: usize = 10_000;

/// The queue.
#[derive(Default)]
pub struct LocalBus {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<BusEvent>,
    history: VecDeque<BusEvent>,
    refusals: usize,
}

impl LocalBus {
    /// The bus refuses the next `entries` entries, as `PutEvents` can within an accepted call.
    pub fn refuse_next(&self, entries: usize) {
        self.lock().refusals = entries;
    }

    /// The last events that were published, oldest first.
    pub fn history(&self) -> Vec<BusEvent> {
        self.lock().history.iter().cloned().collect()
    }

    /// Events that wait for delivery.
    pub fn waiting(&self) -> usize {
        self.lock().queue.len()
    }

    /// The oldest waiting event. It stays until [`Self::done`], so that a delivery cut short is
    /// made again.
    pub(crate) fn next(&self) -> Option<BusEvent> {
        self.lock().queue.front().cloned()
    }

    /// Takes the oldest event out: it was delivered or given up.
    pub(crate) fn done(&self) {
        self.lock().queue.pop_front();
    }

    pub(crate) fn put_back(&self, event: BusEvent) {
        self.lock().queue.push_back(event);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Bus for LocalBus {
    async fn publish(&self, events: &[BusEvent]) -> Vec<Result<(), Unknown>> {
        let mut state = self.lock();
        let take = |event: &BusEvent| {
            if state.refusals > 0 {
                state.refusals -= 1;
                return Err(Unknown::new("publishing an event", "the bus refused the entry"));
            }
            state.queue.push_back(event.clone());
            state.history.push_back(event.clone());
            if state.history.len() > HISTORY_MAX {
                state.history.pop_front();
            }
            Ok(())
        };
        events.iter().map(take).collect()
    }
}
