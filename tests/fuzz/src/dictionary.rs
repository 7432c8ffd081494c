//! Dictionaries as libFuzzer reads them: a quoted token a line, `#` before a comment.

/// The tokens of a dictionary; panics on a line libFuzzer would refuse.
pub fn tokens(file: &str) -> Vec<Vec<u8>> {
    let lines = file.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(token).collect()
}

fn token(line: &str) -> Vec<u8> {
    let quoted = line.strip_prefix('"').and_then(|line| line.strip_suffix('"'));
    let mut rest = quoted.unwrap_or_else(|| panic!("{line} is not quoted"));
    let mut bytes = Vec::new();
    while let Some((before, escape)) = rest.split_once('\\') {
        bytes.extend(before.bytes());
        let length = if let Some(hex) = escape.strip_prefix('x') {
            let hex = hex.get(..2).unwrap_or_else(|| panic!("{line} ends in an escape"));
            bytes.push(u8::from_str_radix(hex, 16).unwrap());
            3
        } else {
            assert!(escape.starts_with(['\\', '"']), "{line} has another escape");
            bytes.push(escape.as_bytes()[0]);
            1
        };
        rest = &escape[length..];
    }
    bytes.extend(rest.bytes());
    bytes
}

#[test]
fn an_escape_reaches_the_reader_as_it_is_written() {
    let file = "# A comment.\n\n\"a\\\"b\\\\c\"\n\"\\x0d\\x0Az\"\n";
    assert_eq!(tokens(file), [b"a\"b\\c".to_vec(), b"\r\nz".to_vec()]);
}
