//! Fingerprints of the entries of one file, in its order.
//!
//! Owns: what makes two entries the same, and the ordinal of equal ones. Does not own where the
//! fingerprints are kept.
//! Invariant: two entries of one file never have the same fingerprint, and an entry that another
//! file repeats has it again. Memory is bounded by [`DAY_KEYS_MAX`], whatever the file.
//!
//! Statements are grouped by day, so counts are kept for the day being read and, while they are
//! few, for the days before: a day may come back. Counts of old days are dropped once more than
//! [`KEYS_KEPT`] are held; an entry of such a day is then refused as a bad line instead of being
//! given the fingerprint of another entry, which would make its money vanish as a repetition.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use sha2::{Digest, Sha256};

use crate::entry::{FileAccount, Fingerprint};

/// Different keys of one day. One day of a statement with more is not read.
pub(crate) const DAY_KEYS_MAX: usize = 262_144;
/// Keys of past days that are kept beside those of the current one.
pub(crate) const KEYS_KEPT: usize = 16_384;
/// Different days of one file: ten years.
pub(crate) const DAYS_MAX: usize = 3_660;

/// What an entry is recognised by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity<'a> {
    pub(crate) account: &'a FileAccount,
    pub(crate) booked_on: NaiveDate,
    /// Positive when money came, negative when it went, zero when none moved.
    pub(crate) centavos: i64,
    pub(crate) bank_id: Option<&'a str>,
    /// Counts only where there is no bank id: newest-first exports put a late entry before an equal
    /// one that was read at noon, and the ordinal alone would mistake the one for the other.
    pub(crate) memo: &'a str,
    /// What was said of a title; tells a notice from another about the same title.
    pub(crate) occurrence: Option<u8>,
}

/// How often each key stood in the file so far, by day.
#[derive(Debug, Default)]
pub(crate) struct Fingerprints {
    /// By the first 64 bits of a key's hash: a collision of two in one day would shift an ordinal,
    /// not repeat a fingerprint.
    days: BTreeMap<NaiveDate, HashMap<u64, u32>>,
    /// Days whose counts were dropped.
    dropped: BTreeSet<NaiveDate>,
    current: Option<NaiveDate>,
    /// Keys in `days` without those of the current day.
    kept: usize,
}

impl Fingerprints {
    /// The fingerprint of the next entry; otherwise what makes it a bad line.
    pub(crate) fn of(&mut self, identity: &Identity<'_>) -> Result<Fingerprint, &'static str> {
        let day = identity.booked_on;
        if self.dropped.contains(&day) {
            return Err(
                "its day stood earlier in the file, before many other days; sort the file \
                        by day and send it again",
            );
        }
        self.turn_to(day)?;
        let key = key_hash(identity);
        let counts = self.days.entry(day).or_default();
        let short =
            u64::from_be_bytes([key[0], key[1], key[2], key[3], key[4], key[5], key[6], key[7]]);
        if counts.len() >= DAY_KEYS_MAX && !counts.contains_key(&short) {
            return Err("its day has too many movements; export the day in parts");
        }
        let count = counts.entry(short).or_insert(0);
        let ordinal = *count;
        *count += 1;
        Ok(Fingerprint::of_digest(
            &Sha256::new().chain_update(key).chain_update(ordinal.to_be_bytes()).finalize(),
        ))
    }

    /// Makes `day` the current one, and drops what is too much to keep.
    fn turn_to(&mut self, day: NaiveDate) -> Result<(), &'static str> {
        if self.current == Some(day) {
            return Ok(());
        }
        if !self.days.contains_key(&day) && self.days.len() + self.dropped.len() >= DAYS_MAX {
            return Err("the file has more than ten years of days; export a shorter period");
        }
        let count_of = |days: &BTreeMap<NaiveDate, HashMap<u64, u32>>, day: Option<NaiveDate>| {
            day.and_then(|day| days.get(&day)).map_or(0, HashMap::len)
        };
        self.kept += count_of(&self.days, self.current);
        self.kept -= count_of(&self.days, Some(day));
        let left = self.current.replace(day);
        while self.kept > KEYS_KEPT {
            // The day that was just left is the most likely to come back, so it goes last.
            let others = || self.days.keys().filter(|known| **known != day);
            let Some(farthest) = others()
                .filter(|known| Some(**known) != left)
                .max_by_key(|known| (**known - day).num_days().abs())
                .or_else(|| others().next())
                .copied()
            else {
                break;
            };
            self.kept -= self.days.remove(&farthest).map_or(0, |counts| counts.len());
            self.dropped.insert(farthest);
        }
        Ok(())
    }
}

/// The hash over everything but the ordinal. Every text is preceded by its length, so no two
/// different identities spell the same bytes.
fn key_hash(identity: &Identity<'_>) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut text = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    };
    let account = identity.account;
    text(&account.bank.as_deref().map(FileAccount::bare).unwrap_or_default());
    text(&account.branch.as_deref().map(FileAccount::bare).unwrap_or_default());
    text(&FileAccount::bare(&account.number));
    text(&identity.booked_on.to_string());
    match identity.bank_id {
        Some(id) => {
            text("id");
            text(id);
        }
        None => {
            text("memo");
            text(identity.memo);
        }
    }
    hash.update(identity.centavos.to_be_bytes());
    hash.update([u8::from(identity.occurrence.is_some()), identity.occurrence.unwrap_or(0)]);
    hash.finalize().into()
}

#[cfg(test)]
mod tests;
