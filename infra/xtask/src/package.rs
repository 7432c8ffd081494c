//! `cargo xtask package`: the Lambda binaries in the profiles they are deployed in, zipped, and a
//! template that names the zips. `sam deploy --template target/package/template.yaml` takes it from there.

use std::fs;

use crate::tools;
use crate::workspace::Workspace;

const MISSING: &str = "needs cargo-lambda: `pip install cargo-lambda==1.9.2` in a Python \
    environment whose bin folder comes first on PATH, then \
    `rustup target add aarch64-unknown-linux-gnu`";

/// What is deployed is linked to run at one address. Tables of time zones hold tens
/// of thousands of pointers, which a binary that may be loaded anywhere carries a second time, as
/// relocations, and rewrites at each cold start. The price is that its code lies where it always
/// lies; it is memory-safe and alone in its virtual machine, and stack, heap and libraries still
/// move.
pub const DEPLOY_FLAGS: &str = "-Crelocation-model=static";

pub fn run(workspace: &Workspace) -> Result<(), String> {
    if tools::find("cargo-lambda").is_none() {
        return Err(MISSING.to_owned());
    }
    let folder = workspace.target.join("package");
    let shown = folder.display().to_string();
    for (profile, functions) in &workspace.deployed {
        let mut build = workspace.cargo(["lambda", "build", "--profile", profile, "--arm64"]);
        build.args(["--output-format", "zip", "--lambda-dir", &shown]);
        for function in functions {
            build.args(["--package", function]);
        }
        tools::run(build.env("RUSTFLAGS", DEPLOY_FLAGS))?;
    }
    let source = workspace.root.join("template.yaml");
    let template = fs::read_to_string(&source).map_err(|error| error.to_string())?;
    let target = folder.join("template.yaml");
    fs::write(&target, with_zips(&template)).map_err(|error| error.to_string())?;
    println!("Ready: sam deploy --guided --template {}", target.display());
    Ok(())
}

/// Points `CodeUri: functions/<name>` at the zip of that name, beside the template.
fn with_zips(template: &str) -> String {
    let line = |line: &str| match line.split_once("CodeUri: functions/") {
        Some((indent, name)) => format!("{indent}CodeUri: {name}/bootstrap.zip\n"),
        None => format!("{line}\n"),
    };
    template.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_uri_leads_to_a_zip_and_nothing_else_changes() {
        let template = "A:\n  CodeUri: functions/portal\n  Timeout: 15\n";
        assert_eq!(with_zips(template), "A:\n  CodeUri: portal/bootstrap.zip\n  Timeout: 15\n");
    }
}
