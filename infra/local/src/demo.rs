//! `cargo run -- demo`: the main job on example data, from invoices to settled Pix, with the money
//! checked at the end.
//!
//! Owns the order of the play and its exit. Everything goes over HTTP: the API as a merchant's
//! system calls it, the bank as the functions call it, the callbacks as the bank posts them. Only
//! the payers act on the bank directly, as payers do. Time is virtual, so a run repeats exactly.

mod api;
mod books;
mod checks;
mod deeds;
mod fixtures;
mod play;
mod report;

use std::error::Error;
use std::io::Write;
use std::time::Instant;

use chrono::{DateTime, Utc};
use quita_core::zone::SAO_PAULO;

use crate::app::Setup;
use crate::clock::MovableClock;
use crate::server::{self, Background};

/// Some checks failed; they are printed.
#[derive(Debug, thiserror::Error)]
#[error("{failed} of {all} checks failed")]
struct ChecksFailed {
    failed: usize,
    all: usize,
}

/// Plays the demo and prints it. An error when a check fails.
pub async fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    let input = fixtures::load()?;
    let clock = MovableClock::standing_at(input.scenario.starts);
    let setup = Setup { data: None, bank: None, clock: Some(clock), smtp_url: None };
    let running = server::start(setup, 0, Background::Off).await?;
    writeln!(
        out,
        "Quita's main job on {} invoices to {} customers, from {} to {}\n",
        input.invoices.len(),
        input.customers.len(),
        day(input.scenario.starts),
        day(input.scenario.ends)
    )?;
    let cast = play::play(&running.app, &input, out).await?;
    let books = books::collect(&running.app, &cast).await?;
    let checks = checks::all(&running.app, &input, &cast, &books);
    report::table(&books, out)?;
    report::checks(&checks, out)?;
    let failed = checks.iter().filter(|check| check.outcome.is_err()).count();
    writeln!(out, "{:.1} s", began.elapsed().as_secs_f32())?;
    out.flush()?;
    if failed == 0 { Ok(()) } else { Err(ChecksFailed { failed, all: checks.len() }.into()) }
}

/// `24 Aug 2026`, in São Paulo.
fn day(at: DateTime<Utc>) -> String {
    at.with_timezone(&SAO_PAULO).format("%-d %b %Y").to_string()
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn the_main_job_holds_to_the_centavo() {
        let mut out = Vec::new();
        let outcome = super::run(&mut out).await.map_err(|error| error.to_string());
        let text = String::from_utf8(out).unwrap();
        assert_eq!(outcome, Ok(()), "{text}");
        assert!(text.contains("ok      each Pix is accounted for"), "{text}");
    }
}
