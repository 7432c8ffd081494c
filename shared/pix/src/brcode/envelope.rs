//! What holds of a text before any value is understood: its limits, its outermost fields, its
//! checksum.
//!
//! Owns where the code starts and ends in the text given. Knows no field but 00 and 63.
//! Invariant: the range returned walks without a structural fault at the outermost level.

use std::ops::Range;

use super::crc16;
use super::fault::{Fault, FaultKind, Path};
use super::rules;
use super::tlv::{Cursor, Field, HEADER_BYTES, LengthUnit};

const FIELD_CRC: u8 = 63;
const CRC_DIGITS: usize = 4;

/// The range of the code in the text, without blanks around it.
pub fn text_range(text: &str) -> Result<Range<usize>, Fault> {
    let fault = |position, kind| Err(Fault { position, path: Path::Text, kind });
    if text.len() > rules::TEXT_CHARS_MAX
        && let Some((at, _)) = text.char_indices().nth(rules::TEXT_CHARS_MAX)
    {
        return fault(at, FaultKind::TextTooLong { chars_max: rules::TEXT_CHARS_MAX });
    }
    let end = text.trim_end().len();
    if end == 0 {
        return fault(0, FaultKind::EmptyText);
    }
    Ok(text.len() - text.trim_start().len()..end)
}

/// Checks what holds before any value is understood: field 00 first, no field twice, field 63
/// last and right. Returns the range of the fields before 63.
pub fn body_range(
    text: &str,
    range: &Range<usize>,
    unit: LengthUnit,
) -> Result<Range<usize>, Fault> {
    let mut cursor = Cursor::new(text, range.clone(), unit);
    while let Some(field) = cursor.next_field()? {
        let path = Path::Root(field.id);
        if field.at == range.start && field.id != 0 {
            return Err(Fault { position: field.at, path, kind: FaultKind::FormatNotFirst });
        }
        if field.id == FIELD_CRC {
            let end = field.value_at() + field.value.len();
            if end < range.end {
                return Err(Fault { position: end, path, kind: FaultKind::TrailingData });
            }
            check_crc(text, range.start, &field)?;
            return Ok(range.start..field.at);
        }
    }
    Err(missing(range.end, Path::Root(FIELD_CRC)))
}

fn check_crc(text: &str, start: usize, field: &Field<'_>) -> Result<(), Fault> {
    let fault = |kind| Fault { position: field.value_at(), path: Path::Root(FIELD_CRC), kind };
    let is_hex = field.value.len() == CRC_DIGITS
        && field.value.bytes().all(|digit| digit.is_ascii_hexdigit());
    let written = is_hex
        .then(|| u16::from_str_radix(field.value, 16).ok())
        .flatten()
        .ok_or_else(|| fault(FaultKind::CrcMalformed))?;
    // The checksum covers its own id and length, "6304".
    let computed = crc16(&text.as_bytes()[start..field.at + HEADER_BYTES]);
    if computed == written {
        Ok(())
    } else {
        Err(fault(FaultKind::CrcMismatch { written, computed }))
    }
}

/// A required field that is not there, reported where the text could have held it.
pub fn missing(position: usize, path: Path) -> Fault {
    Fault { position, path, kind: FaultKind::Missing }
}
