//! A message for a chat channel, and its payload for Slack-compatible incoming webhooks.
//!
//! Owns the short form of every message. `text` alone is complete, so that a receiver which ignores
//! blocks loses layout and nothing else.

use serde::Serialize;
use serde_json::{Value, json};

use crate::Locale;
use crate::email::render;
use crate::facts::Facts;
use crate::kind::MessageKind;
use crate::view::{RenderError, View, view};
use crate::wording::Row;

/// Longest text of one block (Slack Block Kit, section text object).
const BLOCK_CHARS_MAX: usize = 3000;

/// A rendered chat message.
///
/// Debug is redacted: the text carries the payer's link and never reaches a log.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct ChatMessage {
    /// The whole message as plain text, unescaped.
    pub text: String,
    /// The same message in parts, for receivers with a layout.
    pub heading: String,
    pub lead: String,
    pub rows: Vec<Row>,
    /// Label and copy-and-paste code; `None` on a receipt.
    pub code: Option<Row>,
    /// Label and URL of the payer's page; `None` where there is no page.
    pub link: Option<Row>,
    pub closing: String,
}

impl std::fmt::Debug for ChatMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ChatMessage({} bytes)", self.text.len())
    }
}

/// Renders one message for chat. `facts` as in [`crate::render_email`].
///
/// # Errors
/// As [`crate::render_email`], except that a chat message has no recipients to check.
pub fn render_chat<'a>(
    kind: MessageKind,
    locale: Locale,
    facts: impl Into<Facts<'a>>,
) -> Result<ChatMessage, RenderError> {
    let view = view(kind, locale, facts.into())?;
    let lead = render(kind, locale, "chat.txt", &view)?.trim().to_owned();
    Ok(assemble(&view, lead))
}

/// The message around a lead that is rendered: every fact a payer needs, whatever the lead says.
pub(crate) fn assemble(view: &View, lead: String) -> ChatMessage {
    let mut message = ChatMessage {
        text: String::new(),
        heading: format!("{} · {}", view.merchant.name, view.invoice.title),
        lead,
        rows: rows(view),
        code: view.payable.as_ref().map(|it| Row::new(view.t.code, it.code.clone())),
        link: Some(Row::new(link_label(view), view.page.clone())),
        closing: format!("{} {}", view.t.chat_questions, view.reply_to),
    };
    message.text = plain_text(&message);
    message
}

fn link_label(view: &View) -> &'static str {
    if view.receipt.is_some() { view.t.receipt_button } else { view.t.button }
}

fn rows(view: &View) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(receipt) = &view.receipt {
        rows.push(Row::new(view.t.amount_paid, receipt.paid.clone()));
        rows.push(Row::new(view.t.paid_at, receipt.paid_at.clone()));
        let label = if receipt.pix { view.t.transaction } else { view.t.payment_id };
        rows.push(Row::new(label, receipt.payment_id.clone()));
        if receipt.is_part {
            rows.extend(view.amount.rows.iter().cloned());
        }
        let part = receipt.part_outstanding.as_ref();
        rows.extend(part.map(|left| Row::new(view.t.part_outstanding, left)));
        if !receipt.settled {
            rows.push(receipt.after.clone());
        }
    }
    if let Some(payable) = &view.payable {
        let amount = format!("{} ({})", view.amount.total, payable.computed_for);
        rows.push(Row::new(view.t.amount_due, amount));
        // One row means that the total is the original amount and needs no explanation.
        if view.amount.rows.len() > 1 {
            rows.extend(view.amount.rows.iter().cloned());
        }
        let moved = view.amount.due_moved.as_ref();
        let due = moved.map(|why| format!("{}. {why}", view.amount.due_date));
        let due = due.unwrap_or_else(|| view.amount.due_date.clone());
        rows.push(Row::new(view.t.due_date, due));
        rows.push(Row::new(view.t.payable_until, payable.last_payable_day.clone()));
        let filed_by = [
            (view.t.po_number, &view.invoice.po_number),
            (view.t.billing_period, &view.invoice.billing_period),
            (view.t.approver, &payable.approver),
        ];
        let filed_by =
            filed_by.into_iter().filter_map(|(label, text)| Some((label, text.as_ref()?)));
        rows.extend(filed_by.map(|(label, text)| Row::new(label, text)));
    }
    rows
}

/// Everything there is, without layout.
pub(crate) fn plain_text(message: &ChatMessage) -> String {
    let mut lines = vec![message.heading.clone(), message.lead.clone(), String::new()];
    lines.extend(message.rows.iter().map(|row| format!("{}: {}", row.label, row.value)));
    if let Some(code) = &message.code {
        lines.extend([String::new(), format!("{}:", code.label), code.value.clone()]);
    }
    lines.push(String::new());
    lines.extend(message.link.iter().map(|link| format!("{}: {}", link.label, link.value)));
    lines.push(message.closing.clone());
    lines.join("\n")
}

/// The payload of a Slack-compatible incoming webhook.
///
/// `&`, `<` and `>` are escaped as Slack asks, so that a name cannot mention a channel or hide a
/// link; text from outside stands in `plain_text` objects, where asterisks mean nothing.
pub fn slack_payload(message: &ChatMessage) -> Value {
    let mut blocks = vec![plain(&message.heading), plain(&message.lead)];
    blocks.extend(in_blocks(&message.rows).iter().map(|text| plain(text)));
    if let Some(code) = &message.code {
        blocks.push(plain(&format!("{}:", code.label)));
        blocks.push(preformatted(&code.value));
    }
    // The link was parsed as a URL without `|`, `<` or `>`; its label is a constant of ours.
    let link = message.link.as_ref();
    let link = link.map(|it| format!("<{}|{}>", escape(&it.value), escape(&it.label)));
    let section = |link| json!({ "type": "section", "text": { "type": "mrkdwn", "text": link } });
    blocks.extend(link.map(section));
    blocks.push(plain(&message.closing));
    json!({ "text": escape(&message.text), "mrkdwn": false, "blocks": blocks })
}

/// The rows in as few blocks as hold them: a code is never cut at the end of one.
fn in_blocks(rows: &[Row]) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    for row in rows {
        let line = format!("{}: {}", row.label, row.value);
        match blocks.last_mut() {
            Some(last) if escape(last).len() + escape(&line).len() < BLOCK_CHARS_MAX => {
                last.push('\n');
                last.push_str(&line);
            }
            _ => blocks.push(line),
        }
    }
    blocks
}

fn plain(text: &str) -> Value {
    let text: String = text.chars().take(BLOCK_CHARS_MAX).collect();
    let text = json!({ "type": "plain_text", "text": escape(&text), "emoji": false });
    json!({ "type": "section", "text": text })
}

/// The code as it is: a preformatted element takes raw text and parses nothing in it.
fn preformatted(code: &str) -> Value {
    let text = json!({ "type": "text", "text": code });
    let element = json!({ "type": "rich_text_preformatted", "elements": [text] });
    json!({ "type": "rich_text", "elements": [element] })
}

/// Slack's three control characters, in the order that escapes nothing twice.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
