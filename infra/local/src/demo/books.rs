//! What the run left behind, read back: the API's view, the bank's books, the mailbox.
//!
//! Owns the counting. Does not judge: see [`super::checks`].

use std::collections::BTreeMap;
use std::error::Error;

use chrono::{DateTime, Utc};
use quita_core::money::Money;
use serde_json::Value;

use super::api::Api;
use super::play::Cast;
use crate::app::App;
use crate::mailbox::Content;

/// Everything counted.
#[derive(Default)]
pub struct Books {
    /// Invoices in the order of the input, as the API shows them at the end.
    pub invoices: Vec<Value>,
    pub charges: usize,
    pub reissued: usize,
    pub delayed: usize,
    /// What was sent by (step, channel), from the invoices' own history.
    pub messages: BTreeMap<(String, String), usize>,
    /// The same, from the mailbox.
    pub delivered: BTreeMap<(String, String), usize>,
    pub steps_covered: usize,
    pub receipts: usize,
    pub matched: Vec<Credited>,
    pub parked: Vec<Parked>,
    pub flagged: usize,
    pub chases_ended: Vec<String>,
    pub paid_early: usize,
    pub paid_on_time: usize,
    pub paid_late: usize,
    pub late_charges: Money,
    pub reductions: Money,
    pub received_at_bank: Money,
    pub returned_at_bank: Money,
    /// Ledger tags of e-mails with the moment each was sent.
    pub tags: Vec<(String, DateTime<Utc>)>,
}

/// A Pix credited to an instalment.
pub struct Credited {
    pub e2eid: String,
    pub amount: Money,
    pub returned: Money,
}

/// A Pix that waits for a person.
pub struct Parked {
    pub e2eid: String,
    pub amount: Money,
    pub reason: String,
}

impl Books {
    pub fn matched_total(&self) -> Money {
        self.matched.iter().map(|credited| credited.amount).sum()
    }

    pub fn returned_total(&self) -> Money {
        self.matched.iter().map(|credited| credited.returned).sum()
    }

    pub fn parked_total(&self) -> Money {
        self.parked.iter().map(|parked| parked.amount).sum()
    }

    /// Principal by what became of it.
    pub fn principal(&self) -> Principal {
        let mut principal = Principal::default();
        for invoice in &self.invoices {
            principal.issued = principal.issued + money(&invoice["amount"]);
            let canceled = invoice["status"] == "canceled";
            for instalment in list(&invoice["instalments"]) {
                let amount = money(&instalment["amount"]);
                let pile = if canceled {
                    &mut principal.canceled
                } else if instalment["status"] == "paid" {
                    &mut principal.paid
                } else {
                    &mut principal.open
                };
                *pile = *pile + amount;
            }
        }
        principal
    }
}

/// Original amounts, before any fee or discount.
#[derive(Default)]
pub struct Principal {
    pub issued: Money,
    pub paid: Money,
    pub open: Money,
    pub canceled: Money,
}

pub async fn collect(app: &App, cast: &Cast) -> Result<Books, Box<dyn Error>> {
    let api = Api::new(app)?;
    let mut books = Books::default();
    for id in &cast.invoices {
        let invoice = api.get(&format!("/v1/invoices/{id}")).await?;
        for row in api.list(&format!("/v1/invoices/{id}/timeline")).await? {
            books.history(&invoice, &row);
        }
        for instalment in list(&invoice["instalments"]) {
            books.flagged += usize::from(instalment["flagged"] == true);
            books.matched.extend(list(&instalment["payments"]).iter().map(|payment| Credited {
                e2eid: text(&payment["end_to_end_id"]),
                amount: money(&payment["amount"]),
                returned: money(&payment["refunded"]),
            }));
        }
        books.invoices.push(invoice);
    }
    let parked = api.list("/v1/payments?status=parked").await?;
    books.parked.extend(parked.iter().map(|payment| Parked {
        e2eid: text(&payment["end_to_end_id"]),
        amount: money(&payment["amount"]),
        reason: text(&payment["reason"]),
    }));
    if let Some(bank) = &app.bank {
        books.received_at_bank = Money::from_centavos(bank.total_received().0);
        books.returned_at_bank = Money::from_centavos(bank.total_returned().0);
    }
    books.mail(app);
    Ok(books)
}

impl Books {
    fn history(&mut self, invoice: &Value, row: &Value) {
        let data = &row["data"];
        match row["event"].as_str().unwrap_or_default() {
            "charge.issued" => self.charges += 1,
            "charge.reissued" => self.reissued += 1,
            "charge.delayed" => self.delayed += 1,
            "reminder.done" => {
                for channel in list(&data["channels"]) {
                    let key = (text(&data["step"]), text(channel));
                    *self.messages.entry(key).or_default() += 1;
                }
                self.steps_covered += list(&data["covered"]).len();
            }
            "receipt.sent" if data["outcome"] == "sent" => self.receipts += 1,
            "chase.ended" => self.chases_ended.push(text(&invoice["number"])),
            "payment.matched" => self.kind_of_payment(data),
            _ => {}
        }
    }

    fn kind_of_payment(&mut self, data: &Value) {
        let parts = &data["breakdown"];
        let fees = money(&parts["late_fee"]) + money(&parts["interest"]);
        let reduced = money(&parts["discount"]) + money(&parts["rebate"]);
        self.late_charges = self.late_charges + fees;
        self.reductions = self.reductions + reduced;
        let late = parts["calendar_days_late"].as_u64().unwrap_or_default() > 0;
        let kind = if !money(&parts["discount"]).is_zero() {
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
            match &message.content {
                Content::Email { tag, .. } => {
                    let step = tag.split('-').nth(2).unwrap_or_default().to_owned();
                    self.tags.push((tag.clone(), message.at));
                    *self.delivered.entry((step, "email".to_owned())).or_default() += 1;
                }
                Content::Chat { .. } => {
                    let key = ("due_plus_1".to_owned(), "chat".to_owned());
                    *self.delivered.entry(key).or_default() += 1;
                }
            }
        }
    }
}

pub fn money(value: &Value) -> Money {
    value.as_str().and_then(|text| Money::parse(text).ok()).unwrap_or(Money::ZERO)
}

pub fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
