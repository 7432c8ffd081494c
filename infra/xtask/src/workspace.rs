//! The workspace as cargo sees it: where it stands and which packages are for AWS alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::tools;

/// The one crate that calls AWS.
const SDK_PACKAGE: &str = "quita-aws";
/// The profile that a function is deployed in whose manifest names none.
pub const DEPLOY: &str = "deploy";

/// The workspace this binary was built in.
pub struct Workspace {
    pub root: PathBuf,
    /// Where cargo builds to; caches of other tools go there too.
    pub target: PathBuf,
    /// Names of the packages under `functions/`, sorted.
    pub functions: Vec<String>,
    /// The same by the profile that each is deployed in: its manifest's
    /// `package.metadata.quita.profile`, or [`DEPLOY`].
    pub deployed: BTreeMap<String, Vec<String>>,
}

impl Workspace {
    pub fn open() -> Result<Self, String> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = here.join("../..").canonicalize().map_err(|error| error.to_string())?;
        let metadata = metadata(&root, &["--no-deps"])?;
        let target = metadata["target_directory"].as_str().unwrap_or("target");
        let mut deployed: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for package in array(&metadata["packages"]) {
            if text(package, "manifest_path").contains("/functions/") {
                let profile = package["metadata"]["quita"]["profile"].as_str().unwrap_or(DEPLOY);
                let functions = deployed.entry(profile.to_owned()).or_default();
                functions.push(text(package, "name").to_owned());
            }
        }
        let mut functions: Vec<String> = deployed.values().flatten().cloned().collect();
        functions.sort();
        Ok(Self { target: PathBuf::from(target), root, functions, deployed })
    }

    /// A cargo command in the root.
    pub fn cargo<const N: usize>(&self, arguments: [&str; N]) -> Command {
        let mut command = Command::new(cargo());
        command.current_dir(&self.root).args(arguments);
        command
    }

    /// A cargo command over everything that is not for AWS alone. Always this one selection, so that
    /// features stay the same and nothing is compiled twice.
    pub fn cargo_without_sdk(&self, chore: &str) -> Command {
        let mut command = self.cargo([chore, "--workspace", "--exclude", SDK_PACKAGE]);
        command.arg("--no-default-features");
        command
    }

    /// A cargo command over the functions' binaries and the adapters they stand on.
    pub fn cargo_with_sdk(&self, chore: &str) -> Command {
        let mut command = self.cargo([chore, "--package", SDK_PACKAGE]);
        for function in &self.functions {
            command.args(["--package", function]);
        }
        command
    }

    /// Everything the workspace depends on, from `cargo metadata`.
    pub fn dependencies(&self) -> Result<Value, String> {
        metadata(&self.root, &[])
    }
}

fn metadata(root: &Path, extra: &[&str]) -> Result<Value, String> {
    let mut command = Command::new(cargo());
    command.current_dir(root).args(["metadata", "--format-version", "1"]).args(extra);
    let output = tools::output(&mut command)?;
    serde_json::from_str(&output).map_err(|error| format!("cargo metadata: {error}"))
}

/// The cargo that runs this binary, so that the toolchain stays the same.
fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// The items of a JSON array, none for anything else.
pub fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A text field of a JSON object, empty when it has none.
pub fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_deployed_in_a_profile_that_does_not_exist() {
        let workspace = Workspace::open().unwrap();
        let manifest = std::fs::read_to_string(workspace.root.join("Cargo.toml")).unwrap();
        assert!(!workspace.functions.is_empty());
        for profile in workspace.deployed.keys() {
            assert!(manifest.contains(&format!("\n[profile.{profile}]\n")), "{profile}");
        }
    }
}
