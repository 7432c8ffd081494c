//! Sends one message once: claim, send, and the evidence of what happened.
//!
//! The claim is a row of the message ledger, written before the send. A claim left by a crash is
//! resolved by what the provider knows; where the provider cannot know, the message is not sent
//! again and the row says so: a payer is never written to twice.
//!
//! Owns one row and one send. Does not own which debts a message tells of, nor who it is for.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::hidden::{Hidden, masked};
use quita_core::ids::{InvoiceId, MerchantId};
use quita_core::merchant::Merchant;
use quita_core::message::{
    Channel, LOST_AFTER, Lead, LedgerKey, Message, MessageState, ProviderTag, SentText, Source,
};
use quita_notify::chat::slack_payload;
use quita_notify::{ChatMessage, Email, LetterMessage, SmsMessage, WhatsAppMessage};
use quita_table::items::Stored;
use quita_table::store::{Conflict, ItemRef, Part};
use quita_table::{Commit, CommitError, Expected};
use sha2::{Digest, Sha256};

use crate::channels::chat;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::facts::Unsayable;
use crate::metrics::{self, MessageOutcome};
use crate::ports::{Evidence, NotNow, SendError};

/// How long a claim keeps others away: longer than any sender lives.
pub(crate) const LEASE: TimeDelta = TimeDelta::minutes(2);
/// Times a message is tried whose sender got no answer, before it counts as failed.
const ATTEMPTS_MAX: u32 = 5;
/// Times a message is tried that a provider does not take now: two days, at an hour each.
const PATIENT_ATTEMPTS_MAX: u32 = 50;
/// First and longest wait until a provider that takes nothing now is asked again.
const NOT_NOW_WAIT: [TimeDelta; 2] = [TimeDelta::minutes(1), TimeDelta::hours(1)];
/// Longest wait with the claim in hand, each time and in all; a longer one gives the claim back.
const WAIT_MAX: Duration = Duration::from_secs(3);
const WAITS_MAX: u32 = 5;
/// Longest reason kept.
const REASON_CHARS_MAX: usize = 300;

/// What is to be sent.
pub(crate) enum Payload {
    Email(Box<Email>),
    Chat { url: Hidden, message: Box<ChatMessage> },
    WhatsApp(Box<WhatsAppMessage>),
    Sms(Box<SmsMessage>),
    Letter(Box<LetterMessage>),
}

/// A message on one channel.
pub(crate) struct Envelope {
    pub channel: Channel,
    pub payload: Result<Payload, Unsayable>,
    /// What it was made by.
    pub template: Source,
}

/// A claim as it is written, and what it expects to find.
pub(crate) struct Claim {
    pub row: Message,
    pub expected: Expected,
}

impl Claim {
    /// Claims a row anew, or one that was given back.
    pub(crate) fn new(
        deps: &Deps,
        (merchant, invoice): (&MerchantId, &InvoiceId),
        key: LedgerKey,
        old: Option<&Message>,
        lead: Option<Lead>,
        now: DateTime<Utc>,
    ) -> Self {
        let until = now + LEASE;
        let silent = match key.channel {
            Channel::Email => deps.mailer.is_silent(),
            Channel::WhatsApp => deps.channels.whatsapp.is_silent(),
            // Out of sight once they are handed over.
            Channel::Chat | Channel::Sms | Channel::Letter => true,
        };
        match old {
            None => {
                let new = Message::claimed(merchant.clone(), invoice.clone(), key, until);
                Self { row: Message { lead, silent, ..new }, expected: Expected::New }
            }
            Some(old) => Self {
                row: Message {
                    version: old.version + 1,
                    attempts: old.attempts + 1,
                    state: MessageState::Claimed { until },
                    silent,
                    lead,
                    ..old.clone()
                },
                expected: Expected::Version(old.version),
            },
        }
    }

    pub(crate) fn write(&self, commit: Commit) -> Commit {
        commit.message(&self.row, self.expected)
    }
}

/// How an attempt to send ended.
pub(crate) enum Posted {
    /// For good: sent, or failed.
    Ended(MessageState),
    /// Nothing was sent, for sure; it may be tried from then on.
    NotNow { state: MessageState, again_at: DateTime<Utc> },
    /// It may have gone out.
    Unknown(Unknown),
}

/// Hands a message to its provider. `attempts` are those of its row, this one included.
pub(crate) async fn post(
    deps: &Deps,
    settings: &Merchant,
    payload: &Result<Payload, Unsayable>,
    attempts: u32,
) -> Posted {
    let payload = match payload {
        Ok(payload) => payload,
        Err(unsayable) => {
            return Posted::Ended(failed(&unsayable.to_string(), deps.clock.now()));
        }
    };
    let mut waits = 0;
    let sent = loop {
        let sent = hand_over(deps, settings, payload).await;
        let Err(SendError::NotNow(NotNow { retry_after: Some(wait), .. })) = &sent else {
            break sent;
        };
        if *wait > WAIT_MAX || waits == WAITS_MAX {
            break sent;
        }
        waits += 1;
        tokio::time::sleep(*wait).await;
    };
    let at = deps.clock.now();
    match sent {
        Ok(evidence) => Posted::Ended(MessageState::Sent { at, evidence }),
        Err(SendError::Refused(reason)) => Posted::Ended(failed(&reason, at)),
        Err(SendError::NotNow(why)) => {
            let again_at = at + wait_after(&why, attempts);
            let state = MessageState::Released { at, reason: cut(&why.reason) };
            Posted::NotNow { state, again_at }
        }
        Err(SendError::Unknown(error)) => Posted::Unknown(error),
    }
}

async fn hand_over(
    deps: &Deps,
    settings: &Merchant,
    payload: &Payload,
) -> Result<String, SendError> {
    match payload {
        Payload::Email(email) => deps.mailer.send(email).await,
        Payload::Chat { url, message } => chat::post(deps, url.as_str(), message).await,
        Payload::WhatsApp(message) => deps.channels.whatsapp.send(settings, message).await,
        Payload::Sms(message) => deps.channels.sms.send(settings, message).await,
        Payload::Letter(message) => deps.channels.letters.send(settings, message).await,
    }
}

/// What the provider asks for, else longer each time.
fn wait_after(why: &NotNow, attempts: u32) -> TimeDelta {
    let [first, longest] = NOT_NOW_WAIT;
    let doubled = first * (1 << attempts.saturating_sub(1).min(6));
    let asked = why.retry_after.and_then(|wait| TimeDelta::from_std(wait).ok());
    asked.unwrap_or_default().max(doubled.min(longest))
}

/// What the row that stands in the way means.
pub(crate) enum Resolved {
    /// Someone is at it, or it may still be told of; worth a look from then on.
    Busy(DateTime<Utc>),
    /// It is over: the row, and what is to be written of it.
    Ended { row: Message, state: Option<MessageState> },
    /// It was not sent, for sure.
    NotSent(Message),
}

/// Finds out what became of a message that has a row already.
pub(crate) async fn resolve(
    deps: &Deps,
    row: Message,
    now: DateTime<Utc>,
) -> Result<Resolved, Unknown> {
    let until = match &row.state {
        MessageState::Claimed { until } => *until,
        MessageState::Released { .. } if row.attempts < PATIENT_ATTEMPTS_MAX => {
            return Ok(Resolved::NotSent(row));
        }
        MessageState::Released { .. } => {
            let state = Some(failed("tried too often without an answer", now));
            return Ok(Resolved::Ended { row, state });
        }
        _ => return Ok(Resolved::Ended { row, state: None }),
    };
    if until > now {
        return Ok(Resolved::Busy(until));
    }
    let (tag, attempts) = match &row.lead {
        None => (row.tag(), row.attempts),
        Some(lead) => match of_lead(deps, &row.merchant, lead, now).await? {
            OfLead::Unknown(attempts) => (lead.tag.clone(), attempts),
            OfLead::Busy(until) => return Ok(Resolved::Busy(until)),
            OfLead::NotSent => return Ok(Resolved::NotSent(row)),
            OfLead::Ended(state) => return Ok(Resolved::Ended { row, state: Some(state) }),
        },
    };
    let state = match evidence(deps, row.key.channel, &tag).await? {
        Evidence::Sent(evidence) => MessageState::Sent { at: now, evidence },
        Evidence::None if !row.silent && !row.is_lost(now) => {
            return Ok(Resolved::Busy(until + LOST_AFTER));
        }
        Evidence::None => {
            failed("its sender died and the provider cannot tell; it is not sent again", now)
        }
        Evidence::NotSent if attempts >= ATTEMPTS_MAX => {
            failed("tried too often without an answer", now)
        }
        Evidence::NotSent => return Ok(Resolved::NotSent(row)),
    };
    Ok(Resolved::Ended { row, state: Some(state) })
}

/// What the row says that carries the message of another.
enum OfLead {
    Ended(MessageState),
    Busy(DateTime<Utc>),
    NotSent,
    /// It is a claim that was left behind as well; its attempts.
    Unknown(u32),
}

async fn of_lead(
    deps: &Deps,
    merchant: &MerchantId,
    lead: &Lead,
    now: DateTime<Utc>,
) -> Result<OfLead, Unknown> {
    let named = ProviderTag::parse(&lead.tag);
    let named = named.ok_or_else(|| Unknown::new("reading a message", "its lead is no tag"))?;
    let ProviderTag { invoice, key, .. } = named;
    let refs = [ItemRef::Message(invoice.clone(), key.clone())];
    let row = deps.store.read(merchant, &refs).await?.take_message(&invoice, &key);
    // Another attempt is made only once this one is known not to have gone out.
    let Some(row) = row.filter(|row| row.attempts == lead.attempt) else {
        return Ok(OfLead::NotSent);
    };
    Ok(match row.state {
        MessageState::Claimed { until } if until > now => OfLead::Busy(until),
        MessageState::Claimed { .. } => OfLead::Unknown(row.attempts),
        MessageState::Released { .. } => OfLead::NotSent,
        state => OfLead::Ended(state),
    })
}

async fn evidence(deps: &Deps, channel: Channel, tag: &str) -> Result<Evidence, Unknown> {
    match channel {
        Channel::Email => deps.mailer.evidence(tag).await,
        Channel::WhatsApp => deps.channels.whatsapp.evidence(tag).await,
        Channel::Sms => deps.channels.sms.evidence(tag).await,
        Channel::Letter => deps.channels.letters.evidence(tag).await,
        Channel::Chat => Ok(Evidence::None),
    }
}

/// The rows in conflict with a commit, as they are now.
pub(crate) fn rows_found(conflicts: Vec<Conflict>) -> impl Iterator<Item = Message> {
    conflicts.into_iter().filter_map(|conflict| match (conflict.part, conflict.found) {
        (Part::Message(..), Some(Stored::Message(message))) => Some(*message),
        _ => None,
    })
}

/// Whether a commit met somebody else's write.
pub(crate) fn conflicts(
    outcome: Result<(), CommitError>,
) -> Result<Option<Vec<Conflict>>, Unknown> {
    match outcome {
        Ok(()) => Ok(None),
        Err(CommitError::Conflict(conflicts)) => Ok(Some(conflicts)),
        Err(error) => Err(error.into()),
    }
}

/// Counts a message whose fate was written.
pub(crate) fn count(state: &MessageState) {
    match state {
        MessageState::Failed { .. } => metrics::message_settled(MessageOutcome::Failed),
        MessageState::Released { .. } => metrics::message_settled(MessageOutcome::NotNow),
        MessageState::Claimed { .. } => {}
        _ => metrics::message_settled(MessageOutcome::Sent),
    }
}

pub(crate) fn failed(reason: &str, at: DateTime<Utc>) -> MessageState {
    MessageState::Failed { at, reason: cut(reason) }
}

fn cut(reason: &str) -> String {
    masked(reason).chars().take(REASON_CHARS_MAX).collect()
}

/// The exact text of an attempt, to be kept with its claim; `None` where there is none to send.
pub(crate) fn sent_text(
    row: &Message,
    envelope: &Envelope,
    rule: Option<Source>,
    now: DateTime<Utc>,
) -> Option<SentText> {
    let payload = envelope.payload.as_ref().ok()?;
    let (subject, text) = payload.words();
    Some(SentText {
        merchant: row.merchant.clone(),
        invoice: row.invoice.clone(),
        key: row.key.clone(),
        attempt: row.attempts,
        version: 1,
        at: now,
        subject: subject.map(Hidden::from),
        text: SentText::cut(text),
        sha256: payload.digest(),
        recipients: payload.recipients(),
        template: envelope.template.clone(),
        rule,
        erased_at: None,
    })
}

impl Payload {
    /// Subject and text.
    fn words(&self) -> (Option<&str>, &str) {
        match self {
            Self::Email(email) => (Some(&email.subject), &email.text),
            Self::Chat { message, .. } => (None, &message.text),
            Self::WhatsApp(message) => (None, &message.text),
            Self::Sms(message) => (None, &message.text),
            Self::Letter(letter) => (None, &letter.text),
        }
    }

    /// Of a chat none is named: its address is a secret.
    fn recipients(&self) -> Vec<Hidden> {
        match self {
            Self::Email(email) => {
                let to = email.to.iter();
                to.map(|mailbox| Hidden::from(mailbox.address.as_str())).collect()
            }
            Self::Chat { .. } => Vec::new(),
            Self::WhatsApp(message) => vec![Hidden::from(message.to.as_str())],
            Self::Sms(message) => vec![Hidden::from(message.to.as_str())],
            Self::Letter(letter) => {
                let to = &letter.to_address;
                let cep = to.postal_code.as_str();
                vec![Hidden::from(format!("{}, {}, {}, {cep}", to.street, to.city, to.state))]
            }
        }
    }

    /// SHA-256 of all that a recipient sees of it, each part after its length.
    fn digest(&self) -> String {
        let mut digest = Sha256::new();
        let mut add = |part: &[u8]| {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        };
        match self {
            Self::Email(email) => {
                let texts = [&email.subject, &email.text, &email.html];
                texts.iter().for_each(|text| add(text.as_bytes()));
                email.inline.iter().for_each(|image| add(&image.bytes));
            }
            Self::Chat { message, .. } => add(slack_payload(message).to_string().as_bytes()),
            Self::WhatsApp(message) => {
                add(message.template.name.as_bytes());
                message.parameters.iter().for_each(|parameter| add(parameter.as_bytes()));
                add(message.text.as_bytes());
                message.header_image.iter().for_each(|image| add(&image.bytes));
            }
            Self::Sms(message) => add(message.text.as_bytes()),
            Self::Letter(letter) => add(&letter.pdf),
        }
        digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_that_takes_nothing_is_asked_ever_more_rarely() {
        let minutes = |retry_after: Option<u64>, attempts| {
            let retry_after = retry_after.map(Duration::from_secs);
            let why = NotNow { reason: String::new(), retry_after };
            wait_after(&why, attempts).num_minutes()
        };
        assert_eq!([1, 2, 3, 4].map(|attempts| minutes(None, attempts)), [1, 2, 4, 8]);
        assert_eq!(minutes(None, 40), 60);
        assert_eq!(minutes(Some(7200), 1), 120);
        assert_eq!(minutes(Some(10), 3), 4);
    }
}
