//! `cargo xtask bench`: the figures, in process or of the deployed binaries.
//!
//! Owns how the binaries are built for being measured. Does not own a figure: those are
//! `tests/benches`.

use std::fs;
use std::path::PathBuf;

use crate::e2e;
use crate::package::DEPLOY_FLAGS;
use crate::tools;
use crate::workspace::Workspace;

/// Asks for the deployed binaries.
const LAMBDA: &str = "--lambda";
/// The package of the binary that the others are measured against.
const HELLO: &str = "quita-hello";
/// The profile that is deployed.
const PROFILE: &str = "deploy";

/// The figures of the named groups, or of the binaries of the named functions, or of all.
pub fn run(workspace: &Workspace, arguments: &[String]) -> Result<(), String> {
    match arguments.split_first() {
        Some((first, names)) if first == LAMBDA => lambda(workspace, names),
        _ => {
            let mut bench = figures(workspace, "figures");
            tools::run(bench.arg("--").args(arguments))
        }
    }
}

fn figures(workspace: &Workspace, bench: &str) -> std::process::Command {
    workspace.cargo(["bench", "--package", "quita-tests", "--bench", bench])
}

fn lambda(workspace: &Workspace, names: &[String]) -> Result<(), String> {
    let built = build(workspace, names)?;
    let folder = workspace.target.join("bench");
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let shim = e2e::shim(workspace, &folder)?;
    let mut bench = figures(workspace, "lambda");
    bench
        .env("QUITA_LAMBDAS", built)
        .env("QUITA_CLOCK_SHIM", shim)
        .env("QUITA_LAMBDA_FIGURES", folder.join("figures.jsonl"));
    tools::run(&mut bench)
}

/// Builds the binaries as they are deployed, but for this machine; answers their folder.
fn build(workspace: &Workspace, names: &[String]) -> Result<PathBuf, String> {
    let packages = packages(workspace, names)?;
    // With a target named, build scripts and macros are left without the flags.
    let host = tools::host()?;
    let mut build = workspace.cargo(["build", "--profile", PROFILE, "--bins", "--target", &host]);
    for package in packages.iter().map(String::as_str).chain([HELLO]) {
        build.args(["--package", package]);
    }
    tools::run(build.env("RUSTFLAGS", DEPLOY_FLAGS))?;
    Ok(workspace.target.join(host).join(PROFILE))
}

/// Packages of functions, by their folders' names; all when none is named.
fn packages(workspace: &Workspace, names: &[String]) -> Result<Vec<String>, String> {
    let package = |name: &String| format!("quita-{}", name.replace('_', "-"));
    let asked: Vec<String> = names.iter().map(package).collect();
    match asked.iter().find(|asked| !workspace.functions.contains(asked)) {
        Some(unknown) => Err(format!("there is no function `{unknown}`")),
        None if asked.is_empty() => Ok(workspace.functions.clone()),
        None => Ok(asked),
    }
}
