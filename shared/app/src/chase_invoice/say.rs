//! What the message of a step says, on each channel that reaches somebody.
//!
//! Owns the passage from debts to payloads. Does not own the words ([`quita_notify`]) nor whether
//! the message is due.

use chrono::{DateTime, Utc};
use quita_core::customer::{Customer, Locale};
use quita_core::merchant::Merchant;
use quita_core::message::{Channel, Source};
use quita_notify::{
    GroupFacts, MessageKind, PayableFacts, RenderError, render_group_chat, render_group_email,
    render_group_sms, render_group_whatsapp,
};

use super::reach::{Reached, reach};
use super::verdict::Debt;
use crate::deliver::{Envelope, Payload};
use crate::deps::Deps;
use crate::error::Unknown;
use crate::facts::{self, Unsayable};
use crate::templates::{self, SHIPPED_VERSION, Wording, WordingError};

/// Channel and addresses that the step of `lead` reaches.
pub(crate) fn reached(
    settings: &Merchant,
    customer: &Customer,
    lead: &Debt,
) -> Vec<(Channel, Reached)> {
    let Some(how) = &lead.deed.step.how else { return Vec::new() };
    let channels = lead.deed.step.channels();
    let of = |channel| {
        let to = reach(settings, &lead.of.invoice, customer, how.audience, channel)?;
        Some((channel, to))
    };
    channels.filter_map(of).collect()
}

/// The message about `debts`, the first of which leads, on each channel.
pub(crate) async fn envelopes(
    deps: &Deps,
    (settings, customer): (&Merchant, &Customer),
    debts: &[Debt],
    reached: Vec<(Channel, Reached)>,
    now: DateTime<Utc>,
) -> Result<Vec<Envelope>, Unknown> {
    let mut envelopes = Vec::with_capacity(reached.len());
    for (channel, to) in reached {
        let lead = debts.first().and_then(|lead| Some((lead, lead.deed.step.how.as_ref()?)));
        let Some((lead, how)) = lead else { continue };
        let locale = lead.of.invoice.bill_to.locale;
        let merchant = &settings.merchant;
        let wording = templates::for_step(deps, merchant, &how.template, channel, locale).await?;
        let template = match debts {
            [_] => wording.source(),
            _ => Source { name: wording.kind().as_str().to_owned(), version: SHIPPED_VERSION },
        };
        let parties = (settings, customer);
        let payload = payload(deps, parties, debts, &wording, (channel, to), now);
        envelopes.push(Envelope { channel, payload, template });
    }
    Ok(envelopes)
}

fn payload(
    deps: &Deps,
    (settings, customer): (&Merchant, &Customer),
    debts: &[Debt],
    wording: &Wording,
    (channel, to): (Channel, Reached),
    now: DateTime<Utc>,
) -> Result<Payload, Unsayable> {
    let parties = (settings, customer);
    let mut all = debts.iter().map(|debt| payable(deps, parties, debt, channel, &to, now));
    let lead = all.next().ok_or_else(|| Unsayable::new("it tells of nothing"))??;
    let others: Vec<PayableFacts> = all.collect::<Result<_, _>>()?;
    match others.is_empty() {
        true => alone(settings, wording, &lead, to).map_err(Unsayable::new),
        false => {
            let locale = debts.first().map(|debt| debt.of.invoice.bill_to.locale);
            let kind = (wording.kind(), locale.unwrap_or_default());
            group(settings, kind, &GroupFacts { lead, others }, to).map_err(Unsayable::new)
        }
    }
}

fn alone(
    settings: &Merchant,
    wording: &Wording,
    facts: &PayableFacts,
    to: Reached,
) -> Result<Payload, WordingError> {
    Ok(match to {
        Reached::Email(_) => Payload::Email(Box::new(wording.email(facts)?)),
        Reached::Chat(url) => Payload::Chat { url, message: Box::new(wording.chat(facts)?) },
        Reached::WhatsApp(phone) => {
            let key = settings.pix_key.as_ref().ok_or(RenderError::Blank("Pix key"))?;
            Payload::WhatsApp(Box::new(wording.whatsapp(facts, &phone, key)?))
        }
        Reached::Sms(phone) => Payload::Sms(Box::new(wording.sms(facts, &phone)?)),
        Reached::Letter(to) => Payload::Letter(Box::new(wording.letter(facts, &to)?)),
    })
}

/// The words about several invoices are the product's own: a merchant's are about one.
fn group(
    settings: &Merchant,
    (kind, locale): (MessageKind, Locale),
    facts: &GroupFacts,
    to: Reached,
) -> Result<Payload, RenderError> {
    Ok(match to {
        Reached::Email(_) => Payload::Email(Box::new(render_group_email(kind, locale, facts)?)),
        Reached::Chat(url) => {
            let message = Box::new(render_group_chat(kind, locale, facts)?);
            Payload::Chat { url, message }
        }
        Reached::WhatsApp(phone) => {
            let key = settings.pix_key.as_ref().ok_or(RenderError::Blank("Pix key"))?;
            let message = render_group_whatsapp(kind, locale, facts, &phone, key)?;
            Payload::WhatsApp(Box::new(message))
        }
        Reached::Sms(phone) => {
            Payload::Sms(Box::new(render_group_sms(kind, locale, facts, &phone)?))
        }
        // A letter has one slip, so its step is never told together with others.
        Reached::Letter(_) => return Err(RenderError::GroupSize),
    })
}

fn payable(
    deps: &Deps,
    (settings, customer): (&Merchant, &Customer),
    debt: &Debt,
    channel: Channel,
    to: &Reached,
    now: DateTime<Utc>,
) -> Result<PayableFacts, Unsayable> {
    let invoice = &debt.of.invoice;
    let instalment = invoice.instalment(debt.deed.number);
    let instalment = instalment.ok_or_else(|| Unsayable::new("the instalment is gone"))?;
    let to = match to {
        Reached::Email(to) => to.clone(),
        Reached::Chat(_) | Reached::WhatsApp(_) | Reached::Sms(_) | Reached::Letter(_) => {
            Vec::new()
        }
    };
    let (of, key) = ((invoice, instalment), debt.key(channel));
    facts::payable(settings, Some(customer), of, (&key, to), &deps.config, now)
}
