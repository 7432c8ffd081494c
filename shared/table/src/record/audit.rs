//! The record of the audit chain: its blocks.

use quita_core::audit::Block;
use quita_core::ids::MerchantId;

use super::Record;
use crate::keys::RecordKey;

pub(super) const AUDIT_BLOCK: &str = "audit_block";

/// A block is written once, under the next number: of two relays that made one at the same time, the
/// second finds the first and goes on from it.
impl Record for Block {
    const KIND: &'static str = AUDIT_BLOCK;

    fn owner(&self) -> &MerchantId {
        &self.merchant
    }

    fn version(&self) -> u64 {
        1
    }

    fn key(&self) -> RecordKey {
        RecordKey::AuditBlock(self.nth)
    }
}

#[cfg(test)]
mod tests {
    use quita_core::audit::{Digest, Entry};

    use super::*;
    use crate::record::tests::check_golden;
    use crate::sample::{at, merchant_id};

    #[test]
    fn golden_files_of_blocks_read_for_good() {
        let of = |id: &str, seq| {
            let sha256 = Digest::of(id.as_bytes());
            Entry { aggregate: id.to_owned(), seq, sha256 }
        };
        let now = at("2026-11-20T13:00:00.123456Z");
        let first = Block::after(None, &merchant_id(), vec![of("merchant", 1)], now);
        let entries = vec![of("inv_01K5A2B3C4D5E6F7G8H9J0KMNP", 1), of("reconciliation", 7)];
        check_golden(&Block::after(Some(&first), &merchant_id(), entries, now));
    }
}
