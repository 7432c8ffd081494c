//! What no log may hold, taken from the world itself: from its secrets, its bank, its mailbox and
//! what the API shows of everything that is stored.

use std::collections::{BTreeMap, BTreeSet};

use quita_app::links;
use quita_app::ports::Secrets as _;
use quita_core::document::TaxId;
use quita_core::ids::MerchantId;
use quita_local::mailbox::Content;
use quita_table::store::ItemRef;
use serde_json::Value;

use crate::world::{MERCHANT, World};

/// Shortest line of a message that is told from a common phrase.
const LINE_CHARS_MIN: usize = 24;

/// Texts by what they are.
#[derive(Debug, Default)]
pub struct Forbidden(BTreeMap<&'static str, BTreeSet<String>>);

impl Forbidden {
    /// Everything the world knows by now.
    pub async fn of(world: &World) -> Self {
        let mut all = Self::default();
        all.secrets(world).await;
        all.merchant(world).await;
        for list in ["customers", "invoices", "payments", "exceptions", "bank_files"] {
            let shown = world.get(&format!("/v1/{list}?limit=100")).await;
            for item in shown["items"].as_array().unwrap() {
                all.shown(item);
                if let Some(id) = item["id"].as_str().filter(|_| list == "invoices") {
                    all.shown(&world.get(&format!("/v1/invoices/{id}")).await);
                }
            }
        }
        for charge in world.bank.charges() {
            charge.location.into_iter().for_each(|text| all.add("location", &text));
            charge.pix_copia_e_cola.into_iter().for_each(|text| all.add("pix code", &text));
        }
        for message in world.mailbox.messages() {
            all.message(&message.content);
        }
        all
    }

    pub fn add(&mut self, what: &'static str, text: &str) {
        assert!(text.len() >= 6, "`{text}` would be found in any text");
        self.0.entry(what).or_default().insert(text.to_owned());
    }

    /// A document in both its forms.
    pub fn add_document(&mut self, text: &str) {
        let document = TaxId::parse(text).unwrap();
        self.add("document", document.as_str());
        self.add("document", &document.formatted());
    }

    /// What there is to look for, with how much of it.
    pub fn kinds(&self) -> BTreeMap<&'static str, usize> {
        self.0.iter().map(|(what, texts)| (*what, texts.len())).collect()
    }

    /// What of it a text holds.
    pub fn found_in<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (&'static str, &'a str)> {
        let each = self.0.iter().flat_map(|(what, texts)| texts.iter().map(|it| (*what, it)));
        each.filter(|(_, it)| text.contains(it.as_str())).map(|(what, it)| (what, it.as_str()))
    }

    async fn secrets(&mut self, world: &World) {
        for name in [links::SECRET.to_owned(), format!("bank/{MERCHANT}")] {
            let secret = world.secrets.get(&name).await.unwrap().unwrap();
            self.add("secret", &secret);
        }
        self.add("bank credential", &world.bank.config().client_id);
        self.add("bank credential", &world.bank.config().client_secret);
        self.add("api key", world.bearer().strip_prefix("Bearer ").unwrap());
        self.add("hook token", world.hook().rsplit('/').next().unwrap());
    }

    async fn merchant(&mut self, world: &World) {
        let merchant = MerchantId::parse(MERCHANT).unwrap();
        let store = &world.machine.deps().store;
        let mut found = store.read(&merchant, &[ItemRef::Merchant]).await.unwrap();
        let settings = found.take_merchant().unwrap();
        self.add_document(settings.document.as_str());
        self.add("pix key", settings.pix_key.as_ref().unwrap().as_str());
        self.add("e-mail address", settings.from.as_ref().unwrap().as_str());
        self.add("e-mail address", settings.reply_to.as_ref().unwrap().as_str());
        if let Some(url) = &settings.chat_webhook {
            self.add("chat webhook", url.as_str());
        }
    }

    /// Members of what the API shows, by their names.
    fn shown(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.shown(item)),
            Value::Object(members) => {
                for (name, value) in members {
                    match (name.as_str(), value) {
                        ("emails", Value::Array(list)) => list
                            .iter()
                            .for_each(|it| self.add("e-mail address", it.as_str().unwrap())),
                        (name, Value::String(text)) => self.member(name, text),
                        (_, value) => self.shown(value),
                    }
                }
            }
            _ => {}
        }
    }

    fn member(&mut self, name: &str, text: &str) {
        match name {
            "document" if TaxId::parse(text).is_ok() => self.add_document(text),
            "phone" => self.add("phone", text),
            "account_owner" => self.add("e-mail address", text),
            "chat_webhook_url" => self.add("chat webhook", text),
            "pix_copia_e_cola" => self.add("pix code", text),
            "portal_url" => self.add("portal token", text.rsplit('/').next().unwrap()),
            "memo" => self.add("memo", text),
            _ => {}
        }
    }

    fn message(&mut self, content: &Content) {
        for line in content.text().lines().map(str::trim) {
            if line.chars().count() >= LINE_CHARS_MIN {
                self.add("message body", line);
            }
        }
    }
}
