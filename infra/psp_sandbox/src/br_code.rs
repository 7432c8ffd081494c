//! The dynamic BR Code ("Pix copia e cola") of a location.
//!
//! Owns the TLV fields and the CRC (Manual de Padrões para Iniciação do Pix, EMV MPM). Only writes:
//! this bank never reads a BR Code. Invariant: ASCII only, field 63 last, CRC over everything
//! including `6304`.

/// Longest merchant name, field 59.
const NAME_CHARS_MAX: usize = 25;
/// Longest merchant city, field 60.
const CITY_CHARS_MAX: usize = 15;

/// The BR Code of a one-time dynamic QR whose payload lives at `location` (no scheme).
pub(crate) fn dynamic(location: &str, name: &str, city: &str) -> String {
    let account = [tlv("00", "br.gov.bcb.pix"), tlv("25", location)].concat();
    let mut code = [
        tlv("00", "01"),
        tlv("01", "12"),
        tlv("26", &account),
        tlv("52", "0000"),
        tlv("53", "986"),
        tlv("58", "BR"),
        tlv("59", &printable(name, NAME_CHARS_MAX)),
        tlv("60", &printable(city, CITY_CHARS_MAX)),
        tlv("62", &tlv("05", "***")),
        "6304".to_owned(),
    ]
    .concat();
    let crc = crc16(code.as_bytes());
    code.push_str(&format!("{crc:04X}"));
    code
}

fn tlv(id: &str, value: &str) -> String {
    format!("{id}{:02}{value}", value.len())
}

/// ASCII, accents folded, at most `chars_max` characters and never empty.
fn printable(text: &str, chars_max: usize) -> String {
    let folded: String =
        text.chars().map(unaccented).filter(char::is_ascii).take(chars_max).collect();
    let trimmed = folded.trim().to_ascii_uppercase();
    if trimmed.is_empty() { "N".to_owned() } else { trimmed }
}

fn unaccented(letter: char) -> char {
    const FOLDED: [(&str, char); 12] = [
        ("áàâãä", 'a'),
        ("éèêë", 'e'),
        ("íìîï", 'i'),
        ("óòôõö", 'o'),
        ("úùûü", 'u'),
        ("ç", 'c'),
        ("ÁÀÂÃÄ", 'A'),
        ("ÉÈÊË", 'E'),
        ("ÍÌÎÏ", 'I'),
        ("ÓÒÔÕÖ", 'O'),
        ("ÚÙÛÜ", 'U'),
        ("Ç", 'C'),
    ];
    FOLDED.iter().find(|(from, _)| from.contains(letter)).map_or(letter, |(_, to)| *to)
}

/// CRC-16/CCITT-FALSE: polynomial 0x1021, initial 0xFFFF, no reflection, no final xor.
pub(crate) fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    })
}
