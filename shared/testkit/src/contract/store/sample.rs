//! Values to store: small, valid, told apart by a number.

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::audit::Changes;
use quita_core::bank_import::{
    Account as BankAccount, BankImport, BankLine, BoletoRef, Counts, FileFormat, ImportState,
    Outcome,
};
use quita_core::contact::Email;
use quita_core::customer::{BillTo, Customer, Locale};
use quita_core::debt::LateCharges;
use quita_core::document::TaxId;
use quita_core::ids::{CustomerId, ImportId, InvoiceId, MerchantId, PaymentId};
use quita_core::invoice::{Invoice, InvoiceDraft};
use quita_core::journal::{Account, Posting};
use quita_core::merchant::{Issuing, Merchant, Mode, Setup};
use quita_core::message::{Channel, LedgerKey, Message, MessageState};
use quita_core::money::Money;
use quita_core::payment::{Allocation, Attention, Method, ParkReason, Payment, PaymentState};
use quita_core::pix_key::PixKey;
use quita_core::reconciliation::Reconciliation;
use quita_table::items::{EventRow, IdempotencyRecord, ImportChunk};
use quita_table::keys::Aggregate;
use serde_json::json;

/// The moment the samples are made at.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

pub fn minutes(n: i64) -> TimeDelta {
    TimeDelta::minutes(n)
}

pub fn merchant_id(name: &str) -> MerchantId {
    MerchantId::parse(&format!("mer_{name}")).unwrap()
}

pub fn merchant(name: &str) -> Merchant {
    Merchant {
        merchant: merchant_id(name),
        version: 1,
        name: "Loja Açaí".to_owned(),
        document: cnpj(1),
        city: "SAO PAULO".to_owned(),
        mode: Mode::Live,
        pix_key: Some(PixKey::parse("7d9f0335-8dcc-4054-9bf9-0dbd61d36906").unwrap()),
        from: Some(Email::parse("cobranca@example.com").unwrap()),
        reply_to: Some(Email::parse("financeiro@example.com").unwrap()),
        chat_webhook: None,
        brand_colour: None,
        brand: Default::default(),
        locale: Locale::PtBr,
        issuing: Issuing::default(),
        setup: Setup::default(),
        approvals: Default::default(),
        channels: Default::default(),
        segments: Vec::new(),
        daily_digest: true,
    }
}

pub fn customer(owner: &str, n: u32) -> Customer {
    Customer {
        merchant: merchant_id(owner),
        id: CustomerId::parse(&format!("cus_{n:026}")).unwrap(),
        version: 1,
        created_at: now(),
        bill_to: BillTo {
            name: format!("Cliente {n}"),
            document: cnpj(n),
            emails: vec![Email::parse("contas@example.com").unwrap()],
            phone: None,
            chat_webhook: None,
            address: None,
            locale: Locale::PtBr,
            zone: None,
            account_owner: None,
        },
        on_account: Vec::new(),
        carried: LateCharges::default(),
        flag: None,
        past_credits: Vec::new(),
        erasure: None,
        care: Default::default(),
    }
}

/// Invoice number `n` of customer 1. Its due date moves with `n`, 20 different days in all.
pub fn invoice(owner: &str, n: u32) -> Invoice {
    let due = now().date_naive() + TimeDelta::days(10 + i64::from(n * 7 % 20));
    let draft = InvoiceDraft {
        number: format!("NF-{n}"),
        description: "Serviço".to_owned(),
        amount: "1500.00".to_owned(),
        due_date: due.to_string(),
        ..InvoiceDraft::default()
    };
    let id = InvoiceId::parse(&format!("inv_{n:026}")).unwrap();
    let checked = draft.check(&merchant(owner), now()).unwrap();
    checked.open(id, &merchant(owner), &customer(owner, 1), now()).0
}

/// The next version of an invoice, with another description.
pub fn changed(invoice: &Invoice, description: &str) -> Invoice {
    let version = invoice.version + 1;
    Invoice { version, description: description.to_owned(), ..invoice.clone() }
}

/// A Pix without a txid, which waits for a person.
pub fn payment(owner: &str, n: u32) -> Payment {
    Payment {
        merchant: merchant_id(owner),
        id: PaymentId::parse(&format!("E12345678202609211000{n:011}")).unwrap(),
        version: 1,
        method: Method::Pix,
        txid: None,
        amount: Money::from_centavos(150_000),
        paid_at: now() - minutes(i64::from(n)),
        seen_at: now(),
        payer: None,
        memo: None,
        state: PaymentState::Received,
        allocations: Vec::new(),
        on_account: None,
        refunds: Vec::new(),
        attention: Some(Attention { reason: ParkReason::NoTxid, since: now(), assignee: None }),
        settled_on: None,
        bank_lines: Vec::new(),
    }
}

/// The payment once an invoice has all of it: nobody has to look any more.
pub fn settled(payment: &Payment, invoice: &Invoice) -> Payment {
    let allocation =
        Allocation { invoice: invoice.id.clone(), instalment: 1, amount: payment.amount };
    Payment {
        version: payment.version + 1,
        allocations: vec![allocation],
        attention: None,
        ..payment.clone()
    }
}

pub fn reconciliation(owner: &str) -> Reconciliation {
    Reconciliation::starting(merchant_id(owner), now())
}

pub fn import(owner: &str, n: u32) -> BankImport {
    let id = ImportId::parse(&format!("imp_{n:026}")).unwrap();
    BankImport {
        merchant: merchant_id(owner),
        id,
        version: 1,
        created_at: now(),
        name: format!("extrato {n}.ofx"),
        format: FileFormat::Ofx,
        account: BankAccount { bank: "341".to_owned(), branch: None, number: "1-2".to_owned() },
        csv: None,
        parts: Vec::new(),
        summary: None,
        done: 0,
        counts: Counts::default(),
        state: ImportState::Uploading,
    }
}

/// Piece `nth` of an import, `len` bytes of every value.
pub fn chunk(import: &BankImport, nth: u32, len: usize) -> ImportChunk {
    let bytes = (0..=u8::MAX).cycle().skip(nth as usize).take(len).collect();
    let import = import.id.clone();
    ImportChunk { import, nth, bytes, expires_at: now() + minutes(1440) }
}

pub fn bank_line(import: &BankImport, n: u32) -> BankLine {
    BankLine {
        merchant: import.merchant.clone(),
        fingerprint: format!("{n:032x}"),
        version: 1,
        import: import.id.clone(),
        line: u64::from(n),
        booked_on: now().date_naive(),
        amount: Money::from_centavos(150_000),
        memo: format!("TED {n}").into(),
        outcome: Outcome::Unmatched,
        payment: None,
    }
}

pub fn boleto(our_number: &str, n: u32) -> BoletoRef {
    let invoice = invoice("a", n).id;
    BoletoRef { our_number: our_number.to_owned(), invoice, instalment: 1 }
}

pub fn message(owner: &str, n: u32, step: &str) -> Message {
    Message {
        merchant: merchant_id(owner),
        invoice: invoice(owner, n).id,
        key: LedgerKey {
            instalment: 1,
            step: step.to_owned(),
            channel: Channel::Email,
            revision: 0,
        },
        version: 1,
        attempts: 1,
        state: MessageState::Claimed { until: now() + minutes(5) },
        silent: false,
        lead: None,
        heard: Vec::new(),
    }
}

pub fn event(invoice: &Invoice, seq: u64) -> EventRow {
    EventRow {
        aggregate: Aggregate::Invoice(invoice.id.clone()),
        seq,
        at: now(),
        actor: "api".to_owned(),
        name: "invoice.opened".to_owned(),
        data: json!({ "amount": 150_000, "po_number": null, "parts": [{ "number": 1 }] }),
        postings: Vec::new(),
        changes: Changes::default(),
    }
}

/// A row that books something, so that the journal lists it.
pub fn booked(aggregate: &Aggregate, seq: u64, at: DateTime<Utc>) -> EventRow {
    let posting = |account, centavos| Posting { account, amount: Money::from_centavos(centavos) };
    let postings =
        vec![posting(Account::Receivables, 150_000), posting(Account::Revenue, -150_000)];
    let aggregate = aggregate.clone();
    EventRow { aggregate, seq, at, postings, ..event(&invoice("a", 1), seq) }
}

pub fn answer(key: &str, body: &str) -> IdempotencyRecord {
    IdempotencyRecord {
        scope: "create_invoice".to_owned(),
        key: key.to_owned(),
        payload_hash: "a0b1".to_owned(),
        status: 201,
        body: body.to_owned(),
        expires_at: now() + minutes(1440),
    }
}

/// A valid CNPJ with `n` as its root.
pub fn cnpj(n: u32) -> TaxId {
    let mut digits: Vec<u32> =
        format!("{n:08}0001").chars().filter_map(|c| c.to_digit(10)).collect();
    for _ in 0..2 {
        // Weights 2 to 9 from the right, again and again.
        let weights = (2..=9).cycle();
        let sum: u32 = digits.iter().rev().zip(weights).map(|(digit, weight)| digit * weight).sum();
        digits.push(if sum % 11 < 2 { 0 } else { 11 - sum % 11 });
    }
    let text: String = digits.iter().map(u32::to_string).collect();
    TaxId::parse(&text).unwrap()
}
