//! The tag-length-value layer: two-digit id, two-digit length, value.
//!
//! Owns the walk over fields and its positions. Knows no field's meaning. Invariant: a value is a
//! slice of the text given, so nothing is copied, and no input makes the walk panic.

use std::ops::Range;

use super::fault::{Fault, FaultKind, Path};

/// Bytes of a field before its value.
pub const HEADER_BYTES: usize = 4;

/// How a writer counted the two-digit lengths. For ASCII text both are the same.
#[derive(Clone, Copy)]
pub enum LengthUnit {
    /// Characters, as EMV says.
    Chars,
    /// UTF-8 bytes, a common mistake.
    Bytes,
}

/// One field as it stands in the text.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    pub id: u8,
    /// Byte offset of the id in the whole text.
    pub at: usize,
    pub value: &'a str,
}

impl Field<'_> {
    /// Byte offset of the value in the whole text.
    pub fn value_at(&self) -> usize {
        self.at + HEADER_BYTES
    }

    fn value_range(&self) -> Range<usize> {
        self.value_at()..self.value_at() + self.value.len()
    }
}

/// A walk over the fields in one stretch of a text.
pub struct Cursor<'a> {
    text: &'a str,
    range: Range<usize>,
    unit: LengthUnit,
    template: Option<u8>,
    /// The ids met so far, a bit each.
    seen: u128,
}

impl<'a> Cursor<'a> {
    /// Walks the outermost fields of `text[range]`; `range` lies on character boundaries.
    pub fn new(text: &'a str, range: Range<usize>, unit: LengthUnit) -> Self {
        Self { text, range, unit, template: None, seen: 0 }
    }

    /// Walks the fields inside `template`, a field this cursor returned.
    pub fn inside(&self, template: &Field<'a>) -> Self {
        Self {
            text: self.text,
            range: template.value_range(),
            unit: self.unit,
            template: Some(template.id),
            seen: 0,
        }
    }

    /// The next field, `None` at the end. An id met before on this level is a fault: two readers
    /// would not agree on which of the two fields counts.
    pub fn next_field(&mut self) -> Result<Option<Field<'a>>, Fault> {
        let at = self.range.start;
        let header = match self.text.as_bytes().get(self.range.clone()) {
            None | Some([]) => return Ok(None),
            Some(header) => header,
        };
        let here = self.template.map_or(Path::Text, Path::Root);
        let id = two_digits(header).ok_or_else(|| {
            let cut = header.len() < 2 && header[0].is_ascii_digit();
            let kind = if cut { FaultKind::HeaderCut } else { FaultKind::IdNotDigits };
            Fault { position: at, path: here, kind }
        })?;
        let path = Path::of(self.template, id);
        let declared = two_digits(&header[2..]).ok_or_else(|| {
            let cut = header[2..].iter().take(2).all(u8::is_ascii_digit);
            let kind = if cut { FaultKind::HeaderCut } else { FaultKind::LengthNotDigits };
            Fault { position: at + 2, path, kind }
        })?;
        let value = self.take(at + HEADER_BYTES, usize::from(declared)).map_err(|kind| Fault {
            position: at,
            path,
            kind,
        })?;
        let bit = 1 << id;
        if self.seen & bit != 0 {
            return Err(Fault { position: at, path, kind: FaultKind::Duplicate });
        }
        self.seen |= bit;
        self.range.start = at + HEADER_BYTES + value.len();
        Ok(Some(Field { id, at, value }))
    }

    fn take(&self, start: usize, declared: usize) -> Result<&'a str, FaultKind> {
        let left = &self.text[start..self.range.end];
        match self.unit {
            LengthUnit::Bytes if declared > left.len() => {
                Err(FaultKind::Truncated { declared, left: left.len() })
            }
            LengthUnit::Bytes => left.get(..declared).ok_or(FaultKind::SplitCharacter),
            LengthUnit::Chars => {
                let mut ends = left.char_indices().map(|(offset, _)| offset).chain([left.len()]);
                let end = ends
                    .nth(declared)
                    .ok_or_else(|| FaultKind::Truncated { declared, left: left.chars().count() })?;
                Ok(&left[..end])
            }
        }
    }
}

/// How the lengths of `text[range]` were counted: in characters, unless only bytes add up.
pub fn length_unit(text: &str, range: &Range<usize>) -> LengthUnit {
    let adds_up = |unit| {
        let mut cursor = Cursor::new(text, range.clone(), unit);
        loop {
            match cursor.next_field() {
                Ok(Some(_)) => {}
                Ok(None) => return true,
                Err(_) => return false,
            }
        }
    };
    let only_bytes = text[range.clone()].is_ascii()
        || (!adds_up(LengthUnit::Chars) && adds_up(LengthUnit::Bytes));
    if only_bytes { LengthUnit::Bytes } else { LengthUnit::Chars }
}

/// The number written in the first two bytes, when both are digits.
fn two_digits(bytes: &[u8]) -> Option<u8> {
    match bytes {
        [tens @ b'0'..=b'9', units @ b'0'..=b'9', ..] => Some((tens - b'0') * 10 + (units - b'0')),
        _ => None,
    }
}
