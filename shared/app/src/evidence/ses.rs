//! What Amazon SES tells through EventBridge, as signs.
//!
//! Owns the shape of its events. Source: Amazon SES developer guide, "Examples of event data that
//! Amazon SES publishes" and "Monitor email sending using Amazon EventBridge": `source` is `aws.ses`
//! and `detail` is the event record, whose `mail.tags` hold ours and whose `mail.destination` lists
//! every recipient.
//!
//! An answer that says nothing of a message of the ledger is `None`; a shape that is not SES's is an
//! error, and lands in the dead letters.

use chrono::{DateTime, Utc};
use quita_core::contact::Email;
use quita_core::hidden::Hidden;
use quita_core::message::{Channel, Noted, ProviderTag, RECIPIENTS_MAX, Sign};
use quita_notify::LEDGER_HEADER;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

use super::Told;
use crate::error::Unknown;

/// `source` of its events.
pub const SOURCE: &str = "aws.ses";
/// The kinds that say what became of a message, as the field `eventType` spells them. `template.yaml`
/// asks for these; a test compares the two.
pub const EVENT_TYPES: [&str; 8] = [
    "Send",
    "Delivery",
    "DeliveryDelay",
    "Bounce",
    "Complaint",
    "Reject",
    "Rendering Failure",
    "Open",
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    event_type: String,
    mail: Mail,
    delivery: Option<Delivery>,
    delivery_delay: Option<Delay>,
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
    reject: Option<Reject>,
    open: Option<Open>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    timestamp: DateTime<Utc>,
    #[serde(default)]
    message_id: String,
    #[serde(default)]
    destination: Vec<String>,
    #[serde(default)]
    tags: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Delivery {
    timestamp: DateTime<Utc>,
    #[serde(default)]
    recipients: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delay {
    timestamp: DateTime<Utc>,
    #[serde(default)]
    delay_type: String,
    #[serde(default)]
    delayed_recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    timestamp: DateTime<Utc>,
    bounce_type: String,
    #[serde(default)]
    bounce_sub_type: String,
    #[serde(default)]
    bounced_recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    timestamp: DateTime<Utc>,
    complaint_feedback_type: Option<String>,
    #[serde(default)]
    complained_recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
struct Reject {
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
struct Open {
    timestamp: DateTime<Utc>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    email_address: String,
    #[serde(default)]
    status: String,
}

/// Reads the `detail` of an event; `None` for one that is about no message of the ledger, or of a
/// kind that says nothing of its fate.
///
/// # Errors
/// [`Unknown`] for a shape that SES does not have.
pub fn read(detail: Value) -> Result<Option<Told>, Unknown> {
    let doing = "reading an event of SES";
    // Its parser's message is left out: it quotes what it stumbled over.
    let detail: Detail = serde_json::from_value(detail)
        .map_err(|_| Unknown::new(doing, "it has not the shape of one"))?;
    let tag = detail.mail.tags.get(LEDGER_HEADER).and_then(|values| values.first());
    let Some(tag) = tag.and_then(|text| ProviderTag::parse(text)) else { return Ok(None) };
    if tag.key.channel != Channel::Email {
        return Ok(None);
    }
    let Some(mut notes) = signs(&detail) else { return Ok(None) };
    // Whatever is told, the provider took the message to everybody it was addressed to.
    let Mail { timestamp, message_id, destination, .. } = &detail.mail;
    let accepted = |to| Noted::new(*timestamp, Sign::Accepted, Some(to)).under(message_id);
    notes.extend(addresses(destination.iter().map(String::as_str)).map(accepted));
    Ok(Some(Told { tag, notes }))
}

/// What the event says beside that the message was taken; `None` for a kind that is not listened to.
fn signs(detail: &Detail) -> Option<Vec<Noted>> {
    let Detail { event_type, mail, .. } = detail;
    let everybody = || addresses(mail.destination.iter().map(String::as_str));
    let of_all = |sign, why: &str| {
        everybody().map(|to| Noted::new(mail.timestamp, sign, Some(to)).because(why)).collect()
    };
    Some(match event_type.as_str() {
        "Send" => Vec::new(),
        "Delivery" => {
            let Delivery { timestamp, recipients } = detail.delivery.as_ref()?;
            let to = addresses(recipients.iter().map(String::as_str));
            to.map(|to| Noted::new(*timestamp, Sign::Delivered, Some(to))).collect()
        }
        "DeliveryDelay" => {
            let Delay { timestamp, delay_type, delayed_recipients } =
                detail.delivery_delay.as_ref()?;
            of_each(delayed_recipients, *timestamp, Sign::Delayed, delay_type)
        }
        "Bounce" => {
            let Bounce { timestamp, bounce_type, bounce_sub_type, bounced_recipients } =
                detail.bounce.as_ref()?;
            let hard = bounce_type == "Permanent";
            let sign = if hard { Sign::HardBounce } else { Sign::SoftBounce };
            of_each(bounced_recipients, *timestamp, sign, bounce_sub_type)
        }
        "Complaint" => {
            let Complaint { timestamp, complaint_feedback_type, complained_recipients } =
                detail.complaint.as_ref()?;
            let kind = complaint_feedback_type.as_deref().unwrap_or_default();
            // A report that a message is no spam (RFC 5965 and IANA's registry of its types).
            let sign = if kind == "not-spam" { Sign::Read } else { Sign::Complained };
            of_each(complained_recipients, *timestamp, sign, kind)
        }
        "Reject" => of_all(Sign::Refused, &detail.reject.as_ref()?.reason),
        "Rendering Failure" => of_all(Sign::Refused, "rendering failure"),
        // The picture that counts opening is the same for all, so it tells who read of one alone.
        "Open" => {
            let at = detail.open.as_ref()?.timestamp;
            let alone = if mail.destination.len() == 1 { everybody().next() } else { None };
            vec![Noted::new(at, Sign::Read, alone)]
        }
        _ => return None,
    })
}

fn of_each(recipients: &[Recipient], at: DateTime<Utc>, sign: Sign, kind: &str) -> Vec<Noted> {
    let of = |recipient: &Recipient| {
        let to = addresses(std::iter::once(recipient.email_address.as_str())).next();
        let why = format!("{kind} {}", recipient.status);
        Noted::new(at, sign, to).because(why.trim())
    };
    recipients.iter().take(RECIPIENTS_MAX).map(of).collect()
}

/// Addresses as a contact of ours has them: `Ana <ANA@x.example>` is `ana@x.example`.
fn addresses<'a>(texts: impl Iterator<Item = &'a str>) -> impl Iterator<Item = Hidden> {
    texts.take(RECIPIENTS_MAX).map(|text| {
        let bare = text.rsplit_once('<').map_or(text, |(_, rest)| rest).trim_end_matches('>');
        let bare = bare.trim();
        match Email::parse(bare) {
            Ok(email) => Hidden::new(email.as_str()),
            Err(_) => Hidden::new(bare.to_ascii_lowercase()),
        }
    })
}

#[cfg(test)]
mod tests;
