//! `cargo xtask sim`: more seeds of the simulation than the tests play.

use std::process::{Child, Stdio};

use crate::workspace::Workspace;

/// Seeds that the tests play; a longer run starts after them.
const TESTED: u64 = 500;
const SEEDS_DEFAULT: u64 = 1_000;
const USAGE: &str = "use --seeds N and --from S, both at least 1";

/// Which seeds to play.
struct Asked {
    from: u64,
    seeds: u64,
}

pub fn run(workspace: &Workspace, arguments: &[String]) -> Result<(), String> {
    let Asked { from, seeds } = read(arguments)?;
    let workers = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let ranges = ranges(from, seeds, workers);
    println!("playing {seeds} seeds from {from} on, {} at a time", ranges.len());
    // Built once, before the workers would wait for each other.
    crate::tools::run(&mut test(workspace, &["--no-run"]))?;
    let started: Result<Vec<Child>, String> = ranges
        .iter()
        .map(|(first, last)| {
            let mut worker = test(workspace, &["simulation::one_seed", "--", "--nocapture"]);
            worker.env("SIM_SEED", format!("{first}-{last}")).stdin(Stdio::null());
            worker.spawn().map_err(|error| format!("cargo test: {error}"))
        })
        .collect();
    let mut failed = 0;
    for mut worker in started? {
        let status = worker.wait().map_err(|error| format!("cargo test: {error}"))?;
        failed += usize::from(!status.success());
    }
    if failed > 0 {
        return Err("some seeds do not hold; see above which".to_owned());
    }
    println!("all {seeds} seeds hold");
    Ok(())
}

fn test(workspace: &Workspace, rest: &[&str]) -> std::process::Command {
    let mut test = workspace.cargo(["test", "--package", "quita-tests", "--test", "it"]);
    test.args(rest);
    test
}

fn read(arguments: &[String]) -> Result<Asked, String> {
    let mut asked = Asked { from: TESTED + 1, seeds: SEEDS_DEFAULT };
    for pair in arguments.chunks(2) {
        let [name, value] = pair else { return Err(USAGE.to_owned()) };
        let value = value.parse().ok().filter(|value| *value > 0).ok_or(USAGE)?;
        match name.as_str() {
            "--seeds" => asked.seeds = value,
            "--from" => asked.from = value,
            _ => return Err(USAGE.to_owned()),
        }
    }
    Ok(asked)
}

/// Cuts the seeds into one stretch a worker, first and last seed of each.
fn ranges(from: u64, seeds: u64, workers: u64) -> Vec<(u64, u64)> {
    let share = seeds.div_ceil(workers.max(1));
    let end = from + seeds - 1;
    let starts = (0..workers).map(|nth| from + nth * share).filter(|first| *first <= end);
    starts.map(|first| (first, (first + share - 1).min(end))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_left_out_or_played_twice() {
        for (from, seeds, workers) in [(1, 10, 2), (2_001, 7, 3), (5, 1, 8), (1, 3, 1)] {
            let played: Vec<u64> =
                ranges(from, seeds, workers).into_iter().flat_map(|(a, b)| a..=b).collect();
            assert_eq!(played, (from..from + seeds).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_number_that_cannot_be_read_plays_the_default_instead() {
        for bad in [["--seeds", "0"], ["--seeds", "x"], ["--from", "-1"], ["--other", "3"]] {
            assert!(read(&bad.map(str::to_owned)).is_err(), "{bad:?}");
        }
        assert!(read(&["--seeds".to_owned()]).is_err());
    }
}
