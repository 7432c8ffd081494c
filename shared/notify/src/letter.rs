//! Letters: an A4 page for a window envelope, with a Pix slip at its end, as PDF.
//!
//! Owns what a letter says and its order on paper; `layout` owns the places, `sheet` the file.
//! Does not print and does not post.
//!
//! A letter is read days after it was written, so its days are absolute and its amount is named
//! with the day it holds for; the Pix itself computes the amount of the day it is paid. Through the
//! window of an envelope only name and address show.

use quita_core::customer::Address;

use crate::Locale;
use crate::email::render;
use crate::facts::{Facts, PayableFacts};
use crate::format::date;
use crate::kind::MessageKind;
use crate::parts::QrPicture;
use crate::text::one_line;
use crate::view::{RenderError, View, check_ledger_key, view};
use crate::wording::Row;

mod layout;
mod picture;
mod sheet;
mod typeface;

/// Longest line of an address, in characters.
const ADDRESS_LINE_CHARS_MAX: usize = 120;

/// A rendered letter.
///
/// Debug is redacted: it carries an address, the payer's link and a code.
#[derive(Clone, PartialEq, Eq)]
pub struct LetterMessage {
    pub to_name: String,
    pub to_address: Address,
    /// The letter itself. The same facts give the same bytes.
    pub pdf: Vec<u8>,
    pub ledger_key: String,
    /// What stands in it, for the history.
    pub text: String,
}

impl std::fmt::Debug for LetterMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LetterMessage({}, {} bytes)", self.ledger_key, self.pdf.len())
    }
}

/// A letter in words, from top to bottom.
struct Letter {
    sender: String,
    /// `CNPJ 11.222.333/0001-81`.
    sender_document: Option<String>,
    /// Name, street, city and state, postal code.
    address: Vec<String>,
    /// The day it was written; a receipt has none but the day of its payment.
    day: Option<String>,
    heading: String,
    paragraphs: Vec<String>,
    facts: Vec<Row>,
    /// What the total is made up of, then the total.
    breakdown: (String, Vec<Row>, Row),
    slip: Option<Slip>,
    /// Label and address of the payer's page.
    link: Row,
    closing: Vec<String>,
}

/// The part that can be cut off and paid from.
struct Slip {
    scan: String,
    amount: Row,
    facts: Vec<Row>,
    notes: Vec<String>,
    code: Row,
}

/// Renders one letter. `facts` as in [`crate::render_email`].
///
/// # Errors
/// As [`crate::render_email`], without its recipients; when a line of the address is blank; when
/// the QR picture is transparent, interlaced or of 16 bits.
pub fn render_letter<'a>(
    kind: MessageKind,
    locale: Locale,
    facts: impl Into<Facts<'a>>,
    to: &Address,
) -> Result<LetterMessage, RenderError> {
    let facts = facts.into();
    check_ledger_key(facts.delivery())?;
    let view = view(kind, locale, facts)?;
    let body = render(kind, locale, "letter.txt", &view)?;
    assemble(&view, locale, facts, &body, to)
}

/// The letter around a body that is rendered: every fact a payer needs, whatever the body says.
pub(crate) fn assemble(
    view: &View,
    locale: Locale,
    facts: Facts<'_>,
    body: &str,
    to: &Address,
) -> Result<LetterMessage, RenderError> {
    let letter = letter(view, locale, facts, body, to)?;
    let read = |qr: &QrPicture| picture::parse(qr.bytes()).ok_or(RenderError::QrPicture);
    let (pictures, brand) = match facts {
        Facts::Payable(facts) => {
            let page = facts.page_qr.as_ref().map(read).transpose()?;
            ([Some(read(facts.payment.qr())?), page], facts.merchant.brand)
        }
        Facts::Receipt(facts) => ([None, None], facts.merchant.brand),
    };
    let pictures = [pictures[0].as_ref(), pictures[1].as_ref()];
    let ink = brand.unwrap_or_default().channels();
    Ok(LetterMessage {
        to_name: view.customer.clone(),
        to_address: to.clone(),
        pdf: layout::pdf(&letter, pictures, ink, locale),
        ledger_key: facts.delivery().ledger_key.clone(),
        text: plain_text(&letter),
    })
}

fn letter(
    view: &View,
    locale: Locale,
    facts: Facts<'_>,
    body: &str,
    to: &Address,
) -> Result<Letter, RenderError> {
    let t = view.t;
    let paragraphs = body.split("\n\n").map(|text| one_line(text, usize::MAX));
    let salutation = std::iter::once(t.letter_salutation.to_owned());
    let day = match facts {
        Facts::Payable(facts) => Some(date(facts.payment.amount().on, locale)),
        Facts::Receipt(_) => None,
    };
    let question = format!("{} {}.", t.letter_questions, view.reply_to);
    let before = if view.receipt.is_some() { t.not_a_tax_document } else { t.already_paid };
    let parts = view.receipt.as_ref().is_some_and(|receipt| receipt.is_part);
    let breakdown = if parts { t.counted } else { t.breakdown };
    let button = match facts {
        Facts::Payable(PayableFacts { page_qr: Some(_), .. }) => t.letter_page,
        Facts::Payable(_) => t.button,
        Facts::Receipt(_) => t.receipt_button,
    };
    Ok(Letter {
        sender: view.merchant.name.clone(),
        sender_document: view.merchant.cnpj.as_ref().map(|cnpj| format!("CNPJ {cnpj}")),
        address: address(&view.customer, to)?,
        day,
        heading: view.invoice.title.clone(),
        paragraphs: salutation.chain(paragraphs.filter(|text| !text.is_empty())).collect(),
        facts: fact_rows(view),
        breakdown: (
            breakdown.to_owned(),
            view.amount.rows.clone(),
            Row::new(t.total, view.amount.total.clone()),
        ),
        slip: slip(view),
        link: Row::new(button, view.page.clone()),
        closing: vec![before.to_owned(), question],
    })
}

fn address(name: &str, to: &Address) -> Result<Vec<String>, RenderError> {
    let city = format!("{} - {}", to.city, to.state);
    let lines = [name, &to.street, &city, &to.postal_code.formatted()];
    let lines: Vec<_> = lines.iter().map(|it| one_line(it, ADDRESS_LINE_CHARS_MAX)).collect();
    let blank = [&to.street, &to.city].iter().any(|text| text.trim().is_empty());
    if blank { Err(RenderError::Blank("address")) } else { Ok(lines) }
}

/// What is billed and, on a receipt, what was paid.
fn fact_rows(view: &View) -> Vec<Row> {
    let t = view.t;
    let invoice = &view.invoice;
    let mut rows = vec![Row::new(t.invoice, invoice.number.clone())];
    let approver = view.payable.as_ref().and_then(|payable| payable.approver.clone());
    let optional = [
        (t.instalment, &invoice.instalment),
        (t.description, &invoice.description),
        (t.po_number, &invoice.po_number),
        (t.billing_period, &invoice.billing_period),
        (t.approver, &approver),
    ];
    let present = optional.into_iter().filter_map(|(label, text)| Some((label, text.as_ref()?)));
    rows.extend(present.map(|(label, text)| Row::new(label, text)));
    rows.push(Row::new(t.due_date, view.amount.due_date.clone()));
    if let Some(receipt) = &view.receipt {
        rows.push(Row::new(t.paid_at, receipt.paid_at.clone()));
        let label = if receipt.pix { t.transaction } else { t.payment_id };
        rows.push(Row::new(label, receipt.payment_id.clone()));
        let part = receipt.part_outstanding.as_ref();
        rows.extend(part.map(|left| Row::new(t.part_outstanding, left)));
        if !receipt.settled {
            rows.push(receipt.after.clone());
        }
    }
    if let Some(payable) = &view.payable {
        rows.extend(payable.terms.iter().cloned());
    }
    rows
}

fn slip(view: &View) -> Option<Slip> {
    let (t, payable) = (view.t, view.payable.as_ref()?);
    let changes = payable.accrues || payable.has_charges;
    let notes = [
        view.amount.due_moved.clone(),
        changes.then(|| t.letter_amount.to_owned()),
        Some(payable.check_receiver.clone()),
    ];
    Some(Slip {
        scan: t.scan.to_owned(),
        amount: Row::new(t.amount_due, view.amount.total.clone()),
        facts: vec![
            Row::new("", payable.computed_for.clone()),
            Row::new(t.due_date, view.amount.due_date.clone()),
            Row::new(t.payable_until, payable.last_payable_day.clone()),
        ],
        notes: notes.into_iter().flatten().collect(),
        code: Row::new(t.code, payable.code.clone()),
    })
}

fn plain_text(letter: &Letter) -> String {
    let row = |row: &Row| match row.label.is_empty() {
        true => row.value.clone(),
        false => format!("{}: {}", row.label, row.value),
    };
    let mut lines = vec![letter.sender.clone()];
    lines.extend(letter.sender_document.clone());
    lines.push(String::new());
    lines.extend(letter.address.iter().cloned());
    lines.push(String::new());
    lines.extend(letter.day.clone());
    lines.extend([letter.heading.clone(), String::new()]);
    lines.extend(letter.paragraphs.iter().flat_map(|text| [text.clone(), String::new()]));
    lines.extend(letter.facts.iter().map(row));
    let (title, rows, total) = &letter.breakdown;
    lines.extend([String::new(), title.clone()]);
    lines.extend(rows.iter().chain([total]).map(|it| format!("  {}", row(it))));
    lines.push(String::new());
    if let Some(slip) = &letter.slip {
        lines.push(row(&slip.amount));
        lines.extend(slip.facts.iter().map(row));
        lines.extend(slip.notes.iter().cloned());
        lines.extend([String::new(), row(&slip.code), String::new()]);
    }
    lines.extend([row(&letter.link), String::new()]);
    lines.extend(letter.closing.iter().cloned());
    lines.join("\n")
}
