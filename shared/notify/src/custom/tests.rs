//! Fears about what merchants write: a message nobody can pay from, a template that never ends, a
//! fault that is told one at a time, a name that becomes markup.

mod incomplete;
mod language;
mod limits;
mod sent;

use chrono::DateTime;
use quita_core::customer::Locale;
use quita_core::ids::MerchantId;
use quita_core::message::Channel;
use quita_core::template::{Category, Content, TemplateKey, TemplateName, TemplateVersion};

use super::*;
use crate::facts::PayableFacts;

/// A version of a name in a language.
fn version_of(name: &str, locale: Locale, content: Content) -> TemplateVersion {
    let name = TemplateName::parse(name).unwrap();
    let channel: Channel = content.channel();
    TemplateVersion {
        merchant: MerchantId::parse("mer_acme").unwrap(),
        key: TemplateKey { name, channel, locale },
        number: 1,
        tone: None,
        content,
        published_at: DateTime::UNIX_EPOCH,
        published_by: "usr_1".to_owned(),
    }
}

fn version(content: Content) -> TemplateVersion {
    version_of("nudge", Locale::PtBr, content)
}

fn sms(text: &str) -> Content {
    Content::Sms { text: text.to_owned() }
}

/// What a payer needs, and nothing else.
const TEXT: &str = "{{ salutation }} {{ amount.total }} até {{ amount.due_date }}\n\
    {{ payable.code }}\n{{ page }}\n";
const HTML: &str = "<p>{{ salutation }}</p><p>{{ amount.total }}, {{ amount.due_date }}</p>\
    <img src=\"cid:{{ payable.qr_content_id }}\" alt=\"QR\"><p>{{ payable.code }}</p>";
const SUBJECT: &str = "{{ invoice.title }} ({{ merchant.name }})";

fn email(subject: &str, text: &str, html: &str) -> Content {
    let [subject, text, html] = [subject, text, html].map(str::to_owned);
    Content::Email { subject, text, html }
}

fn whatsapp(text: &str, parameters: &[&str], order_button: bool) -> Content {
    Content::WhatsApp {
        approved_name: "due_today_1".to_owned(),
        category: Category::Utility,
        text: text.to_owned(),
        parameters: parameters.iter().map(|&it| it.to_owned()).collect(),
        order_button,
        qr_header: false,
    }
}

/// The faults of a content, each as `property: reason`.
fn told(content: Content) -> Vec<String> {
    told_of(&version(content))
}

fn told_of(version: &TemplateVersion) -> Vec<String> {
    faults(version).iter().map(|it| format!("{}: {}", it.property, it.reason)).collect()
}

/// The facts of a payable sample.
fn payable(name: &str) -> PayableFacts {
    let samples = samples(MessageKind::ChargeIssued);
    let sample = samples.iter().find(|sample| sample.name == name).unwrap();
    let Facts::Payable(facts) = sample.facts() else { panic!("{name} is a receipt") };
    facts.clone()
}
