//! A group on channels with room for little: every link, and what it is for.

use quita_core::contact::Phone;
use quita_core::pix_key::PixKey;

use super::{GROUP_SMS_PARTS_MAX, GroupFacts, GroupView, group_view};
use crate::Locale;
use crate::kind::MessageKind;
use crate::sms::{self, SmsMessage, render_sms};
use crate::text::one_line;
use crate::view::{RenderError, check_ledger_key};
use crate::whatsapp::{self, WhatsAppMessage, render_whatsapp};

/// Renders one SMS about all the invoices: count, total, and each with amount, due date and link,
/// behind which its code is a tap away.
///
/// # Errors
/// As [`super::render_group_chat`], and when the links take more than [`GROUP_SMS_PARTS_MAX`].
pub fn render_group_sms(
    kind: MessageKind,
    locale: Locale,
    facts: &GroupFacts,
    to: &Phone,
) -> Result<SmsMessage, RenderError> {
    if facts.others.is_empty() {
        return render_sms(kind, locale, &facts.lead, to);
    }
    let view = group_view(kind, locale, facts)?;
    let t = view.t;
    let merchant = one_line(&view.merchant.name, sms::MERCHANT_CHARS_MAX);
    let asks = sms::address_or_page(&view.reply_to, facts.lead.payment.page().as_str());
    // A space ends each link, or a mark behind it becomes part of it.
    let entries = entries(&view, true).join(" ");
    let text = format!(
        "{merchant}: {}. {}: {}. {entries} {}: {asks}",
        view.invoice.title, t.group_total, view.total, t.sms_questions
    );
    sms::message(&text, GROUP_SMS_PARTS_MAX, to, &facts.lead.delivery)
}

/// Renders one WhatsApp message about all the invoices. It has no button, since that would pay one
/// of them only: every code is behind its link. The words are the same for every tone.
///
/// # Errors
/// As [`super::render_group_chat`], and when not even titles and links fit a body.
pub fn render_group_whatsapp(
    kind: MessageKind,
    locale: Locale,
    facts: &GroupFacts,
    to: &Phone,
    key: &PixKey,
) -> Result<WhatsAppMessage, RenderError> {
    if facts.others.is_empty() {
        return render_whatsapp(kind, locale, &facts.lead, to, key);
    }
    let delivery = &facts.lead.delivery;
    check_ledger_key(delivery)?;
    let view = group_view(kind, locale, facts)?;
    let filled = |with_amounts| {
        let parameters = parameters(&view, facts, with_amounts);
        let body = whatsapp::fill(whatsapp::group_body(locale), &parameters);
        whatsapp::bounded(body).map(|body| (parameters, body))
    };
    let (parameters, body) = filled(true).or_else(|_| filled(false))?;
    let header = whatsapp::group_header(locale);
    Ok(WhatsAppMessage {
        to: to.clone(),
        template: whatsapp::approved("group", locale),
        header_image: None,
        parameters,
        order: None,
        ledger_key: delivery.ledger_key.clone(),
        text: format!("{header}\n\n{body}\n\n{}", whatsapp::footer(locale)),
    })
}

fn parameters(view: &GroupView, facts: &GroupFacts, with_amounts: bool) -> Vec<String> {
    let customer = one_line(&facts.lead.customer_name, crate::text::CUSTOMER_NAME_CHARS_MAX);
    whatsapp::one_line_each(vec![
        customer,
        view.merchant.name.clone(),
        view.invoice.title.clone(),
        view.total.clone(),
        entries(view, with_amounts).join(" | "),
        view.reply_to.clone(),
    ])
}

/// `Fatura 2026-0417: R$ 10,00, vencimento 10/12/2026, https://..`, or without amount and date.
fn entries(view: &GroupView, with_amounts: bool) -> Vec<String> {
    let entry = |item: &super::Item| {
        let (title, page) = (&item.view.invoice.title, &item.view.page);
        match with_amounts {
            true => format!("{title}: {}, {}, {page}", item.view.amount.total, item.due),
            false => format!("{title}: {page}"),
        }
    };
    view.items.iter().map(entry).collect()
}
