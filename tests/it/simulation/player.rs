//! One world under a seed: what was done in it, and what has to be true because of that.
//!
//! Owns the record of deeds (invoices asked for, Pix made, callbacks lost) that the checks compare
//! the table with. Does not own the deeds: see [`super::deeds`], [`super::troubles`].

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use chrono::{NaiveDate, TimeDelta};
use fastrand::Rng;
use quita_core::ids::{InvoiceId, MerchantId};
use quita_core::zone::{SAO_PAULO, civil_date};
use quita_psp_sandbox::{ChargeStatus, ChargeView};

use crate::world::{MERCHANT, World};

/// What happened, line by line, readable after a panic as well.
pub type Trace = Arc<Mutex<Vec<String>>>;

/// An invoice that was asked for.
pub struct Asked {
    pub key: String,
    pub body: String,
    /// Known once an answer came.
    pub id: Option<String>,
}

/// What a Pix has to become, once Quita knows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// On a charge of ours, or with a customer's own code: counted, whatever the amount.
    Counted,
    /// Onto the key, without a txid or with one that is nobody's: it waits for a person.
    Stray,
    /// Nothing is certain, only that it is accounted for.
    Open,
}

/// A Pix that was made.
pub struct Made {
    pub e2eid: String,
    pub txid: Option<String>,
    pub fate: Fate,
    /// Last message in the mailbox at that moment: the bank knows of the payment from here on.
    pub mails_before: u64,
}

/// The one who plays.
pub struct Player {
    pub world: World,
    pub rng: Rng,
    pub customers: Vec<String>,
    pub asked: Vec<Asked>,
    pub made: Vec<Made>,
    /// Pix a callback of which was never sent.
    pub dropped: BTreeSet<String>,
    /// Pix a callback of which was answered with 200.
    pub told: BTreeSet<String>,
    /// Payments recorded by hand.
    pub recorded: Vec<String>,
    /// Bank files that were uploaded.
    pub statements: Vec<String>,
    /// Payments a person did something about.
    pub touched: BTreeSet<String>,
    /// Charges the bank took out by itself.
    pub taken_out: BTreeSet<String>,
    /// Answers and outcomes that must not be.
    pub wrongs: Vec<String>,
    trace: Trace,
    keys: usize,
}

impl Player {
    pub async fn new(seed: u64, trace: Trace) -> Self {
        Self {
            world: World::seeded(seed).await,
            rng: Rng::with_seed(seed),
            customers: Vec::new(),
            asked: Vec::new(),
            made: Vec::new(),
            dropped: BTreeSet::new(),
            told: BTreeSet::new(),
            recorded: Vec::new(),
            statements: Vec::new(),
            touched: BTreeSet::new(),
            taken_out: BTreeSet::new(),
            wrongs: Vec::new(),
            trace,
            keys: 0,
        }
    }

    /// Adds a line to the trace.
    pub fn note(&self, what: impl std::fmt::Display) {
        let line = format!("{} {what}", self.world.now().format("%m-%d %H:%M:%S"));
        self.trace.lock().unwrap().push(line);
    }

    pub fn today(&self) -> NaiveDate {
        civil_date(self.world.now(), SAO_PAULO)
    }

    /// A key nobody used before.
    pub fn fresh_key(&mut self) -> String {
        self.keys += 1;
        format!("sim-{}", self.keys)
    }

    pub fn advance(&self, by: TimeDelta) {
        self.world.clock.advance(by).unwrap();
    }

    /// Whether something happens that happens `percent` times in a hundred.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.rng.u32(0..100) < percent
    }

    /// One of the invoices known so far.
    pub fn some_invoice(&mut self) -> Option<InvoiceId> {
        let known: Vec<&String> = self.asked.iter().filter_map(|asked| asked.id.as_ref()).collect();
        let id = known.get(self.rng.usize(..known.len().max(1)))?;
        Some(InvoiceId::parse(id).unwrap())
    }

    /// One of the bank's charges that are, or are not, payable.
    pub fn some_charge(&mut self, active: bool) -> Option<ChargeView> {
        let mut charges = self.world.bank.charges();
        charges.retain(|charge| (charge.status == ChargeStatus::Ativa) == active);
        if charges.is_empty() {
            return None;
        }
        Some(charges.swap_remove(self.rng.usize(..charges.len())))
    }

    pub fn merchant() -> MerchantId {
        MerchantId::parse(MERCHANT).unwrap()
    }
}
