//! The header of an OFX file: lines of `KEY:VALUE` (1.x) or an `<?OFX ..?>` instruction (2.x).
//!
//! Owns: whether there is one, and whether it names an encoding that is read. Does not own the
//! choice of the encoding: banks declare one and write another, so bytes decide.
//! Invariant: a header that is on one line, with or without spaces, says the same as one on nine.

use crate::fault::quoted;

/// Keys of the header block. Source: OFX 1.6, section 2.2.
const KEYS: [&str; 9] = [
    "OFXHEADER:",
    "DATA:",
    "VERSION:",
    "SECURITY:",
    "ENCODING:",
    "CHARSET:",
    "COMPRESSION:",
    "OLDFILEUID:",
    "NEWFILEUID:",
];
/// Values of ENCODING, CHARSET and of the XML declaration that mean UTF-8, Windows-1252 or part of
/// one of them. `UNICODE` in UTF-16 has binary zeros, and is refused for them.
const READ: [&str; 21] = [
    "",
    "NONE",
    "0",
    "USASCII",
    "US-ASCII",
    "ASCII",
    "UTF-8",
    "UTF8",
    "UNICODE",
    "1252",
    "CP1252",
    "CP-1252",
    "WINDOWS-1252",
    "WINDOWS1252",
    "ANSI",
    "8859-1",
    "ISO-8859-1",
    "ISO8859-1",
    "ISO-8859-15",
    "LATIN1",
    "LATIN-1",
];

/// What the text before the first element, or an instruction there, is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    Ofx,
    /// Nothing that says OFX.
    Other,
}

/// Reads the text before the first element.
pub(super) fn block(text: &[u8]) -> Result<Header, String> {
    let text = String::from_utf8_lossy(text).to_ascii_uppercase();
    if !text.contains("OFXHEADER") {
        return Ok(Header::Other);
    }
    readable(value(&text, "ENCODING:"))?;
    readable(value(&text, "CHARSET:"))?;
    if !["", "NONE"].contains(&value(&text, "COMPRESSION:")) {
        return Err("the file is compressed; export it without compression".to_owned());
    }
    Ok(Header::Ofx)
}

/// Reads `?xml ..?` or `?OFX ..?`.
pub(super) fn instruction(text: &[u8]) -> Result<Header, String> {
    let text = String::from_utf8_lossy(text).to_ascii_uppercase();
    if text.starts_with("?XML") {
        let encoding = text.split_once("ENCODING").map_or("", |(_, rest)| rest);
        readable(encoding.split(['"', '\'']).nth(1).unwrap_or_default())?;
    }
    let ofx = text.starts_with("?OFX") && text.contains("OFXHEADER");
    Ok(if ofx { Header::Ofx } else { Header::Other })
}

/// The value behind `key`, up to a space or the next key.
fn value<'a>(header: &'a str, key: &str) -> &'a str {
    let Some((_, rest)) = header.split_once(key) else { return "" };
    let rest = rest.trim_start_matches([' ', '\t']);
    let end = KEYS.iter().filter_map(|next| rest.find(next)).min().unwrap_or(rest.len());
    rest[..end].split_whitespace().next().unwrap_or_default()
}

fn readable(encoding: &str) -> Result<(), String> {
    if READ.contains(&encoding.trim()) {
        return Ok(());
    }
    let shown = quoted(encoding);
    Err(format!("the encoding {shown} is not read; export the file in UTF-8 or Windows-1252"))
}

#[cfg(test)]
mod tests;
