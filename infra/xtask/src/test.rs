//! `cargo xtask test`: the one test command.
//!
//! Steps that need a tool beside Rust install it where they may, and are skipped with what to
//! install where they may not.

use std::process::Command;

use crate::contract;
use crate::dependencies;
use crate::e2e;
use crate::step::{Done, Outcome, Step, sum_up};
use crate::tools;
use crate::workspace::Workspace;

/// In this order: what is quick and most often wrong comes first, the Lambdas last.
const STEPS: [Step; 12] = [
    Step { name: "format", run: format },
    Step { name: "dependencies", run: |workspace| dependencies::check(workspace).into() },
    Step { name: "no-sdk", run: no_sdk },
    Step { name: "lint", run: lint },
    Step { name: "tests", run: tests },
    Step { name: "demo", run: demo },
    Step { name: "template", run: template },
    Step { name: "browser", run: browser },
    Step { name: "contract", run: contract::step },
    Step { name: "advisories", run: advisories },
    Step { name: "lambdas", run: lambdas },
    Step { name: "e2e", run: e2e::step },
];

/// Programs that are a Chromium.
const CHROMIUMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];
/// Crates that only a Lambda may pull in, by the start of their names.
const SDK_CRATES: [&str; 4] = ["aws-sdk-", "aws-config ", "aws-smithy-", "lambda_runtime "];

pub fn step_names() -> Vec<&'static str> {
    STEPS.iter().map(|step| step.name).collect()
}

/// Runs the named steps, or all; `Err` when one failed.
pub fn run(workspace: &Workspace, names: &[String]) -> Result<(), String> {
    if let Some(unknown) = names.iter().find(|name| !step_names().contains(&name.as_str())) {
        return Err(format!("there is no step `{unknown}`; use {}", step_names().join(", ")));
    }
    let chosen = |step: &&Step| names.is_empty() || names.iter().any(|name| name == step.name);
    let done: Vec<Done> =
        STEPS.iter().filter(chosen).map(|step| step.carry_out(workspace)).collect();
    sum_up(&done)
}

fn format(workspace: &Workspace) -> Outcome {
    tools::run(&mut workspace.cargo(["fmt", "--all", "--check"])).into()
}

fn lint(workspace: &Workspace) -> Outcome {
    let mut clippy = workspace.cargo_without_sdk("clippy");
    tools::run(clippy.args(["--all-targets", "--", "--deny", "warnings"])).into()
}

/// Unit, property, contract, snapshot, simulation, parity and end-to-end tests, in one selection.
fn tests(workspace: &Workspace) -> Outcome {
    tools::run(&mut workspace.cargo_without_sdk("test")).into()
}

/// Proves that the selection above, which tests and the local runner share, compiles nothing that is for
/// AWS alone.
fn no_sdk(workspace: &Workspace) -> Outcome {
    let mut tree = workspace.cargo_without_sdk("tree");
    tree.args(["--edges", "normal,build,dev", "--prefix", "none"]);
    let listed = match tools::output(&mut tree) {
        Ok(listed) => listed,
        Err(why) => return Outcome::Failed(why),
    };
    let is_sdk = |line: &&str| SDK_CRATES.iter().any(|start| line.starts_with(start));
    match listed.lines().find(is_sdk) {
        Some(found) => Outcome::Failed(format!("a test build would compile {found}")),
        None => Outcome::Passed,
    }
}

/// The main job from invoice to settled Pix, as the README's `cargo run -- demo` plays it.
fn demo(workspace: &Workspace) -> Outcome {
    let runner = tools::local_runner(workspace);
    runner.and_then(|runner| tools::run(Command::new(runner).arg("demo"))).into()
}

/// Expands and lints template.yaml with the tools AWS offers for it, which are Python.
fn template(workspace: &Workspace) -> Outcome {
    let python = match tools::python_with(workspace, "cfn") {
        Ok(python) => python,
        Err(outcome) => return outcome,
    };
    let mut lint = Command::new(python);
    lint.current_dir(&workspace.root).args(["tests/cfn/lint.py", "template.yaml"]);
    tools::run(lint.arg(workspace.target.join("cfn"))).into()
}

/// The pages in a real browser.
fn browser(workspace: &Workspace) -> Outcome {
    let folder = workspace.root.join("tests/browser");
    if !folder.join("run.mjs").is_file() {
        return Outcome::Skipped("there is no tests/browser/run.mjs".to_owned());
    }
    let mut missing = Vec::new();
    if tools::find("node").is_none() {
        missing.push("nodejs");
    }
    if folder.join("package.json").is_file() && tools::find("npm").is_none() {
        missing.push("npm");
    }
    if !tools::has_any(&CHROMIUMS) {
        missing.push("chromium");
    }
    if !missing.is_empty() {
        if !tools::can_apt_install() {
            let packages = missing.join(" ");
            return Outcome::Skipped(format!("needs `sudo apt-get install {packages}`"));
        }
        if let Err(why) = tools::apt_install(&missing) {
            return Outcome::Failed(why);
        }
    }
    if folder.join("package.json").is_file() && !folder.join("node_modules").is_dir() {
        let install = if folder.join("package-lock.json").is_file() { "ci" } else { "install" };
        let mut npm = Command::new("npm");
        npm.current_dir(&folder).args([install, "--no-audit", "--no-fund"]);
        if let Err(why) = tools::run(&mut npm) {
            return Outcome::Failed(why);
        }
    }
    // The script starts the local runner, which has to be there.
    let script = |_| {
        let mut node = Command::new("node");
        tools::run(node.current_dir(&workspace.root).arg("tests/browser/run.mjs"))
    };
    tools::local_runner(workspace).and_then(script).into()
}

fn advisories(workspace: &Workspace) -> Outcome {
    if tools::find("cargo-deny").is_none() {
        return Outcome::Skipped("needs `cargo install cargo-deny`".to_owned());
    }
    tools::run(&mut workspace.cargo(["deny", "--workspace", "check"])).into()
}

/// The adapters' own tests, also against services on loopback.
/// The binaries are linked once, by `e2e`.
fn lambdas(workspace: &Workspace) -> Outcome {
    tools::run(workspace.cargo_with_sdk("test").args(["--lib", "--test", "loopback"])).into()
}
