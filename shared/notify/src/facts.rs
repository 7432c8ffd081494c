//! What a message is made from.
//!
//! Owns the shape of the facts and the promise that a payable message is complete. Does not fetch
//! or compute them.

use chrono::{DateTime, NaiveDate, Utc};
use quita_core::contact::Email as Address;
use quita_core::document::TaxId;
use quita_core::ids::PaymentId;
use quita_core::invoice::{BillingPeriod, Principal};
use quita_core::money::Money;
use quita_core::terms::{AmountDue, Terms};
use thiserror::Error;

use crate::parts::{BrandColour, PixCode, QrPicture, WebLink};
use crate::wording::CountedPayment;

/// Who a message comes from and goes to, and the name it bears in the message ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Ledger tag: 1 to 200 of `A-Z a-z 0-9 _ -`, unique per message. Seeds the Message-ID.
    pub ledger_key: String,
    pub from: Address,
    /// At least one, at most [`Delivery::RECIPIENTS_MAX`].
    pub to: Vec<Address>,
    /// Where a payer's question goes; also written out in the message.
    pub reply_to: Address,
}

impl Delivery {
    /// Most recipients of one message.
    pub const RECIPIENTS_MAX: usize = 10;
    /// Longest ledger key, in bytes.
    pub const LEDGER_KEY_BYTES_MAX: usize = 200;
}

/// The company that is paid, as payers know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MerchantFacts {
    pub name: String,
    /// Shown when it is a CNPJ, so that the payer can compare it with the bank's screen. A CPF is
    /// personal data and stays out of messages.
    pub document: Option<TaxId>,
    pub brand: Option<BrandColour>,
    pub logo: Option<WebLink>,
    /// Name beside the address of the sender, where it is not the merchant's own.
    pub sender_name: Option<String>,
    /// Plain text of a few lines, shown below the message.
    pub signature: Option<String>,
}

/// Which instalment of how many; both count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instalment {
    pub number: u16,
    pub count: u16,
}

impl Instalment {
    /// The only instalment of an invoice; messages do not mention it.
    pub const ONLY: Self = Self { number: 1, count: 1 };
}

/// What is billed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceFacts {
    /// The merchant's own number of the invoice.
    pub number: String,
    pub description: Option<String>,
    pub po_number: Option<String>,
    /// The days it bills for.
    pub billing_period: Option<BillingPeriod>,
    pub instalment: Instalment,
}

/// The facts of a message that asks for money.
#[derive(Debug, Clone)]
pub struct PayableFacts {
    pub delivery: Delivery,
    pub merchant: MerchantFacts,
    pub customer_name: String,
    /// Who approves the customer's payments, so that whoever reads it knows whom to ask.
    pub approver: Option<String>,
    pub invoice: InvoiceFacts,
    /// Late fee, interest and discounts agreed on, put into words.
    pub terms: Terms,
    /// What became of the amount that was agreed on.
    pub principal: Principal,
    pub payment: PaymentBlock,
    /// The page's address as a QR Code, for paper: nobody types it.
    pub page_qr: Option<QrPicture>,
}

/// The facts of a receipt.
#[derive(Debug, Clone)]
pub struct ReceiptFacts {
    pub delivery: Delivery,
    pub merchant: MerchantFacts,
    pub customer_name: String,
    pub invoice: InvoiceFacts,
    /// When it was paid; shown in Brasília time, the banks' own.
    pub paid_at: DateTime<Utc>,
    pub payment: PaymentId,
    /// What was credited, and how it was counted.
    pub counted: CountedPayment,
    /// What remains open on the instalment today.
    pub instalment_outstanding: Money,
    /// What remains open on the whole invoice today.
    pub invoice_outstanding: Money,
    pub page: WebLink,
}

/// The part of a message through which it can be paid.
///
/// Invariant: the amount is positive, adds up and can be paid on its day; due date, QR Code,
/// copy-and-paste code and link are all present.
#[derive(Debug, Clone)]
pub struct PaymentBlock {
    amount: AmountDue,
    last_payable_day: NaiveDate,
    code: PixCode,
    qr: QrPicture,
    page: WebLink,
}

/// Why a payer cannot be asked to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PaymentBlockError {
    #[error("nothing is due")]
    NothingDue,
    #[error("charge cannot be paid on the day of the message")]
    NotPayable,
    #[error("breakdown does not add up to the total")]
    DoesNotAddUp,
}

impl PaymentBlock {
    /// `amount` is what is due on the day of the message; `qr` and `code` are of the same charge.
    pub fn new(
        amount: AmountDue,
        last_payable_day: NaiveDate,
        code: PixCode,
        qr: QrPicture,
        page: WebLink,
    ) -> Result<Self, PaymentBlockError> {
        if !amount.total.is_positive() {
            return Err(PaymentBlockError::NothingDue);
        }
        if !amount.payable || amount.on > last_payable_day {
            return Err(PaymentBlockError::NotPayable);
        }
        if !adds_up(&amount) {
            return Err(PaymentBlockError::DoesNotAddUp);
        }
        Ok(Self { amount, last_payable_day, code, qr, page })
    }

    pub fn amount(&self) -> &AmountDue {
        &self.amount
    }

    pub fn last_payable_day(&self) -> NaiveDate {
        self.last_payable_day
    }

    pub fn code(&self) -> &PixCode {
        &self.code
    }

    pub fn qr(&self) -> &QrPicture {
        &self.qr
    }

    pub fn page(&self) -> &WebLink {
        &self.page
    }
}

/// Whether the rows a payer will read come to the total they read below.
fn adds_up(amount: &AmountDue) -> bool {
    let reduced = amount.original.checked_sub(amount.rebate);
    let reduced = reduced.and_then(|sum| sum.checked_sub(amount.discount));
    let raised = reduced.and_then(|sum| sum.checked_add(amount.interest));
    raised.and_then(|sum| sum.checked_add(amount.fine)) == Some(amount.total)
}

/// The facts of either kind of message. Made by `(&facts).into()`.
#[derive(Debug, Clone, Copy)]
pub enum Facts<'a> {
    Payable(&'a PayableFacts),
    Receipt(&'a ReceiptFacts),
}

impl<'a> Facts<'a> {
    pub(crate) fn delivery(self) -> &'a Delivery {
        match self {
            Facts::Payable(facts) => &facts.delivery,
            Facts::Receipt(facts) => &facts.delivery,
        }
    }
}

impl<'a> From<&'a PayableFacts> for Facts<'a> {
    fn from(facts: &'a PayableFacts) -> Self {
        Self::Payable(facts)
    }
}

impl<'a> From<&'a ReceiptFacts> for Facts<'a> {
    fn from(facts: &'a ReceiptFacts) -> Self {
        Self::Receipt(facts)
    }
}
