//! Text messages through AWS End User Messaging.
//!
//! Owns the call, what its refusals mean, and whose an origination is. Does not own a word of a
//! message. Source: Pinpoint SMS and voice API, version 2, reference of `SendTextMessage`.
//!
//! The service has no idempotency key and cannot be asked for a message by our name for it: what may
//! have been taken is answered as unknown.

use std::time::Duration;

use async_trait::async_trait;
use http::Method;
use quita_app::Unknown;
use quita_app::ports::{Evidence, SendError, Sms};
use quita_core::hidden::masked;
use quita_core::ids::MerchantId;
use quita_core::merchant::Merchant;
use quita_notify::SmsMessage;
use serde_json::{Value, json};

use crate::clients::Clients;
use crate::env::Settings;
use crate::fault::is_throttling;
use crate::http::Answer;
use crate::signed::{Service, Signed, request};

const SERVICE: Service =
    Service { id: "Pinpoint SMS Voice V2", host: "sms-voice", signing: "sms-voice", is_s3: false };
const TARGET: &str = "PinpointSMSVoiceV2.SendTextMessage";
const DOING: &str = "sending a text message";
/// Who any origination may be used by.
const ANYBODY: &str = "*";

/// Until there is room again.
const THROTTLED: Duration = Duration::from_secs(10);
/// Until a person may have changed something.
const A_PERSON: Duration = Duration::from_secs(60 * 60);

/// Conflicts that are about the recipient, and stand.
const ABOUT_THE_RECIPIENT: [(&str, &str); 4] = [
    ("DESTINATION_PHONE_NUMBER_OPTED_OUT", "the recipient wants no text messages"),
    ("DESTINATION_COUNTRY_BLOCKED", "text messages to this country are switched off at AWS"),
    ("DESTINATION_PHONE_NUMBER_NOT_VERIFIED", "the account may write to verified numbers only"),
    ("DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE", "the number is blocked at AWS"),
];

/// Which origination each merchant may send from: `mer_acme=+5511..`, or `*=pool-..` for all, apart
/// by spaces or commas. One account sends for all merchants of an installation, so that none writes
/// in another's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Originations(Vec<(String, String)>);

impl Originations {
    /// Reads the pairs; `Err` is the first that is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let pairs = text.split([',', ' ']).filter(|pair| !pair.is_empty());
        let pair = |pair: &str| match pair.split_once('=') {
            Some((who, origination))
                if !origination.is_empty()
                    && (who == ANYBODY || MerchantId::parse(who).is_ok()) =>
            {
                Ok((who.to_owned(), origination.to_owned()))
            }
            _ => Err(pair.to_owned()),
        };
        pairs.map(pair).collect::<Result<_, _>>().map(Self)
    }

    fn allows(&self, merchant: &MerchantId, origination: &str) -> bool {
        self.0.iter().any(|(who, allowed)| {
            (who == ANYBODY || who == merchant.as_str()) && allowed == origination
        })
    }
}

/// The service, sending under one configuration set.
pub struct EndUserMessaging {
    signed: Signed,
    configuration_set: String,
    originations: Originations,
}

impl EndUserMessaging {
    pub fn new(clients: &Clients, settings: &Settings) -> Self {
        Self {
            signed: clients.signed.clone(),
            configuration_set: settings.sms_configuration_set.clone(),
            originations: settings.sms_originations.clone(),
        }
    }

    fn body(&self, merchant: &Merchant, origination: &str, message: &SmsMessage) -> Value {
        let mut body = json!({
            "DestinationPhoneNumber": message.to.as_str(),
            "OriginationIdentity": origination,
            "MessageBody": message.text,
            "MessageType": "TRANSACTIONAL",
            "Context": { "merchant": merchant.merchant.as_str(), "tag": message.ledger_key },
        });
        if !self.configuration_set.is_empty() {
            body["ConfigurationSetName"] = json!(self.configuration_set);
        }
        body
    }
}

#[async_trait]
impl Sms for EndUserMessaging {
    async fn send(&self, merchant: &Merchant, message: &SmsMessage) -> Result<String, SendError> {
        let Some(sender) = &merchant.channels.sms else {
            let reason = "SMS is not set up: do it with PUT /v1/merchant/channels";
            return Err(SendError::Refused(reason.to_owned()));
        };
        if !self.originations.allows(&merchant.merchant, &sender.origination) {
            let reason = "the merchant may not send from this number or name here: have the \
                          operator add it to the stack's SmsOriginations";
            return Err(SendError::later(reason, A_PERSON));
        }
        let address = self.signed.address(SERVICE);
        let headers = [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", TARGET)];
        let body = self.body(merchant, &sender.origination, message).to_string().into_bytes();
        let request = request(Method::POST, &format!("{address}/"), &headers, body)
            .map_err(|error| SendError::Refused(format!("it cannot be addressed: {error}")))?;
        outcome(&self.signed.call(SERVICE, request, DOING).await?)
    }

    /// A message's id is known to who sent it alone; its tag comes out in event streams only.
    async fn evidence(&self, _tag: &str) -> Result<Evidence, Unknown> {
        Ok(Evidence::None)
    }
}

fn outcome(answer: &Answer) -> Result<String, SendError> {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let unknown = |why: String| SendError::Unknown(Unknown::new(DOING, why));
    let status = answer.status.as_u16();
    if status == 200 {
        let id = body["MessageId"].as_str().map(str::to_owned);
        return id.ok_or_else(|| unknown("AWS answered 200 without an id".to_owned()));
    }
    let code = body["__type"].as_str().unwrap_or("no code");
    let code = code.rsplit('#').next().unwrap_or(code);
    let reason = body["Reason"].as_str().unwrap_or("no reason");
    let words = body["message"].as_str().or(body["Message"].as_str()).unwrap_or("no message");
    let text = format!(
        "{code}, {reason}: {} (status {}, request {})",
        masked(words),
        status,
        answer.header("x-amzn-requestid")
    );
    if status == 429 || is_throttling(code) {
        return Err(SendError::later(text, THROTTLED));
    }
    if status == 408 || !(400..500).contains(&status) {
        return Err(unknown(text));
    }
    let about_the_recipient = ABOUT_THE_RECIPIENT.iter().find(|(known, _)| *known == reason);
    Err(match (code, about_the_recipient) {
        (_, Some((_, why))) => SendError::Refused(format!("{why} ({text})")),
        ("ValidationException", None) => SendError::Refused(text),
        _ => SendError::later(text, A_PERSON),
    })
}

#[cfg(test)]
mod tests;
