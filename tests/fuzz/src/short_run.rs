//! The targets in every `cargo test`: their seeds, what once broke them, and a fixed number of
//! mutated inputs that are the same in every run.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use fastrand::Rng;
use serde_json::Value;

use crate::dictionary::tokens;
use crate::mutation::Mutator;
use crate::targets::{ALL, Answer, Target};

/// Mutated files of each format. A debug build takes about a second for them.
const FILE_RUNS: usize = 600;
/// Mutated tables, each of which is read with every mapping.
const TABLE_RUNS: usize = FILE_RUNS / 3;
/// Mutated texts that are short, for which it takes less.
const TEXT_RUNS: usize = 4_000;
/// Of a hundred inputs, those that have to be read, and those that have to be refused, or the
/// mutations go nowhere.
const EACH_PERCENT_MIN: usize = 4;
/// Where the mutations begin.
const RNG_SEED: u64 = 42;

/// What `targets.json` says of a target.
struct Sources {
    seeds: Vec<Vec<u8>>,
    tokens: Vec<Vec<u8>>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn described() -> Vec<Value> {
    let file = fs::read_to_string(root().join("tests/fuzz/targets.json")).unwrap();
    serde_json::from_str(&file).unwrap()
}

fn sources(target: &str) -> Sources {
    let all = described();
    let told = all.iter().find(|one| one["name"] == target).unwrap();
    let places = told["seeds"].as_array().unwrap();
    let files = places.iter().flat_map(|place| files_at(&root().join(place.as_str().unwrap())));
    let seeds: Vec<_> = files.map(|file| fs::read(file).unwrap()).collect();
    let dictionary = root().join(told["dictionary"].as_str().unwrap());
    let tokens = tokens(&fs::read_to_string(dictionary).unwrap());
    assert!(!seeds.is_empty() && !tokens.is_empty(), "{target} starts from nothing");
    Sources { seeds, tokens }
}

/// The file at a path, or the files of the folder there by name; none when nothing is there.
fn files_at(path: &Path) -> BTreeSet<PathBuf> {
    match fs::read_dir(path) {
        Ok(entries) => entries.map(|entry| entry.unwrap().path()).collect(),
        Err(_) => [path.to_owned()].into_iter().filter(|path| path.is_file()).collect(),
    }
}

fn breaks(target: Target, input: &[u8]) -> Result<Answer, String> {
    catch_unwind(|| (target.run)(input)).map_err(|_| report(target.name, input))
}

/// What to do with an input that breaks a target.
fn report(target: &str, input: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    let name = format!("tests/fuzz/found/{target}/{:016x}", hasher.finish());
    let hex: String = input.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "{target} breaks on these {} bytes. Save them:\n  echo {hex} | xxd -r -p > {name}\n\
             It is tried again from then on.",
        input.len()
    )
}

/// Tries `runs` mutated inputs; otherwise the report of the first that breaks the target. Counts
/// those that were read and those that were refused.
fn short_run(target: Target, runs: usize) -> Result<(usize, usize), String> {
    let Sources { seeds, tokens } = sources(target.name);
    let mut mutator = Mutator { rng: Rng::with_seed(RNG_SEED), seeds, tokens };
    let (mut read, mut refused) = (0, 0);
    for _ in 0..runs {
        match breaks(target, &mutator.next_input())? {
            Answer::Read => read += 1,
            Answer::Refused => refused += 1,
        }
    }
    Ok((read, refused))
}

fn check(name: &str, runs: usize) {
    let target = *ALL.iter().find(|target| target.name == name).unwrap();
    let (read, refused) = short_run(target, runs).unwrap_or_else(|report| panic!("{report}"));
    let fewer = read.min(refused) * 100;
    assert!(fewer >= runs * EACH_PERCENT_MIN, "{name}: {read} read, {refused} refused");
}

#[test]
fn a_mutated_ofx_statement_breaks_its_reader() {
    check("ofx", FILE_RUNS);
}

#[test]
fn a_mutated_return_of_240_columns_breaks_its_reader() {
    check("cnab240", FILE_RUNS);
}

#[test]
fn a_mutated_return_of_400_columns_breaks_its_reader() {
    check("cnab400", FILE_RUNS);
}

#[test]
fn a_mutated_table_breaks_its_reader() {
    check("csv", TABLE_RUNS);
}

#[test]
fn a_mutated_callback_breaks_its_reader() {
    check("callback", TEXT_RUNS);
}

#[test]
fn a_mutated_br_code_breaks_its_readers() {
    check("br_code", TEXT_RUNS);
}

#[test]
fn what_broke_a_target_once_breaks_it_again() {
    for target in ALL {
        let found = root().join("tests/fuzz/found").join(target.name);
        let found = files_at(&found).into_iter().map(|file| fs::read(file).unwrap());
        for input in sources(target.name).seeds.into_iter().chain(found) {
            breaks(target, &input).unwrap_or_else(|report| panic!("{report}"));
        }
    }
}

#[test]
fn a_broken_target_passes_the_short_run() {
    fn chokes(input: &[u8]) -> Answer {
        assert!(!input.contains(&0x1a), "this is how a broken target says so");
        Answer::Read
    }
    let report = short_run(Target { name: "ofx", run: chokes }, FILE_RUNS).unwrap_err();
    let (_, hex) = report.split_once("echo ").unwrap();
    let (hex, place) = hex.split_once(' ').unwrap();
    let bytes = hex.as_bytes().chunks(2);
    assert!(bytes.clone().any(|byte| byte == b"1a"), "{report}");
    assert!(place.starts_with("| xxd -r -p > tests/fuzz/found/ofx/"), "{report}");
    assert!(report.contains(&format!("these {} bytes", bytes.len())), "{report}");
}

#[test]
fn a_target_is_in_one_list_and_not_in_another() {
    let named: Vec<String> = ALL.iter().map(|target| target.name.to_owned()).collect();
    let told = described();
    let told: Vec<&str> = told.iter().map(|target| target["name"].as_str().unwrap()).collect();
    assert_eq!(told, named);
    let bins = files_at(&root().join("tests/fuzz/bins")).into_iter();
    let bins: BTreeSet<String> =
        bins.map(|bin| bin.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(bins, named.into_iter().collect());
}
