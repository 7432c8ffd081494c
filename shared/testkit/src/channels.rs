//! The providers of channels on loopback, with their wire formats: WhatsApp's Cloud API, chats, and
//! a mail server. Those of AWS stand with its other services, in [`crate::aws`].
//!
//! Owns the wire, what was taken, and the trouble a test asks for. Does not own what a sender makes
//! of it. Invariant: what a provider would refuse for its form is refused here, with its own words.

mod chat;
mod smtp;
mod whatsapp;

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use chat::{ChatPost, ChatServer};
pub use smtp::{SmtpMail, SmtpServer};
pub use whatsapp::{SignedCallback, WhatsAppCloud, WhatsAppSent};

/// What goes wrong with the next message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Too fast; the seconds that the provider asks to wait, where it says so.
    Throttle(Option<u64>),
    /// Refused, under the provider's number for the reason.
    Refuse(u32),
    /// The provider fails before it has read the message.
    Down,
    /// Taken, and then the provider fails.
    BrokenAfter,
    /// Taken, and no answer ever comes.
    Silence,
}

/// What a server was given, and what it is to do with the next of it.
#[derive(Debug)]
struct Kept<T> {
    taken: Mutex<Vec<T>>,
    troubles: Mutex<VecDeque<Trouble>>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { taken: Mutex::default(), troubles: Mutex::default() }
    }
}

impl<T: Clone> Kept<T> {
    fn fail_next(&self, trouble: Trouble) {
        lock(&self.troubles).push_back(trouble);
    }

    fn next_trouble(&self) -> Option<Trouble> {
        lock(&self.troubles).pop_front()
    }

    /// Keeps one; answers its number, from 1.
    fn keep(&self, one: T) -> usize {
        let mut taken = lock(&self.taken);
        taken.push(one);
        taken.len()
    }

    fn all(&self) -> Vec<T> {
        lock(&self.taken).clone()
    }
}

/// A list is whole at any moment, so a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
