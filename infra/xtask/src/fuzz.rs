//! `cargo xtask fuzz`: the targets of `tests/fuzz` under libFuzzer, guided by coverage.
//!
//! Owns: the instrumented build, the run of each target, and keeping what breaks one. Does not own
//! what a target asserts.
//! Invariant: an input that breaks a target is in `tests/fuzz/found/<target>` when this ends.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::tools;
use crate::workspace::{Workspace, array, text};

const SECONDS_DEFAULT: u64 = 60;
/// Seconds one input may take before it counts as broken; every reader takes far less for the
/// largest input libFuzzer tries.
const INPUT_SECONDS_MAX: u64 = 5;
const MEMORY_MIB_MAX: u64 = 1_024;
const USAGE: &str = "use [TARGET] [--seconds N], N at least 1";
/// What libFuzzer calls inputs that break a target, by the start of their names. It also keeps
/// `slow-unit-..`, which is no fault.
const BREAKING: [&str; 4] = ["crash-", "leak-", "oom-", "timeout-"];
const COMPILERS: [&str; 3] = ["c++", "g++", "clang++"];
/// Coverage instrumentation as cargo-fuzz sets it, which needs no nightly compiler, and every
/// assertion there is.
const FLAGS: [&str; 9] = [
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "-Cdebug-assertions",
    "-Coverflow-checks",
];

/// What to run.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    /// Every target when `None`.
    target: Option<String>,
    seconds: u64,
}

/// A target, as `tests/fuzz/targets.json` describes it.
struct Target {
    name: String,
    /// Files, or folders of them.
    seeds: Vec<PathBuf>,
    dictionary: PathBuf,
}

/// Runs what is asked for; `Err` names the targets that broke.
pub fn run(workspace: &Workspace, arguments: &[String]) -> Result<(), String> {
    let asked = read(arguments)?;
    let targets = chosen(targets(workspace)?, asked.target.as_deref())?;
    if !tools::has_any(&COMPILERS) {
        return Err("libFuzzer needs a C++ compiler: `sudo apt-get install g++`".to_owned());
    }
    let binaries = build(workspace)?;
    let mut broken = Vec::new();
    for target in &targets {
        let done = fuzz(workspace, target, &binaries, asked.seconds);
        let found = keep_found(workspace, target)?;
        for input in &found {
            println!("{} breaks on {}", target.name, input.display());
        }
        if done.is_err() || !found.is_empty() {
            broken.push(target.name.as_str());
        }
    }
    match broken.as_slice() {
        [] => {
            println!("{} s each, and what has to hold holds", asked.seconds);
            Ok(())
        }
        broken => Err(format!("broken: {}; see above on what", broken.join(", "))),
    }
}

fn read(arguments: &[String]) -> Result<Asked, String> {
    let mut asked = Asked { target: None, seconds: SECONDS_DEFAULT };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == "--seconds" {
            let seconds = arguments.next().and_then(|seconds| seconds.parse().ok());
            asked.seconds = seconds.filter(|seconds| *seconds > 0).ok_or(USAGE)?;
        } else if argument.starts_with('-') || asked.target.is_some() {
            return Err(USAGE.to_owned());
        } else {
            asked.target = Some(argument.clone());
        }
    }
    Ok(asked)
}

fn targets(workspace: &Workspace) -> Result<Vec<Target>, String> {
    let path = workspace.root.join("tests/fuzz/targets.json");
    let unreadable = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let file = fs::read_to_string(&path).map_err(|error| unreadable(&error))?;
    let told: Value = serde_json::from_str(&file).map_err(|error| unreadable(&error))?;
    let target = |told: &Value| Target {
        name: text(told, "name").to_owned(),
        seeds: array(&told["seeds"])
            .iter()
            .map(|seed| workspace.root.join(seed.as_str().unwrap_or_default()))
            .collect(),
        dictionary: workspace.root.join(text(told, "dictionary")),
    };
    Ok(array(&told).iter().map(target).collect())
}

fn chosen(targets: Vec<Target>, name: Option<&str>) -> Result<Vec<Target>, String> {
    let names: Vec<&str> = targets.iter().map(|target| target.name.as_str()).collect();
    match name {
        Some(name) if !names.contains(&name) => {
            Err(format!("there is no target `{name}`; use {}", names.join(", ")))
        }
        Some(name) => Ok(targets.into_iter().filter(|target| target.name == name).collect()),
        None => Ok(targets),
    }
}

/// Builds every target, apart from all other builds; answers the folder of the binaries.
fn build(workspace: &Workspace) -> Result<PathBuf, String> {
    let host = tools::host()?;
    let folder = folder(workspace, "build");
    // With a target named, build scripts and macros are left without the flags.
    let mut build = workspace.cargo(["build", "--release", "--package", "quita-fuzz"]);
    build.args(["--features", "libfuzzer", "--bins", "--target", &host, "--target-dir"]);
    tools::run(build.arg(&folder).env("RUSTFLAGS", FLAGS.join(" ")))?;
    Ok(folder.join(host).join("release"))
}

fn fuzz(
    workspace: &Workspace,
    target: &Target,
    binaries: &Path,
    seconds: u64,
) -> Result<(), String> {
    let corpus = made(folder(workspace, "corpus").join(&target.name))?;
    let broken = made(folder(workspace, "broken").join(&target.name))?;
    let (folders, files): (Vec<&PathBuf>, Vec<&PathBuf>) =
        target.seeds.iter().partition(|seed| seed.is_dir());
    let mut fuzz = Command::new(binaries.join(format!("fuzz_{}", target.name)));
    fuzz.arg(format!("-max_total_time={seconds}"));
    fuzz.arg(format!("-timeout={INPUT_SECONDS_MAX}"));
    fuzz.arg(format!("-rss_limit_mb={MEMORY_MIB_MAX}"));
    fuzz.arg("-print_final_stats=1");
    fuzz.arg(joined("-artifact_prefix=", [broken.join("")]));
    fuzz.arg(joined("-dict=", [&target.dictionary]));
    if !files.is_empty() {
        fuzz.arg(joined("-seed_inputs=", files));
    }
    // What libFuzzer learns goes to the first folder; the others are read only.
    fuzz.arg(&corpus).args(folders);
    let found = found(workspace, target);
    if found.is_dir() {
        fuzz.arg(found);
    }
    tools::run(fuzz.current_dir(&workspace.root))
}

fn folder(workspace: &Workspace, name: &str) -> PathBuf {
    workspace.target.join("fuzz").join(name)
}

fn found(workspace: &Workspace, target: &Target) -> PathBuf {
    workspace.root.join("tests/fuzz/found").join(&target.name)
}

fn made(folder: PathBuf) -> Result<PathBuf, String> {
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}

/// `start` and the paths behind it, with commas between them.
fn joined<P: AsRef<OsStr>>(start: &str, paths: impl IntoIterator<Item = P>) -> std::ffi::OsString {
    let mut argument = std::ffi::OsString::from(start);
    for (nth, path) in paths.into_iter().enumerate() {
        if nth > 0 {
            argument.push(",");
        }
        argument.push(path);
    }
    argument
}

/// Moves what broke a target to where every test run tries it; answers where each is now.
fn keep_found(workspace: &Workspace, target: &Target) -> Result<Vec<PathBuf>, String> {
    let broken = folder(workspace, "broken").join(&target.name);
    let failed = |error: std::io::Error| format!("{}: {error}", broken.display());
    let mut kept = Vec::new();
    for entry in fs::read_dir(&broken).map_err(failed)? {
        let input = entry.map_err(failed)?;
        let name = input.file_name().to_string_lossy().into_owned();
        if !BREAKING.iter().any(|start| name.starts_with(start)) {
            continue;
        }
        let place = made(found(workspace, target))?.join(name);
        fs::copy(input.path(), &place).map_err(failed)?;
        fs::remove_file(input.path()).map_err(failed)?;
        kept.push(place);
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Result<Asked, String> {
        read(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn an_argument_that_cannot_be_read_is_passed_over() {
        let of = |target: Option<&str>, seconds| {
            Ok(Asked { target: target.map(str::to_owned), seconds })
        };
        assert_eq!(asked(""), of(None, SECONDS_DEFAULT));
        assert_eq!(asked("--seconds 5"), of(None, 5));
        assert_eq!(asked("ofx --seconds 5"), of(Some("ofx"), 5));
        assert_eq!(asked("--seconds 5 ofx"), of(Some("ofx"), 5));
        for bad in ["--seconds", "--seconds 0", "--seconds x", "--minutes 1", "ofx csv"] {
            assert_eq!(asked(bad), Err(USAGE.to_owned()), "{bad}");
        }
    }

    #[test]
    fn a_target_that_is_not_there_runs_none() {
        let target = |name: &str| Target {
            name: name.to_owned(),
            seeds: Vec::new(),
            dictionary: PathBuf::new(),
        };
        let all = || vec![target("ofx"), target("csv")];
        let names = |name| {
            let chosen = chosen(all(), name)?;
            Ok::<_, String>(chosen.into_iter().map(|target| target.name).collect::<Vec<_>>())
        };
        assert_eq!(names(None).unwrap(), ["ofx", "csv"]);
        assert_eq!(names(Some("csv")).unwrap(), ["csv"]);
        assert_eq!(names(Some("pdf")).unwrap_err(), "there is no target `pdf`; use ofx, csv");
    }
}
