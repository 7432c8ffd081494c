//! Reading of a source into tags and words, by the same rules as the engine reads it.
//!
//! Owns the lexical part of the language. It takes less than the engine does, so what passes here
//! means the same there: no strings with escapes, no brackets, no arithmetic, no raw text.

use quita_core::violation::Violation;

/// Most words of one tag: bounds how deep the engine's parser goes in one expression.
pub(super) const TAG_WORDS_MAX: usize = 60;

/// A word of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word<'a> {
    Name(&'a str),
    Text(&'a str),
    Number,
    /// `.`, `|`, `(`, `)`, `,` or a comparison.
    Sign(&'a str),
}

/// What stands between two markers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// Whether it prints (`{{ }}`) or steers (`{% %}`).
    pub prints: bool,
    pub line: usize,
    pub words: Vec<Word<'a>>,
}

const SIGNS: [&str; 11] = ["==", "!=", "<=", ">=", ".", "|", "(", ")", ",", "<", ">"];

/// Reads the tags of a source.
///
/// # Errors
/// The first thing that is not in the language: what follows it cannot be read for certain.
pub(super) fn tags<'a>(property: &str, source: &'a str) -> Result<Vec<Tag<'a>>, Violation> {
    let mut tags = Vec::new();
    let mut at = 0;
    while let Some(open) = source[at..].find('{').map(|found| at + found) {
        let end = match source.as_bytes().get(open + 1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            Some(b'#') => "#}",
            _ => {
                at = open + 1;
                continue;
            }
        };
        let line = line_of(source, open);
        let told = |reason: String| fault(property, line, &reason);
        if end == "#}" {
            let close = source[open + 2..].find(end);
            let close = close.ok_or_else(|| told("the comment has no end".to_owned()))?;
            at = open + 2 + close + end.len();
            continue;
        }
        let mut reader = Reader { source, at: open + 2, words: Vec::new(), open: 0 };
        if matches!(source.as_bytes().get(open + 2), Some(b'-' | b'+')) {
            reader.at += 1;
        }
        reader.read(end).map_err(told)?;
        at = reader.at;
        let words = reader.words;
        if words.is_empty() {
            return Err(told("the tag is empty".to_owned()));
        }
        tags.push(Tag { prints: end == "}}", line, words });
    }
    Ok(tags)
}

/// A fault of a line of a source.
pub(super) fn fault(property: &str, line: usize, reason: &str) -> Violation {
    Violation::new(property, format!("line {line}: {reason}"))
}

fn line_of(source: &str, at: usize) -> usize {
    source[..at].bytes().filter(|byte| *byte == b'\n').count() + 1
}

struct Reader<'a> {
    source: &'a str,
    at: usize,
    words: Vec<Word<'a>>,
    /// Parentheses that are open: the end of a tag is none inside of them.
    open: usize,
}

impl<'a> Reader<'a> {
    /// Reads up to and with the end marker.
    fn read(&mut self, end: &str) -> Result<(), String> {
        loop {
            let spaces = |c: char| c.is_ascii_whitespace();
            let rest = self.source[self.at..].trim_start_matches(spaces);
            self.at = self.source.len() - rest.len();
            if self.open == 0 {
                let stripped = rest.strip_prefix(['-', '+']).unwrap_or(rest);
                if let Some(after) = rest.strip_prefix(end).or(stripped.strip_prefix(end)) {
                    self.at = self.source.len() - after.len();
                    return Ok(());
                }
            }
            if self.words.len() == TAG_WORDS_MAX {
                return Err(format!("a tag has at most {TAG_WORDS_MAX} words"));
            }
            self.word(rest, end)?;
        }
    }

    fn word(&mut self, rest: &'a str, end: &str) -> Result<(), String> {
        let Some(first) = rest.chars().next() else {
            return Err(format!("the tag has no end `{end}`"));
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length_of = |all: fn(char) -> bool| rest.find(|c| !all(c)).unwrap_or(rest.len());
        let (word, length) = if first.is_ascii_digit() {
            (Word::Number, length_of(|c: char| c.is_ascii_digit()))
        } else if is_name(first) {
            let length = length_of(|c: char| c.is_ascii_alphanumeric() || c == '_');
            (Word::Name(&rest[..length]), length)
        } else if matches!(first, '"' | '\'') {
            let inner = &rest[1..];
            let length = inner.find(first).ok_or("a text in quotes has no end")?;
            if inner[..length].contains('\\') {
                return Err("`\\` is not offered inside of a text in quotes".to_owned());
            }
            (Word::Text(&inner[..length]), length + 2)
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            match sign {
                "(" => self.open += 1,
                ")" => self.open = self.open.checked_sub(1).ok_or("`)` closes nothing")?,
                _ => {}
            }
            (Word::Sign(sign), sign.len())
        } else {
            return Err(format!("`{first}` is not offered in a tag"));
        };
        self.words.push(word);
        self.at += length;
        Ok(())
    }
}
