//! The variables that a template may use, with what each is: the one list that is checked against
//! and that the API serves.

use serde::Serialize;

/// Which messages have a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Of {
    Every,
    /// Those that ask for money.
    Payable,
    Receipt,
}

/// What a variable is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    Text,
    /// True or false, for `{% if %}`.
    Flag,
    /// A list of rows with `label` and `value`, for `{% for %}`.
    Rows,
    /// A list of texts, for `{% for %}`.
    Lines,
}

impl Shape {
    pub(super) fn is_many(self) -> bool {
        matches!(self, Self::Rows | Self::Lines)
    }
}

/// A variable of templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Variable {
    pub name: &'static str,
    #[serde(rename = "in")]
    pub of: Of,
    #[serde(rename = "type")]
    pub shape: Shape,
    /// Whether it can be empty, and has to be asked for first.
    pub optional: bool,
    pub description: &'static str,
}

const fn text(name: &'static str, of: Of, description: &'static str) -> Variable {
    Variable { name, of, shape: Shape::Text, optional: false, description }
}

const fn perhaps(name: &'static str, of: Of, description: &'static str) -> Variable {
    Variable { name, of, shape: Shape::Text, optional: true, description }
}

const fn of_shape(name: &'static str, of: Of, shape: Shape, description: &'static str) -> Variable {
    Variable { name, of, shape, optional: false, description }
}

use Of::{Every, Payable, Receipt};

/// All of them.
pub const VARIABLES: [Variable; 44] = [
    text("lang", Every, "Language of the message: pt-BR or en."),
    text("merchant.name", Every, "Your name, as payers know it."),
    perhaps("merchant.cnpj", Every, "Your CNPJ, written with its dots; empty for a CPF."),
    text("merchant.colour", Every, "Your brand colour as #rrggbb."),
    text("merchant.on_colour", Every, "Black or white, whichever is readable on your colour."),
    perhaps("merchant.logo", Every, "Address of your logo."),
    of_shape("merchant.signature", Every, Shape::Lines, "The lines of your signature."),
    text("customer", Every, "Name of the payer."),
    text("salutation", Every, "A greeting with the payer's name, a whole sentence."),
    text("invoice.number", Every, "Your number of the invoice."),
    text(
        "invoice.title",
        Every,
        "Invoice and instalment as a heading: Invoice 12, instalment 2 of 3.",
    ),
    text("invoice.reference", Every, "The same inside of a sentence: instalment 2 of invoice 12."),
    perhaps("invoice.instalment", Every, "2 of 3, where there are several."),
    perhaps("invoice.description", Every, "What is billed."),
    perhaps("invoice.po_number", Every, "The payer's purchase order."),
    perhaps("invoice.billing_period", Every, "The days it bills for: 1 Nov 2026 to 30 Nov 2026."),
    text("reply_to", Every, "Where a payer's question goes."),
    text("reply_to_href", Every, "The same, as it stands behind mailto:."),
    text("page", Every, "Link to the payer's page, where it can be paid and read."),
    text(
        "amount.total",
        Every,
        "What is to be paid on the day of the message; on a receipt, what was.",
    ),
    of_shape("amount.rows", Every, Shape::Rows, "How the total is made up."),
    text("amount.due_date", Every, "The due date, moved off bank holidays."),
    perhaps("amount.due_moved", Every, "Why the due date is another than was agreed."),
    text("payable.computed_for", Payable, "The day the total holds for, as an aside."),
    text(
        "payable.due_when",
        Payable,
        "The due date with its distance, after \"is due\" or \"was due\".",
    ),
    text("payable.last_payable_day", Payable, "Until when the Pix can be paid."),
    text("payable.code", Payable, "The Pix copy-and-paste code."),
    text("payable.qr_content_id", Payable, "The QR Code in HTML: <img src=\"cid:..\">."),
    of_shape("payable.terms", Payable, Shape::Rows, "Agreed fine, interest and discount."),
    of_shape(
        "payable.has_charges",
        Payable,
        Shape::Flag,
        "The total holds a late fee or interest.",
    ),
    of_shape("payable.accrues", Payable, Shape::Flag, "Interest is agreed on."),
    perhaps("payable.approver", Payable, "Who approves payments: the contact of that audience."),
    text("payable.check_receiver", Payable, "What to compare before confirming, against fraud."),
    text("receipt.paid", Receipt, "What was received."),
    text("receipt.paid_at", Receipt, "When, in Brasília time."),
    of_shape("receipt.pix", Receipt, Shape::Flag, "It was a Pix."),
    text("receipt.payment_id", Receipt, "The bank's id of the Pix, or ours of the payment."),
    of_shape("receipt.is_part", Receipt, Shape::Flag, "It paid a part of what was due."),
    perhaps("receipt.part_outstanding", Receipt, "What is still open on the instalment."),
    of_shape("receipt.settled", Receipt, Shape::Flag, "Nothing is open on the invoice any more."),
    text("receipt.after.label", Receipt, "What the next says."),
    text("receipt.after.value", Receipt, "What is open on the invoice now."),
    text("t.already_paid", Payable, "The sentence for who has paid already, in the language."),
    text("t.questions", Every, "The sentence that the address for questions ends."),
];

impl Of {
    fn has(self, payable: bool) -> bool {
        match self {
            Self::Every => true,
            Self::Payable => payable,
            Self::Receipt => !payable,
        }
    }
}

/// The variable of that name in a message of that kind.
pub(super) fn known(name: &str, payable: bool) -> Option<&'static Variable> {
    VARIABLES.iter().find(|variable| variable.name == name && variable.of.has(payable))
}

/// What names begin with.
pub(super) fn roots() -> impl Iterator<Item = &'static str> {
    VARIABLES.iter().map(|variable| variable.name.split('.').next().unwrap_or_default())
}

/// The variable whose name is nearest, if one is near: a third of its letters may be wrong. A group
/// such as `amount` leads to the first of it.
pub(super) fn nearest(name: &str, payable: bool) -> Option<&'static str> {
    let there = || VARIABLES.iter().filter(|variable| variable.of.has(payable));
    let of_group = |variable: &&Variable| {
        let (group, last) = variable.name.rsplit_once('.').unwrap_or_default();
        group == name || (!name.is_empty() && last == name)
    };
    if let Some(variable) = there().find(of_group) {
        return Some(variable.name);
    }
    let whole = there().map(|variable| (distance(name, variable.name), variable.name));
    // `amout` for `amount.total`: the beginning of the name alone.
    let begins = there().filter_map(|variable| {
        let root = variable.name.split('.').next()?;
        (!name.contains('.')).then(|| (distance(name, root), variable.name))
    });
    let (wrong, near) = whole.chain(begins).min_by_key(|(wrong, _)| *wrong)?;
    (wrong * 3 <= name.chars().count()).then_some(near)
}

/// Letters to change, add or leave out to get from one name to the other (Levenshtein). Names are
/// cut to what a variable can be, so the work is bounded.
fn distance(from: &str, to: &str) -> usize {
    const LETTERS_MAX: usize = 40;
    let to: Vec<char> = to.chars().take(LETTERS_MAX).collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, letter) in from.chars().take(LETTERS_MAX).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in to.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}
