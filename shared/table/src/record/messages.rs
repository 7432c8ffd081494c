//! The records of the message ledger: texts that were sent, and phones that were written to.

use chrono::{DateTime, Utc};
use quita_core::ids::MerchantId;
use quita_core::message::{Correspondent, SentText};

use super::Record;
use crate::keys::RecordKey;

pub(super) const SENT_TEXT: &str = "sent_text";
pub(super) const CORRESPONDENT: &str = "correspondent";

impl Record for SentText {
    const KIND: &'static str = SENT_TEXT;

    fn owner(&self) -> &MerchantId {
        &self.merchant
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn key(&self) -> RecordKey {
        RecordKey::SentText(self.invoice.clone(), self.key.clone(), self.attempt)
    }
}

impl Record for Correspondent {
    const KIND: &'static str = CORRESPONDENT;

    fn owner(&self) -> &MerchantId {
        &self.merchant
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn key(&self) -> RecordKey {
        RecordKey::Correspondent(self.sha256.clone())
    }

    fn expires_at(&self) -> Option<DateTime<Utc>> {
        Some(Correspondent::expires_at(self))
    }
}

#[cfg(test)]
mod tests {
    use quita_core::message::{About, Channel, LedgerKey, Source};

    use super::super::tests::{check_golden, check_golden_named};
    use super::*;
    use crate::sample::{at, customer_id, invoice_id, merchant_id};

    fn sent_text() -> SentText {
        SentText {
            merchant: merchant_id(),
            invoice: invoice_id(),
            key: LedgerKey {
                instalment: 1,
                step: "d_3".to_owned(),
                channel: Channel::Email,
                revision: 1,
            },
            attempt: 2,
            version: 1,
            at: at("2026-12-13T12:00:00Z"),
            subject: Some("Fatura 2026-001".into()),
            text: "Valor: R$ 1.000,00".into(),
            sha256: "0123456789abcdef".repeat(4),
            recipients: vec!["contas@padaria.example".into()],
            template: Source { name: "reminder".to_owned(), version: 1 },
            rule: Some(Source { name: "standard".to_owned(), version: 3 }),
            erased_at: None,
        }
    }

    #[test]
    fn golden_files_of_the_ledger_read_for_good() {
        check_golden(&sent_text());
        let erased = sent_text().erased(at("2027-01-13T12:00:00Z")).unwrap();
        check_golden_named("sent_text_erased", &erased);
        check_golden(&Correspondent {
            merchant: merchant_id(),
            sha256: "fedcba9876543210".repeat(4),
            version: 2,
            about: vec![About { customer: customer_id(), invoice: invoice_id() }],
            met_at: at("2026-12-13T12:00:00Z"),
            answers: vec!["0011223344556677".repeat(4)],
        });
    }
}
