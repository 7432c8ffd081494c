//! Fears: a message that asks for money and cannot be paid from, whatever its source looks like; a
//! subject that tells a bystander of a debt.

use super::*;

#[test]
fn a_message_that_has_everything_is_refused() {
    for locale in [Locale::PtBr, Locale::En] {
        for content in [
            email(SUBJECT, TEXT, HTML),
            Content::Chat { text: "{{ salutation }}".to_owned() },
            sms("{{ amount.total }} {{ amount.due_date }} {{ page }}"),
            Content::Letter { text: "{{ salutation }}".to_owned() },
            whatsapp("{{1}}", &["{{ amount.total }}, {{ amount.due_date }}"], true),
            whatsapp(
                "{{1}}, {{2}}",
                &["{{ amount.total }}, {{ amount.due_date }}", "{{ payable.code }}"],
                false,
            ),
        ] {
            for name in ["nudge", "due_today", "fifteen_days_late", "charge_issued"] {
                let version = version_of(name, locale, content.clone());
                assert_eq!(told_of(&version), [""; 0], "{name} {}", locale.as_str());
            }
        }
    }
}

#[test]
fn the_layouts_of_shipped_messages_are_not_enough() {
    let html = "{% extends \"payable.html\" %}{% block lead %}<p>Oi</p>{% endblock %}";
    let text = "{% extends \"payable.txt\" %}{% block lead %}Oi{% endblock %}";
    assert_eq!(told(email(SUBJECT, text, html)), [""; 0]);
    let html = "{% extends \"receipt.html\" %}{% block lead %}<p>Obrigado</p>{% endblock %}";
    let text = "{% extends \"receipt.txt\" %}{% block lead %}Obrigado{% endblock %}";
    let receipt = version_of("receipt", Locale::PtBr, email(SUBJECT, text, html));
    assert_eq!(told_of(&receipt), [""; 0]);
}

#[test]
fn a_part_that_a_payer_needs_is_missing() {
    let check = |content: Content, expected: &[&str]| {
        let found = told(content);
        let properties: Vec<&str> =
            found.iter().map(|fault| fault.split(':').next().unwrap()).collect();
        assert_eq!(properties, expected, "{found:?}");
    };
    check(
        email(SUBJECT, "Oi", "<p>Oi</p>"),
        &["text"; 3].iter().chain(&["html"; 4]).copied().collect::<Vec<_>>(),
    );
    check(sms("Oi {{ page }}"), &["text", "text"]);
    check(sms("{{ amount.total }} {{ amount.due_date }}"), &["text"]);
    check(whatsapp("{{1}}", &["{{ amount.total }}"], true), &["parameters"]);
    check(whatsapp("Olá", &[], false), &["parameters"; 3]);
}

/// The name of a variable in a source is no proof of its value in the message.
#[test]
fn a_variable_that_is_never_shown_counts_as_shown() {
    let without = |code: &str| email(SUBJECT, TEXT, &HTML.replace("{{ payable.code }}", code));
    for code in [
        "",
        "{% if false %}{{ payable.code }}{% endif %}",
        "{# {{ payable.code }} #}",
        "<!-- {{ payable.code }} -->",
        "<style>{{ payable.code }}</style>",
        "<p title=\"{{ payable.code }}\">x</p>",
        "{{ payable.code|lower }}",
        "{% if invoice.description %}{{ payable.code }}{% endif %}",
    ] {
        let found = told(without(code));
        let [fault] = found.as_slice() else { panic!("{code}: {found:?}") };
        assert!(fault.starts_with("html: it lacks the copy-and-paste code"), "{code}: {fault}");
    }
    let no_picture = HTML.replace(
        "<img src=\"cid:{{ payable.qr_content_id }}\" alt=\"QR\">",
        "cid:{{ payable.qr_content_id }}",
    );
    assert!(told(email(SUBJECT, TEXT, &no_picture))[0].starts_with("html: it lacks the QR Code"));
}

#[test]
fn a_subject_tells_a_bystander_of_a_debt() {
    for subject in [
        "Cobrança da {{ invoice.title }}",
        "DÍVIDA em aberto",
        "Seu débito",
        "Fatura em atraso",
        "{{ invoice.title }} está atrasada",
        "Inadimplência",
        "Overdue: {{ invoice.title }}",
        "Your debt",
        "{{ invoice.title }} is past due",
        "You owe us",
        "3 days late",
        "{{ invoice.title }}: {{ amount.total }}",
        "R$ 10,00",
        "{% if payable.has_charges %}Atrasada{% else %}Fatura{% endif %}",
        "{{ '' }}",
    ] {
        let found = told(email(subject, TEXT, HTML));
        assert!(!found.is_empty(), "{subject}");
        assert!(found.iter().all(|fault| fault.starts_with("subject: ")), "{subject}: {found:?}");
    }
    for subject in [SUBJECT, "Sobre a {{ invoice.reference }}", "Your updated invoice", "Plate 7"] {
        assert_eq!(told(email(subject, TEXT, HTML)), [""; 0], "{subject}");
    }
}

#[test]
fn markup_lets_a_payers_name_in_or_does_what_no_mail_may() {
    let check = |extra: &str| {
        let found = told(email(SUBJECT, TEXT, &format!("{HTML}{extra}")));
        assert!(found.iter().any(|fault| fault.starts_with("html: ")), "{extra}: {found:?}");
    };
    check("<p title={{ customer }}>x</p>");
    check("<p title={{ invoice.number }}>x</p>");
    check("<script>x</script>");
    check("<FORM action=\"https://a.example\"></FORM>");
    check("<iframe src=\"https://a.example\"></iframe>");
    let quoted = format!("{HTML}<p title=\"{{{{ customer }}}}\">x</p>");
    assert_eq!(told(email(SUBJECT, TEXT, &quoted)), [""; 0]);
}
