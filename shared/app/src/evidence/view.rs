//! What the outside sees of the message ledger.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use quita_core::hidden::Hidden;
use quita_core::ids::{InvoiceId, MerchantId};
use quita_core::message::{Message, Noted, ProviderTag, SentText, Source};
use quita_table::keys::RecordKey;
use quita_table::store::{ItemRef, READ_ITEMS_MAX};
use serde::Serialize;

use crate::bus::instant;
use crate::deps::Deps;
use crate::error::Unknown;

/// A message of the ledger.
#[derive(Debug, Serialize)]
pub struct MessageView {
    invoice_id: String,
    instalment: u16,
    /// Step of the rule, or `receipt`.
    step: String,
    channel: &'static str,
    revision: u16,
    attempts: u32,
    /// The invoice it was sent about in the first place, where one message told of several.
    sent_with: Option<String>,
    /// What became of it, in a word.
    fate: &'static str,
    /// Nothing more is waited for.
    is_final: bool,
    /// Since when; of a message that is being sent there is no saying.
    at: Option<String>,
    /// Why it bounced, failed or waits.
    reason: Option<String>,
    history: Vec<NotedView>,
    /// What each attempt was to say; empty in a list of several invoices.
    texts: Vec<TextView>,
}

/// Something the provider told.
#[derive(Debug, Serialize)]
struct NotedView {
    at: String,
    sign: &'static str,
    recipient: Option<String>,
    why: Option<String>,
}

#[derive(Debug, Serialize)]
struct TextView {
    attempt: u32,
    at: String,
    subject: Option<String>,
    text: String,
    sha256: String,
    recipients: Vec<String>,
    template: SourceView,
    rule: Option<SourceView>,
    erased_at: Option<String>,
}

#[derive(Debug, Serialize)]
struct SourceView {
    name: String,
    version: u32,
}

impl MessageView {
    /// A message without its texts, as of `now`.
    pub fn of(message: &Message, now: DateTime<Utc>) -> Self {
        let fate = message.fate(now);
        let sent_with = message.lead.as_ref().and_then(|lead| ProviderTag::parse(&lead.tag));
        Self {
            invoice_id: message.invoice.to_string(),
            instalment: message.key.instalment,
            step: message.key.step.clone(),
            channel: message.key.channel.as_str(),
            revision: message.key.revision,
            attempts: message.attempts,
            sent_with: sent_with.map(|tag| tag.invoice.to_string()),
            fate: fate.word.as_str(),
            is_final: fate.is_final,
            at: message.state.at().map(instant),
            reason: message.state.reason().map(str::to_owned),
            history: message.heard.iter().map(NotedView::of).collect(),
            texts: Vec::new(),
        }
    }

    fn with_texts(self, texts: &[&SentText]) -> Self {
        Self { texts: texts.iter().map(|text| TextView::of(text)).collect(), ..self }
    }
}

impl NotedView {
    fn of(noted: &Noted) -> Self {
        Self {
            at: instant(noted.at),
            sign: noted.sign.as_str(),
            recipient: noted.recipient.clone().map(Hidden::into_inner),
            why: noted.why.clone(),
        }
    }
}

impl TextView {
    fn of(sent: &SentText) -> Self {
        Self {
            attempt: sent.attempt,
            at: instant(sent.at),
            subject: sent.subject.clone().map(Hidden::into_inner),
            text: sent.text.as_str().to_owned(),
            sha256: sent.sha256.clone(),
            recipients: sent.recipients.iter().map(|to| to.as_str().to_owned()).collect(),
            template: SourceView::of(&sent.template),
            rule: sent.rule.as_ref().map(SourceView::of),
            erased_at: sent.erased_at.map(instant),
        }
    }
}

impl SourceView {
    fn of(source: &Source) -> Self {
        Self { name: source.name.clone(), version: source.version }
    }
}

/// Every message about an invoice with what it said; `None` where there is no such invoice.
///
/// What became of a message that went out with another's is what became of that one.
pub async fn invoice_messages(
    deps: &Deps,
    merchant: &MerchantId,
    id: &InvoiceId,
) -> Result<Option<Vec<MessageView>>, Unknown> {
    let mut found = deps.store.read(merchant, &[ItemRef::Invoice(id.clone())]).await?;
    if found.take_invoice(id).is_none() {
        return Ok(None);
    }
    let messages = deps.store.messages(merchant, id).await?;
    let mut texts = deps.store.sent_texts(merchant, id).await?;
    let carriers = carriers(deps, merchant, &messages, &mut texts).await?;
    let now = deps.clock.now();
    let view = |message: &Message| {
        let carrier = message.lead.as_ref().and_then(|lead| carriers.get(&lead.tag));
        let (told, of) = match carrier {
            Some(carrier) => (message.with(carrier), &carrier.key),
            None => (message.clone(), &message.key),
        };
        let about = carrier.map_or(&message.invoice, |carrier| &carrier.invoice);
        let of_it = texts.iter().filter(|text| text.key == *of && text.invoice == *about);
        MessageView::of(&told, now).with_texts(&of_it.collect::<Vec<_>>())
    };
    Ok(Some(messages.iter().map(view).collect()))
}

/// The rows that carry messages of others, by their tags; their texts are added.
async fn carriers(
    deps: &Deps,
    merchant: &MerchantId,
    messages: &[Message],
    texts: &mut Vec<SentText>,
) -> Result<HashMap<String, Message>, Unknown> {
    let leads: BTreeSet<(&str, u32)> = messages
        .iter()
        .filter_map(|message| message.lead.as_ref())
        .map(|lead| (lead.tag.as_str(), lead.attempt))
        .collect();
    let named =
        leads.iter().filter_map(|(tag, attempt)| Some((ProviderTag::parse(tag)?, *attempt)));
    let named: Vec<(ProviderTag, u32)> = named.collect();
    let mut carriers = HashMap::new();
    // Two items of each.
    for some in named.chunks(READ_ITEMS_MAX / 2) {
        let refs = some.iter().flat_map(|(tag, attempt)| {
            let text = RecordKey::SentText(tag.invoice.clone(), tag.key.clone(), *attempt);
            [ItemRef::Message(tag.invoice.clone(), tag.key.clone()), ItemRef::Record(text)]
        });
        let mut found = deps.store.read(merchant, &refs.collect::<Vec<_>>()).await?;
        for (tag, attempt) in some {
            let text = RecordKey::SentText(tag.invoice.clone(), tag.key.clone(), *attempt);
            texts.extend(found.take_record::<SentText>(&text)?);
            // Another attempt of it may tell of other debts.
            let row = found.take_message(&tag.invoice, &tag.key);
            if let Some(row) = row.filter(|row| row.attempts == *attempt) {
                carriers.insert(tag.to_string(), row);
            }
        }
    }
    Ok(carriers)
}
