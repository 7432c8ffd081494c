//! BR Code: the text behind a Pix QR picture and behind "Pix copia e cola".
//!
//! Owns the model ([`BrCode`]), reading ([`parse`]), writing ([`BrCode::encode`]) and telling a
//! person what a text says ([`explain`]). Does not fetch a location, does not check that a key
//! exists, does not draw (see [`crate::qr`]).
//!
//! Invariants: no input makes anything here panic; what [`BrCode::encode`] writes,
//! [`parse_strict`] reads back as the same value; what [`parse_strict`] reads with its fields in
//! ascending order and the identifier in lower case is written back byte for byte.
//!
//! Source: Manual do BR Code and Manual de Padrões para Iniciação do Pix (Banco Central do
//! Brasil), over EMV QRCPS Merchant-Presented Mode 1.1.
//!
//! ```
//! use quita_core::money::Money;
//! use quita_pix::brcode::{BrCode, parse_strict};
//!
//! let code = BrCode {
//!     amount: Some(Money::from_centavos(123_456)),
//!     txid: Some("FAT202600001"),
//!     ..BrCode::static_key("+5511987654321", "Acme Ltda", "São Paulo")
//! };
//! let text = code.encode()?;
//! assert!(text.ends_with("6304CE87"));
//! assert_eq!(parse_strict(&text)?, code);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod crc;
mod encode;
mod envelope;
mod explain;
mod fault;
mod names;
mod parse;
mod rules;
mod tlv;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use quita_core::money::Money;

pub use crc::crc16;
pub use explain::{Explanation, Row, explain};
pub use fault::{EncodeError, Fault, FaultKind, Path};
pub use names::{merchant_city, merchant_name};
pub use parse::{ParseMode, Parsed, parse, parse_strict};
pub use rules::{
    AMOUNT_CHARS_MAX, CITY_CHARS_MAX, DESCRIPTION_CHARS_MAX, KEY_CHARS_MAX, LOCATION_CHARS_MAX,
    NAME_CHARS_MAX, TEXT_CHARS_MAX, TXID_CHARS_MAX, VALUE_CHARS_MAX, host as location_host,
};

/// The globally unique identifier of Pix in templates 26..51 and 80..99. Compared without case.
pub const PIX_GUI: &str = "br.gov.bcb.pix";
/// First of the templates that may hold the Pix account, and the one everybody uses.
pub const ACCOUNT_TEMPLATE: u8 = 26;
const ACCOUNT_TEMPLATE_LAST: u8 = 51;
/// First of the unreserved templates, where Pix Automático puts its recurrence.
pub const RECURRENCE_TEMPLATE: u8 = 80;
const RECURRENCE_TEMPLATE_LAST: u8 = 99;
/// Merchant category code "not informed".
pub const MCC_NOT_INFORMED: &str = "0000";
/// What stands in 62-05 when there is no txid, and always in a dynamic code.
pub const NO_TXID: &str = "***";

const PAYLOAD_FORMAT: &str = "01";
const CURRENCY_BRL: &str = "986";
const COUNTRY_BRAZIL: &str = "BR";

/// One BR Code. Text is borrowed: from the text read, or from whoever builds one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrCode<'a> {
    /// Field 01. `None` is common, above all in static codes.
    pub point_of_initiation: Option<PointOfInitiation>,
    /// What to pay, in template `account_template`.
    pub account: MerchantAccount<'a>,
    /// The template of the Pix account, 26..=51.
    pub account_template: u8,
    /// Field 52, four digits.
    pub merchant_category: &'a str,
    /// Field 54, above zero. `None` lets the payer type it; a dynamic code's payer ignores it.
    pub amount: Option<Money>,
    /// Field 59, at most 25 characters.
    pub name: Cow<'a, str>,
    /// Field 60, at most 15 characters.
    pub city: Cow<'a, str>,
    /// Field 61, eight digits.
    pub cep: Option<&'a str>,
    /// Field 62-05, at most 25 letters and digits; `None` is written `***`. Only a static code has
    /// one, and may be paid many times under it. A lenient read keeps one found in another code,
    /// which is then not written again.
    pub txid: Option<&'a str>,
    /// The recurrence of Pix Automático.
    pub recurrence: Option<Recurrence<'a>>,
    /// Fields Pix does not use, kept as a parse returned them so that they are written back.
    pub others: Vec<OtherField<'a>>,
}

/// How often a code may be paid (field 01).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointOfInitiation {
    /// `11`
    Reusable,
    /// `12`
    OneTime,
}

impl PointOfInitiation {
    /// The code of field 01.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reusable => "11",
            Self::OneTime => "12",
        }
    }
}

/// The Pix account: where the money goes, or where to learn it.
#[derive(Clone, PartialEq, Eq)]
pub enum MerchantAccount<'a> {
    /// The code itself says whom to pay.
    Static {
        /// Pix key (26-01), at most 77 characters. Its shape is not checked here.
        key: &'a str,
        /// Message to the payer (26-02); key and message share the 99 characters of template 26.
        description: Option<&'a str>,
        /// ISPB of the withdrawal agent (26-03).
        withdrawal_ispb: Option<&'a str>,
    },
    /// The charge is fetched from `https://` + location (26-25). A location is a capability: who
    /// holds it reads the charge. `Debug` shows its host only.
    Dynamic {
        /// Host and path without scheme, at most 77 characters.
        location: &'a str,
    },
    /// Nothing to pay now; the recurrence alone is offered (Pix Automático, journey 2).
    GuiOnly,
}

/// The recurrence a code offers besides, or instead of, a payment.
#[derive(Clone, PartialEq, Eq)]
pub struct Recurrence<'a> {
    /// The unreserved template that holds it, 80..=99.
    pub template: u8,
    /// Host and path without scheme (80-25), at most 77 characters. A capability, as above.
    pub location: &'a str,
}

/// A field this model has no name for, kept as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherField<'a> {
    /// Where it stands.
    pub path: Path,
    /// Its value, 1..=99 characters.
    pub value: &'a str,
}

impl<'a> BrCode<'a> {
    /// A static code that pays `key`. Name and city are put in the form every bank accepts
    /// (see [`merchant_name`]).
    pub fn static_key(key: &'a str, name: &'a str, city: &'a str) -> Self {
        let account = MerchantAccount::Static { key, description: None, withdrawal_ispb: None };
        Self::new(account, name, city)
    }

    /// A one-time code for the charge at `location` (no scheme). With a `recurrence` set it is
    /// the code of journeys 3 (location of a cob) and 4 (of a cobv) of Pix Automático.
    pub fn dynamic(location: &'a str, name: &'a str, city: &'a str) -> Self {
        Self {
            point_of_initiation: Some(PointOfInitiation::OneTime),
            ..Self::new(MerchantAccount::Dynamic { location }, name, city)
        }
    }

    /// A code that only authorises the recurrence at `location` (journey 2 of Pix Automático).
    pub fn recurrence_only(location: &'a str, name: &'a str, city: &'a str) -> Self {
        Self {
            recurrence: Some(Recurrence::at(location)),
            ..Self::new(MerchantAccount::GuiOnly, name, city)
        }
    }

    fn new(account: MerchantAccount<'a>, name: &'a str, city: &'a str) -> Self {
        Self {
            point_of_initiation: None,
            account,
            account_template: ACCOUNT_TEMPLATE,
            merchant_category: MCC_NOT_INFORMED,
            amount: None,
            name: merchant_name(name),
            city: merchant_city(city),
            cep: None,
            txid: None,
            recurrence: None,
            others: Vec::new(),
        }
    }

    /// The host that serves this code's charge, without port. `None` when it is not dynamic.
    /// The payer's bank fetches from it, so a receiver checks that it belongs to its bank.
    pub fn location_host(&self) -> Option<&'a str> {
        match self.account {
            MerchantAccount::Dynamic { location } => location_host(location),
            MerchantAccount::Static { .. } | MerchantAccount::GuiOnly => None,
        }
    }
}

impl<'a> Recurrence<'a> {
    /// The recurrence at `location` (no scheme), in template 80.
    pub fn at(location: &'a str) -> Self {
        Self { template: RECURRENCE_TEMPLATE, location }
    }
}

impl fmt::Debug for MerchantAccount<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Static { description, withdrawal_ispb, .. } => f
                .debug_struct("Static")
                .field("key", &"[redacted]")
                .field("description", description)
                .field("withdrawal_ispb", withdrawal_ispb)
                .finish(),
            Self::Dynamic { location } => {
                f.debug_struct("Dynamic").field("host", &location_host(location)).finish()
            }
            Self::GuiOnly => f.write_str("GuiOnly"),
        }
    }
}

impl fmt::Debug for Recurrence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recurrence")
            .field("template", &self.template)
            .field("host", &location_host(self.location))
            .finish()
    }
}

/// True for the identifier of Pix. Upper case exists in the wild and means the same.
fn is_pix_gui(value: &str) -> bool {
    value.eq_ignore_ascii_case(PIX_GUI)
}
