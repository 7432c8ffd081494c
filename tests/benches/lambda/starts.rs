//! Sizes and cold starts: from the spawn of a process to its first poll for an event.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use quita_testkit::lambda::{FunctionConfig, LambdaFunction, Template};

use super::{millis, quantile, resolve};

/// Starts of each binary; they take turns, so that a busy moment of the machine meets all of them.
const ROUNDS: usize = 21;
/// What the others are measured against.
pub const HELLO: &str = "hello";
/// Where every service is: nobody listens, and a start that called one would fail.
const NOWHERE: &str = "http://127.0.0.1:9";

struct Binary {
    function: LambdaFunction,
    bytes: u64,
    zipped: u64,
    starts: Vec<Duration>,
}

/// Measures every binary that is in the folder and prints a row for each.
pub async fn measure(template: &Template, folder: &Path) {
    let names = template.functions.keys().map(String::as_str);
    let names = [HELLO].into_iter().chain(names).filter(|name| folder.join(name).is_file());
    let mut binaries: Vec<Binary> = names.map(|name| opened(template, folder, name)).collect();
    for _ in 0..ROUNDS {
        for binary in &mut binaries {
            binary.starts.push(binary.function.start().await.unwrap());
            binary.function.stop();
        }
    }
    println!("cold start: {ROUNDS} spawns of each in turns, to the first poll; ms");
    println!(
        "{:<20} {:>9} {:>9} {:>8} {:>8} {:>9} {:>9}",
        "function", "binary MB", "zip MB", "median", "min", "of hello", "min ratio"
    );
    let hello = binaries.iter_mut().find(|binary| binary.function.config().name == HELLO);
    let hello =
        hello.map(|hello| (quantile(&mut hello.starts, 50), quantile(&mut hello.starts, 0)));
    for binary in &mut binaries {
        row(binary, hello);
    }
    println!();
}

fn opened(template: &Template, folder: &Path, name: &str) -> Binary {
    let path = folder.join(name);
    let contents = std::fs::read(&path).unwrap();
    let mut config = FunctionConfig::new(name, path);
    if template.functions.contains_key(name) {
        config.environment = template.environment(name, resolve).unwrap();
        config.environment.insert("AWS_ENDPOINT_URL".to_owned(), NOWHERE.to_owned());
    }
    Binary {
        function: LambdaFunction::new(config),
        bytes: contents.len() as u64,
        zipped: zipped(&contents),
        starts: Vec::new(),
    }
}

/// Size of a zip's contents; its directory adds some 130 bytes.
fn zipped(contents: &[u8]) -> u64 {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(contents).unwrap();
    encoder.finish().unwrap().len() as u64
}

fn row(binary: &mut Binary, hello: Option<(Duration, Duration)>) {
    let megabytes = |bytes: u64| format!("{}.{:02}", bytes / 1_000_000, bytes % 1_000_000 / 10_000);
    let (median, min) = (quantile(&mut binary.starts, 50), quantile(&mut binary.starts, 0));
    let ratio = |own: Duration, other: Option<Duration>| match other {
        Some(other) => format!("{:.2}x", own.as_secs_f64() / other.as_secs_f64()),
        None => "-".to_owned(),
    };
    println!(
        "{:<20} {:>9} {:>9} {:>8} {:>8} {:>9} {:>9}",
        binary.function.config().name,
        megabytes(binary.bytes),
        megabytes(binary.zipped),
        millis(median),
        millis(min),
        ratio(median, hello.map(|(median, _)| median)),
        ratio(min, hello.map(|(_, min)| min)),
    );
}
