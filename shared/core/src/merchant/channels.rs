//! What a merchant needs on WhatsApp and by SMS beside its sender of e-mail: whose number writes,
//! and which of its templates Meta approved.
//!
//! Owns the settings and their check, all faults at once. Does not own tokens: those are secrets,
//! named after the merchant and never stored in the table; nor the chat, which is part of the
//! profile. A channel that is not set up is not used.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::violation::Violation;

/// Most templates of a merchant. Source: WhatsApp Business Platform, "Message templates": 250 of an
/// unverified business.
pub const TEMPLATES_MAX: usize = 250;
/// Longest name of a template at Meta. Source: WhatsApp Business Platform, "Message templates".
const TEMPLATE_NAME_BYTES_MAX: usize = 512;
/// Longest name of a message here.
const KIND_BYTES_MAX: usize = 64;
/// Digits of the id of a phone number at Meta, which is not the number.
const PHONE_NUMBER_ID_DIGITS_MAX: usize = 20;
/// Longest sender's name. Source: AWS End User Messaging, "Sender IDs": 3 to 11 characters.
const SENDER_ID_CHARS: std::ops::RangeInclusive<usize> = 3..=11;
/// Longest id of a number or pool, or ARN. Source: AWS End User Messaging API, SendTextMessage.
const ORIGINATION_BYTES_MAX: usize = 256;

/// The channels a merchant has set up.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Channels {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whatsapp: Option<WhatsAppSender>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms: Option<SmsSender>,
}

/// The number that writes on WhatsApp.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhatsAppSender {
    /// Meta's id of the number, digits only.
    pub phone_number_id: String,
    /// Names and languages that Meta approved, by the name of the message here. A message that is
    /// not among them goes out under its own name and language.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub templates: BTreeMap<String, ApprovedTemplateRef>,
}

/// A template as Meta knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovedTemplateRef {
    pub name: String,
    /// Such as `pt_BR`.
    pub language: String,
}

/// What an SMS comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmsSender {
    /// A number, a sender's name, or the id or ARN of either or of a pool at AWS End User Messaging.
    pub origination: String,
}

/// The channels as someone typed them. `None` takes a channel away.
#[derive(Debug, Clone, Default)]
pub struct ChannelsDraft {
    pub whatsapp: Option<WhatsAppDraft>,
    pub sms: Option<SmsDraft>,
}

/// The number on WhatsApp as typed, without its tokens.
#[derive(Debug, Clone, Default)]
pub struct WhatsAppDraft {
    pub phone_number_id: String,
    /// Name and language of each, by the name of the message here.
    pub templates: BTreeMap<String, (String, String)>,
}

/// What an SMS comes from, as typed.
#[derive(Debug, Clone, Default)]
pub struct SmsDraft {
    pub origination: String,
}

impl Channels {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl ChannelsDraft {
    /// Checks every field and reports every violation at once.
    pub fn check(&self) -> Result<Channels, Vec<Violation>> {
        let mut faults = Vec::new();
        let whatsapp = self.whatsapp.as_ref().map(|draft| draft.check(&mut faults));
        let sms = self.sms.as_ref().map(|draft| draft.check(&mut faults));
        if faults.is_empty() { Ok(Channels { whatsapp, sms }) } else { Err(faults) }
    }
}

impl WhatsAppDraft {
    fn check(&self, faults: &mut Vec<Violation>) -> WhatsAppSender {
        let mut fault = |property: &str, reason: String| {
            faults.push(Violation::new(format!("whatsapp.{property}"), reason));
        };
        let id = self.phone_number_id.trim();
        let digits = id.bytes().all(|byte| byte.is_ascii_digit());
        if id.is_empty() || id.len() > PHONE_NUMBER_ID_DIGITS_MAX || !digits {
            let reason = "use the id of the number as the WhatsApp Manager shows it, digits only";
            fault("phone_number_id", reason.to_owned());
        }
        if self.templates.len() > TEMPLATES_MAX {
            fault("templates", format!("give at most {TEMPLATES_MAX}"));
        }
        let mut templates = BTreeMap::new();
        for (kind, (name, language)) in self.templates.iter().take(TEMPLATES_MAX) {
            if !is_name(kind, KIND_BYTES_MAX) {
                let reason = "name the message in small letters, digits and _, such as due_today";
                fault("templates", format!("{reason}, with at most {KIND_BYTES_MAX}"));
                continue;
            }
            if !is_name(name, TEMPLATE_NAME_BYTES_MAX) {
                let reason = "use the template's name at Meta: small letters, digits and _";
                fault(&format!("templates.{kind}.name"), reason.to_owned());
            }
            if !is_language(language) {
                let reason = "use the template's language at Meta, such as pt_BR";
                fault(&format!("templates.{kind}.language"), reason.to_owned());
            }
            let approved = ApprovedTemplateRef { name: name.clone(), language: language.clone() };
            templates.insert(kind.clone(), approved);
        }
        WhatsAppSender { phone_number_id: id.to_owned(), templates }
    }
}

impl SmsDraft {
    fn check(&self, faults: &mut Vec<Violation>) -> SmsSender {
        let origination = self.origination.trim();
        if !is_origination(origination) {
            faults.push(Violation::new(
                "sms.origination",
                "use a number such as +5511987654321, a sender's name of 3 to 11 letters and \
                 digits, or the id or ARN of either or of a pool",
            ));
        }
        SmsSender { origination: origination.to_owned() }
    }
}

fn is_name(text: &str, bytes_max: usize) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=bytes_max).contains(&text.len()) && text.bytes().all(fits)
}

/// `pt_BR`, `en` or `fil`.
fn is_language(text: &str) -> bool {
    let (language, region) = match text.split_once('_') {
        Some((language, region)) => (language, Some(region)),
        None => (text, None),
    };
    (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && region.is_none_or(|it| it.len() == 2 && it.bytes().all(|b| b.is_ascii_uppercase()))
}

fn is_origination(text: &str) -> bool {
    let is_number = text.strip_prefix('+').is_some_and(|digits| {
        (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    let is_sender = SENDER_ID_CHARS.contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && text.bytes().any(|byte| byte.is_ascii_alphabetic());
    let named = ["phone-", "pool-", "sender-", "arn:aws"];
    let is_id = named.iter().any(|start| text.starts_with(start))
        && text.len() <= ORIGINATION_BYTES_MAX
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b":/_-".contains(&b));
    is_number || is_sender || is_id
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whatsapp(id: &str, templates: &[(&str, &str, &str)]) -> ChannelsDraft {
        let templates = templates
            .iter()
            .map(|(kind, name, lang)| {
                ((*kind).to_owned(), ((*name).to_owned(), (*lang).to_owned()))
            })
            .collect();
        let whatsapp = Some(WhatsAppDraft { phone_number_id: id.to_owned(), templates });
        ChannelsDraft { whatsapp, sms: None }
    }

    fn sms(origination: &str) -> ChannelsDraft {
        let sms = Some(SmsDraft { origination: origination.to_owned() });
        ChannelsDraft { whatsapp: None, sms }
    }

    #[track_caller]
    fn check(draft: &ChannelsDraft, expected: &[&str]) {
        let faults = draft.check().err().unwrap_or_default();
        let found: Vec<&str> = faults.iter().map(|fault| fault.property.as_str()).collect();
        assert_eq!(found, expected, "{draft:?}");
    }

    #[test]
    fn a_number_is_taken_where_its_id_is_meant() {
        check(&whatsapp("106540352242922", &[]), &[]);
        check(&whatsapp("+5511987654321", &[]), &["whatsapp.phone_number_id"]);
        check(&whatsapp("", &[]), &["whatsapp.phone_number_id"]);
        check(&whatsapp("1/messages?x=2", &[]), &["whatsapp.phone_number_id"]);
    }

    #[test]
    fn one_fault_of_a_template_hides_another() {
        let good = ("due_today", "fatura_hoje", "pt_BR");
        check(&whatsapp("1", &[good, ("overdue", "late", "en")]), &[]);
        let bad = ("overdue", "Fatura", "pt-BR");
        let both = ["whatsapp.templates.overdue.name", "whatsapp.templates.overdue.language"];
        check(&whatsapp("1", &[good, bad]), &both);
        check(&whatsapp("1", &[("Due today", "x", "pt_BR")]), &["whatsapp.templates"]);
    }

    #[test]
    fn an_sms_comes_from_a_text_that_is_no_sender() {
        let of = "sms.origination";
        for good in ["+5511987654321", "QUITA", "pool-0f1e", "arn:aws:sms-voice:x:1:pool/p"] {
            check(&sms(good), &[]);
        }
        for bad in ["", "11987654321", "QUITA COBRANCAS", "pool-a b", "+55 11 98765"] {
            check(&sms(bad), &[of]);
        }
    }

    #[test]
    fn a_merchant_without_channels_is_stored_as_before() {
        let mut merchant = crate::sample::merchant();
        let stored = serde_json::to_value(&merchant).unwrap();
        assert_eq!(stored.get("channels"), None);
        merchant.channels = sms("QUITA").check().unwrap();
        let again = serde_json::to_value(&merchant).unwrap();
        assert_eq!(serde_json::from_value::<super::super::Merchant>(again).unwrap(), merchant);
    }
}
