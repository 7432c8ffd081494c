//! What the looks of one walk over due work share: customers that somebody is busy with, and
//! channels that take nothing for now.
//!
//! Owns both for the time of a walk. Does not own what keeps a message from going out twice: that
//! is the claim.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use quita_core::ids::{CustomerId, MerchantId};
use quita_core::message::Channel;
use tokio::sync::OwnedMutexGuard;

type Turns = HashMap<(MerchantId, CustomerId), Arc<tokio::sync::Mutex<()>>>;

/// A walk, or a look by itself.
#[derive(Default)]
pub(crate) struct Walk {
    turns: Mutex<Turns>,
    stopped: Mutex<HashMap<(MerchantId, Channel), DateTime<Utc>>>,
}

impl Walk {
    /// Waits until nobody else of this walk is busy with the customer. The flag says whether it had
    /// to wait, so that what was read before is old.
    pub(crate) async fn turn(
        &self,
        merchant: &MerchantId,
        customer: &CustomerId,
    ) -> (OwnedMutexGuard<()>, bool) {
        let of = (merchant.clone(), customer.clone());
        let turn = Arc::clone(lock(&self.turns).entry(of).or_default());
        match Arc::clone(&turn).try_lock_owned() {
            Ok(guard) => (guard, false),
            Err(_) => (turn.lock_owned().await, true),
        }
    }

    /// Until when a channel of a merchant's takes nothing.
    pub(crate) fn stopped(
        &self,
        merchant: &MerchantId,
        channel: Channel,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let until = lock(&self.stopped).get(&(merchant.clone(), channel)).copied();
        until.filter(|until| *until > now)
    }

    /// Remembers that a channel takes nothing before `until`.
    pub(crate) fn stop(&self, merchant: &MerchantId, channel: Channel, until: DateTime<Utc>) {
        lock(&self.stopped).insert((merchant.clone(), channel), until);
    }
}

/// Each map is whole after every call on it, so a panic elsewhere leaves it usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
