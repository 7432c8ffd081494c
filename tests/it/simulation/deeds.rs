//! What people do: the merchant asks, cancels and re-issues; payers pay, rightly or not.

use quita_psp_sandbox::{ForgedPix, PayOptions};
use serde_json::json;

use super::drafts::{self, DOCUMENTS, pick, reais};
use super::player::{Asked, Fate, Made, Player};
use crate::world::{Answer, text};

/// Most invoices of one world.
const INVOICES_MAX: usize = 5;

impl Player {
    /// A customer, asked for until there is an answer.
    pub async fn ask_customer(&mut self) {
        let nth = self.customers.len();
        if nth == DOCUMENTS.len() {
            return;
        }
        let key = self.fresh_key();
        let body = drafts::customer(nth).to_string();
        let answer = self.post("/v1/customers", &key, &body).await;
        self.note(format_args!("customer {nth}: {}", answer.outcome()));
        // A lost answer is not repeated: the document is then taken, and the world stays small.
        if answer.status == 201 {
            self.customers.push(text(&answer.json(), "id").to_owned());
        }
    }

    /// An invoice, with a key of its own.
    pub async fn ask_invoice(&mut self) {
        if self.asked.len() >= INVOICES_MAX || self.customers.is_empty() {
            return;
        }
        let customer = self.customers[self.rng.usize(..self.customers.len())].clone();
        let today = self.today();
        let nth = self.asked.len();
        let body = drafts::invoice(&mut self.rng, &customer, nth, today).to_string();
        let key = self.fresh_key();
        self.asked.push(Asked { key, body, id: None });
        self.repeat_request(nth).await;
    }

    /// The same request again, with the same key.
    pub async fn ask_again(&mut self) {
        if !self.asked.is_empty() {
            let nth = self.rng.usize(..self.asked.len());
            self.repeat_request(nth).await;
        }
    }

    /// The first answer, whenever it is asked for again.
    pub async fn repeat_request(&mut self, nth: usize) {
        let Asked { key, body, id } = &self.asked[nth];
        let (key, body, known) = (key.clone(), body.clone(), id.clone());
        let answer = self.post("/v1/invoices", &key, &body).await;
        let outcome = answer.outcome();
        match answer.status {
            201 => {
                let id = text(&answer.json(), "id").to_owned();
                self.note(format_args!("invoice {nth} {id}: {outcome} {body}"));
                if known.as_ref().is_some_and(|known| *known != id) {
                    self.wrongs.push(format!("{key} made {known:?} and {id}"));
                }
                if known.is_some() && answer.header("idempotency-replayed") != Some("true") {
                    self.wrongs.push(format!("{key} was carried out twice"));
                }
                self.asked[nth].id = Some(id);
            }
            // The due date of a request that never went through may have passed.
            422 if known.is_none() && answer.properties().iter().all(|it| is_dated(it)) => {
                self.note(format_args!("invoice {nth} is too late: {}", answer.body));
            }
            500 | 503 => self.note(format_args!("invoice {nth}: {outcome}")),
            _ => self.wrongs.push(format!("{key} was answered {}: {body}", answer.body)),
        }
    }

    pub async fn cancel(&mut self) {
        let Some(id) = self.some_invoice() else { return };
        let path = format!("/v1/invoices/{id}/cancel");
        self.command("cancel", &path).await;
    }

    pub async fn reissue(&mut self) {
        let Some(id) = self.some_invoice() else { return };
        let number = pick(&mut self.rng, [1, 1, 1, 2, 3]);
        let path = format!("/v1/invoices/{id}/instalments/{number}/charges");
        self.command("reissue", &path).await;
    }

    async fn command(&mut self, name: &str, path: &str) {
        let key = self.fresh_key();
        let body = json!({ "reason": "the simulation wants it" }).to_string();
        for _ in 0..if self.chance(25) { 2 } else { 1 } {
            let answer = self.post(path, &key, &body).await;
            self.note(format_args!("{name} {path}: {}", answer.outcome()));
            if ![202, 404, 409, 500, 503].contains(&answer.status) {
                self.wrongs.push(format!("{name} {path} was answered {}", answer.body));
            }
        }
    }

    pub async fn post(&self, path: &str, key: &str, body: &str) -> Answer {
        let bearer = self.world.bearer();
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
        self.world.call_with("POST", path, &headers, body).await
    }

    /// Pays a charge that can be paid: what the bank asks for, or something else.
    pub fn pay(&mut self) {
        let Some(charge) = self.some_charge(true) else { return };
        let (amount, fate) = match self.rng.u8(0..5) {
            0 => {
                let due = charge.today.map_or(0, |today| today.0);
                let other = pick(&mut self.rng, [due / 2 + 1, due + 1_000, 1, due / 3 + 1]);
                (Some(reais(other)), Fate::Counted)
            }
            _ => (None, Fate::Counted),
        };
        let options = PayOptions { amount, ..PayOptions::default() };
        self.pay_charge(&charge.txid, options, fate);
    }

    /// Pays a charge that is paid or gone, as no bank should allow.
    pub fn pay_wrongly(&mut self) {
        let Some(charge) = self.some_charge(false) else { return };
        let options = PayOptions { force: true, ..PayOptions::default() };
        self.pay_charge(&charge.txid, options, Fate::Open);
    }

    fn pay_charge(&mut self, txid: &str, options: PayOptions, fate: Fate) {
        let mails_before = self.world.mailbox.last_number();
        match self.world.bank.pay(txid, options) {
            Ok(paid) => {
                self.note(format_args!("pay {txid} {}: {} ({fate:?})", paid.valor, paid.e2eid));
                let (txid, e2eid) = (Some(txid.to_owned()), paid.e2eid);
                self.made.push(Made { e2eid, txid, fate, mails_before });
            }
            Err(why) => self.note(format_args!("pay {txid}: {why}")),
        }
    }

    /// Money for which there is no charge.
    pub fn pay_key(&mut self) {
        let key = self.world.bank.config().keys[0].clone();
        let txid = if self.chance(50) { Some("LOJA000000000000000000000042") } else { None };
        let mails_before = self.world.mailbox.last_number();
        let amount = reais(self.rng.i64(1..100_000));
        let paid = self.world.bank.pay_key(&key, &amount, txid).unwrap();
        self.note(format_args!("pay the key {amount} {txid:?}: {}", paid.e2eid));
        let (txid, fate) = (txid.map(str::to_owned), Fate::Stray);
        self.made.push(Made { e2eid: paid.e2eid, txid, fate, mails_before });
    }

    /// The bank gives a Pix back, in whole or in part.
    pub fn refund(&mut self) {
        if self.made.is_empty() {
            return;
        }
        let e2eid = self.made[self.rng.usize(..self.made.len())].e2eid.clone();
        let whole = self.world.bank.pix(&e2eid).unwrap().valor;
        let part = if self.chance(60) { whole.0 } else { self.rng.i64(1..=whole.0) };
        let returned = self.world.bank.return_pix(&e2eid, &reais(part));
        self.note(format_args!("refund {} of {e2eid}: {}", reais(part), returned.is_ok()));
    }

    /// Somebody who knows the callback's address tells of money that never moved, or of real money
    /// with another amount.
    pub async fn forge(&mut self) {
        let chave = self.world.bank.config().keys[0].clone();
        let txid = self.some_charge(true).map(|charge| charge.txid);
        let real = (!self.made.is_empty() && self.chance(40))
            .then(|| self.made[self.rng.usize(..self.made.len())].e2eid.clone());
        let valor = "77.77".to_owned();
        let forged = ForgedPix { e2eid: real.clone(), txid, chave: chave.clone(), valor };
        let taken = self.world.bank.send_forged_callback(&chave, forged).await;
        self.note(format_args!("forged callback {real:?}: taken {taken}"));
        if let (Some(real), true) = (real, taken) {
            self.told.insert(real);
        }
    }

    /// Somebody who does not know the address.
    pub async fn knock(&mut self) {
        let body = json!({ "pix": [] }).to_string();
        let answer = self.world.call_with("POST", "/pix/bm90LWEtaG9vaw/pix", &[], &body).await;
        if answer.status != 401 {
            self.wrongs.push(format!("a foreign hook was answered {}", answer.status));
        }
    }
}

fn is_dated(property: &str) -> bool {
    property.contains("due_date") || property.contains("discount")
}
