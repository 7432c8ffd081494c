//! The journal as it is read: entries of a range of time, and the trial balance at an instant.
//!
//! Owns the outside form and the sums. Does not own what an event books ([`quita_core::journal`]):
//! the postings of an entry are those on its event row.
//! Invariants: an entry adds up to zero, so every trial balance does; two questions about the same
//! range of the past get the same answer, since event rows never change.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use quita_core::ids::MerchantId;
use quita_core::journal::{Account, Posting};
use quita_core::merchant::Issuing;
use quita_core::money::Money;
use quita_core::zone;
use quita_table::Cursor;
use quita_table::items::EventRow;
use quita_table::keys::Aggregate;
use quita_table::store::{ItemRef, PAGE_ITEMS_MAX};
use serde::Serialize;

use crate::bus::instant;
use crate::csv::line;
use crate::deps::Deps;
use crate::error::Unknown;

/// Most entries that one trial balance adds up.
pub const TRIAL_ENTRIES_MAX: usize = 10_000;
/// Most entries of one CSV answer: a megabyte at most, and a few seconds of reading.
pub const CSV_ENTRIES_MAX: usize = 1_000;
/// First row of the CSV.
pub const CSV_COLUMNS: [&str; 9] =
    ["at", "date", "event", "invoice_id", "payment_id", "account", "debit", "credit", "sequence"];

/// An entry of the journal: the postings of one event.
#[derive(Debug, Serialize)]
pub struct EntryView {
    at: String,
    event: String,
    invoice_id: Option<String>,
    payment_id: Option<String>,
    /// Fingerprint of the line of a bank file, for what a bank charged.
    bank_line: Option<String>,
    sequence: u64,
    postings: Vec<PostingView>,
}

#[derive(Debug, Serialize)]
struct PostingView {
    account: &'static str,
    debit: String,
    credit: String,
}

impl EntryView {
    pub fn of(row: &EventRow) -> Self {
        let posting = |posting: &Posting| {
            let (debit, credit) = sides(posting.amount);
            let account = posting.account.as_str();
            PostingView { account, debit: debit.to_string(), credit: credit.to_string() }
        };
        let (invoice_id, payment_id, bank_line) = match &row.aggregate {
            Aggregate::Invoice(id) => {
                let payment = row.data["payment_id"].as_str();
                (Some(id.to_string()), payment.map(str::to_owned), None)
            }
            Aggregate::Payment(id) => (None, Some(id.to_string()), None),
            Aggregate::BankLine(fingerprint) => (None, None, Some(fingerprint.clone())),
            // The others book nothing.
            _ => (None, None, None),
        };
        Self {
            at: instant(row.at),
            event: row.name.clone(),
            invoice_id,
            payment_id,
            bank_line,
            sequence: row.seq,
            postings: row.postings.iter().map(posting).collect(),
        }
    }
}

/// Debit and credit of an amount, one of which is zero.
fn sides(amount: Money) -> (Money, Money) {
    (amount.max(Money::ZERO), (-amount).max(Money::ZERO))
}

/// A range of time; both ends belong to it.
#[derive(Debug, Clone, Copy)]
pub struct Range {
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
}

/// A piece of the journal as CSV, and where the next one begins.
#[derive(Debug)]
pub struct CsvPage {
    pub body: String,
    pub next: Option<Cursor>,
}

/// At most [`CSV_ENTRIES_MAX`] entries as CSV (RFC 4180), one line a posting.
pub async fn journal_csv(
    deps: &Deps,
    merchant: &MerchantId,
    range: Range,
    cursor: Option<Cursor>,
) -> Result<CsvPage, quita_table::StoreError> {
    let mut found = deps.store.read(merchant, &[ItemRef::Merchant]).await?;
    let issuing = found.take_merchant().map(|merchant| merchant.issuing).unwrap_or_default();
    let mut body = String::new();
    line(&mut body, &CSV_COLUMNS);
    let mut next = cursor;
    for _ in 0..CSV_ENTRIES_MAX / PAGE_ITEMS_MAX {
        let Range { from, until } = range;
        let page = deps.store.journal(merchant, from, until, PAGE_ITEMS_MAX, next.as_ref()).await?;
        for row in &page.items {
            lines(&mut body, row, &issuing);
        }
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    Ok(CsvPage { body, next })
}

fn lines(body: &mut String, row: &EventRow, issuing: &Issuing) {
    let entry = EntryView::of(row);
    let date: NaiveDate = zone::civil_date(row.at, issuing.zone);
    for posting in &entry.postings {
        line(
            body,
            &[
                &entry.at,
                &date.to_string(),
                &entry.event,
                entry.invoice_id.as_deref().unwrap_or_default(),
                entry.payment_id.as_deref().unwrap_or_default(),
                posting.account,
                &posting.debit,
                &posting.credit,
                &entry.sequence.to_string(),
            ],
        );
    }
}

/// Totals by account. All debits equal all credits.
#[derive(Debug, Serialize)]
pub struct TrialView {
    as_of: String,
    from: Option<String>,
    /// How many entries were added up.
    entries: usize,
    accounts: Vec<AccountView>,
    debit: String,
    credit: String,
}

#[derive(Debug, Serialize)]
struct AccountView {
    account: &'static str,
    debit: String,
    credit: String,
    /// Debits less credits.
    balance: String,
}

/// Why there is no trial balance.
#[derive(Debug, PartialEq, Eq)]
pub enum NoTrial {
    /// More than [`TRIAL_ENTRIES_MAX`] entries: the caller gives a later start.
    TooMany,
    /// The entries do not add up to zero: a bug here.
    Unbalanced { by: Money },
}

/// Debits and credits by account.
#[derive(Debug, Default)]
struct Sums {
    entries: usize,
    accounts: BTreeMap<Account, (Money, Money)>,
}

impl Sums {
    fn add(&mut self, postings: &[Posting]) {
        self.entries += 1;
        for posting in postings {
            let (debit, credit) = sides(posting.amount);
            let sums = self.accounts.entry(posting.account).or_default();
            sums.0 += debit;
            sums.1 += credit;
        }
    }

    fn view(self, from: Option<DateTime<Utc>>, as_of: DateTime<Utc>) -> Result<TrialView, NoTrial> {
        let debit: Money = self.accounts.values().map(|(debit, _)| *debit).sum();
        let credit: Money = self.accounts.values().map(|(_, credit)| *credit).sum();
        if debit != credit {
            return Err(NoTrial::Unbalanced { by: debit - credit });
        }
        let account = |account: Account| {
            let (debit, credit) = self.accounts.get(&account).copied().unwrap_or_default();
            AccountView {
                account: account.as_str(),
                debit: debit.to_string(),
                credit: credit.to_string(),
                balance: (debit - credit).to_string(),
            }
        };
        Ok(TrialView {
            as_of: instant(as_of),
            from: from.map(instant),
            entries: self.entries,
            accounts: Account::ALL.into_iter().map(account).collect(),
            debit: debit.to_string(),
            credit: credit.to_string(),
        })
    }
}

/// The totals of every account up to `as_of`, from the beginning or from `from` on.
pub async fn trial_balance(
    deps: &Deps,
    merchant: &MerchantId,
    from: Option<DateTime<Utc>>,
    as_of: DateTime<Utc>,
) -> Result<Result<TrialView, NoTrial>, Unknown> {
    let start = from.unwrap_or(DateTime::UNIX_EPOCH);
    let mut sums = Sums::default();
    let mut cursor: Option<Cursor> = None;
    loop {
        let page = deps.store.journal(merchant, start, as_of, PAGE_ITEMS_MAX, cursor.as_ref());
        let page = page.await?;
        for row in &page.items {
            sums.add(&row.postings);
        }
        if sums.entries > TRIAL_ENTRIES_MAX {
            return Ok(Err(NoTrial::TooMany));
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(sums.view(from, as_of));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posting(account: Account, centavos: i64) -> Posting {
        Posting { account, amount: Money::from_centavos(centavos) }
    }

    #[test]
    fn books_that_do_not_balance_are_not_shown_as_if_they_did() {
        let mut sums = Sums::default();
        sums.add(&[posting(Account::Receivables, 100), posting(Account::Revenue, -100)]);
        sums.add(&[posting(Account::Clearing, 40), posting(Account::Receivables, -39)]);
        let by = Money::from_centavos(1);
        assert_eq!(sums.view(None, DateTime::UNIX_EPOCH).unwrap_err(), NoTrial::Unbalanced { by });
    }

    #[test]
    fn an_account_keeps_both_sides_and_the_difference() {
        let mut sums = Sums::default();
        sums.add(&[posting(Account::Receivables, 100), posting(Account::Revenue, -100)]);
        sums.add(&[posting(Account::Clearing, 130), posting(Account::Receivables, -130)]);
        let view = sums.view(None, DateTime::UNIX_EPOCH).unwrap();
        let receivables = &view.accounts[0];
        assert_eq!(
            [&receivables.debit, &receivables.credit, &receivables.balance],
            ["1.00", "1.30", "-0.30"]
        );
        assert_eq!([&view.debit, &view.credit], ["2.30", "2.30"]);
    }
}
