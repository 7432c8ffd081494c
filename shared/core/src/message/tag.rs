//! The tag that names a ledger row at a provider, so that what the provider tells finds it.
//!
//! `{merchant}-{invoice}-{instalment}-{step}-{channel}-{revision}`. Owns its spelling. Invariant: it
//! holds letters, digits, `_` and `-` only and at most 256 bytes, as SES demands of the value of a
//! message tag (Source: Amazon SES API v2, `MessageTag`); `biz_opaque_callback_data` of the WhatsApp
//! Cloud API takes 512. It names the merchant, so the row is one read away.

use std::fmt;

use super::{Channel, LedgerKey};
use crate::ids::{InvoiceId, MerchantId};

/// Longest tag.
pub const TAG_BYTES_MAX: usize = 256;

/// Which row a provider's event is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProviderTag {
    pub merchant: MerchantId,
    pub invoice: InvoiceId,
    pub key: LedgerKey,
}

impl ProviderTag {
    pub fn new(merchant: &MerchantId, invoice: &InvoiceId, key: &LedgerKey) -> Self {
        Self { merchant: merchant.clone(), invoice: invoice.clone(), key: key.clone() }
    }

    /// Reads a tag; `None` for any text that is not exactly one.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > TAG_BYTES_MAX {
            return None;
        }
        // Neither id holds a `-`; the step may.
        let mut parts = text.splitn(4, '-');
        let (merchant, invoice, instalment) = (parts.next()?, parts.next()?, parts.next()?);
        let mut ends = parts.next()?.rsplitn(3, '-');
        let (revision, channel, step) = (ends.next()?, ends.next()?, ends.next()?);
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
        if step.is_empty() || !step.bytes().all(plain) {
            return None;
        }
        let tag = Self {
            merchant: MerchantId::parse(merchant).ok()?,
            invoice: InvoiceId::parse(invoice).ok()?,
            key: LedgerKey {
                instalment: instalment.parse().ok()?,
                step: step.to_owned(),
                channel: Channel::parse(channel)?,
                revision: revision.parse().ok()?,
            },
        };
        // Numbers have one spelling.
        (tag.to_string() == text).then_some(tag)
    }
}

impl fmt::Display for ProviderTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { merchant, invoice, key } = self;
        let LedgerKey { instalment, step, channel, revision } = key;
        write!(f, "{merchant}-{invoice}-{instalment}-{step}-{}-{revision}", channel.as_str())
    }
}
