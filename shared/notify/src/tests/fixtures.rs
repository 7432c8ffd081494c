//! Realistic facts: a paper mill in Joinville bills a bakery in São Paulo.
//!
//! `qr.png` is the QR Code of [`CODE`]. The amounts come from `quita_core::terms` on the national
//! bank calendar, so messages and rules cannot drift apart.

use chrono::{NaiveDate, TimeZone, Utc};
use quita_core::calendar::BankCalendar;
use quita_core::contact::{Cep, Email as Address, Phone};
use quita_core::customer::Address as PostalAddress;
use quita_core::debt::{Settling, count};
use quita_core::document::TaxId;
use quita_core::ids::PaymentId;
use quita_core::invoice::Principal;
use quita_core::money::Money;
use quita_core::percent::Percent;
use quita_core::pix_key::PixKey;
use quita_core::terms::{
    AmountDue, DayBasis, Discount, Fine, Interest, InterestRate, Policy, Rebate, Terms,
};

use crate::wording::CountedPayment;
use crate::*;

pub(super) const CODE: &str = "00020126870014br.gov.bcb.pix2565pix.bancoexemplo.com.br/qr/v2/cobv/\
    9d36b84fc70b478fb95c12729b90ca255204000053039865802BR5920PAPEIS DO NORTE LTDA6009JOINVILLE\
    62070503***6304A1C3";
pub(super) const PAGE: &str = "https://pague.papeisdonorte.com.br/p/Yk3vQ0pXW1m2nB7c?l=pt&v=2";
pub(super) const REPLY_TO: &str = "financeiro@papeisdonorte.com.br";

pub(super) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(super) fn percent(text: &str) -> Percent {
    Percent::parse(text).unwrap()
}

fn reais(text: &str) -> Money {
    Money::parse(text).unwrap()
}

/// Thursday 10 December 2026, nothing agreed beside the amount.
pub(super) fn bare_terms() -> Terms {
    Terms {
        original: reais("12480.00"),
        due_date: day("2026-12-10"),
        validity_days: 30,
        fine: None,
        interest: None,
        rebate: None,
        discount: None,
    }
}

/// 2% late fee, 1% a month, two early discounts.
pub(super) fn full_terms() -> Terms {
    Terms {
        fine: Some(Fine::Percent(percent("2.00"))),
        interest: Some(Interest {
            basis: DayBasis::Calendar,
            rate: InterestRate::PercentPerMonth(percent("1.00")),
        }),
        discount: Some(Discount::FixedUntil(vec![
            (day("2026-12-01"), reais("374.40")),
            (day("2026-12-07"), reais("124.80")),
        ])),
        ..bare_terms()
    }
}

fn delivery(key: &str) -> Delivery {
    Delivery {
        ledger_key: key.to_owned(),
        from: Address::parse("cobranca@papeisdonorte.com.br").unwrap(),
        to: vec![Address::parse("contas@paonosso.com.br").unwrap()],
        reply_to: Address::parse(REPLY_TO).unwrap(),
    }
}

fn merchant() -> MerchantFacts {
    MerchantFacts {
        name: "Papéis do Norte".to_owned(),
        document: Some(TaxId::parse("11.222.333/0001-81").unwrap()),
        brand: Some(BrandColour::parse("#0B5FA5").unwrap()),
        logo: None,
        sender_name: None,
        signature: None,
    }
}

fn invoice() -> InvoiceFacts {
    InvoiceFacts {
        number: "2026-0417".to_owned(),
        description: Some("Embalagens kraft, pedido de novembro".to_owned()),
        po_number: Some("4500018832".to_owned()),
        billing_period: None,
        instalment: Instalment::ONLY,
    }
}

/// `terms` as they stand on `on`.
pub(super) fn payment(terms: &Terms, on: &str) -> Result<PaymentBlock, PaymentBlockError> {
    let calendar = BankCalendar::default();
    PaymentBlock::new(
        terms.amount_due(day(on), &calendar, &Policy::default()),
        terms.last_payable_day(&calendar),
        PixCode::parse(CODE).unwrap(),
        QrPicture::png(include_bytes!("qr.png").to_vec()).unwrap(),
        WebLink::parse(PAGE).unwrap(),
    )
}

/// Nothing was paid or taken off yet.
pub(super) fn untouched(terms: &Terms) -> Principal {
    Principal {
        agreed: terms.original,
        carried_in: Money::ZERO,
        received: Money::ZERO,
        discount: Money::ZERO,
        forgiven: Money::ZERO,
        credited: Money::ZERO,
        written_off: Money::ZERO,
        left: terms.original,
    }
}

pub(super) fn payable(terms: Terms, on: &str) -> PayableFacts {
    PayableFacts {
        delivery: delivery("inv_01KAB3C4D5E6F7G8H9J0K1M2N3-1-issue-email-0"),
        merchant: merchant(),
        customer_name: "Padaria Pão Nosso Ltda".to_owned(),
        approver: None,
        invoice: invoice(),
        principal: untouched(&terms),
        payment: payment(&terms, on).unwrap(),
        page_qr: None,
        terms,
    }
}

/// The second of three instalments, due on a Saturday, with a rebate and daily amounts.
pub(super) fn instalment(on: &str) -> PayableFacts {
    let terms = Terms {
        original: reais("1234.56"),
        due_date: day("2026-12-12"),
        fine: Some(Fine::Fixed(reais("25.00"))),
        interest: Some(Interest {
            basis: DayBasis::Business,
            rate: InterestRate::AmountPerDay(reais("1.50")),
        }),
        rebate: Some(Rebate::Fixed(reais("34.56"))),
        discount: Some(Discount::PercentPerDay {
            basis: DayBasis::Calendar,
            percent: percent("0.05"),
        }),
        ..bare_terms()
    };
    let mut facts = payable(terms, on);
    facts.invoice.instalment = Instalment { number: 2, count: 3 };
    facts
}

/// Christmas Day as due date: moved to Monday 28 December.
pub(super) fn holiday(on: &str) -> PayableFacts {
    payable(Terms { due_date: day("2026-12-25"), ..full_terms() }, on)
}

/// The facts each payable kind is shown with in snapshots.
pub(super) fn typical(kind: MessageKind) -> PayableFacts {
    match kind {
        MessageKind::ChargeIssued => payable(full_terms(), "2026-11-23"),
        MessageKind::DueInFiveDays => instalment("2026-12-09"),
        MessageKind::DueToday => holiday("2026-12-28"),
        MessageKind::OneDayLate => payable(full_terms(), "2026-12-11"),
        MessageKind::ThreeDaysLate => payable(full_terms(), "2026-12-13"),
        MessageKind::SevenDaysLate => payable(full_terms(), "2026-12-17"),
        MessageKind::FifteenDaysLate => instalment("2026-12-29"),
        MessageKind::ReminderFriendly => payable(full_terms(), "2026-12-07"),
        MessageKind::ReminderFirm => payable(full_terms(), "2026-12-20"),
        MessageKind::Demand => payable(full_terms(), "2027-01-04"),
        MessageKind::Receipt => unreachable!("a receipt is not payable"),
    }
}

/// A payment of `paid`, as the rules count it.
pub(super) fn counted(paid: Money, due: AmountDue, settling: &Settling) -> CountedPayment {
    let counted = count(paid, &due, settling);
    assert!(counted.excess.is_zero());
    let (split, closes) = (counted.split, counted.closes);
    CountedPayment { paid, agreed: due.original, due, split, closes }
}

fn count_whole(due: AmountDue) -> CountedPayment {
    counted(due.total, due, &Settling::default())
}

pub(super) fn receipt() -> ReceiptFacts {
    let terms = full_terms();
    let amount = terms.amount_due(day("2026-12-14"), &BankCalendar::default(), &Policy::default());
    ReceiptFacts {
        delivery: delivery("inv_01KAB3C4D5E6F7G8H9J0K1M2N3-1-receipt-email-0"),
        merchant: merchant(),
        customer_name: "Padaria Pão Nosso Ltda".to_owned(),
        invoice: invoice(),
        // 22:30 of the 14th in Brasília is already the 15th in UTC.
        paid_at: Utc.with_ymd_and_hms(2026, 12, 15, 1, 30, 7).unwrap(),
        payment: PaymentId::parse("E1234567820261215013012345678901").unwrap(),
        counted: count_whole(amount),
        instalment_outstanding: Money::ZERO,
        invoice_outstanding: Money::ZERO,
        page: WebLink::parse(PAGE).unwrap(),
    }
}

/// Everything that may be absent is.
pub(super) fn sparse(kind: MessageKind) -> PayableFacts {
    let on = if kind.assumes() == crate::kind::Assumes::Late { "2026-12-11" } else { "2026-12-10" };
    let mut facts = payable(bare_terms(), on);
    facts.merchant = MerchantFacts { document: None, brand: None, logo: None, ..facts.merchant };
    facts.invoice = InvoiceFacts { description: None, po_number: None, ..facts.invoice };
    facts
}

pub(super) const LOCALES: [Locale; 2] = [Locale::PtBr, Locale::En];

pub(super) fn payable_kinds() -> impl Iterator<Item = MessageKind> {
    MessageKind::ALL.into_iter().filter(|kind| kind.is_payable())
}

/// Every message in every language with its typical facts.
pub(super) fn each_email(mut check: impl FnMut(MessageKind, Locale, Email)) {
    for kind in MessageKind::ALL {
        for locale in LOCALES {
            let email = if kind.is_payable() {
                render_email(kind, locale, &typical(kind))
            } else {
                render_email(kind, locale, &receipt())
            };
            check(kind, locale, email.unwrap());
        }
    }
}

/// When the messages of these tests leave.
pub(super) fn sent_at() -> chrono::DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 12, 14, 12, 0, 0).unwrap()
}

pub(super) fn phone() -> Phone {
    Phone::parse("+5511987654321").unwrap()
}

pub(super) fn pix_key() -> PixKey {
    PixKey::parse("11222333000181").unwrap()
}

pub(super) fn postal_address() -> PostalAddress {
    PostalAddress {
        street: "Rua da Consolação, 1500, conjunto 42".to_owned(),
        city: "São Paulo".to_owned(),
        state: "SP".to_owned(),
        postal_code: Cep::parse("01301-100").unwrap(),
    }
}

/// One invoice that is late, one that is due and an instalment to come, seen three days after the
/// first one's due date.
pub(super) fn group() -> GroupFacts {
    let named = |mut facts: PayableFacts, number: &str, page: &str| {
        facts.invoice.number = number.to_owned();
        let link = format!("https://pague.papeisdonorte.com.br/p/{page}");
        facts.payment = PaymentBlock::new(
            facts.payment.amount().clone(),
            facts.payment.last_payable_day(),
            PixCode::parse(&CODE.replace("9d36b84f", page)).unwrap(),
            facts.payment.qr().clone(),
            WebLink::parse(&link).unwrap(),
        )
        .unwrap();
        facts
    };
    let today = Terms { due_date: day("2026-12-14"), ..bare_terms() };
    GroupFacts {
        lead: payable(full_terms(), "2026-12-14"),
        others: vec![
            named(payable(today, "2026-12-14"), "2026-0431", "Bq7"),
            named(instalment("2026-12-14"), "2026-0440", "Cr9"),
        ],
    }
}

/// Every kind in every language with its typical facts.
pub(super) fn each_kind(mut check: impl FnMut(MessageKind, Locale, Facts<'_>)) {
    for kind in MessageKind::ALL {
        for locale in LOCALES {
            if kind.is_payable() {
                check(kind, locale, (&typical(kind)).into());
            } else {
                check(kind, locale, (&receipt()).into());
            }
        }
    }
}
