//! The small answer an open page asks for again and again: has anything changed?

use chrono::NaiveDate;
use quita_core::invoice::Invoice;
use serde::Serialize;

/// The present state, in the words of the API.
#[derive(Debug, Serialize)]
pub(crate) struct PageStatus {
    status: &'static str,
    /// Grows with every event of the invoice; a page that shows another one renders itself again.
    version: u64,
    instalments: Vec<InstalmentStatus>,
}

#[derive(Debug, Serialize)]
struct InstalmentStatus {
    number: u16,
    status: &'static str,
}

impl PageStatus {
    pub(crate) fn of(invoice: &Invoice, today: NaiveDate) -> Self {
        let instalments = invoice.instalments.iter().map(|instalment| InstalmentStatus {
            number: instalment.number,
            status: invoice.instalment_status(instalment, today).as_str(),
        });
        Self {
            status: invoice.status(today).as_str(),
            version: invoice.version,
            instalments: instalments.collect(),
        }
    }
}
