//! What people agree about invoices and customers while the chase goes on: promises, disputes,
//! pauses, consent; and the rule of some worlds, which writes on every channel.

use std::collections::BTreeMap;

use chrono::Days;
use quita_core::chase::{Rule, RuleName, RuleVersion, Way};
use quita_core::merchant::{Channels, SmsSender, WhatsAppSender};
use quita_table::{Commit, Expected};
use serde_json::json;

use super::drafts::pick;
use super::player::Player;
use crate::chasing::change_merchant;

impl Player {
    /// In some worlds invoices are under a rule of the merchant's own, with every channel there is.
    pub async fn rule_of_this_world(&mut self) {
        if self.chance(50) {
            return;
        }
        let mut rule = Rule::shipped();
        for step in rule.steps.iter_mut().filter(|step| step.is_message()) {
            let more = [Way::WhatsApp, Way::Sms, Way::Letter];
            let more = more.into_iter().filter(|_| self.rng.u8(0..100) < 40);
            step.ways.extend(more);
        }
        rule.hold_out_percent = pick(&mut self.rng, [0, 0, 30]);
        let name = RuleName::parse("all_channels").unwrap();
        let version = RuleVersion {
            merchant: Self::merchant(),
            name: name.clone(),
            version: 1,
            rule,
            published_at: self.world.now(),
            by: "test".to_owned(),
            note: String::new(),
        };
        let commit = Commit::new(&version.merchant).record(&version, Expected::New);
        self.world.machine.deps().store.commit(commit).await.unwrap();
        change_merchant(&self.world, |merchant| {
            merchant.issuing.rule = Some(name);
            let whatsapp =
                WhatsAppSender { phone_number_id: "1".to_owned(), templates: BTreeMap::new() };
            let sms = SmsSender { origination: "ACME".to_owned() };
            merchant.channels = Channels { whatsapp: Some(whatsapp), sms: Some(sms) };
        })
        .await;
        self.note("a rule with every channel");
    }

    /// Somebody agrees or decides something that the chase has to respect.
    pub async fn handle(&mut self) {
        if self.chance(25) {
            return self.care().await;
        }
        let Some(id) = self.some_invoice() else { return };
        let base = format!("/v1/invoices/{id}");
        let reason = || json!({ "reason": "as agreed" });
        let day = self.today() + Days::new(self.rng.u64(0..6));
        let (what, body) = match self.rng.u8(0..11) {
            0..3 => {
                let amount = self.some_amount();
                ("promise", json!({ "amount": amount, "day": day, "by": "Ana" }))
            }
            3 => ("promise/withdraw", reason()),
            4 => ("dispute", reason()),
            5..7 => ("dispute/close", json!({ "outcome": "rejected", "reason": "it is owed" })),
            7 => ("pause", json!({ "reason": "holidays", "until": day + Days::new(1) })),
            8 => ("resume", json!({})),
            9 => ("exclude", reason()),
            _ => ("include", json!({})),
        };
        self.tell_api("POST", &format!("{base}/{what}"), body).await;
    }

    async fn care(&mut self) {
        if self.customers.is_empty() {
            return;
        }
        let customer = self.customers[self.rng.usize(..self.customers.len())].clone();
        let given = self.chance(70);
        let body = json!({ "whatsapp_consent": given });
        self.tell_api("PUT", &format!("/v1/customers/{customer}/care"), body).await;
    }
}
