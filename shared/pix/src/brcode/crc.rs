//! The checksum of field 63: CRC-16/CCITT-FALSE.
//!
//! Owns the arithmetic only; where the field sits and how it is written belong to `parse` and
//! `encode`. Invariant: pure, no allocation, any byte is legal input.

/// Generator polynomial x^16 + x^12 + x^5 + 1.
const POLYNOMIAL: u16 = 0x1021;
/// Starting value. The XMODEM variant starts at zero and gives codes every bank refuses.
const INITIAL: u16 = 0xFFFF;
/// Bytes folded per step: eight independent table look-ups instead of a chain of eight.
const STRIDE: usize = 8;

/// `TABLES[k][b]` is the remainder of byte `b` followed by `k` zero bytes.
static TABLES: [[u16; 256]; STRIDE] = tables();

/// CRC-16/CCITT-FALSE: initial 0xFFFF, no reflection, no final xor. Check value of
/// `b"123456789"` is `0x29B1`. For a BR Code the input runs up to and **including** `6304`.
pub fn crc16(bytes: &[u8]) -> u16 {
    let (strides, rest) = bytes.as_chunks::<STRIDE>();
    let folded = strides.iter().fold(INITIAL, |crc, &[a, b, c, d, e, f, g, h]| {
        let [high, low] = crc.to_be_bytes();
        TABLES[7][usize::from(a ^ high)]
            ^ TABLES[6][usize::from(b ^ low)]
            ^ TABLES[5][usize::from(c)]
            ^ TABLES[4][usize::from(d)]
            ^ TABLES[3][usize::from(e)]
            ^ TABLES[2][usize::from(f)]
            ^ TABLES[1][usize::from(g)]
            ^ TABLES[0][usize::from(h)]
    });
    rest.iter().fold(folded, |crc, &byte| {
        let [high, low] = crc.to_be_bytes();
        u16::from_be_bytes([low, 0]) ^ TABLES[0][usize::from(byte ^ high)]
    })
}

const fn tables() -> [[u16; 256]; STRIDE] {
    let mut tables = [[0; 256]; STRIDE];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ POLYNOMIAL };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut step = 1;
    while step < STRIDE {
        let mut byte = 0;
        while byte < 256 {
            let shorter = tables[step - 1][byte];
            tables[step][byte] = (shorter << 8) ^ tables[0][(shorter >> 8) as usize];
            byte += 1;
        }
        step += 1;
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, one bit at a time.
    fn bitwise(bytes: &[u8]) -> u16 {
        bytes.iter().fold(INITIAL, |crc, &byte| {
            (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ POLYNOMIAL }
            })
        })
    }

    #[test]
    fn check_value_of_the_catalogue() {
        assert_eq!(crc16(b"123456789"), 0x29B1);
        assert_eq!(crc16(b""), 0xFFFF);
    }

    #[test]
    fn strides_agree_with_the_definition_at_every_length_and_byte() {
        let all: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
        for end in 0..=all.len() {
            assert_eq!(crc16(&all[..end]), bitwise(&all[..end]), "first {end} bytes");
        }
    }
}
