//! Sentences of the pages that take facts: deadlines, delays, confirmations.
//!
//! Does not compute: amounts and days come from `quita-core`. Every deadline names its hour and its
//! zone, since a date alone leaves open when it ends.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use quita_core::invoice::{
    Instalment, Invoice, Matched, PAYER_PROMISE_DAYS_MAX, PAYER_PROPOSAL_DAYS_MAX,
};
use quita_core::terms::{AmountDue, Discount};
use quita_core::zone::{SAO_PAULO, instant_at};
use quita_notify::format::{date, date_time, days, money};
use quita_notify::{Locale, wording};

use crate::panel::standing_payments;

/// Until when the shown amount, or the code, holds.
pub(crate) struct Deadline {
    pub text: String,
    /// Whether it is tonight, so that the page counts down the hours.
    pub is_tonight: bool,
}

/// `Vence em 10/12/2026, daqui a 5 dias` or `Venceu ontem, 10/12/2026`.
pub(crate) fn due_line(due: &AmountDue, locale: Locale) -> String {
    let when = wording::relative_day(due.adjusted_due, due.on, locale);
    match (locale, due.on > due.adjusted_due) {
        (Locale::PtBr, false) => format!("Vence {when}"),
        (Locale::PtBr, true) => format!("Venceu {when}"),
        (Locale::En, false) => format!("Due {when}"),
        (Locale::En, true) => format!("Was due {when}"),
    }
}

/// Until when to pay, and what waiting costs.
pub(crate) fn deadline(
    invoice: &Invoice,
    instalment: &Instalment,
    today: NaiveDate,
    locale: Locale,
) -> Deadline {
    let due = invoice.amount_due(instalment, today);
    let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today);
    let then = invoice.amount_due(instalment, tomorrow);
    let last = instalment.charge().terms.last_payable_day(&invoice.calendar());
    let text = if today >= last {
        match locale {
            Locale::PtBr => {
                "Último dia: este código pode ser pago até 23:59 de hoje (horário de Brasília)."
                    .to_owned()
            }
            Locale::En => {
                "Last day: this code can be paid until 23:59 today (Brasília time).".to_owned()
            }
        }
    } else if then.total > due.total {
        let more = money(then.total, locale);
        match locale {
            Locale::PtBr => format!(
                "Este valor vale até 23:59 de hoje (horário de Brasília). Amanhã serão {more}."
            ),
            Locale::En => format!(
                "This amount holds until 23:59 today (Brasília time). Tomorrow it will be {more}."
            ),
        }
    } else if let Some(until) = discounted_until(instalment, &due) {
        let end = end_of(until, locale);
        match locale {
            Locale::PtBr => format!("Este valor, com desconto, vale até {end}."),
            Locale::En => format!("This amount, with its discount, holds until {end}."),
        }
    } else {
        // Paid late without a charge that grows, only the end of the code is left to tell.
        let until = if today <= due.adjusted_due { due.adjusted_due } else { last };
        match locale {
            Locale::PtBr => format!("Pague até {}.", end_of(until, locale)),
            Locale::En => format!("Pay by {}.", end_of(until, locale)),
        }
    };
    let is_tonight = today >= last || then.total > due.total || today == due.adjusted_due;
    Deadline { text, is_tonight }
}

/// The last day of the dated discount that today's amount has.
fn discounted_until(instalment: &Instalment, due: &AmountDue) -> Option<NaiveDate> {
    let days: Vec<NaiveDate> = match instalment.terms.discount.as_ref()? {
        Discount::FixedUntil(steps) => steps.iter().map(|(day, _)| *day).collect(),
        Discount::PercentUntil(steps) => steps.iter().map(|(day, _)| *day).collect(),
        Discount::AmountPerDay { .. } | Discount::PercentPerDay { .. } => return None,
    };
    let end = days.into_iter().filter(|day| *day >= due.on).min()?;
    due.discount.is_positive().then(|| end.min(due.adjusted_due))
}

/// `10/12/2026 às 23:59 (horário de Brasília)`.
pub(crate) fn end_of(day: NaiveDate, locale: Locale) -> String {
    let day = date(day, locale);
    match locale {
        Locale::PtBr => format!("{day} às 23:59 (horário de Brasília)"),
        Locale::En => format!("{day} at 23:59 (Brasília time)"),
    }
}

/// Seconds until the amounts of `today` may change: the end of the day in Brasília.
pub(crate) fn seconds_left(today: NaiveDate, now: DateTime<Utc>) -> i64 {
    let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today);
    let left = instant_at(tomorrow, NaiveTime::MIN, SAO_PAULO) - now;
    left.max(TimeDelta::zero()).num_seconds()
}

/// `12 dias de atraso desde 10/12/2026`; `None` on time.
pub(crate) fn lateness(due: &AmountDue, locale: Locale) -> Option<String> {
    if due.calendar_days_late == 0 {
        return None;
    }
    let (late, since) =
        (days(due.calendar_days_late.into(), locale), date(due.adjusted_due, locale));
    Some(match locale {
        Locale::PtBr => format!("{late} de atraso, contados de {since}"),
        Locale::En => format!("{late} late, counted from {since}"),
    })
}

/// When a Pix settled, in the banks' own time.
pub(crate) fn paid_at(at: DateTime<Utc>, locale: Locale) -> String {
    let shown = date_time(at, locale);
    match locale {
        Locale::PtBr => format!("{shown} (horário de Brasília)"),
        Locale::En => format!("{shown} (Brasília time)"),
    }
}

/// `R$ 1.500,00 em 10/12/2026 às 14:32:07 (horário de Brasília)`; of several payments, the sum and
/// the last one.
pub(crate) fn paid_line(instalment: &Instalment, last: &Matched, locale: Locale) -> String {
    let (amount, at) = (money(instalment.received(), locale), paid_at(last.paid_at, locale));
    let count = standing_payments(instalment).count();
    match (locale, count > 1) {
        (Locale::PtBr, false) => format!("{amount} em {at}"),
        (Locale::PtBr, true) => format!("{amount} em {count} pagamentos, o último em {at}"),
        (Locale::En, false) => format!("{amount} on {at}"),
        (Locale::En, true) => format!("{amount} in {count} payments, the last one on {at}"),
    }
}

/// `Pago em 10/12/2026`.
pub(crate) fn paid_on(day: NaiveDate, locale: Locale) -> String {
    let day = date(day, locale);
    match locale {
        Locale::PtBr => format!("Pago em {day}"),
        Locale::En => format!("Paid on {day}"),
    }
}

/// What to compare before confirming, against forged charges.
pub(crate) fn check_payee(payee: &str, amount: &str, locale: Locale) -> String {
    match locale {
        Locale::PtBr => format!("Confira se são {amount} para {payee} e confirme."),
        Locale::En => format!("Check that it is {amount} to {payee}, and confirm."),
    }
}

/// After the last payable day.
pub(crate) fn expired(last: NaiveDate, locale: Locale) -> String {
    let end = end_of(last, locale);
    match locale {
        Locale::PtBr => {
            format!("O banco aceitou este código até {end}. A fatura continua em aberto.")
        }
        Locale::En => format!("The bank took this code until {end}. The invoice is still open."),
    }
}

/// `Pagar a parcela 2 de 3`.
pub(crate) fn pay_next(nth: &str, locale: Locale) -> String {
    match locale {
        Locale::PtBr => format!("Ver a parcela {nth}"),
        Locale::En => format!("View instalment {nth}"),
    }
}

/// What people agreed about the invoice that a payer is to know: a day it promised, a dispute.
pub(crate) fn agreements(invoice: &Invoice, today: NaiveDate, locale: Locale) -> Vec<String> {
    let promise = invoice.handling.open_promise().map(|promise| {
        let day = date(promise.day, locale);
        match (locale, promise.day < today) {
            (Locale::PtBr, false) => {
                format!("Pagamento prometido para {day}: os lembretes desta fatura esperam até lá.")
            }
            (Locale::PtBr, true) => {
                format!("O pagamento prometido para {day} ainda não foi localizado.")
            }
            (Locale::En, false) => {
                format!("Payment promised for {day}: reminders of this invoice wait until then.")
            }
            (Locale::En, true) => format!("The payment promised for {day} was not found yet."),
        }
    });
    let dispute = invoice.handling.dispute.as_ref().map(|_| match locale {
        Locale::PtBr => "Contestação em análise: os lembretes desta fatura esperam pela resposta.",
        Locale::En => "Dispute under review: reminders of this invoice wait for the answer.",
    });
    promise.into_iter().chain(dispute.map(str::to_owned)).collect()
}

/// What promising a day brings, by how far it is.
pub(crate) fn promise_hint(locale: Locale) -> String {
    let most = days(PAYER_PROMISE_DAYS_MAX, locale);
    match locale {
        Locale::PtBr => format!(
            "Até {most} à frente, os lembretes desta fatura esperam pelo dia que você informar. \
             Um dia mais distante, ou outro depois do primeiro, é uma proposta que uma pessoa \
             responde."
        ),
        Locale::En => format!(
            "Up to {most} ahead, reminders of this invoice wait for the day you give. A day \
             further away, or another one after the first, is a proposal that a person answers."
        ),
    }
}

/// Why a promise cannot be read.
pub(crate) fn promise_wrong(name_chars_max: usize, locale: Locale) -> String {
    let most = days(PAYER_PROPOSAL_DAYS_MAX, locale);
    match locale {
        Locale::PtBr => format!(
            "Escolha um dia a partir de hoje, no máximo daqui a {most}, e um nome de até \
             {name_chars_max} caracteres."
        ),
        Locale::En => format!(
            "Choose a day from today on, at most {most} ahead, and a name of up to \
             {name_chars_max} characters."
        ),
    }
}

/// `Pagamento prometido para 20/12/2026`.
pub(crate) fn promise_noted(day: NaiveDate, locale: Locale) -> String {
    let day = date(day, locale);
    match locale {
        Locale::PtBr => format!("Pagamento prometido para {day}"),
        Locale::En => format!("Payment promised for {day}"),
    }
}

/// What a payment of any amount pays first (Código Civil, articles 354 and 355).
pub(crate) fn oldest_first(merchant: &str, locale: Locale) -> String {
    match locale {
        Locale::PtBr => format!(
            "O valor paga primeiro o que venceu há mais tempo entre as suas faturas de {merchant}; \
             em cada uma, primeiro a multa e os juros, depois o valor original."
        ),
        Locale::En => format!(
            "It pays first what was due longest of your invoices from {merchant}; of each, first \
             the late fee and interest, then the original amount."
        ),
    }
}

/// Subject of a question.
pub(crate) fn question(number: &str, locale: Locale) -> String {
    match locale {
        Locale::PtBr => format!("Dúvida sobre a fatura {number}"),
        Locale::En => format!("Question about invoice {number}"),
    }
}

/// Subject of the request for a new code.
pub(crate) fn code_wanted(number: &str, locale: Locale) -> String {
    match locale {
        Locale::PtBr => format!("Novo código Pix para a fatura {number}"),
        Locale::En => format!("New Pix code for invoice {number}"),
    }
}
