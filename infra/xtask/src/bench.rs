//! `cargo xtask bench`: the figures, in process or of the deployed binaries.
//!
//! Owns how the binaries are built for being measured. Does not own a figure: those are
//! `tests/benches`.

use std::fs;
use std::path::Path;

use crate::e2e;
use crate::package::DEPLOY_FLAGS;
use crate::tools;
use crate::workspace::{DEPLOY, Workspace};

/// Asks for the deployed binaries.
const LAMBDA: &str = "--lambda";
/// The package of the binary that the others are measured against.
const HELLO: &str = "quita-hello";
/// What the names of functions' packages begin with.
const PREFIX: &str = "quita-";

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
    let folder = workspace.target.join("bench");
    let binaries = folder.join("binaries");
    build(workspace, names, &binaries)?;
    let shim = e2e::shim(workspace, &folder)?;
    let mut bench = figures(workspace, "lambda");
    bench
        .env("QUITA_LAMBDAS", binaries)
        .env("QUITA_CLOCK_SHIM", shim)
        .env("QUITA_LAMBDA_FIGURES", folder.join("figures.jsonl"));
    tools::run(&mut bench)
}

/// Builds the binaries as they are deployed, but for this machine, and puts them, and no others, in
/// one folder.
fn build(workspace: &Workspace, names: &[String], folder: &Path) -> Result<(), String> {
    let asked = packages(workspace, names)?;
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| error.to_string())?;
    }
    fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    // With a target named, build scripts and macros are left without the flags.
    let host = tools::host()?;
    for (profile, functions) in &workspace.deployed {
        let functions = functions.iter().map(String::as_str);
        let mut packages: Vec<&str> = functions.filter(|one| asked.contains(one)).collect();
        packages.extend((profile == DEPLOY).then_some(HELLO));
        if packages.is_empty() {
            continue;
        }
        let mut build =
            workspace.cargo(["build", "--profile", profile, "--bins", "--target", &host]);
        for package in &packages {
            build.args(["--package", package]);
        }
        tools::run(build.env("RUSTFLAGS", DEPLOY_FLAGS))?;
        let built = workspace.target.join(&host).join(profile);
        for package in packages {
            let name = package.trim_start_matches(PREFIX).replace('-', "_");
            fs::copy(built.join(&name), folder.join(&name)).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

/// Packages of functions, by their folders' names; all when none is named.
fn packages<'a>(workspace: &'a Workspace, names: &[String]) -> Result<Vec<&'a str>, String> {
    let all: Vec<&str> = workspace.functions.iter().map(String::as_str).collect();
    if names.is_empty() {
        return Ok(all);
    }
    let package = |name: &String| {
        let wanted = format!("{PREFIX}{}", name.replace('_', "-"));
        let known = all.iter().find(|known| **known == wanted);
        known.copied().ok_or_else(|| format!("there is no function `{name}`"))
    };
    names.iter().map(package).collect()
}
