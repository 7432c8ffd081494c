//! What the run left behind, read back: the API's view, the bank's books, the mailbox.
//!
//! Owns the counting. Does not judge: see [`super::checks`].

use std::collections::BTreeMap;
use std::error::Error;

use chrono::{DateTime, Utc};
use quita_core::message::ProviderTag;
use quita_core::money::Money;
use serde_json::Value;

use super::api::Api;
use super::play::Cast;
use crate::answer::{list, money, text};
use crate::app::App;

/// Step of a message that asks for nothing.
pub const RECEIPT: &str = "receipt";

/// Path of the pages that payers see.
const PAY_PAGE: &str = "/p/";

/// Everything counted.
#[derive(Default)]
pub struct Books {
    /// Invoices in the order of the input, as the API shows them at the end.
    pub invoices: Vec<Value>,
    pub charges: usize,
    pub reissued: usize,
    pub delayed: usize,
    /// What was sent by (step, channel), from the ledger.
    pub messages: BTreeMap<(String, String), usize>,
    /// What was told in a message about another invoice of the customer.
    pub told_along: usize,
    /// Digests in the team's chat.
    pub digests: usize,
    /// The same, from the mailbox.
    pub delivered: BTreeMap<(String, String), usize>,
    pub steps_covered: usize,
    pub receipts: usize,
    /// Money credited to instalments.
    pub credits: Vec<Credit>,
    /// Every payment as the API shows it.
    pub payments: Vec<Value>,
    /// Payments that wait for a person.
    pub exceptions: Vec<Value>,
    pub flagged: usize,
    pub paid_early: usize,
    pub paid_on_time: usize,
    pub paid_late: usize,
    pub late_charges: Money,
    pub principal: Principal,
    /// What lies on customers' accounts.
    pub on_account: Money,
    pub received_at_bank: Money,
    pub received_otherwise: Money,
    pub returned_at_bank: Money,
    /// Balance of each account of the books: debit when positive.
    pub trial_balance: Vec<(String, Money)>,
    /// Ledger tags of e-mails with the moment each was sent.
    pub tags: Vec<(String, DateTime<Utc>)>,
}

/// A part of a payment on an instalment.
pub struct Credit {
    pub payment: String,
    pub amount: Money,
    /// What went away from there since.
    pub released: Money,
}

/// Original amounts, before any fee or discount, by what became of them.
#[derive(Default)]
pub struct Principal {
    pub issued: Money,
    pub paid: Money,
    /// Discounts, rebates and credit notes.
    pub given: Money,
    pub written_off: Money,
    pub canceled: Money,
    pub open: Money,
}

impl Books {
    /// Money that invoices have.
    pub fn credited(&self) -> Money {
        self.credits.iter().map(|credit| credit.amount - credit.released).sum()
    }

    /// What all payments have under a name of theirs.
    pub fn sum_of_payments(&self, name: &str) -> Money {
        self.payments.iter().map(|payment| money(&payment[name])).sum()
    }

    /// Balance of one account of the books.
    pub fn balance(&self, account: &str) -> Money {
        let known = self.trial_balance.iter().find(|(name, _)| name == account);
        known.map_or(Money::ZERO, |(_, balance)| *balance)
    }
}

pub async fn collect(app: &App, cast: &Cast) -> Result<Books, Box<dyn Error>> {
    let api = Api::new(app)?;
    let mut books = Books::default();
    for id in &cast.invoices {
        let invoice = api.get(&format!("/v1/invoices/{id}")).await?;
        for row in api.list(&format!("/v1/invoices/{id}/timeline")).await? {
            books.history(&row);
        }
        let ledger = api.get(&format!("/v1/invoices/{id}/messages")).await?;
        list(&ledger["items"]).iter().for_each(|row| books.message(row));
        books.invoice(invoice);
    }
    for customer in api.list("/v1/customers").await? {
        books.on_account += money(&customer["balance"]);
    }
    if let Some(bank) = &app.bank {
        books.received_at_bank = Money::from_centavos(bank.total_received().0);
        books.returned_at_bank = Money::from_centavos(bank.total_returned().0);
        for pix in bank.pixs() {
            books.payments.push(api.get(&format!("/v1/payments/{}", pix.e2eid)).await?);
        }
    }
    for id in &cast.transfers {
        let payment = api.get(&format!("/v1/payments/{id}")).await?;
        books.received_otherwise += money(&payment["amount"]);
        books.payments.push(payment);
    }
    books.exceptions = api.list("/v1/exceptions").await?;
    let trial = api.get("/v1/trial_balance").await?;
    let account = |it: &Value| (text(&it["account"]), money(&it["balance"]));
    books.trial_balance = list(&trial["accounts"]).iter().map(account).collect();
    books.mail(app);
    Ok(books)
}

impl Books {
    fn invoice(&mut self, invoice: Value) {
        self.principal.issued += money(&invoice["amount"]);
        for instalment in list(&invoice["instalments"]) {
            self.flagged += usize::from(instalment["flagged"] == true);
            self.credits.extend(list(&instalment["payments"]).iter().map(|payment| Credit {
                payment: text(&payment["payment_id"]),
                amount: money(&payment["amount"]),
                released: money(&payment["released"]),
            }));
            let is_open = ["open", "partially_paid", "overdue"].map(Value::from);
            if is_open.contains(&instalment["status"]) {
                let original = money(&instalment["amount_due"]["original"]);
                self.principal.open += original;
            }
        }
        self.invoices.push(invoice);
    }

    /// A receipt is counted by the payment it is for.
    fn message(&mut self, row: &Value) {
        if row["fate"] == "failed" || row["step"] == RECEIPT {
            return;
        }
        if row["sent_with"].is_string() {
            self.told_along += 1;
        } else {
            *self.messages.entry((text(&row["step"]), text(&row["channel"]))).or_default() += 1;
        }
    }

    fn history(&mut self, row: &Value) {
        let data = &row["data"];
        match row["event"].as_str().unwrap_or_default() {
            "charge.issued" => self.charges += 1,
            "charge.reissued" => self.reissued += 1,
            "charge.delayed" => self.delayed += 1,
            "reminder.done" => {
                self.steps_covered += list(&data["covered"]).len();
            }
            "receipt.sent" if data["outcome"] == "sent" => self.receipts += 1,
            "payment.matched" => {
                self.kind_of_payment(data);
                self.principal.counted(&data["counted"], |pile, part| pile + part);
                self.late_charges += late(&data["counted"]);
            }
            "payment.released" => {
                self.principal.counted(&data["counted"], |pile, part| pile - part);
                self.late_charges -= late(&data["counted"]);
            }
            "invoice.canceled" => {
                let canceled = money(&data["principal"]);
                self.principal.canceled += canceled;
            }
            name => self.principal.adjusted(name, data),
        }
    }

    fn kind_of_payment(&mut self, data: &Value) {
        let late = data["breakdown"]["calendar_days_late"].as_u64().unwrap_or_default() > 0;
        let kind = if !money(&data["counted"]["discount"]).is_zero() {
            &mut self.paid_early
        } else if late {
            &mut self.paid_late
        } else {
            &mut self.paid_on_time
        };
        *kind += 1;
    }

    fn mail(&mut self, app: &App) {
        for message in app.mailbox.messages() {
            let step = match message.tag() {
                Some(tag) => {
                    self.tags.push((tag.to_owned(), message.at));
                    ProviderTag::parse(tag).map(|tag| tag.key.step).unwrap_or_default()
                }
                // A reminder in a chat leads to the page of the invoice, the team's digest nowhere.
                None if message.content.text().contains(PAY_PAGE) => "due_plus_1".to_owned(),
                None => {
                    self.digests += 1;
                    continue;
                }
            };
            let channel = message.content.channel().as_str();
            let key = (step, channel.to_owned());
            *self.delivered.entry(key).or_default() += 1;
        }
    }
}

impl Principal {
    /// A payment's parts, as they were counted or taken back.
    fn counted(&mut self, parts: &Value, with: fn(Money, Money) -> Money) {
        self.paid = with(self.paid, money(&parts["principal"]));
        for part in ["discount", "rebate", "forgiven"] {
            self.given = with(self.given, money(&parts[part]));
        }
    }

    /// What the merchant changed.
    fn adjusted(&mut self, event: &str, data: &Value) {
        let (amount, rebate) = (money(&data["amount"]), money(&data["agreed_rebate"]));
        match event {
            "instalment.rebate_granted" | "instalment.credit_noted" => {
                self.given += amount + rebate;
            }
            "instalment.written_off" => {
                self.written_off += amount;
                self.given += rebate;
            }
            "instalment.reinstated" => self.written_off -= amount,
            _ => {}
        }
    }
}

/// Late fee and interest among a payment's parts.
fn late(parts: &Value) -> Money {
    money(&parts["late_fee"]) + money(&parts["interest"])
}
