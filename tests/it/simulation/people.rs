//! What people do about money: refunds, allocations, transfers, changes of the debt, bank files,
//! settings. Every answer but a fault of ours is fine; the checks at rest judge what became of it.

use chrono::{Days, TimeDelta};
use quita_core::ids::{CustomerId, Txid};
use serde_json::{Value, json};

use super::drafts::{pick, reais};
use super::player::{Fate, Made, Player};
use crate::world::text;

/// Answers to a command that may be given: done, unknown here, forbidden now, not acceptable, again
/// later, and the gateway's own when its authorizer has no answer.
const ANSWERS: [i64; 8] = [200, 201, 202, 404, 409, 422, 500, 503];
/// Most payments recorded by hand in one world.
const TRANSFERS_MAX: usize = 4;
/// The account of every bank file.
const ACCOUNT: (&str, &str, &str) = ("341", "1234", "56789");

impl Player {
    pub async fn person(&mut self) {
        match self.rng.u8(0..16) {
            0..3 => self.allocate().await,
            3..5 => self.ask_refund().await,
            5..6 => self.release().await,
            6..7 => self.move_to_account().await,
            7..8 => self.dismiss().await,
            8..10 => self.record_transfer().await,
            10..13 => self.change_debt().await,
            13..14 => self.settings().await,
            _ => self.import_statement().await,
        }
    }

    /// A command, sometimes given twice with the same key; the answer of the last.
    pub(super) async fn tell_api(&mut self, method: &str, path: &str, body: Value) -> i64 {
        let (key, bearer) = (self.fresh_key(), self.world.bearer());
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key.as_str())];
        let mut status = 0;
        for _ in 0..if self.chance(20) { 2 } else { 1 } {
            let body = body.to_string();
            let answer = self.world.call_with(method, path, &headers, &body).await;
            self.note(format_args!("{method} {path} {body}: {}", answer.outcome()));
            if !ANSWERS.contains(&answer.status) {
                self.wrongs.push(format!("{path} was answered {}", answer.body));
            }
            status = answer.status;
        }
        status
    }

    /// One of the payments made so far, Pix and others.
    fn some_payment(&mut self) -> Option<String> {
        let others = self.recorded.iter().cloned();
        let all: Vec<String> =
            self.made.iter().map(|made| made.e2eid.clone()).chain(others).collect();
        let id = all.get(self.rng.usize(..all.len().max(1)))?.clone();
        self.touched.insert(id.clone());
        Some(id)
    }

    pub(super) fn some_amount(&mut self) -> String {
        let centavos = pick(&mut self.rng, [1, 100, 5_000, 20_000, 100_000]);
        reais(self.rng.i64(1..=centavos))
    }

    async fn allocate(&mut self) {
        let (Some(payment), Some(invoice)) = (self.some_payment(), self.some_invoice()) else {
            return;
        };
        let path = format!("/v1/payments/{payment}/allocations");
        let body = if self.chance(40) && !self.customers.is_empty() {
            let customer = &self.customers[self.rng.usize(..self.customers.len())];
            json!({ "customer_id": customer })
        } else {
            let instalment = pick(&mut self.rng, [1, 1, 2]);
            let amount = self.some_amount();
            let share =
                json!({ "invoice_id": invoice, "instalment": instalment, "amount": amount });
            json!({ "allocations": [share] })
        };
        self.tell_api("POST", &path, body).await;
    }

    async fn ask_refund(&mut self) {
        let Some(payment) = self.some_payment() else { return };
        if self.chance(15) {
            self.world.bank.faults().refuse_next_refunds(1);
        }
        let whole = self.world.bank.pix(&payment).map(|pix| pix.valor.to_string());
        let amount = match whole {
            Some(whole) if self.chance(40) => whole,
            _ => self.some_amount(),
        };
        let path = format!("/v1/payments/{payment}/refunds");
        self.tell_api("POST", &path, json!({ "amount": amount, "reason": "paid by mistake" }))
            .await;
    }

    async fn release(&mut self) {
        let (Some(payment), Some(invoice)) = (self.some_payment(), self.some_invoice()) else {
            return;
        };
        let body = json!({ "invoice_id": invoice, "instalment": 1,
                           "amount": self.some_amount(), "reason": "wrong invoice" });
        self.tell_api("POST", &format!("/v1/payments/{payment}/releases"), body).await;
    }

    async fn move_to_account(&mut self) {
        let Some(payment) = self.some_payment() else { return };
        if self.customers.is_empty() {
            return;
        }
        if self.chance(40) {
            let body = json!({ "amount": self.some_amount(), "reason": "another customer's" });
            let path = format!("/v1/payments/{payment}/account/withdrawals");
            self.tell_api("POST", &path, body).await;
        } else {
            let customer = self.customers[self.rng.usize(..self.customers.len())].clone();
            let path = format!("/v1/payments/{payment}/account");
            self.tell_api("POST", &path, json!({ "customer_id": customer })).await;
        }
    }

    async fn dismiss(&mut self) {
        let Some(payment) = self.some_payment() else { return };
        let path = format!("/v1/exceptions/{payment}/dismiss");
        self.tell_api("POST", &path, json!({ "reason": "our own transfer" })).await;
    }

    /// Money that came another way.
    async fn record_transfer(&mut self) {
        if self.recorded.len() >= TRANSFERS_MAX || self.customers.is_empty() {
            return;
        }
        let customer = self.customers[self.rng.usize(..self.customers.len())].clone();
        let key = self.fresh_key();
        let body = json!({
            "method": pick(&mut self.rng, ["transfer", "boleto", "cash"]),
            "amount": self.some_amount(),
            "paid_at": self.today(),
            "customer_id": customer,
        });
        let answer = self.post("/v1/payments", &key, &body.to_string()).await;
        self.note(format_args!("transfer {body}: {}", answer.outcome()));
        match answer.status {
            201 => self.recorded.push(text(&answer.json(), "id").to_owned()),
            422 | 409 | 500 | 503 => {}
            _ => self.wrongs.push(format!("a transfer was answered {}", answer.body)),
        }
    }

    async fn change_debt(&mut self) {
        let Some(invoice) = self.some_invoice() else { return };
        let base = format!("/v1/invoices/{invoice}/instalments/{}", self.rng.u8(1..=2));
        let reason = "agreed with the customer";
        let (what, body) = match self.rng.u8(0..8) {
            0..3 => ("rebate", json!({ "amount": self.some_amount(), "reason": reason })),
            3..5 => {
                let number = format!("NC-{}", self.rng.u16(..));
                let amount = self.some_amount();
                ("credit_note", json!({ "amount": amount, "number": number, "reason": reason }))
            }
            5 => ("write_off", json!({ "reason": reason })),
            _ => {
                let later = self.today() + Days::new(self.rng.u64(1..40));
                ("due_date", json!({ "due_date": later, "reason": reason }))
            }
        };
        self.tell_api("POST", &format!("{base}/{what}"), body).await;
    }

    async fn settings(&mut self) {
        let shortfall = pick(&mut self.rng, ["keep", "waive", "carry"]);
        let tolerance = pick(&mut self.rng, ["0.00", "0.05", "100.00"]);
        let body = json!({ "payment_tolerance": tolerance, "late_shortfall": shortfall });
        self.tell_api("PUT", "/v1/settings", body).await;
    }

    /// Pays with the customer's own code.
    pub fn pay_own_code(&mut self) {
        if self.customers.is_empty() {
            return;
        }
        let customer = &self.customers[self.rng.usize(..self.customers.len())];
        let txid = Txid::for_customer(&CustomerId::parse(customer).unwrap()).as_str().to_owned();
        let key = self.world.bank.config().keys[0].clone();
        let mails_before = self.world.mailbox.last_number();
        let amount = self.some_amount();
        let paid = self.world.bank.pay_key(&key, &amount, Some(&txid)).unwrap();
        self.note(format_args!("pay with the own code {amount}: {}", paid.e2eid));
        self.made.push(Made {
            e2eid: paid.e2eid,
            txid: Some(txid),
            fate: Fate::Counted,
            mails_before,
        });
    }

    /// A statement with some of the Pix the bank holds, a transfer that nobody knows, and a fee; now
    /// and then one that came before.
    async fn import_statement(&mut self) {
        let again = self.chance(40);
        let bytes = match self.statements.last() {
            Some(last) if again => last.clone(),
            _ => self.statement(),
        };
        self.statements.push(bytes.clone());
        let (bank, branch, number) = ACCOUNT;
        let asked = json!({
            "name": "extrato.ofx",
            "format": "ofx",
            "account": { "bank": bank, "branch": branch, "number": number },
        });
        let key = self.fresh_key();
        let answer = self.post("/v1/bank_files", &key, &asked.to_string()).await;
        if answer.status != 201 {
            return self.note(format_args!("statement: {}", answer.outcome()));
        }
        let id = text(&answer.json(), "id").to_owned();
        let (key, bearer) = (self.fresh_key(), self.world.bearer());
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key.as_str())];
        let part = format!("/v1/bank_files/{id}/parts/1");
        let put = self.world.call_with("PUT", &part, &headers, &bytes).await;
        let import = self.tell_api("POST", &format!("/v1/bank_files/{id}/import"), json!({})).await;
        self.note(format_args!("statement {id}: part {}, import {import}", put.outcome()));
    }

    fn statement(&mut self) -> String {
        let (bank, branch, number) = ACCOUNT;
        let day = (self.world.now() - TimeDelta::hours(3)).format("%Y%m%d").to_string();
        let mut lines = String::new();
        for pix in self.world.bank.pixs() {
            if self.chance(50) {
                let (id, amount) = (&pix.e2eid, pix.valor.to_string());
                lines.push_str(&line("CREDIT", &day, &amount, id, &format!("PIX RECEBIDO {id}")));
            }
        }
        if self.chance(50) {
            let (amount, nth) = (self.some_amount(), self.rng.u32(..));
            lines.push_str(&line("CREDIT", &day, &amount, &format!("T{nth}"), "TED RECEBIDA"));
        }
        let fee = format!("F{day}");
        lines.push_str(&line("FEE", &day, "-1.50", &fee, "TARIFA DE COBRANCA"));
        format!(
            "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:102\r\nSECURITY:NONE\r\nENCODING:UTF-8\r\n\
             CHARSET:NONE\r\nCOMPRESSION:NONE\r\nOLDFILEUID:NONE\r\nNEWFILEUID:NONE\r\n\r\n\
             <OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>BRL<BANKACCTFROM><BANKID>{bank}\
             <BRANCHID>{branch}<ACCTID>{number}<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST>\r\n\
             {lines}</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\r\n"
        )
    }
}

fn line(kind: &str, day: &str, amount: &str, id: &str, memo: &str) -> String {
    format!(
        "<STMTTRN><TRNTYPE>{kind}<DTPOSTED>{day}<TRNAMT>{amount}<FITID>{id}<MEMO>{memo}</STMTTRN>\r\n"
    )
}
