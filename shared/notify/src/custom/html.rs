//! Looking at rendered HTML as a mail reader would: what can be seen of it, and what its tags hold.
//!
//! Owns a reading that is good enough to check a message with. It is no sanitizer: mail readers run
//! no scripts, and what a merchant sends is its own.

/// A piece of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    /// What stands between `<` and `>`.
    Tag(&'a str),
}

/// Elements whose text is not shown.
const UNSEEN: [&str; 4] = ["head", "style", "script", "template"];
/// Longest character reference that is read, in bytes.
const REFERENCE_BYTES_MAX: usize = 10;

/// The pieces of a page, without comments and without what stands in an unseen element.
pub(super) fn pieces(html: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = html;
    while let Some((text, after)) = rest.split_once('<') {
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        if let Some(comment) = after.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let end = end_of_tag(after);
        let tag = &after[..end];
        pieces.push(Piece::Tag(tag));
        rest = after.get(end + 1..).unwrap_or_default();
        if UNSEEN.contains(&name(tag).as_str()) {
            rest = after_element(rest, &name(tag));
        }
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

/// What a reader sees.
pub(super) fn visible(html: &str) -> String {
    let text = pieces(html).into_iter().filter_map(|piece| match piece {
        Piece::Text(text) => Some(decoded(text)),
        Piece::Tag(_) => None,
    });
    text.collect()
}

/// Whether a picture of that address is shown.
pub(super) fn shows_picture(html: &str, address: &str) -> bool {
    pieces(html).into_iter().any(|piece| match piece {
        Piece::Tag(tag) => {
            let tag_of = decoded(tag);
            let quoted = ['"', '\''].map(|quote| format!("src={quote}{address}{quote}"));
            name(tag) == "img" && quoted.iter().any(|quoted| tag_of.contains(quoted))
        }
        Piece::Text(_) => false,
    })
}

/// The name of a tag, in lower case; `/p` is the end of `p`.
pub(super) fn name(tag: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '/';
    tag.chars().take_while(|c| plain(*c)).collect::<String>().to_ascii_lowercase()
}

/// A tag without what stands in quotes.
pub(super) fn unquoted(tag: &str) -> String {
    let mut quote = None;
    let mut bare = String::with_capacity(tag.len());
    for c in tag.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None => bare.push(c),
        }
    }
    bare
}

/// Where a tag ends: at the first `>` outside of quotes, or with the page.
fn end_of_tag(html: &str) -> usize {
    let mut quote = None;
    for (at, c) in html.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if c == '>' => return at,
            None => {}
        }
    }
    html.len()
}

/// What follows the end of an element; nothing where it has none.
fn after_element<'a>(html: &'a str, name: &str) -> &'a str {
    let end = format!("</{name}");
    // Lower-casing ASCII alone keeps every byte in its place.
    let found = html.to_ascii_lowercase().find(&end);
    found.map_or("", |at| &html[at..])
}

/// Text with its character references read.
pub(super) fn decoded(text: &str) -> String {
    let mut read = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        read.push_str(before);
        let end = after.bytes().take(REFERENCE_BYTES_MAX).position(|byte| byte == b';');
        match end.and_then(|end| Some((reference(&after[..end])?, end))) {
            Some((c, end)) => {
                read.push(c);
                rest = &after[end + 1..];
            }
            None => {
                read.push('&');
                rest = after;
            }
        }
    }
    read + rest
}

fn reference(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "nbsp" => Some('\u{A0}'),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}
