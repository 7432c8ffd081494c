//! The project's own chores: `cargo xtask test`, `bench`, `e2e`, `sim`, `fuzz`, `package`.
//!
//! Owns the order of the chores, what each one needs installed, and what is said when that is
//! missing. Does not own any check that a plain `cargo test` can make: those stand in `tests/`.
//!
//! Invariant: every step runs, whatever became of the ones before, and one failure makes the whole
//! fail.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test's panic is its report"))]

mod bench;
mod contract;
mod dependencies;
mod e2e;
mod fuzz;
mod package;
mod sim;
mod spdx;
mod step;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

use workspace::Workspace;

const HELP: &str = "\
The project's chores.

cargo xtask test [STEP..]   every check there is, or the named steps only
cargo xtask bench [GROUP..] the figures, or pure, calls, imports, sweep, cost, capacity alone
cargo xtask bench sweep OPEN DUE  a sweep of that many open invoices, of which that many are due
cargo xtask bench --lambda [FUNCTION..]  what the deployed binaries weigh and take
cargo xtask e2e [TEST..]    the scenarios through the functions' own binaries, or the named ones
cargo xtask sim [--seeds N] [--from S]   more seeds of the simulation
cargo xtask fuzz [TARGET] [--seconds N]  inputs nobody wrote, for every reader of foreign bytes
cargo xtask package         the Lambda binaries as zips, with a template to deploy them
cargo xtask help            this text";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (chore, rest) = match arguments.split_first() {
        Some((chore, rest)) => (chore.as_str(), rest),
        None => ("help", [].as_slice()),
    };
    let done = match chore {
        "help" | "--help" | "-h" => {
            println!("{HELP}\n\nSteps of test: {}", test::step_names().join(", "));
            Ok(())
        }
        "test" => Workspace::open().and_then(|workspace| test::run(&workspace, rest)),
        "bench" => Workspace::open().and_then(|workspace| bench::run(&workspace, rest)),
        "e2e" => Workspace::open().and_then(|workspace| e2e::run(&workspace, rest)),
        "sim" => Workspace::open().and_then(|workspace| sim::run(&workspace, rest)),
        "fuzz" => Workspace::open().and_then(|workspace| fuzz::run(&workspace, rest)),
        "package" => Workspace::open().and_then(|workspace| package::run(&workspace)),
        other => Err(format!("there is no chore `{other}`\n\n{HELP}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}
