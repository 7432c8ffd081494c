//! A merchant, a customer, invoices and payments for tests.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use crate::contact::Email;
use crate::customer::{Customer, CustomerDraft, Locale};
use crate::document::TaxId;
use crate::ids::{CustomerId, EndToEndId, InvoiceId, MerchantId, PaymentId};
use crate::invoice::{
    self, Command, Credit, Event, InstalmentDraft, Invoice, InvoiceDraft, Received, Source, credit,
    decide,
};
use crate::merchant::{Issuing, Merchant, Mode, Setup};
use crate::money::Money;
use crate::payment::{Method, Payment, PaymentState};
use crate::pix_key::PixKey;
use crate::terms_draft::{TermsDraft, ValueDraft};
use crate::zone::{SAO_PAULO, instant_at};

pub(crate) const ULID: &str = "01JD5X2B9QKZ3V7M8N4P6R0STW";

/// A local instant such as `2026-12-10 09:00`.
pub(crate) fn at(text: &str) -> DateTime<Utc> {
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
    instant_at(local.date(), local.time(), SAO_PAULO)
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn cents(centavos: i64) -> Money {
    Money::from_centavos(centavos)
}

pub(crate) fn merchant() -> Merchant {
    Merchant {
        merchant: MerchantId::parse("mer_acme").unwrap(),
        version: 1,
        name: "ACME".into(),
        document: TaxId::parse("11222333000181").unwrap(),
        city: "SAO PAULO".into(),
        mode: Mode::Live,
        pix_key: Some(PixKey::parse("11222333000181").unwrap()),
        from: Some(Email::parse("cobranca@acme.example").unwrap()),
        reply_to: Some(Email::parse("financeiro@acme.example").unwrap()),
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

pub(crate) fn customer() -> Customer {
    let draft = CustomerDraft {
        name: "Padaria Aurora".into(),
        document: "52998224725".into(),
        emails: vec!["a@aurora.example".into()],
        ..CustomerDraft::default()
    };
    let id = CustomerId::from_ulid(ULID).unwrap();
    Customer::new(&merchant().merchant, id, draft.parse().unwrap(), at("2026-11-01 10:00"))
}

/// R$ 1,000.00 due on Thursday, 10 December 2026; late, 2 % once and 1 % a month.
pub(crate) fn draft() -> InvoiceDraft {
    InvoiceDraft {
        number: "2026-001".into(),
        description: "Novembro".into(),
        amount: "1000.00".into(),
        due_date: "2026-12-10".into(),
        terms: TermsDraft {
            late_fee: value("percent", "2.00"),
            interest: value("percent_per_month", "1.00"),
            ..TermsDraft::default()
        },
        ..InvoiceDraft::default()
    }
}

/// The same in instalments by month.
pub(crate) fn monthly(count: i64) -> InvoiceDraft {
    InvoiceDraft { instalments: InstalmentDraft::Monthly(count), ..draft() }
}

pub(crate) fn value(kind: &str, value: &str) -> Option<ValueDraft> {
    Some(ValueDraft { kind: kind.into(), value: value.into(), days: None })
}

/// Opened on 23 November 2026 at 10:00.
pub(crate) fn opened(draft: &InvoiceDraft) -> Invoice {
    opened_by(draft, &merchant(), &customer(), ULID)
}

pub(crate) fn opened_by(
    draft: &InvoiceDraft,
    merchant: &Merchant,
    customer: &Customer,
    ulid: &str,
) -> Invoice {
    let now = at("2026-11-23 10:00");
    let id = InvoiceId::from_ulid(ulid).unwrap();
    draft.check(merchant, now).unwrap().open(id, merchant, customer, now).0
}

/// Opened, and every charge taken by the bank a minute later.
pub(crate) fn issued(draft: &InvoiceDraft) -> Invoice {
    taken_by_bank(opened(draft), "2026-11-23 10:01")
}

/// The bank takes every charge that is on its way to it.
pub(crate) fn taken_by_bank(mut invoice: Invoice, now: &str) -> Invoice {
    for number in 1..=u16::try_from(invoice.instalments.len()).unwrap() {
        let revision = invoice.instalment(number).unwrap().charge().revision;
        let (location, br_code) = ("bank.example/qr/1".into(), "0002".into());
        let taken = Command::RecordIssued { instalment: number, revision, location, br_code };
        invoice = run(invoice, taken, now);
    }
    invoice
}

/// Decides and applies.
pub(crate) fn run(invoice: Invoice, command: Command<'_>, now: &str) -> Invoice {
    let events = decide(&invoice, command, at(now)).unwrap();
    applied(invoice, &events, at(now))
}

pub(crate) fn applied(invoice: Invoice, events: &[Event], now: DateTime<Utc>) -> Invoice {
    events.iter().fold(invoice, |invoice, event| invoice::evolve(invoice, event, now))
}

/// The `nth` Pix, initiated at some instant.
pub(crate) fn pix_id(initiated: DateTime<Utc>, nth: u32) -> PaymentId {
    let minute = initiated.format("%Y%m%d%H%M");
    EndToEndId::parse(&format!("E12345678{minute}{nth:0>11}")).unwrap().into()
}

/// What a Pix for the current charge becomes that is paid and heard of at `when`.
pub(crate) fn pay(invoice: &Invoice, number: u16, nth: u32, centavos: i64, when: &str) -> Credit {
    let revision = invoice.instalment(number).unwrap().charge().revision;
    pay_charge(invoice, (number, revision), nth, centavos, when)
}

/// The same for a charge by instalment and revision.
pub(crate) fn pay_charge(
    invoice: &Invoice,
    (instalment, revision): (u16, u16),
    nth: u32,
    centavos: i64,
    when: &str,
) -> Credit {
    let payment = pix_id(at(when), nth);
    let pix = Received {
        instalment,
        revision: Some(revision),
        payment: &payment,
        amount: cents(centavos),
        paid_at: at(when),
        source: Source::Receipt,
    };
    credit(invoice, &pix, at(when))
}

/// Credits a Pix and answers with what is left of it.
pub(crate) fn taken_in(
    invoice: Invoice,
    number: u16,
    nth: u32,
    centavos: i64,
    when: &str,
) -> (Invoice, Money) {
    match pay(&invoice, number, nth, centavos, when) {
        Credit::Matched { events, excess } => (applied(invoice, &events, at(when)), excess),
        other => panic!("not credited: {other:?}"),
    }
}

/// Credits a Pix of which nothing is left.
pub(crate) fn paid(invoice: Invoice, number: u16, nth: u32, centavos: i64, when: &str) -> Invoice {
    let (invoice, excess) = taken_in(invoice, number, nth, centavos, when);
    assert_eq!(excess, Money::ZERO);
    invoice
}

/// A payment the bank has just told of.
pub(crate) fn reported(id: PaymentId, amount: Money, paid_at: DateTime<Utc>) -> Payment {
    Payment {
        merchant: merchant().merchant,
        method: if id.end_to_end().is_some() { Method::Pix } else { Method::Cash },
        id,
        version: 1,
        txid: None,
        amount,
        paid_at,
        seen_at: paid_at,
        payer: None,
        memo: None,
        state: PaymentState::Reported { attempts: 0, next_try_at: paid_at },
        allocations: Vec::new(),
        on_account: None,
        refunds: Vec::new(),
        attention: None,
        settled_on: None,
        bank_lines: Vec::new(),
    }
}
