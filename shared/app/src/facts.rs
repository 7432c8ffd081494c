//! The facts of a message, gathered from merchant, invoice and instalment.

use chrono::{DateTime, Utc};
use quita_core::chase::Audience;
use quita_core::contact::Email;
use quita_core::customer::Customer;
use quita_core::document::TaxId;
use quita_core::invoice::{ChargeState, Instalment, Invoice, Matched};
use quita_core::merchant::{Lack, Merchant};
use quita_core::message::{Channel, LedgerKey, message_tag};
use quita_notify::wording::CountedPayment;
use quita_notify::{
    BrandColour, Delivery, InvoiceFacts, MerchantFacts, PayableFacts, PaymentBlock, PixCode,
    QrPicture, ReceiptFacts, WebLink,
};

use crate::deps::Config;
use crate::links::{PageLink, Scope};

/// Why a message cannot be made. A person has to look: sending again changes nothing.
#[derive(Debug, thiserror::Error)]
#[error("the message cannot be made: {0}")]
pub(crate) struct Unsayable(String);

impl Unsayable {
    pub(crate) fn new(why: impl std::fmt::Display) -> Self {
        Self(why.to_string())
    }
}

/// What a message that asks for money says at `now`. `to` are the addresses of an e-mail. The
/// customer, where it is known, says who approves its payments.
pub(crate) fn payable(
    merchant: &Merchant,
    customer: Option<&Customer>,
    (invoice, instalment): (&Invoice, &Instalment),
    (key, to): (&LedgerKey, Vec<Email>),
    config: &Config,
    now: DateTime<Utc>,
) -> Result<PayableFacts, Unsayable> {
    let ChargeState::Active { br_code, .. } = &instalment.charge().state else {
        return Err(Unsayable::new("the charge cannot be paid"));
    };
    let amount = invoice.amount_due(instalment, invoice.civil_date(now));
    let last_day = instalment.charge().terms.last_payable_day(&invoice.calendar());
    let code = PixCode::parse(br_code.as_str()).map_err(Unsayable::new)?;
    let qr = picture(br_code.as_str())?;
    let page = page(invoice, config, now)?;
    let on_paper = (key.channel == Channel::Letter).then(|| picture(page.as_str()));
    Ok(PayableFacts {
        delivery: delivery(merchant, invoice, key, to)?,
        merchant: merchant_facts(merchant),
        customer_name: invoice.bill_to.name.clone(),
        approver: customer.and_then(approver),
        invoice: invoice_facts(invoice, instalment),
        terms: instalment.debt.terms(&instalment.terms, &invoice.issuing.policy),
        principal: instalment.principal(),
        payment: PaymentBlock::new(amount, last_day, code, qr, page).map_err(Unsayable::new)?,
        page_qr: on_paper.transpose()?,
    })
}

/// What a receipt says at `now`.
pub(crate) fn receipt(
    merchant: &Merchant,
    invoice: &Invoice,
    instalment: &Instalment,
    payment: &Matched,
    key: &LedgerKey,
    config: &Config,
    now: DateTime<Utc>,
) -> Result<ReceiptFacts, Unsayable> {
    let today = invoice.civil_date(now);
    Ok(ReceiptFacts {
        delivery: delivery(merchant, invoice, key, invoice.bill_to.emails.clone())?,
        merchant: merchant_facts(merchant),
        customer_name: invoice.bill_to.name.clone(),
        invoice: invoice_facts(invoice, instalment),
        paid_at: payment.paid_at,
        payment: payment.payment.clone(),
        counted: CountedPayment {
            paid: payment.amount,
            due: payment.due.clone(),
            split: payment.split,
            agreed: instalment.terms.original,
            closes: invoice.closed_by(payment),
        },
        instalment_outstanding: invoice.outstanding_of(instalment, today),
        invoice_outstanding: invoice.outstanding(today),
        page: page(invoice, config, now)?,
    })
}

/// A text as a QR Code.
fn picture(text: &str) -> Result<QrPicture, Unsayable> {
    let picture = quita_pix::qr::png(text).map_err(Unsayable::new)?;
    QrPicture::png(picture).map_err(Unsayable::new)
}

fn page(invoice: &Invoice, config: &Config, now: DateTime<Utc>) -> Result<WebLink, Unsayable> {
    let path = config.signing_key.page_path(&PageLink::to(invoice, Scope::Act, now));
    WebLink::parse(&format!("{}{path}", config.public_url)).map_err(Unsayable::new)
}

fn delivery(
    merchant: &Merchant,
    invoice: &Invoice,
    key: &LedgerKey,
    to: Vec<Email>,
) -> Result<Delivery, Unsayable> {
    let (Some(from), Some(reply_to)) = (&merchant.from, &merchant.reply_to) else {
        return Err(Unsayable::new(Lack::Sender));
    };
    Ok(Delivery {
        ledger_key: message_tag(&invoice.merchant, &invoice.id, key),
        from: from.clone(),
        to,
        reply_to: reply_to.clone(),
    })
}

fn merchant_facts(merchant: &Merchant) -> MerchantFacts {
    let company = matches!(merchant.document, TaxId::Cnpj(_));
    let colour = merchant.brand_colour.as_deref();
    let brand = &merchant.brand;
    MerchantFacts {
        name: merchant.name.clone(),
        document: company.then(|| merchant.document.clone()),
        brand: colour.and_then(|colour| BrandColour::parse(colour).ok()),
        logo: brand.logo.as_deref().and_then(|logo| WebLink::parse(logo).ok()),
        sender_name: brand.sender_name.clone(),
        signature: brand.signature.clone(),
    }
}

/// The first contact that payments are approved by.
fn approver(customer: &Customer) -> Option<String> {
    let mut contacts = customer.care.contacts.iter();
    let found = contacts.find(|contact| contact.audience == Audience::Approver);
    found.map(|contact| contact.name.clone())
}

fn invoice_facts(invoice: &Invoice, instalment: &Instalment) -> InvoiceFacts {
    let count = u16::try_from(invoice.instalments.len()).unwrap_or(u16::MAX);
    InvoiceFacts {
        number: invoice.number.clone(),
        description: Some(invoice.description.clone()),
        po_number: invoice.po_number.clone(),
        billing_period: invoice.billing_period,
        instalment: quita_notify::Instalment { number: instalment.number, count },
    }
}
