//! Validated pieces of a message: code, picture, link, colour.
//!
//! Owns what makes each of them fit to be shown. Does not check that a Pix code is a valid BR Code:
//! that is the encoder's work, and what a bank returns is passed on as it is.

use std::fmt;

use thiserror::Error;

/// Longest copy-and-paste code: the limit of an EMV QR payload (BR Code manual, 512 bytes).
pub const PIX_CODE_BYTES_MAX: usize = 512;
/// Largest QR picture in bytes; a 1000 px one takes about 20 KiB.
pub const QR_PICTURE_BYTES_MAX: usize = 256 * 1024;
/// Longest link.
pub const LINK_BYTES_MAX: usize = 2048;

const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Why a piece cannot be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PartError {
    #[error("pix code must be 1 to {PIX_CODE_BYTES_MAX} bytes without control characters")]
    PixCode,
    #[error("qr picture must be a png of at most {QR_PICTURE_BYTES_MAX} bytes")]
    QrPicture,
    #[error("link must be an https url, or http on loopback, of at most {LINK_BYTES_MAX} bytes")]
    WebLink,
    #[error("brand colour must be written as #RRGGBB")]
    BrandColour,
}

/// The Pix copy-and-paste code (`pixCopiaECola`), shown exactly as the bank made it.
///
/// Debug is redacted: a dynamic code carries the payload location, which is a bearer capability.
#[derive(Clone, PartialEq, Eq)]
pub struct PixCode(String);

impl PixCode {
    pub fn parse(text: &str) -> Result<Self, PartError> {
        let fits = (1..=PIX_CODE_BYTES_MAX).contains(&text.len());
        let blank = text.trim().is_empty();
        if !fits || blank || text.chars().any(char::is_control) {
            return Err(PartError::PixCode);
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PixCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PixCode({} bytes)", self.0.len())
    }
}

/// The QR Code of the same charge, as PNG.
#[derive(Clone, PartialEq, Eq)]
pub struct QrPicture(Vec<u8>);

impl QrPicture {
    pub fn png(bytes: Vec<u8>) -> Result<Self, PartError> {
        let fits = bytes.len() > PNG_SIGNATURE.len() && bytes.len() <= QR_PICTURE_BYTES_MAX;
        if !fits || !bytes.starts_with(PNG_SIGNATURE) {
            return Err(PartError::QrPicture);
        }
        Ok(Self(bytes))
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for QrPicture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QrPicture({} bytes)", self.0.len())
    }
}

/// A link a payer may follow. `http` is accepted on loopback only, for a run on one machine.
///
/// Debug is redacted: the payer's page opens without a login.
#[derive(Clone, PartialEq, Eq)]
pub struct WebLink(String);

impl WebLink {
    pub fn parse(text: &str) -> Result<Self, PartError> {
        // Printable ASCII without what could end an attribute, a chat link or a word.
        let plain = |b: u8| b.is_ascii_graphic() && !b"\"'<>`|\\^{}".contains(&b);
        if text.len() > LINK_BYTES_MAX || !text.bytes().all(plain) {
            return Err(PartError::WebLink);
        }
        let (scheme, rest) = text.split_once("://").ok_or(PartError::WebLink)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let allowed = match scheme {
            "https" => !authority.is_empty() && !authority.contains('@'),
            "http" => is_loopback(authority),
            _ => false,
        };
        if allowed { Ok(Self(text.to_owned())) } else { Err(PartError::WebLink) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    };
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

impl fmt::Debug for WebLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebLink({} bytes)", self.0.len())
    }
}

/// A merchant's colour, with a text colour that stays readable on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrandColour {
    red: u8,
    green: u8,
    blue: u8,
}

impl Default for BrandColour {
    /// The product's own green, for merchants who set none.
    fn default() -> Self {
        Self { red: 0x0f, green: 0x76, blue: 0x6e }
    }
}

impl BrandColour {
    /// Accepts `#RRGGBB` in either case.
    pub fn parse(text: &str) -> Result<Self, PartError> {
        let digits = text.strip_prefix('#').ok_or(PartError::BrandColour)?;
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(PartError::BrandColour);
        }
        let channel = |at: usize| {
            u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| PartError::BrandColour)
        };
        Ok(Self { red: channel(0)?, green: channel(2)?, blue: channel(4)? })
    }

    /// Red, green and blue.
    pub(crate) fn channels(self) -> [u8; 3] {
        [self.red, self.green, self.blue]
    }

    /// As CSS, `#rrggbb`.
    pub fn css(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }

    /// Text colour for this background: black or white, whichever has the higher contrast, which is
    /// then at least 4.58 to 1.
    ///
    /// Source: WCAG 2.2, relative luminance and contrast ratio; both are equal at 0.1791.
    pub fn text_css(self) -> &'static str {
        if self.luminance() > 0.1791 { "#000000" } else { "#ffffff" }
    }

    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let part = f64::from(channel) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)
    }
}
