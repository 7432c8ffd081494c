//! The API's contract, tried by a tool that knows nothing but the document the API serves.

use std::process::Command;

use crate::step::Outcome;
use crate::tools;
use crate::workspace::Workspace;

/// Runs Schemathesis (Python) against the local runner.
pub fn step(workspace: &Workspace) -> Outcome {
    let python = match tools::python_with(workspace, "contract") {
        Ok(python) => python,
        Err(outcome) => return outcome,
    };
    let run = |_| {
        let mut run = Command::new(python);
        run.current_dir(&workspace.root).env("CARGO_TARGET_DIR", &workspace.target);
        tools::run(run.arg("tests/contract/run.py"))
    };
    tools::local_runner(workspace).and_then(run).into()
}
