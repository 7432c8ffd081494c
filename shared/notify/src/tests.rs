//! What a payer would be told, and what must never reach a payer.

mod channels;
mod complete;
mod encoding;
mod facts_checks;
mod filing;
mod fixtures;
mod groups;
mod injection;
mod paper;
mod pieces;
mod septets;
mod snapshots;
