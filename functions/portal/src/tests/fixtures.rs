//! Invoices in every state, made by the same commands as in production, and calls of the function.

use std::sync::Arc;

use aws_lambda_events::encodings::Body;
use aws_lambda_events::query_map::QueryMap;
use chrono::{DateTime, NaiveDateTime, Utc};
use http::Method;
use quita_app::links::{PageLink, Scope, SigningKey};
use quita_core::contact::Email;
use quita_core::customer::{Customer, CustomerDraft, Locale};
use quita_core::document::TaxId;
use quita_core::ids::{CustomerId, InvoiceId, MerchantId, PaymentId};
use quita_core::invoice::{
    Command, Credit, InstalmentDraft, Invoice, InvoiceDraft, Received, Source, credit, decide,
    evolve,
};
use quita_core::merchant::{Issuing, Merchant, Mode, Setup};
use quita_core::money::Money;
use quita_core::pix_key::PixKey;
use quita_core::terms_draft::{DatedDraft, DiscountDraft, TermsDraft, ValueDraft};
use quita_core::zone::{SAO_PAULO, instant_at};
use quita_edge::{ApiRequest, ApiResponse};
use quita_table::Store;
use quita_table::schema::LOCAL_TABLE;
use quita_table::store::{Commit, Expected};
use quita_testkit::embedded::Embedded;
use quita_testkit::meter::Metered;

use crate::Portal;

const ULID: &str = "01JD5X2B9QKZ3V7M8N4P6R0STW";
pub const CODE: &str = "00020101021226850014br.gov.bcb.pix2563bank.example/qr/v2/cobv/9d36b84fc70b4\
    78fb95c12729b90ca255204000053039865802BR5913ACME SERVICOS6009SAO PAULO62070503***63041D3D";

/// An instant by the clock of Brasília.
pub fn at(text: &str) -> DateTime<Utc> {
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
    instant_at(local.date(), local.time(), SAO_PAULO)
}

pub fn key() -> SigningKey {
    SigningKey::new("a signing key of the tests, 32+ bytes").unwrap()
}

/// The path of the link that messages sent on 2026-11-23 carry.
pub fn act_path(invoice: &Invoice) -> String {
    key().page_path(&PageLink::to(invoice, Scope::Act, at("2026-11-23 10:00")))
}

pub fn merchant() -> Merchant {
    Merchant {
        merchant: MerchantId::parse("mer_acme").unwrap(),
        version: 1,
        name: "Acme Serviços".into(),
        document: TaxId::parse("11222333000181").unwrap(),
        city: "SAO PAULO".into(),
        mode: Mode::Live,
        pix_key: Some(PixKey::parse("11222333000181").unwrap()),
        from: Some(Email::parse("cobranca@acme.example").unwrap()),
        reply_to: Some(Email::parse("financeiro@acme.example").unwrap()),
        chat_webhook: None,
        brand_colour: Some("#5B2A86".into()),
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

pub fn customer() -> Customer {
    let draft = CustomerDraft {
        name: "Padaria São João Ltda".into(),
        document: "11444777000161".into(),
        emails: vec!["contas@padaria.example".into()],
        ..CustomerDraft::default()
    };
    let id = CustomerId::from_ulid(ULID).unwrap();
    let created_at = at("2026-11-01 10:00");
    Customer::new(&merchant().merchant, id, draft.parse().unwrap(), created_at)
}

fn value(kind: &str, value: &str) -> Option<ValueDraft> {
    Some(ValueDraft { kind: kind.into(), value: value.into(), days: None })
}

/// R$ 1.500,00 due on Thursday 2026-12-10, with every kind of term.
pub fn draft() -> InvoiceDraft {
    InvoiceDraft {
        number: "NF-2041".into(),
        description: "Manutenção de fornos, novembro".into(),
        po_number: Some("PC-88".into()),
        amount: "1500.00".into(),
        due_date: "2026-12-10".into(),
        terms: TermsDraft {
            late_fee: value("percent", "2.00"),
            interest: value("percent_per_month", "1.00"),
            discount: Some(DiscountDraft {
                kind: "percent_until".into(),
                until: vec![DatedDraft { date: "2026-12-01".into(), value: "3.00".into() }],
                ..DiscountDraft::default()
            }),
            ..TermsDraft::default()
        },
        ..InvoiceDraft::default()
    }
}

pub fn in_three() -> InvoiceDraft {
    InvoiceDraft { instalments: InstalmentDraft::Monthly(3), ..draft() }
}

/// Opened on 2026-11-23, with its charges still on the way to the bank.
pub fn opened(draft: &InvoiceDraft) -> Invoice {
    opened_for(draft, &customer())
}

pub fn opened_for(draft: &InvoiceDraft, customer: &Customer) -> Invoice {
    let now = at("2026-11-23 10:00");
    let checked = draft.check(&merchant(), now).unwrap();
    checked.open(InvoiceId::from_ulid(ULID).unwrap(), &merchant(), customer, now).0
}

pub fn run(invoice: Invoice, command: Command<'_>, now: &str) -> Invoice {
    let events = decide(&invoice, command, at(now)).unwrap();
    events.iter().fold(invoice, |invoice, event| evolve(invoice, event, at(now)))
}

/// The bank took the charge that was asked for in place of an earlier one.
pub fn issued_anew(invoice: Invoice, instalment: u16, when: &str) -> Invoice {
    let taken = Command::RecordIssued {
        instalment,
        revision: invoice.instalment(instalment).unwrap().charge().revision,
        location: "bank.example/qr/v2/cobv/9d36b84f".into(),
        br_code: CODE.into(),
    };
    run(invoice, taken, when)
}

/// The bank took every charge.
pub fn issued(invoice: Invoice) -> Invoice {
    (1..=invoice.instalments.len()).fold(invoice, |invoice, number| {
        let taken = Command::RecordIssued {
            instalment: u16::try_from(number).unwrap(),
            revision: 0,
            location: "bank.example/qr/v2/cobv/9d36b84f".into(),
            br_code: CODE.into(),
        };
        run(invoice, taken, "2026-11-23 10:01")
    })
}

pub fn paid(invoice: Invoice, instalment: u16, centavos: i64, when: &str) -> Invoice {
    let paid_at = at(when);
    let e2eid = format!("E12345678{}{instalment:0>11}", paid_at.format("%Y%m%d%H%M"));
    let payment = PaymentId::parse(&e2eid).unwrap();
    let pix = Received {
        instalment,
        revision: Some(invoice.instalment(instalment).unwrap().charge().revision),
        payment: &payment,
        amount: Money::from_centavos(centavos),
        paid_at,
        source: Source::Receipt,
    };
    let Credit::Matched { events, .. } = credit(&invoice, &pix, paid_at) else {
        panic!("not matched: {:?}", credit(&invoice, &pix, paid_at));
    };
    events.iter().fold(invoice, |invoice, event| evolve(invoice, event, at(when)))
}

pub fn returned(invoice: Invoice, when: &str) -> Invoice {
    let payment = invoice.instalments[0].payments[0].clone();
    let released = Command::Release {
        instalment: 1,
        payment: payment.payment,
        amount: payment.amount,
        reason: "given back".into(),
    };
    run(invoice, released, when)
}

/// The function over a table that holds one merchant and one invoice.
pub struct World {
    pub table: Metered<Embedded>,
    store: Store,
    path: String,
}

/// What came back.
pub struct Answer {
    pub status: i64,
    pub body: String,
    response: ApiResponse,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.response.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The page without style sheet and script, which are the same everywhere, and with slashes
    /// as people write them.
    pub fn markup(&self) -> String {
        let page = cut(cut(self.body.clone(), "<style>", "</style>"), "<script>", "</script>");
        page.replace("&#x2f;", "/")
    }
}

fn cut(text: String, from: &str, to: &str) -> String {
    let (before, rest) = text.split_once(from).unwrap();
    let (_, after) = rest.split_once(to).unwrap();
    format!("{before}{from}…{to}{after}")
}

impl World {
    pub async fn with(invoice: &Invoice) -> Self {
        Self::of(&merchant(), invoice).await
    }

    pub async fn of(merchant: &Merchant, invoice: &Invoice) -> Self {
        let table = Metered::new(Embedded::memory().unwrap());
        let store = Store::new(Arc::new(table.clone()), LOCAL_TABLE);
        let commit = Commit::new(&merchant.merchant).merchant(merchant, Expected::New).invoice(
            invoice,
            Expected::New,
            None,
        );
        store.commit(commit).await.unwrap();
        table.take();
        Self { table, store, path: act_path(invoice) }
    }

    /// Calls an address under the invoice's page.
    pub async fn get(&self, rest: &str, now: &str) -> Answer {
        self.call(Method::GET, &format!("{}{rest}", self.path), now).await
    }

    pub async fn call(&self, method: Method, target: &str, now: &str) -> Answer {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut request = ApiRequest::default();
        request.raw_path = Some(path.to_owned());
        request.query_string_parameters = query.parse::<QueryMap>().unwrap();
        request.request_context.http.method = method;
        request.request_context.request_id = Some("req-1".to_owned());
        let key = key();
        let portal = Portal { store: &self.store, signing_key: &key, now: at(now) };
        let response = portal.serve(request).await;
        let body = match &response.body {
            Some(Body::Text(text)) => text.clone(),
            _ => String::new(),
        };
        Answer { status: response.status_code, body, response }
    }

    /// The same world, looked at through another link.
    pub fn through(self, link: &PageLink) -> Self {
        Self { path: key().page_path(link), ..self }
    }

    pub fn path(&self) -> &str {
        &self.path
    }
}
