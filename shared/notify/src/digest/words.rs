//! The words of the digest.

use chrono::{DateTime, NaiveDate, Utc};

use super::{Figure, TaskFigure};
use crate::Locale;
use crate::format::{date, date_time, money};

/// One and many of something.
pub(super) type Units = (&'static str, &'static str);

/// What does not depend on a figure.
pub(super) struct Words {
    pub(super) lead: &'static str,
    pub(super) overdue: &'static str,
    pub(super) promised: &'static str,
    pub(super) tasks: &'static str,
    pub(super) exceptions: &'static str,
    pub(super) payments: Units,
    pub(super) invoices: Units,
    pub(super) promises: Units,
}

const PT_BR: Words = Words {
    lead: "O que entrou, o que está vencido e o que espera por alguém.",
    overdue: "Vencido, com multa e juros até hoje",
    promised: "Promessas para hoje",
    tasks: "Tarefas abertas",
    exceptions: "Pagamentos que esperam por alguém",
    payments: ("pagamento", "pagamentos"),
    invoices: ("fatura", "faturas"),
    promises: ("promessa", "promessas"),
};

const EN: Words = Words {
    lead: "What came in, what is overdue, and what waits for somebody.",
    overdue: "Overdue, with fine and interest to date",
    promised: "Promised for today",
    tasks: "Open tasks",
    exceptions: "Payments that wait for somebody",
    payments: ("payment", "payments"),
    invoices: ("invoice", "invoices"),
    promises: ("promise", "promises"),
};

pub(super) fn of(locale: Locale) -> &'static Words {
    match locale {
        Locale::PtBr => &PT_BR,
        Locale::En => &EN,
    }
}

pub(super) fn heading(merchant: &str, day: NaiveDate, locale: Locale) -> String {
    let day = date(day, locale);
    match locale {
        Locale::PtBr => format!("{merchant} · Resumo de {day}"),
        Locale::En => format!("{merchant} · Digest of {day}"),
    }
}

pub(super) fn received(since: NaiveDate, until: NaiveDate, locale: Locale) -> String {
    let (first, last) = (date(since, locale), date(until, locale));
    match (locale, since == until) {
        (Locale::PtBr, true) => format!("Entrou em {first}"),
        (Locale::PtBr, false) => format!("Entrou de {first} a {last}"),
        (Locale::En, true) => format!("Came in on {first}"),
        (Locale::En, false) => format!("Came in from {first} to {last}"),
    }
}

pub(super) fn broken(since: NaiveDate, locale: Locale) -> String {
    let since = date(since, locale);
    match locale {
        Locale::PtBr => format!("Promessas quebradas desde {since}, ainda em aberto"),
        Locale::En => format!("Promises broken since {since}, still open"),
    }
}

/// `R$ 1.234,56 (3 faturas)`; of what was not looked at as a whole, `pelo menos` before it.
pub(super) fn figure(figure: &Figure, units: Units, locale: Locale) -> String {
    let Figure { count, amount, is_whole } = figure;
    if *count == 0 && *is_whole {
        return nothing(locale).to_owned();
    }
    let amount = money(*amount, locale);
    format!("{}{amount} ({count} {})", at_least(*is_whole, locale), unit(units, *count))
}

pub(super) fn tasks(figure: &TaskFigure, locale: Locale) -> String {
    let TaskFigure { open, due, is_whole } = figure;
    if *open == 0 && *is_whole {
        return nothing(locale).to_owned();
    }
    let at_least = at_least(*is_whole, locale);
    match locale {
        Locale::PtBr => format!("{at_least}{open}, das quais {due} para hoje ou atrasadas"),
        Locale::En => format!("{at_least}{open}, of which {due} due today or late"),
    }
}

pub(super) fn as_of(at: DateTime<Utc>, locale: Locale) -> String {
    let at = date_time(at, locale);
    match locale {
        Locale::PtBr => format!("Posição em {at}, horário de Brasília."),
        Locale::En => format!("As of {at}, Brasília time."),
    }
}

fn nothing(locale: Locale) -> &'static str {
    match locale {
        Locale::PtBr => "nada",
        Locale::En => "nothing",
    }
}

fn at_least(is_whole: bool, locale: Locale) -> &'static str {
    match (is_whole, locale) {
        (true, _) => "",
        (false, Locale::PtBr) => "pelo menos ",
        (false, Locale::En) => "at least ",
    }
}

fn unit((one, many): Units, count: usize) -> &'static str {
    if count == 1 { one } else { many }
}
