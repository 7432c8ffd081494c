//! Fears about the shape of the workspace: an SDK that every test compiles, a rule that reads the
//! clock, a function that leans on another.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

use crate::files::{names_in, root};

/// The layers, lowest first. A package depends on lower layers only.
const LAYERS: [&[&str]; 5] = [
    &["quita-core"],
    &["quita-bank-files", "quita-pix", "quita-table", "quita-notify"],
    &["quita-app"],
    &["quita-edge", "quita-aws", "quita-smtp", "quita-testkit"],
    &[
        "quita-admin-api",
        "quita-authorize",
        "quita-create-invoice",
        "quita-deliver-webhooks",
        "quita-import-bank-file",
        "quita-issue-charge",
        "quita-payment-webhook",
        "quita-portal",
        "quita-receivables-api",
        "quita-reconcile-payments",
        "quita-record-evidence",
        "quita-relay-events",
        "quita-settings-api",
        "quita-sweep-reminders",
    ],
];
/// On top of all layers, and depended on by nothing but each other.
const TOP: [&str; 3] = ["quita-fuzz", "quita-local", "quita-tests"];
/// Stands apart: the bank computes amounts by itself, so that an error of ours shows.
const BANK: &str = "quita-psp-sandbox";
/// Stands apart: the least function there can be, which the starts of ours are measured against.
const HELLO: &str = "quita-hello";
/// Stands apart: it is compiled before anything else.
const XTASK: &str = "quita-xtask";

/// Crates that wait, ask the machine, or tell it: nothing the pure domain may reach.
const IMPURE: [&str; 20] = [
    "async-trait",
    "axum",
    "fastrand",
    "futures",
    "futures-core",
    "getrandom",
    "hyper",
    "iana-time-zone",
    "log",
    "mio",
    "rand",
    "rand_core",
    "reqwest",
    "rusqlite",
    "rustls",
    "socket2",
    "tempfile",
    "tokio",
    "tracing",
    "ulid",
];

fn metadata() -> Metadata {
    let manifest = root().join("Cargo.toml");
    MetadataCommand::new().manifest_path(manifest).exec().expect("cargo metadata answers")
}

fn members(metadata: &Metadata) -> BTreeMap<String, &Package> {
    let packages = metadata.workspace_packages().into_iter();
    packages.map(|package| (package.name.to_string(), package)).collect()
}

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&name))
}

fn is_sdk(name: &str) -> bool {
    let prefixes = ["aws-sdk-", "aws-config", "aws-smithy-", "aws-types", "aws-credential-"];
    name == "lambda_runtime" || prefixes.iter().any(|prefix| name.starts_with(prefix))
}

#[test]
fn every_package_depends_on_lower_layers_only() {
    let metadata = metadata();
    let members = members(&metadata);
    for (name, package) in &members {
        let ours = package.dependencies.iter().filter(|one| members.contains_key(&one.name));
        for dependency in ours {
            let needed = dependency.name.as_str();
            let for_tests = dependency.kind == DependencyKind::Development;
            let fits = match (layer(name), layer(needed)) {
                // Every implementation of a port is put through the testkit's suites.
                (Some(_), Some(_)) if for_tests && needed == "quita-testkit" => true,
                (Some(own), Some(below)) => below < own,
                // The harness drives the bank, and tests of the client may.
                (Some(_), None) => needed == BANK && (name == "quita-testkit" || for_tests),
                (None, _) => TOP.contains(&name.as_str()),
            };
            assert!(fits, "{name} depends on {needed}");
        }
    }
}

#[test]
fn every_package_has_its_place_and_its_folder_is_its_name() {
    let metadata = metadata();
    let names: BTreeSet<String> = members(&metadata).into_keys().collect();
    let placed =
        LAYERS.iter().flat_map(|layer| layer.iter()).chain(&TOP).chain([&BANK, &HELLO, &XTASK]);
    let placed: BTreeSet<String> = placed.map(|name| (*name).to_owned()).collect();
    assert_eq!(names, placed);
    let named = |folder: &String| format!("quita-{}", folder.replace('_', "-"));
    let functions: BTreeSet<String> = names_in("functions", "").iter().map(named).collect();
    let known: BTreeSet<String> = LAYERS[4].iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(functions, known);
}

/// Names of everything a package reaches when it is built by itself, so that features which other
/// packages ask for do not count as its own.
fn reached(package: &str) -> BTreeSet<String> {
    let mut tree = Command::new(env!("CARGO"));
    tree.args(["tree", "--package", package, "--edges", "normal", "--prefix", "none"]);
    let output = tree.current_dir(root()).output().expect("cargo tree answers");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let listed = String::from_utf8(output.stdout).unwrap();
    listed.lines().filter_map(|line| Some(line.split(' ').next()?.to_owned())).collect()
}

#[test]
fn the_domain_reaches_no_clock_no_machine_and_no_await() {
    let metadata = metadata();
    let core = members(&metadata)["quita-core"];
    let reached = reached("quita-core");
    assert!(reached.contains("chrono"), "the walk has to find what is there");
    let impure: Vec<&str> = IMPURE.into_iter().filter(|name| reached.contains(*name)).collect();
    assert_eq!(impure, [""; 0]);
    assert!(!reached.iter().any(|name| is_sdk(name)));
    let chrono = core.dependencies.iter().find(|one| one.name == "chrono").unwrap();
    assert!(!chrono.uses_default_features, "chrono's default features have a clock");
    let clocks = ["clock", "now", "winapi", "wasmbind"];
    assert!(!chrono.features.iter().any(|feature| clocks.contains(&feature.as_str())));
}

/// Types of the bank's wire that core may not know, as `shared/pix/src/wire` declares them. `Pix`
/// alone is a word of the domain too.
fn wire_types() -> BTreeSet<String> {
    let sources = names_in("shared/pix/src/wire", ".rs");
    let read =
        |name: &String| fs::read_to_string(root().join(format!("shared/pix/src/wire/{name}.rs")));
    let declared = |line: &str| {
        let rest = line.strip_prefix("pub struct ").or(line.strip_prefix("pub enum "))?;
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
        (name != "Pix").then_some(name)
    };
    let sources: Vec<String> = sources.iter().map(|name| read(name).unwrap()).collect();
    sources.iter().flat_map(|source| source.lines().filter_map(declared)).collect()
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn the_domain_does_not_speak_the_wire_of_the_bank() {
    let types = wire_types();
    assert!(types.len() > 10, "the wire's types have to be found: {types:?}");
    let mut files = Vec::new();
    rust_files(&root().join("shared/core/src"), &mut files);
    for file in files {
        let source = fs::read_to_string(&file).unwrap();
        let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
        for word in code.flat_map(|line| line.split(|c: char| !c.is_alphanumeric())) {
            assert!(!types.contains(word), "{} names `{word}`", file.display());
        }
    }
}

#[test]
fn the_sdk_is_in_one_crate_and_behind_one_feature() {
    let metadata = metadata();
    for (name, package) in members(&metadata) {
        let sdk = package.dependencies.iter().filter(|one| is_sdk(&one.name));
        let of_sdk: Vec<_> = sdk.map(|one| (one.name.as_str(), one.optional)).collect();
        if name == "quita-aws" {
            continue;
        }
        if layer(&name) != Some(4) && name != HELLO {
            assert_eq!(of_sdk, [], "{name}");
            continue;
        }
        assert!(of_sdk.iter().all(|(_, optional)| *optional), "{name}: {of_sdk:?}");
        if name == HELLO {
            continue;
        }
        let aws = package.dependencies.iter().find(|one| one.name == "quita-aws").unwrap();
        assert!(aws.optional, "{name} cannot be linked without the SDKs");
        assert_eq!(package.features["default"], ["lambda"], "{name}");
        let bins = package.targets.iter().filter(|target| target.is_bin());
        for bin in bins {
            assert_eq!(bin.required_features, ["lambda"], "{name}");
        }
    }
}

#[test]
fn whoever_links_a_function_links_it_without_the_sdk() {
    let metadata = metadata();
    for (name, package) in members(&metadata) {
        let functions = package.dependencies.iter().filter(|one| layer(&one.name) == Some(4));
        for function in functions {
            assert!(!function.uses_default_features, "{name} links {}", function.name);
            assert_eq!(function.features, [""; 0], "{name} links {}", function.name);
        }
    }
}

#[test]
fn plain_cargo_run_starts_the_local_runner_and_nothing_else() {
    let metadata = metadata();
    let members = members(&metadata);
    let defaults: Vec<&str> =
        metadata.workspace_default_members.iter().map(|id| metadata[id].name.as_str()).collect();
    assert_eq!(defaults, ["quita-local"]);
    let bins = members["quita-local"].targets.iter().filter(|target| target.is_bin());
    assert_eq!(bins.count(), 1);
}
