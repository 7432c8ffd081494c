//! libFuzzer over the target `csv`.
#![no_main]

use quita_fuzz::targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    targets::csv(bytes);
});
