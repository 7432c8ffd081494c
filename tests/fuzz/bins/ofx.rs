//! libFuzzer over the target `ofx`.
#![no_main]

use quita_fuzz::targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    targets::ofx(bytes);
});
