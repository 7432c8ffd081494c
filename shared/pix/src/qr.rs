//! QR pictures of a text, as SVG and as PNG.
//!
//! Owns the quiet zone, the error correction level and the two file formats. Does not know what
//! the text means and never writes it into the picture's markup. Invariant: both formats show
//! the same modules.

use fast_qr::qr::QRCodeError;
use fast_qr::{ECL, QRBuilder, QRCode};

use crate::brcode;

#[cfg(test)]
mod tests;

/// Longest text drawn, in characters: the longest BR Code.
pub const TEXT_CHARS_MAX: usize = brcode::TEXT_CHARS_MAX;
/// Light modules around the symbol. Source: ISO/IEC 18004, 4 on each side.
pub const QUIET_ZONE_MODULES: usize = 4;
/// Side of one module in the PNG, in pixels. A usual BR Code comes out about 500 pixels wide.
pub const PNG_PIXELS_PER_MODULE: usize = 8;
/// About 15 % of the symbol may be lost; the higher levels make modules too small on a phone.
const ERROR_CORRECTION: ECL = ECL::M;
/// What a screen reader says. The same in Portuguese and in English.
const ARIA_LABEL: &str = "QR Code Pix";

/// Why a text was not drawn.
#[derive(Debug, thiserror::Error)]
pub enum QrError {
    /// An empty picture would scan as nothing.
    #[error("there is no text to draw")]
    Empty,
    /// More than [`TEXT_CHARS_MAX`] characters.
    #[error("text has more than {TEXT_CHARS_MAX} characters")]
    TooLong,
    /// No QR version holds the text. Cannot happen to ASCII within the limit.
    #[error("text does not fit a QR Code")]
    Encode(#[source] QRCodeError),
    /// The PNG could not be written.
    #[error("picture could not be written")]
    Png(#[source] png::EncodingError),
}

/// The QR Code of `text` as an SVG document that scales without blur: one dark path over a white
/// square, `viewBox` in modules, no width or height of its own.
///
/// # Errors
/// Empty or over-long text.
pub fn svg(text: &str) -> Result<String, QrError> {
    let code = matrix(text)?;
    let side = side_modules(&code);
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" role=\"img\" \
         aria-label=\"{ARIA_LABEL}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\"{}\"/></svg>\n",
        dark_path(&code)
    ))
}

/// The QR Code of `text` as a black and white PNG, one bit a pixel,
/// [`PNG_PIXELS_PER_MODULE`] pixels a module.
///
/// # Errors
/// Empty or over-long text.
pub fn png(text: &str) -> Result<Vec<u8>, QrError> {
    let code = matrix(text)?;
    let side_pixels = side_modules(&code) * PNG_PIXELS_PER_MODULE;
    let pixels = u32::try_from(side_pixels).expect("a QR Code has at most 177 modules a side");
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, pixels, pixels);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().map_err(QrError::Png)?;
    writer.write_image_data(&packed_pixels(&code)).map_err(QrError::Png)?;
    writer.finish().map_err(QrError::Png)?;
    Ok(file)
}

fn matrix(text: &str) -> Result<QRCode, QrError> {
    if text.is_empty() {
        return Err(QrError::Empty);
    }
    if text.chars().nth(TEXT_CHARS_MAX).is_some() {
        return Err(QrError::TooLong);
    }
    QRBuilder::new(text).ecl(ERROR_CORRECTION).build().map_err(QrError::Encode)
}

fn side_modules(code: &QRCode) -> usize {
    code.size + 2 * QUIET_ZONE_MODULES
}

/// Whether the module in this row and column of the picture, quiet zone included, is dark.
fn is_dark(code: &QRCode, row: usize, column: usize) -> bool {
    let inside = |at: usize| at.checked_sub(QUIET_ZONE_MODULES).filter(|at| *at < code.size);
    match (inside(row), inside(column)) {
        (Some(row), Some(column)) => code[row][column].value(),
        _ => false,
    }
}

/// One rectangle for each run of dark modules in a row.
fn dark_path(code: &QRCode) -> String {
    let side = side_modules(code);
    let mut path = String::new();
    for row in 0..side {
        let mut column = 0;
        while column < side {
            let run = (column..side).take_while(|&column| is_dark(code, row, column)).count();
            if run > 0 {
                path.push_str(&format!("M{column} {row}h{run}v1h-{run}z"));
            }
            column += run.max(1);
        }
    }
    path
}

/// Rows of pixels, eight to a byte from the most significant bit, each row from a new byte.
/// A set bit is white, as in every one-bit grayscale PNG.
fn packed_pixels(code: &QRCode) -> Vec<u8> {
    let side = side_modules(code);
    let row_bytes = (side * PNG_PIXELS_PER_MODULE).div_ceil(8);
    let mut pixels = Vec::with_capacity(row_bytes * side * PNG_PIXELS_PER_MODULE);
    for row in 0..side {
        let mut line = vec![0xFF; row_bytes];
        for pixel in 0..side * PNG_PIXELS_PER_MODULE {
            if is_dark(code, row, pixel / PNG_PIXELS_PER_MODULE) {
                line[pixel / 8] &= !(0x80 >> (pixel % 8));
            }
        }
        for _ in 0..PNG_PIXELS_PER_MODULE {
            pixels.extend_from_slice(&line);
        }
    }
    pixels
}
