//! What a payer would be told, and what must never reach a payer.

mod complete;
mod encoding;
mod facts_checks;
mod fixtures;
mod injection;
mod pieces;
mod snapshots;
