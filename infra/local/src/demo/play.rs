//! The play: invoices are created, then days pass and people act.
//!
//! Owns the order of things and the lines that tell of them. Does not own what people do: see
//! [`super::deeds`].

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;

use chrono::{DateTime, Utc};
use quita_app::ports::Clock;
use quita_core::money::Money;
use quita_core::zone::SAO_PAULO;
use quita_psp_sandbox::{Bank, FaultRates, HttpFault};
use serde_json::Value;

use super::api::Api;
use super::fixtures::{BankTrouble, Input, Scene, Stray};
use crate::answer::text;
use crate::app::App;
use crate::merchant;
use crate::travel::Traveller;

/// Who is who after the play.
#[derive(Default)]
pub struct Cast {
    /// Ids of the invoices, in the order of the input.
    pub invoices: Vec<String>,
    /// Ids of the customers, by the key of the input.
    pub customers: BTreeMap<String, String>,
    /// Ids of payments that did not come through the bank's Pix.
    pub transfers: Vec<String>,
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

pub(super) struct Stage<'a, W> {
    pub app: &'a App,
    pub bank: &'a Bank,
    pub traveller: Traveller<'a>,
    pub api: Api<'a>,
    pub input: &'a Input,
    pub cast: Cast,
    /// Ids of the payments of an invoice by its number, the last one last.
    pub paid: BTreeMap<String, Vec<String>>,
    out: &'a mut W,
}

/// Plays everything; the clock then stands at the scenario's end.
pub async fn play(app: &App, input: &Input, out: &mut impl Write) -> Result<Cast, Box<dyn Error>> {
    let bank = app.bank.as_ref().ok_or("the demo plays at the sandbox bank")?;
    merchant::register_callback(app.machine.deps()).await?;
    let traveller = Traveller { machine: &app.machine, clock: &app.clock, bank: app.bank.as_ref() };
    let (api, cast, paid) = (Api::new(app)?, Cast::default(), BTreeMap::new());
    let mut stage = Stage { app, bank, traveller, api, input, cast, paid, out };
    stage.open().await?;
    let mut acts: Vec<Act<'_>> = input.scenario.strays.iter().map(Act::Stray).collect();
    for (index, invoice) in input.invoices.iter().enumerate() {
        acts.extend(invoice.story.iter().map(|scene| Act::Scene { index, scene }));
    }
    acts.sort_by_key(Act::at);
    for act in &acts {
        stage.wait_until(act.at()).await?;
        match act {
            Act::Scene { index, scene } => stage.perform(*index, scene).await?,
            Act::Stray(stray) => stage.stray(stray)?,
        }
        stage.traveller.settle().await?;
    }
    stage.wait_until(input.scenario.ends).await?;
    Ok(stage.cast)
}

impl<W: Write> Stage<'_, W> {
    async fn open(&mut self) -> Result<(), Box<dyn Error>> {
        for customer in &self.input.customers {
            let created = self.api.post("/v1/customers", &customer.key, &customer.body).await?;
            self.cast.customers.insert(customer.key.clone(), text(&created["id"]));
        }
        self.tell(&format!("{} customers registered", self.cast.customers.len()))?;
        let input = self.input;
        for invoice in &input.invoices {
            let mut body = invoice.body.clone();
            let customer = self.cast.customers.get(&invoice.customer).cloned().unwrap_or_default();
            body.insert("customer_id".to_owned(), Value::String(customer));
            self.trouble(invoice.bank_at_issue);
            let created = self.api.post("/v1/invoices", invoice.number(), &body).await?;
            self.app.machine.pump().await;
            if invoice.bank_at_issue == Some(BankTrouble::Down) {
                self.tell(&format!("{} issued while the bank is down", invoice.number()))?;
            }
            self.bank.faults().clear();
            self.cast.invoices.push(text(&created["id"]));
        }
        self.traveller.settle().await?;
        let (invoices, messages) = (self.cast.invoices.len(), self.app.mailbox.last_number());
        self.tell(&format!("{invoices} invoices created, {messages} first messages sent"))
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

    /// Lets time pass from a moment at which all is settled, with a line for each day on which messages
    /// went out.
    pub(super) async fn wait_until(&mut self, to: DateTime<Utc>) -> Result<(), Box<dyn Error>> {
        let before = self.app.mailbox.last_number();
        self.traveller.go_on(to.max(self.app.clock.now())).await?;
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

    pub(super) fn tell(&mut self, what: &str) -> Result<(), Box<dyn Error>> {
        writeln!(self.out, "  {}  {what}", stamp(self.app.clock.now()))?;
        Ok(())
    }
}

/// `1234.56` as people read it.
pub(super) fn reais(amount: &str) -> String {
    Money::parse(amount).map_or_else(|_| amount.to_owned(), Money::in_english)
}

/// `01 Sep, 10:15`, in São Paulo.
fn stamp(at: DateTime<Utc>) -> String {
    at.with_timezone(&SAO_PAULO).format("%d %b, %H:%M").to_string()
}
