//! Tags and the text before each, out of bytes that come in chunks.
//!
//! Owns: what is a tag and what is a `<` inside a text, comments, CDATA, instructions, the limits
//! of one element. Does not own what a tag means, nor encodings: texts stay bytes.
//! Invariant: at most one element is held; no declaration (DOCTYPE, ENTITY) is ever expanded.

use crate::fault::FileRefused;

/// Bytes of the longest text of an element. OFX 1.6 allows 255 characters to a MEMO.
pub(super) const TEXT_BYTES_MAX: usize = 8_192;
/// Bytes of the longest comment, CDATA section or instruction.
const MARKUP_BYTES_MAX: usize = 8_192;
/// Characters of the longest tag name.
const NAME_BYTES_MAX: usize = 64;
/// Declarations by which an XML file makes its reader do more than read.
const DECLARATIONS: [&[u8]; 5] = [b"DOCTYPE", b"ENTITY", b"ELEMENT", b"ATTLIST", b"NOTATION"];
const COMMENT: &[u8] = b"!--";
const CDATA: &[u8] = b"![CDATA[";
/// The one element that may have attributes; OFX 2 writers put name spaces there.
const ROOT: &[u8] = b"OFX";

/// What stands between `<` and `>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// In upper case.
    Open(String),
    /// In upper case.
    Close(String),
    /// `<?..?>` without its brackets.
    Instruction(Vec<u8>),
}

/// A tag and the text between it and the tag before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    /// Line of its `<`, from 1.
    pub(super) line: u64,
    pub(super) text: Vec<u8>,
    pub(super) mark: Mark,
}

/// What the bytes since the last `<` are, as far as they tell.
enum Bracket {
    /// They may become a tag.
    Open,
    /// They are a tag.
    Mark(Mark),
    /// They are a comment that ended.
    Comment,
    /// They are a CDATA section that ended.
    Cdata,
    /// They are no markup: the `<` belongs to the text.
    Text,
}

/// The element that is being read.
#[derive(Debug)]
pub(super) struct Markup {
    text: Vec<u8>,
    /// What follows `<`; `None` outside of brackets.
    bracket: Option<Vec<u8>>,
    /// Line of that `<`.
    bracket_line: u64,
    pub(super) line: u64,
}

impl Markup {
    pub(super) fn new() -> Self {
        Self { text: Vec::new(), bracket: None, bracket_line: 1, line: 1 }
    }

    /// Takes bytes off the front of `bytes` and gives the tag that they end; `None` when all were
    /// taken.
    pub(super) fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<Tag>, FileRefused> {
        while let Some((byte, rest)) = bytes.split_first() {
            if self.bracket.is_none() && *byte != b'<' {
                let end = bytes.iter().position(|byte| *byte == b'<').unwrap_or(bytes.len());
                let (text, behind) = bytes.split_at(end);
                self.append(text)?;
                self.line += text.iter().filter(|byte| **byte == b'\n').count() as u64;
                *bytes = behind;
                continue;
            }
            *bytes = rest;
            let mark = self.take(*byte)?;
            if *byte == b'\n' {
                self.line += 1;
            }
            if let Some(mark) = mark {
                let text = std::mem::take(&mut self.text);
                return Ok(Some(Tag { line: self.bracket_line, text, mark }));
            }
        }
        Ok(None)
    }

    /// What is left behind the last tag.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        let mut text = std::mem::take(&mut self.text);
        if let Some(bracket) = self.bracket.take() {
            text.push(b'<');
            text.extend(bracket);
        }
        text
    }

    fn take(&mut self, byte: u8) -> Result<Option<Mark>, FileRefused> {
        let Some(bracket) = &mut self.bracket else {
            return self.take_text(byte).map(|()| None);
        };
        let was = bracket_of(bracket, byte).map_err(|why| FileRefused::new(self.line, why))?;
        if !matches!(was, Bracket::Text) {
            bracket.push(byte);
        }
        match was {
            Bracket::Open => Ok(None),
            Bracket::Mark(mark) => {
                self.bracket = None;
                Ok(Some(mark))
            }
            Bracket::Comment => {
                self.bracket = None;
                Ok(None)
            }
            Bracket::Cdata => {
                let section = self.bracket.take().unwrap_or_default();
                self.take_literally(&section[CDATA.len()..section.len() - 3]).map(|()| None)
            }
            Bracket::Text => {
                let taken = self.bracket.take().unwrap_or_default();
                self.append(b"<")?;
                self.append(&taken)?;
                self.take_text(byte).map(|()| None)
            }
        }
    }

    /// The byte is outside of brackets, unless it opens one.
    fn take_text(&mut self, byte: u8) -> Result<(), FileRefused> {
        if byte == b'<' {
            self.bracket = Some(Vec::new());
            self.bracket_line = self.line;
            return Ok(());
        }
        self.append(&[byte])
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), FileRefused> {
        if self.text.len() + bytes.len() > TEXT_BYTES_MAX {
            let reason = format!("the text of an element is over {TEXT_BYTES_MAX} bytes");
            return Err(FileRefused::new(self.line, reason));
        }
        self.text.extend_from_slice(bytes);
        Ok(())
    }

    /// In a CDATA section an ampersand is only itself, so it becomes the entity it would else be.
    fn take_literally(&mut self, section: &[u8]) -> Result<(), FileRefused> {
        for byte in section {
            match byte {
                b'<' => self.append(b"&lt;")?,
                b'&' => self.append(b"&amp;")?,
                other => self.append(&[*other])?,
            }
        }
        Ok(())
    }
}

/// What `bracket` and then `byte` are.
fn bracket_of(bracket: &[u8], byte: u8) -> Result<Bracket, String> {
    match bracket.first().copied().unwrap_or(byte) {
        b'?' => long_markup(bracket, byte, b"").map(|ended| {
            let instruction = || Bracket::Mark(Mark::Instruction(bracket.to_vec()));
            if ended { instruction() } else { Bracket::Open }
        }),
        b'!' => exclaimed(bracket, byte),
        _ => Ok(named(bracket, byte)),
    }
}

/// Markup that starts with `!`.
fn exclaimed(bracket: &[u8], byte: u8) -> Result<Bracket, String> {
    if bracket.starts_with(COMMENT) {
        let ended = bracket.len() >= COMMENT.len() + 2 && long_markup(bracket, byte, b"--")?;
        return Ok(if ended { Bracket::Comment } else { Bracket::Open });
    }
    if bracket.starts_with(CDATA) {
        let ended = bracket.len() >= CDATA.len() + 2 && long_markup(bracket, byte, b"]]")?;
        return Ok(if ended { Bracket::Cdata } else { Bracket::Open });
    }
    let next: Vec<u8> = bracket.iter().copied().chain([byte]).collect();
    if COMMENT.starts_with(&next) || CDATA.starts_with(&next) {
        return Ok(Bracket::Open);
    }
    let word = &next[1..];
    if DECLARATIONS.iter().any(|declared| declared.eq_ignore_ascii_case(word)) {
        let shown = String::from_utf8_lossy(word).to_ascii_uppercase();
        return Err(format!(
            "the file declares <!{shown}>, which no statement needs; export it \
                            again from the bank"
        ));
    }
    let may_declare = DECLARATIONS.iter().any(|declared| {
        declared.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
    });
    Ok(if may_declare { Bracket::Open } else { Bracket::Text })
}

/// Whether `byte` ends markup that ends with `end` and `>`; otherwise its length is bounded.
fn long_markup(bracket: &[u8], byte: u8, end: &[u8]) -> Result<bool, String> {
    if byte == b'>' && bracket.ends_with(end) {
        return Ok(true);
    }
    if bracket.len() >= MARKUP_BYTES_MAX {
        return Err(format!("a comment or instruction is over {MARKUP_BYTES_MAX} bytes"));
    }
    Ok(false)
}

/// An opening or closing tag: `NAME`, `/NAME`, `NAME/`, spaces behind; the root with attributes.
fn named(bracket: &[u8], byte: u8) -> Bracket {
    let closing = bracket.first() == Some(&b'/');
    let inner = bracket.strip_prefix(b"/").unwrap_or(bracket);
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-:".contains(byte);
    let length = inner.iter().take_while(|byte| is_name(byte)).count();
    let (name, tail) = inner.split_at(length);
    let attributes = !closing && name.eq_ignore_ascii_case(ROOT);
    let bounded = bracket.len() < if attributes { MARKUP_BYTES_MAX } else { NAME_BYTES_MAX };
    if byte == b'>' && !name.is_empty() {
        let name = String::from_utf8_lossy(name).to_ascii_uppercase();
        return Bracket::Mark(if closing { Mark::Close(name) } else { Mark::Open(name) });
    }
    let goes_on = if tail.is_empty() {
        match byte {
            b'/' => name.is_empty() && !closing || !name.is_empty(),
            b' ' | b'\t' | b'\r' | b'\n' => !name.is_empty(),
            _ if name.is_empty() => byte.is_ascii_alphabetic(),
            _ => is_name(&byte),
        }
    } else {
        attributes && byte != b'<' || matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'/')
    };
    if goes_on && bounded { Bracket::Open } else { Bracket::Text }
}

#[cfg(test)]
mod tests;
