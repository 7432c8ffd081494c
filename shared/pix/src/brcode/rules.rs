//! The rule of each field's value, shared by reading and writing.
//!
//! Owns the limits of the BR Code manual. Does not own which rule may be bent: that is
//! [`FaultKind::is_tolerable`]. Invariant: pure functions of the value alone.

use quita_core::money::Money;

use super::fault::FaultKind;

/// Longest text read or written, in characters. Source: API Pix 2.9.0, `pixCopiaECola`.
pub const TEXT_CHARS_MAX: usize = 512;
/// Longest value any field can declare with its two digits.
pub const VALUE_CHARS_MAX: usize = 99;
/// Longest merchant name (field 59).
pub const NAME_CHARS_MAX: usize = 25;
/// Longest merchant city (field 60).
pub const CITY_CHARS_MAX: usize = 15;
/// Longest amount (field 54): ten digits, the dot, two decimals.
pub const AMOUNT_CHARS_MAX: usize = 13;
/// Longest Pix key (26-01). Source: API Pix 2.9.0, `chave`.
pub const KEY_CHARS_MAX: usize = 77;
/// Longest message to the payer (26-02). What the key leaves of template 26 may be less.
pub const DESCRIPTION_CHARS_MAX: usize = 72;
/// Longest location (26-25, 80-25). With the identifier it fills a template exactly.
pub const LOCATION_CHARS_MAX: usize = 77;
/// Longest txid of a static code (62-05).
pub const TXID_CHARS_MAX: usize = 25;
/// Most digits before the dot of an amount.
const AMOUNT_WHOLE_DIGITS_MAX: usize = 10;
const AMOUNT_DECIMALS: usize = 2;
const CEP_DIGITS: usize = 8;
const ISPB_CHARS: usize = 8;
const MCC_DIGITS: usize = 4;
const SCHEMES: [&str; 2] = ["https://", "http://"];

/// The bytes of a path and query in RFC 3986: letters, digits and these signs.
static LOCATION_BYTES: [bool; 256] = {
    let signs = b"-._~!$&'()*+,;=:@%/?";
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let mut sign = 0;
    while sign < signs.len() {
        table[signs[sign] as usize] = true;
        sign += 1;
    }
    table
};

/// Printable ASCII, the only characters every reader counts alike.
pub fn printable(value: &str) -> Result<(), Flaw> {
    if value.bytes().fold(true, |good, byte| good & matches!(byte, b' '..=b'~')) {
        return Ok(());
    }
    every_byte(value, FaultKind::NonAscii, |byte| byte.is_ascii())?;
    every_byte(value, FaultKind::ControlCharacter, |byte| !byte.is_ascii_control())
}

/// A fault inside a value: which kind, at which byte of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flaw {
    pub at: usize,
    pub kind: FaultKind,
}

fn flaw<T>(at: usize, kind: FaultKind) -> Result<T, Flaw> {
    Err(Flaw { at, kind })
}

/// The first byte that breaks `rule`, as a flaw of this kind.
fn every_byte(value: &str, kind: FaultKind, rule: impl Fn(u8) -> bool) -> Result<(), Flaw> {
    match value.bytes().position(|byte| !rule(byte)) {
        None => Ok(()),
        Some(at) => {
            // A byte of a longer character is reported at that character's first byte.
            flaw((0..=at).rev().find(|&at| value.is_char_boundary(at)).unwrap_or(0), kind)
        }
    }
}

/// At least one and at most `max` characters.
pub fn length(value: &str, max: usize) -> Result<(), Flaw> {
    if value.is_empty() {
        return flaw(0, FaultKind::EmptyValue);
    }
    if value.len() <= max {
        return Ok(());
    }
    match value.char_indices().nth(max) {
        None => Ok(()),
        Some((at, _)) => flaw(at, FaultKind::TooLong { max, found: value.chars().count() }),
    }
}

/// Letters and digits of ASCII, in any number.
pub fn txid_alphabet(value: &str) -> Result<(), Flaw> {
    every_byte(value, FaultKind::TxidAlphabet, |byte| byte.is_ascii_alphanumeric())
}

/// Eight digits.
pub fn cep(value: &str) -> Result<(), Flaw> {
    digits(value, CEP_DIGITS, FaultKind::Cep)
}

/// Four digits.
pub fn merchant_category(value: &str) -> Result<(), Flaw> {
    digits(value, MCC_DIGITS, FaultKind::MerchantCategory)
}

/// Eight letters or digits; letters since 2026.
pub fn ispb(value: &str) -> Result<(), Flaw> {
    every_byte(value, FaultKind::Ispb, |byte| byte.is_ascii_alphanumeric())?;
    if value.len() == ISPB_CHARS { Ok(()) } else { flaw(0, FaultKind::Ispb) }
}

fn digits(value: &str, count: usize, kind: FaultKind) -> Result<(), Flaw> {
    every_byte(value, kind, |byte| byte.is_ascii_digit())?;
    if value.len() == count { Ok(()) } else { flaw(0, kind) }
}

/// `host/path`, at most 77 characters, no scheme, no credentials, no fragment.
pub fn location(value: &str) -> Result<(), Flaw> {
    if without_scheme(value).len() < value.len() {
        return flaw(0, FaultKind::LocationScheme);
    }
    length(value, LOCATION_CHARS_MAX)?;
    every_byte(value, FaultKind::LocationMalformed, |byte| LOCATION_BYTES[usize::from(byte)])?;
    match (host(value), value.split_once('/')) {
        (Some(_), Some((_, path))) if !path.is_empty() => Ok(()),
        _ => flaw(0, FaultKind::LocationMalformed),
    }
}

/// A location after its `https://` or `http://`, in any case, if it has one.
pub fn without_scheme(value: &str) -> &str {
    SCHEMES
        .iter()
        .find(|scheme| {
            value.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        })
        .map_or(value, |scheme| &value[scheme.len()..])
}

/// The host a location names, without its port; `None` when what stands before the first `/`
/// is not a host, as with credentials (`bank.example@elsewhere.example/x`).
pub fn host(location: &str) -> Option<&str> {
    let authority = location.split('/').next()?;
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let is_host = !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    (is_host && port.is_none_or(is_port)).then_some(host)
}

/// An amount as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    pub money: Money,
    /// Whether it has the two decimals we write ourselves. `10`, `10.` and `10.5` are legal EMV
    /// but refused by some banks.
    pub has_two_decimals: bool,
}

/// Digits, then optionally a dot and up to two decimals. No sign, no comma, no thousands.
pub fn amount(value: &str) -> Result<Amount, Flaw> {
    length(value, AMOUNT_CHARS_MAX)?;
    every_byte(value, FaultKind::AmountMalformed, |byte| byte.is_ascii_digit() || byte == b'.')?;
    let (whole, decimals) = value.split_once('.').unwrap_or((value, ""));
    if whole.is_empty() || whole.len() > AMOUNT_WHOLE_DIGITS_MAX {
        return flaw(0, FaultKind::AmountMalformed);
    }
    if decimals.len() > AMOUNT_DECIMALS || decimals.contains('.') {
        return flaw(whole.len() + 1, FaultKind::AmountMalformed);
    }
    // Twelve digits at most, so neither step can overflow.
    let number = |digits: &str| digits.bytes().fold(0, |n, digit| n * 10 + i64::from(digit - b'0'));
    let centavos = match decimals.len() {
        0 => 0,
        1 => number(decimals) * 10,
        _ => number(decimals),
    };
    Ok(Amount {
        money: Money::from_centavos(number(whole) * 100 + centavos),
        has_two_decimals: decimals.len() == AMOUNT_DECIMALS,
    })
}
