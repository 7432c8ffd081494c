//! Reading, writing and explaining BR Codes.

mod explain;
mod faults;
mod properties;
mod vectors;
mod writing;

use super::{crc16, parse_strict};
use vectors::{GOOD, MANUAL_STATIC};

/// `body` with its checksum, so that a test reaches the checks behind it.
fn seal(body: &str) -> String {
    let open = format!("{body}6304");
    let crc = crc16(open.as_bytes());
    format!("{open}{crc:04X}")
}

/// The manual's static code with one piece of its text replaced, under a right checksum.
fn manual_with(from: &str, to: &str) -> String {
    let body = &MANUAL_STATIC[..MANUAL_STATIC.len() - 8];
    assert!(body.contains(from), "`{from}` is not in the manual's code");
    seal(&body.replacen(from, to, 1))
}

#[test]
fn published_codes_are_read_strictly_and_written_back_byte_for_byte() {
    for good in GOOD {
        let code = parse_strict(good.text)
            .unwrap_or_else(|fault| panic!("vector {} ({}): {fault}", good.number, good.source));
        assert_eq!(code.encode().as_deref(), Ok(good.text), "vector {}", good.number);
    }
}
