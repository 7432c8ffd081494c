//! A world's own mailbox, bus and secrets behind the wire formats of AWS.

use std::sync::Arc;

use async_trait::async_trait;
use mail_parser::{Address, Message, MessageParser, MimeHeaders, PartType};
use quita_app::bus::{BusEvent, SOURCE};
use quita_app::ports::{self, Bus, Mailer, Secrets, SendError};
use quita_core::contact::{Cep, Email as EmailAddress, Phone};
use quita_core::customer::{Address as Place, Locale};
use quita_core::document::TaxId;
use quita_core::ids::MerchantId;
use quita_core::merchant::{Merchant, Mode, NewMerchant};
use quita_local::{LocalBus, LocalMailbox, LocalSecrets};
use quita_notify::{Email, InlineImage, LEDGER_HEADER, LetterMessage, Mailbox, SmsMessage};
use quita_testkit::aws::{
    EventSink, MailProvider, MailRefusal, ObjectRefusal, ObjectStore, PutEvent, PutObject,
    SecretStore, SentMail, SentText, TextProvider, TextRefusal,
};

use super::lambdas::{BUS, LETTERS_BUCKET, MAIL_CONFIGURATION_SET};

/// What the names of secrets begin with, as `template.yaml` says it.
const SECRET_PREFIX: &str = "quita/";

/// SES, delivering to the world's mailbox.
pub struct Post(pub Arc<LocalMailbox>);

#[async_trait]
impl MailProvider for Post {
    async fn send(&self, mail: SentMail) -> Result<String, MailRefusal> {
        assert_eq!(mail.configuration_set.as_deref(), Some(MAIL_CONFIGURATION_SET));
        let email = read_back(&mail.raw);
        let tag = (LEDGER_HEADER.to_owned(), email.ledger_key.clone());
        assert!(mail.tags.contains(&tag), "the message cannot be found by its tag");
        let to: Vec<&str> = email.to.iter().map(|mailbox| mailbox.address.as_str()).collect();
        assert_eq!(mail.to, to, "the envelope is not the message's");
        self.0.send(&email).await.map_err(|error| match error {
            SendError::Refused(why) => MailRefusal::Rejected(why),
            SendError::NotNow(why) => MailRefusal::TooMany(why.reason),
            SendError::Unknown(why) => MailRefusal::Unknown(why.to_string()),
        })
    }
}

/// AWS End User Messaging, delivering to the world's mailbox.
pub struct Texts(pub Arc<LocalMailbox>);

#[async_trait]
impl TextProvider for Texts {
    async fn send(&self, text: SentText) -> Result<String, TextRefusal> {
        let merchant = named(&text.context["merchant"]);
        let message = SmsMessage {
            to: Phone::parse(&text.to).expect("a phone"),
            text: text.body,
            parts: 1,
            ledger_key: text.context["tag"].clone(),
        };
        ports::Sms::send(self.0.as_ref(), &merchant, &message).await.map_err(|error| match error {
            SendError::Refused(_) => TextRefusal::Conflict("DESTINATION_PHONE_NUMBER_OPTED_OUT"),
            SendError::NotNow(_) => TextRefusal::TooMany,
            SendError::Unknown(_) => TextRefusal::Unknown,
        })
    }
}

/// Object storage, delivering letters to the world's mailbox.
pub struct Letters(pub Arc<LocalMailbox>);

#[async_trait]
impl ObjectStore for Letters {
    async fn put(&self, object: PutObject) -> Result<(), ObjectRefusal> {
        assert_eq!(object.bucket, LETTERS_BUCKET);
        assert!(object.only_if_absent, "a letter could be written over");
        let parts: Vec<&str> = object.key.split('/').collect();
        let [_, merchant, file] = parts[..] else { panic!("a key of three parts") };
        let message = LetterMessage {
            to_name: String::new(),
            to_address: Place {
                street: String::new(),
                city: String::new(),
                state: String::new(),
                postal_code: Cep::parse("01310100").expect("the constant is a CEP"),
            },
            pdf: object.body,
            ledger_key: file.trim_end_matches(".pdf").to_owned(),
            text: String::new(),
        };
        let merchant = named(merchant);
        let put = ports::Letters::send(self.0.as_ref(), &merchant, &message).await;
        put.map(drop).map_err(|error| match error {
            SendError::Refused(_) => ObjectRefusal::Invalid,
            SendError::NotNow(_) => ObjectRefusal::SlowDown,
            SendError::Unknown(_) => ObjectRefusal::Unknown,
        })
    }
}

/// EventBridge, filling the world's bus.
pub struct Publisher(pub Arc<LocalBus>);

#[async_trait]
impl EventSink for Publisher {
    async fn put(&self, events: Vec<PutEvent>) -> Vec<Result<(), String>> {
        let event = |event: PutEvent| {
            assert_eq!((event.bus.as_str(), event.source.as_str()), (BUS, SOURCE));
            BusEvent { detail_type: event.detail_type, at: event.at, detail: event.detail }
        };
        let events: Vec<BusEvent> = events.into_iter().map(event).collect();
        let outcomes = self.0.publish(&events).await;
        outcomes.into_iter().map(|outcome| outcome.map_err(|why| why.to_string())).collect()
    }
}

/// Secrets Manager, on the world's secrets.
pub struct Vault(pub Arc<LocalSecrets>);

#[async_trait]
impl SecretStore for Vault {
    async fn get(&self, name: &str) -> Result<Option<String>, String> {
        match name.strip_prefix(SECRET_PREFIX) {
            Some(name) => self.0.get(name).await.map_err(|why| why.to_string()),
            None => Ok(None),
        }
    }

    async fn put(&self, name: &str, value: &str) -> Result<(), String> {
        let name = name.strip_prefix(SECRET_PREFIX).ok_or("a name without the prefix")?;
        self.0.set(name, value);
        Ok(())
    }
}

/// A merchant of which only the name is known, as for a provider.
fn named(id: &str) -> Merchant {
    Merchant::starting(NewMerchant {
        merchant: MerchantId::parse(id).expect("a merchant"),
        name: id.to_owned(),
        document: TaxId::parse("11222333000181").expect("the constant is a CNPJ"),
        city: String::new(),
        mode: Mode::Test,
        locale: Locale::PtBr,
    })
}

/// What a mail program shows of a message.
fn read_back(raw: &[u8]) -> Email {
    let message = MessageParser::default().parse(raw).expect("SES is sent a message");
    let ledger_key = message.header_raw(LEDGER_HEADER).expect("the ledger's header").trim();
    Email {
        from: one_of(message.from()),
        to: mailboxes(message.to()),
        reply_to: one_of(message.reply_to()),
        subject: message.subject().unwrap_or_default().to_owned(),
        text: message.body_text(0).map(lines).expect("a text"),
        html: message.body_html(0).map(lines).expect("a page"),
        inline: pictures(&message),
        ledger_key: ledger_key.to_owned(),
    }
}

/// Mail ends its lines with two characters.
fn lines(text: std::borrow::Cow<'_, str>) -> String {
    text.replace("\r\n", "\n")
}

fn mailboxes(address: Option<&Address<'_>>) -> Vec<Mailbox> {
    let mailbox = |one: &mail_parser::Addr<'_>| Mailbox {
        name: one.name().map(str::to_owned),
        address: EmailAddress::parse(one.address().unwrap_or_default()).expect("an address"),
    };
    address.into_iter().flat_map(|address| address.iter()).map(mailbox).collect()
}

fn one_of(address: Option<&Address<'_>>) -> Mailbox {
    mailboxes(address).pop().expect("one address")
}

fn pictures(message: &Message<'_>) -> Vec<InlineImage> {
    let picture = |part: &mail_parser::MessagePart<'_>| {
        let content_id = part.content_id()?.to_owned();
        let kind = part.content_type()?;
        let media_type = format!("{}/{}", kind.ctype(), kind.subtype()?);
        let (PartType::Binary(bytes) | PartType::InlineBinary(bytes)) = &part.body else {
            return None;
        };
        Some(InlineImage { content_id, media_type, bytes: bytes.to_vec() })
    };
    message.parts.iter().filter_map(picture).collect()
}
