//! The play: invoices are created, then days pass and people act.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;

use chrono::{DateTime, Utc};
use quita_app::ports::Clock;
use quita_core::ids::Txid;
use quita_core::money::Money;
use quita_core::zone::SAO_PAULO;
use quita_psp_sandbox::{Bank, CallbackFault, FaultRates, HttpFault, PaidPix, PayOptions};
use serde_json::{Map, Value, json};

use super::api::Api;
use super::fixtures::{BankTrouble, Deed, Input, Invoice, Scene, Stray};
use crate::app::App;
use crate::merchant;
use crate::travel::Traveller;

/// Who is who after the play: the invoices' ids, in the order of the input.
pub struct Cast {
    pub invoices: Vec<String>,
}

/// One act of somebody, with the invoice it is about.
enum Act<'a> {
    Scene { index: usize, scene: &'a Scene },
    Stray(&'a Stray),
}

impl Act<'_> {
    fn at(&self) -> DateTime<Utc> {
        match self {
            Self::Scene { scene, .. } => scene.at,
            Self::Stray(stray) => stray.at,
        }
    }
}

struct Stage<'a, W> {
    app: &'a App,
    bank: &'a Bank,
    traveller: Traveller<'a>,
    api: Api<'a>,
    input: &'a Input,
    out: &'a mut W,
}

/// Plays everything; the clock then stands at the scenario's end.
pub async fn play(app: &App, input: &Input, out: &mut impl Write) -> Result<Cast, Box<dyn Error>> {
    let bank = app.bank.as_ref().ok_or("the demo plays at the sandbox bank")?;
    merchant::register_callback(app.machine.deps(), &app.pix_key).await?;
    let traveller = Traveller { machine: &app.machine, clock: &app.clock, bank: app.bank.as_ref() };
    let api = Api::new(app)?;
    let mut stage = Stage { app, bank, traveller, api, input, out };
    let cast = stage.open().await?;
    let mut acts: Vec<Act<'_>> = input.scenario.strays.iter().map(Act::Stray).collect();
    for (index, invoice) in input.invoices.iter().enumerate() {
        acts.extend(invoice.story.iter().map(|scene| Act::Scene { index, scene }));
    }
    acts.sort_by_key(Act::at);
    for act in &acts {
        stage.wait_until(act.at()).await?;
        match act {
            Act::Scene { index, scene } => stage.perform(&cast, *index, scene).await?,
            Act::Stray(stray) => {
                let key = app.pix_key.as_str();
                bank.pay_key(key, &stray.amount, Some(&stray.txid))?;
                stage.tell(&format!(
                    "{} arrive for {}, unknown here",
                    reais(&stray.amount),
                    stray.txid
                ))?;
            }
        }
        stage.traveller.settle().await?;
    }
    stage.wait_until(input.scenario.ends).await?;
    Ok(cast)
}

impl<W: Write> Stage<'_, W> {
    async fn open(&mut self) -> Result<Cast, Box<dyn Error>> {
        let mut customers = BTreeMap::new();
        for customer in &self.input.customers {
            let created = self.api.post("/v1/customers", &customer.key, &customer.body).await?;
            customers.insert(customer.key.as_str(), text(&created["id"]));
        }
        self.tell(&format!("{} customers registered", customers.len()))?;
        let input = self.input;
        let mut cast = Cast { invoices: Vec::new() };
        for invoice in &input.invoices {
            let mut body = invoice.body.clone();
            let customer = customers.get(invoice.customer.as_str()).cloned().unwrap_or_default();
            body.insert("customer_id".to_owned(), Value::String(customer));
            self.trouble(invoice.bank_at_issue);
            let created = self.api.post("/v1/invoices", invoice.number(), &body).await?;
            self.app.machine.pump().await;
            if invoice.bank_at_issue == Some(BankTrouble::Down) {
                self.tell(&format!("{} issued while the bank is down", invoice.number()))?;
            }
            self.bank.faults().clear();
            cast.invoices.push(text(&created["id"]));
        }
        self.traveller.settle().await?;
        let (invoices, messages) = (cast.invoices.len(), self.app.mailbox.last_number());
        self.tell(&format!("{invoices} invoices created, {messages} first messages sent"))?;
        Ok(cast)
    }

    fn trouble(&self, trouble: Option<BankTrouble>) {
        match trouble {
            None => {}
            Some(BankTrouble::Down) => self
                .bank
                .faults()
                .set_rates(FaultRates { unavailable: 1.0, ..FaultRates::default() }),
            Some(BankTrouble::LosesAnAnswer) => {
                self.bank.faults().next_call(HttpFault::TimeoutAfterCommit);
            }
        }
    }

    /// Lets time pass, with a line for each day on which messages went out.
    async fn wait_until(&mut self, to: DateTime<Utc>) -> Result<(), Box<dyn Error>> {
        let before = self.app.mailbox.last_number();
        self.traveller.go(to.max(self.app.clock.now())).await?;
        let mut days: Vec<(String, usize)> = Vec::new();
        for message in self.app.mailbox.after(before) {
            let day = stamp(message.at);
            let day = day.split(',').next().unwrap_or_default().to_owned();
            match days.last_mut() {
                Some((last, count)) if *last == day => *count += 1,
                _ => days.push((day, 1)),
            }
        }
        for (day, count) in days {
            let plural = if count == 1 { "" } else { "s" };
            writeln!(self.out, "  {day:<13}  {count} message{plural} sent")?;
        }
        self.out.flush()?;
        Ok(())
    }

    async fn perform(
        &mut self,
        cast: &Cast,
        index: usize,
        scene: &Scene,
    ) -> Result<(), Box<dyn Error>> {
        let (input, id) = (self.input, &cast.invoices[index]);
        let invoice = &input.invoices[index];
        match scene.r#do {
            Deed::Cancel => return self.cancel(invoice, id, scene).await,
            Deed::Refund => return self.refund(invoice, id).await,
            Deed::PayWithDuplicateCallback => {
                self.bank.faults().next_callback(CallbackFault::Duplicate);
            }
            Deed::PayWithLostCallback => self.bank.faults().next_callback(CallbackFault::Drop),
            Deed::Pay | Deed::PayWrongAmount | Deed::PayTwice => {}
        }
        let txid = self.txid(id, scene.instalment).await?;
        let options = PayOptions { amount: scene.amount.clone(), ..PayOptions::default() };
        let paid = self.bank.pay(&txid, options)?;
        self.tell(&format!("{} {}", name(invoice, scene), how(scene.r#do, &paid)))?;
        if scene.r#do == Deed::PayTwice {
            let again =
                self.bank.pay(&txid, PayOptions { force: true, ..PayOptions::default() })?;
            self.tell(&format!(
                "{} is paid once more, {}",
                name(invoice, scene),
                reais(&again.valor)
            ))?;
        }
        Ok(())
    }

    async fn cancel(
        &mut self,
        invoice: &Invoice,
        id: &str,
        scene: &Scene,
    ) -> Result<(), Box<dyn Error>> {
        let reason = scene.reason.clone().unwrap_or_default();
        let body: Map<String, Value> = [("reason".to_owned(), json!(reason))].into_iter().collect();
        let key = format!("cancel-{}", invoice.number());
        self.api.post(&format!("/v1/invoices/{id}/cancel"), &key, &body).await?;
        self.tell(&format!("{} is canceled: {reason}", invoice.number()))
    }

    /// The bank gives the last payment of an invoice back.
    async fn refund(&mut self, invoice: &Invoice, id: &str) -> Result<(), Box<dyn Error>> {
        let txid = self.txid(id, 1).await?;
        let pixs = self.bank.pixs();
        let last = pixs.iter().rev().find(|pix| pix.txid.as_deref() == Some(&txid));
        let pix = last.ok_or("nothing was paid yet")?;
        self.bank.return_pix(&pix.e2eid, &pix.valor.to_string())?;
        self.tell(&format!(
            "{}: {} go back to the payer",
            invoice.number(),
            reais(&pix.valor.to_string())
        ))
    }

    async fn txid(&self, id: &str, instalment: u16) -> Result<String, Box<dyn Error>> {
        let invoice = self.api.get(&format!("/v1/invoices/{id}")).await?;
        let index = usize::from(instalment).saturating_sub(1);
        let txid = text(&invoice["instalments"][index]["charge"]["txid"]);
        Txid::parse(&txid)?;
        Ok(txid)
    }

    fn tell(&mut self, what: &str) -> Result<(), Box<dyn Error>> {
        writeln!(self.out, "  {}  {what}", stamp(self.app.clock.now()))?;
        Ok(())
    }
}

fn name(invoice: &Invoice, scene: &Scene) -> String {
    if invoice.body.contains_key("instalments") {
        format!("{} instalment {}", invoice.number(), scene.instalment)
    } else {
        invoice.number().to_owned()
    }
}

fn how(deed: Deed, paid: &PaidPix) -> String {
    let amount = &paid.valor;
    match deed {
        Deed::PayWithDuplicateCallback => {
            format!("is paid, R$ {amount}; the bank calls back twice")
        }
        Deed::PayWithLostCallback => format!("is paid, {amount}; the callback is lost"),
        Deed::PayWrongAmount => format!("is paid {amount}, not what is due"),
        Deed::Pay | Deed::PayTwice | Deed::Refund | Deed::Cancel => format!("is paid, {amount}"),
    }
}

/// `1234.56` as people read it.
fn reais(amount: &str) -> String {
    Money::parse(amount).map_or_else(|_| amount.to_owned(), Money::in_english)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// `01 Sep, 10:15`, in São Paulo.
fn stamp(at: DateTime<Utc>) -> String {
    at.with_timezone(&SAO_PAULO).format("%d %b, %H:%M").to_string()
}
