//! Inputs nobody wrote: what must hold of every reader of foreign bytes, whatever it is given.
//!
//! Owns: one function for each reader, with its properties asserted inside, and the short run of
//! them that is a part of `cargo test`. `cargo xtask fuzz` runs the same functions under libFuzzer
//! for as long as one likes. Does not own the seeds: those are the fixtures of the crates that are
//! read with, named in `targets.json`.
//! Invariant: an input that once broke a target is in `found/<target>/` and is always tried again.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test's panic is its report"))]

mod bank_file;
mod br_code;
mod callback;
pub mod targets;

#[cfg(test)]
mod dictionary;
#[cfg(test)]
mod mutation;
#[cfg(test)]
mod short_run;
