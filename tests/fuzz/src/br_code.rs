//! What must hold of the text of a BR Code, whatever it is.
//!
//! Neither reader panics, and both agree on what is flawless. What was read and can be written is
//! read again as the same. A text is tried as it is and under a right checksum: without that, next
//! to no mutation would get behind it.

use quita_pix::brcode::{BrCode, ParseMode, Parsed, Path, crc16, explain, parse, parse_strict};

use crate::targets::Answer;

/// The checksum's id and length, in front of its digits.
const CRC_HEADER: &str = "6304";
const CRC_DIGITS: usize = 4;

/// Reads `bytes`, where they are text, and asserts what must hold.
pub fn check(bytes: &[u8]) -> Answer {
    let Ok(text) = std::str::from_utf8(bytes) else { return Answer::Refused };
    let answers = [check_text(text), check_text(&sealed(text))];
    if answers.contains(&Answer::Read) { Answer::Read } else { Answer::Refused }
}

fn check_text(text: &str) -> Answer {
    let strict = parse(text, ParseMode::Strict);
    let lenient = parse(text, ParseMode::Lenient);
    for read in [&strict, &lenient] {
        match read {
            Ok(parsed) => assert_read(parsed, text),
            Err(fault) => assert!(text.is_char_boundary(fault.position), "{fault:?}"),
        }
    }
    if let Ok(strict) = &strict {
        assert_eq!(lenient.as_ref(), Ok(strict), "the readers differ on a flawless code");
        assert!(strict.warnings.is_empty());
        let written = strict.code.encode().expect("what is flawless can be written");
        // Zeros in front of an amount are the one thing that is not written again.
        assert!(written.len() <= text.len(), "{written} is longer than {text}");
    }
    let report = explain(text).to_string();
    assert!(!report.chars().any(|shown| shown != '\n' && shown.is_control()), "{report:?}");
    if lenient.is_ok() { Answer::Read } else { Answer::Refused }
}

fn assert_read(parsed: &Parsed<'_>, text: &str) {
    assert!(parsed.warnings.iter().all(|fault| text.is_char_boundary(fault.position)));
    match parsed.code.encode() {
        Ok(written) => {
            let again = parse_strict(&written);
            assert_eq!(again.map(ordered), Ok(ordered(parsed.code.clone())), "{written}");
        }
        // Only what was tolerated may stand in the way of writing it.
        Err(error) => assert!(!parsed.warnings.is_empty(), "{error:?}"),
    }
}

/// With unknown fields in the order they are written in, whatever order they were read in.
fn ordered(mut code: BrCode<'_>) -> BrCode<'_> {
    code.others.sort_by_key(|other| match other.path {
        Path::Root(id) => (id, None),
        Path::Sub(template, id) => (template, Some(id)),
        Path::Text => (0, None),
    });
    code
}

/// The text with the checksum it should have, instead of its own.
fn sealed(text: &str) -> String {
    let open = match text.len().checked_sub(CRC_DIGITS).and_then(|end| text.get(..end)) {
        Some(open) if open.ends_with(CRC_HEADER) => open.to_owned(),
        _ => format!("{text}{CRC_HEADER}"),
    };
    let crc = crc16(open.as_bytes());
    format!("{open}{crc:04X}")
}
