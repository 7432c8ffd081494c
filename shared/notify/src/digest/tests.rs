use super::*;
use crate::chat::slack_payload;

const LOCALES: [Locale; 2] = [Locale::PtBr, Locale::En];

fn figure(count: usize, centavos: i64) -> Figure {
    Figure { count, amount: Money::from_centavos(centavos), is_whole: true }
}

fn facts() -> DigestFacts {
    DigestFacts {
        merchant_name: "ACME Serviços".to_owned(),
        day: "2026-11-30".parse().unwrap(),
        at: "2026-11-30T11:05:00Z".parse().unwrap(),
        since: "2026-11-27".parse().unwrap(),
        until: "2026-11-29".parse().unwrap(),
        received: figure(3, 312_345),
        overdue: figure(12, 4_567_890),
        promised: figure(1, 50_000),
        broken: figure(0, 0),
        tasks: TaskFigure { open: 4, due: 1, is_whole: true },
        exceptions: Figure { is_whole: false, ..figure(1_000, 123_456_789) },
    }
}

fn delivery() -> DigestDelivery {
    let address = |text| Address::parse(text).unwrap();
    DigestDelivery {
        from: address("cobranca@acme.example"),
        reply_to: address("financeiro@acme.example"),
        to: address("ana@acme.example"),
        person_name: "Ana Lima".to_owned(),
        tag: "digest-mer_acme-2026-11-30-1".to_owned(),
    }
}

/// Read a changed snapshot as a native reader would.
#[test]
fn every_digest() {
    for locale in LOCALES {
        let email = render_digest_email(locale, &facts(), &delivery());
        let page = format!("{}\n\n{}\n{}\n", email.subject, email.text, email.html);
        insta::assert_snapshot!(format!("digest.{}", locale.as_str()), page);
    }
}

#[test]
fn chat_and_mail_tell_other_figures() {
    for locale in LOCALES {
        let chat = render_digest_chat(locale, &facts());
        let email = render_digest_email(locale, &facts(), &delivery());
        assert_eq!(chat.rows.len(), 6);
        for row in &chat.rows {
            let line = format!("{}: {}", row.label, row.value);
            assert!(chat.text.contains(&line) && email.text.contains(&line), "{line}");
            assert!(email.html.contains(&format!("<td>{}</td>", row.value)), "{}", email.html);
        }
    }
}

#[test]
fn a_figure_that_is_not_whole_is_told_as_if_it_were() {
    let none = Figure { is_whole: false, ..figure(0, 0) };
    for (given, pt_br, en) in [
        (figure(0, 0), "nada", "nothing"),
        (figure(1, 1), "R$ 0,01 (1 fatura)", "R$ 0.01 (1 invoice)"),
        (figure(2, 250_000), "R$ 2.500,00 (2 faturas)", "R$ 2,500.00 (2 invoices)"),
        (none, "pelo menos R$ 0,00 (0 faturas)", "at least R$ 0.00 (0 invoices)"),
        (
            Figure { is_whole: false, ..figure(2, 250_000) },
            "pelo menos R$ 2.500,00 (2 faturas)",
            "at least R$ 2,500.00 (2 invoices)",
        ),
    ] {
        for (locale, expected) in [(Locale::PtBr, pt_br), (Locale::En, en)] {
            let units = words::of(locale).invoices;
            // Money has a space that does not break.
            let told = words::figure(&given, units, locale).replace('\u{a0}', " ");
            assert_eq!(told, expected);
        }
    }
    let tasks = TaskFigure { open: 1_000, due: 3, is_whole: false };
    assert!(words::tasks(&tasks, Locale::En).starts_with("at least 1000"));
}

#[test]
fn one_day_is_told_as_a_span() {
    let day = facts().until;
    assert_eq!(words::received(day, day, Locale::PtBr), "Entrou em 29/11/2026");
    assert_eq!(words::received(day, day, Locale::En), "Came in on 29 Nov 2026");
}

#[test]
fn a_name_writes_markup_or_a_second_line() {
    let facts = DigestFacts { merchant_name: "A <b>&\r\nBcc: x@y.example".to_owned(), ..facts() };
    for locale in LOCALES {
        let email = render_digest_email(locale, &facts, &delivery());
        assert!(!email.subject.contains(['\r', '\n']), "{}", email.subject);
        assert!(!email.html.contains("<b>"), "{}", email.html);
        assert!(crate::mime::build(&email, facts.at).is_ok());
        let posted = slack_payload(&render_digest_chat(locale, &facts)).to_string();
        assert!(!posted.contains("<b>"), "{posted}");
    }
}
