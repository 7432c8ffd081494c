//! Other programs: whether they are there, and running them.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::step::Outcome;
use crate::workspace::Workspace;

/// The local runner's program.
const RUNNER: &str = "quita-local";

/// Builds the local runner from what the tests have compiled, and says where it is. A test is named
/// so that the same features are chosen.
pub fn local_runner(workspace: &Workspace) -> Result<PathBuf, String> {
    let mut build = workspace.cargo_without_sdk("build");
    run(build.args(["--profile", "test", "--bin", RUNNER, "--test", "it"]))?;
    Ok(workspace.target.join("debug").join(RUNNER))
}

/// Runs a program with its output shown; `Err` says how it ended.
pub fn run(command: &mut Command) -> Result<(), String> {
    println!("$ {}", shown(command));
    let status = command.status().map_err(|error| format!("{}: {error}", shown(command)))?;
    if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", shown(command))) }
}

/// Runs a program and gives what it printed; its errors are shown.
pub fn output(command: &mut Command) -> Result<String, String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("{}: {error}", shown(command)))?;
    if !output.status.success() {
        return Err(format!("{} ended with {}", shown(command), output.status));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("{}: {error}", shown(command)))
}

/// The platform this compiler builds for when none is named.
pub fn host() -> Result<String, String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let told = output(Command::new(rustc).arg("-vV"))?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "rustc does not tell its host".to_owned())
}

/// Whether a program is on the path.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Whether any of the programs is on the path.
pub fn has_any(programs: &[&str]) -> bool {
    programs.iter().any(|program| find(program).is_some())
}

/// Whether Debian packages can be installed here: as root, with apt-get.
pub fn can_apt_install() -> bool {
    let root = output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    root && find("apt-get").is_some()
}

/// Installs Debian packages.
pub fn apt_install(packages: &[&str]) -> Result<(), String> {
    run(Command::new("apt-get").arg("update").arg("-qq"))?;
    let mut install = Command::new("apt-get");
    install.args(["install", "--yes", "-qq", "--no-install-recommends"]).args(packages);
    run(install.env("DEBIAN_FRONTEND", "noninteractive"))
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// A Python with what `tests/<name>/requirements.txt` pins, in a folder under the target; made anew
/// when the pins change. `Err` says why the step cannot run.
pub fn python_with(workspace: &Workspace, name: &str) -> Result<PathBuf, Outcome> {
    let Some(python) = find("python3") else {
        return Err(Outcome::Skipped("needs python3".to_owned()));
    };
    let venv = workspace.target.join("venv").join(name);
    let requirements = workspace.root.join("tests").join(name).join("requirements.txt");
    let wanted = fs::read_to_string(&requirements).unwrap_or_default();
    let installed = venv.join("installed.txt");
    if fs::read_to_string(&installed).ok().as_ref() != Some(&wanted) {
        if run(Command::new(python).args(["-m", "venv"]).arg(&venv)).is_err() {
            return Err(Outcome::Skipped("needs python3-venv".to_owned()));
        }
        let mut pip = Command::new(venv.join("bin/pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check", "--requirement"]);
        let done = run(pip.arg(&requirements));
        done.and_then(|()| fs::write(&installed, &wanted).map_err(|error| error.to_string()))
            .map_err(Outcome::Failed)?;
    }
    Ok(venv.join("bin/python"))
}
