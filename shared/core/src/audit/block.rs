//! A block of the audit chain: the digests of some rows, and the hash of the block before.

use std::fmt;

use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::ids::MerchantId;

/// Most rows of one block: as many as the relay is handed at once.
pub const ENTRIES_MAX: usize = 100;
/// Bytes of a digest.
const DIGEST_BYTES: usize = 32;
/// First line of what a block's hash is taken of. Another form gets another line.
const FORM: &str = "quita audit block 1";

/// A SHA-256, written in lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; DIGEST_BYTES]);

/// Not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 64 lower-case hexadecimal digits")]
pub struct NotADigest;

impl Digest {
    /// What stands for the hash of the block before the first.
    pub const ZERO: Self = Self([0; DIGEST_BYTES]);

    /// The SHA-256 of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    pub fn parse(text: &str) -> Result<Self, NotADigest> {
        let digits = text.as_bytes();
        if digits.len() != 2 * DIGEST_BYTES {
            return Err(NotADigest);
        }
        let mut bytes = [0; DIGEST_BYTES];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            *byte = pair.iter().try_fold(0, |byte, digit| Ok(byte << 4 | nibble(*digit)?))?;
        }
        Ok(Self(bytes))
    }
}

fn nibble(digit: u8) -> Result<u8, NotADigest> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(NotADigest),
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for Digest {
    type Error = NotADigest;

    fn try_from(text: String) -> Result<Self, NotADigest> {
        Self::parse(&text)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

/// An event row in the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Id of the aggregate.
    pub aggregate: String,
    /// Place of the row in its history.
    pub seq: u64,
    /// Of the row as it is stored.
    pub sha256: Digest,
}

/// A block. Never changed; a row that was handed over twice stands in two of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    pub merchant: MerchantId,
    /// Counted from 1.
    pub nth: u64,
    /// When it was made, to the millisecond; never before the block before it.
    pub at: DateTime<Utc>,
    /// Hash of the block before; [`Digest::ZERO`] in the first.
    pub prev: Digest,
    pub entries: Vec<Entry>,
    /// [`Block::reckoned`], when it was made.
    pub hash: Digest,
}

impl Block {
    /// The block after `head`, or the first.
    pub fn after(
        head: Option<&Self>,
        merchant: &MerchantId,
        entries: Vec<Entry>,
        now: DateTime<Utc>,
    ) -> Self {
        let now = now.trunc_subsecs(3);
        let mut block = Self {
            merchant: merchant.clone(),
            nth: head.map_or(1, |head| head.nth + 1),
            at: head.map_or(now, |head| now.max(head.at)),
            prev: head.map_or(Digest::ZERO, |head| head.hash),
            entries,
            hash: Digest::ZERO,
        };
        block.hash = block.reckoned();
        block
    }

    /// The hash of everything else in the block: SHA-256 of one line a fact, which any tool can
    /// reckon again.
    pub fn reckoned(&self) -> Digest {
        let Self { merchant, nth, at, prev, entries, hash: _ } = self;
        let at = at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let mut text = format!("{FORM}\n{merchant}\n{nth}\n{at}\n{prev}\n");
        for Entry { aggregate, seq, sha256 } in entries {
            // Ids hold neither spaces nor line breaks.
            text.push_str(&format!("{aggregate} {seq} {sha256}\n"));
        }
        Digest::of(text.as_bytes())
    }
}
