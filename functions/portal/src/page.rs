//! The payer's page of one invoice.
//!
//! Shows one instalment at a time, the one asked for or else the first unpaid one, with everything
//! that is needed to pay it or to understand it.

use chrono::{DateTime, NaiveDate, Utc};
use quita_app::links::Scope;
use quita_core::invoice::{Instalment, Invoice};
use quita_core::merchant::Merchant;
use quita_core::money::Money;
use quita_core::terms::AmountDue;
use quita_edge::ApiResponse;
use quita_notify::Locale;
use quita_notify::format::{date, money};
use quita_notify::wording::{self, Row};
use serde::Serialize;

use crate::breakdown::{self, BreakdownView};
use crate::html::{self, Frame};
use crate::panel::Panel;
use crate::parts::{CustomerView, MerchantView, Reader, StatusView, Switch, brand, nth};
use crate::ways::WaysView;
use crate::words::{Words, words};
use crate::{question, say};

#[derive(Serialize)]
struct PageView {
    merchant: MerchantView,
    customer: CustomerView,
    switch: Switch,
    live: LiveView,
    number: String,
    description: String,
    po_number: Option<String>,
    billing_period: Option<String>,
    issued_on: String,
    invoice_amount: String,
    status: StatusView,
    hero: HeroView,
    panel: PanelView,
    breakdown: Option<BreakdownView>,
    instalments: Vec<InstalmentView>,
    terms: Vec<Row>,
    question: String,
    /// Where a question can be asked on a page, with a link that acts.
    ask: Option<String>,
    /// The ways out of what is owed, with a link that acts.
    ways: Option<WaysView>,
}

/// What the script needs to keep the page current.
#[derive(Serialize)]
struct LiveView {
    version: u64,
    on: bool,
    status_url: String,
    page_url: String,
    day_ends_s: i64,
    /// Said to screen readers when the page changes to this state.
    said: String,
}

#[derive(Serialize)]
struct HeroView {
    label: &'static str,
    amount: String,
    nth: Option<String>,
    due_line: Option<String>,
    due_moved: Option<String>,
    /// What people agreed about the invoice.
    agreements: Vec<String>,
    /// Open on the whole invoice, where this instalment is only a part of it.
    whole: Option<String>,
    /// What was received of an amount that is still owed, with the way to its receipt.
    received: Option<Link>,
}

#[derive(Serialize)]
struct PanelView {
    name: &'static str,
    heading: &'static str,
    text: Option<String>,
    deadline: Option<String>,
    is_tonight: bool,
    qr: Option<String>,
    code: Option<String>,
    check_payee: String,
    receipt: Option<String>,
    next: Option<Link>,
    /// Where a payer turns who cannot pay here.
    write: Option<Link>,
}

#[derive(Serialize)]
struct Link {
    href: String,
    label: String,
}

#[derive(Serialize)]
struct InstalmentView {
    nth: String,
    due_date: String,
    amount: String,
    status: StatusView,
    is_shown: bool,
    link: Link,
}

/// What the parts of the view are made from.
struct Context<'a> {
    merchant: MerchantView,
    invoice: &'a Invoice,
    instalment: &'a Instalment,
    panel: Panel<'a>,
    scope: Scope,
    /// What is due today on the instalment, or was on the day it was paid.
    due: AmountDue,
    base: &'a str,
    reader: &'a Reader,
    locale: Locale,
    today: NaiveDate,
    now: DateTime<Utc>,
    t: &'static Words,
}

/// Renders the page; `base` is its path.
pub(crate) fn respond(
    merchant: &Merchant,
    invoice: &Invoice,
    scope: Scope,
    base: &str,
    reader: &Reader,
    now: DateTime<Utc>,
) -> ApiResponse {
    let Some(instalment) = shown(invoice, reader) else {
        return html::nowhere(reader.preferred());
    };
    let today = invoice.civil_date(now);
    let panel = Panel::of(invoice, instalment, today).within(scope);
    let due = match panel {
        Panel::Paid(payment) => payment.due.clone(),
        _ => invoice.amount_due(instalment, today),
    };
    let locale = reader.locale(invoice);
    let merchant_view = MerchantView::of(merchant);
    let context = Context {
        merchant: merchant_view,
        invoice,
        instalment,
        panel,
        scope,
        due,
        base,
        reader,
        locale,
        today,
        now,
        t: words(locale),
    };
    let status = StatusView::of(invoice.status(today), locale);
    let frame = Frame {
        locale,
        title: context.title(),
        brand: brand(merchant),
        initial: context.merchant.initial.clone(),
    };
    html::page(200, "page.html", &frame, &context.view(status))
}

/// The instalment asked for, else the first unpaid one, else the last.
fn shown<'a>(invoice: &'a Invoice, reader: &Reader) -> Option<&'a Instalment> {
    let asked = reader.instalment.and_then(|number| invoice.instalment(number));
    asked.or_else(|| first_unpaid(invoice)).or(invoice.instalments.last())
}

/// Whether a part can be paid now of what the page shows.
pub(crate) fn takes_part(invoice: &Invoice, reader: &Reader, today: NaiveDate) -> bool {
    shown(invoice, reader).is_some_and(|it| Panel::of(invoice, it, today).takes_part())
}

fn first_unpaid(invoice: &Invoice) -> Option<&Instalment> {
    invoice.instalments.iter().find(|instalment| !instalment.is_settled())
}

impl Context<'_> {
    fn view(self, status: StatusView) -> PageView {
        let invoice = self.invoice;
        PageView {
            customer: CustomerView::of(invoice),
            switch: self.reader.switch(self.base, self.locale),
            live: self.live(),
            number: invoice.number.clone(),
            description: invoice.description.clone(),
            po_number: invoice.po_number.clone(),
            billing_period: invoice
                .billing_period
                .map(|period| wording::period(period, self.locale)),
            issued_on: date(invoice.civil_date(invoice.opened_at), self.locale),
            invoice_amount: self.money(invoice.amount()),
            status,
            hero: self.hero(),
            panel: self.panel(),
            breakdown: breakdown::view(
                self.panel,
                invoice,
                self.instalment,
                &self.due,
                self.today,
                self.locale,
            ),
            instalments: self.instalments(),
            terms: self.terms(),
            ask: (self.scope == Scope::Act)
                .then(|| self.reader.link(&format!("{}/{}", self.base, question::NAME), None)),
            ways: WaysView::of(self.panel, self.scope, self.base, self.reader),
            question: self.merchant.write_to(&say::question(&invoice.number, self.locale)),
            merchant: self.merchant,
        }
    }

    fn money(&self, amount: Money) -> String {
        money(amount, self.locale)
    }

    fn title(&self) -> String {
        let status = self.invoice.instalment_status(self.instalment, self.today);
        let word = StatusView::of(status, self.locale).word();
        let (invoice, number) = (self.t.invoice, &self.invoice.number);
        format!("{word} · {invoice} {number} · {}", self.merchant.name)
    }

    fn live(&self) -> LiveView {
        LiveView {
            version: self.invoice.version,
            on: self.panel.is_live(),
            status_url: format!("{}/status", self.base),
            page_url: self.reader.link(self.base, Some(self.instalment.number)),
            day_ends_s: say::seconds_left(self.today, self.now),
            said: match self.panel {
                Panel::Payable { .. } => self.t.ready.to_owned(),
                Panel::Paid(payment) => {
                    let line = say::paid_line(self.instalment, payment, self.locale);
                    format!("{}: {line}", self.t.paid_heading)
                }
                _ => self.heading().to_owned(),
            },
        }
    }

    fn hero(&self) -> HeroView {
        let (label, amount) = match self.panel {
            Panel::Paid(_) => (self.t.amount_paid, self.instalment.received()),
            Panel::Credited | Panel::WrittenOff | Panel::Canceling | Panel::Canceled => {
                (self.t.nothing_due, Money::ZERO)
            }
            _ => (self.t.due_today, self.invoice.outstanding_of(self.instalment, self.today)),
        };
        let is_owed = self.panel.is_owed();
        let received = self.instalment.received();
        let whole = self.invoice.outstanding(self.today);
        let part = self.invoice.instalments.len() > 1 && whole.is_positive();
        HeroView {
            label,
            amount: self.money(amount),
            nth: nth(self.invoice, self.instalment, self.locale),
            due_line: is_owed.then(|| say::due_line(&self.due, self.locale)),
            due_moved: is_owed.then(|| wording::moved_due_date(&self.due, self.locale)).flatten(),
            agreements: match is_owed {
                true => say::agreements(self.invoice, self.today, self.locale),
                false => Vec::new(),
            },
            whole: part.then(|| self.money(whole)),
            received: (is_owed && received.is_positive())
                .then(|| Link { href: self.receipt(self.instalment), label: self.money(received) }),
        }
    }

    fn heading(&self) -> &'static str {
        match self.panel {
            Panel::Payable { .. } => self.t.pay_with_pix,
            Panel::ViewOnly => self.t.view_heading,
            Panel::Pending => self.t.pending_heading,
            Panel::Rejected => self.t.rejected_heading,
            Panel::Expired => self.t.expired_heading,
            Panel::Refunded => self.t.refunded_heading,
            Panel::Unavailable => self.t.unavailable_code_heading,
            Panel::Paid(_) => self.t.paid_heading,
            Panel::Credited => self.t.credited_heading,
            Panel::WrittenOff => self.t.written_off_heading,
            Panel::Canceling => self.t.canceling_heading,
            Panel::Canceled => self.t.canceled_heading,
        }
    }

    fn panel(&self) -> PanelView {
        let (invoice, instalment, locale) = (self.invoice, self.instalment, self.locale);
        let code = match self.panel {
            Panel::Payable { code } => Some(code),
            _ => None,
        };
        let deadline = code.map(|_| say::deadline(invoice, instalment, self.today, locale));
        let last = instalment.charge().terms.last_payable_day(&invoice.calendar());
        let total = self.money(self.due.total);
        PanelView {
            name: self.panel.name(),
            heading: self.heading(),
            text: match self.panel {
                Panel::Payable { .. } => None,
                Panel::ViewOnly => Some(self.t.view_text.to_owned()),
                Panel::Pending => Some(self.t.pending_text.to_owned()),
                Panel::Rejected => Some(self.t.rejected_text.to_owned()),
                Panel::Expired => Some(say::expired(last, locale)),
                Panel::Refunded => Some(self.t.refunded_text.to_owned()),
                Panel::Unavailable => Some(self.t.unavailable_code_text.to_owned()),
                Panel::Paid(payment) => Some(say::paid_line(instalment, payment, locale)),
                Panel::Credited => Some(self.t.credited_text.to_owned()),
                Panel::WrittenOff => Some(self.t.written_off_text.to_owned()),
                Panel::Canceling => Some(self.t.canceling_text.to_owned()),
                Panel::Canceled => Some(self.t.canceled_text.to_owned()),
            },
            is_tonight: deadline.as_ref().is_some_and(|deadline| deadline.is_tonight),
            deadline: deadline.map(|deadline| deadline.text),
            qr: code.and_then(qr),
            code: code.map(str::to_owned),
            check_payee: say::check_payee(&self.merchant.with_cnpj(), &total, locale),
            receipt: matches!(self.panel, Panel::Paid(_)).then(|| self.receipt(instalment)),
            next: self.next(),
            write: self.write(),
        }
    }

    fn receipt(&self, instalment: &Instalment) -> String {
        let path = format!("{}/instalments/{}/receipt", self.base, instalment.number);
        self.reader.link(&path, None)
    }

    /// After a paid instalment, the way to the next one that is open.
    fn next(&self) -> Option<Link> {
        let is_paid = matches!(self.panel, Panel::Paid(_)) && self.invoice.is_active();
        let next = first_unpaid(self.invoice).filter(|_| is_paid)?;
        let label = say::pay_next(&nth(self.invoice, next, self.locale)?, self.locale);
        Some(Link { href: self.reader.link(self.base, Some(next.number)), label })
    }

    fn write(&self) -> Option<Link> {
        let number = &self.invoice.number;
        let (label, subject) = match self.panel {
            Panel::Expired | Panel::Refunded => {
                (self.t.ask_for_code, say::code_wanted(number, self.locale))
            }
            Panel::Rejected => (self.t.write_to_us, say::question(number, self.locale)),
            _ => return None,
        };
        Some(Link { href: self.merchant.write_to(&subject), label: label.to_owned() })
    }

    /// All instalments, where there is more than one.
    fn instalments(&self) -> Vec<InstalmentView> {
        let view = |instalment: &Instalment| {
            let panel = Panel::of(self.invoice, instalment, self.today);
            let paid = matches!(panel, Panel::Paid(_)).then(|| instalment.received());
            let owed = match self.invoice.is_active() {
                true => self.invoice.outstanding_of(instalment, self.today),
                false => instalment.terms.original,
            };
            let status = self.invoice.instalment_status(instalment, self.today);
            let due = instalment.terms.adjusted_due(&self.invoice.calendar());
            Some(InstalmentView {
                nth: nth(self.invoice, instalment, self.locale)?,
                due_date: date(due, self.locale),
                amount: self.money(paid.unwrap_or(owed)),
                status: StatusView::of(status, self.locale),
                is_shown: instalment.number == self.instalment.number,
                link: match paid {
                    Some(_) => {
                        Link { href: self.receipt(instalment), label: self.t.receipt.to_owned() }
                    }
                    None => Link {
                        href: self.reader.link(self.base, Some(instalment.number)),
                        label: if panel.is_owed() && self.scope == Scope::Act {
                            self.t.see_and_pay.to_owned()
                        } else {
                            self.t.see.to_owned()
                        },
                    },
                },
            })
        };
        self.invoice.instalments.iter().filter_map(view).collect()
    }

    /// Due date, early discount, late fee, interest, the last day and the way of paying. None of an
    /// invoice that is no longer to be paid.
    fn terms(&self) -> Vec<Row> {
        if !self.panel.is_owed() && !matches!(self.panel, Panel::Paid(_)) {
            return Vec::new();
        }
        let (t, locale) = (self.t, self.locale);
        let last = self.instalment.charge().terms.last_payable_day(&self.invoice.calendar());
        let terms = if self.panel.is_owed() {
            self.instalment.debt.terms(&self.instalment.terms, &self.invoice.issuing.policy)
        } else {
            self.instalment.terms.clone()
        };
        let row = |label: &str, value| Row { label: label.to_owned(), value };
        let first = [row(t.due_date, say::end_of(self.due.adjusted_due, locale))];
        let agreed = wording::terms(&terms, &self.due, locale);
        let rest =
            [row(t.last_day, say::end_of(last, locale)), row(t.options, t.option_pix.to_owned())];
        first.into_iter().chain(agreed).chain(rest).collect()
    }
}

/// The picture of a code. A code that cannot be drawn can still be copied.
pub(crate) fn qr(code: &str) -> Option<String> {
    quita_pix::qr::svg(code)
        .inspect_err(|error| tracing::warn!(%error, "A Pix code could not be drawn"))
        .ok()
}
