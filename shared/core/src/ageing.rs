//! What is owed on a day, debt by debt and by how long it is past due, and what became of what was
//! invoiced.
//!
//! Owns the buckets and the sums. Does not own what is due on a day ([`crate::invoice`]), which
//! invoices are looked at, nor money that lies on a customer's account, which no debt has.
//!
//! Invariants: every open instalment is one line and in one bucket; the buckets add up to the
//! lines, to the centavo; of a line `outstanding` is principal less rebate and discount, and the
//! late charges.

use chrono::NaiveDate;

use crate::invoice::{Instalment, Invoice};
use crate::money::Money;
use crate::outcome::{average_days, days_beyond_terms};
use crate::terms::AmountDue;

/// How long a debt is past its adjusted due date, in calendar days. The steps are the usual ones of
/// trade credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bucket {
    NotDue,
    /// 1 to 30 days.
    UpTo30,
    /// 31 to 60 days.
    UpTo60,
    /// 61 to 90 days.
    UpTo90,
    Over90,
}

impl Bucket {
    pub const ALL: [Self; 5] =
        [Self::NotDue, Self::UpTo30, Self::UpTo60, Self::UpTo90, Self::Over90];

    /// The bucket of a debt that is so many days past due.
    pub fn of(days_past_due: u32) -> Self {
        match days_past_due {
            0 => Self::NotDue,
            1..=30 => Self::UpTo30,
            31..=60 => Self::UpTo60,
            61..=90 => Self::UpTo90,
            _ => Self::Over90,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotDue => "not_due",
            Self::UpTo30 => "1_to_30",
            Self::UpTo60 => "31_to_60",
            Self::UpTo90 => "61_to_90",
            Self::Over90 => "over_90",
        }
    }
}

/// One open instalment, as of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receivable<'a> {
    pub invoice: &'a Invoice,
    pub instalment: &'a Instalment,
    /// What is due on the day, by component.
    pub due: AmountDue,
    pub bucket: Bucket,
}

/// The open instalments of an invoice, as of `on`; none of one that is being canceled, or was.
pub fn receivables(invoice: &Invoice, on: NaiveDate) -> Vec<Receivable<'_>> {
    if !invoice.is_active() {
        return Vec::new();
    }
    let open = invoice.instalments.iter().filter(|instalment| !instalment.is_settled());
    let line = |instalment| {
        let due = invoice.amount_due(instalment, on);
        let bucket = Bucket::of(due.calendar_days_late);
        Receivable { invoice, instalment, due, bucket }
    };
    open.map(line).collect()
}

/// Several lines together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    pub count: usize,
    /// Late fee and interest.
    pub late_charges: Money,
    /// With late charges, less rebate and discount.
    pub outstanding: Money,
}

impl Sum {
    fn add(&mut self, due: &AmountDue) {
        self.count += 1;
        self.late_charges += due.fine + due.interest;
        self.outstanding += due.total;
    }
}

/// Lines by bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ageing([Sum; Bucket::ALL.len()]);

impl Ageing {
    pub fn add(&mut self, line: &Receivable<'_>) {
        for (bucket, sum) in Bucket::ALL.into_iter().zip(&mut self.0) {
            if bucket == line.bucket {
                sum.add(&line.due);
            }
        }
    }

    /// Every bucket, the empty ones too, the youngest first.
    pub fn buckets(&self) -> impl Iterator<Item = (Bucket, Sum)> {
        Bucket::ALL.into_iter().zip(self.0)
    }

    pub fn total(&self) -> Sum {
        self.0.iter().fold(Sum::default(), |total, sum| Sum {
            count: total.count + sum.count,
            late_charges: total.late_charges + sum.late_charges,
            outstanding: total.outstanding + sum.outstanding,
        })
    }
}

/// What became of the invoices that were issued in a span of days, as it is known now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Issued {
    pub invoices: usize,
    /// Their principal as agreed.
    pub invoiced: Money,
    /// Money of them that is still here, late charges among it.
    pub received: Money,
    pub written_off: Money,
    /// Instalments that money closed.
    pub closed: u32,
    /// Their days from adjusted due date to payment, added up; early ones count below zero.
    pub days_beyond_terms: i64,
}

impl Issued {
    /// Counts an invoice in; one that was canceled was not invoiced.
    pub fn add(&mut self, invoice: &Invoice) {
        if !invoice.is_active() {
            return;
        }
        self.invoices += 1;
        self.invoiced += invoice.amount();
        for instalment in &invoice.instalments {
            self.received += instalment.received();
            self.written_off += instalment.written_off;
            let lost = instalment.written_off.is_positive();
            if let Some(days) = days_beyond_terms(instalment, invoice).filter(|_| !lost) {
                self.closed += 1;
                self.days_beyond_terms += days;
            }
        }
    }

    /// Whole days on average, a half away from zero; `None` where money closed nothing.
    pub fn average_days_beyond_terms(&self) -> Option<i64> {
        average_days(self.days_beyond_terms, self.closed)
    }
}

#[cfg(test)]
mod tests;
