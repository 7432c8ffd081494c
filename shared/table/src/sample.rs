//! Values for this crate's tests. Each uses as many fields and variants as it can, since the golden
//! files are made from them.

mod bank_file;
mod invoice;
mod payment;
mod reconciliation;

use chrono::{DateTime, NaiveDate, Utc};
use quita_core::audit::{Changes, Summary};
use quita_core::contact::{Cep, Email, Phone};
use quita_core::customer::{
    AccountCredit, Address, BillTo, Customer, CustomerFlag, FlagReason, Locale,
};
use quita_core::debt::{LateCharges, LateShortfall, Settling};
use quita_core::document::TaxId;
use quita_core::ids::{CustomerId, ImportId, InvoiceId, MerchantId, PaymentId};
use quita_core::journal::{Account, Posting};
use quita_core::merchant::{Issuing, Merchant, Mode, Setup};
use quita_core::message::{Channel, LedgerKey, Message, MessageState, Noted, Sign};
use quita_core::money::Money;
use quita_core::pix_key::PixKey;
use serde_json::json;

use crate::items::{EventRow, IdempotencyRecord};
use crate::keys::Aggregate;

pub use bank_file::{bank_line, boleto, chunk, import, refused_import};
pub use invoice::{billed_invoice, invoice};
pub use payment::{payment, reported};
pub use reconciliation::reconciliation;

pub fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn cents(centavos: i64) -> Money {
    Money::from_centavos(centavos)
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
        mode: Mode::Live,
        pix_key: Some(PixKey::parse("7d9f0335-8dcc-4054-9bf9-0dbd61d36906").unwrap()),
        from: Some(Email::parse("cobranca@acme.example").unwrap()),
        reply_to: Some(Email::parse("financeiro@acme.example").unwrap()),
        chat_webhook: Some("https://hooks.slack.com/services/T0/B0/x".into()),
        brand_colour: Some("#0A7F5A".to_owned()),
        brand: Default::default(),
        locale: Locale::PtBr,
        issuing: Issuing {
            extra_holidays: [day("2026-01-25")].into(),
            settling: Settling { tolerance: cents(50), late_shortfall: LateShortfall::Carry },
            ..Issuing::default()
        },
        setup: Setup::default(),
        approvals: Default::default(),
        channels: Default::default(),
        segments: Vec::new(),
        daily_digest: true,
    }
}

pub fn customer() -> Customer {
    Customer {
        merchant: merchant_id(),
        id: customer_id(),
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
            zone: None,
            account_owner: Some(Email::parse("ana@acme.example").unwrap()),
        },
        on_account: vec![AccountCredit { payment: payment_id(), amount: cents(20_000) }],
        carried: LateCharges { fine: cents(120), interest: cents(45) },
        flag: Some(CustomerFlag {
            reason: FlagReason::TakenBack,
            at: at("2026-12-11T09:00:00Z"),
            payment: payment_id(),
        }),
        past_credits: Vec::new(),
        care: Default::default(),
        erasure: None,
    }
}

pub fn invoice_id() -> InvoiceId {
    InvoiceId::parse("inv_01K5A2B3C4D5E6F7G8H9J0KMNP").unwrap()
}

pub fn customer_id() -> CustomerId {
    CustomerId::parse("cus_01K5A2B3C4D5E6F7G8H9J0KMNP").unwrap()
}

/// Of a Pix.
pub fn payment_id() -> PaymentId {
    PaymentId::parse("E12345678202612101200abcdefghijk").unwrap()
}

/// Of money that came another way.
pub fn transfer_id() -> PaymentId {
    PaymentId::parse("pay_01K5A2B3C4D5E6F7G8H9J0KMNP").unwrap()
}

pub fn import_id() -> ImportId {
    ImportId::parse("imp_01K5A2B3C4D5E6F7G8H9J0KMNP").unwrap()
}

pub fn message() -> Message {
    Message {
        merchant: merchant_id(),
        invoice: invoice_id(),
        key: LedgerKey {
            instalment: 1,
            step: "issued".to_owned(),
            channel: Channel::Email,
            revision: 0,
        },
        version: 2,
        attempts: 1,
        state: MessageState::Sent { at: at("2026-11-20T13:00:09Z"), evidence: "ses-1".to_owned() },
        silent: false,
        lead: None,
        heard: Vec::new(),
    }
}

/// One that came back, at a provider's word.
pub fn bounced() -> Message {
    let contact = || Some("contas@padaria.example".into());
    let told = [
        Noted::new(at("2026-11-20T13:00:10Z"), Sign::Accepted, contact()).because("ses-1"),
        Noted::new(at("2026-11-20T13:00:12Z"), Sign::HardBounce, contact()).because("5.1.1"),
    ];
    message().hear(&told).unwrap()
}

/// The claim of a message nobody is told of afterwards.
pub fn claimed() -> Message {
    let state = MessageState::Claimed { until: at("2026-11-20T13:02:00Z") };
    Message { version: 1, state, silent: true, ..message() }
}

pub fn event() -> EventRow {
    EventRow {
        aggregate: Aggregate::Invoice(invoice_id()),
        seq: 1,
        at: at("2026-11-20T13:00:00.123Z"),
        actor: "api".to_owned(),
        name: "invoice.opened".to_owned(),
        data: json!({
            "type": "opened", "amount": 100_000, "po_number": null, "negative": -1,
            "instalments": [{ "due_date": "2026-12-10" }], "empty": "", "yes": true,
        }),
        postings: vec![
            Posting { account: Account::Receivables, amount: cents(100_165) },
            Posting { account: Account::Revenue, amount: cents(-100_000) },
            Posting { account: Account::Fines, amount: cents(-120) },
            Posting { account: Account::Interest, amount: cents(-45) },
        ],
        changes: Changes::default(),
    }
}

/// A row that says what became of its aggregate.
pub fn event_with_changes() -> EventRow {
    let before = Summary::new().with("status", "open").personal("email", Some("a@b.example"));
    let after = Summary::new().with("status", "paid").with("principal", "0.00");
    EventRow { seq: 3, changes: Changes::between(&before, &after), ..event_without_postings() }
}

/// A row about nothing the books know.
pub fn event_without_postings() -> EventRow {
    EventRow { seq: 2, name: "charge.issued".to_owned(), postings: Vec::new(), ..event() }
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
