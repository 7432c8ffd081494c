//! AWS on loopback for letters and text messages, and what their tests share.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use quita_app::ports::SendError;
use quita_core::customer::Locale;
use quita_core::document::TaxId;
use quita_core::ids::MerchantId;
use quita_core::merchant::{Channels, Merchant, Mode, NewMerchant, SmsSender};
use quita_testkit::aws::{
    Attempts, AwsBackend, AwsServices, EventSink, MailProvider, MailRefusal, ObjectRefusal,
    ObjectStore, PutEvent, PutObject, SecretStore, SentMail, SentText, TextProvider, TextRefusal,
};
use quita_testkit::embedded::Embedded;

use crate::clients::Clients;
use crate::env::{Needs, Settings};

/// Keeps what it is given, unless the script says otherwise.
#[derive(Default)]
pub(crate) struct Provider {
    pub texts: Mutex<Vec<SentText>>,
    pub text_refusals: Mutex<VecDeque<TextRefusal>>,
    pub objects: Mutex<Vec<PutObject>>,
    pub object_refusals: Mutex<VecDeque<ObjectRefusal>>,
}

#[async_trait]
impl TextProvider for Provider {
    async fn send(&self, text: SentText) -> Result<String, TextRefusal> {
        match self.text_refusals.lock().unwrap().pop_front() {
            Some(refusal) => Err(refusal),
            None => {
                self.texts.lock().unwrap().push(text);
                Ok("text-1".to_owned())
            }
        }
    }
}

#[async_trait]
impl ObjectStore for Provider {
    async fn put(&self, object: PutObject) -> Result<(), ObjectRefusal> {
        if let Some(refusal) = self.object_refusals.lock().unwrap().pop_front() {
            return Err(refusal);
        }
        let mut objects = self.objects.lock().unwrap();
        if object.only_if_absent && objects.iter().any(|there| there.key == object.key) {
            return Err(ObjectRefusal::Exists);
        }
        objects.push(object);
        Ok(())
    }
}

#[async_trait]
impl MailProvider for Provider {
    async fn send(&self, _: SentMail) -> Result<String, MailRefusal> {
        Err(MailRefusal::Rejected("no mail here".to_owned()))
    }
}

#[async_trait]
impl EventSink for Provider {
    async fn put(&self, events: Vec<PutEvent>) -> Vec<Result<(), String>> {
        events.iter().map(|_| Err("no bus here".to_owned())).collect()
    }
}

#[async_trait]
impl SecretStore for Provider {
    async fn get(&self, _: &str) -> Result<Option<String>, String> {
        Ok(None)
    }

    async fn put(&self, _: &str, _: &str) -> Result<(), String> {
        Err("no secrets here".to_owned())
    }
}

/// Services, what stands behind them, and the way there.
pub(crate) struct Loopback {
    pub provider: Arc<Provider>,
    pub settings: Settings,
    pub clients: Clients,
    _services: AwsServices,
}

pub(crate) fn loopback() -> Loopback {
    let provider = Arc::new(Provider::default());
    let services = AwsServices::start(AwsBackend {
        dynamo: Arc::new(Embedded::memory().unwrap()),
        mail: provider.clone(),
        bus: provider.clone(),
        secrets: provider.clone(),
        texts: provider.clone(),
        objects: provider.clone(),
        attempts: Attempts::default(),
        guard: None,
    })
    .unwrap();
    let settings = settings(services.url());
    let clients = Clients::new(&settings).unwrap();
    Loopback { provider, settings, clients, _services: services }
}

/// A complete environment whose services are at one address.
pub(crate) fn settings(address: &str) -> Settings {
    let needs = Needs { channels: true, ..Needs::default() };
    let read = |name: &str| {
        let value = match name {
            "AWS_REGION" => "sa-east-1",
            "AWS_ACCESS_KEY_ID" => "sweep_reminders",
            "AWS_ENDPOINT_URL" => address,
            "QUITA_PUBLIC_URL" | "QUITA_CALLBACK_URL" => "https://pay.example.com",
            "QUITA_LETTERS_BUCKET" => "letters-of-all",
            "QUITA_SMS_ORIGINATIONS" => "mer_acme=QUITA, *=pool-all",
            "QUITA_SMS_CONFIGURATION_SET" => "texts",
            name if name.starts_with("AWS_ENDPOINT_URL") || name == "QUITA_WHATSAPP_URL" => {
                return None;
            }
            _ => "x",
        };
        Some(value.to_owned())
    };
    Settings::read(needs, read).unwrap()
}

/// An address of loopback that nobody listens at.
pub(crate) fn nowhere() -> String {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    format!("http://{}", taken.local_addr().unwrap())
}

pub(crate) fn merchant(id: &str, origination: &str) -> Merchant {
    let merchant = Merchant::starting(NewMerchant {
        merchant: MerchantId::parse(id).unwrap(),
        name: "ACME".to_owned(),
        document: TaxId::parse("11222333000181").unwrap(),
        city: "SAO PAULO".to_owned(),
        mode: Mode::Live,
        locale: Locale::PtBr,
    });
    let sms = Some(SmsSender { origination: origination.to_owned() });
    Merchant { channels: Channels { whatsapp: None, sms }, ..merchant }
}

/// Where a message stands, in a word or two.
pub(crate) fn stands(outcome: &Result<String, SendError>) -> String {
    match outcome {
        Ok(_) => "sent".to_owned(),
        Err(SendError::Refused(_)) => "refused".to_owned(),
        Err(SendError::NotNow(why)) => match why.retry_after {
            Some(wait) => format!("after {} s", wait.as_secs()),
            None => "not now".to_owned(),
        },
        Err(SendError::Unknown(_)) => "unknown".to_owned(),
    }
}
