//! libFuzzer over the target `cnab400`.
#![no_main]

use quita_fuzz::targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    targets::cnab400(bytes);
});
