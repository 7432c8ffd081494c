//! libFuzzer over the target `br_code`.
#![no_main]

use quita_fuzz::targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    targets::br_code(bytes);
});
