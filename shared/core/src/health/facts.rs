//! What is known of how a customer pays, invoice by invoice.

use chrono::{DateTime, NaiveDate, Utc};

use super::QUARTER_DAYS;
use crate::ageing::receivables;
use crate::ids::{InvoiceId, PaymentId};
use crate::invoice::{Instalment, Invoice, Matched};
use crate::money::Money;
use crate::outcome::{average_days, days_beyond_terms, paid_at};

/// Invoices and their days beyond terms, added up; early ones count below zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Days {
    pub count: u32,
    pub sum: i64,
}

impl Days {
    fn add(&mut self, days: i64) {
        self.count += 1;
        self.sum += days;
    }

    /// Whole days, a half away from zero; `None` of nothing.
    pub fn average(&self) -> Option<i64> {
        average_days(self.sum, self.count)
    }
}

/// An open instalment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Debt {
    pub invoice: InvoiceId,
    /// The merchant's own number.
    pub number: String,
    pub instalment: u16,
    pub due_date: NaiveDate,
    pub adjusted_due: NaiveDate,
    /// Calendar days after the adjusted due date.
    pub days_late: u32,
    pub outstanding: Money,
}

/// The money that came last and is still here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastPayment {
    pub payment: PaymentId,
    /// As much of it as the instalment has.
    pub amount: Money,
    pub paid_at: DateTime<Utc>,
}

/// What is known of a customer on a day.
///
/// An invoice counts once it is closed, as late as the latest of its instalments. One that was
/// canceled, or closed without money, says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HealthFacts {
    /// Closed invoices that were paid before their due date ..
    pub early: u32,
    /// .. from the due date to the adjusted one ..
    pub on_time: u32,
    /// .. and after that.
    pub late: u32,
    /// Invoices of which something was given up as lost.
    pub written_off: u32,
    /// The closed ones together: days from the adjusted due date to the payment.
    pub paid: Days,
    /// Closed in the last quarter, and overdue today with the days they are late so far: who stops
    /// paying does not look prompt.
    pub last_quarter: Days,
    /// Closed in the quarter before.
    pub quarter_before: Days,
    pub open: u32,
    pub overdue: u32,
    pub overdue_amount: Money,
    /// The open debt that was due first.
    pub oldest: Option<Debt>,
    pub last_payment: Option<LastPayment>,
    pub disputes_open: u32,
    /// Disputes that were closed, however they ended.
    pub disputes_closed: u32,
    pub promises_kept: u32,
    pub promises_broken: u32,
    /// A person is still to look at money that was taken back.
    pub money_taken_back: bool,
}

/// When an invoice was paid, the least welcome last.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Timing {
    Early,
    OnTime,
    Late,
}

impl HealthFacts {
    /// Calendar days that the oldest open debt is late; zero where nothing is.
    pub fn oldest_overdue_days(&self) -> u32 {
        self.oldest.as_ref().map_or(0, |debt| debt.days_late)
    }

    /// Counts an invoice in, as it stands on the merchant's civil date.
    pub fn add(&mut self, invoice: &Invoice, today: NaiveDate) {
        if !invoice.is_active() {
            return;
        }
        let credits = invoice.instalments.iter().flat_map(|instalment| &instalment.payments);
        credits.filter(|credit| credit.kept().is_positive()).for_each(|it| self.hear(it));
        self.disputes_open += u32::from(invoice.handling.dispute.is_some());
        let lost = |instalment: &Instalment| instalment.written_off.is_positive();
        if invoice.instalments.iter().any(lost) {
            self.written_off += 1;
        } else if invoice.is_settled() {
            self.add_closed(invoice, today);
        }
        if !invoice.is_settled() {
            self.add_open(invoice, today);
        }
    }

    /// Counts what an event in the history of an invoice tells, by its name.
    pub fn add_event(&mut self, name: &str) {
        match name {
            "promise.kept" => self.promises_kept += 1,
            "promise.broken" => self.promises_broken += 1,
            "dispute.closed" => self.disputes_closed += 1,
            _ => {}
        }
    }

    fn add_closed(&mut self, invoice: &Invoice, today: NaiveDate) {
        let calendar = invoice.calendar();
        let of = |instalment: &Instalment| {
            let days = days_beyond_terms(instalment, invoice)?;
            let paid = invoice.civil_date(paid_at(instalment)?);
            let terms = &instalment.terms;
            let timing = if paid > terms.adjusted_due(&calendar) {
                Timing::Late
            } else if paid < terms.due_date {
                Timing::Early
            } else {
                Timing::OnTime
            };
            Some((timing, days, paid))
        };
        let closed = invoice.instalments.iter().filter_map(of);
        let latest = closed.reduce(|a, b| (a.0.max(b.0), a.1.max(b.1), a.2.max(b.2)));
        let Some((timing, days, paid)) = latest else { return };
        match timing {
            Timing::Early => self.early += 1,
            Timing::OnTime => self.on_time += 1,
            Timing::Late => self.late += 1,
        }
        self.paid.add(days);
        match (today - paid).num_days() {
            ago if ago < QUARTER_DAYS => self.last_quarter.add(days),
            ago if ago < 2 * QUARTER_DAYS => self.quarter_before.add(days),
            _ => {}
        }
    }

    fn add_open(&mut self, invoice: &Invoice, today: NaiveDate) {
        self.open += 1;
        let mut worst = 0;
        for line in receivables(invoice, today) {
            let debt = Debt {
                invoice: invoice.id.clone(),
                number: invoice.number.clone(),
                instalment: line.instalment.number,
                due_date: line.due.due_date,
                adjusted_due: line.due.adjusted_due,
                days_late: line.due.calendar_days_late,
                outstanding: line.due.total,
            };
            worst = worst.max(debt.days_late);
            if debt.days_late > 0 {
                self.overdue_amount += debt.outstanding;
            }
            let place = |debt: &Debt| (debt.adjusted_due, debt.invoice.clone(), debt.instalment);
            if self.oldest.as_ref().is_none_or(|known| place(&debt) < place(known)) {
                self.oldest = Some(debt);
            }
        }
        if worst > 0 {
            self.overdue += 1;
            self.last_quarter.add(worst.into());
        }
    }

    fn hear(&mut self, credit: &Matched) {
        let place = |paid_at: DateTime<Utc>, payment: &PaymentId| (paid_at, payment.to_string());
        let known = self.last_payment.as_ref();
        let later = known.is_none_or(|known| {
            place(credit.paid_at, &credit.payment) > place(known.paid_at, &known.payment)
        });
        match &mut self.last_payment {
            // One payment may have paid several instalments.
            Some(known) if known.payment == credit.payment => known.amount += credit.kept(),
            last if later => {
                let (payment, paid_at) = (credit.payment.clone(), credit.paid_at);
                *last = Some(LastPayment { payment, amount: credit.kept(), paid_at });
            }
            _ => {}
        }
    }
}
