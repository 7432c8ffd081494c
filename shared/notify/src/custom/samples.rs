//! The facts that a template is tried on before it is saved, and that a preview can show.
//!
//! Owns a fixed set, the same for every merchant, so that what was saved once is saved again. The
//! amounts come from `quita_core::terms`, so samples and rules cannot drift apart.

use std::sync::OnceLock;

use chrono::{DateTime, NaiveDate, Utc};
use quita_core::calendar::BankCalendar;
use quita_core::contact::{Cep, Email as Address, Phone};
use quita_core::customer::Address as PostalAddress;
use quita_core::debt::{Settling, count};
use quita_core::document::TaxId;
use quita_core::ids::PaymentId;
use quita_core::invoice::{BillingPeriod, Principal};
use quita_core::money::Money;
use quita_core::percent::Percent;
use quita_core::pix_key::PixKey;
use quita_core::terms::{DayBasis, Discount, Fine, Interest, InterestRate, Policy, Rebate, Terms};

use super::Recipient;
use crate::facts::{
    Delivery, Facts, Instalment, InvoiceFacts, MerchantFacts, PayableFacts, PaymentBlock,
    ReceiptFacts,
};
use crate::kind::{Assumes, MessageKind};
use crate::parts::{BrandColour, PixCode, QrPicture, WebLink};
use crate::wording::CountedPayment;

/// Stands in the names of one sample, so that an attribute without quotes is found.
pub(super) const UNQUOTED: &str = "onsample=";

/// Of a bank that does not exist. It is what the checks look for, and occurs in no template.
const CODE: &str = "00020126870014br.gov.bcb.pix2565pix.exemplo.com.br/qr/v2/cobv/\
    0a1b2c3d4e5f60718293a4b5c6d7e8f95204000053039865802BR5913EMPRESA TESTE6006RECIFE\
    62070503***6304B7D1";
const PAGE: &str = "https://pague.exemplo.com.br/p/aBcD1234eFgH5678";
const QR: &[u8] = include_bytes!("sample_qr.png");
/// Thursday 10 December 2026.
const DUE: &str = "2026-12-10";

/// Facts with a name.
pub struct Sample {
    pub name: &'static str,
    facts: Box<OfKind>,
}

enum OfKind {
    Payable(PayableFacts),
    Receipt(ReceiptFacts),
}

impl Sample {
    pub fn facts(&self) -> Facts<'_> {
        match &*self.facts {
            OfKind::Payable(facts) => Facts::Payable(facts),
            OfKind::Receipt(facts) => Facts::Receipt(facts),
        }
    }

    /// Where it would go.
    pub fn recipient(&self) -> Recipient<'static> {
        let Reached { phone, pix_key, address } = reached();
        Recipient { phone: Some(phone), pix_key: Some(pix_key), address: Some(address) }
    }
}

/// Where samples go on the channels whose addresses stand in no fact.
struct Reached {
    phone: Phone,
    pix_key: PixKey,
    address: PostalAddress,
}

fn reached() -> &'static Reached {
    static REACHED: OnceLock<Reached> = OnceLock::new();
    REACHED.get_or_init(|| Reached {
        phone: Phone::parse("+5581999998888").expect("a constant of this file is a phone"),
        pix_key: PixKey::parse("11222333000181").expect("a constant of this file is a key"),
        address: PostalAddress {
            street: "Rua da Aurora, 100".to_owned(),
            city: "Recife".to_owned(),
            state: "PE".to_owned(),
            postal_code: Cep::parse("50050-000").expect("a constant of this file is a CEP"),
        },
    })
}

/// The samples that a message can be about: of those that it assumes nothing else of.
pub fn samples(kind: MessageKind) -> Vec<Sample> {
    if !kind.is_payable() {
        return receipts();
    }
    let mut samples = payables();
    samples.retain(|sample| match (&*sample.facts, kind.assumes()) {
        (_, Assumes::Nothing) => true,
        (OfKind::Payable(facts), assumed) => {
            let amount = facts.payment.amount();
            (amount.on > amount.adjusted_due) == (assumed == Assumes::Late)
        }
        (OfKind::Receipt(_), _) => false,
    });
    samples
}

fn payables() -> Vec<Sample> {
    let of = |name, facts| Sample { name, facts: Box::new(OfKind::Payable(facts)) };
    let mut instalment = payable(terms(Some(daily())), "2026-12-09");
    instalment.invoice.instalment = Instalment { number: 2, count: 3 };
    let mut instalment_late = payable(moved(), "2026-12-29");
    instalment_late.invoice.instalment = Instalment { number: 3, count: 3 };
    vec![
        of("not_late", payable(terms(None), "2026-12-05")),
        of("due_today", payable(terms(None), DUE)),
        of("late", payable(terms(None), "2026-12-22")),
        of("instalment", instalment),
        of("instalment_late", instalment_late),
        of("discount", payable(terms(Some(until())), "2026-11-25")),
        of("rest", rest("2026-12-07")),
        of("rest_late", rest("2026-12-17")),
        of("sparse", sparse("2026-12-09")),
        of("sparse_late", sparse("2026-12-11")),
        of("long_names", long(payable(terms(None), "2026-12-08"))),
        of("long_names_late", long(payable(terms(None), "2026-12-30"))),
    ]
}

fn receipts() -> Vec<Sample> {
    let of = |name, facts| Sample { name, facts: Box::new(OfKind::Receipt(facts)) };
    let whole = receipt("2026-12-10", None);
    let mut part = receipt("2026-12-14", Some("500.00"));
    part.invoice.instalment = Instalment { number: 1, count: 3 };
    let mut transfer = receipt("2026-12-14", None);
    transfer.payment = payment_id("pay_01JE6X7Q5M8Y2N4C9R0T3V6W8Z");
    transfer.invoice = bare(transfer.invoice);
    let mut named = receipt("2026-12-10", None);
    (named.merchant, named.customer_name, named.invoice) = long_names(named.invoice);
    vec![of("paid", whole), of("part", part), of("transfer", transfer), of("long_names", named)]
}

fn money(text: &str) -> Money {
    Money::parse(text).expect("a constant of this file is an amount")
}

fn percent(text: &str) -> Percent {
    Percent::parse(text).expect("a constant of this file is a rate")
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a constant of this file is a day")
}

fn payment_id(text: &str) -> PaymentId {
    PaymentId::parse(text).expect("a constant of this file is an id")
}

/// R$ 12,480.00 with 2% late fee and 1% a month.
fn terms(discount: Option<Discount>) -> Terms {
    Terms {
        original: money("12480.00"),
        due_date: day(DUE),
        validity_days: 30,
        fine: Some(Fine::Percent(percent("2.00"))),
        interest: Some(Interest {
            basis: DayBasis::Calendar,
            rate: InterestRate::PercentPerMonth(percent("1.00")),
        }),
        rebate: None,
        discount,
    }
}

fn until() -> Discount {
    let steps = [("2026-12-01", "374.40"), ("2026-12-07", "124.80")];
    Discount::FixedUntil(steps.map(|(until, off)| (day(until), money(off))).to_vec())
}

fn daily() -> Discount {
    Discount::PercentPerDay { basis: DayBasis::Calendar, percent: percent("0.05") }
}

/// Due on Christmas Day, which moves it; with a rebate and daily interest.
fn moved() -> Terms {
    Terms {
        original: money("1234.56"),
        due_date: day("2026-12-25"),
        fine: Some(Fine::Fixed(money("25.00"))),
        interest: Some(Interest {
            basis: DayBasis::Business,
            rate: InterestRate::AmountPerDay(money("1.50")),
        }),
        rebate: Some(Rebate::Fixed(money("34.56"))),
        ..terms(None)
    }
}

fn principal(agreed: Money, received: Money) -> Principal {
    Principal {
        agreed,
        carried_in: Money::ZERO,
        received,
        discount: Money::ZERO,
        forgiven: Money::ZERO,
        credited: Money::ZERO,
        written_off: Money::ZERO,
        left: agreed - received,
    }
}

fn payable(terms: Terms, on: &str) -> PayableFacts {
    let calendar = BankCalendar::default();
    let amount = terms.amount_due(day(on), &calendar, &Policy::default());
    let payment = PaymentBlock::new(
        amount,
        terms.last_payable_day(&calendar),
        PixCode::parse(CODE).expect("the code is one"),
        QrPicture::png(QR.to_vec()).expect("the picture is one"),
        WebLink::parse(PAGE).expect("the address is one"),
    );
    PayableFacts {
        delivery: delivery(),
        merchant: merchant("11.222.333/0001-81"),
        customer_name: "Padaria Aurora Ltda".to_owned(),
        approver: Some("Rita Souza".to_owned()),
        invoice: invoice(),
        principal: principal(terms.original, Money::ZERO),
        payment: payment.expect("every sample can be paid on its day"),
        page_qr: None,
        terms,
    }
}

/// What a part payment of R$ 5,000.00 left.
fn rest(on: &str) -> PayableFacts {
    let agreed = money("12480.00");
    let received = money("5000.00");
    let left = Terms { original: agreed - received, ..terms(None) };
    PayableFacts { principal: principal(agreed, received), ..payable(left, on) }
}

/// Everything that may be absent is, and the merchant is a person.
fn sparse(on: &str) -> PayableFacts {
    let mut facts = payable(Terms { fine: None, interest: None, ..terms(None) }, on);
    facts.merchant = MerchantFacts { brand: None, ..merchant("111.444.777-35") };
    facts.invoice = bare(facts.invoice);
    facts.approver = None;
    facts
}

fn bare(invoice: InvoiceFacts) -> InvoiceFacts {
    InvoiceFacts { description: None, po_number: None, billing_period: None, ..invoice }
}

fn long(mut facts: PayableFacts) -> PayableFacts {
    (facts.merchant, facts.customer_name, facts.invoice) = long_names(facts.invoice);
    facts.approver = Some(facts.customer_name.clone());
    facts
}

/// Names as long as they come, with what means something in HTML, to the engine and in a header.
fn long_names(invoice: InvoiceFacts) -> (MerchantFacts, String, InvoiceFacts) {
    let name = format!("{UNQUOTED}1 Açaí \"& Cia\" <Norte> {{{{ payable }}}}\r\nBcc: a@b.example ");
    let long = |chars: usize| name.chars().cycle().take(chars).collect::<String>();
    let merchant = MerchantFacts {
        name: long(200),
        logo: WebLink::parse("https://cdn.exemplo.com.br/logo.png").ok(),
        signature: Some(format!("{name}\n{}", long(400))),
        ..merchant("11.222.333/0001-81")
    };
    let invoice = InvoiceFacts {
        number: long(60),
        description: Some(long(500)),
        po_number: Some(long(90)),
        ..invoice
    };
    (merchant, long(200), invoice)
}

fn delivery() -> Delivery {
    let address = |text: &str| Address::parse(text).expect("a constant of this file is an address");
    Delivery {
        ledger_key: "inv_01JE6X7Q5M8Y2N4C9R0T3V6W8Z-1-sample-email-0".to_owned(),
        from: address("contas@exemplo.com.br"),
        to: vec![address("financeiro@aurora.example")],
        reply_to: address("financeiro@exemplo.com.br"),
    }
}

fn merchant(document: &str) -> MerchantFacts {
    MerchantFacts {
        name: "Papelaria Exemplo".to_owned(),
        document: TaxId::parse(document).ok(),
        brand: BrandColour::parse("#0B5FA5").ok(),
        logo: None,
        sender_name: None,
        signature: None,
    }
}

fn invoice() -> InvoiceFacts {
    InvoiceFacts {
        number: "2026-0417".to_owned(),
        description: Some("Material de escritório, novembro".to_owned()),
        po_number: Some("4500018832".to_owned()),
        billing_period: BillingPeriod::new(day("2026-11-01"), day("2026-11-30")).ok(),
        instalment: Instalment::ONLY,
    }
}

fn receipt(on: &str, paid: Option<&str>) -> ReceiptFacts {
    let due = terms(None).amount_due(day(on), &BankCalendar::default(), &Policy::default());
    let paid = paid.map_or(due.total, money);
    let open = due.total - paid;
    let counted = count(paid, &due, &Settling::default());
    ReceiptFacts {
        delivery: delivery(),
        merchant: merchant("11.222.333/0001-81"),
        customer_name: "Padaria Aurora Ltda".to_owned(),
        invoice: invoice(),
        paid_at: DateTime::<Utc>::from_timestamp(1_797_211_807, 0)
            .expect("a constant of this file is an instant"),
        payment: payment_id("E1234567820261215013012345678901"),
        counted: CountedPayment {
            paid,
            agreed: due.original,
            due,
            split: counted.split,
            closes: counted.closes,
        },
        instalment_outstanding: open,
        invoice_outstanding: open,
        page: WebLink::parse(PAGE).expect("the address is one"),
    }
}
