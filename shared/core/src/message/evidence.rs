//! What providers tell of a message, and what follows from all of it.
//!
//! The signs of a message are a set, kept per recipient; the state follows from the set. A set only
//! grows, and each state below is reached by having enough of it, so the order in which signs come
//! does not matter and none takes a message back:
//!
//! | state, the last that holds | when |
//! |---|---|
//! | sent | anything was told at all |
//! | bounced, soft | every recipient's came back, or was refused |
//! | delivered | one recipient's arrived |
//! | failed | every recipient's was refused or has no such address |
//! | bounced, hard | no recipient's address exists |
//! | read | somebody opened it |
//! | complained | somebody called it spam |

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Channel, Message, MessageState};
use crate::hidden::Hidden;

/// Most recipients of one message of which something is remembered. Source: SES sends one message to
/// 50 at most.
pub const RECIPIENTS_MAX: usize = 50;
/// Longest id of a provider, in bytes: WhatsApp's have some 60.
const ID_BYTES_MAX: usize = 200;
/// Longest explanation that is kept, in characters.
const WHY_CHARS_MAX: usize = 120;

/// What a provider told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// It took the message.
    Accepted,
    /// The recipient's side does not take it now; it is still tried.
    Delayed,
    Delivered,
    /// It came back for a reason that may pass, such as a full mailbox.
    SoftBounce,
    /// There is no such address.
    HardBounce,
    /// It will not be delivered for another reason.
    Refused,
    Read,
    /// The recipient called it spam.
    Complained,
}

impl Sign {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Delayed => "delayed",
            Self::Delivered => "delivered",
            Self::SoftBounce => "soft_bounce",
            Self::HardBounce => "hard_bounce",
            Self::Refused => "refused",
            Self::Read => "read",
            Self::Complained => "complained",
        }
    }
}

/// One sign of one recipient, with when it was told first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Noted {
    pub at: DateTime<Utc>,
    pub sign: Sign,
    /// The address in its canonical text; `None` where the provider does not say, or it was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<Hidden>,
    /// The provider's code or id. It never quotes an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Noted {
    pub fn new(at: DateTime<Utc>, sign: Sign, recipient: Option<Hidden>) -> Self {
        Self { at, sign, recipient, why: None }
    }

    /// With the provider's id of the message; what is no id is left out.
    #[must_use]
    pub fn under(self, id: &str) -> Self {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-=+/".contains(&b);
        let is_id = (1..=ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(plain);
        Self { why: is_id.then(|| id.to_owned()), ..self }
    }

    /// With the provider's code, cut and without what it might quote.
    #[must_use]
    pub fn because(self, why: &str) -> Self {
        let why: String = crate::hidden::masked(why).chars().take(WHY_CHARS_MAX).collect();
        Self { why: Some(why).filter(|why| !why.is_empty()), ..self }
    }
}

impl Message {
    /// The row after something was told of the message; `None` when all of it was known.
    ///
    /// It may be told of a row in any state: a claim whose sender died, or one given back or given
    /// up for lost, turns out to have been sent.
    #[must_use]
    pub fn hear(&self, told: &[Noted]) -> Option<Self> {
        let heard = merged(&self.heard, told);
        if heard == self.heard {
            return None;
        }
        let (before, after) = (standing(&self.heard), standing(&heard)?);
        // A recipient nobody told of before could take a state back that needs all of them.
        let backwards = before.is_some() && rank(&self.state) > rank(&after);
        let state = match before {
            _ if backwards => self.state.clone(),
            // It came from the signs alone, so it follows them.
            Some(before) if before == self.state => after,
            _ => joined(&self.state, after),
        };
        Some(Self { version: self.version + 1, state, heard, ..self.clone() })
    }

    /// The row when its sender has learned how it went: what the provider told meanwhile stands.
    #[must_use]
    pub fn settle(&self, state: MessageState) -> Self {
        let state = match standing(&self.heard) {
            Some(told) => joined(&state, told),
            None => state,
        };
        Self { version: self.version + 1, state, ..self.clone() }
    }

    /// The row as what became of the one that carries its message makes it.
    #[must_use]
    pub fn with(&self, carrier: &Self) -> Self {
        let Self { state, silent, heard, .. } = carrier.clone();
        Self { state, silent, heard, ..self.clone() }
    }

    /// The row without whom it went to; `None` when it names nobody. The ids go as well: those of
    /// WhatsApp are made from the phone.
    #[must_use]
    pub fn without_recipients(&self) -> Option<Self> {
        let is_id = |sign| matches!(sign, Sign::Accepted | Sign::Delivered | Sign::Read);
        let nameless = self.heard.iter().map(|noted| Noted {
            recipient: None,
            why: noted.why.clone().filter(|_| !is_id(noted.sign)),
            ..noted.clone()
        });
        let heard = merged(&[], &nameless.collect::<Vec<_>>());
        let state = match &self.state {
            MessageState::Sent { at, .. } if self.key.channel == Channel::WhatsApp => {
                MessageState::Sent { at: *at, evidence: String::new() }
            }
            other => other.clone(),
        };
        let is_same = heard == self.heard && state == self.state;
        (!is_same).then(|| Self { version: self.version + 1, state, heard, ..self.clone() })
    }
}

/// Both sets; of a sign and recipient in both, what was told first.
fn merged(known: &[Noted], told: &[Noted]) -> Vec<Noted> {
    let mut first: BTreeMap<(Option<&Hidden>, Sign), &Noted> = BTreeMap::new();
    let mut recipients = BTreeSet::new();
    for noted in known.iter().chain(told) {
        let recipient = noted.recipient.as_ref();
        if !recipients.contains(&recipient) && recipients.len() >= RECIPIENTS_MAX {
            continue;
        }
        recipients.insert(recipient);
        let kept = first.entry((recipient, noted.sign)).or_insert(noted);
        *kept = (*kept).min(noted);
    }
    let mut all: Vec<Noted> = first.into_values().cloned().collect();
    all.sort();
    all
}

/// What follows from the signs; `None` when there are none.
fn standing(heard: &[Noted]) -> Option<MessageState> {
    let first = |signs: &[Sign]| heard.iter().find(|noted| signs.contains(&noted.sign));
    let reason =
        |noted: &Noted| noted.why.clone().unwrap_or_else(|| noted.sign.as_str().to_owned());
    let recipients: BTreeSet<_> = heard.iter().map(|noted| noted.recipient.as_ref()).collect();
    // A sign about nobody in particular is about all.
    let of_each = |signs: &[Sign]| {
        let has = |recipient: Option<&Hidden>| {
            let is_of = |noted: &&Noted| noted.recipient.as_ref() == recipient;
            heard.iter().filter(is_of).any(|noted| signs.contains(&noted.sign))
        };
        let mut named = recipients.iter().filter(|recipient| recipient.is_some()).peekable();
        has(None) || (named.peek().is_some() && named.all(|recipient| has(*recipient)))
    };
    let (hard, refused, soft) = (Sign::HardBounce, Sign::Refused, Sign::SoftBounce);
    if let Some(noted) = first(&[Sign::Complained]) {
        return Some(MessageState::Complained { at: noted.at });
    }
    if let Some(noted) = first(&[Sign::Read]) {
        return Some(MessageState::Read { at: noted.at });
    }
    let last = |signs: &[Sign]| heard.iter().rfind(|noted| signs.contains(&noted.sign));
    if of_each(&[hard]) {
        let noted = last(&[hard])?;
        return Some(MessageState::Bounced { at: noted.at, hard: true, reason: reason(noted) });
    }
    if of_each(&[hard, refused]) {
        let noted = last(&[refused])?;
        return Some(MessageState::Failed { at: noted.at, reason: reason(noted) });
    }
    if let Some(noted) = first(&[Sign::Delivered]) {
        return Some(MessageState::Delivered { at: noted.at });
    }
    if of_each(&[hard, refused, soft]) {
        let noted = last(&[hard, refused, soft])?;
        return Some(MessageState::Bounced { at: noted.at, hard: false, reason: reason(noted) });
    }
    heard.first().map(|noted| MessageState::Sent { at: noted.at, evidence: reason(noted) })
}

/// What is known by the sender and what is told, in one.
fn joined(own: &MessageState, told: MessageState) -> MessageState {
    match (own, &told) {
        // The sender knows the provider's own id for it.
        (MessageState::Sent { .. }, MessageState::Sent { .. }) => own.clone(),
        _ => told,
    }
}

fn rank(state: &MessageState) -> u8 {
    match state {
        MessageState::Claimed { .. } | MessageState::Released { .. } => 0,
        MessageState::Sent { .. } => 1,
        MessageState::Bounced { hard: false, .. } => 2,
        MessageState::Delivered { .. } => 3,
        MessageState::Failed { .. } => 4,
        MessageState::Bounced { hard: true, .. } => 5,
        MessageState::Read { .. } => 6,
        MessageState::Complained { .. } => 7,
    }
}
