//! What a template sees: text that is already formatted and cleaned.
//!
//! Owns the passage from facts to words, and the checks that keep a message from contradicting its
//! facts. Templates choose and order; they neither compute nor format.

use quita_core::document::TaxId;
use serde::Serialize;
use thiserror::Error;

use crate::Locale;
use crate::email::content_id;
use crate::facts::{
    Delivery, Facts, Instalment, InvoiceFacts, MerchantFacts, PayableFacts, ReceiptFacts,
};
use crate::format::{date, date_time, money};
use crate::kind::{Assumes, MessageKind};
use crate::labels::{Labels, labels};
use crate::text::{
    CUSTOMER_NAME_CHARS_MAX, DESCRIPTION_CHARS_MAX, INVOICE_NUMBER_CHARS_MAX,
    MERCHANT_NAME_CHARS_MAX, PO_NUMBER_CHARS_MAX, SIGNATURE_LINE_CHARS_MAX, one_line,
};
use crate::wording::{self, Row};

/// Why a message was not rendered. Nothing is sent then; the facts need a person.
#[derive(Debug, Error)]
pub enum RenderError {
    #[error("message `{0}` was given the facts of another kind of message")]
    WrongFacts(MessageKind),
    #[error("message `{0}` says the invoice is late, and it is not")]
    NotLate(MessageKind),
    #[error("message `{0}` announces a due date that is past")]
    AlreadyLate(MessageKind),
    #[error("{0} is blank")]
    Blank(&'static str),
    #[error(
        "ledger key must be 1 to {} letters, digits, `_` or `-`",
        Delivery::LEDGER_KEY_BYTES_MAX
    )]
    LedgerKey,
    #[error("message must have 1 to {} recipients", Delivery::RECIPIENTS_MAX)]
    Recipients,
    #[error("{0} is longer than its channel takes")]
    TooLong(&'static str),
    #[error("qr picture is not one that can be printed")]
    QrPicture,
    #[error("a message must be about 1 to {} invoices", crate::group::GROUP_MAX)]
    GroupSize,
    #[error("the invoices of one message must be of one merchant and one customer")]
    GroupMixed,
    #[error("total of the invoices of one message is out of range")]
    GroupTotal,
    #[error("template failed")]
    Template(#[from] minijinja::Error),
}

/// The parts both kinds of message share.
#[derive(Debug, Serialize)]
pub(crate) struct View {
    pub lang: &'static str,
    pub t: &'static Labels,
    pub merchant: MerchantView,
    pub customer: String,
    pub salutation: String,
    pub invoice: InvoiceView,
    pub reply_to: String,
    /// The same address inside a `mailto:` link.
    pub reply_to_href: String,
    pub page: String,
    pub amount: AmountView,
    pub payable: Option<PayableView>,
    pub receipt: Option<ReceiptView>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct MerchantView {
    pub name: String,
    pub cnpj: Option<String>,
    pub colour: String,
    pub on_colour: &'static str,
    pub logo: Option<String>,
    /// Lines below the message; none where the merchant has no signature.
    pub signature: Vec<String>,
    /// What mail readers show as the sender. No template sees it.
    #[serde(skip)]
    pub sender: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct InvoiceView {
    pub number: String,
    /// `Fatura 2026-001, parcela 2 de 3`: a heading.
    pub title: String,
    /// `parcela 2 de 3 da fatura 2026-001`: inside a sentence, feminine in Portuguese.
    pub reference: String,
    /// `2 de 3`, when there is more than one.
    pub instalment: Option<String>,
    pub description: Option<String>,
    pub po_number: Option<String>,
    /// `01/11/2026 a 30/11/2026`.
    pub billing_period: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct AmountView {
    pub total: String,
    pub rows: Vec<Row>,
    pub due_date: String,
    pub due_moved: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct PayableView {
    pub computed_for: String,
    /// `hoje, 10/12/2026`: fits after "vence" and "venceu".
    pub due_when: String,
    pub last_payable_day: String,
    pub code: String,
    pub qr_content_id: String,
    pub terms: Vec<Row>,
    /// The total holds a late fee or interest.
    pub has_charges: bool,
    /// Interest is agreed, so tomorrow's total is higher once late.
    pub accrues: bool,
    pub check_receiver: String,
    /// Who approves the payer's payments.
    pub approver: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ReceiptView {
    pub paid: String,
    pub paid_at: String,
    pub pix: bool,
    pub payment_id: String,
    /// Whether it paid a part of what was due.
    pub is_part: bool,
    /// What is still open on the instalment, where the invoice has others.
    pub part_outstanding: Option<String>,
    pub settled: bool,
    pub after: Row,
}

/// Checks the facts against what `kind` says and puts them into words.
pub(crate) fn view(
    kind: MessageKind,
    locale: Locale,
    facts: Facts<'_>,
) -> Result<View, RenderError> {
    match facts {
        Facts::Payable(facts) if kind.is_payable() => payable(kind, locale, facts),
        Facts::Receipt(facts) if kind == MessageKind::Receipt => receipt(locale, facts),
        Facts::Payable(_) | Facts::Receipt(_) => Err(RenderError::WrongFacts(kind)),
    }
}

fn payable(kind: MessageKind, locale: Locale, facts: &PayableFacts) -> Result<View, RenderError> {
    let amount = facts.payment.amount();
    let late = amount.on > amount.adjusted_due;
    match kind.assumes() {
        Assumes::Late if !late => return Err(RenderError::NotLate(kind)),
        Assumes::NotLate if late => return Err(RenderError::AlreadyLate(kind)),
        Assumes::Late | Assumes::NotLate | Assumes::Nothing => {}
    }
    let merchant = merchant_view(&facts.merchant)?;
    let customer = customer_name(&facts.customer_name)?;
    let check_receiver = wording::check_receiver(&merchant.name, merchant.cnpj.as_deref(), locale);
    Ok(View {
        lang: locale.as_str(),
        t: labels(locale),
        salutation: wording::salutation(&customer, locale),
        customer,
        invoice: invoice_view(&facts.invoice, locale)?,
        reply_to: facts.delivery.reply_to.as_str().to_owned(),
        reply_to_href: percent_encoded(facts.delivery.reply_to.as_str()),
        page: facts.payment.page().as_str().to_owned(),
        amount: AmountView {
            rows: wording::breakdown_of_rest(amount, &facts.principal, locale),
            total: money(amount.total, locale),
            due_date: date(amount.adjusted_due, locale),
            due_moved: wording::moved_due_date(amount, locale),
        },
        payable: Some(PayableView {
            computed_for: wording::computed_for(amount.on, locale),
            due_when: wording::relative_day(amount.adjusted_due, amount.on, locale),
            last_payable_day: date(facts.payment.last_payable_day(), locale),
            code: facts.payment.code().as_str().to_owned(),
            qr_content_id: content_id(&facts.delivery),
            terms: wording::terms(&facts.terms, amount, locale),
            has_charges: !amount.fine.is_zero() || !amount.interest.is_zero(),
            accrues: facts.terms.interest.is_some(),
            check_receiver,
            approver: optional(facts.approver.as_deref(), CUSTOMER_NAME_CHARS_MAX),
        }),
        receipt: None,
        merchant,
    })
}

fn receipt(locale: Locale, facts: &ReceiptFacts) -> Result<View, RenderError> {
    let customer = customer_name(&facts.customer_name)?;
    let counted = &facts.counted;
    let is_one_of_many = facts.invoice.instalment.count > 1;
    let part_outstanding = facts.instalment_outstanding;
    Ok(View {
        lang: locale.as_str(),
        t: labels(locale),
        merchant: merchant_view(&facts.merchant)?,
        salutation: wording::salutation(&customer, locale),
        customer,
        invoice: invoice_view(&facts.invoice, locale)?,
        reply_to: facts.delivery.reply_to.as_str().to_owned(),
        reply_to_href: percent_encoded(facts.delivery.reply_to.as_str()),
        page: facts.page.as_str().to_owned(),
        amount: AmountView {
            rows: wording::counted(counted, locale),
            total: money(counted.paid, locale),
            due_date: date(counted.due.adjusted_due, locale),
            due_moved: wording::moved_due_date(&counted.due, locale),
        },
        payable: None,
        receipt: Some(ReceiptView {
            paid: money(counted.paid, locale),
            paid_at: paid_at(facts, locale),
            pix: facts.payment.end_to_end().is_some(),
            payment_id: facts.payment.as_str().to_owned(),
            is_part: !counted.closes,
            part_outstanding: (is_one_of_many && part_outstanding.is_positive())
                .then(|| money(part_outstanding, locale)),
            settled: !facts.invoice_outstanding.is_positive(),
            after: wording::after_payment(facts.invoice_outstanding, locale),
        }),
    })
}

fn paid_at(facts: &ReceiptFacts, locale: Locale) -> String {
    let at = date_time(facts.paid_at, locale);
    match locale {
        Locale::PtBr => format!("{at} (horário de Brasília)"),
        Locale::En => format!("{at} (Brasília time)"),
    }
}

fn merchant_view(merchant: &MerchantFacts) -> Result<MerchantView, RenderError> {
    let colour = merchant.brand.unwrap_or_default();
    let name = required("merchant name", &merchant.name, MERCHANT_NAME_CHARS_MAX)?;
    let sender = optional(merchant.sender_name.as_deref(), MERCHANT_NAME_CHARS_MAX);
    let signature = merchant.signature.as_deref().unwrap_or_default();
    let signature = signature.lines().map(|line| one_line(line, SIGNATURE_LINE_CHARS_MAX));
    Ok(MerchantView {
        sender: sender.unwrap_or_else(|| name.clone()),
        signature: signature.collect(),
        name,
        cnpj: merchant.document.as_ref().and_then(cnpj),
        colour: colour.css(),
        on_colour: colour.text_css(),
        logo: merchant.logo.as_ref().map(|link| link.as_str().to_owned()),
    })
}

/// `12.345.678/0001-95`; nothing for a CPF.
fn cnpj(document: &TaxId) -> Option<String> {
    match document {
        TaxId::Cnpj(cnpj) => Some(cnpj.formatted()),
        TaxId::Cpf(_) | TaxId::Erased => None,
    }
}

fn invoice_view(invoice: &InvoiceFacts, locale: Locale) -> Result<InvoiceView, RenderError> {
    let number = required("invoice number", &invoice.number, INVOICE_NUMBER_CHARS_MAX)?;
    let Instalment { number: nth, count } = invoice.instalment;
    let instalment = (count > 1).then(|| wording::one_of(nth, count, locale));
    let (title, reference) = match (locale, &instalment) {
        (Locale::PtBr, None) => (format!("Fatura {number}"), format!("fatura {number}")),
        (Locale::PtBr, Some(nth)) => {
            (format!("Fatura {number}, parcela {nth}"), format!("parcela {nth} da fatura {number}"))
        }
        (Locale::En, None) => (format!("Invoice {number}"), format!("invoice {number}")),
        (Locale::En, Some(nth)) => (
            format!("Invoice {number}, instalment {nth}"),
            format!("instalment {nth} of invoice {number}"),
        ),
    };
    Ok(InvoiceView {
        number,
        title,
        reference,
        instalment,
        description: optional(invoice.description.as_deref(), DESCRIPTION_CHARS_MAX),
        po_number: optional(invoice.po_number.as_deref(), PO_NUMBER_CHARS_MAX),
        billing_period: invoice.billing_period.map(|period| wording::period(period, locale)),
    })
}

/// An address as a URL takes it (RFC 6068 section 2): a `?` in it must not begin mail headers.
fn percent_encoded(address: &str) -> String {
    let encode = |byte: u8| match byte {
        b'@' | b'.' | b'-' | b'_' | b'+' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    address.bytes().map(encode).collect()
}

fn customer_name(raw: &str) -> Result<String, RenderError> {
    required("customer name", raw, CUSTOMER_NAME_CHARS_MAX)
}

fn required(name: &'static str, raw: &str, chars_max: usize) -> Result<String, RenderError> {
    optional(Some(raw), chars_max).ok_or(RenderError::Blank(name))
}

fn optional(raw: Option<&str>, chars_max: usize) -> Option<String> {
    raw.map(|text| one_line(text, chars_max)).filter(|text| !text.is_empty())
}

/// Checks what a header and a Message-ID are made from.
pub(crate) fn check_delivery(delivery: &Delivery) -> Result<(), RenderError> {
    check_ledger_key(delivery)?;
    if !(1..=Delivery::RECIPIENTS_MAX).contains(&delivery.to.len()) {
        return Err(RenderError::Recipients);
    }
    Ok(())
}

/// Checks the name of a message that goes to no e-mail address.
pub(crate) fn check_ledger_key(delivery: &Delivery) -> Result<(), RenderError> {
    if is_ledger_key(&delivery.ledger_key) { Ok(()) } else { Err(RenderError::LedgerKey) }
}

pub(crate) fn is_ledger_key(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    (1..=Delivery::LEDGER_KEY_BYTES_MAX).contains(&text.len()) && text.bytes().all(plain)
}
