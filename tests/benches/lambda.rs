//! `cargo xtask bench --lambda`: what the deployed binaries weigh and take, beside a hello.
//!
//! Each function runs as Lambda runs it, over the loopback services of `testkit`. These are figures
//! of processes: there is no microVM, no download of a package, no throttled CPU and no TLS in any
//! of them, so they bound what is ours and say nothing of what AWS adds. Nothing asserts a time.

#![allow(clippy::unwrap_used, reason = "a benchmark's panic is its report")]

#[path = "../it/world.rs"]
#[allow(dead_code, reason = "the benchmark uses a part of the tests' world")]
mod world;

#[path = "lambda/callback.rs"]
mod callback;
#[path = "lambda/scenario.rs"]
mod scenario;
#[path = "lambda/starts.rs"]
mod starts;
#[path = "lambda/toll.rs"]
mod toll;

use std::path::{Path, PathBuf};
use std::time::Duration;

use quita_table::schema::LOCAL_TABLE;
use quita_testkit::lambda::Template;

/// The folder of the binaries, as `cargo xtask bench --lambda` says it.
const FOLDER: &str = "QUITA_LAMBDAS";
/// Address of the payers' pages.
const PUBLIC_URL: &str = "https://pay.example.com";

fn main() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        println!("{FOLDER} names no folder of binaries: use `cargo xtask bench --lambda`");
        return;
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("Conditions: {}, {cores} cores, binaries of", std::env::consts::ARCH);
    println!("{}; services and bank over loopback HTTP, table in memory.\n", folder.display());
    let template = template();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(starts::measure(&template, &folder));
    scenario::measure();
    runtime.block_on(callback::measure(&template, &folder));
}

fn template() -> Template {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    Template::read(&root.join("template.yaml")).unwrap()
}

/// What a name in the template stands for here.
fn resolve(name: &str) -> Option<String> {
    match name {
        "Table" => Some(LOCAL_TABLE.to_owned()),
        "Bus" | "MailConfigurationSet" | "LettersBucket" => Some("bench".to_owned()),
        "HttpApi.ApiEndpoint" => Some(PUBLIC_URL.to_owned()),
        _ => None,
    }
}

fn quantile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times.get((times.len() * percent / 100).min(times.len().saturating_sub(1))).copied().unwrap()
}

fn millis(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1e3)
}
