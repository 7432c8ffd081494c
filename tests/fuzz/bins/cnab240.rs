//! libFuzzer over the target `cnab240`.
#![no_main]

use quita_fuzz::targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    targets::cnab240(bytes);
});
