use super::{Line, Lines};

fn split(chunks: &[&[u8]], line_bytes_max: usize) -> Result<Vec<(u64, String)>, u64> {
    let mut lines = Lines::new(line_bytes_max);
    let mut seen = Vec::new();
    let shown = |line: Line| (line.number, String::from_utf8(line.bytes).unwrap());
    for mut chunk in chunks.iter().copied() {
        while let Some(line) = lines.next(&mut chunk).map_err(|refused| refused.line)? {
            seen.push(shown(line));
        }
    }
    seen.extend(lines.finish().map_err(|refused| refused.line)?.map(shown));
    Ok(seen)
}

fn numbered(lines: &[&str]) -> Result<Vec<(u64, String)>, u64> {
    Ok((1..).zip(lines.iter().map(|line| (*line).to_owned())).collect())
}

#[test]
fn a_line_cut_by_a_chunk_is_one_line() {
    let whole: &[u8] = b"abc\r\nde\n\nf";
    for cut in 0..=whole.len() {
        let (head, tail) = whole.split_at(cut);
        assert_eq!(split(&[head, tail], 3), numbered(&["abc", "de", "", "f"]), "cut at {cut}");
    }
}

#[test]
fn a_line_end_at_the_end_is_not_one_line_more() {
    assert_eq!(split(&[b"a\n"], 3), numbered(&["a"]));
    assert_eq!(split(&[b""], 3), numbered(&[]));
}

#[test]
fn a_line_without_end_is_not_held_for_ever() {
    assert_eq!(split(&[b"ab\nabcd\n"], 3), Err(2));
    assert_eq!(split(&[b"ab\nab", b"cdefghijkl"], 3), Err(2));
    assert_eq!(split(&[b"abcd"], 3), Err(1));
}
