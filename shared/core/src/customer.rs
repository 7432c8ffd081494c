//! The company (or person) that buys and pays.
//!
//! Owns the parsing of a customer's raw data, all violations at once. Does not own behaviour or
//! risk. An invoice keeps a snapshot, [`BillTo`], so that a reminder needs no second read and shows
//! the party the invoice was issued to.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::care::Care;
use crate::contact::{Cep, Email, Phone};
use crate::debt::LateCharges;
use crate::document::TaxId;
use crate::hidden::Hidden;
use crate::ids::{CustomerId, MerchantId, PaymentId};
use crate::money::Money;
use crate::text::redacted_debug;
use crate::violation::Violation;

/// Longest name, as `devedor.nome` of API Pix 2.9.0 allows.
pub const NAME_CHARS_MAX: usize = 200;
/// Most billing addresses a message goes to.
pub const EMAILS_MAX: usize = 5;
/// Most payments that money of lies on one account at the same time.
pub const ACCOUNT_CREDITS_MAX: usize = 200;
/// Most payments of which it is remembered that they lay on the account; of more, the latest.
pub const PAST_CREDITS_MAX: usize = 2_000;
/// Longest chat webhook URL.
pub const CHAT_URL_CHARS_MAX: usize = 500;
/// Hosts an incoming chat webhook may live on. Anything else is refused: the URL is fetched by us.
pub const CHAT_HOSTS: [&str; 1] = ["hooks.slack.com"];
/// What the hosts of Microsoft Teams end with, whose webhooks take an Adaptive Card. Source:
/// Microsoft Teams, "Create an Incoming Webhook" and "Create incoming webhooks with Workflows".
pub const TEAMS_HOST_ENDINGS: [&str; 2] = [".webhook.office.com", ".logic.azure.com"];

/// The language people read.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum Locale {
    #[default]
    #[serde(rename = "pt-BR")]
    PtBr,
    #[serde(rename = "en")]
    En,
}

impl Locale {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PtBr => "pt-BR",
            Self::En => "en",
        }
    }

    /// The language of that name.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "pt-BR" => Some(Self::PtBr),
            "en" => Some(Self::En),
            _ => None,
        }
    }
}

/// A customer of one merchant. Its document is unique within the merchant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    pub merchant: MerchantId,
    pub id: CustomerId,
    pub version: u64,
    pub created_at: DateTime<Utc>,
    pub bill_to: BillTo,
    /// Money of the customer that no invoice has, by payment.
    pub on_account: Vec<AccountCredit>,
    /// Late charges that wait for the next invoice.
    pub carried: LateCharges,
    /// Why a person should look before the customer is trusted further.
    pub flag: Option<CustomerFlag>,
    /// Payments of which nothing lies on the account any more: who paid them is this party.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub past_credits: Vec<PaymentId>,
    /// How the chase treats it.
    #[serde(default, skip_serializing_if = "Care::is_default")]
    pub care: Care,
    /// How far the erasure of its personal data has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erasure: Option<Erasure>,
}

/// The erasure of a customer's personal data: begun once, gone on with until nothing is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    pub began_at: DateTime<Utc>,
    /// Place in the list of its invoices up to which nothing is left, while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_to: Option<String>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// A part of a payment that lies on the customer's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountCredit {
    pub payment: PaymentId,
    pub amount: Money,
}

/// A customer a person should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerFlag {
    pub reason: FlagReason,
    pub at: DateTime<Utc>,
    /// The payment it came from.
    pub payment: PaymentId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlagReason {
    /// Money of a payment was taken back by the bank or under a dispute (MED).
    TakenBack,
}

impl FlagReason {
    pub fn code(self) -> &'static str {
        match self {
            Self::TakenBack => "taken_back",
        }
    }
}

impl Customer {
    /// A new customer, with nothing on its account.
    pub fn new(
        merchant: &MerchantId,
        id: CustomerId,
        bill_to: BillTo,
        created_at: DateTime<Utc>,
    ) -> Self {
        Self {
            merchant: merchant.clone(),
            id,
            version: 1,
            created_at,
            bill_to,
            on_account: Vec::new(),
            carried: LateCharges::default(),
            flag: None,
            past_credits: Vec::new(),
            care: Care::default(),
            erasure: None,
        }
    }

    /// What lies on the account.
    pub fn balance(&self) -> Money {
        self.on_account.iter().map(|credit| credit.amount).sum()
    }

    /// Sets what lies on the account of one payment.
    pub fn set_credit(&mut self, payment: &PaymentId, amount: Money) {
        self.on_account.retain(|credit| credit.payment != *payment);
        self.past_credits.retain(|past| past != payment);
        if amount.is_positive() {
            self.on_account.push(AccountCredit { payment: payment.clone(), amount });
        } else {
            self.past_credits.push(payment.clone());
            let over = self.past_credits.len().saturating_sub(PAST_CREDITS_MAX);
            self.past_credits.drain(..over);
        }
    }
}

/// The party a charge is made out to, and how it is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillTo {
    pub name: String,
    pub document: TaxId,
    pub emails: Vec<Email>,
    pub phone: Option<Phone>,
    /// A chat channel shared with the customer: a Slack-compatible incoming webhook.
    pub chat_webhook: Option<Hidden>,
    pub address: Option<Address>,
    pub locale: Locale,
    /// Zone of the hours in which it may be written to; `None` for the merchant's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Tz>,
    /// Who in the merchant's company looks after the account; told when it is flagged.
    pub account_owner: Option<Email>,
}

impl BillTo {
    /// What is left of a party when its personal data is erased: the language of its pages.
    #[must_use]
    pub fn erased(locale: Locale) -> Self {
        let name = match locale {
            Locale::PtBr => "Dados apagados",
            Locale::En => "Data erased",
        };
        Self {
            name: name.to_owned(),
            document: TaxId::Erased,
            emails: Vec::new(),
            phone: None,
            chat_webhook: None,
            address: None,
            locale,
            zone: None,
            account_owner: None,
        }
    }
}

/// Postal address, as `devedor` of a cobv carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    pub street: String,
    pub city: String,
    pub state: String,
    pub postal_code: Cep,
}

/// A customer as someone typed it.
#[derive(Clone, Default)]
pub struct CustomerDraft {
    pub name: String,
    pub document: String,
    pub emails: Vec<String>,
    pub phone: Option<String>,
    pub chat_webhook_url: Option<String>,
    pub address: Option<AddressDraft>,
    pub locale: Option<String>,
    pub zone: Option<String>,
    pub account_owner: Option<String>,
}

/// An address as someone typed it.
#[derive(Clone, Default)]
pub struct AddressDraft {
    pub street: String,
    pub city: String,
    pub state: String,
    pub postal_code: String,
}

redacted_debug!(CustomerDraft);
redacted_debug!(AddressDraft);

impl CustomerDraft {
    /// Parses every field and reports every violation at once.
    pub fn parse(self) -> Result<BillTo, Vec<Violation>> {
        let mut faults = Vec::new();
        let name = text("name", &self.name, NAME_CHARS_MAX, &mut faults);
        let document = keep("document", TaxId::parse(&self.document), &mut faults);
        let emails = self.parse_emails(&mut faults);
        let phone =
            self.phone.as_deref().and_then(|raw| keep("phone", Phone::parse(raw), &mut faults));
        let chat_webhook = self.chat_webhook_url.as_deref().and_then(|raw| {
            let parsed = parse_chat_webhook(raw);
            keep("chat_webhook_url", parsed, &mut faults)
        });
        let address = self.address.as_ref().and_then(|raw| raw.parse(&mut faults));
        let locale = match self.locale.as_deref() {
            None => Some(Locale::default()),
            Some(raw) => {
                keep("locale", Locale::parse(raw).ok_or("use \"pt-BR\" or \"en\""), &mut faults)
            }
        };
        let zone = self.zone.as_deref().and_then(|raw| {
            let known = raw.parse::<Tz>().map_err(|_| "use a zone such as \"America/Manaus\"");
            keep("zone", known, &mut faults)
        });
        let account_owner = self
            .account_owner
            .as_deref()
            .and_then(|raw| keep("account_owner", Email::parse(raw), &mut faults));
        match (document, locale) {
            (Some(document), Some(locale)) if faults.is_empty() => Ok(BillTo {
                name,
                document,
                emails,
                phone,
                chat_webhook,
                address,
                locale,
                zone,
                account_owner,
            }),
            _ => Err(faults),
        }
    }

    fn parse_emails(&self, faults: &mut Vec<Violation>) -> Vec<Email> {
        if self.emails.is_empty() {
            faults.push(Violation::new("emails", "give at least one billing address"));
        }
        if self.emails.len() > EMAILS_MAX {
            faults.push(Violation::new("emails", format!("give at most {EMAILS_MAX} addresses")));
        }
        let parse =
            |(i, raw): (usize, &String)| keep(&format!("emails[{i}]"), Email::parse(raw), faults);
        self.emails.iter().take(EMAILS_MAX).enumerate().filter_map(parse).collect()
    }
}

impl AddressDraft {
    fn parse(&self, faults: &mut Vec<Violation>) -> Option<Address> {
        let street = text("address.street", &self.street, NAME_CHARS_MAX, faults);
        let city = text("address.city", &self.city, NAME_CHARS_MAX, faults);
        let state = self.state.trim().to_uppercase();
        if state.len() != 2 || !state.bytes().all(|b| b.is_ascii_uppercase()) {
            faults.push(Violation::new("address.state", "use the two letters of the state"));
        }
        let cep = keep("address.postal_code", Cep::parse(&self.postal_code), faults)?;
        Some(Address { street, city, state, postal_code: cep })
    }
}

/// Accepts an incoming webhook of a known chat host over `https`.
pub(crate) fn parse_chat_webhook(raw: &str) -> Result<Hidden, String> {
    let hint = || {
        let endings = TEAMS_HOST_ENDINGS.map(|ending| format!("*{ending}")).join(", ");
        format!("use an https URL of one of: {}, {endings}", CHAT_HOSTS.join(", "))
    };
    let rest = raw.strip_prefix("https://").ok_or_else(hint)?;
    let host = rest.split('/').next().unwrap_or_default();
    let printable = raw.bytes().all(|b| b.is_ascii_graphic());
    let known = CHAT_HOSTS.contains(&host) || is_teams_host(host);
    if raw.len() > CHAT_URL_CHARS_MAX || !printable || !known {
        return Err(hint());
    }
    Ok(Hidden::from(raw))
}

/// Whether `host`, as it stands between `https://` and the path, is one of Microsoft Teams. A
/// workflow's address names its port.
pub fn is_teams_host(host: &str) -> bool {
    let host = host.strip_suffix(":443").unwrap_or(host);
    let name = TEAMS_HOST_ENDINGS.iter().find_map(|ending| host.strip_suffix(ending));
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b);
    name.is_some_and(|name| !name.is_empty() && name.bytes().all(plain))
}

/// Trims a required text and checks its length; control characters are refused, since the text
/// goes into e-mail headers and bank fields.
pub(crate) fn text(
    property: &str,
    raw: &str,
    chars_max: usize,
    faults: &mut Vec<Violation>,
) -> String {
    let trimmed = raw.trim();
    let chars = trimmed.chars().count();
    if chars == 0 || chars > chars_max {
        faults.push(Violation::new(property, format!("use 1 to {chars_max} characters")));
    }
    if trimmed.chars().any(char::is_control) {
        faults.push(Violation::new(property, "remove the control characters"));
    }
    trimmed.to_owned()
}

pub(crate) fn keep<T, E: std::fmt::Display>(
    property: &str,
    parsed: Result<T, E>,
    faults: &mut Vec<Violation>,
) -> Option<T> {
    parsed.map_err(|why| faults.push(Violation::new(property, why.to_string()))).ok()
}

#[cfg(test)]
mod tests;
