//! Values for this crate's tests. Each uses as many fields and variants as it can, since the golden
//! files are made from them.

use chrono::{DateTime, Utc};
use quita_core::chase::StepOutcome;
use quita_core::contact::{Cep, Email, Phone};
use quita_core::customer::{Address, BillTo, Customer, Locale};
use quita_core::document::TaxId;
use quita_core::ids::{CustomerId, EndToEndId, InvoiceId, MerchantId};
use quita_core::invoice::{ChargeState, InstalmentDraft, Invoice, InvoiceDraft, Matched};
use quita_core::merchant::{Issuing, Merchant};
use quita_core::message::{Channel, LedgerKey, Message, MessageState};
use quita_core::money::Money;
use quita_core::payment::{ParkReason, Payment, PaymentState, Refund, RefundState};
use quita_core::pix_key::PixKey;
use quita_core::terms_draft::{DatedDraft, DiscountDraft, TermsDraft, ValueDraft};
use serde_json::json;

use crate::items::{EventRow, IdempotencyRecord};
use crate::keys::Aggregate;

pub fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

pub fn merchant_id() -> MerchantId {
    MerchantId::parse("mer_acme").unwrap()
}

pub fn merchant() -> Merchant {
    Merchant {
        merchant: merchant_id(),
        version: 3,
        name: "Acme Serviços".to_owned(),
        document: TaxId::parse("11222333000181").unwrap(),
        city: "SAO PAULO".to_owned(),
        pix_key: PixKey::parse("7d9f0335-8dcc-4054-9bf9-0dbd61d36906").unwrap(),
        from: Email::parse("cobranca@acme.example").unwrap(),
        reply_to: Email::parse("financeiro@acme.example").unwrap(),
        chat_webhook: Some("https://hooks.slack.com/services/T0/B0/x".to_owned()),
        brand_colour: Some("#0A7F5A".to_owned()),
        locale: Locale::PtBr,
        issuing: Issuing {
            extra_holidays: [at("2026-01-25T00:00:00Z").date_naive()].into(),
            ..Issuing::default()
        },
    }
}

pub fn customer() -> Customer {
    Customer {
        merchant: merchant_id(),
        id: CustomerId::parse("cus_01K5A2B3C4D5E6F7G8H9J0KMNP").unwrap(),
        version: 1,
        created_at: at("2026-11-02T13:00:00Z"),
        bill_to: BillTo {
            name: "Padaria São João Ltda".to_owned(),
            document: TaxId::parse("11444777000161").unwrap(),
            emails: vec![Email::parse("contas@padaria.example").unwrap()],
            phone: Some(Phone::parse("+5511987654321").unwrap()),
            chat_webhook: None,
            address: Some(Address {
                street: "Rua das Flores, 10".to_owned(),
                city: "São Paulo".to_owned(),
                state: "SP".to_owned(),
                postal_code: Cep::parse("01310100").unwrap(),
            }),
            locale: Locale::En,
            account_owner: Some(Email::parse("ana@acme.example").unwrap()),
        },
    }
}

/// Three instalments with every term: one paid, one issued, one waiting for the bank.
pub fn invoice() -> Invoice {
    let value = |kind: &str, value: &str, days: Option<&str>| ValueDraft {
        kind: kind.to_owned(),
        value: value.to_owned(),
        days: days.map(str::to_owned),
    };
    let dated = |date: &str, value: &str| DatedDraft { date: date.into(), value: value.into() };
    let draft = InvoiceDraft {
        number: "NF-1001".to_owned(),
        description: "Consultoria de novembro".to_owned(),
        po_number: Some("PO-7".to_owned()),
        amount: "1000.00".to_owned(),
        due_date: "2026-12-10".to_owned(),
        terms: TermsDraft {
            late_fee: Some(value("percent", "2.00", None)),
            interest: Some(value("percent_per_month", "1.00", Some("calendar"))),
            rebate: Some(value("amount", "5.00", None)),
            discount: Some(DiscountDraft {
                kind: "percent_until".to_owned(),
                value: None,
                days: None,
                until: vec![dated("2026-12-01", "3.00"), dated("2026-12-05", "1.50")],
            }),
            payable_days_after_due: Some(60),
        },
        instalments: InstalmentDraft::Monthly(3),
    };
    let id = InvoiceId::parse("inv_01K5A2B3C4D5E6F7G8H9J0KMNP").unwrap();
    let now = at("2026-11-20T13:00:00Z");
    let checked = draft.check(&merchant(), now).unwrap();
    let (mut invoice, _) = checked.open(id, &merchant(), &customer(), now);
    invoice.version = 6;
    let due = invoice.amount_due(&invoice.instalments[0], at("2026-12-10T00:00:00Z").date_naive());
    for instalment in &mut invoice.instalments[..2] {
        instalment.charges[0].state = ChargeState::Active {
            location: "pix.example.com/qr/v2/cobv/9d36b84f".to_owned(),
            br_code: "00020101021226".to_owned(),
            at: at("2026-11-20T13:00:05Z"),
        };
    }
    invoice.instalments[0].payments.push(Matched {
        e2eid: payment().e2eid,
        revision: 0,
        amount: due.total,
        paid_at: at("2026-12-10T15:00:00Z"),
        due,
        refunded: Money::ZERO,
        receipt_sent: true,
    });
    let chase = &mut invoice.instalments[0].chase;
    chase.done.insert("issued".to_owned(), StepOutcome::Sent);
    chase.last_touch_at = Some(at("2026-11-20T13:00:09Z"));
    invoice
}

pub fn payment() -> Payment {
    Payment {
        merchant: merchant_id(),
        e2eid: EndToEndId::parse("E12345678202612101200abcdefghijk").unwrap(),
        version: 2,
        txid: invoice_txid(),
        amount: Money::from_centavos(33_000),
        paid_at: at("2026-12-10T15:00:00Z"),
        seen_at: at("2026-12-10T15:00:02Z"),
        state: PaymentState::Parked {
            reason: ParkReason::WrongAmount { expected: Money::from_centavos(33_334) },
            since: at("2026-12-10T15:00:03Z"),
        },
        refunds: vec![Refund {
            id: "r1".to_owned(),
            amount: Money::from_centavos(100),
            state: RefundState::Processing,
        }],
    }
}

fn invoice_txid() -> Option<quita_core::ids::Txid> {
    let id = InvoiceId::parse("inv_01K5A2B3C4D5E6F7G8H9J0KMNP").unwrap();
    quita_core::ids::Txid::for_charge(&id, 1, 0)
}

pub fn message() -> Message {
    Message {
        merchant: merchant_id(),
        invoice: invoice().id,
        key: LedgerKey {
            instalment: 1,
            step: "issued".to_owned(),
            channel: Channel::Email,
            revision: 0,
        },
        version: 2,
        attempts: 1,
        state: MessageState::Sent { at: at("2026-11-20T13:00:09Z"), evidence: "ses-1".to_owned() },
    }
}

pub fn event() -> EventRow {
    EventRow {
        aggregate: Aggregate::Invoice(invoice().id),
        seq: 1,
        at: at("2026-11-20T13:00:00.123Z"),
        actor: "api".to_owned(),
        name: "invoice.opened".to_owned(),
        data: json!({
            "type": "opened", "amount": 100_000, "po_number": null, "negative": -1,
            "instalments": [{ "due_date": "2026-12-10" }], "empty": "", "yes": true,
        }),
    }
}

pub fn answer() -> IdempotencyRecord {
    IdempotencyRecord {
        scope: "create_invoice".to_owned(),
        key: "order 7#b".to_owned(),
        payload_hash: "9f86d081884c7d65".to_owned(),
        status: 201,
        body: "{\"id\":\"inv_01K5A2B3C4D5E6F7G8H9J0KMNP\"}".to_owned(),
        expires_at: at("2026-11-21T13:00:00Z"),
    }
}
