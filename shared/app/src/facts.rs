//! The facts of a message, gathered from merchant, invoice and instalment.

use chrono::{DateTime, Utc};
use quita_core::contact::Email;
use quita_core::document::TaxId;
use quita_core::invoice::{ChargeState, Instalment, Invoice, Matched};
use quita_core::merchant::{Lack, Merchant};
use quita_core::message::{LedgerKey, message_tag};
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

/// What a message that asks for money says at `now`. `to` are the addresses of an e-mail.
pub(crate) fn payable(
    merchant: &Merchant,
    invoice: &Invoice,
    instalment: &Instalment,
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
    let picture = quita_pix::qr::png(br_code.as_str()).map_err(Unsayable::new)?;
    let qr = QrPicture::png(picture).map_err(Unsayable::new)?;
    let page = page(invoice, config, now)?;
    Ok(PayableFacts {
        delivery: delivery(merchant, invoice, key, to)?,
        merchant: merchant_facts(merchant),
        customer_name: invoice.bill_to.name.clone(),
        invoice: invoice_facts(invoice, instalment),
        terms: instalment.debt.terms(&instalment.terms, &invoice.issuing.policy),
        principal: instalment.principal(),
        payment: PaymentBlock::new(amount, last_day, code, qr, page).map_err(Unsayable::new)?,
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

fn invoice_facts(invoice: &Invoice, instalment: &Instalment) -> InvoiceFacts {
    let count = u16::try_from(invoice.instalments.len()).unwrap_or(u16::MAX);
    InvoiceFacts {
        number: invoice.number.clone(),
        description: Some(invoice.description.clone()),
        po_number: invoice.po_number.clone(),
        instalment: quita_notify::Instalment { number: instalment.number, count },
    }
}
