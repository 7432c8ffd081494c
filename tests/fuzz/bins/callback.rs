//! libFuzzer over the target `callback`.
#![no_main]

use quita_fuzz::targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    targets::callback(bytes);
});
