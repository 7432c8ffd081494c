//! Shows what would be sent, byte for byte: a draft or what is published, with an invoice's own
//! facts or with a sample's.
//!
//! It renders by the very function a message is rendered by, and writes nothing.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use quita_core::customer::Customer;
use quita_core::ids::{InvoiceId, MerchantId};
use quita_core::invoice::{Instalment, Invoice};
use quita_core::merchant::Merchant;
use quita_core::message::{Channel, LedgerKey};
use quita_core::template::{TemplateDraft, TemplateKey};
use quita_core::violation::Violation;
use quita_notify::custom::{self, Recipient, Rendered, Sample, samples};
use quita_notify::{Facts, PayableFacts, ReceiptFacts};
use quita_table::store::ItemRef;
use serde::Serialize;

use super::publish::{Refused, parse, unsaved};
use super::wording::Wording;
use super::{for_step, version};
use crate::deps::Deps;
use crate::error::Unknown;
use crate::facts::{self, Unsayable};

/// Step of a message that no step sends, in its name.
const PREVIEW_STEP: &str = "preview";

/// What is to be shown.
#[derive(Debug, Clone)]
pub struct PreviewDraft {
    pub name: String,
    /// Its channel and language, and its sources unless `published`.
    pub template: TemplateDraft,
    /// Whether what is published is shown instead of sources of the draft's own.
    pub published: bool,
    /// Another version than the latest.
    pub version: Option<u32>,
    /// Whose facts are shown; a sample's where it is `None`.
    pub invoice: Option<String>,
    /// Of the invoice, from 1; the first where it is `None`.
    pub instalment: Option<u16>,
    /// The step that would send it, which is part of the name of its picture.
    pub step: Option<String>,
    /// Name of a sample; the first where it is `None`.
    pub sample: Option<String>,
}

/// A message as it would be sent.
#[derive(Debug, Serialize)]
pub struct PreviewView {
    name: String,
    channel: Channel,
    locale: quita_core::customer::Locale,
    /// The version that was rendered; 0 for what comes with the product, `null` for a draft.
    version: Option<u32>,
    /// Names of the samples there are for it.
    samples: Vec<&'static str>,
    subject: Option<String>,
    text: String,
    html: Option<String>,
    /// Of an approved WhatsApp template.
    parameters: Option<Vec<String>>,
    /// How many an SMS is charged as.
    parts: Option<u8>,
}

/// The facts that are shown, wherever they come from.
enum Shown {
    Sample(Sample),
    Payable(Box<PayableFacts>),
    Receipt(Box<ReceiptFacts>),
}

impl Shown {
    fn facts(&self) -> Facts<'_> {
        match self {
            Self::Sample(sample) => sample.facts(),
            Self::Payable(facts) => Facts::Payable(facts),
            Self::Receipt(facts) => Facts::Receipt(facts),
        }
    }
}

/// Renders a template without sending it.
pub async fn preview(
    deps: &Deps,
    merchant: &MerchantId,
    draft: &PreviewDraft,
) -> Result<Result<PreviewView, Refused>, Unknown> {
    let (key, wording) = match wording(deps, merchant, draft).await? {
        Ok(found) => found,
        Err(refused) => return Ok(Err(refused)),
    };
    let kind = wording.kind();
    let all = samples(kind);
    let names: Vec<&'static str> = all.iter().map(|sample| sample.name).collect();
    let stand_in = all.first().map(Sample::recipient).unwrap_or_default();
    let (shown, invoice, settings) = match &draft.invoice {
        Some(id) => {
            let found = of_invoice(deps, merchant, draft, (id, &key), kind.is_payable()).await?;
            match found {
                Ok((shown, invoice, settings)) => (shown, Some(invoice), Some(settings)),
                Err(refused) => return Ok(Err(refused)),
            }
        }
        None => {
            let asked = draft.sample.as_deref().or(names.first().copied()).unwrap_or_default();
            let sample = all.into_iter().find(|sample| sample.name == asked);
            let unknown = || invalid("sample", format!("use one of: {}", names.join(", ")));
            match sample {
                Some(sample) => (Shown::Sample(sample), None, None),
                None => return Ok(Err(unknown())),
            }
        }
    };
    let party = invoice.as_ref().map(|invoice| &invoice.bill_to);
    let to = Recipient {
        phone: party.and_then(|party| party.phone.as_ref()).or(stand_in.phone),
        pix_key: settings.as_ref().and_then(|it| it.pix_key.as_ref()).or(stand_in.pix_key),
        address: party.and_then(|party| party.address.as_ref()).or(stand_in.address),
    };
    let version = (!matches!(&wording, Wording::Own(own) if own.number == 0))
        .then(|| wording.source().version);
    match wording.render(key.channel, shown.facts(), &to) {
        Ok(rendered) => Ok(Ok(view(key, version, names, rendered))),
        Err(error) => Ok(Err(Refused::Conflict(error.to_string()))),
    }
}

/// The words that are asked for.
async fn wording(
    deps: &Deps,
    merchant: &MerchantId,
    draft: &PreviewDraft,
) -> Result<Result<(TemplateKey, Wording), Refused>, Unknown> {
    if !draft.published {
        return Ok(of_draft(merchant, draft));
    }
    let key = match draft.template.key(&draft.name) {
        Ok(key) => key,
        Err(faults) => return Ok(Err(Refused::Invalid(faults))),
    };
    let wording = match draft.version {
        Some(number) => match version(deps, merchant, &key, number).await? {
            Some(version) => Wording::Own(version),
            None => return Ok(Err(Refused::NotFound)),
        },
        None => for_step(deps, merchant, &draft.name, key.channel, key.locale).await?,
    };
    if matches!(wording, Wording::Missing { .. }) {
        return Ok(Err(Refused::NotFound));
    }
    Ok(Ok((key, wording)))
}

/// A draft's own words, when nothing is wrong with them.
fn of_draft(
    merchant: &MerchantId,
    draft: &PreviewDraft,
) -> Result<(TemplateKey, Wording), Refused> {
    let (key, checked) = parse(&draft.name, &draft.template).map_err(Refused::Invalid)?;
    let version = unsaved(merchant, &key, &checked);
    let faults = custom::faults(&version);
    if faults.is_empty() {
        Ok((key, Wording::Own(Arc::new(version))))
    } else {
        Err(Refused::Invalid(faults))
    }
}

/// The facts of an invoice, as a message about it would have them now.
async fn of_invoice(
    deps: &Deps,
    merchant: &MerchantId,
    draft: &PreviewDraft,
    (id, template): (&str, &TemplateKey),
    payable: bool,
) -> Result<Result<(Shown, Invoice, Merchant), Refused>, Unknown> {
    let Ok(id) = InvoiceId::parse(id) else { return Ok(Err(Refused::NotFound)) };
    let refs = [ItemRef::Merchant, ItemRef::Invoice(id.clone())];
    let mut found = deps.store.read(merchant, &refs).await?;
    let (Some(settings), Some(invoice)) = (found.take_merchant(), found.take_invoice(&id)) else {
        return Ok(Err(Refused::NotFound));
    };
    let number = draft.instalment.unwrap_or(1);
    let Some(instalment) = invoice.instalment(number) else {
        let reason = format!("the invoice has {} instalments", invoice.instalments.len());
        return Ok(Err(invalid("instalment", reason)));
    };
    let step = draft.step.clone().unwrap_or_else(|| PREVIEW_STEP.to_owned());
    if !quita_table::keys::is_step(&step) {
        let reason = "use lower-case letters, digits, _ or -".to_owned();
        return Ok(Err(invalid("step", reason)));
    }
    let revision = instalment.charge().revision;
    let key = LedgerKey { instalment: number, step, channel: template.channel, revision };
    let now = deps.clock.now();
    let shown = match payable {
        true => {
            let customer = [ItemRef::Customer(invoice.customer.clone())];
            let mut found = deps.store.read(merchant, &customer).await?;
            let customer = found.take_customer(&invoice.customer);
            let parties = (&settings, customer.as_ref());
            payable_facts(deps, parties, &invoice, instalment, &key, now)
        }
        false => receipt_facts(deps, &settings, &invoice, instalment, &key, now),
    };
    let told = |error: Unsayable| Refused::Conflict(error.to_string());
    Ok(shown.map(|shown| (shown, invoice, settings)).map_err(told))
}

fn payable_facts(
    deps: &Deps,
    (settings, customer): (&Merchant, Option<&Customer>),
    invoice: &Invoice,
    instalment: &Instalment,
    key: &LedgerKey,
    now: DateTime<Utc>,
) -> Result<Shown, Unsayable> {
    let to = invoice.bill_to.emails.clone();
    let of = (invoice, instalment);
    let facts = facts::payable(settings, customer, of, (key, to), &deps.config, now)?;
    Ok(Shown::Payable(Box::new(facts)))
}

fn receipt_facts(
    deps: &Deps,
    settings: &Merchant,
    invoice: &Invoice,
    instalment: &Instalment,
    key: &LedgerKey,
    now: DateTime<Utc>,
) -> Result<Shown, Unsayable> {
    let payment = instalment.payments.last();
    let payment = payment.ok_or_else(|| Unsayable::new("nothing was paid on it yet"))?;
    let key = LedgerKey { revision: payment.ordinal, ..key.clone() };
    let facts = facts::receipt(settings, invoice, instalment, payment, &key, &deps.config, now)?;
    Ok(Shown::Receipt(Box::new(facts)))
}

fn view(
    key: TemplateKey,
    version: Option<u32>,
    samples: Vec<&'static str>,
    rendered: Rendered,
) -> PreviewView {
    let mut view = PreviewView {
        name: key.name.as_str().to_owned(),
        channel: key.channel,
        locale: key.locale,
        version,
        samples,
        subject: None,
        text: String::new(),
        html: None,
        parameters: None,
        parts: None,
    };
    match rendered {
        Rendered::Email(email) => {
            (view.subject, view.html) = (Some(email.subject), Some(email.html));
            view.text = email.text;
        }
        Rendered::Chat(chat) => view.text = chat.text,
        Rendered::Sms(sms) => (view.text, view.parts) = (sms.text, Some(sms.parts)),
        Rendered::WhatsApp(message) => {
            (view.text, view.parameters) = (message.text, Some(message.parameters));
        }
        Rendered::Letter(letter) => view.text = letter.text,
    }
    view
}

fn invalid(property: &str, reason: String) -> Refused {
    Refused::Invalid(vec![Violation::new(property, reason)])
}
