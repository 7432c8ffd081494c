//! Cleaning of text that came from outside.
//!
//! Owns the one rule by which a name or a description becomes fit for a header, a chat line or a
//! page: one line, no invisible controls, bounded. Does not escape: that depends on the medium.

/// Longest merchant name shown.
pub(crate) const MERCHANT_NAME_CHARS_MAX: usize = 80;
/// Longest customer name shown.
pub(crate) const CUSTOMER_NAME_CHARS_MAX: usize = 120;
/// Longest invoice number shown.
pub(crate) const INVOICE_NUMBER_CHARS_MAX: usize = 40;
/// Longest description shown.
pub(crate) const DESCRIPTION_CHARS_MAX: usize = 300;
/// Longest purchase order number shown.
pub(crate) const PO_NUMBER_CHARS_MAX: usize = 60;

/// Longest line of a signature shown.
pub(crate) const SIGNATURE_LINE_CHARS_MAX: usize = 500;

const ELLIPSIS: char = '…';

/// Makes `raw` one line of at most `chars_max` characters, cut with an ellipsis when longer.
///
/// Text is cut rather than refused, because a long description must not keep a bill from its payer.
pub(crate) fn one_line(raw: &str, chars_max: usize) -> String {
    // Line breaks and tabs part words, so they become spaces before other controls are dropped.
    let visible: String = raw
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control() && !is_invisible(*c))
        .collect();
    let line = visible.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if line.chars().count() <= chars_max {
        return line;
    }
    let kept: String = line.chars().take(chars_max.saturating_sub(1)).collect();
    format!("{}{ELLIPSIS}", kept.trim_end())
}

/// Characters that show nothing but can reorder or hide the text around them: soft hyphen,
/// zero-width characters, bidirectional controls (Unicode TR 36), byte order mark, tags.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{00AD}'
            | '\u{061C}'
            | '\u{180E}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}'
            | '\u{E0000}'..='\u{E007F}'
    )
}
