//! Sends the digest of a day: to the team's chat, and by e-mail to who looks after money.
//!
//! Invariant: each recipient is claimed in the checkpoint before anything is sent, and a claim is
//! given back only where the provider took nothing for sure. So a sender that dies leaves one
//! recipient without, never one with two; that one is told of in the log.

use chrono::{NaiveDate, TimeDelta};
use quita_core::access::{Person, Role};
use quita_core::daily::Recipient;
use quita_core::ids::PersonId;
use quita_core::merchant::{Lack, Merchant};
use quita_notify::digest::{DigestDelivery, DigestFacts, render_digest_chat, render_digest_email};
use quita_notify::{ChatMessage, Email};
use quita_table::Cursor;
use quita_table::keys::{List, RecordKey};
use quita_table::store::{ItemRef, PAGE_ITEMS_MAX};

use super::figures::figures;
use super::{Ended, Work};
use crate::access::people::PEOPLE_MAX;
use crate::channels::chat;
use crate::deps::Deps;
use crate::error::{Unknown, chain};
use crate::ports::SendError;

/// Most people who get it; whoever was added later gets none.
const RECIPIENTS_MAX: usize = 50;
/// Rest after something that did not get through, where nobody says how long.
const AGAIN_AFTER: TimeDelta = TimeDelta::minutes(5);

/// What became of one message.
enum Sent {
    Yes,
    /// It was refused, or nobody knows: not again.
    No,
    /// Not now, but after a while.
    Later(TimeDelta),
}

/// Goes on with the digest of a day; answers how the go ended, where it did.
pub(super) async fn digest(work: &mut Work<'_>, day: NaiveDate) -> Result<Option<Ended>, Unknown> {
    let (deps, settings) = (work.deps, work.settings);
    if work.state.digest.as_ref().is_none_or(|digest| digest.day != day) {
        let to = match recipients(deps, settings).await {
            Ok(to) => to,
            Err(error) => return put_off(work, &error).await.map(Some),
        };
        work.state.begin_digest(day, to, deps.clock.now());
        return Ok((!work.save().await?).then_some(Ended::Overtaken));
    }
    let facts = match figures(deps, settings, day).await {
        Ok(facts) => facts,
        Err(error) => return put_off(work, &error).await.map(Some),
    };
    let left = work.state.digest.as_ref().map(|digest| digest.left.clone()).unwrap_or_default();
    let mut wait: Option<TimeDelta> = None;
    for (nth, to) in left.iter().enumerate() {
        if nth > 0 && work.is_over() {
            break;
        }
        let message = match compose(deps, settings, &facts, to).await {
            Ok(message) => message,
            Err(error) => return put_off(work, &error).await.map(Some),
        };
        work.state.claim(to, deps.clock.now());
        let Some(message) = message else {
            work.state.settle(false);
            continue;
        };
        if !work.save().await? {
            return Ok(Some(Ended::Overtaken));
        }
        match send(deps, &message, day, to).await {
            Sent::Yes => work.state.settle(true),
            Sent::No => work.state.settle(false),
            Sent::Later(after) => {
                work.state.give_back();
                wait = wait.max(Some(after));
            }
        }
    }
    let Some(wait) = wait else { return work.rest().await.map(Some) };
    work.state.put_off(wait, deps.clock.now());
    work.end(Ended::Delayed).await.map(Some)
}

async fn put_off(work: &mut Work<'_>, error: &Unknown) -> Result<Ended, Unknown> {
    tracing::error!(error = chain(error), "The digest is put off");
    work.state.put_off(AGAIN_AFTER, work.deps.clock.now());
    work.end(Ended::Delayed).await
}

/// Who gets the digest, unless the merchant turned it off: the chat, if there is one, and who may do
/// something about money, once the merchant has an address to write from.
async fn recipients(deps: &Deps, settings: &Merchant) -> Result<Vec<Recipient>, Unknown> {
    if !settings.daily_digest {
        return Ok(Vec::new());
    }
    let chat = settings.chat_webhook.as_ref().map(|_| Recipient::Chat);
    let mut people = Vec::new();
    if can_mail(settings) {
        let mut cursor: Option<Cursor> = None;
        for _ in 0..PEOPLE_MAX.div_ceil(PAGE_ITEMS_MAX) {
            let asked = (List::People, PAGE_ITEMS_MAX, cursor.as_ref());
            let page = deps.store.records(&settings.merchant, asked.0, asked.1, asked.2).await?;
            people.extend(page.items.into_iter().filter(gets_it).map(|person: Person| person.id));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
    }
    if people.len() > RECIPIENTS_MAX {
        let left_out = people.len() - RECIPIENTS_MAX;
        tracing::warn!(left_out, "More people look after money than get a digest");
        people.truncate(RECIPIENTS_MAX);
    }
    Ok(chat.into_iter().chain(people.into_iter().map(Recipient::Person)).collect())
}

fn can_mail(settings: &Merchant) -> bool {
    let is_sender = |lack: &Lack| matches!(lack, Lack::Sender | Lack::SenderUnverified);
    !settings.lacks().iter().any(is_sender)
}

fn gets_it(person: &Person) -> bool {
    person.removed_at.is_none() && matches!(person.role, Role::Admin | Role::Finance)
}

/// The digest as one recipient gets it.
enum Message<'a> {
    Chat(&'a str, ChatMessage),
    Email(Email),
}

/// Writes it for one recipient; `None` where nobody is there any more.
async fn compose<'a>(
    deps: &Deps,
    settings: &'a Merchant,
    facts: &DigestFacts,
    to: &Recipient,
) -> Result<Option<Message<'a>>, Unknown> {
    let locale = settings.locale;
    Ok(match to {
        Recipient::Chat => {
            let url = settings.chat_webhook.as_ref();
            url.map(|url| Message::Chat(url.as_str(), render_digest_chat(locale, facts)))
        }
        Recipient::Person(id) => {
            let delivery = delivery(deps, settings, facts.day, id).await?;
            delivery.map(|to| Message::Email(render_digest_email(locale, facts, &to)))
        }
    })
}

async fn send(deps: &Deps, message: &Message<'_>, day: NaiveDate, to: &Recipient) -> Sent {
    let outcome = match message {
        Message::Chat(url, message) => chat::post(deps, url, message).await,
        Message::Email(email) => deps.mailer.send(email).await,
    };
    match outcome {
        Ok(_) => Sent::Yes,
        Err(SendError::NotNow(why)) => {
            tracing::warn!(to = ?to, reason = %why, "The digest is not taken now");
            let after = why.retry_after.and_then(|wait| TimeDelta::from_std(wait).ok());
            Sent::Later(after.unwrap_or(AGAIN_AFTER))
        }
        Err(error @ (SendError::Refused(_) | SendError::Unknown(_))) => {
            tracing::error!(
                to = ?to, %day, error = chain(&error),
                "The digest may not have arrived, and is not sent again"
            );
            Sent::No
        }
    }
}

/// How it goes to a person, as they are now; `None` where they do not get it any more.
async fn delivery(
    deps: &Deps,
    settings: &Merchant,
    day: NaiveDate,
    id: &PersonId,
) -> Result<Option<DigestDelivery>, Unknown> {
    let key = RecordKey::Person(id.clone());
    let mut found = deps.store.read(&settings.merchant, &[ItemRef::Record(key.clone())]).await?;
    let person = found.take_record::<Person>(&key)?.filter(gets_it);
    let (Some(person), Some(from)) = (person, settings.from.clone()) else { return Ok(None) };
    Ok(Some(DigestDelivery {
        reply_to: settings.reply_to.clone().unwrap_or_else(|| from.clone()),
        from,
        to: person.email,
        person_name: person.name,
        tag: format!("digest-{}-{day}-{}", settings.merchant, id.ulid()),
    }))
}
