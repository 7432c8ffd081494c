//! Which of two encodings a text has, and the text cleaned for people.
//!
//! Owns: UTF-8 against Windows-1252 (which covers ISO 8859-1), and the characters that are dropped.
//! Does not own what a file declares; declarations are often wrong, so bytes decide.
//! Invariant: decoding never fails, and cleaned text has no control or direction characters.

use encoding_rs::WINDOWS_1252;

/// How the characters beyond ASCII are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charset {
    Utf8,
    Windows1252,
}

/// Decodes the texts of a file that is not trusted to say its encoding.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    /// What the first text beyond ASCII was in.
    first: Option<Charset>,
}

impl Decoder {
    /// The text of `bytes`.
    ///
    /// Bytes that are a whole UTF-8 text are one: Portuguese in Windows-1252 never is. A lone lead
    /// byte at the end is `É` in a file of Windows-1252, and a character cut by a length limit in
    /// one of UTF-8.
    pub(crate) fn text(&mut self, bytes: &[u8]) -> String {
        let Some(guess) = guess(bytes) else {
            return String::from_utf8_lossy(bytes).into_owned();
        };
        let first = *self.first.get_or_insert(guess);
        let cut = std::str::from_utf8(bytes).err().filter(|fault| fault.error_len().is_none());
        match (guess, cut) {
            (Charset::Windows1252, Some(cut)) if first == Charset::Utf8 => {
                String::from_utf8_lossy(&bytes[..cut.valid_up_to()]).into_owned()
            }
            (Charset::Utf8, Some(cut)) => {
                String::from_utf8_lossy(&bytes[..cut.valid_up_to()]).into_owned()
            }
            (Charset::Utf8, None) => String::from_utf8_lossy(bytes).into_owned(),
            (Charset::Windows1252, _) => windows_1252(bytes),
        }
    }
}

/// What `bytes` are in; `None` when they are ASCII, which is the same in both.
pub(crate) fn guess(bytes: &[u8]) -> Option<Charset> {
    if bytes.is_ascii() {
        return None;
    }
    let utf8 = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(fault) => !bytes[..fault.valid_up_to()].is_ascii(),
    };
    Some(if utf8 { Charset::Utf8 } else { Charset::Windows1252 })
}

/// The text of bytes in Windows-1252.
pub(crate) fn windows_1252(bytes: &[u8]) -> String {
    WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()
}

/// A text for people: control and direction characters are gone, spaces are single.
pub(crate) fn cleaned(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !is_invisible(*c)) {
        if !(c.is_control() || c.is_whitespace()) {
            clean.push(c);
        } else if !clean.is_empty() && !clean.ends_with(' ') {
            clean.push(' ');
        }
    }
    clean.truncate(clean.trim_end().len());
    clean
}

/// Characters that reorder or hide their neighbours.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests;
