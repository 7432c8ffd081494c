//! The GSM 7-bit default alphabet, and how many parts a text takes in it.
//!
//! Owns the table, its extension and the spelling of everything outside of both. One letter
//! outside, such as `ã` or `ç`, would turn the whole message into UCS-2 with 70 characters a part.
//!
//! Source: 3GPP TS 23.038 section 6.2.1 (alphabet), TS 23.040 section 9.2.3.24 (concatenation).

/// Septets of a message that is one part.
pub const SINGLE_SEPTETS_MAX: usize = 160;
/// Septets of each part when there are several: a header takes the rest.
pub const PART_SEPTETS_MAX: usize = 153;

/// One septet each. `é`, `à`, `ò` and `Ç` are here; `ç`, `ã`, `á` and `ú` are not.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
    ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Two septets each: an escape comes first.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// Spells `text` in the alphabet: accents that it lacks are dropped, typographic marks become plain
/// ones, control characters other than a line feed vanish, and what is left becomes `?`.
///
/// What is in the alphabet stays as it is, so a second pass changes nothing.
pub fn transliterate(text: &str) -> String {
    let mut spelt = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => spelt.push('\n'),
            '\r' => {}
            c if c.is_whitespace() => spelt.push(' '),
            c if c.is_control() => {}
            c if septets(c).is_some() => spelt.push(c),
            c => spelt.push_str(spelling(c)),
        }
    }
    spelt
}

/// Parts that `text` takes: 0 when it is empty, `None` when it leaves the alphabet or takes more
/// than 255 parts. An escape and its character are never put into two parts.
pub fn parts(text: &str) -> Option<u8> {
    let (mut total, mut parts, mut used) = (0, 1, 0);
    for character in text.chars() {
        let septets = septets(character)?;
        total += septets;
        if used + septets > PART_SEPTETS_MAX {
            parts += 1;
            used = 0;
        }
        used += septets;
    }
    match total {
        0 => Some(0),
        1..=SINGLE_SEPTETS_MAX => Some(1),
        _ => u8::try_from(parts).ok(),
    }
}

fn septets(character: char) -> Option<usize> {
    if BASIC.contains(character) {
        Some(1)
    } else if EXTENSION.contains(character) {
        Some(2)
    } else {
        None
    }
}

/// The nearest thing the alphabet has to a character that it lacks.
fn spelling(character: char) -> &'static str {
    match character {
        'á' | 'â' | 'ã' | 'ā' | 'ă' | 'ą' | 'ª' => "a",
        'Á' | 'À' | 'Â' | 'Ã' | 'Ā' | 'Ă' | 'Ą' => "A",
        'ç' | 'ć' | 'č' | '¢' => "c",
        'Ć' | 'Č' => "C",
        'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'È' | 'Ê' | 'Ë' | 'Ē' | 'Ė' | 'Ę' | 'Ě' => "E",
        'í' | 'î' | 'ï' | 'ī' | 'ı' => "i",
        'Í' | 'Ì' | 'Î' | 'Ï' | 'Ī' | 'İ' => "I",
        'ó' | 'ô' | 'õ' | 'ō' | 'ő' | 'º' | '°' => "o",
        'Ó' | 'Ò' | 'Ô' | 'Õ' | 'Ō' | 'Ő' => "O",
        'ú' | 'û' | 'ū' | 'ů' | 'ű' => "u",
        'Ú' | 'Ù' | 'Û' | 'Ū' | 'Ů' | 'Ű' => "U",
        'ý' | 'ÿ' => "y",
        'Ý' | 'Ÿ' => "Y",
        'š' | 'ś' | 'ş' => "s",
        'Š' | 'Ś' | 'Ş' => "S",
        'ž' | 'ź' | 'ż' => "z",
        'Ž' | 'Ź' | 'Ż' => "Z",
        'ł' => "l",
        'Ł' => "L",
        'ń' | 'ň' => "n",
        'Ń' | 'Ň' => "N",
        'ř' => "r",
        'Ř' => "R",
        'œ' => "oe",
        'Œ' => "OE",
        '‘' | '’' | '‚' | '`' | '´' | '′' => "'",
        '“' | '”' | '„' | '«' | '»' | '″' => "\"",
        '‐' | '‑' | '‒' | '–' | '—' | '−' | '·' | '•' => "-",
        '…' => "...",
        '×' => "x",
        '²' => "2",
        '³' => "3",
        '¹' => "1",
        // Accents written after their letter.
        '\u{300}'..='\u{36F}' => "",
        _ => "?",
    }
}
