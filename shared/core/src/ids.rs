//! Identifiers: ours (merchant, customer, invoice, payment), the charge's (txid) and the bank's.
//!
//! Owns: their alphabets, lengths, and the road from a txid back to the instalment it charges.
//! Does not own: making fresh ULIDs, which needs a clock and randomness (a port of `app`).
//! Invariant: every txid made here is accepted by API Pix and is a function of what it charges,
//! so a retry asks for the charge that exists instead of making a second one.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};

use crate::text::text_value;

/// Characters of a ULID.
const ULID_LENGTH: usize = 26;
/// The alphabet of a ULID, Crockford's base 32: no I, L, O, U.
const ULID_ALPHABET: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Highest first character of a ULID: 26 characters hold 130 bits, a ULID has 128.
const ULID_FIRST_MAX: u8 = b'7';
/// Longest merchant name inside its id.
const MERCHANT_NAME_LENGTH_MAX: usize = 32;
/// Longest txid anywhere (API Pix 2.9.0); a static QR carries 1 to 25 characters.
const TXID_LENGTH_MAX: usize = 35;
/// Lengths of the txid of a cob or cobv (API Pix 2.9.0).
const TXID_CHARGE_LENGTHS: std::ops::RangeInclusive<usize> = 26..=TXID_LENGTH_MAX;
/// Highest number that two base 36 digits hold: `ZZ`.
const BASE36_PAIR_MAX: u16 = 36 * 36 - 1;
/// Length of a txid made by [`Txid::for_charge`].
const TXID_OWN_LENGTH: usize = ULID_LENGTH + 4;
/// Length of the txid of a customer's own code: the most a static BR Code carries, and exactly what
/// the 128 bits of a ULID take in base 36.
const TXID_CUSTOMER_LENGTH: usize = 25;
/// Length of an end-to-end id (API Pix 2.9.0).
const END_TO_END_ID_LENGTH: usize = 32;

/// Why a text is not an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not `mer_` and 1 to 32 of `[a-z0-9]`.
    #[error("merchant id must be mer_ and 1 to 32 lower-case letters or digits")]
    Merchant,
    /// Not `cus_` and a ULID.
    #[error("customer id must be cus_ and 26 upper-case ULID characters")]
    Customer,
    /// Not `inv_` and a ULID.
    #[error("invoice id must be inv_ and 26 upper-case ULID characters")]
    Invoice,
    /// Neither an end-to-end id nor `pay_` and a ULID.
    #[error("payment id must be an end-to-end id or pay_ and 26 upper-case ULID characters")]
    Payment,
    /// Not `imp_` and a ULID.
    #[error("import id must be imp_ and 26 upper-case ULID characters")]
    Import,
    /// Not `key_` and a ULID.
    #[error("API key id must be key_ and 26 upper-case ULID characters")]
    ApiKey,
    /// Not `usr_` and a ULID.
    #[error("person id must be usr_ and 26 upper-case ULID characters")]
    Person,
    /// Not `ses_` and a ULID.
    #[error("session id must be ses_ and 26 upper-case ULID characters")]
    Session,
    /// Not `apr_` and a ULID.
    #[error("approval id must be apr_ and 26 upper-case ULID characters")]
    Approval,
    /// Not `tsk_` and a ULID.
    #[error("task id must be tsk_ and 26 upper-case ULID characters")]
    Task,
    /// Not `whe_` and a ULID.
    #[error("webhook endpoint id must be whe_ and 26 upper-case ULID characters")]
    Endpoint,
    /// Not `msg_` and a ULID.
    #[error("delivery id must be msg_ and 26 upper-case ULID characters")]
    Delivery,
    /// Not 1 to 35 of `[a-zA-Z0-9]`.
    #[error("txid must be 1 to 35 letters or digits")]
    Txid,
    /// Not 32 of `[a-zA-Z0-9]`.
    #[error("end-to-end id must be 32 letters or digits")]
    EndToEnd,
}

/// A merchant: `mer_` and a short lower-case name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MerchantId(String);

impl MerchantId {
    /// What every merchant id starts with.
    const PREFIX: &str = "mer_";

    /// Reads `mer_` and 1 to 32 of `[a-z0-9]`.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let name = text.strip_prefix(Self::PREFIX).ok_or(IdError::Merchant)?;
        let shaped = (1..=MERCHANT_NAME_LENGTH_MAX).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if shaped { Ok(Self(text.to_owned())) } else { Err(IdError::Merchant) }
    }

    /// The whole id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An id that is a prefix and a ULID: text that sorts by the time it was made.
macro_rules! ulid_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $error:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// What every id of this kind starts with.
            const PREFIX: &str = $prefix;

            /// Reads the prefix and 26 upper-case ULID characters.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let ulid = text.strip_prefix(Self::PREFIX).ok_or($error)?;
                Self::from_ulid(ulid)
            }

            /// Makes the id of a ULID: 26 upper-case characters of Crockford's base 32.
            pub fn from_ulid(ulid: &str) -> Result<Self, IdError> {
                if is_ulid(ulid) {
                    Ok(Self(format!("{}{ulid}", Self::PREFIX)))
                } else {
                    Err($error)
                }
            }

            /// The whole id.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The 26 characters after the prefix.
            #[must_use]
            pub fn ulid(&self) -> &str {
                &self.0[Self::PREFIX.len()..]
            }
        }
    };
}

ulid_id!(
    /// A customer of a merchant: `cus_` and a ULID.
    CustomerId,
    "cus_",
    IdError::Customer
);
ulid_id!(
    /// An invoice: `inv_` and a ULID.
    InvoiceId,
    "inv_",
    IdError::Invoice
);

ulid_id!(
    /// A bank file that was uploaded: `imp_` and a ULID.
    ImportId,
    "imp_",
    IdError::Import
);
ulid_id!(
    /// A key of the API, without its secret: `key_` and a ULID.
    ApiKeyId,
    "key_",
    IdError::ApiKey
);
ulid_id!(
    /// A person who works for a merchant: `usr_` and a ULID.
    PersonId,
    "usr_",
    IdError::Person
);
ulid_id!(
    /// A person's session, without its secret: `ses_` and a ULID.
    SessionId,
    "ses_",
    IdError::Session
);
ulid_id!(
    /// A request that waits for a second person: `apr_` and a ULID.
    ApprovalId,
    "apr_",
    IdError::Approval
);
ulid_id!(
    /// Something a person is to do: `tsk_` and a ULID.
    TaskId,
    "tsk_",
    IdError::Task
);
ulid_id!(
    /// An address that a merchant's events are posted to: `whe_` and a ULID.
    EndpointId,
    "whe_",
    IdError::Endpoint
);
ulid_id!(
    /// An event on its way to an endpoint: `msg_` and a ULID. It is the same for every attempt.
    DeliveryId,
    "msg_",
    IdError::Delivery
);
ulid_id!(
    /// A payment that is not a Pix of API Pix: `pay_` and a ULID.
    OtherPaymentId,
    "pay_",
    IdError::Payment
);

/// A received payment: the end-to-end id of a Pix, or an id of ours for money that came another
/// way. Under it the money is counted once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaymentId {
    Pix(EndToEndId),
    Other(OtherPaymentId),
}

impl PaymentId {
    /// Reads either form.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if text.starts_with(OtherPaymentId::PREFIX) {
            OtherPaymentId::parse(text).map(Self::Other)
        } else {
            EndToEndId::parse(text).map(Self::Pix).map_err(|_| IdError::Payment)
        }
    }

    /// The id that a fingerprint of 128 bits always gives: the same line of a bank file is the same
    /// payment, however often it is read.
    #[must_use]
    pub fn of_fingerprint(fingerprint: u128) -> Self {
        let ulid = ulid_text(fingerprint);
        Self::Other(OtherPaymentId(format!("{}{ulid}", OtherPaymentId::PREFIX)))
    }

    /// The id itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pix(id) => id.as_str(),
            Self::Other(id) => id.as_str(),
        }
    }

    /// The end-to-end id, when it is a Pix.
    #[must_use]
    pub fn end_to_end(&self) -> Option<&EndToEndId> {
        match self {
            Self::Pix(id) => Some(id),
            Self::Other(_) => None,
        }
    }
}

impl From<EndToEndId> for PaymentId {
    fn from(id: EndToEndId) -> Self {
        Self::Pix(id)
    }
}

/// The id of a charge at the bank, chosen by the receiver; case-sensitive and never reused.
///
/// Source: API Pix 2.9.0: `[a-zA-Z0-9]{26,35}` for cob and cobv, 1 to 35 where Pix are listed,
/// since static QR codes carry shorter ones. The pattern is anchored here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Txid(String);

/// What a txid of ours charges.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChargeRef {
    /// The invoice.
    pub invoice: InvoiceId,
    /// The instalment, counted from 1.
    pub instalment: u16,
    /// How many charges of the instalment came before this one.
    pub revision: u16,
}

impl Txid {
    /// Highest instalment number a txid can carry.
    pub const INSTALMENT_MAX: u16 = BASE36_PAIR_MAX;
    /// Highest revision a txid can carry.
    pub const REVISION_MAX: u16 = BASE36_PAIR_MAX;

    /// The txid of a charge: the invoice's ULID, then instalment and revision as two upper-case
    /// base 36 digits each, 30 characters in all.
    ///
    /// `None` unless `instalment` is 1 to [`Self::INSTALMENT_MAX`] and `revision` at most
    /// [`Self::REVISION_MAX`]: a txid cut to fit could charge another instalment.
    #[must_use]
    pub fn for_charge(invoice: &InvoiceId, instalment: u16, revision: u16) -> Option<Self> {
        let counted = (1..=Self::INSTALMENT_MAX).contains(&instalment);
        if !counted || revision > Self::REVISION_MAX {
            return None;
        }
        let (instalment, revision) = (base36_pair(instalment), base36_pair(revision));
        Some(Self(format!("{}{instalment}{revision}", invoice.ulid())))
    }

    /// The txid of a customer's own static code: the customer's ULID as 25 upper-case digits of base
    /// 36.
    #[must_use]
    pub fn for_customer(customer: &CustomerId) -> Self {
        let mut number = ulid_value(customer.ulid());
        let mut digits = [b'0'; TXID_CUSTOMER_LENGTH];
        for digit in digits.iter_mut().rev() {
            let value = u8::try_from(number % 36).unwrap_or_default();
            *digit = if value < 10 { b'0' + value } else { b'A' + value - 10 };
            number /= 36;
        }
        Self(digits.iter().copied().map(char::from).collect())
    }

    /// The customer whose own code it is, when it has the form that [`Txid::for_customer`] makes.
    ///
    /// A stranger's txid may have that form by chance: the customer still has to be looked up.
    #[must_use]
    pub fn customer_ref(&self) -> Option<CustomerId> {
        let upper = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
        if self.0.len() != TXID_CUSTOMER_LENGTH || !self.0.bytes().all(upper) {
            return None;
        }
        let number = u128::from_str_radix(&self.0, 36).ok()?;
        CustomerId::from_ulid(&ulid_text(number)).ok()
    }

    /// Reads any txid that may appear beside a Pix: 1 to 35 of `[a-zA-Z0-9]`.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let shaped = (1..=TXID_LENGTH_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if shaped { Ok(Self(text.to_owned())) } else { Err(IdError::Txid) }
    }

    /// The txid itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a cob or cobv may have it: 26 to 35 characters.
    #[must_use]
    pub fn is_charge_length(&self) -> bool {
        TXID_CHARGE_LENGTHS.contains(&self.0.len())
    }

    /// What it charges, when it has the form that [`Txid::for_charge`] makes.
    ///
    /// A stranger's txid may have that form by chance: the invoice still has to be looked up.
    #[must_use]
    pub fn charge_ref(&self) -> Option<ChargeRef> {
        if self.0.len() != TXID_OWN_LENGTH {
            return None;
        }
        let (ulid, numbers) = self.0.split_at(ULID_LENGTH);
        let invoice = InvoiceId::from_ulid(ulid).ok()?;
        let instalment = base36_value(&numbers[..2])?;
        let revision = base36_value(&numbers[2..])?;
        (instalment > 0).then_some(ChargeRef { invoice, instalment, revision })
    }
}

/// The id of one Pix payment, chosen by the payer's bank; the key under which it is credited.
///
/// Source: API Pix 2.9.0, `endToEndId`: `E`, ISPB (8), `yyyyMMddHHmm` in UTC, 11 more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndToEndId(String);

impl EndToEndId {
    /// Reads any 32 of `[a-zA-Z0-9]`: money is never refused over the inner shape of its id.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let shaped = text.len() == END_TO_END_ID_LENGTH
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if shaped { Ok(Self(text.to_owned())) } else { Err(IdError::EndToEnd) }
    }

    /// The id itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The minute at which the payer started the payment; `None` when the id does not tell.
    ///
    /// Settlement may come up to an hour later (fraud review), so this minute is what says on
    /// which day a payment was made.
    #[must_use]
    pub fn initiated_at(&self) -> Option<DateTime<Utc>> {
        let stamp = self.0.strip_prefix('E')?.get(8..20)?;
        if !stamp.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let number = |from: usize, until: usize| stamp[from..until].parse::<u32>().ok();
        let year = i32::try_from(number(0, 4)?).ok()?;
        let day = NaiveDate::from_ymd_opt(year, number(4, 6)?, number(6, 8)?)?;
        Some(day.and_hms_opt(number(8, 10)?, number(10, 12)?, 0)?.and_utc())
    }
}

fn is_ulid(text: &str) -> bool {
    text.len() == ULID_LENGTH
        && text.bytes().all(|byte| ULID_ALPHABET.contains(&byte))
        && text.as_bytes()[0] <= ULID_FIRST_MAX
}

/// The 128 bits of a ULID.
fn ulid_value(ulid: &str) -> u128 {
    let place = |byte: u8| ULID_ALPHABET.iter().position(|known| *known == byte).unwrap_or(0);
    ulid.bytes().fold(0, |value: u128, byte| (value << 5) | place(byte) as u128)
}

/// The ULID of 128 bits.
fn ulid_text(value: u128) -> String {
    let digit = |nth: usize| ULID_ALPHABET[(value >> (5 * nth)) as usize & 31];
    (0..ULID_LENGTH).rev().map(|nth| char::from(digit(nth))).collect()
}

/// Two upper-case base 36 digits of a number up to [`BASE36_PAIR_MAX`].
fn base36_pair(number: u16) -> String {
    let digit = |value: u16| char::from_digit(u32::from(value), 36).map(|c| c.to_ascii_uppercase());
    [digit(number / 36), digit(number % 36)].into_iter().flatten().collect()
}

fn base36_value(pair: &str) -> Option<u16> {
    let upper = pair.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    if upper { u16::from_str_radix(pair, 36).ok() } else { None }
}

macro_rules! shown_as_is {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        text_value!($name, IdError);
    )*};
}

shown_as_is!(
    MerchantId,
    CustomerId,
    InvoiceId,
    ImportId,
    ApiKeyId,
    PersonId,
    SessionId,
    ApprovalId,
    EndpointId,
    TaskId,
    DeliveryId,
    OtherPaymentId,
    PaymentId,
    Txid,
    EndToEndId
);

#[cfg(test)]
mod tests;
