//! Everything that is held of a customer, as data: page by page of its invoices.
//!
//! Unlike any other view it shows documents in full, since it is made for the person they are of.

use chrono::{DateTime, NaiveDate, Utc};
use quita_core::bank_import::{BankLine, CHUNKS_KEPT};
use quita_core::customer::{BillTo, Customer};
use quita_core::erasure;
use quita_core::hidden::Hidden;
use quita_core::ids::{CustomerId, MerchantId, PaymentId};
use quita_core::invoice::Invoice;
use quita_core::message::{Channel, KEPT_FOR as CORRESPONDENT_KEPT, Message, SentText};
use quita_core::payment::Payment;
use quita_core::retention::{Kind, identity_retained_until, retained_until};
use quita_core::task::Task;
use quita_core::zone::{SAO_PAULO, civil_date};
use quita_table::store::{ItemRef, READ_ITEMS_MAX};
use quita_table::{Cursor, StoreError};
use serde::Serialize;

use crate::bus::instant;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::KEPT_FOR;
use crate::tasks::{TaskView, tasks_of};

/// A page of what is held.
#[derive(Serialize)]
pub struct PersonalData {
    customer: PartyRecord,
    invoices: Vec<InvoiceRecord>,
    payments: Vec<PaymentRecord>,
    expires_by_itself: Vec<Expiring>,
    next_cursor: Option<String>,
}

/// Until when the law wants a record, and which.
#[derive(Serialize)]
struct Retention {
    kind: &'static str,
    retained_until: NaiveDate,
    basis: &'static str,
}

impl Retention {
    fn of(kind: Kind, closed_on: NaiveDate) -> Self {
        let until = retained_until(kind, closed_on);
        Self { kind: kind.as_str(), retained_until: until, basis: kind.rule().basis }
    }
}

#[derive(Serialize)]
struct PartyRecord {
    id: String,
    created_at: String,
    party: Party,
    /// When its personal data was erased.
    erased_at: Option<String>,
    /// Until when who it was stays sealed, were it erased today.
    identity_retained_until: NaiveDate,
}

#[derive(Serialize)]
struct Party {
    name: String,
    document: String,
    emails: Vec<String>,
    phone: Option<String>,
    chat_webhook_url: Option<String>,
    address: Option<Address>,
    locale: &'static str,
    account_owner: Option<String>,
}

#[derive(Serialize)]
struct Address {
    street: String,
    city: String,
    state: String,
    postal_code: String,
}

impl Party {
    fn of(party: &BillTo) -> Self {
        let address = party.address.as_ref().map(|address| Address {
            street: address.street.clone(),
            city: address.city.clone(),
            state: address.state.clone(),
            postal_code: address.postal_code.as_str().to_owned(),
        });
        Self {
            name: party.name.clone(),
            document: party.document.as_str().to_owned(),
            emails: party.emails.iter().map(|email| email.as_str().to_owned()).collect(),
            phone: party.phone.as_ref().map(|phone| phone.as_str().to_owned()),
            chat_webhook_url: party.chat_webhook.clone().map(Hidden::into_inner),
            address,
            locale: party.locale.as_str(),
            account_owner: party.account_owner.as_ref().map(|email| email.as_str().to_owned()),
        }
    }
}

#[derive(Serialize)]
struct InvoiceRecord {
    id: String,
    number: String,
    description: String,
    po_number: Option<String>,
    issued_at: String,
    closed_on: NaiveDate,
    bill_to: Party,
    messages: Vec<MessageRecord>,
    /// Who gave the last promise.
    promised_by: Option<String>,
    /// What people were asked to do about it, questions of the payer among it.
    tasks: Vec<TaskView>,
    retention: [Retention; 2],
}

#[derive(Serialize)]
struct MessageRecord {
    step: String,
    channel: &'static str,
    instalment: u16,
    fate: &'static str,
    at: Option<String>,
    recipients: Vec<String>,
    texts: Vec<TextRecord>,
    retention: Retention,
}

/// What a message said.
#[derive(Serialize)]
struct TextRecord {
    at: String,
    subject: Option<String>,
    text: String,
}

#[derive(Serialize)]
struct PaymentRecord {
    id: String,
    amount: String,
    paid_at: String,
    payer_name: Option<String>,
    payer_document: Option<String>,
    memo: Option<String>,
    bank_lines: Vec<LineRecord>,
    retention: [Retention; 2],
}

#[derive(Serialize)]
struct LineRecord {
    booked_on: NaiveDate,
    memo: String,
}

/// What is held for a while and goes without anybody's doing.
#[derive(Serialize)]
struct Expiring {
    what: &'static str,
    after_days: i64,
}

/// The page after `cursor`; `None` where there is no such customer.
///
/// # Errors
/// A cursor that is not of this list is [`StoreError::BadCursor`].
pub async fn personal_data(
    deps: &Deps,
    merchant: &MerchantId,
    id: &CustomerId,
    limit: usize,
    cursor: Option<&Cursor>,
) -> Result<Result<Option<PersonalData>, StoreError>, Unknown> {
    let mut found = deps.store.read(merchant, &[ItemRef::Customer(id.clone())]).await?;
    let Some(customer) = found.take_customer(id) else { return Ok(Ok(None)) };
    let page = match deps.store.invoices_of_customer(merchant, id, limit, cursor).await {
        Ok(page) => page,
        Err(error) => return Ok(Err(error)),
    };
    let mut payments = if cursor.is_none() { outside_invoices(&customer) } else { Vec::new() };
    let mut invoices = Vec::with_capacity(page.items.len());
    for invoice in &page.items {
        payments.extend(erasure::payments_of(invoice));
        let messages = deps.store.messages(merchant, &invoice.id).await?;
        let texts = deps.store.sent_texts(merchant, &invoice.id).await?;
        let tasks = tasks_of(deps, invoice).await?;
        let record = InvoiceRecord::of(invoice, &messages, &texts, deps.clock.now());
        invoices.push(record.with_tasks(invoice, &tasks));
    }
    payments.sort();
    payments.dedup();
    Ok(Ok(Some(PersonalData {
        customer: PartyRecord::of(&customer, deps.clock.now()),
        invoices,
        payments: payment_records(deps, merchant, &payments).await?,
        expires_by_itself: expiring(),
        next_cursor: page.next.map(|next| next.to_string()),
    })))
}

/// Payments that lie on the account, or did.
fn outside_invoices(customer: &Customer) -> Vec<PaymentId> {
    let now = customer.on_account.iter().map(|credit| &credit.payment);
    now.chain(&customer.past_credits).cloned().collect()
}

fn expiring() -> Vec<Expiring> {
    vec![
        Expiring {
            what: "answers kept for repeated requests, which show what was answered",
            after_days: KEPT_FOR.num_days(),
        },
        Expiring {
            what: "pieces of uploaded bank files, which name who paid",
            after_days: CHUNKS_KEPT.num_days(),
        },
        Expiring {
            what: "digests of phones that were written to, by which answers are understood",
            after_days: CORRESPONDENT_KEPT.num_days(),
        },
    ]
}

impl PartyRecord {
    fn of(customer: &Customer, now: DateTime<Utc>) -> Self {
        let erased = customer.erasure.as_ref().and_then(|erasure| erasure.finished_at);
        Self {
            id: customer.id.to_string(),
            created_at: instant(customer.created_at),
            party: Party::of(&customer.bill_to),
            erased_at: erased.map(instant),
            identity_retained_until: identity_retained_until(civil_date(now, SAO_PAULO)),
        }
    }
}

impl InvoiceRecord {
    fn of(invoice: &Invoice, messages: &[Message], texts: &[SentText], now: DateTime<Utc>) -> Self {
        let closed_on = erasure::closed_on(invoice);
        let message =
            |message: &Message| MessageRecord::of(message, texts, invoice, closed_on, now);
        Self {
            id: invoice.id.to_string(),
            number: invoice.number.clone(),
            description: invoice.description.clone(),
            po_number: invoice.po_number.clone(),
            issued_at: instant(invoice.opened_at),
            closed_on,
            bill_to: Party::of(&invoice.bill_to),
            messages: messages.iter().map(message).collect(),
            promised_by: None,
            tasks: Vec::new(),
            retention: [Kind::Fiscal, Kind::Debt].map(|kind| Retention::of(kind, closed_on)),
        }
    }
}

impl InvoiceRecord {
    fn with_tasks(self, invoice: &Invoice, tasks: &[Task]) -> Self {
        let promise = invoice.handling.promise.as_ref();
        let by = promise.map(|promise| promise.by.clone()).filter(|by| !by.is_empty());
        Self { promised_by: by, tasks: tasks.iter().map(TaskView::of).collect(), ..self }
    }
}

impl MessageRecord {
    fn of(
        message: &Message,
        texts: &[SentText],
        invoice: &Invoice,
        closed_on: NaiveDate,
        now: DateTime<Utc>,
    ) -> Self {
        let texts: Vec<&SentText> = texts.iter().filter(|it| it.key == message.key).collect();
        let told = message.heard.iter().filter_map(|noted| noted.recipient.as_ref());
        let kept = texts.iter().flat_map(|text| &text.recipients);
        let named = kept.chain(told).map(|to| to.as_str().to_owned());
        let mut recipients: Vec<String> = named.collect();
        if recipients.is_empty() {
            recipients = of_bill_to(message.key.channel, &invoice.bill_to);
        }
        recipients.sort();
        recipients.dedup();
        Self {
            step: message.key.step.clone(),
            channel: message.key.channel.as_str(),
            instalment: message.key.instalment,
            fate: message.fate(now).word.as_str(),
            at: message.state.at().map(instant),
            recipients,
            texts: texts.into_iter().map(TextRecord::of).collect(),
            retention: Retention::of(Kind::Message, closed_on),
        }
    }
}

/// The addresses an invoice was issued with, where a message went before its text was kept.
fn of_bill_to(channel: Channel, party: &BillTo) -> Vec<String> {
    match channel {
        Channel::Email => party.emails.iter().map(|it| it.as_str().to_owned()).collect(),
        Channel::Chat => party.chat_webhook.iter().map(|it| it.as_str().to_owned()).collect(),
        Channel::WhatsApp | Channel::Sms => {
            party.phone.iter().map(|it| it.as_str().to_owned()).collect()
        }
        Channel::Letter => Vec::new(),
    }
}

impl TextRecord {
    fn of(sent: &SentText) -> Self {
        Self {
            at: instant(sent.at),
            subject: sent.subject.clone().map(Hidden::into_inner),
            text: sent.text.as_str().to_owned(),
        }
    }
}

async fn payment_records(
    deps: &Deps,
    merchant: &MerchantId,
    ids: &[PaymentId],
) -> Result<Vec<PaymentRecord>, Unknown> {
    let mut records = Vec::with_capacity(ids.len());
    for some in ids.chunks(READ_ITEMS_MAX) {
        let refs: Vec<ItemRef> = some.iter().cloned().map(ItemRef::Payment).collect();
        let mut found = deps.store.read(merchant, &refs).await?;
        for payment in some.iter().filter_map(|id| found.take_payment(id)) {
            let lines = lines_of(deps, &payment).await?;
            records.push(PaymentRecord::of(&payment, &lines));
        }
    }
    Ok(records)
}

/// The lines of bank files that told of a payment, as far as it remembers them.
pub(super) async fn lines_of(deps: &Deps, payment: &Payment) -> Result<Vec<BankLine>, Unknown> {
    let fingerprints = &payment.bank_lines;
    if fingerprints.is_empty() {
        return Ok(Vec::new());
    }
    let refs: Vec<ItemRef> = fingerprints.iter().cloned().map(ItemRef::BankLine).collect();
    let mut found = deps.store.read(&payment.merchant, &refs).await?;
    let lines = fingerprints.iter().filter_map(|fingerprint| found.take_bank_line(fingerprint));
    Ok(lines.filter(|line| line.payment.as_ref() == Some(&payment.id)).collect())
}

impl PaymentRecord {
    fn of(payment: &Payment, lines: &[BankLine]) -> Self {
        let payer = payment.payer.as_ref();
        let document = payer.and_then(|payer| payer.document.as_ref());
        let closed_on = civil_date(payment.paid_at, SAO_PAULO);
        let line = |line: &BankLine| LineRecord {
            booked_on: line.booked_on,
            memo: line.memo.as_str().to_owned(),
        };
        Self {
            id: payment.id.to_string(),
            amount: payment.amount.to_string(),
            paid_at: instant(payment.paid_at),
            payer_name: payer.and_then(|payer| payer.name.clone()),
            payer_document: document.map(|document| document.as_str().to_owned()),
            memo: payment.memo.clone().map(Hidden::into_inner),
            bank_lines: lines.iter().map(line).collect(),
            retention: [Kind::Fiscal, Kind::Debt].map(|kind| Retention::of(kind, closed_on)),
        }
    }
}
