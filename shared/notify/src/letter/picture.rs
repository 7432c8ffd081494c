//! A PNG as PDF takes it: its compressed rows as they are, with their predictors.
//!
//! Owns the walk over the chunks. Does not decompress: a reader of the PDF does. Pictures with
//! transparency, interlacing or 16 bits are refused, since their rows cannot be taken over.
//!
//! Source: PNG (third edition) sections 5 and 11; ISO 32000-1 section 7.4.4.4.

const SIGNATURE_BYTES: usize = 8;
/// Longest side in pixels: a QR Code of 177 modules with room to spare.
const SIDE_PIXELS_MAX: u32 = 4096;

/// What a picture object of a PDF is made from.
pub(super) struct Picture {
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) bits: i32,
    pub(super) colours: Colours,
    /// A zlib stream of rows, each behind its predictor.
    pub(super) rows: Vec<u8>,
}

/// What a sample means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Colours {
    Gray,
    Rgb,
    /// Red, green and blue of each index.
    Palette(Vec<u8>),
}

impl Colours {
    /// Samples of a pixel.
    pub(super) fn samples(&self) -> i32 {
        match self {
            Self::Rgb => 3,
            Self::Gray | Self::Palette(_) => 1,
        }
    }
}

/// Reads a PNG. `None` when it is not one, or one whose rows cannot be taken over.
pub(super) fn parse(png: &[u8]) -> Option<Picture> {
    let mut rest = png.get(SIGNATURE_BYTES..)?;
    let (mut header, mut palette, mut rows) = (None, None, Vec::new());
    while let Some((kind, data, after)) = chunk(rest) {
        match kind {
            b"IHDR" => header = Some(Header::parse(data)?),
            b"PLTE" => palette = Some(data.to_vec()),
            b"IDAT" => rows.extend_from_slice(data),
            // Transparency: on paper and in a scanner's eye the ground must be white.
            b"tRNS" => return None,
            b"IEND" => break,
            _ => {}
        }
        rest = after;
    }
    let Header { width, height, bits, kind } = header?;
    let colours = match kind {
        0 => Colours::Gray,
        2 => Colours::Rgb,
        3 => Colours::Palette(palette.filter(|it| !it.is_empty() && it.len() % 3 == 0)?),
        _ => return None,
    };
    (!rows.is_empty()).then_some(Picture { width, height, bits, colours, rows })
}

struct Header {
    width: i32,
    height: i32,
    bits: i32,
    kind: u8,
}

impl Header {
    fn parse(data: &[u8]) -> Option<Self> {
        let side = |at| {
            let side = number(data.get(at..)?)?;
            (1..=SIDE_PIXELS_MAX).contains(&side).then(|| i32::try_from(side).ok())?
        };
        let [bits, kind, compression, filter, interlace] = *data.get(8..13)?.first_chunk()?;
        let plain = compression == 0 && filter == 0 && interlace == 0;
        let takes = matches!((bits, kind), (1 | 2 | 4 | 8, 0 | 3) | (8, 2));
        let header = Self { width: side(0)?, height: side(4)?, bits: bits.into(), kind };
        (plain && takes).then_some(header)
    }
}

/// The first chunk's type and data, and what follows its checksum.
fn chunk(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let length = usize::try_from(number(bytes)?).ok()?;
    let (kind, rest) = bytes.get(4..)?.split_at_checked(4)?;
    let (data, rest) = rest.split_at_checked(length)?;
    Some((kind, data, rest.get(4..)?))
}

fn number(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|four| u32::from_be_bytes(*four))
}
