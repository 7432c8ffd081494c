//! What can be wrong with a BR Code, and where.
//!
//! Owns the names of every fault and which of them a lenient reader lives with. Does not own the
//! checks. Invariant: a `Fault` carries no text of the code, so it may be logged.

use std::fmt;

/// Where a field sits: `26`, or `26-25` for field 25 inside template 26.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Path {
    /// The text as a whole.
    Text,
    /// A field of the outermost level.
    Root(u8),
    /// A field (second) inside a template (first).
    Sub(u8, u8),
}

impl Path {
    /// The path of field `id` inside `template`, or at the outermost level.
    pub(crate) fn of(template: Option<u8>, id: u8) -> Self {
        template.map_or(Self::Root(id), |template| Self::Sub(template, id))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.pad("text"),
            Self::Root(id) => f.pad(&format!("{id:02}")),
            Self::Sub(template, id) => f.pad(&format!("{template:02}-{id:02}")),
        }
    }
}

/// One thing wrong with a text: what, in which field, and at which byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{kind} (field {path}, byte {position})")]
pub struct Fault {
    /// Byte offset in the text as given, from 0. Always on a character boundary.
    pub position: usize,
    /// The field the fault is about.
    pub path: Path,
    /// What is wrong.
    pub kind: FaultKind,
}

/// A value that cannot be written as a BR Code: which field, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{kind} (field {path})")]
pub struct EncodeError {
    /// The field that would have carried the value.
    pub path: Path,
    /// What is wrong with it.
    pub kind: FaultKind,
}

/// The kinds of fault; each message is its variant's documentation.
/// [`FaultKind::is_tolerable`] says which of them a lenient reader accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    // The text.
    #[error("there is no text")]
    EmptyText,
    #[error("text has more than {chars_max} characters")]
    TextTooLong { chars_max: usize },
    #[error("white space around the code")]
    SurroundingSpace,
    #[error("control character")]
    ControlCharacter,
    #[error("character outside ASCII")]
    NonAscii,

    // The tag-length-value structure.
    #[error("text ends inside a field's id and length")]
    HeaderCut,
    #[error("field id is not two digits")]
    IdNotDigits,
    #[error("field length is not two digits")]
    LengthNotDigits,
    #[error("field declares {declared} characters but only {left} are left")]
    Truncated { declared: usize, left: usize },
    #[error("field length ends in the middle of a character")]
    SplitCharacter,
    #[error("field appears twice")]
    Duplicate,
    #[error("required field is missing")]
    Missing,
    #[error("field is empty")]
    EmptyValue,
    #[error("value has {found} characters, limit is {max}")]
    TooLong { max: usize, found: usize },
    #[error("text does not start with field 00")]
    FormatNotFirst,

    // The checksum.
    #[error("checksum is not four hexadecimal digits")]
    CrcMalformed,
    #[error("checksum is {written:04X}, text gives {computed:04X}")]
    CrcMismatch { written: u16, computed: u16 },
    #[error("text goes on after the checksum")]
    TrailingData,

    // The values.
    #[error("payload format is not 01")]
    PayloadFormat,
    #[error("point of initiation is neither 11 nor 12")]
    PointOfInitiation,
    #[error("no merchant account carries the Pix identifier br.gov.bcb.pix")]
    NotPix,
    #[error("both a Pix key and a location")]
    KeyAndLocation,
    #[error("neither a Pix key, a location nor a recurrence")]
    NoDestination,
    #[error("location starts with a scheme such as https://")]
    LocationScheme,
    #[error("location is not host/path")]
    LocationMalformed,
    #[error("ISPB is not eight letters or digits")]
    Ispb,
    #[error("merchant category code is not four digits")]
    MerchantCategory,
    #[error("currency is not 986 (Brazilian real)")]
    Currency,
    #[error("country is not BR")]
    Country,
    #[error("amount is not digits with a dot before two decimals")]
    AmountMalformed,
    #[error("amount does not have two decimals")]
    AmountDecimals,
    #[error("amount is zero")]
    AmountZero,
    #[error("CEP is not eight digits")]
    Cep,
    #[error("txid has a character other than A-Z, a-z, 0-9")]
    TxidAlphabet,
    #[error("txid of a dynamic code is not ***")]
    DynamicTxid,

    // Only when writing.
    #[error("field id is not free for this use")]
    IdTaken,
}

impl FaultKind {
    /// True for the deviations seen in codes that banks accept and whose meaning is not in doubt.
    /// A lenient reader reports them as warnings:
    ///
    /// | Deviation | How it is read |
    /// |---|---|
    /// | `SurroundingSpace` | trimmed |
    /// | `NonAscii` | kept; lengths in characters, or in bytes when only that fits |
    /// | `LocationScheme` | `http://` or `https://` is dropped |
    /// | `AmountDecimals` | `10`, `10.` and `10.5` are 10.00, 10.00 and 10.50 |
    /// | `AmountZero` | no amount: the payer types it |
    /// | `Cep`, `TxidAlphabet`, `DynamicTxid` | kept as written |
    ///
    /// The case of the Pix identifier and of the checksum is no deviation at all.
    pub fn is_tolerable(self) -> bool {
        matches!(
            self,
            Self::SurroundingSpace
                | Self::NonAscii
                | Self::LocationScheme
                | Self::AmountDecimals
                | Self::AmountZero
                | Self::Cep
                | Self::TxidAlphabet
                | Self::DynamicTxid
        )
    }
}
