//! Several invoices of one customer in one message.
//!
//! Owns the group and its e-mail and chat forms; the short forms are in `short`. The first invoice
//! leads: its message opens the text and sets the tone. Every invoice keeps its own amount, due
//! date, link and code, since each is its own charge.
//!
//! Invariant: one merchant, one customer, one set of recipients. A group of one is the ordinary
//! message about that invoice.

use minijinja::value::Serde;
use quita_core::money::Money;
use serde::Serialize;

use crate::Locale;
use crate::chat::{ChatMessage, plain_text, render_chat};
use crate::email::{Email, InlineImage, Mailbox, SUBJECT_CHARS_MAX, render, render_email};
use crate::facts::{Facts, PayableFacts};
use crate::format::money;
use crate::kind::MessageKind;
use crate::labels::Labels;
use crate::templates::environment;
use crate::text::one_line;
use crate::view::{MerchantView, RenderError, View, check_delivery, view};
use crate::wording::Row;

mod short;

pub use short::{render_group_sms, render_group_whatsapp};

/// Most invoices of one message, the first included.
pub const GROUP_MAX: usize = 10;
/// Most parts of an SMS about a group. Ten come to 1530 characters, and providers take 1600.
pub const GROUP_SMS_PARTS_MAX: u8 = 10;

/// The invoices of one message.
#[derive(Debug, Clone)]
pub struct GroupFacts {
    /// Opens the message, sets its tone, and lends it sender, recipients and ledger key.
    pub lead: PayableFacts,
    /// The others in the order they are shown, at most [`GROUP_MAX`] with the first one.
    pub others: Vec<PayableFacts>,
}

impl GroupFacts {
    fn all(&self) -> impl Iterator<Item = &PayableFacts> {
        std::iter::once(&self.lead).chain(&self.others)
    }
}

/// What the templates of a group see.
#[derive(Serialize)]
pub(crate) struct GroupView {
    lang: &'static str,
    t: &'static Labels,
    merchant: MerchantView,
    invoice: Title,
    /// The first message's own words, salutation included.
    salutation: String,
    reply_to: String,
    reply_to_href: String,
    check_receiver: String,
    computed_for: String,
    /// Who approves the payer's payments.
    approver: Option<String>,
    items: Vec<Item>,
    total: String,
}

/// Where a single message has its invoice: `3 faturas`.
#[derive(Serialize)]
struct Title {
    title: String,
}

#[derive(Serialize)]
struct Item {
    /// `vencimento 10/12/2026`.
    due: String,
    #[serde(flatten)]
    view: View,
}

/// Renders one e-mail about all the invoices. Each has its own QR picture.
///
/// # Errors
/// As [`render_email`] for the first invoice; when there are more than [`GROUP_MAX`]; when they
/// are of different merchants, customers or recipients; when their total is out of range.
pub fn render_group_email(
    kind: MessageKind,
    locale: Locale,
    facts: &GroupFacts,
) -> Result<Email, RenderError> {
    if facts.others.is_empty() {
        return render_email(kind, locale, &facts.lead);
    }
    let delivery = &facts.lead.delivery;
    check_delivery(delivery)?;
    let view = group_view(kind, locale, facts)?;
    let name = || Some(view.merchant.name.clone());
    let customer = one_line(&facts.lead.customer_name, crate::text::CUSTOMER_NAME_CHARS_MAX);
    let to = delivery
        .to
        .iter()
        .map(|address| Mailbox { name: Some(customer.clone()), address: address.clone() });
    let inline = facts.all().zip(&view.items).map(|(facts, item)| InlineImage {
        content_id: item.content_id().to_owned(),
        media_type: "image/png".to_owned(),
        bytes: facts.payment.qr().bytes().to_vec(),
    });
    let page = |file| environment().get_template(file)?.render(Serde(&view));
    Ok(Email {
        from: Mailbox { name: name(), address: delivery.from.clone() },
        to: to.collect(),
        reply_to: Mailbox { name: name(), address: delivery.reply_to.clone() },
        subject: subject(&view, locale),
        text: page("group.txt")?,
        html: page("group.html")?,
        inline: inline.collect(),
        ledger_key: delivery.ledger_key.clone(),
    })
}

/// Renders one chat message about all the invoices.
///
/// # Errors
/// As [`render_group_email`], except that there are no recipients to check.
pub fn render_group_chat(
    kind: MessageKind,
    locale: Locale,
    facts: &GroupFacts,
) -> Result<ChatMessage, RenderError> {
    if facts.others.is_empty() {
        return render_chat(kind, locale, &facts.lead);
    }
    let view = group_view(kind, locale, facts)?;
    let mut rows = Vec::new();
    for Item { due, view: item } in &view.items {
        let code = item.payable.as_ref().map(|payable| payable.code.clone());
        rows.push(Row::new(item.invoice.title.clone(), format!("{}, {due}", item.amount.total)));
        rows.extend(code.map(|code| Row::new(view.t.code, code)));
        rows.push(Row::new(view.t.button, item.page.clone()));
    }
    let total = format!("{} ({})", view.total, view.computed_for);
    rows.push(Row::new(view.t.group_total, total));
    let mut message = ChatMessage {
        text: String::new(),
        heading: format!("{} · {}", view.merchant.name, view.invoice.title),
        lead: view.salutation.clone(),
        rows,
        code: None,
        link: Some(Row::new(view.t.button, facts.lead.payment.page().as_str())),
        closing: format!("{} {}", view.t.chat_questions, view.reply_to),
    };
    message.text = plain_text(&message);
    Ok(message)
}

impl Item {
    fn content_id(&self) -> &str {
        self.view.payable.as_ref().map_or("", |payable| &payable.qr_content_id)
    }
}

fn subject(view: &GroupView, locale: Locale) -> String {
    let what = match locale {
        Locale::PtBr => "valores, vencimentos e Pix",
        Locale::En => "amounts, due dates and Pix",
    };
    let subject = format!("{} ({}): {what}", view.invoice.title, view.merchant.name);
    one_line(&subject, SUBJECT_CHARS_MAX)
}

/// Checks the group and puts all of it into words.
fn group_view(
    kind: MessageKind,
    locale: Locale,
    facts: &GroupFacts,
) -> Result<GroupView, RenderError> {
    check(facts)?;
    let lead = view(kind, locale, Facts::Payable(&facts.lead))?;
    let salutation = render(kind, locale, "chat.txt", &lead)?.trim().to_owned();
    let payable = lead.payable.as_ref().ok_or(RenderError::WrongFacts(kind))?;
    let computed_for = payable.computed_for.clone();
    let (check_receiver, approver) = (payable.check_receiver.clone(), payable.approver.clone());
    let total = facts
        .all()
        .try_fold(Money::ZERO, |sum, facts| sum.checked_add(facts.payment.amount().total));
    let (merchant, reply_to) = (lead.merchant.clone(), lead.reply_to.clone());
    let (lang, t, reply_to_href) = (lead.lang, lead.t, lead.reply_to_href.clone());
    let mut items = vec![Item { due: due(&lead, locale), view: lead }];
    for (nth, other) in facts.others.iter().enumerate() {
        items.push(item(nth + 2, other, &facts.lead, locale)?);
    }
    Ok(GroupView {
        lang,
        t,
        merchant,
        invoice: Title { title: title(&items, locale) },
        salutation,
        reply_to,
        reply_to_href,
        check_receiver,
        computed_for,
        approver,
        total: money(total.ok_or(RenderError::GroupTotal)?, locale),
        items,
    })
}

/// One of the others. Its words assume nothing of its due date, which may differ from the first's.
fn item(
    nth: usize,
    facts: &PayableFacts,
    lead: &PayableFacts,
    locale: Locale,
) -> Result<Item, RenderError> {
    let mut view = view(MessageKind::ChargeIssued, locale, Facts::Payable(facts))?;
    let (key, domain) = (&lead.delivery.ledger_key, lead.delivery.from.domain());
    if let Some(payable) = &mut view.payable {
        payable.qr_content_id = format!("qr{nth}.{key}@{domain}");
    }
    Ok(Item { due: due(&view, locale), view })
}

fn due(view: &View, locale: Locale) -> String {
    let label = match locale {
        Locale::PtBr => "vencimento",
        Locale::En => "due date",
    };
    format!("{label} {}", view.amount.due_date)
}

/// `3 faturas`; instalments are called so, since several may be of one invoice.
fn title(items: &[Item], locale: Locale) -> String {
    let instalments = items.iter().filter(|item| item.view.invoice.instalment.is_some()).count();
    let word = match (locale, instalments) {
        (Locale::PtBr, 0) => "faturas",
        (Locale::PtBr, some) if some == items.len() => "parcelas",
        (Locale::PtBr, _) => "faturas e parcelas",
        (Locale::En, 0) => "invoices",
        (Locale::En, some) if some == items.len() => "instalments",
        (Locale::En, _) => "invoices and instalments",
    };
    format!("{} {word}", items.len())
}

fn check(facts: &GroupFacts) -> Result<(), RenderError> {
    if facts.others.len() >= GROUP_MAX {
        return Err(RenderError::GroupSize);
    }
    let lead = &facts.lead;
    let alike = facts.others.iter().all(|other| {
        other.merchant == lead.merchant
            && other.customer_name == lead.customer_name
            && other.delivery.to == lead.delivery.to
            && other.payment.amount().on == lead.payment.amount().on
    });
    if alike { Ok(()) } else { Err(RenderError::GroupMixed) }
}
