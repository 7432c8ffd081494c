//! Sends one message once: claim, send, and the evidence of what happened.
//!
//! The claim is a row of the message ledger, written before the send. A claim left by a crash is
//! resolved by what the provider knows; where the provider cannot know, the message is not sent
//! again and the row says so: a payer is never written to twice.

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::hidden::Hidden;
use quita_core::ids::{InvoiceId, MerchantId};
use quita_core::message::{Channel, LedgerKey, Message, MessageState};
use quita_notify::{ChatMessage, Email, chat::slack_payload};
use quita_table::items::Stored;
use quita_table::{Commit, CommitError, Expected};

use crate::deps::Deps;
use crate::error::Unknown;
use crate::facts::Unsayable;
use crate::metrics::{self, MessageOutcome};
use crate::ports::{Evidence, SendError};

/// How long a claim keeps others away: longer than any sender lives.
const LEASE: TimeDelta = TimeDelta::minutes(2);
/// Times a message is tried before it counts as failed.
const ATTEMPTS_MAX: u32 = 5;
/// Longest reason kept.
const REASON_CHARS_MAX: usize = 300;

/// What is to be sent.
pub(crate) enum Payload {
    Email(Box<Email>),
    Chat { url: Hidden, message: Box<ChatMessage> },
}

/// How a message stands after the attempt.
pub(crate) enum Delivered {
    /// Settled: the ledger row to record, and the version it replaces.
    Settled { row: Message, replaces: Option<u64> },
    /// Someone else holds the claim.
    Busy,
}

/// Which row of the ledger, and what to say if it is still to be said.
pub(crate) struct Attempt<'a> {
    pub merchant: &'a MerchantId,
    pub invoice: &'a InvoiceId,
    pub key: LedgerKey,
    pub payload: Result<Payload, Unsayable>,
}

/// Claims and sends. `Err` leaves the claim in place; its lease decides when it is looked at again.
pub(crate) async fn deliver(deps: &Deps, attempt: Attempt<'_>) -> Result<Delivered, Unknown> {
    let now = deps.clock.now();
    let claim = Message {
        merchant: attempt.merchant.clone(),
        invoice: attempt.invoice.clone(),
        key: attempt.key,
        version: 1,
        attempts: 1,
        state: MessageState::Claimed { until: now + LEASE },
    };
    let commit = Commit::new(attempt.merchant).message(&claim, Expected::New);
    let claim = match deps.store.commit(commit).await {
        Ok(()) => claim,
        Err(error) => match found(error)? {
            None => return Ok(Delivered::Busy),
            Some(there) => match take_over(deps, there, now).await? {
                Taken::Claimed(claim) => claim,
                Taken::Settled { row, replaces } => {
                    return Ok(Delivered::Settled { row, replaces });
                }
                Taken::Busy => return Ok(Delivered::Busy),
            },
        },
    };
    let state = match attempt.payload {
        Err(unsayable) => failed(&unsayable.to_string(), now),
        Ok(payload) => send(deps, payload).await?,
    };
    if let MessageState::Released { reason, .. } = &state {
        let reason = reason.clone();
        release(deps, claim, state).await?;
        return Err(Unknown::new("sending a message", reason));
    }
    Ok(settled(claim, state))
}

/// Gives a claim back: what was not sent for sure needs no evidence, only another try.
async fn release(deps: &Deps, claim: Message, state: MessageState) -> Result<(), Unknown> {
    let before = claim.version;
    let released = Message { version: before + 1, state, ..claim };
    let commit = Commit::new(&released.merchant).message(&released, Expected::Version(before));
    deps.store.commit(commit).await?;
    metrics::message_settled(MessageOutcome::NotNow);
    Ok(())
}

enum Taken {
    Claimed(Message),
    Settled { row: Message, replaces: Option<u64> },
    Busy,
}

/// What the row that stands in the way means.
async fn take_over(deps: &Deps, there: Message, now: DateTime<Utc>) -> Result<Taken, Unknown> {
    let evidence = match (&there.state, there.key.channel) {
        (MessageState::Sent { .. } | MessageState::Failed { .. }, _) => {
            return Ok(Taken::Settled { row: there, replaces: None });
        }
        (MessageState::Claimed { until }, _) if *until > now => return Ok(Taken::Busy),
        (MessageState::Released { .. }, _) => Evidence::NotSent,
        (MessageState::Claimed { .. }, Channel::Email) => {
            deps.mailer.evidence(&there.tag()).await?
        }
        (MessageState::Claimed { .. }, Channel::Chat) => Evidence::None,
    };
    let state = match evidence {
        Evidence::Sent(evidence) => MessageState::Sent { at: now, evidence },
        Evidence::None => {
            failed("its sender died and the provider cannot tell; it is not sent again", now)
        }
        Evidence::NotSent if there.attempts >= ATTEMPTS_MAX => {
            failed("tried too often without an answer", now)
        }
        Evidence::NotSent => return reclaim(deps, there, now).await,
    };
    let replaces = Some(there.version);
    Ok(Taken::Settled { row: Message { version: there.version + 1, state, ..there }, replaces })
}

async fn reclaim(deps: &Deps, there: Message, now: DateTime<Utc>) -> Result<Taken, Unknown> {
    let before = there.version;
    let claim = Message {
        version: before + 1,
        attempts: there.attempts + 1,
        state: MessageState::Claimed { until: now + LEASE },
        ..there
    };
    let commit = Commit::new(&claim.merchant).message(&claim, Expected::Version(before));
    match deps.store.commit(commit).await {
        Ok(()) => Ok(Taken::Claimed(claim)),
        Err(CommitError::Conflict(_)) => Ok(Taken::Busy),
        Err(error) => Err(error.into()),
    }
}

async fn send(deps: &Deps, payload: Payload) -> Result<MessageState, Unknown> {
    let sent = match payload {
        Payload::Email(email) => deps.mailer.send(&email).await,
        Payload::Chat { url, message } => post_chat(deps, url.as_str(), &message).await,
    };
    let at = deps.clock.now();
    match sent {
        Ok(evidence) => Ok(MessageState::Sent { at, evidence }),
        Err(SendError::Refused(reason)) => Ok(failed(&reason, at)),
        Err(SendError::NotNow(reason)) => Ok(MessageState::Released { at, reason: cut(&reason) }),
        Err(SendError::Unknown(error)) => Err(error),
    }
}

/// Posts to a Slack-compatible incoming webhook. Its URL is a secret: it is left out of errors.
async fn post_chat(deps: &Deps, url: &str, message: &ChatMessage) -> Result<String, SendError> {
    let unknown = |error: reqwest::Error| {
        SendError::Unknown(Unknown::new("posting to the chat", error.without_url()))
    };
    let http = deps.http.get().map_err(unknown)?;
    let answer = http.post(url).json(&slack_payload(message)).send().await.map_err(unknown)?;
    let status = answer.status();
    if status.is_success() {
        Ok(format!("chat answered {status}"))
    } else {
        // An incoming webhook has no retry contract: 4xx and 5xx both say it was not posted.
        Err(SendError::Refused(format!("the chat answered {status}")))
    }
}

fn settled(claim: Message, state: MessageState) -> Delivered {
    let replaces = Some(claim.version);
    Delivered::Settled { row: Message { version: claim.version + 1, state, ..claim }, replaces }
}

fn failed(reason: &str, at: DateTime<Utc>) -> MessageState {
    MessageState::Failed { at, reason: cut(reason) }
}

fn cut(reason: &str) -> String {
    reason.chars().take(REASON_CHARS_MAX).collect()
}

/// The row that made a claim fail; `None` when another write holds it this very moment.
fn found(error: CommitError) -> Result<Option<Message>, Unknown> {
    match error {
        CommitError::Conflict(conflicts) => {
            Ok(conflicts.into_iter().find_map(|conflict| match conflict.found {
                Some(Stored::Message(message)) => Some(*message),
                _ => None,
            }))
        }
        other => Err(other.into()),
    }
}
