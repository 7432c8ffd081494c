//! Whether the quotes of a row are where they belong.
//!
//! Owns: noticing what the row reader forgives: text behind a closing quote, a quote that is open
//! at the end. Does not own splitting rows.
//! Invariant: a row of one well-formed line is always sound.

/// Where the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    FieldStart,
    Bare,
    Quoted,
    /// Behind a quote that closes the field, unless another follows.
    Closed,
}

/// Watches the bytes of one row after another.
#[derive(Debug)]
pub(super) struct Quotes {
    delimiter: u8,
    at: At,
    sound: bool,
    /// The file ended with a quote open.
    cut: bool,
}

impl Quotes {
    pub(super) fn new(delimiter: u8) -> Self {
        Self { delimiter, at: At::FieldStart, sound: true, cut: false }
    }

    pub(super) fn watch(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let ends = *byte == self.delimiter || b"\r\n".contains(byte);
            self.at = match (self.at, *byte) {
                (At::Quoted, b'"') => At::Closed,
                (At::Quoted, _) => At::Quoted,
                (At::Closed, b'"') => At::Quoted,
                (_, _) if ends => At::FieldStart,
                (At::FieldStart, b'"') => At::Quoted,
                (At::Closed, _) => {
                    self.sound = false;
                    At::Bare
                }
                (At::FieldStart | At::Bare, _) => At::Bare,
            };
        }
    }

    /// Whether the quotes of the row that ended here are sound; the next row begins.
    pub(super) fn end_row(&mut self) -> bool {
        let sound = self.sound && !self.cut;
        self.sound = true;
        self.at = At::FieldStart;
        sound
    }

    /// The file ended.
    pub(super) fn end_file(&mut self) {
        self.cut = self.at == At::Quoted;
    }
}
