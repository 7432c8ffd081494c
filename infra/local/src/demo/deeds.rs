//! What people do in the play: payers pay as they please, the merchant puts it right.
//!
//! Owns each deed and the line that tells of it. Payers act at the bank; the merchant acts through
//! the API, as its system would.

use std::error::Error;
use std::io::Write;

use chrono::TimeDelta;
use quita_app::ports::Clock;
use quita_core::ids::{CustomerId, Txid};
use quita_core::money::Money;
use quita_psp_sandbox::{CallbackFault, PayOptions};
use serde_json::{Map, Value, json};

use super::fixtures::{Deed, Invoice, Scene, Stray};
use super::play::{Stage, reais};
use crate::answer::{money, text};

/// How long the play watches for a payment whose callback is lost.
const FOUND_AFTER: TimeDelta = TimeDelta::hours(1);

type Done = Result<(), Box<dyn Error>>;

/// A scene with the invoice it is about.
#[derive(Clone, Copy)]
struct Doing<'a> {
    invoice: &'a Invoice,
    id: &'a str,
    scene: &'a Scene,
}

impl<'a> Doing<'a> {
    fn name(&self) -> String {
        if self.invoice.body.contains_key("instalments") {
            format!("{} instalment {}", self.invoice.number(), self.scene.instalment)
        } else {
            self.invoice.number().to_owned()
        }
    }

    fn amount(&self) -> Result<&'a str, Box<dyn Error>> {
        self.scene.amount.as_deref().ok_or_else(|| "the scene names no amount".into())
    }

    fn reason(&self) -> &'a str {
        self.scene.reason.as_deref().unwrap_or_default()
    }

    /// Idempotency key of what the merchant does.
    fn key(&self, what: &str) -> String {
        format!("{what}-{}-{}", self.invoice.number(), self.scene.instalment)
    }

    /// Address of what is done to the instalment.
    fn instalment_path(&self, what: &str) -> String {
        format!("/v1/invoices/{}/instalments/{}/{what}", self.id, self.scene.instalment)
    }
}

impl<W: Write> Stage<'_, W> {
    pub(super) async fn perform(&mut self, index: usize, scene: &Scene) -> Done {
        let (input, id) = (self.input, self.cast.invoices[index].clone());
        let doing = Doing { invoice: &input.invoices[index], id: &id, scene };
        match scene.r#do {
            Deed::Pay => self.pay(doing).await,
            Deed::PayWithDuplicateCallback => {
                self.bank.faults().next_callback(CallbackFault::Duplicate);
                self.pay_due(doing, "; the bank calls back twice").await
            }
            Deed::PayWithLostCallback => self.pay_with_lost_callback(doing).await,
            Deed::PayTwice => self.pay_twice(doing).await,
            Deed::PayOwnCode => self.pay_own_code(doing),
            Deed::Transfer => self.transfer(doing).await,
            Deed::Apply => self.apply(doing).await,
            Deed::Refund => self.refund(doing).await,
            Deed::TakeBack => self.take_back(doing),
            Deed::Rebate => self.rebate(doing).await,
            Deed::WriteOff => self.write_off(doing).await,
            Deed::Cancel => self.cancel(doing).await,
        }
    }

    async fn pay(&mut self, doing: Doing<'_>) -> Done {
        let Some(amount) = &doing.scene.amount else {
            return self.pay_due(doing, "").await;
        };
        let txid = self.txid(doing).await?;
        let due = self.bank.charge(&txid).and_then(|charge| charge.today);
        let due = due.map_or(Money::ZERO, |due| Money::from_centavos(due.0));
        let options = PayOptions { amount: Some(amount.clone()), ..PayOptions::default() };
        let paid = self.bank.pay(&txid, options)?;
        self.remember(doing, paid.e2eid);
        self.traveller.settle().await?;
        let (name, paid) = (doing.name(), Money::parse(amount)?);
        let came_of_it = if paid < due {
            let invoice = self.api.get(&format!("/v1/invoices/{}", doing.id)).await?;
            let left = money(&invoice["outstanding"]).in_english();
            format!("of {}; a new charge asks for {left}", due.in_english())
        } else {
            let balance = self.balance(doing).await?.in_english();
            format!("instead of {}; {balance} lie on the account", due.in_english())
        };
        self.tell(&format!("{name} is paid {} {came_of_it}", paid.in_english()))
    }

    /// Pays what the bank asks for today.
    async fn pay_due(&mut self, doing: Doing<'_>, and: &str) -> Done {
        let txid = self.txid(doing).await?;
        let paid = self.bank.pay(&txid, PayOptions::default())?;
        self.remember(doing, paid.e2eid);
        self.tell(&format!("{} is paid, {}{and}", doing.name(), reais(&paid.valor)))
    }

    async fn pay_twice(&mut self, doing: Doing<'_>) -> Done {
        self.pay_due(doing, "").await?;
        let txid = self.txid(doing).await?;
        let again = PayOptions { force: true, ..PayOptions::default() };
        let again = self.bank.pay(&txid, again)?;
        self.remember(doing, again.e2eid);
        self.tell(&format!("{} is paid once more, {}", doing.name(), reais(&again.valor)))
    }

    async fn pay_with_lost_callback(&mut self, doing: Doing<'_>) -> Done {
        self.bank.faults().next_callback(CallbackFault::Drop);
        self.pay_due(doing, "; the callback is lost").await?;
        self.traveller.settle().await?;
        self.wait_until(self.app.clock.now() + FOUND_AFTER).await?;
        let invoice = self.api.get(&format!("/v1/invoices/{}", doing.id)).await?;
        if invoice["status"] == "paid" {
            self.tell(&format!("{} is found paid in the bank's own list", doing.name()))?;
        }
        Ok(())
    }

    fn pay_own_code(&mut self, doing: Doing<'_>) -> Done {
        let txid = Txid::for_customer(&CustomerId::parse(&self.customer(doing))?);
        let key = self.app.pix_key.as_str();
        let paid = self.bank.pay_key(key, doing.amount()?, Some(txid.as_str()))?;
        self.remember(doing, paid.e2eid);
        let customers = &self.input.customers;
        let customer = customers.iter().find(|it| it.key == doing.invoice.customer);
        let name = customer.map(|it| text(&it.body["name"])).unwrap_or_default();
        self.tell(&format!("{name} pays {} with its own code", reais(&paid.valor)))
    }

    /// Money that came past every charge, recorded by the merchant.
    async fn transfer(&mut self, doing: Doing<'_>) -> Done {
        let amount = doing.amount()?;
        let part = part_of(doing, amount);
        let body = object(json!({
            "method": "transfer",
            "amount": amount,
            "paid_at": doing.scene.at,
            "customer_id": self.customer(doing),
            "reference": format!("TED {}", doing.invoice.number()),
            "allocations": [part],
        }));
        let payment = self.api.post("/v1/payments", &doing.key("transfer"), &body).await?;
        let id = text(&payment["id"]);
        self.remember(doing, id.clone());
        self.cast.transfers.push(id);
        let name = doing.name();
        self.tell(&format!("{name} is paid by bank transfer, {}, and recorded", reais(amount)))
    }

    /// Applies what lies on the customer's account.
    async fn apply(&mut self, doing: Doing<'_>) -> Done {
        let from = doing.scene.from.as_deref().ok_or("the scene names no payment")?;
        let payment = self.last_payment(from)?;
        let amount = self.balance(doing).await?;
        let part = part_of(doing, &amount.to_string());
        let body = object(json!({ "allocations": [part] }));
        let path = format!("/v1/payments/{payment}/allocations");
        self.api.post(&path, &doing.key("apply"), &body).await?;
        self.tell(&format!(
            "{} from the account are applied to {}",
            amount.in_english(),
            doing.name()
        ))
    }

    /// The merchant gives the last payment back.
    async fn refund(&mut self, doing: Doing<'_>) -> Done {
        let payment = self.last_payment(doing.invoice.number())?;
        let known = self.api.get(&format!("/v1/payments/{payment}")).await?;
        let amount = text(&known["refundable"]);
        let body = object(json!({ "amount": amount, "reason": doing.reason() }));
        let path = format!("/v1/payments/{payment}/refunds");
        self.api.post(&path, &doing.key("refund"), &body).await?;
        let (name, reason) = (doing.name(), doing.reason());
        self.tell(&format!("{} of {name} are refunded: {reason}", reais(&amount)))
    }

    /// The bank takes the last payment back.
    fn take_back(&mut self, doing: Doing<'_>) -> Done {
        let payment = self.last_payment(doing.invoice.number())?;
        let pix = self.bank.pix(&payment).ok_or("nothing was paid yet")?;
        let amount = pix.valor.to_string();
        self.bank.return_pix(&pix.e2eid, &amount)?;
        self.tell(&format!("the bank takes {} of {} back", reais(&amount), doing.name()))
    }

    async fn rebate(&mut self, doing: Doing<'_>) -> Done {
        let (amount, reason) = (doing.amount()?, doing.reason());
        let body = object(json!({ "amount": amount, "reason": reason }));
        let path = doing.instalment_path("rebate");
        self.api.post(&path, &doing.key("rebate"), &body).await?;
        self.tell(&format!("{} gets a rebate of {}: {reason}", doing.name(), reais(amount)))
    }

    async fn write_off(&mut self, doing: Doing<'_>) -> Done {
        let body = object(json!({ "reason": doing.reason() }));
        let path = doing.instalment_path("write_off");
        self.api.post(&path, &doing.key("write_off"), &body).await?;
        self.tell(&format!("{} is written off: {}", doing.name(), doing.reason()))
    }

    async fn cancel(&mut self, doing: Doing<'_>) -> Done {
        let body = object(json!({ "reason": doing.reason() }));
        let path = format!("/v1/invoices/{}/cancel", doing.id);
        self.api.post(&path, &doing.key("cancel"), &body).await?;
        self.tell(&format!("{} is canceled: {}", doing.invoice.number(), doing.reason()))
    }

    /// Money that names no charge of ours.
    pub(super) fn stray(&mut self, stray: &Stray) -> Done {
        let (key, amount) = (self.app.pix_key.as_str(), &stray.amount);
        self.bank.pay_key(key, amount, Some(&stray.txid))?;
        self.tell(&format!("{} arrive for {}, unknown here", reais(amount), stray.txid))
    }

    async fn txid(&self, doing: Doing<'_>) -> Result<String, Box<dyn Error>> {
        let invoice = self.api.get(&format!("/v1/invoices/{}", doing.id)).await?;
        let index = usize::from(doing.scene.instalment).saturating_sub(1);
        let txid = text(&invoice["instalments"][index]["charge"]["txid"]);
        Txid::parse(&txid)?;
        Ok(txid)
    }

    fn customer(&self, doing: Doing<'_>) -> String {
        self.cast.customers.get(&doing.invoice.customer).cloned().unwrap_or_default()
    }

    /// What lies on the account of the invoice's customer.
    async fn balance(&self, doing: Doing<'_>) -> Result<Money, Box<dyn Error>> {
        let customer = self.api.get(&format!("/v1/customers/{}", self.customer(doing))).await?;
        Ok(money(&customer["balance"]))
    }

    fn remember(&mut self, doing: Doing<'_>, payment: String) {
        self.paid.entry(doing.invoice.number().to_owned()).or_default().push(payment);
    }

    fn last_payment(&self, number: &str) -> Result<String, Box<dyn Error>> {
        let last = self.paid.get(number).and_then(|payments| payments.last());
        last.cloned().ok_or_else(|| format!("nothing was paid of {number}").into())
    }
}

/// A part of a payment, for the instalment of the scene.
fn part_of(doing: Doing<'_>, amount: &str) -> Value {
    let (invoice, instalment) = (doing.id, doing.scene.instalment);
    json!({ "invoice_id": invoice, "instalment": instalment, "amount": amount })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
