//! Merchant name and city in the form every bank accepts.
//!
//! Owns the folding of accents and the cut. Invariant: the result is printable ASCII in upper
//! case, within the limit, without blanks at its ends or two in a row.

use std::borrow::Cow;

use super::rules::{CITY_CHARS_MAX, NAME_CHARS_MAX};

/// The value of field 59: accents are dropped (`São` is `SAO`), letters become upper case, runs of
/// blanks become one, and what is past 25 characters is cut, also inside a word. Characters
/// without an ASCII counterpart are dropped, so a name of only those comes out empty, which
/// [`encode`](super::BrCode::encode) refuses.
pub fn merchant_name(name: &str) -> Cow<'_, str> {
    fold(name, NAME_CHARS_MAX)
}

/// The value of field 60: as [`merchant_name`], cut at 15 characters.
pub fn merchant_city(city: &str) -> Cow<'_, str> {
    fold(city, CITY_CHARS_MAX)
}

fn fold(text: &str, chars_max: usize) -> Cow<'_, str> {
    if is_folded(text, chars_max) {
        return Cow::Borrowed(text);
    }
    let mut folded = String::with_capacity(chars_max);
    for word in text.split_whitespace() {
        if folded.len() >= chars_max {
            break;
        }
        let before = folded.len();
        if before > 0 {
            folded.push(' ');
        }
        let start = folded.len();
        for character in word.chars() {
            match ascii_for(character) {
                Some(replacement) => folded.push_str(replacement),
                None if character.is_ascii_graphic() => {
                    folded.push(character.to_ascii_uppercase());
                }
                None => {}
            }
        }
        if folded.len() == start {
            folded.truncate(before);
        }
    }
    folded.truncate(chars_max);
    folded.truncate(folded.trim_end().len());
    Cow::Owned(folded)
}

fn is_folded(text: &str, chars_max: usize) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= chars_max
        && bytes.iter().all(|byte| matches!(byte, b' '..=b'~') && !byte.is_ascii_lowercase())
        && bytes.first() != Some(&b' ')
        && bytes.last() != Some(&b' ')
        && !bytes.windows(2).any(|pair| pair == b"  ")
}

/// The ASCII spelling of a Latin letter or typographic sign, already in upper case.
fn ascii_for(character: char) -> Option<&'static str> {
    Some(match character {
        'á' | 'à' | 'â' | 'ã' | 'ä' | 'å' | 'ª' | 'Á' | 'À' | 'Â' | 'Ã' | 'Ä' | 'Å' => {
            "A"
        }
        'é' | 'è' | 'ê' | 'ë' | 'É' | 'È' | 'Ê' | 'Ë' => "E",
        'í' | 'ì' | 'î' | 'ï' | 'Í' | 'Ì' | 'Î' | 'Ï' => "I",
        'ó' | 'ò' | 'ô' | 'õ' | 'ö' | 'ø' | 'º' | 'Ó' | 'Ò' | 'Ô' | 'Õ' | 'Ö' | 'Ø' => {
            "O"
        }
        'ú' | 'ù' | 'û' | 'ü' | 'Ú' | 'Ù' | 'Û' | 'Ü' => "U",
        'ç' | 'Ç' => "C",
        'ñ' | 'Ñ' => "N",
        'ý' | 'ÿ' | 'Ý' | 'Ÿ' => "Y",
        'š' | 'Š' => "S",
        'ž' | 'Ž' => "Z",
        'æ' | 'Æ' => "AE",
        'œ' | 'Œ' => "OE",
        'ß' | 'ẞ' => "SS",
        '\u{2010}'..='\u{2015}' => "-",
        '‘' | '’' | '´' => "'",
        '“' | '”' => "\"",
        '…' => "...",
        _ => return None,
    })
}
