//! What the workspace depends on, held against `deny.toml`: licences, bans, sources.
//!
//! It reads the two lists of that file that cargo-deny reads too, so that the check needs nothing
//! installed. Advisories need cargo-deny and its database.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::spdx;
use crate::workspace::{Workspace, array, text};

/// The lists of `deny.toml` that are checked here.
struct Policy {
    licences: Vec<String>,
    /// May not be depended on at all.
    banned: Vec<String>,
    /// May be depended on in one version only.
    single: Vec<String>,
}

/// Checks every dependency; `Err` lists every fault.
pub fn check(workspace: &Workspace) -> Result<(), String> {
    let path = workspace.root.join("deny.toml");
    let file = std::fs::read_to_string(&path).map_err(|error| format!("deny.toml: {error}"))?;
    let policy = Policy::read(&file)?;
    let metadata = workspace.dependencies()?;
    let packages = array(&metadata["packages"]);
    let mut faults = faults(packages, &policy);
    faults.extend(idle(packages, &policy));
    for fault in &faults {
        println!("{fault}");
    }
    println!("{} packages, {} faults", packages.len(), faults.len());
    if faults.is_empty() { Ok(()) } else { Err(format!("{} faults", faults.len())) }
}

fn faults(packages: &[Value], policy: &Policy) -> Vec<String> {
    let mut faults = Vec::new();
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    // One registry for everything: whatever cargo is set to use.
    let mut sources = packages.iter().map(|package| text(package, "source"));
    let registry = sources.find(|source| source.starts_with("registry+"));
    for package in packages {
        let (name, version) = (text(package, "name"), text(package, "version"));
        versions.entry(name).or_default().push(version);
        let source = text(package, "source");
        if source.is_empty() {
            continue; // A package of ours.
        }
        if Some(source) != registry {
            faults.push(format!("{name} {version} comes from {source}"));
        }
        let licence = text(package, "license");
        if !spdx::is_satisfied(licence, &policy.licences) {
            faults.push(format!("{name} {version} is under `{licence}`"));
        }
        if policy.banned.iter().any(|banned| banned == name) {
            faults.push(format!("{name} {version} is banned"));
        }
    }
    for name in &policy.single {
        if let Some(found) = versions.get(name.as_str()).filter(|found| found.len() > 1) {
            faults.push(format!("{name} is there in several versions: {}", found.join(", ")));
        }
    }
    faults
}

/// Names that may be there once and are not there at all: misspelled or left over, they guard
/// nothing.
fn idle(packages: &[Value], policy: &Policy) -> Vec<String> {
    let is_there = |name: &&String| packages.iter().any(|one| text(one, "name") == *name);
    let idle = policy.single.iter().filter(|name| !is_there(name));
    idle.map(|name| format!("deny.toml: nothing depends on {name}")).collect()
}

impl Policy {
    fn read(file: &str) -> Result<Self, String> {
        let bans = list(file, "deny")?;
        let is_single = |entry: &&String| entry.contains("deny-multiple-versions");
        let (single, banned): (Vec<_>, Vec<_>) = bans.iter().partition(is_single);
        let names = |entries: Vec<&String>| entries.into_iter().map(|e| quoted(e)).collect();
        Ok(Self {
            licences: list(file, "allow")?.iter().map(|entry| quoted(entry)).collect(),
            banned: names(banned),
            single: names(single),
        })
    }
}

/// The entries of the list `key = [..]`, one a line or all on one, without comments. It reads the
/// plain TOML that `deny.toml` is written in, not all of TOML.
fn list(file: &str, key: &str) -> Result<Vec<String>, String> {
    let opening = format!("{key} = [");
    let lines = file.lines().skip_while(|line| !line.starts_with(&opening));
    let mut body = String::new();
    for line in lines {
        let line = line.strip_prefix(&opening).unwrap_or(line).trim();
        if line.starts_with('#') {
            continue;
        }
        if let Some(last) = line.strip_suffix(']') {
            body.push_str(last);
            let entries = split_entries(&body);
            let faulty = entries.iter().any(|entry| !entry.contains('"'));
            return if faulty { Err(format!("deny.toml: cannot read {key}")) } else { Ok(entries) };
        }
        body.push_str(line);
    }
    Err(format!("deny.toml: there is no list {key}"))
}

/// Splits at commas outside of `{..}`.
fn split_entries(body: &str) -> Vec<String> {
    let mut depth = 0_u32;
    let mut entries = vec![String::new()];
    for character in body.chars() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match entries.last_mut() {
            Some(_) if character == ',' && depth == 0 => entries.push(String::new()),
            Some(entry) => entry.push(character),
            None => {}
        }
    }
    entries.retain(|entry| !entry.trim().is_empty());
    entries
}

/// The first quoted text of an entry.
fn quoted(entry: &str) -> String {
    entry.split('"').nth(1).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const REGISTRY: &str = "registry+https://example.com/index";
    const FILE: &str = r#"
allow = [
    "MIT",
    # As data.
    "ISC",
]
deny = [
    { crate = "openssl-sys" },
    { crate = "rustls", deny-multiple-versions = true },
]
"#;

    fn found(packages: &[Value]) -> Vec<String> {
        faults(packages, &Policy::read(FILE).unwrap())
    }

    fn package(name: &str, version: &str, licence: Value, source: Value) -> Value {
        json!({ "name": name, "version": version, "license": licence, "source": source })
    }

    #[test]
    fn a_licence_that_is_not_listed_or_not_told_is_a_fault() {
        let listed = package("a", "1.0.0", json!("GPL-3.0 OR ISC"), json!(REGISTRY));
        let other = package("b", "1.0.0", json!("GPL-3.0"), json!(REGISTRY));
        let none = package("c", "1.0.0", Value::Null, json!(REGISTRY));
        let own = package("d", "0.0.0", Value::Null, Value::Null);
        assert_eq!(
            found(&[listed, other, none, own]),
            ["b 1.0.0 is under `GPL-3.0`", "c 1.0.0 is under ``"]
        );
    }

    #[test]
    fn a_banned_crate_and_a_second_tls_stack_are_faults() {
        let package = |name, version| package(name, version, json!("MIT"), json!(REGISTRY));
        let packages = [
            package("openssl-sys", "0.9.0"),
            package("rustls", "0.21.0"),
            package("rustls", "0.23.0"),
        ];
        assert_eq!(
            found(&packages),
            ["openssl-sys 0.9.0 is banned", "rustls is there in several versions: 0.21.0, 0.23.0"]
        );
    }

    #[test]
    fn a_name_that_guards_nothing_is_a_fault() {
        let policy = Policy::read(FILE).unwrap();
        let rustls = package("rustls", "0.23.0", json!("MIT"), json!(REGISTRY));
        assert_eq!(idle(&[rustls], &policy), [""; 0]);
        assert_eq!(idle(&[], &policy), ["deny.toml: nothing depends on rustls"]);
    }

    #[test]
    fn a_second_copy_of_a_heavy_crate_is_a_fault() {
        let policy = Policy::read(include_str!("../../../deny.toml")).unwrap();
        for heavy in ["aws-sigv4", "hyper", "reqwest", "ring", "rustls", "tokio"] {
            let of = |version| package(heavy, version, json!("MIT"), json!(REGISTRY));
            let told = format!("{heavy} is there in several versions: 1.0.0, 2.0.0");
            assert_eq!(faults(&[of("1.0.0"), of("2.0.0")], &policy), [told]);
        }
        for second_stack in ["aws-lc-rs", "aws-lc-sys", "h2", "native-tls", "openssl-sys"] {
            let there = package(second_stack, "1.0.0", json!("MIT"), json!(REGISTRY));
            assert_eq!(faults(&[there], &policy), [format!("{second_stack} 1.0.0 is banned")]);
        }
    }

    #[test]
    fn a_dependency_from_elsewhere_is_a_fault() {
        let package = |name, source: &str| package(name, "1.0.0", json!("MIT"), json!(source));
        let git = package("a", "git+https://example.com/a");
        let other = package("b", "registry+https://example.org/index");
        assert_eq!(
            found(&[package("c", REGISTRY), git, other]),
            [
                "a 1.0.0 comes from git+https://example.com/a",
                "b 1.0.0 comes from registry+https://example.org/index"
            ]
        );
    }

    #[test]
    fn a_policy_that_cannot_be_read_allows_nothing() {
        assert!(Policy::read("allow = [\n").is_err());
        assert!(Policy::read("allow = [MIT]\ndeny = []\n").is_err());
    }
}
