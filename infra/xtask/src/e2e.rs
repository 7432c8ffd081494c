//! `cargo xtask e2e`: the scenarios once more, through the functions' own binaries.
//!
//! Owns the build of the binaries and of their clock, the selection of scenarios, and the table of
//! what each function took. Does not own a scenario: `tests/it/world` runs the same ones in process.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::step::Outcome;
use crate::tools;
use crate::workspace::{Workspace, array, text};

/// Modules of `tests/it` whose scenarios go through the deployed functions alone. What is left out
/// looks at files, at figures, at thousands of worlds, or at the inside of this process.
const SCENARIOS: [&str; 15] = [
    "bad_payments::",
    "bank_files::",
    "callbacks::",
    "changes::",
    "chasing::",
    "e2e::",
    "evidence::",
    "exceptions::",
    "idempotency::",
    "main_job::",
    "parked_money::",
    "payments::",
    "reconciliation::",
    "refunds::",
    "tenants::",
];

/// It lives for weeks hour by hour, with seventeen invocations an hour, or through every crash.
const LIVES_LONG: &str = "takes minutes";
/// A Lambda's client of the bank repeats a call, where the world's does not.
const REPEATS: &str = "counts single attempts at the bank";
/// A Lambda posts to a chat over https alone, and the tests' chat is on loopback.
const CHAT: &str = "needs a chat over plain http";
/// SES cannot be asked for a message, where the world's mailbox can.
const EVIDENCE: &str = "asks the provider for evidence";
/// WhatsApp's servers have no stand-in that a Lambda calls here; the adapter's own tests have one.
const WHATSAPP: &str = "needs a WhatsApp on loopback";
/// A crash is the death of this process with its pages of ten; a Lambda lives on and asks for more.
const CRASHES: &str = "crashes this process between two pages";
/// A table's calls are told apart by their number, which counts the authorizer's as well.
const COUNTS: &str = "counts calls of the table";

/// Scenarios of those modules that hold in process alone, with the reason.
const LEFT_OUT: [(&str, &str); 27] = [
    ("bank_files::repeats::a_conflict_at_any_commit_only_delays", LIVES_LONG),
    ("bank_files::repeats::a_run_that_is_killed_anywhere_ends_the_same", LIVES_LONG),
    ("bank_files::taking::a_bank_that_is_down_does_not_hold_the_statement", REPEATS),
    ("callbacks::a_bank_that_is_down_at_the_callback_is_asked_again_and_not_in_a_rush", REPEATS),
    ("callbacks::trap_21_the_second_callback_brings_the_refund", LIVES_LONG),
    ("callbacks::trap_22_a_payment_overtakes_the_answer_to_its_charge", REPEATS),
    ("changes::settings_that_would_give_money_away_are_refused", COUNTS),
    ("changes::what_was_credited_or_written_off_in_full_asks_for_nothing", LIVES_LONG),
    ("chasing::a_chat_that_cannot_be_reached", CHAT),
    ("chasing::a_chat_that_refuses_holds_nothing_up", CHAT),
    ("chasing::a_mail_whose_answer_is_lost_is_sent_exactly_once", EVIDENCE),
    ("chasing::a_mail_that_never_gets_an_answer_ends_as_failed", EVIDENCE),
    ("chasing::a_sweep_that_dies_anywhere_sends_exactly_once", EVIDENCE),
    ("chasing::messages_go_out_by_day_and_never_on_sundays_and_holidays", LIVES_LONG),
    ("chasing::own_rule::a_step_on_every_channel_goes_out_on_all_or_none", WHATSAPP),
    ("chasing::the_account_is_flagged_on_the_third_day_and_cleared_by_payment", LIVES_LONG),
    ("chasing::the_day_after_is_told_by_mail_and_in_the_chat", CHAT),
    ("chasing::together::a_claim_is_sent_although_it_was_disputed_meanwhile", EVIDENCE),
    ("chasing::together::a_message_about_several_is_resolved_otherwise", EVIDENCE),
    ("chasing::together::a_sweep_of_several_that_dies_anywhere", EVIDENCE),
    ("chasing::trap_42_nobody_who_paid_is_reminded", LIVES_LONG),
    ("exceptions::a_pix_in_doubt_is_applied_to_the_very_debt_it_named", LIVES_LONG),
    ("idempotency::an_answer_lost_after_the_commit_is_found_by_the_repeat", COUNTS),
    ("main_job::the_whole_rule_is_walked_to_a_person_and_no_further", LIVES_LONG),
    ("reconciliation::a_run_killed_anywhere_goes_on_from_its_checkpoint", CRASHES),
    ("reconciliation::trouble::a_bank_that_is_down_is_asked_ever_more_slowly", REPEATS),
    ("payments::a_late_part_is_counted_to_the_late_charges", LIVES_LONG),
];

/// Programs that compile C.
const COMPILERS: [&str; 3] = ["cc", "gcc", "clang"];
const NO_COMPILER: &str = "needs `sudo apt-get install gcc libc6-dev`";

/// The whole selection, as a step of `cargo xtask test`.
pub fn step(workspace: &Workspace) -> Outcome {
    match Compiler::find() {
        Some(compiler) => run_scenarios(workspace, &compiler, &[]).into(),
        None => Outcome::Skipped(NO_COMPILER.to_owned()),
    }
}

/// The named tests, or the whole selection.
pub fn run(workspace: &Workspace, filters: &[String]) -> Result<(), String> {
    let compiler = Compiler::find().ok_or(NO_COMPILER)?;
    run_scenarios(workspace, &compiler, filters)
}

struct Compiler(&'static str);

impl Compiler {
    /// A compiler that is there, or is installed where that is allowed.
    fn find() -> Option<Self> {
        let there = || COMPILERS.into_iter().find(|name| tools::find(name).is_some()).map(Self);
        there().or_else(|| {
            let installed =
                tools::can_apt_install() && tools::apt_install(&["gcc", "libc6-dev"]).is_ok();
            if installed { there() } else { None }
        })
    }
}

fn run_scenarios(
    workspace: &Workspace,
    compiler: &Compiler,
    filters: &[String],
) -> Result<(), String> {
    // Profile and targets of `lambdas`, so that the same features are chosen and nothing is compiled
    // twice: what is left to do are the links.
    let mut build = workspace.cargo_with_sdk("build");
    tools::run(build.args(["--profile", "test", "--bins", "--test", "loopback"]))?;
    let folder = workspace.target.join("e2e");
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let shim = clock_shim(workspace, compiler, &folder)?;
    let figures = folder.join("figures.jsonl");
    fs::write(&figures, "").map_err(|error| error.to_string())?;

    let mut tests = workspace.cargo_without_sdk("test");
    tests.args(["--test", "it", "--"]);
    match filters {
        [] => tests.args(SCENARIOS),
        filters => tests.args(filters),
    };
    for (name, why) in LEFT_OUT.iter().filter(|_| filters.is_empty()) {
        println!("left out: {name} {why}");
        tests.args(["--skip", name]);
    }
    tests
        .env("QUITA_LAMBDAS", workspace.target.join("debug"))
        .env("QUITA_CLOCK_SHIM", shim)
        .env("QUITA_LAMBDA_FIGURES", &figures);
    let ran = tools::run(&mut tests);
    let told = fs::read_to_string(&figures).map_err(|error| error.to_string())?;
    println!("\n{}", table(&told));
    ran
}

/// `tests/e2e/clock.c`, compiled into a folder.
pub fn shim(workspace: &Workspace, folder: &Path) -> Result<PathBuf, String> {
    let compiler = Compiler::find().ok_or(NO_COMPILER)?;
    clock_shim(workspace, &compiler, folder)
}

/// Compiles `tests/e2e/clock.c`.
fn clock_shim(
    workspace: &Workspace,
    compiler: &Compiler,
    folder: &Path,
) -> Result<PathBuf, String> {
    let shim = folder.join("clock.so");
    let mut command = Command::new(compiler.0);
    command.args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&shim);
    tools::run(command.arg(workspace.root.join("tests/e2e/clock.c")))?;
    Ok(shim)
}

/// What the processes of one function took, in microseconds and bytes.
#[derive(Default)]
struct Taken {
    init: Vec<u64>,
    first: Vec<u64>,
    warm: Vec<u64>,
    peak_bytes: u64,
}

/// A table of the figures that worlds have told, one JSON object a line.
fn table(lines: &str) -> String {
    let mut functions: BTreeMap<String, Taken> = BTreeMap::new();
    for figures in lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let taken = functions.entry(text(&figures, "function").to_owned()).or_default();
        taken.init.extend(figures["init_us"].as_u64());
        taken.first.extend(figures["first_us"].as_u64());
        taken.warm.extend(array(&figures["warm_us"]).iter().filter_map(Value::as_u64));
        let peak = figures["peak_bytes"].as_u64().unwrap_or_default();
        taken.peak_bytes = taken.peak_bytes.max(peak);
    }
    let mut table = String::from(
        "Functions as processes: an unoptimised build on this machine, while tests shared it. \
         Medians in ms, the largest memory in MB.\n",
    );
    let head = ["function", "processes", "init", "first", "calls", "warm", "memory"];
    table.push_str(&row(head.map(str::to_owned)));
    for (name, mut taken) in functions {
        table.push_str(&row([
            name,
            taken.init.len().to_string(),
            median_ms(&mut taken.init),
            median_ms(&mut taken.first),
            taken.warm.len().to_string(),
            median_ms(&mut taken.warm),
            (taken.peak_bytes / 1_000_000).to_string(),
        ]));
    }
    table
}

fn row([name, numbers @ ..]: [String; 7]) -> String {
    let mut line = format!("  {name:<20}");
    for number in numbers {
        line.push_str(&format!("{number:>10}"));
    }
    line + "\n"
}

/// The middle of some microseconds, as milliseconds with one decimal.
fn median_ms(micros: &mut [u64]) -> String {
    micros.sort_unstable();
    match micros.get(micros.len() / 2) {
        Some(middle) => format!("{}.{}", middle / 1000, middle % 1000 / 100),
        None => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_line_for_each_function_and_its_medians() {
        let lines = r#"
{"function":"portal","init_us":9000,"first_us":2000,"warm_us":[1000,3000,2500],"peak_bytes":9000000}
{"function":"portal","init_us":11000,"first_us":null,"warm_us":[],"peak_bytes":12500000}
{"function":"authorize","init_us":5000,"first_us":1500,"warm_us":[],"peak_bytes":1000000}
"#;
        let table = table(lines);
        let cells = |name: &str| {
            let line = table.lines().find(|line| line.trim().starts_with(name)).unwrap();
            line.split_whitespace().skip(1).collect::<Vec<_>>()
        };
        assert_eq!(cells("portal"), ["2", "11.0", "2.0", "3", "2.5", "12"]);
        assert_eq!(cells("authorize"), ["1", "5.0", "1.5", "0", "-", "1"]);
    }

    #[test]
    fn every_scenario_module_is_there() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/it");
        for module in SCENARIOS {
            let file = folder.join(format!("{}.rs", module.trim_end_matches("::")));
            assert!(file.is_file(), "{module}");
        }
    }
}
